-- Records name their author; when he is deleted, the ghost (R131).
CREATE TABLE issues (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	project_id  INTEGER NOT NULL REFERENCES projects ON DELETE CASCADE,
	iid         INTEGER NOT NULL,
	title       TEXT NOT NULL,
	description TEXT,
	author_id   INTEGER NOT NULL REFERENCES users,
	token_id    INTEGER,
	created_at  INTEGER NOT NULL,
	updated_at  INTEGER NOT NULL,
	closed_at   INTEGER,
	UNIQUE (project_id, iid)
) STRICT;
CREATE INDEX issues_author ON issues (author_id);
CREATE INDEX issues_token ON issues (token_id) WHERE token_id IS NOT NULL;

CREATE TABLE notes (
	id         INTEGER PRIMARY KEY AUTOINCREMENT,
	issue_id   INTEGER NOT NULL REFERENCES issues ON DELETE CASCADE,
	body       TEXT NOT NULL,
	author_id  INTEGER NOT NULL REFERENCES users,
	created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_issue ON notes (issue_id);
CREATE INDEX notes_author ON notes (author_id);

CREATE TABLE runners (
	id               INTEGER PRIMARY KEY AUTOINCREMENT,
	kind             TEXT NOT NULL CHECK (kind IN ('project_type', 'group_type', 'instance_type')),
	project_id       INTEGER REFERENCES projects ON DELETE CASCADE,
	group_id         INTEGER REFERENCES groups ON DELETE CASCADE,
	description      TEXT NOT NULL,
	paused           INTEGER NOT NULL CHECK (paused IN (0, 1)),
	locked           INTEGER NOT NULL CHECK (locked IN (0, 1)),
	run_untagged     INTEGER NOT NULL CHECK (run_untagged IN (0, 1)),
	tags             TEXT NOT NULL, -- a JSON array
	access_level     TEXT NOT NULL CHECK (access_level IN ('not_protected', 'ref_protected')),
	maximum_timeout  INTEGER NOT NULL,
	maintenance_note TEXT NOT NULL,
	digest           BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256 of the whole secret (R142)
	creator_id       INTEGER NOT NULL REFERENCES users,
	created_at       INTEGER NOT NULL,
	CHECK ((kind = 'project_type') = (project_id IS NOT NULL)),
	CHECK ((kind = 'group_type') = (group_id IS NOT NULL))
) STRICT;
CREATE INDEX runners_project ON runners (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX runners_group ON runners (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX runners_creator ON runners (creator_id);
CREATE INDEX projects_creator ON projects (creator_id);
