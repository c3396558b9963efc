-- Requests that were refused although their token is known (R99): of each token
-- the last 20 different ones. The newest has the greatest id.
CREATE TABLE refusals (
	id         INTEGER PRIMARY KEY,
	token_id   INTEGER NOT NULL REFERENCES tokens,
	door       TEXT NOT NULL,
	asked      TEXT NOT NULL,
	rule       TEXT NOT NULL,
	reason     TEXT NOT NULL,
	first_at   INTEGER NOT NULL,
	last_at    INTEGER NOT NULL,
	count      INTEGER NOT NULL,
	address    TEXT NOT NULL, -- of the last, like request_id
	request_id TEXT NOT NULL,
	UNIQUE (token_id, door, asked, rule)
) STRICT;
CREATE INDEX refusals_last ON refusals (last_at);
CREATE INDEX refusals_request ON refusals (request_id);

-- How many requests a door has refused since the token's last success there.
CREATE TABLE refused_since (
	token_id INTEGER NOT NULL REFERENCES tokens,
	door     TEXT NOT NULL,
	count    INTEGER NOT NULL,
	last_at  INTEGER NOT NULL,
	PRIMARY KEY (token_id, door)
) STRICT, WITHOUT ROWID;
CREATE INDEX refused_since_last ON refused_since (last_at);

-- Notices that a token is about to expire, or has (R96): one a window.
CREATE TABLE notices (
	id           INTEGER PRIMARY KEY AUTOINCREMENT,
	token_id     INTEGER NOT NULL REFERENCES tokens,
	days         INTEGER NOT NULL CHECK (days IN (60, 30, 7, -1)), -- the window; -1: it has expired
	at           INTEGER NOT NULL,
	delivered_at INTEGER,
	UNIQUE (token_id, days)
) STRICT;
CREATE INDEX notices_undelivered ON notices (id) WHERE delivered_at IS NULL;
CREATE INDEX notices_at ON notices (at);

-- How far the day's search for due notices has come: to this token among those
-- that expire on this date.
CREATE TABLE notice_search (
	one        INTEGER PRIMARY KEY CHECK (one = 1),
	day        TEXT NOT NULL,
	expires_on TEXT NOT NULL,
	token_id   INTEGER NOT NULL
) STRICT;
INSERT INTO notice_search VALUES (1, '0001-01-01', '0001-01-01', 0);
