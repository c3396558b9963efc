package storage

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"patrol/model"
)

// names lists members as username:role@from.
func names(t *testing.T, db *DB, a model.Actor, in model.Ref, inherited bool) string {
	t.Helper()
	list, err := db.Members(t.Context(), a, in, inherited, "", model.Page{})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range list.Rows {
		name, _, _ := strings.Cut(m.User.Username, "_")
		all = append(all, fmt.Sprintf("%s:%d@%s", name, m.Role, m.FromPath))
	}
	return strings.Join(all, " ")
}

// R8, R10, A101, A102, R105: direct members, and with inherited ones each user
// once with the highest role; bots with their tokens' dates.
func TestMembersList(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	today := model.DateOf(clock.at)
	web := addProject(t, db, "acme/infra/web")
	acme, infra := model.GroupRef("acme"), model.GroupRef("acme/infra")
	mara, _ := addPerson(t, db, model.NewUser{Username: "mara", Name: "Mara Ott"})
	sam, asSam := addPerson(t, db, model.NewUser{Username: "sam"})
	add := func(in model.Ref, u model.User, role model.Role, ends model.Date) model.Member {
		m, err := db.AddMember(t.Context(), root, in, u.ID, role, ends)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	add(web.Ref(), mara, model.Guest, 0)
	add(infra, mara, model.Maintainer, today+1)
	made := add(web.Ref(), sam, model.Developer, today+30)
	if made.ExpiresOn != today+30 || made.CreatedBy == nil || made.CreatedBy.Username != "root" || made.From != (model.Place{Kind: model.ProjectPlace, ID: web.ID}) {
		t.Errorf("A100: %+v", made)
	}
	token := addToken(t, db, root, web.Ref(), "deploy")
	if got := names(t, db, asSam, web.Ref(), false); got != "project:30@acme/infra/web sam:30@acme/infra/web mara:10@acme/infra/web" {
		t.Errorf("A101: %s", got)
	}
	if got := names(t, db, asSam, web.Ref(), true); got != "root:50@acme mara:40@acme/infra project:30@acme/infra/web sam:30@acme/infra/web" {
		t.Errorf("A102, R10: %s", got)
	}
	if got := names(t, db, root, infra, true); got != "root:50@acme mara:40@acme/infra" {
		t.Errorf("A102 of a group: %s", got)
	}
	list, err := db.Members(t.Context(), asSam, web.Ref(), true, "proj", model.Page{})
	if err != nil || len(list.Rows) != 1 || list.Rows[0].TokenID != token.ID || list.Rows[0].TokenEnds != token.ExpiresOn || list.Rows[0].ExpiresOn != 0 || list.Rows[0].User.Place.Ref() != web.Ref() {
		t.Errorf("R100, R105: %+v, %v", list.Rows, err)
	}
	if list, err = db.Members(t.Context(), asSam, web.Ref(), true, "oTT", model.Page{}); err != nil || len(list.Rows) != 1 {
		t.Errorf("search: %+v, %v", list.Rows, err)
	}
	var paged []string
	for p := (model.Page{Limit: 1}); ; {
		list, err := db.Members(t.Context(), asSam, web.Ref(), true, "", p)
		if err != nil {
			t.Fatal(err)
		}
		paged = append(paged, list.Rows[0].User.Username)
		if p.After = list.Next; p.After == "" {
			break
		}
	}
	if len(paged) != 4 || paged[0] != "root" || paged[3] != "sam" {
		t.Errorf("pages: %v", paged)
	}
	clock.at = clock.at.AddDate(0, 0, 1)
	if got := names(t, db, asSam, web.Ref(), true); !strings.HasSuffix(got, "sam:30@acme/infra/web mara:10@acme/infra/web") {
		t.Errorf("R8 at the end of a membership: %s", got)
	}
	_, err = db.Members(t.Context(), asSam, acme, false, "", model.Page{})
	refused(t, "R30: a group seen from inside hides its members", err, model.ErrDenied, "R30")
	_, err = db.Members(t.Context(), model.Actor{Door: model.APIDoor}, web.Ref(), false, "", model.Page{})
	refused(t, "R20, R35 without a user", err, model.ErrNotFound, "R35")
}

// R8, R9, R11, R28, R29, R31, R59, A104: adding members.
func TestAddMember(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	today := model.DateOf(clock.at)
	web := addProject(t, db, "acme/web")
	acme := model.GroupRef("acme")
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	sam, asSam := addPerson(t, db, model.NewUser{Username: "sam"})
	add := func(a model.Actor, in model.Ref, id int64, role model.Role, ends model.Date) error {
		_, err := db.AddMember(t.Context(), a, in, id, role, ends)
		return err
	}
	if err := add(root, web.Ref(), mara.ID, model.Maintainer, 0); err != nil {
		t.Fatal(err)
	}
	unchanged(t, db, "refused members", func() error {
		refused(t, "R35", add(asSam, web.Ref(), sam.ID, model.Guest, 0), model.ErrNotFound, "R35")
		refused(t, "R31", add(asMara, acme, sam.ID, model.Guest, 0), model.ErrDenied, "R31")
		refused(t, "A104 unknown user", add(asMara, web.Ref(), 999, model.Guest, 0), model.ErrNotFound, "R35")
		refused(t, "R29 above one's own", add(asMara, web.Ref(), sam.ID, model.Owner, 0), model.ErrDenied, "R29")
		refused(t, "A104 already", add(asMara, web.Ref(), mara.ID, model.Guest, 0), model.ErrConflict, "R8")
		refused(t, "R9", add(asMara, web.Ref(), sam.ID, 35, 0), model.ErrInvalid, "R9")
		refused(t, "R8 today", add(asMara, web.Ref(), sam.ID, model.Guest, today), model.ErrInvalid, "R8")
		refused(t, "R8 yesterday", add(asMara, web.Ref(), sam.ID, model.Guest, today-1), model.ErrInvalid, "R8")
		refused(t, "R130", add(root, web.Ref(), model.GhostID, model.Guest, 0), model.ErrDenied, "R130")
		err := add(asMara, web.Ref(), sam.ID, 35, today)
		if fields(err) != "access_level expires_at" {
			t.Errorf("R59: %v", err)
		}
		return err
	})
	if err := add(root, acme, sam.ID, model.Reporter, 0); err != nil {
		t.Fatal(err)
	}
	err := add(asMara, web.Ref(), sam.ID, model.Guest, 0)
	refused(t, "R11", err, model.ErrInvalid, "R11")
	if !strings.Contains(err.Error(), "should be greater than or equal to Reporter") {
		t.Errorf("R11: %v", err)
	}
	if err := add(asMara, web.Ref(), sam.ID, model.Developer, today+1); err != nil {
		t.Error(err)
	}
	if err := add(asMara, web.Ref(), sam.ID, model.Developer, 0); err == nil || err.Error() != "Member already exists" {
		t.Errorf("A104: %v", err)
	}
	clock.at = clock.at.AddDate(0, 0, 1)
	if err := add(asMara, web.Ref(), sam.ID, model.Maintainer, 0); err != nil {
		t.Errorf("R8: after the end of a membership: %v", err)
	}
	if p, err := db.Project(t.Context(), asSam, web.Ref()); err != nil || p.Role != model.Maintainer || p.DirectRole != model.Maintainer || p.GroupRole != model.Reporter {
		t.Errorf("R10: %+v, %v", p, err)
	}
}

// R11, R29, A106: changing members; the same again writes nothing.
func TestChangeMember(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	today := model.DateOf(clock.at)
	web := addProject(t, db, "acme/web")
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	sam, _ := addPerson(t, db, model.NewUser{Username: "sam"})
	for u, role := range map[int64]model.Role{mara.ID: model.Maintainer, sam.ID: model.Owner} {
		if _, err := db.AddMember(t.Context(), root, web.Ref(), u, role, today+5); err != nil {
			t.Fatal(err)
		}
	}
	_, err := db.ChangeMember(t.Context(), asMara, web.Ref(), sam.ID, model.Guest, nil)
	refused(t, "R29 somebody above", err, model.ErrDenied, "R29")
	_, err = db.ChangeMember(t.Context(), root, web.Ref(), model.RootID, model.Owner, nil)
	refused(t, "A103 inherited only", err, model.ErrNotFound, "R35")
	m, err := db.ChangeMember(t.Context(), root, web.Ref(), sam.ID, model.Developer, nil)
	if err != nil || m.Role != model.Developer || m.ExpiresOn != today+5 {
		t.Errorf("A106 the date stays: %+v, %v", m, err)
	}
	unchanged(t, db, "the same again", func() error {
		_, err := db.ChangeMember(t.Context(), root, web.Ref(), sam.ID, model.Developer, ptr(today+5))
		if err != nil {
			t.Error(err)
		}
		_, err = db.ChangeMember(t.Context(), root, web.Ref(), sam.ID, model.Developer, ptr(today))
		refused(t, "R8", err, model.ErrInvalid, "R8")
		return err
	})
	if m, err = db.ChangeMember(t.Context(), root, web.Ref(), sam.ID, model.Developer, ptr(model.Date(0))); err != nil || m.ExpiresOn != 0 {
		t.Errorf("A106 no date: %+v, %v", m, err)
	}
	entries, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.MemberChanged}, model.Page{})
	if err != nil || len(entries.Rows) != 3 || entries.Rows[0].Change != fmt.Sprintf(`{"expires_at":["%s",""],"user":"sam"}`, today+5) ||
		entries.Rows[1].Change != `{"role":["Owner","Developer"],"user":"sam"}` || !entries.Rows[2].Refused {
		t.Errorf("R160, R161: %+v, %v", entries.Rows, err)
	}
}

