-- Rotation with an overlap (R69): the old token works until replaced_until.
ALTER TABLE tokens ADD COLUMN replaced_by INTEGER REFERENCES tokens;
ALTER TABLE tokens ADD COLUMN replaced_until INTEGER;
CREATE INDEX tokens_replaced ON tokens (replaced_until) WHERE replaced_until IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX tokens_replaced_by ON tokens (replaced_by) WHERE replaced_by IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX tokens_family ON tokens (family_id) WHERE family_id > 0;

-- Since when a bot has had no live token, while bot_retention_days keeps it (R121).
ALTER TABLE users ADD COLUMN idle_since INTEGER;
CREATE INDEX users_idle ON users (idle_since) WHERE idle_since IS NOT NULL AND deleted_at IS NULL;
