package rest

import (
	"errors"
	"net/http"

	"patrol/model"
)

// listPersonal is A57.
func listPersonal(c *call) error {
	f := c.form()
	owner, given := f.text("user_id")
	if _, isID := model.ParseID(owner); given && owner != "" && !isID {
		f.invalid("user_id")
	}
	return c.listTokensOf(f, owner, given)
}

// listPersonalOf is A63's: A57 with the user in the path.
func listPersonalOf(c *call) error { return c.listTokensOf(c.form(), c.arg(":user_id"), true) }

// listTokensOf lists one user's tokens; without one, all that the caller may
// list: an administrator those of all, everybody else his own.
func (c *call) listTokensOf(f *form, owner string, given bool) (err error) {
	query, page := f.tokenQuery()
	if err := f.err(); err != nil {
		return err
	}
	if query.UserID, err = c.tokenOwner(owner, given); err != nil {
		return err
	}
	list, err := c.api.Store.Tokens(c.Context, c.asker(), query, page.Page)
	if err != nil {
		return c.tokenRefusal(err)
	}
	return answerList(c, page, list, func(o *object, t *model.Token) { o.token(t, c.Today) })
}

func (c *call) tokenOwner(text string, given bool) (int64, error) {
	own := c.Pass.User.ID
	id, _ := model.ParseID(text)
	refused := c.decide(model.ListTokens, model.Target{TokenKind: model.PersonalToken, Mine: given && id == own})
	switch {
	case !given && refused != nil:
		return own, nil
	case !given:
		return 0, nil // everybody's
	case refused != nil:
		return 0, c.tokenRefusal(refused)
	case id == own:
		return own, nil
	case id == 0:
		return 0, absent(model.NotFound("user"), "404 Not Found")
	}
	_, err := c.api.Store.User(c.Context, c.asker(), id, "")
	return id, absent(err, "404 Not Found")
}

// getByNumber is A58.
func getByNumber(c *call) error {
	t, err := c.api.Store.Token(c.Context, c.asker(), model.Ref{}, c.number(":id"))
	if err != nil {
		return c.numberRefusal(err)
	}
	return c.object(http.StatusOK, func(o *object) { o.token(&t, c.Today) })
}

// numberRefusal is for a token that is named by its number alone: whoever may
// not have it isn't told whether it is there (A56, A58); administrators are.
func (c *call) numberRefusal(err error) error {
	var reason *model.Reason
	switch {
	case !errors.As(err, &reason):
		return err
	case reason.Kind == model.ErrNotFound && c.Pass.Caller.Admin:
		return absent(err, c.noSuchNumber())
	case reason.Kind == model.ErrNotFound || reason.Rule == "A58":
		return message(http.StatusUnauthorized, "401 Unauthorized").because(&model.Reason{
			Rule: "A58", Kind: model.ErrDenied, Text: "There is no such token, or it is somebody else's."})
	}
	return c.tokenRefusal(err)
}

// noSuchNumber is what GitLab says where there is no such token: not the same of
// rotation as of the rest.
func (c *call) noSuchNumber() string {
	if c.endpoint.Action == model.RotateToken {
		return "404 Not Found"
	}
	return "404 Not found"
}

// revokeByNumber is A60.
func revokeByNumber(c *call) error {
	err := c.api.Store.RevokeTokens(c.Context, c.asker(), model.Ref{}, c.number(":id"))
	if err == nil {
		return c.nothing()
	}
	if reason := reasonOf(err, model.ErrDenied); reason != nil {
		return message(http.StatusBadRequest, "400 Bad request").because(reason)
	}
	return absent(err, c.noSuchNumber())
}

