package model

import "context"

// Upkeep is what time alone does; serve and the console call it now and then.
type Upkeep interface {
	// Tidy does a bounded batch of what is due: replaced tokens whose overlap
	// has ended are revoked (R69), bots whose retention is over are deleted
	// (R121), tokens expired long enough are revoked (R122), notices are
	// written (R96), old refusals dropped (R99). It tells whether more is due.
	Tidy(context.Context) (more bool, err error)
	// Undelivered are notices that no log or hook has taken yet, oldest first;
	// Delivered marks one (R96: at least once).
	Undelivered(ctx context.Context, limit int) ([]Notice, error)
	Delivered(ctx context.Context, id int64) error
}