// R28, A107: leaving, removing, and the last Owner of a top-level group.
func TestRemoveMember(t *testing.T) {
	db := open(t, Options{})
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	sam, asSam := addPerson(t, db, model.NewUser{Username: "sam"})
	acme := addGroup(t, db, asMara, newGroup("acme"))
	p, err := db.AddProject(t.Context(), asMara, newProject("acme/web"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.CreateToken(t.Context(), asMara, model.NewToken{Place: acme.Ref(), Name: "o", Role: model.Owner, Scopes: model.Scopes{model.ScopeAPI}}); err != nil {
		t.Fatal(err)
	}
	last := func(a model.Actor) {
		t.Helper()
		refused(t, "A107 leaving", db.RemoveMember(t.Context(), a, acme.Ref(), mara.ID), model.ErrDenied, "A107")
		_, err := db.ChangeMember(t.Context(), a, acme.Ref(), mara.ID, model.Maintainer, nil)
		refused(t, "A107 a lower role", err, model.ErrDenied, "A107")
	}
	last(asMara) // a bot's Owner role doesn't count
	last(root)
	if _, err := db.AddMember(t.Context(), asMara, p.Ref(), sam.ID, model.Guest, 0); err == nil {
		if err := db.RemoveMember(t.Context(), asSam, p.Ref(), sam.ID); err != nil {
			t.Errorf("A107 anybody leaves: %v", err)
		}
	}
	refused(t, "R35 afterwards", db.RemoveMember(t.Context(), asSam, p.Ref(), sam.ID), model.ErrNotFound, "R35")
	if _, err := db.AddMember(t.Context(), asMara, acme.Ref(), sam.ID, model.Owner, 0); err != nil {
		t.Fatal(err)
	}
	if err := db.RemoveMember(t.Context(), asSam, acme.Ref(), mara.ID); err != nil {
		t.Errorf("A107 with another Owner: %v", err)
	}
	if _, err := db.Group(t.Context(), asMara, acme.Ref()); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("R35: %v", err)
	}
}

// R105–R107, A105: a bot's membership is its token's business.
func TestBotMembership(t *testing.T) {
	db := open(t, Options{})
	web, labs := addProject(t, db, "acme/web"), addProject(t, db, "labs/notes")
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	if _, err := db.AddMember(t.Context(), root, labs.Ref(), mara.ID, model.Maintainer, 0); err != nil {
		t.Fatal(err)
	}
	token := addToken(t, db, root, web.Ref(), "deploy")
	bot := token.User.ID
	asBot := model.Actor{UserID: bot, TokenID: token.ID, Door: model.APIDoor}
	unchanged(t, db, "bots", func() error {
		for _, in := range []model.Ref{labs.Ref(), model.GroupRef("acme"), model.GroupRef("labs")} {
			_, err := db.AddMember(t.Context(), root, in, bot, model.Guest, 0)
			refused(t, "R107", err, model.ErrInvalid, "R107")
			if fields(err) != "user_id" || err.Error() != "project bots cannot be added to other groups / projects" {
				t.Errorf("A105: %v", err)
			}
		}
		_, err := db.AddMember(t.Context(), asMara, labs.Ref(), bot, model.Guest, 0)
		refused(t, "R35 a bot that one can't see", err, model.ErrNotFound, "R35")
		_, err = db.AddMember(t.Context(), root, web.Ref(), bot, model.Guest, 0)
		refused(t, "A105 its own place", err, model.ErrConflict, "R8")
		_, err = db.ChangeMember(t.Context(), root, web.Ref(), bot, model.Guest, nil)
		refused(t, "R106", err, model.ErrDenied, "R106")
		refused(t, "R106", db.RemoveMember(t.Context(), root, web.Ref(), bot), model.ErrDenied, "R106")
		err = db.RemoveMember(t.Context(), asBot, web.Ref(), bot)
		if !errors.Is(err, model.ErrDenied) {
			t.Errorf("R106 by itself: %v", err)
		}
		return err
	})
}
