-- Targets of events (webhooks, mail, hooks): how far each has come in the audit log,
-- the notices and refused_again, and how it does. One process at a time delivers.
CREATE TABLE targets (
	name       TEXT PRIMARY KEY,
	audit      INTEGER NOT NULL,
	notice     INTEGER NOT NULL,
	refused    INTEGER NOT NULL,
	delivered  INTEGER NOT NULL DEFAULT 0,
	dropped    INTEGER NOT NULL DEFAULT 0,
	taken_at   INTEGER,
	failing_at INTEGER,
	stuck_at   INTEGER,
	failures   INTEGER NOT NULL DEFAULT 0,
	error      TEXT NOT NULL DEFAULT '',
	held_by    TEXT NOT NULL DEFAULT '',
	held_until INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Tokens that a door has refused again and again: one a token, door and day.
CREATE TABLE refused_again (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	token_id INTEGER NOT NULL REFERENCES tokens,
	door     TEXT NOT NULL,
	count    INTEGER NOT NULL,
	at       INTEGER NOT NULL
) STRICT;
CREATE INDEX refused_again_token ON refused_again (token_id, at);
CREATE INDEX refused_again_at ON refused_again (at);
