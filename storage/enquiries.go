package storage

import (
	"context"
	"errors"

	"patrol/model"
)

// Explain runs the decision for a token without doing anything (R172). A token
// that the actor may not read isn't there, nor is a place that he can't see
// (R35, R164).
func (db *DB) Explain(ctx context.Context, a model.Actor, tokenID int64, q model.Question) (e model.Explanation, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		actor, token, err := t.readable(tokenID)
		if err != nil {
			return err
		}
		f, err := t.asked(actor, token, q)
		if err != nil {
			return err
		}
		e.Token = token
		e.Steps, e.Decision, e.Changes = model.Explain(f)
		return nil
	})
	return e, err
}

// readable finds a token that the actor may read (R44, R48, R152); any other is
// not found (R164).
func (t *tx) readable(id int64) (actor model.Caller, token model.Token, err error) {
	f, token, err := t.aim(model.RESTRead, model.ReadToken, model.Ref{}, id)
	if err == nil {
		err = model.Decide(f).Err()
	}
	if errors.Is(err, model.ErrDenied) {
		err = model.NotFound("token")
	}
	return f.Caller, token, err
}
