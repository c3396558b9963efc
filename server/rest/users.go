package rest

import (
	"net/http"

	"patrol/model"
)

const noUser = "404 User Not Found"

// ownUser is A71.
func ownUser(c *call) error {
	own := c.Pass.User
	if own.Kind == model.Bot { // whose address isn't looked up at every request
		host, err := c.api.Store.Setting(c.Context, model.SettingHost)
		if err != nil {
			return err
		}
		own.Email = model.BotEmail(own.Username, host)
	}
	return answerOne(c, http.StatusOK, &own, c.user)
}

// listUsers is A72.
func listUsers(c *call) error {
	f := c.form()
	q := model.UserQuery{Search: f.search("search"), Username: f.search("username")}
	q.Active, q.Blocked = f.is("active"), f.is("blocked")
	external, admins := f.is("external"), f.is("admins")
	if c.Pass.Caller.Admin { // nobody else sees these marks of others (A70)
		q.External, q.Admins = external, admins
	}
	q.WithoutBots, q.WithoutGhost = f.is("without_project_bots"), f.is("exclude_internal")
	q.CreatedAfter, q.CreatedBefore = f.moment("created_after"), f.moment("created_before")
	page := f.page("User")
	f.oneOf("order_by", "id")
	q.Ascending = !f.descending(true)
	if err := f.err(); err != nil {
		return err
	}
	list, err := c.api.Store.Users(c.Context, c.asker(), q, page.Page)
	if err != nil {
		return err
	}
	if !c.Pass.Caller.Admin { // as GitLab: the full user is at A73
		return answerList(c, page, list, c.basicUser)
	}
	return answerList(c, page, list, c.user)
}

// getUser is A73.
func getUser(c *call) error {
	id := c.number(":id")
	if id == 0 {
		return absent(model.NotFound("user"), noUser)
	}
	u, err := c.api.Store.User(c.Context, c.asker(), id, "")
	if err != nil {
		return absent(err, noUser)
	}
	return answerOne(c, http.StatusOK, &u, c.user)
}

// addUser is A74.
func addUser(c *call) error {
	f := c.form()
	n := model.NewUser{Email: f.required("email"), Name: f.required("name"), Username: f.required("username")}
	n.Admin, n.Auditor, n.External = f.is("admin"), f.is("auditor"), f.is("external")
	if err := f.err(); err != nil {
		return err
	}
	u, err := c.api.Store.AddUser(c.Context, c.asker(), n)
	if err != nil {
		return err
	}
	return answerOne(c, http.StatusCreated, &u, c.user)
}

// changeUser is A75.
func changeUser(c *call) error {
	f := c.form()
	change := model.UserChange{Name: f.optional("name"), Email: f.optional("email")}
	change.Admin, change.Auditor, change.External = f.boolean("admin"), f.boolean("auditor"), f.boolean("external")
	if err := f.err(); err != nil {
		return err
	}
	u, err := c.api.Store.ChangeUser(c.Context, c.asker(), c.number(":id"), change)
	if err != nil {
		return absent(err, noUser)
	}
	return answerOne(c, http.StatusOK, &u, c.user)
}

// removeUser is A76.
func removeUser(c *call) error {
	if err := c.api.Store.RemoveUser(c.Context, c.asker(), c.number(":id")); err != nil {
		return absent(err, noUser)
	}
	return c.nothing()
}

// blockUser and unblockUser are A77.
func blockUser(c *call) error { return c.setBlocked(true) }

func unblockUser(c *call) error { return c.setBlocked(false) }

func (c *call) setBlocked(blocked bool) error {
	if _, err := c.api.Store.ChangeUser(c.Context, c.asker(), c.number(":id"), model.UserChange{Blocked: &blocked}); err != nil {
		return absent(err, noUser)
	}
	c.json(http.StatusCreated, []byte("true"))
	return nil
}

// basicUser writes A70's basic fields.
func (c *call) basicUser(o *object, u *model.User) {
	o.number("id", u.ID)
	o.text("username", u.Username)
	o.null("public_email")
	o.text("name", u.Name)
	if u.Blocked {
		o.text("state", "blocked")
	} else {
		o.text("state", "active")
	}
	o.boolean("locked", false)
	o.null("avatar_url")
	o.text("web_url", c.Link(u.Username))
}

// user writes A70's full user, as far as the caller sees it: what is private is
// for the user himself and for administrators.
func (c *call) user(o *object, u *model.User) {
	c.basicUser(o, u)
	o.time("created_at", u.CreatedAt)
	o.boolean("bot", u.Kind == model.Bot)
	for _, key := range []string{"bio", "location", "organization", "job_title"} {
		o.text(key, "")
	}
	o.null("work_information")
	o.number("followers", 0)
	o.number("following", 0)
	if u.ID == c.Pass.User.ID || c.Pass.Caller.Admin {
		c.privateUser(o, u)
	}
}

func (c *call) privateUser(o *object, u *model.User) {
	creates := model.Decide(model.Facts{Today: c.Today, Caller: u.Caller(), Action: model.CreateTopGroup}).Allowed

	o.boolean("external", u.External)
	o.text("email", u.Email)
	o.text("commit_email", u.Email)
	o.date("last_activity_on", u.LastActive)
	o.null("last_sign_in_at", "current_sign_in_at")
	o.time("confirmed_at", u.CreatedAt)
	o.raw("identities", []byte("[]"))
	o.boolean("can_create_group", creates)
	o.boolean("can_create_project", creates)
	o.boolean("two_factor_enabled", false)
	o.boolean("private_profile", false)
	o.number("projects_limit", 100000)
	o.number("theme_id", 1)
	o.number("color_scheme_id", 1)
	o.null("namespace_id")
	if c.Pass.Caller.Admin {
		o.boolean("is_admin", u.Admin)
		o.boolean("is_auditor", u.Auditor)
		o.null("note")
	}
}
