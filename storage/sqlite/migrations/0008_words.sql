-- Every three characters in a row of the tokens' names and their bots' usernames,
-- neither of which ever changes, for searching parts of them. It is filled
-- behind: up_to is the last token that is in it.
CREATE VIRTUAL TABLE token_words USING fts5 (words, content = '', detail = 'none', columnsize = 0, tokenize = 'trigram');
CREATE TABLE words_indexed (up_to INTEGER NOT NULL) STRICT;
INSERT INTO words_indexed VALUES (0);

-- Lists of all tokens in another order than by expiry. Those never used are last.
CREATE INDEX tokens_name ON tokens (name COLLATE NOCASE, id DESC);
CREATE INDEX tokens_created ON tokens (created_at, id DESC);
CREATE INDEX tokens_used_first ON tokens (coalesce(last_used_at, 9223372036854775807), id DESC);
CREATE INDEX tokens_used_last ON tokens (coalesce(last_used_at, -1), id);

-- Counting what is active, or active and no longer used, needs no look at the
-- tokens themselves.
DROP INDEX tokens_live;
CREATE INDEX tokens_live ON tokens (expires_on, id DESC, replaced_until, created_at, last_used_at) WHERE revoked_at IS NULL;
