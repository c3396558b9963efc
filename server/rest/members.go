package rest

import (
	"errors"
	"net/http"
	"strings"

	"patrol/model"
)

const noRow = "404 Not found" // a row inside a place (A25)

// listMembers is A101 and A102.
func listMembers(c *call) error {
	f := c.form()
	q := model.MemberQuery{In: c.place(), Inherited: c.withInherited(), Search: f.search("query"), UserIDs: f.ids("user_ids")}
	page := f.page("")
	if err := f.err(); err != nil {
		return err
	}
	list, err := c.api.Store.MembersByID(c.Context, c.asker(), q, page.Page)
	if err != nil {
		return err
	}
	return answerList(c, page, list, c.member)
}

// withInherited: below members/all are those of the groups above as well.
func (c *call) withInherited() bool { return strings.Contains(c.endpoint.Route, "/members/all") }

// getMember is A103.
func getMember(c *call) error {
	q := model.MemberQuery{In: c.place(), Inherited: c.withInherited(), UserIDs: []int64{c.number(":user_id")}}
	list, err := c.api.Store.MembersByID(c.Context, c.asker(), q, model.Page{})
	switch {
	case err != nil:
		return err
	case len(list.Rows) == 0:
		return absent(model.NotFound("member"), noRow)
	}
	return answerOne(c, http.StatusOK, &list.Rows[0], c.member)
}

// addMember is A104 and A105.
func addMember(c *call) error {
	f := c.form()
	user, given := f.number("user_id")
	if !given && len(f.wrongs) == 0 {
		f.missing("user_id")
	}
	role := f.level("access_level")
	ends := f.date("expires_at")
	if err := f.err(); err != nil {
		return err
	}
	m, err := c.api.Store.AddMember(c.Context, c.asker(), c.place(), int64(user), role, ends)
	if err != nil {
		return c.absentInside(err, noUser)
	}
	return answerOne(c, http.StatusCreated, &m, c.member)
}

// level reads a role that must be there; whether it is one, the use case says
// (A104).
func (f *form) level(key string) model.Role {
	before := len(f.wrongs)
	n, given := f.number(key)
	if !given && len(f.wrongs) == before {
		f.missing(key)
	}
	return model.Role(n)
}

// changeMember is A106.
func changeMember(c *call) error {
	f := c.form()
	role := f.level("access_level")
	var ends *model.Date
	if _, given := f.given("expires_at"); given { // null or empty takes the date away
		ends = new(f.date("expires_at"))
	}
	if err := f.err(); err != nil {
		return err
	}
	m, err := c.api.Store.ChangeMember(c.Context, c.asker(), c.place(), c.number(":user_id"), role, ends)
	if err != nil {
		return c.memberRefusal(err)
	}
	return answerOne(c, http.StatusOK, &m, c.member)
}

// removeMember is A107.
func removeMember(c *call) error {
	if err := c.api.Store.RemoveMember(c.Context, c.asker(), c.place(), c.number(":user_id")); err != nil {
		return c.memberRefusal(err)
	}
	return c.nothing()
}

// memberRefusal says the same of who is nowhere and of who is only not a member
// here (R35).
func (c *call) memberRefusal(err error) error {
	if errors.Is(err, model.ErrNotFound) && c.seesPlace() {
		return absent(model.NotFound("member"), noRow)
	}
	return err
}

// member writes A100's fields.
func (c *call) member(o *object, m *model.Member) {
	c.basicUser(o, &m.User)
	o.number("access_level", int64(m.Role))
	o.time("created_at", m.CreatedAt)
	if m.CreatedBy == nil {
		o.null("created_by")
	} else {
		inside(o, "created_by", m.CreatedBy, c.basicUser)
	}
	o.date("expires_at", m.ExpiresOn)
	o.text("membership_state", "active")
}
