package storage

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"patrol/model"
)

// refused checks that an error is a refusal of a kind, by a rule.
func refused(t *testing.T, what string, err, kind error, rule string) {
	t.Helper()
	var r *model.Reason
	if !errors.As(err, &r) || !errors.Is(err, kind) || r.Rule != rule {
		t.Errorf("%s: %v, not %v by %s (%+v)", what, err, kind, rule, r)
	}
}

// fields are the parameters that an error says are wrong.
func fields(err error) string {
	var r *model.Reason
	if !errors.As(err, &r) {
		return fmt.Sprint(err)
	}
	var keys []string
	for _, f := range r.Fields {
		keys = append(keys, f.Key)
	}
	return strings.Join(keys, " ")
}

// addPerson adds a person and gives him as an actor.
func addPerson(t *testing.T, db *DB, n model.NewUser) (model.User, model.Actor) {
	t.Helper()
	u, err := db.AddUser(t.Context(), root, n)
	if err != nil {
		t.Fatal(err)
	}
	return u, model.Actor{UserID: u.ID, Door: model.CLIDoor, Address: "tester"}
}

// unchanged checks that do writes nothing, not even an audit entry, but for
// refused ones if it is refused.
func unchanged(t *testing.T, db *DB, what string, do func() error) {
	t.Helper()
	entries := func() (done, rows int64) {
		err := db.view(t.Context(), root, func(t *tx) (err error) {
			if done, err = t.int(`SELECT count(*) FROM audit WHERE NOT refused`); err == nil {
				rows, err = t.int(`SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM groups) + (SELECT count(*) FROM projects)
					+ (SELECT count(*) FROM routes) + (SELECT count(*) FROM members) + (SELECT count(*) FROM keys)`)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return done, rows
	}
	done, rows := entries()
	err := do()
	if d, r := entries(); d != done || r != rows {
		t.Errorf("%s (%v) changed something: %d entries, %d rows", what, err, d-done, r-rows)
	}
}

func ptr[T any](v T) *T { return &v }

var key = model.NewKey{Title: "laptop", Fingerprint: "SHA256:abc", Line: "ssh-ed25519 AAAA"}

// R5, R7, A70, A74: a person is made, with defaults; what is taken or wrong is
// refused whole.
func TestAddUser(t *testing.T) {
	db := open(t, Options{})
	mara, _ := addPerson(t, db, model.NewUser{Username: "mara", Name: "  Mara Ott ", Keys: []model.NewKey{key}})
	if mara.ID != 3 || mara.Kind != model.Human || mara.Name != "Mara Ott" || mara.Email != "mara@localhost" || mara.Keys != 1 || mara.Admin {
		t.Errorf("R5: %+v", mara)
	}
	add := func(n model.NewUser) error { _, err := db.AddUser(t.Context(), root, n); return err }
	for _, n := range []model.NewUser{{Username: "MARA", Email: "other@x"}, {Username: "other", Email: "Mara@LOCALHOST"}, {Username: "third", Keys: []model.NewKey{key}}} {
		unchanged(t, db, n.Username, func() error { err := add(n); refused(t, "A74 "+n.Username, err, model.ErrConflict, "R7"); return err })
	}
	if err := add(model.NewUser{Username: "MARA"}); fields(err) != "email" {
		t.Errorf("A74: the address comes before the username: %v", err)
	}
	for _, name := range []string{"", " ", "ghost", "Ghost", "project_1_bot", "group_2_bot_ab", "PROJECT_1_BOT7", "a b", "-a", ".a", "a.", "a.git", "a.atom",
		"a/b", "..", "a\x00b", "\x1b[31m", "a\u202eb", "a\nb", "ä", strings.Repeat("a", 256)} {
		unchanged(t, db, name, func() error {
			err := add(model.NewUser{Username: name, Email: "x@y"})
			if !errors.Is(err, model.ErrInvalid) || fields(err) != "username" {
				t.Errorf("R7 username %q: %v", name, err)
			}
			return err
		})
	}
	for _, name := range []string{strings.Repeat("x", 256), "a\x00b", "a\x1b[0m", "a\u202eb", "a\u200fb", "\xff"} {
		unchanged(t, db, name, func() error {
			err := add(model.NewUser{Username: "fine", Name: name, Email: "no address"})
			if fields(err) != "name email" {
				t.Errorf("R59, R50 full name %q: %v", name, err)
			}
			return err
		})
	}
	if err := add(model.NewUser{Username: "long", Name: strings.Repeat("é", 255)}); err != nil {
		t.Errorf("R50: 255 characters: %v", err)
	}
}

// R33: users are the administrators' business; a refusal is audited (R160).
func TestUsersAreForAdministrators(t *testing.T) {
	db := open(t, Options{})
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	_, asLena := addPerson(t, db, model.NewUser{Username: "lena", Auditor: true})
	for who, a := range map[string]model.Actor{"a person": asMara, "an auditor": asLena} {
		unchanged(t, db, who, func() error {
			_, err := db.AddUser(t.Context(), a, model.NewUser{Username: "x"})
			refused(t, "R33 add by "+who, err, model.ErrDenied, "R33")
			_, err = db.ChangeUser(t.Context(), a, mara.ID, model.UserChange{Admin: ptr(true)})
			refused(t, "R33 change by "+who, err, model.ErrDenied, "R33")
			refused(t, "R33 remove by "+who, db.RemoveUser(t.Context(), a, mara.ID), model.ErrDenied, "R33")
			return err
		})
	}
	_, err := db.Seats(t.Context(), asMara)
	refused(t, "R33 seats", err, model.ErrDenied, "R33")
	list, err := db.Entries(t.Context(), root, model.AuditQuery{UserID: mara.ID}, model.Page{})
	if err != nil || len(list.Rows) != 3 || !list.Rows[0].Refused || list.Rows[0].Rule != "R33" || list.Rows[0].Action != model.UserDeleted {
		t.Errorf("R160: %+v, %v", list.Rows, err)
	}
}

// A75, A77, R109, R130: people are changed, bots and the ghost never; the last
// administrator stays.
func TestChangeUser(t *testing.T) {
	db := open(t, Options{})
	addProject(t, db, "acme/web")
	bot := addToken(t, db, root, model.ProjectRef("acme/web"), "deploy").User
	mara, _ := addPerson(t, db, model.NewUser{Username: "mara"})
	change := func(id int64, c model.UserChange) (model.User, error) { return db.ChangeUser(t.Context(), root, id, c) }
	for id, rule := range map[int64]string{bot.ID: "R109", model.GhostID: "R130"} {
		unchanged(t, db, rule, func() error {
			for _, c := range []model.UserChange{{Name: ptr("x")}, {Admin: ptr(true)}, {Auditor: ptr(true)}, {Blocked: ptr(true)}} {
				_, err := change(id, c)
				refused(t, "change", err, model.ErrDenied, rule)
			}
			refused(t, "remove", db.RemoveUser(t.Context(), root, id), model.ErrDenied, rule)
			_, err := db.AddKey(t.Context(), root, id, key)
			refused(t, "key", err, model.ErrDenied, rule)
			return err
		})
	}
	unchanged(t, db, "R33 last administrator", func() error {
		for _, c := range []model.UserChange{{Blocked: ptr(true)}, {Admin: ptr(false)}} {
			_, err := change(model.RootID, c)
			refused(t, "R33 last administrator", err, model.ErrDenied, "R33")
		}
		_, err := change(mara.ID, model.UserChange{Name: ptr(""), Blocked: ptr(false)})
		return err
	})
	u, err := change(mara.ID, model.UserChange{Name: ptr(" M "), Email: ptr("m@x"), Admin: ptr(true), External: ptr(true)})
	if err != nil || u.Name != "M" || u.Email != "m@x" || !u.Admin || !u.External {
		t.Errorf("A75: %+v, %v", u, err)
	}
	if u, err = change(model.RootID, model.UserChange{Blocked: ptr(true)}); err != nil || !u.Blocked {
		t.Errorf("A77: with another administrator: %v", err)
	}
	_, err = db.Settings(t.Context(), root)
	refused(t, "R153", err, model.ErrBlocked, "R153")
	asMara := model.Actor{UserID: mara.ID, Door: model.CLIDoor}
	refused(t, "R33 the last one who isn't blocked", func() error {
		_, err := db.ChangeUser(t.Context(), asMara, mara.ID, model.UserChange{Admin: ptr(false)})
		return err
	}(), model.ErrDenied, "R33")
	if _, err := db.ChangeUser(t.Context(), asMara, 99, model.UserChange{}); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("unknown user: %v", err)
	}
	_, err = db.ChangeUser(t.Context(), asMara, model.RootID, model.UserChange{Email: ptr("M@X")})
	refused(t, "A75 address taken", err, model.ErrConflict, "R7")
	list, err := db.Entries(t.Context(), asMara, model.AuditQuery{Action: model.UserChanged}, model.Page{})
	if err != nil || len(list.Rows) < 2 || !strings.Contains(fmt.Sprint(list.Rows), `"name":["","M"]`) {
		t.Errorf("R161 old and new: %+v, %v", list.Rows, err)
	}
}

// R132, A76: deleting a person revokes his tokens, ends his memberships and
// keys, and gives his records to the ghost; his name is free again, his number
// is not (R6).
func TestRemoveUser(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara", Keys: []model.NewKey{key}})
	if _, err := db.AddMember(t.Context(), root, p.Ref(), mara.ID, model.Developer, 0); err != nil {
		t.Fatal(err)
	}
	made, err := db.CreateToken(t.Context(), asMara, model.NewToken{UserID: mara.ID, Name: "mine", Scopes: model.Scopes{model.ScopeAPI}})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Pushed(t.Context(), asMara, model.Push{ProjectID: p.ID}); err != nil {
		t.Fatal(err)
	}
	refused(t, "A76 oneself", db.RemoveUser(t.Context(), root, model.RootID), model.ErrDenied, "A76")
	if err := db.RemoveUser(t.Context(), root, mara.ID); err != nil {
		t.Fatal(err)
	}
	if err := admitted(t, db, made.Secret); !errors.Is(err, model.ErrUnauthenticated) {
		t.Errorf("R132: his token: %v", err)
	}
	if _, err := db.User(t.Context(), root, 0, "mara"); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("A73: %v", err)
	}
	members, err := db.Members(t.Context(), root, p.Ref(), true, "mara", model.Page{})
	if err != nil || len(members.Rows) != 0 {
		t.Errorf("R132: members %v, %v", members.Rows, err)
	}
	var author int64
	err = db.view(t.Context(), root, func(t *tx) (err error) { author, err = t.int(`SELECT user_id FROM pushes`); return err })
	if err != nil || author != model.GhostID {
		t.Errorf("R131: the push is %d's, %v", author, err)
	}
	again, _ := addPerson(t, db, model.NewUser{Username: "mara", Keys: []model.NewKey{key}})
	if again.ID == mara.ID {
		t.Error("R6: a number was given twice")
	}
	if err := db.RemoveUser(t.Context(), root, mara.ID); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("A76: a second time: %v", err)
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
	lena, asLena := addPerson(t, db, model.NewUser{Username: "lena", Admin: true})
	refused(t, "A76 root", db.RemoveUser(t.Context(), asLena, model.RootID), model.ErrDenied, "A76")
	refused(t, "A76 oneself", db.RemoveUser(t.Context(), asLena, lena.ID), model.ErrDenied, "A76")
}

// R108: seats are humans who aren't blocked; bots and the ghost take none.
func TestSeats(t *testing.T) {
	db := open(t, Options{})
	addProject(t, db, "acme/web")
	addToken(t, db, root, model.ProjectRef("acme/web"), "deploy")
	mara, _ := addPerson(t, db, model.NewUser{Username: "mara"})
	seats := func() int {
		n, err := db.Seats(t.Context(), root)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := seats(); n != 2 {
		t.Errorf("R108: root and mara are %d", n)
	}
	if _, err := db.ChangeUser(t.Context(), root, mara.ID, model.UserChange{Blocked: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	if n := seats(); n != 1 {
		t.Errorf("R108: without blocked ones %d", n)
	}
}

// A72, R35: people and the ghost are there for everybody who is known, bots for
// those who see their place; nobody without a user sees any.
func TestUsersSeen(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	bot := addToken(t, db, root, p.Ref(), "deploy").User
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	_, asSam := addPerson(t, db, model.NewUser{Username: "sam"})
	if _, err := db.AddMember(t.Context(), root, p.Ref(), mara.ID, model.Guest, 0); err != nil {
		t.Fatal(err)
	}
	names := func(a model.Actor, q model.UserQuery) string {
		list, err := db.Users(t.Context(), a, q, model.Page{Count: true})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, u := range list.Rows {
			all = append(all, u.Kind.String()+":"+strings.Split(u.Username, "_")[0])
		}
		if list.Total != len(all) {
			t.Errorf("A33: counted %d of %d", list.Total, len(all))
		}
		return strings.Join(all, " ")
	}
	everybody := "human:sam human:mara bot:project ghost:ghost human:root"
	for who, c := range map[string]struct {
		actor model.Actor
		want  string
	}{"root": {root, everybody}, "member": {asMara, everybody}, "stranger": {asSam, strings.Replace(everybody, "bot:project ", "", 1)}} {
		if got := names(c.actor, model.UserQuery{}); got != c.want {
			t.Errorf("A72 for %s: %s", who, got)
		}
	}
	if got := names(root, model.UserQuery{Kind: model.Human, Search: "MAR"}); got != "human:mara" {
		t.Errorf("search: %s", got)
	}
	if got := names(root, model.UserQuery{Search: "%"}); got != "" {
		t.Errorf("search for a sign of LIKE: %s", got)
	}
	seen, err := db.User(t.Context(), asMara, bot.ID, "")
	if err != nil || seen.Email != bot.Username+"@noreply.localhost" || seen.Place.Ref() != p.Ref() {
		t.Errorf("R104: %+v, %v", seen, err)
	}
	unseen := func(id int64) string { _, err := db.User(t.Context(), asSam, id, ""); return fmt.Sprintf("%#v", err) }
	if one, none := unseen(bot.ID), unseen(999); !strings.Contains(one, "no such user") || strings.Split(one, "(0x")[0] != strings.Split(none, "(0x")[0] {
		t.Errorf("R35: %s and %s", one, none)
	}
	if _, err := db.Users(t.Context(), model.Actor{Door: model.APIDoor}, model.UserQuery{}, model.Page{}); !errors.Is(err, model.ErrUnauthenticated) {
		t.Errorf("A72 without a user: %v", err)
	}
}

// R109, R33: keys are people's, added and removed by themselves and by
// administrators.
func TestKeys(t *testing.T) {
	db := open(t, Options{})
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	_, asSam := addPerson(t, db, model.NewUser{Username: "sam"})
	made, err := db.AddKey(t.Context(), asMara, mara.ID, key)
	if err != nil || made.Fingerprint != key.Fingerprint || made.Title != "laptop" {
		t.Errorf("own key: %+v, %v", made, err)
	}
	unchanged(t, db, "refused keys", func() error {
		_, err := db.AddKey(t.Context(), asSam, mara.ID, key)
		refused(t, "another's", err, model.ErrDenied, "R33")
		refused(t, "another's", db.RemoveKey(t.Context(), asSam, mara.ID, made.ID), model.ErrDenied, "R33")
		_, err = db.Keys(t.Context(), asSam, mara.ID)
		refused(t, "another's", err, model.ErrDenied, "R33")
		_, err = db.AddKey(t.Context(), asSam, asSam.UserID, key)
		refused(t, "the same key", err, model.ErrConflict, "R7")
		_, err = db.AddKey(t.Context(), asSam, asSam.UserID, model.NewKey{Title: "a\x1bb", Fingerprint: "MD5:1", Line: "a\nb"})
		if fields(err) != "title key" {
			t.Errorf("R59: %v", err)
		}
		return err
	})
	list, err := db.Keys(t.Context(), root, mara.ID)
	if err != nil || len(list) != 1 || list[0].ID != made.ID {
		t.Errorf("list: %v, %v", list, err)
	}
	if err := db.RemoveKey(t.Context(), root, asSam.UserID, made.ID); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("under another's name: %v", err)
	}
	if err := db.RemoveKey(t.Context(), asMara, mara.ID, made.ID); err != nil {
		t.Error(err)
	}
	if _, err := db.AddKey(t.Context(), asSam, asSam.UserID, key); err != nil {
		t.Errorf("a removed key is free: %v", err)
	}
}
