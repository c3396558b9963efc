package rest

import (
	"context"
	"net/http"

	"patrol/model"
)

// rotateToken is A45.
func rotateToken(c *call) error { return c.rotate(c.number(":token_id")) }

// rotateByNumber is A56: a token that names itself rotates itself.
func rotateByNumber(c *call) error {
	id := c.number(":id")
	if id == c.Pass.Token.ID {
		return rotateSelf(c)
	}
	return c.rotate(id)
}

func (c *call) rotate(id int64) error {
	f := c.form()
	r := f.rotation()
	if err := f.err(); err != nil {
		return err
	}
	made, err := c.api.Store.RotateTokens(c.Context, c.asker(), c.place(), r, id)
	if err != nil {
		return c.rotateRefusal(err)
	}
	return c.issued(http.StatusOK, made[0])
}

// rotateSelf is A46, and A56 without a place.
func rotateSelf(c *call) error {
	f := c.form()
	r := f.rotation()
	if err := f.err(); err != nil {
		return err
	}
	issued, err := c.api.Store.RotateSelf(c.Context, c.asker(), c.place(), r)
	if err != nil {
		reason := reasonOf(err, model.ErrDenied)
		if reason != nil && reason.Rule == "A46" && c.Pass.Token.Kind == model.PersonalToken {
			return message(http.StatusMethodNotAllowed, "405 Method Not Allowed").because(reason)
		}
		return c.rotateRefusal(err)
	}
	return c.issued(http.StatusOK, issued)
}

// rotation reads the parameters of every rotation (R69).
func (f *form) rotation() (r model.Rotation) {
	r.ExpiresOn = f.date("expires_at")
	r.OverlapHours, _ = f.number("overlap_hours")
	return r
}

// rotateRefusal is A45's: 401 without the right, in the same way if there is no
// such token, of which only administrators are told.
func (c *call) rotateRefusal(err error) error {
	if reason := reasonOf(err, model.ErrDenied); reason != nil {
		tooHigh := reason.Rule == "R64" && c.Pass.Caller.Kind != model.Bot // no bot may, whatever the roles (A48)
		if reason.Rule == "R67" || reason.Rule == "R69" || tooHigh || c.limitReached(reason) {
			return badRequest(reason.Text).because(reason)
		}
	}
	if c.endpoint.Place == model.NoPlace {
		return c.numberRefusal(err)
	}
	if reason := reasonOf(err, model.ErrNotFound); reason != nil && c.seesPlace() {
		if c.Pass.Caller.Admin {
			return absent(err, "404 Not Found")
		}
		err = &model.Reason{Rule: "R44", Kind: model.ErrDenied, Text: reason.Text} // as for one that is there (R35)
	}
	return c.tokenRefusal(err)
}

// reused answers a revoked secret on a rotation endpoint: its family is revoked
// before the refusal arrives (A47, R68), also if nobody waits for it any more.
func (c *call) reused(err error) error {
	reason := reasonOf(err, model.ErrUnauthenticated)
	rotation := c.endpoint.Action == model.RotateToken || c.endpoint.Action == model.RotateSelf
	if reason == nil || reason.Rule != "R92" || !rotation {
		return err
	}
	if failed := c.api.Store.Reused(context.WithoutCancel(c.Context), c.asker(), c.Pass.Token.ID); failed != nil {
		return failed
	}
	return err
}
