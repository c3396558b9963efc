-- Push protection (G110–G113): when a token's secret was knowingly published, and
-- what of a push nobody has looked at.
ALTER TABLE tokens ADD COLUMN published_at INTEGER;
CREATE INDEX tokens_published ON tokens (published_at) WHERE published_at IS NOT NULL;
ALTER TABLE pushes ADD COLUMN unseen_objects INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pushes ADD COLUMN unseen_bytes INTEGER NOT NULL DEFAULT 0;
