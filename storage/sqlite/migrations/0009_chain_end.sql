-- The audit log's end as a row of its own (R163): the last number and its hash,
-- written with the entries. It stays where entries are cut off.
CREATE TABLE chain_end (
	one    INTEGER PRIMARY KEY CHECK (one = 1),
	number INTEGER NOT NULL,
	hash   BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO chain_end
	SELECT 1, max(coalesce((SELECT max(number) FROM audit), 0), coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'audit'), 0)),
	coalesce((SELECT hash FROM audit ORDER BY number DESC LIMIT 1), zeroblob(32));
