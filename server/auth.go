package server

import (
	"net/http"
	"strings"

	"patrol/model"
)

// credentials finds the secret that a REST request shows, the first of: the
// parameter private_token, PRIVATE-TOKEN, Authorization: Bearer (A5). The error
// is the refusal of another kind of Authorization.
func (c *call) credentials() (secret model.Secret, err error) {
	if text, ok := c.params["private_token"].(string); ok && text != "" {
		allowed, err := c.s.Store.Setting(c.ctx, model.SettingTokenInQuery)
		if err != nil {
			return secret, err
		}
		if allowed == "true" {
			return model.NewSecret(text), nil
		}
	}
	if text := c.r.Header.Get("Private-Token"); text != "" {
		return model.NewSecret(text), nil
	}
	header := c.r.Header.Get("Authorization")
	if header == "" {
		return secret, nil
	}
	if scheme, text, _ := strings.Cut(header, " "); strings.EqualFold(scheme, "Bearer") {
		return model.NewSecret(text), nil
	}
	return secret, message(http.StatusUnauthorized, "401 Unauthorized").because(&model.Reason{
		Rule: "A5", Text: "Show the token in the header PRIVATE-TOKEN, or as Authorization: Bearer."})
}

// admit takes R171's first steps for a REST request: whose secret it is, and
// whether it may be used for this endpoint at all (A20 to A22).
func (c *call) admit() error {
	secret, err := c.credentials()
	if err != nil {
		return err
	}
	if err := c.identify(secret); err != nil {
		return err
	}
	if err := model.Admit(c.pass.Caller, c.endpoint.Access, c.today).Err(); err != nil {
		return err
	}
	if c.endpoint.User && c.pass.Caller.Kind == model.Nobody {
		return message(http.StatusUnauthorized, "401 Unauthorized")
	}
	return nil
}

// identify fills in the pass and the date on which it is judged. No secret:
// nobody.
func (c *call) identify(secret model.Secret) (err error) {
	c.today, c.secret = model.DateOf(c.s.Store.Now()), secret
	if !secret.Empty() {
		c.pass, err = c.s.Store.Authenticate(c.ctx, secret)
	}
	if c.pass.Token.ID != 0 {
		c.s.letIn(secret)
	}
	return err
}

// used notes that the request was let through (R95, G18).
func (c *call) used() {
	if id := c.pass.Token.ID; id != 0 {
		c.s.Store.Used(id, c.door, c.address)
	}
}

// asker is who calls a use case through REST.
func (c *call) asker() model.Actor { return c.actor(model.APIDoor) }

// decide asks the policy about what no use case decides by itself.
func (c *call) decide(action model.Action, t model.Target) error {
	return model.Decide(model.Facts{Today: c.today, Caller: c.pass.Caller, Access: c.endpoint.Access, Action: action, Target: t}).Err()
}

// actor is who calls a use case through this door.
func (c *call) actor(door model.Door) model.Actor {
	return model.Actor{UserID: c.pass.Caller.UserID, TokenID: c.pass.Token.ID, Door: door, Address: c.address, RequestID: c.id}
}
