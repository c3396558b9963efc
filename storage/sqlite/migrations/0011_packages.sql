-- Generic packages (G70–G75). The files themselves stand in a folder beside the
-- repositories, under random names.
CREATE TABLE packages (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	project_id INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE,
	name       TEXT NOT NULL,
	version    TEXT NOT NULL,
	hidden     INTEGER NOT NULL CHECK (hidden IN (0, 1)),
	creator_id INTEGER NOT NULL REFERENCES users,
	created_at INTEGER NOT NULL,
	UNIQUE (project_id, name, version)
) STRICT;
CREATE INDEX packages_creator ON packages (creator_id);

CREATE TABLE package_files (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	package_id INTEGER NOT NULL REFERENCES packages ON DELETE CASCADE,
	name       TEXT NOT NULL,
	size       INTEGER NOT NULL,
	sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
	file       TEXT NOT NULL UNIQUE,
	creator_id INTEGER NOT NULL REFERENCES users,
	created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX package_files_name ON package_files (package_id, name, id);
CREATE INDEX package_files_creator ON package_files (creator_id);

-- Files that are to go: those that nothing names any more, and those that are
-- being written, which go if they are still here after a day.
CREATE TABLE package_trash (
	file TEXT PRIMARY KEY,
	at   INTEGER NOT NULL
) STRICT;
CREATE INDEX package_trash_at ON package_trash (at);
CREATE TRIGGER package_files_gone AFTER DELETE ON package_files BEGIN
	INSERT INTO package_trash (file, at) VALUES (old.file, 0);
END;
