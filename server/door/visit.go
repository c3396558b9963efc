package door

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"patrol/model"
)

// Visit is somebody at a door, by whatever protocol: who it is and what was
// found out about it.
type Visit struct {
	House   *House
	ID      string     // of the request (A6)
	Address string     // of the client
	Door    model.Door // which one; it counts uses and refusals
	Asked   string     // in the words that explain takes: "git push acme/web"
	Pass    model.Pass
	Today   model.Date // of all that is decided and shown

	secret model.Secret // that was shown, of whatever worth
}

// Visit begins one. Its number is new.
func (h *House) Visit(d model.Door, address string) *Visit {
	return &Visit{House: h, ID: h.ids.next(), Address: address, Door: d}
}

// Identify fills in Pass, and the date on which it is judged. No secret: nobody.
// An unknown secret is no error: Admit tells. *TooMany is one: of requests with
// this token, or of wrong secrets from this address.
func (v *Visit) Identify(ctx context.Context, secret model.Secret) (err error) {
	now := v.House.Store.Now()
	v.Today, v.secret = model.DateOf(now), secret
	if secret.Empty() {
		return nil
	}
	v.House.refresh(ctx, now)
	logins := &v.House.limits.logins
	if after := logins.full(network(v.Address), now); after > 0 {
		return v.House.tooMany(LoginLimit, after)
	}
	if v.Pass, err = v.House.Store.Authenticate(ctx, secret); err != nil {
		return err
	}
	if v.Pass.Token.ID != 0 {
		v.House.letIn(secret)
	}
	if v.Admit(model.NoAccess) != nil {
		logins.take(network(v.Address), now)
		return nil
	}
	if after := v.House.limits.tokens.take(strconv.FormatInt(v.Pass.Token.ID, 10), now); after > 0 {
		return v.House.tooMany(TokenLimit, after)
	}
	return nil
}

// IdentifyKey finds whose SSH key it is, like Identify.
func (v *Visit) IdentifyKey(ctx context.Context, fingerprint string) (err error) {
	v.Today = model.DateOf(v.House.Store.Now())
	v.Pass, err = v.House.Store.AuthenticateKey(ctx, fingerprint)
	return err
}

// Admit takes R171's first steps: may the credentials be used for this at all?
// NoAccess asks of no scope.
func (v *Visit) Admit(access model.Access) error {
	return model.Admit(v.Pass.Caller, access, v.Today).Err()
}

// Decide asks the policy about what no use case decides by itself.
func (v *Visit) Decide(access model.Access, action model.Action, t model.Target) error {
	return model.Decide(model.Facts{Today: v.Today, Caller: v.Pass.Caller, Access: access, Action: action, Target: t}).Err()
}

// Actor is who calls a use case through this door.
func (v *Visit) Actor() model.Actor {
	return model.Actor{UserID: v.Pass.Caller.UserID, TokenID: v.Pass.Token.ID, Door: v.Door, Address: v.Address, RequestID: v.ID}
}

// Used notes that the request was let through (R95, G18).
func (v *Visit) Used() {
	v.House.decided(v.Door, "", true)
	if id := v.Pass.Token.ID; id != 0 {
		v.House.Store.Used(id, v.Door, v.Address)
	}
}

// Refused tells the store of a request that is refused although its token is
// known (R99). What isn't a decision against somebody is none: a failure, or a
// value that is wrong.
func (v *Visit) Refused(err error) {
	var reason *model.Reason
	v.refusal(err)
	if v.Pass.Token.ID == 0 || !IsRefusal(err) || !errors.As(err, &reason) {
		return
	}
	v.House.Store.Refused(model.Refusal{TokenID: v.Pass.Token.ID, Door: v.Door, Asked: v.masked(v.Asked), Rule: reason.Rule, Text: reason.Text,
		Address: v.Address, RequestID: v.ID})
}

// IsRefusal tells a decision against somebody from a failure.
func IsRefusal(err error) bool {
	return errors.Is(err, model.ErrNotFound) || errors.Is(err, model.ErrDenied) ||
		errors.Is(err, model.ErrUnauthenticated) || errors.Is(err, model.ErrScope) || errors.Is(err, model.ErrBlocked)
}

// Log writes the line on a visit that isn't an HTTP request. What was asked for
// stands there in the words that explain takes.
func (v *Visit) Log(to *slog.Logger, what string, status int, took time.Duration) {
	v.House.answered(v.Door, took)
	to.Info(what, "id", v.ID, "asked", v.masked(v.Asked), "status", status, "ms", float64(took.Microseconds())/1000,
		"address", v.Address, "user", v.Pass.User.Username, "token", v.Pass.Token.ID)
}
