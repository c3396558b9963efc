package rest

import (
	"net/http"
	"strings"

	"patrol/model"
	"patrol/server/door"
)

// credentials finds the secret that a REST request shows, the first of: the
// parameter private_token, PRIVATE-TOKEN, Authorization: Bearer (A5). The error
// is the refusal of another kind of Authorization.
func (c *call) credentials() (secret model.Secret, err error) {
	if text, ok := c.params[door.SecretParam].(string); ok && text != "" {
		allowed, err := c.api.Store.Setting(c.Context, model.SettingTokenInQuery)
		if err != nil {
			return secret, err
		}
		if allowed == "true" {
			return model.NewSecret(text), nil
		}
	}
	if text := c.R.Header.Get("Private-Token"); text != "" {
		return model.NewSecret(text), nil
	}
	header := c.R.Header.Get("Authorization")
	if header == "" {
		return secret, nil
	}
	if scheme, text, _ := strings.Cut(header, " "); strings.EqualFold(scheme, "Bearer") {
		return model.NewSecret(text), nil
	}
	if user, text, ok := c.R.BasicAuth(); ok && c.isPackages() { // G75
		if strings.TrimSpace(user) == "" {
			return secret, message(http.StatusUnauthorized, "401 Unauthorized")
		}
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
	if err := c.Identify(c.Context, secret); err != nil {
		return err
	}
	if err := c.Admit(c.endpoint.Access); err != nil {
		return err
	}
	if c.endpoint.User && c.Pass.Caller.Kind == model.Nobody {
		return message(http.StatusUnauthorized, "401 Unauthorized")
	}
	return nil
}

// asker is who calls a use case through REST.
func (c *call) asker() model.Actor { return c.Actor() }

// decide asks the policy about what no use case decides by itself.
func (c *call) decide(action model.Action, t model.Target) error {
	return c.Decide(c.endpoint.Access, action, t)
}
