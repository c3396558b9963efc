-- Lists of tokens begin with those that expire first, of each day the newest.
DROP INDEX tokens_live;
CREATE INDEX tokens_live ON tokens (expires_on, id DESC) WHERE revoked_at IS NULL;
CREATE INDEX tokens_expiry ON tokens (expires_on, id DESC);
