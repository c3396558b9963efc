package rest

import (
	"cmp"
	"errors"
	"net/http"

	"patrol/model"
)

// getSelf is A59.
func getSelf(c *call) error {
	var o object // without object's func: this answer is asked for most
	o.b = make([]byte, 0, 640)
	o.token(&c.Pass.Token, c.Today)
	c.json(http.StatusOK, o.end())
	return nil
}

// revokeSelf is A61.
func revokeSelf(c *call) error {
	if err := c.api.Store.RevokeSelf(c.Context, c.asker()); err != nil {
		return err
	}
	return c.nothing()
}

// listTokens is A41.
func listTokens(c *call) error {
	f := c.form()
	query, page := f.tokenQuery()
	if err := f.err(); err != nil {
		return err
	}
	query.In = c.place()
	list, err := c.api.Store.Tokens(c.Context, c.asker(), query, page.Page)
	if err != nil {
		return c.tokenRefusal(err)
	}
	return answerList(c, page, list, func(o *object, t *model.Token) { o.placeToken(t, c.Today) })
}

// tokenSorts are the orders of A41; any other text is ignored.
var tokenSorts = map[string]model.TokenQuery{
	"created_asc":    {Sort: model.ByCreated},
	"created_desc":   {Sort: model.ByCreated, Descending: true},
	"expires_asc":    {Sort: model.ByExpiry},
	"expires_desc":   {Sort: model.ByExpiry, Descending: true},
	"last_used_asc":  {Sort: model.ByLastUse},
	"last_used_desc": {Sort: model.ByLastUse, Descending: true},
	"name_asc":       {Sort: model.ByName},
	"name_desc":      {Sort: model.ByName, Descending: true},
}

// tokenQuery reads A41's parameters and the page.
func (f *form) tokenQuery() (q model.TokenQuery, p paging) {
	if state := f.oneOf("state", "active", "inactive"); state != "" {
		q.Active = new(state == "active")
	}
	q.Revoked = f.boolean("revoked")
	q.CreatedAfter, q.CreatedBefore = f.moment("created_after"), f.moment("created_before")
	q.ExpiresAfter, q.ExpiresBefore = f.date("expires_after"), f.date("expires_before")
	q.LastUsedAfter, q.LastUsedBefore = f.moment("last_used_after"), f.moment("last_used_before")
	q.Search = f.search("search")
	if p = f.page("PersonalAccessToken"); p.keyset() { // by id (A34)
		q.Descending = f.descending(false)
	} else if sort, ok := f.value("sort").(string); ok {
		q.Sort, q.Descending = tokenSorts[sort].Sort, tokenSorts[sort].Descending
	}
	return q, p
}

// getToken is A42.
func getToken(c *call) error {
	t, err := c.api.Store.Token(c.Context, c.asker(), c.place(), c.number(":token_id"))
	if err != nil {
		return c.tokenRefusal(err)
	}
	return c.object(http.StatusOK, func(o *object) { o.placeToken(&t, c.Today) })
}

// createToken is A43.
func createToken(c *call) error {
	f := c.form()
	n := model.NewToken{Place: c.place(), Name: f.required("name")}
	n.Scopes = f.scopes("scopes", n.Kind())
	n.Description = f.optional("description")
	n.ExpiresOn = f.date("expires_at")
	n.Role = f.role("access_level")
	if err := f.err(); err != nil {
		return err
	}
	issued, err := c.api.Store.CreateToken(c.Context, c.asker(), n)
	if err != nil {
		return c.createRefusal(err)
	}
	return c.issued(http.StatusCreated, issued)
}

// issued answers with a token and its secret: the only answer that has it
// (R143). Named by its number alone, a token is described by A55.
func (c *call) issued(status int, t model.IssuedToken) error {
	return c.object(status, func(o *object) {
		if c.endpoint.Place == model.NoPlace {
			o.token(&t.Token, c.Today)
		} else {
			o.placeToken(&t.Token, c.Today)
		}
		o.text("token", t.Secret.Reveal())
	})
}

// revokeToken is A44.
func revokeToken(c *call) error {
	err := c.api.Store.RevokeTokens(c.Context, c.asker(), c.place(), c.number(":token_id"))
	if err == nil {
		return c.nothing()
	}
	if reason := reasonOf(err, model.ErrDenied); reason != nil {
		return badRequest(cmp.Or(c.Pass.User.Name, c.Pass.User.Username) + " cannot delete " + reason.Name).because(reason)
	}
	return c.tokenRefusal(err)
}

// badRequest is how the token endpoints speak of values (A24).
func badRequest(text string) *answer {
	return message(http.StatusBadRequest, "400 Bad request - "+text)
}

// tokenRefusal says for list and get: 401 without the right (A26), and 404 in
// A42's words if the place is there and the token is not.
func (c *call) tokenRefusal(err error) error {
	var reason *model.Reason
	if !errors.As(err, &reason) {
		return err
	}
	switch reason.Kind {
	case model.ErrDenied:
		return message(http.StatusUnauthorized, "401 Unauthorized").because(reason)
	case model.ErrInvalid:
		return badRequest(reason.Text).because(reason)
	}
	return c.absentInside(err, "404 "+c.endpoint.Place.String()+" Access Token Not Found")
}

// createRefusal says 400 for whatever is refused (A43): in the rule's own words
// for R45 and R82's number, in one and the same for everything before them.
func (c *call) createRefusal(err error) error {
	var reason *model.Reason
	if !errors.As(err, &reason) || reason.Kind != model.ErrDenied {
		return c.tokenRefusal(err)
	}
	if reason.Rule == "R45" || c.limitReached(reason) {
		return badRequest(reason.Text).because(reason)
	}
	return badRequest("User does not have permission to create " + c.endpoint.Place.String() + " access token").because(reason)
}

// limitReached tells R82's number, which only projects have, from a plan without
// group tokens.
func (c *call) limitReached(reason *model.Reason) bool {
	return reason.Rule == "R82" && c.endpoint.Place != model.GroupPlace
}

// token writes A55's fields, in GitLab's order.
func (o *object) token(t *model.Token, today model.Date) {
	o.number("id", t.ID)
	o.text("name", t.Name)
	o.boolean("revoked", !t.RevokedAt.IsZero())
	o.time("created_at", t.CreatedAt)
	o.optional("description", t.Description)
	o.key("scopes")
	o.b = appendTexts(o.b, t.Scopes)
	o.number("user_id", t.User.ID)
	o.time("last_used_at", t.LastUsedAt)
	o.boolean("active", t.State(today) == model.Active)
	o.boolean("granular", false)
	o.date("expires_at", t.ExpiresOn)
	o.texts("last_used_ips", t.LastUsedIPs)
}

// placeToken writes A40's fields, but for the secret.
func (o *object) placeToken(t *model.Token, today model.Date) {
	o.token(t, today)
	o.number("access_level", int64(t.Role))
	o.text("resource_type", t.Place.Kind.String())
	o.number("resource_id", t.Place.ID)
}
