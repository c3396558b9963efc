package server

import (
	"errors"

	"patrol/model"
)

// noteRefusal tells the store of a request that is refused although its token
// is known (R99). What isn't a decision against somebody is none: a failure, or
// a value that is wrong.
func (c *call) noteRefusal(err error) {
	var reason *model.Reason
	if c.pass.Token.ID == 0 || !refused(err) || !errors.As(err, &reason) {
		return
	}
	c.s.Store.Refused(model.Refusal{TokenID: c.pass.Token.ID, Door: c.door, Asked: c.asks(), Rule: reason.Rule, Text: reason.Text,
		Address: c.address, RequestID: c.id})
}

// asks is the request in the words that explain takes: "git push acme/web",
// "GET /api/v4/projects/1". A query is left out: it may hold a secret (A5).
func (c *call) asks() string {
	if c.asked != "" {
		return c.masked(c.asked)
	}
	return c.r.Method + " " + c.masked(c.path)
}

// refused tells a decision against somebody from a failure.
func refused(err error) bool {
	return errors.Is(err, model.ErrNotFound) || errors.Is(err, model.ErrDenied) ||
		errors.Is(err, model.ErrUnauthenticated) || errors.Is(err, model.ErrScope) || errors.Is(err, model.ErrBlocked)
}
