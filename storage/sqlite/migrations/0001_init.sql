-- Times are Unix milliseconds, dates are YYYY-MM-DD text, both UTC.
-- Ids of users, groups, projects and tokens are never reused (R6).

CREATE TABLE settings (
	key   TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE features (
	name  TEXT PRIMARY KEY,
	value INTEGER NOT NULL CHECK (value IN (0, 1))
) STRICT, WITHOUT ROWID;

-- A deleted bot or person stays as a tombstone (R120): invisible, but audit,
-- history and whois can still name it. A bot's e-mail address follows from its
-- username and the setting host (R104) and isn't stored.
CREATE TABLE users (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	kind        INTEGER NOT NULL CHECK (kind IN (1, 2, 3)), -- human, bot, ghost
	username    TEXT NOT NULL COLLATE NOCASE,
	name        TEXT NOT NULL,
	email       TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
	admin       INTEGER NOT NULL DEFAULT 0 CHECK (admin IN (0, 1)),
	auditor     INTEGER NOT NULL DEFAULT 0 CHECK (auditor IN (0, 1)),
	external    INTEGER NOT NULL DEFAULT 0 CHECK (external IN (0, 1)),
	blocked     INTEGER NOT NULL DEFAULT 0 CHECK (blocked IN (0, 1)),
	created_at  INTEGER NOT NULL,
	active_on   TEXT,             -- day of the last activity
	former_role INTEGER,          -- of a deleted bot: the role it had
	deleted_at  INTEGER,
	CHECK (kind = 1 OR NOT (admin OR auditor OR blocked))
) STRICT;
-- A bot's username is never given again (R120); a person's is, once he is gone.
CREATE UNIQUE INDEX users_username ON users (username) WHERE deleted_at IS NULL OR kind = 2;
CREATE UNIQUE INDEX users_email ON users (email) WHERE kind = 1 AND deleted_at IS NULL;

CREATE TABLE keys (
	id          INTEGER PRIMARY KEY AUTOINCREMENT,
	user_id     INTEGER NOT NULL REFERENCES users,
	title       TEXT NOT NULL,
	fingerprint TEXT NOT NULL UNIQUE,
	line        TEXT NOT NULL,
	added_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX keys_user ON keys (user_id);

CREATE TABLE groups (
	id             INTEGER PRIMARY KEY AUTOINCREMENT,
	parent_id      INTEGER REFERENCES groups,
	top_id         INTEGER NOT NULL, -- the top-level group above it, or itself
	name           TEXT NOT NULL,
	description    TEXT NOT NULL DEFAULT '',
	visibility     INTEGER NOT NULL CHECK (visibility IN (0, 1, 2)),
	plan           TEXT NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'trial', 'premium', 'ultimate')),
	token_creation INTEGER NOT NULL DEFAULT 1 CHECK (token_creation IN (0, 1)), -- R75; top-level groups only
	created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX groups_parent ON groups (parent_id);
CREATE INDEX groups_top ON groups (top_id);

CREATE TABLE projects (
	id             INTEGER PRIMARY KEY AUTOINCREMENT,
	group_id       INTEGER NOT NULL REFERENCES groups,
	top_id         INTEGER NOT NULL REFERENCES groups,
	name           TEXT NOT NULL,
	description    TEXT NOT NULL DEFAULT '',
	visibility     INTEGER NOT NULL CHECK (visibility IN (0, 1, 2)),
	flag           INTEGER CHECK (flag IN (0, 1)), -- its own value of the feature flag (R71)
	creator_id     INTEGER NOT NULL REFERENCES users,
	created_at     INTEGER NOT NULL,
	updated_at     INTEGER NOT NULL,
	pushed_at      INTEGER,
	default_branch TEXT -- NULL while the repository is empty (G28)
) STRICT;
CREATE INDEX projects_group ON projects (group_id);
CREATE INDEX projects_top ON projects (top_id);
CREATE INDEX projects_flag ON projects (flag) WHERE flag IS NOT NULL;

-- Full paths of groups and projects: one name space (R7).
CREATE TABLE routes (
	path       TEXT PRIMARY KEY COLLATE NOCASE, -- acme/infra
	name       TEXT NOT NULL,                   -- Acme / Infra
	group_id   INTEGER UNIQUE REFERENCES groups,
	project_id INTEGER UNIQUE REFERENCES projects,
	CHECK ((group_id IS NULL) <> (project_id IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
	id         INTEGER PRIMARY KEY,
	user_id    INTEGER NOT NULL REFERENCES users,
	group_id   INTEGER REFERENCES groups,
	project_id INTEGER REFERENCES projects,
	role       INTEGER NOT NULL CHECK (role IN (10, 15, 20, 30, 40, 50)),
	expires_on TEXT, -- NULL: no end
	created_at INTEGER NOT NULL,
	creator_id INTEGER REFERENCES users,
	CHECK ((group_id IS NULL) <> (project_id IS NULL))
) STRICT;
CREATE INDEX members_user ON members (user_id);
CREATE INDEX members_role ON members (role, user_id);
CREATE UNIQUE INDEX members_group ON members (group_id, user_id) WHERE group_id IS NOT NULL;
CREATE UNIQUE INDEX members_project ON members (project_id, user_id) WHERE project_id IS NOT NULL;

-- Rows outlive their project, group and bot: a revoked secret stays known as
-- revoked (R123), so project_id and group_id refer to nothing by force.
CREATE TABLE tokens (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	kind         TEXT NOT NULL CHECK (kind IN ('project', 'group', 'personal')),
	user_id      INTEGER NOT NULL REFERENCES users,
	project_id   INTEGER,
	group_id     INTEGER,
	name         TEXT NOT NULL,
	description  TEXT,
	scopes       TEXT NOT NULL, -- parted by blanks, in the order asked for
	digest       BLOB NOT NULL UNIQUE CHECK (length(digest) = 32), -- SHA-256 of the whole secret (R142)
	creator_id   INTEGER NOT NULL REFERENCES users,
	created_at   INTEGER NOT NULL,
	expires_on   TEXT NOT NULL,
	last_used_at INTEGER,
	revoked_at   INTEGER,
	family_id    INTEGER NOT NULL DEFAULT 0, -- the first token of the family (R68); 0: this one
	CHECK ((kind = 'project') = (project_id IS NOT NULL)),
	CHECK ((kind = 'group') = (group_id IS NOT NULL))
) STRICT;
CREATE INDEX tokens_user ON tokens (user_id);
CREATE INDEX tokens_project ON tokens (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX tokens_project_live ON tokens (project_id, expires_on) WHERE project_id IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX tokens_group ON tokens (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX tokens_live ON tokens (expires_on) WHERE revoked_at IS NULL;

CREATE TABLE token_addresses (
	token_id INTEGER NOT NULL REFERENCES tokens,
	address  TEXT NOT NULL,
	seen_at  INTEGER NOT NULL,
	PRIMARY KEY (token_id, address)
) STRICT, WITHOUT ROWID;

-- Accepted pushes (G29).
CREATE TABLE pushes (
	id         INTEGER PRIMARY KEY,
	project_id INTEGER NOT NULL REFERENCES projects,
	user_id    INTEGER NOT NULL REFERENCES users,
	token_id   INTEGER REFERENCES tokens,
	refs       TEXT NOT NULL, -- JSON: [{"ref","old","new"}]
	at         INTEGER NOT NULL
) STRICT;
CREATE INDEX pushes_project ON pushes (project_id);
CREATE INDEX pushes_user ON pushes (user_id);
CREATE INDEX pushes_token ON pushes (token_id);

-- The hash covers every column but itself, and the hash before it (R163).
CREATE TABLE audit (
	number      INTEGER PRIMARY KEY AUTOINCREMENT,
	at          INTEGER NOT NULL,
	user_id     INTEGER NOT NULL,
	user        TEXT NOT NULL,
	as_id       INTEGER NOT NULL,
	as_user     TEXT NOT NULL,
	token_id    INTEGER NOT NULL,
	door        TEXT NOT NULL,
	address     TEXT NOT NULL,
	action      TEXT NOT NULL,
	target_kind TEXT NOT NULL,
	target_id   INTEGER NOT NULL,
	target_path TEXT NOT NULL,
	project_id  INTEGER NOT NULL, -- the place it is about; 0: none
	group_id    INTEGER NOT NULL,
	change      TEXT NOT NULL,
	refused     INTEGER NOT NULL CHECK (refused IN (0, 1)),
	rule        TEXT NOT NULL,
	previous    BLOB NOT NULL CHECK (length(previous) = 32),
	hash        BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_target ON audit (target_kind, target_id);
CREATE INDEX audit_user ON audit (user_id);
CREATE INDEX audit_token ON audit (token_id) WHERE token_id > 0;
CREATE INDEX audit_project ON audit (project_id) WHERE project_id > 0;
CREATE INDEX audit_group ON audit (group_id) WHERE group_id > 0;

-- How often an equal refusal came again within a minute of an entry (R160).
CREATE TABLE audit_repeats (
	number INTEGER PRIMARY KEY REFERENCES audit,
	times  INTEGER NOT NULL
) STRICT;

INSERT INTO users (id, kind, username, name, email, admin, created_at) VALUES
	(1, 1, 'root', '', 'root@localhost', 1, 0),
	(2, 3, 'ghost', 'Ghost User', '', 0, 0);
