package rest

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"patrol/model"
)

// answer is a refusal in GitLab's shape: {"message":…} or {"error":…} (A21 to
// A26), and the reason behind it, if the policy refused (A7).
type answer struct {
	status int
	body   []byte
	reason *model.Reason
}

func (r *answer) Error() string { return string(r.body) }

// message is {"message":"…"}.
func message(status int, text string) *answer { return answerWith(status, "message", text) }

// wrong is {"error":"…"}, for the form of a request.
func wrong(status int, text string) *answer { return answerWith(status, "error", text) }

func answerWith(status int, key, text string) *answer {
	var o object
	o.text(key, text)
	return &answer{status: status, body: o.end()}
}

// because adds the reason that A7's headers give.
func (r *answer) because(reason *model.Reason) *answer {
	r.reason = reason
	return r
}

// reasonOf is the policy's or store's reason, if err is one of that kind.
func reasonOf(err, kind error) *model.Reason {
	var reason *model.Reason
	if errors.Is(err, kind) && errors.As(err, &reason) {
		return reason
	}
	return nil
}

// absent says in an endpoint's own words what isn't there (A25).
func absent(err error, text string) error {
	if reason := reasonOf(err, model.ErrNotFound); reason != nil {
		return message(http.StatusNotFound, text).because(reason)
	}
	return err
}

// absentInside is absent for a thing inside a place: the place comes first (A20).
func (c *call) absentInside(err error, text string) error {
	if !errors.Is(err, model.ErrNotFound) || !c.seesPlace() {
		return err
	}
	return absent(err, text)
}

// The two answers about a token that once was good (A21).
const (
	textExpired = "Token is expired. You can either do re-authorization or token refresh."
	textRevoked = "Token was revoked. You have to re-authorize from the user."
)

// refuse answers with an error: one's own refusal, or the store's translated
// (A9, A21 to A26).
func (c *call) refuse(err error) {
	var own *answer
	if errors.As(err, &own) {
		c.sendRefusal(own)
		return
	}
	var reason *model.Reason
	if !errors.As(err, &reason) {
		reason = &model.Reason{Kind: err}
	}
	switch {
	case errors.Is(err, model.ErrUnauthenticated):
		c.unauthenticated(reason)
	case errors.Is(err, model.ErrBlocked):
		c.sendRefusal(message(http.StatusForbidden, "403 Forbidden - Your account has been blocked.").because(reason))
	case errors.Is(err, model.ErrScope):
		c.insufficientScope(reason)
	case errors.Is(err, model.ErrNotFound):
		c.sendRefusal(notFound(c.endpoint).because(reason))
	case errors.Is(err, model.ErrDenied):
		c.sendRefusal(message(http.StatusForbidden, "403 Forbidden").because(reason))
	case errors.Is(err, model.ErrInvalid):
		c.sendRefusal(invalidFields(reason))
	case errors.Is(err, model.ErrConflict):
		c.sendRefusal(message(http.StatusConflict, reason.Text).because(reason))
	case errors.Is(err, model.ErrReadOnly):
		c.sendRefusal(message(http.StatusServiceUnavailable, "503 Service Unavailable - "+reason.Text).because(reason))
	default:
		status := c.Failed(err)
		c.sendRefusal(message(status, strconv.Itoa(status)+" "+http.StatusText(status)))
	}
}

// failed is a failure of ours (A9).
func (c *call) failed() {
	c.sendRefusal(message(http.StatusInternalServerError, "500 Internal Server Error"))
}

func (c *call) unauthenticated(reason *model.Reason) {
	var text string
	switch reason.Rule {
	case "R91":
		text = textExpired
	case "R92":
		text = textRevoked
	default:
		c.sendRefusal(message(http.StatusUnauthorized, "401 Unauthorized").because(reason))
		return
	}
	c.W.Header()["Www-Authenticate"] = []string{
		`Bearer realm="Protected by OAuth 2.0", error="invalid_token", error_description="` + text + `"`}
	var o object
	o.text("error", "invalid_token")
	o.text("error_description", text)
	c.sendRefusal((&answer{status: http.StatusUnauthorized, body: o.end()}).because(reason))
}

// insufficientScope is A22: only those scopes are named that would open it.
func (c *call) insufficientScope(reason *model.Reason) {
	var o object
	o.text("error", "insufficient_scope")
	o.text("error_description", "The request requires higher privileges than provided by the access token.")
	o.text("scope", c.endpoint.Access.Scopes().String())
	c.sendRefusal((&answer{status: http.StatusForbidden, body: o.end()}).because(reason))
}

// notFound is A25, named after what the endpoint is about.
func notFound(e *model.Endpoint) *answer {
	switch e.Place {
	case model.ProjectPlace:
		return message(http.StatusNotFound, "404 Project Not Found")
	case model.GroupPlace:
		return message(http.StatusNotFound, "404 Group Not Found")
	}
	return message(http.StatusNotFound, "404 Not Found")
}

// fieldRefused is A24's answer about one field.
func fieldRefused(key, text string) *answer {
	return invalidFields(&model.Reason{Fields: []model.Field{{Key: key, Text: text}}})
}

// invalidFields is A24's {"message":{"name":["can't be blank"]}}.
func invalidFields(reason *model.Reason) *answer {
	var keys []string
	texts := map[string][]string{}
	for _, f := range reason.Fields {
		if !slices.Contains(keys, f.Key) {
			keys = append(keys, f.Key)
		}
		texts[f.Key] = append(texts[f.Key], f.Text)
	}
	var fields, o object
	for _, key := range keys {
		fields.texts(key, texts[key])
	}
	o.raw("message", fields.end())
	return (&answer{status: http.StatusBadRequest, body: o.end()}).because(reason)
}

func (c *call) sendRefusal(r *answer) {
	if r.reason != nil && r.reason.Rule != "" {
		c.Reason(r.reason)
		c.Refused(r.reason)
	}
	if r.status == http.StatusUnauthorized && c.endpoint != nil && c.isPackages() {
		c.W.Header()["Www-Authenticate"] = []string{packagesChallenge}
	}
	c.json(r.status, r.body)
}