// createPersonal is A63: administrators only, also for oneself.
func createPersonal(c *call) error {
	f := c.form()
	n := model.NewToken{UserID: c.number(":user_id"), Name: f.required("name")}
	n.Scopes = f.scopesOrText("scopes", model.PersonalScopes)
	n.Description = f.optional("description")
	n.ExpiresOn = f.date("expires_at")
	if err := f.err(); err != nil {
		return err
	}
	n.AsAdministrator = n.UserID == c.Pass.User.ID // where R152 alone would allow two scopes
	issued, err := c.api.Store.CreateToken(c.Context, c.asker(), n)
	switch {
	case err == nil:
		return c.issued(http.StatusCreated, issued)
	case n.AsAdministrator && errors.Is(err, model.ErrDenied) && !c.Pass.Caller.Admin:
		return err
	case !c.Pass.Caller.Admin && (errors.Is(err, model.ErrNotFound) || errors.Is(err, model.ErrDenied)): // whoever it is for
		return message(http.StatusForbidden, "403 Forbidden").because(&model.Reason{
			Rule: "R152", Kind: model.ErrDenied, Text: "Only an administrator creates personal tokens for others."})
	}
	return absent(c.personalRefusal(err), "404 User Not Found")
}

// createOwn is A64.
func createOwn(c *call) error {
	f := c.form()
	n := model.NewToken{UserID: c.Pass.User.ID, Name: f.required("name")}
	n.Scopes = f.scopesOrText("scopes", model.Scopes{model.ScopeK8sProxy, model.ScopeSelfRotate})
	n.Description = f.optional("description")
	if n.ExpiresOn = f.date("expires_at"); n.ExpiresOn == 0 {
		n.ExpiresOn = c.Today + 1
	}
	if err := f.err(); err != nil {
		return err
	}
	issued, err := c.api.Store.CreateToken(c.Context, c.asker(), n)
	if err != nil {
		return c.personalRefusal(err)
	}
	return c.issued(http.StatusCreated, issued)
}

// personalRefusal: values as for all tokens (A24), without the right 403.
func (c *call) personalRefusal(err error) error {
	if errors.Is(err, model.ErrInvalid) {
		return c.tokenRefusal(err)
	}
	return err
}

// associations is A62: the groups and projects in which the token's user has a
// role, a page of both at once.
func associations(c *call) error {
	f := c.form()
	q := model.PlaceQuery{MinRole: max(f.role("min_access_level"), model.Guest), Sort: model.PlacesByID, Associations: true}
	page := f.page("")
	if err := f.err(); err != nil {
		return err
	}
	groups, err := c.api.Store.Groups(c.Context, c.asker(), q, page.Page)
	if err != nil {
		return err
	}
	projects, err := c.api.Store.Projects(c.Context, c.asker(), q, page.Page)
	if err != nil {
		return err
	}
	c.pageHeaders(page, groups.Next+projects.Next, max(groups.Total, projects.Total))
	return c.object(http.StatusOK, func(o *object) {
		objects(o, "groups", groups.Rows, c.associatedGroup)
		objects(o, "projects", projects.Rows, c.associatedProject)
	})
}

func (c *call) associatedGroup(o *object, g *model.Group) {
	o.number("id", g.ID)
	o.text("web_url", c.Link("groups/"+g.FullPath))
	o.text("name", g.Name)
	o.numberOrNull("parent_id", g.ParentID)
	o.number("organization_id", 1)
	o.number("access_levels", int64(g.MemberRole))
	o.text("visibility", g.Visibility.String())
}

func (c *call) associatedProject(o *object, p *model.Project) {
	o.number("id", p.ID)
	o.textOrNull("description", p.Description)
	o.text("name", p.Name)
	o.text("name_with_namespace", p.FullName)
	o.text("path", p.Path)
	o.text("path_with_namespace", p.FullPath)
	o.time("created_at", p.CreatedAt)
	o.object("access_levels", func(o *object) {
		o.numberOrNull("project_access_level", int64(p.DirectRole))
		o.numberOrNull("group_access_level", int64(p.GroupRole))
	})
	o.text("visibility", p.Visibility.String())
	o.text("web_url", c.Link(p.FullPath))
	inside(o, "namespace", p, c.namespaceOf)
}
