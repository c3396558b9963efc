-- Use by day (R95a): small rows that are written in batches and kept for 90 days,
-- those by hour for two.
CREATE TABLE use_days (
	token_id INTEGER NOT NULL REFERENCES tokens,
	day      TEXT NOT NULL,
	door     TEXT NOT NULL,
	let_in   INTEGER NOT NULL,
	refused  INTEGER NOT NULL,
	PRIMARY KEY (token_id, day, door)
) STRICT, WITHOUT ROWID;
CREATE INDEX use_days_day ON use_days (day);

CREATE TABLE use_addresses (
	token_id INTEGER NOT NULL REFERENCES tokens,
	day      TEXT NOT NULL,
	address  TEXT NOT NULL,
	let_in   INTEGER NOT NULL,
	PRIMARY KEY (token_id, day, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX use_addresses_day ON use_addresses (day);

CREATE TABLE use_hours (
	hour    INTEGER PRIMARY KEY, -- since 1970
	let_in  INTEGER NOT NULL,
	refused INTEGER NOT NULL
) STRICT;
