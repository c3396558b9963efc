package storage

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"patrol/git"
	"patrol/model"
)

func newProject(path string) model.NewPlace {
	return model.NewPlace{Kind: model.ProjectPlace, FullPath: path, Parents: true}
}

func newGroup(path string) model.NewPlace {
	return model.NewPlace{Kind: model.GroupPlace, FullPath: path}
}

func addGroup(t *testing.T, db *DB, a model.Actor, n model.NewPlace) model.Group {
	t.Helper()
	g, err := db.AddGroup(t.Context(), a, n)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// R3, R4, R33: a project, its parents with its visibility, its repository, and
// its creator as Owner of the top-level group and nothing else.
func TestAddProject(t *testing.T) {
	db := open(t, Options{})
	_, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	n := model.NewPlace{FullPath: "acme/infra/dns", Name: "DNS", Description: "names", Visibility: model.Internal, Parents: true}
	makes, err := db.CheckPlace(t.Context(), asMara, model.NewPlace{Kind: model.ProjectPlace, FullPath: n.FullPath, Visibility: n.Visibility, Parents: true})
	if err != nil || fmt.Sprint(makes) != "[acme acme/infra]" {
		t.Errorf("CheckPlace: %v, %v", makes, err)
	}
	p, err := db.AddProject(t.Context(), asMara, n)
	if err != nil {
		t.Fatal(err)
	}
	if p.ID != 1 || p.FullName != "acme / infra / DNS" || p.Path != "dns" || p.Name != "DNS" || p.Description != "names" || p.DefaultBranch != "" ||
		p.TopPath != "acme" || p.Role != model.Owner || p.DirectRole != model.NoRole || p.GroupRole != model.Owner || p.CreatorID != asMara.UserID {
		t.Errorf("R3: %+v", p)
	}
	for _, path := range []string{"acme", "ACME/Infra"} {
		g, err := db.Group(t.Context(), asMara, model.GroupRef(path))
		if err != nil || g.Visibility != model.Internal || g.Role != model.Owner || g.Plan != model.Free || !g.TokenCreation {
			t.Errorf("R4: %s %+v, %v", path, g, err)
		}
	}
	members, err := db.Members(t.Context(), asMara, p.Ref(), true, "", model.Page{})
	if err != nil || len(members.Rows) != 1 || members.Rows[0].FromPath != "acme" {
		t.Errorf("R33: %+v, %v", members.Rows, err)
	}
	if !git.Exists(db.repositories.Folder(p.ID)) {
		t.Error("R3: no repository")
	}
	again, err := db.AddProject(t.Context(), asMara, newProject("Acme/INFRA/web"))
	if err != nil || again.FullPath != "acme/infra/web" || again.Visibility != model.Private {
		t.Errorf("R7 stored as given: %+v, %v", again, err)
	}
	entries, err := db.Entries(t.Context(), root, model.AuditQuery{UserID: asMara.UserID}, model.Page{})
	var actions []string
	for _, e := range entries.Rows {
		actions = append(actions, e.Action)
	}
	if want := "[project.created project.created group.created member.added group.created]"; err != nil || fmt.Sprint(actions) != want {
		t.Errorf("R160: %v, %v", actions, err)
	}
}

// R7, R50, R59: bad paths, names and descriptions are refused whole.
func TestBadPlaces(t *testing.T) {
	db := open(t, Options{})
	addProject(t, db, "acme/web")
	long := strings.Repeat("x", 256)
	for _, part := range []string{"", " ", "..", ".", "-a", ".a", "a.", "a.git", "a.GIT", "a.git.git", "a.atom", "a b", "%2e%2e", "a\x00b", "a\x1b[31mb",
		"a\nb", "a\u202eb", "ä", "a\\b", "a?b", "\xff", long} {
		for _, path := range []string{"acme/" + part, part + "/web", "acme/" + part + "/web"} {
			unchanged(t, db, path, func() error {
				_, err := db.AddProject(t.Context(), root, newProject(path))
				if !errors.Is(err, model.ErrInvalid) || fields(err) != "path" {
					t.Errorf("R7 project %q: %v", path, err)
				}
				if _, err := db.ChangeProject(t.Context(), root, model.ProjectRef("acme/web"), model.PlaceChange{Path: &part}); fields(err) != "path" {
					t.Errorf("R7 renaming to %q: %v", part, err)
				}
				return err
			})
		}
	}
	for _, path := range []string{"api", "-", "jwt", "Auth", "ghost", "v2", "123", "/acme", "acme/", "acme//web", "/"} {
		unchanged(t, db, path, func() error {
			n := newGroup(path)
			n.Parents = true
			_, err := db.AddGroup(t.Context(), root, n)
			if fields(err) != "path" {
				t.Errorf("R7 group %q: %v", path, err)
			}
			return err
		})
	}
	for _, path := range []string{"acme/api", "acme/v2", "acme/123"} {
		if _, err := db.AddProject(t.Context(), root, newProject(path)); err != nil {
			t.Errorf("R7: reserved at top level only: %s: %v", path, err)
		}
	}
	for _, text := range []string{long, "a\x00b", "a\x1b[31mb", "a\u202eb", "a\u200eb", "\xff"} {
		unchanged(t, db, text, func() error {
			n := newProject("acme/fine")
			n.Name, n.Description, n.Visibility = text, text, model.Public
			_, err := db.AddProject(t.Context(), root, n)
			if fields(err) != "name description visibility" {
				t.Errorf("R59 %q: %v", text, err)
			}
			_, err = db.ChangeGroup(t.Context(), root, model.GroupRef("acme"), model.PlaceChange{Name: &text, Description: &text})
			if fields(err) != "name description" {
				t.Errorf("R59 %q: %v", text, err)
			}
			return err
		})
	}
	for _, blank := range []string{"", " \t\u00a0"} {
		_, err := db.ChangeProject(t.Context(), root, model.ProjectRef("acme/web"), model.PlaceChange{Name: &blank})
		refused(t, "R50 blank", err, model.ErrInvalid, "R50")
	}
	_, err := db.AddProject(t.Context(), root, newProject("web"))
	refused(t, "R3 no group", err, model.ErrInvalid, "R3")
	for what, path := range map[string]string{"a project": "ACME/Web", "a group": "acme"} {
		_, err := db.AddGroup(t.Context(), root, newGroup(path))
		refused(t, "R7 taken by "+what, err, model.ErrConflict, "R7")
	}
	_, err = db.AddProject(t.Context(), root, newProject("acme/web/inner"))
	refused(t, "R7 a project in the way", err, model.ErrConflict, "R7")
}

// R2: twenty groups inside one another, not one more.
func TestDepth(t *testing.T) {
	db := open(t, Options{})
	deepest := strings.TrimSuffix(strings.Repeat("g/", model.MaxDepth), "/")
	n := newGroup(deepest)
	n.Parents = true
	addGroup(t, db, root, n)
	if _, err := db.AddProject(t.Context(), root, newProject(deepest+"/p")); err != nil {
		t.Errorf("R2: a project on level 20: %v", err)
	}
	for _, n := range []model.NewPlace{newGroup(deepest + "/g"), newProject(deepest + "/g/p"), newProject(strings.Repeat("g/", 10_000) + "p")} {
		_, err := db.AddGroup(t.Context(), root, model.NewPlace{FullPath: n.FullPath, Parents: true})
		refused(t, "R2", err, model.ErrInvalid, "R2")
	}
}

// R4: nothing is wider than its parent, whichever of them changes; R29: only
// Owners change a project's visibility.
func TestVisibility(t *testing.T) {
	db := open(t, Options{})
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	n := newProject("acme/infra/dns")
	n.Visibility = model.Internal
	p, err := db.AddProject(t.Context(), root, n)
	if err != nil {
		t.Fatal(err)
	}
	wider := newProject("acme/infra/web")
	wider.Visibility = model.Public
	unchanged(t, db, "R4", func() error {
		_, err := db.AddProject(t.Context(), root, wider)
		refused(t, "R4 wider than an existing parent", err, model.ErrInvalid, "R4")
		if !strings.Contains(err.Error(), "acme/infra") {
			t.Errorf("R4 names the parent: %v", err)
		}
		_, err = db.ChangeProject(t.Context(), root, p.Ref(), model.PlaceChange{Visibility: ptr(model.Public)})
		refused(t, "R4 wider project", err, model.ErrInvalid, "R4")
		_, err = db.ChangeGroup(t.Context(), root, model.GroupRef("acme"), model.PlaceChange{Visibility: ptr(model.Private)})
		refused(t, "R4 narrower group", err, model.ErrInvalid, "R4")
		_, err = db.ChangeGroup(t.Context(), root, model.GroupRef("acme/infra"), model.PlaceChange{Visibility: ptr(model.Public)})
		refused(t, "R4 wider subgroup", err, model.ErrInvalid, "R4")
		_, err = db.ChangeProject(t.Context(), root, p.Ref(), model.PlaceChange{Visibility: ptr(model.Visibility(7))})
		refused(t, "R3 unknown visibility", err, model.ErrInvalid, "R4")
		return err
	})
	if _, err := db.AddMember(t.Context(), root, p.Ref(), mara.ID, model.Maintainer, 0); err != nil {
		t.Fatal(err)
	}
	_, err = db.ChangeProject(t.Context(), asMara, p.Ref(), model.PlaceChange{Visibility: ptr(model.Private)})
	refused(t, "R29 by a Maintainer", err, model.ErrDenied, "R29")
	if p, err = db.ChangeProject(t.Context(), asMara, p.Ref(), model.PlaceChange{Visibility: ptr(model.Internal), Name: ptr("Names")}); err != nil || p.Name != "Names" {
		t.Errorf("R28: the same visibility and a name: %v", err)
	}
	for _, path := range []string{"acme/infra", "acme"} {
		if _, err := db.ChangeProject(t.Context(), root, p.Ref(), model.PlaceChange{Visibility: ptr(model.Private)}); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ChangeGroup(t.Context(), root, model.GroupRef(path), model.PlaceChange{Visibility: ptr(model.Private)}); err != nil {
			t.Errorf("R4 from the inside out: %v", err)
		}
	}
}

// R32, R33, R35: who makes what where, and what he learns of what he can't see.
func TestWhoMakesPlaces(t *testing.T) {
	db := open(t, Options{})
	acme := addGroup(t, db, root, newGroup("acme"))
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	_, asExternal := addPerson(t, db, model.NewUser{Username: "ext", External: true})
	make := func(a model.Actor, n model.NewPlace) error {
		_, err := db.CheckPlace(t.Context(), a, n)
		add := func() error { _, err := db.AddGroup(t.Context(), a, n); return err }
		if n.Kind == model.ProjectPlace {
			add = func() error { _, err := db.AddProject(t.Context(), a, n); return err }
		}
		if e := add(); fmt.Sprint(e) != fmt.Sprint(err) {
			t.Errorf("CheckPlace says %v, doing it %v", err, e)
		}
		return err
	}
	refused(t, "R35 unseen group", make(asMara, newProject("acme/web")), model.ErrNotFound, "R35")
	refused(t, "R35 missing group", make(asMara, model.NewPlace{Kind: model.ProjectPlace, FullPath: "nowhere/web"}), model.ErrNotFound, "R35")
	refused(t, "R33 external", make(asExternal, newGroup("ext")), model.ErrDenied, "R33")
	if _, err := db.AddMember(t.Context(), root, acme.Ref(), mara.ID, model.Developer, 0); err != nil {
		t.Fatal(err)
	}
	refused(t, "R32 Developer", make(asMara, newProject("acme/web")), model.ErrDenied, "R32")
	if _, err := db.ChangeMember(t.Context(), root, acme.Ref(), mara.ID, model.Maintainer, nil); err != nil {
		t.Fatal(err)
	}
	for _, n := range []model.NewPlace{newProject("acme/web"), newGroup("acme/infra"), newGroup("labs")} {
		if err := make(asMara, n); err != nil {
			t.Errorf("R32, R33 %s: %v", n.FullPath, err)
		}
	}
	paid := newGroup("paid")
	paid.Plan = model.Premium
	refused(t, "R33 plan", make(asMara, paid), model.ErrDenied, "R33")
	if g := addGroup(t, db, root, paid); g.Plan != model.Premium {
		t.Errorf("R80: %+v", g)
	}
	paid.FullPath = "acme/paid"
	refused(t, "R80 plan of a subgroup", make(root, paid), model.ErrInvalid, "R80")
	bot, err := db.CreateToken(t.Context(), root, model.NewToken{Place: acme.Ref(), Name: "maker", Role: model.Owner, Scopes: model.Scopes{model.ScopeAPI}})
	if err != nil {
		t.Fatal(err)
	}
	asBot := model.Actor{UserID: bot.User.ID, TokenID: bot.ID, Door: model.APIDoor}
	refused(t, "R33 bot", make(asBot, newGroup("botland")), model.ErrDenied, "R33")
	if err := make(asBot, newProject("acme/by-bot")); err != nil {
		t.Errorf("R32 a group's own bot: %v", err)
	}
}

// R75, R76: the switch stands on top-level groups, for human Owners; what is
// below reads it.
func TestSwitch(t *testing.T) {
	db := open(t, Options{})
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	p := addProject(t, db, "acme/infra/dns")
	acme, infra := model.GroupRef("acme"), model.GroupRef("acme/infra")
	off := model.PlaceChange{TokenCreation: ptr(false)}
	if _, err := db.AddMember(t.Context(), root, acme, mara.ID, model.Maintainer, 0); err != nil {
		t.Fatal(err)
	}
	bot, err := db.CreateToken(t.Context(), root, model.NewToken{Place: acme, Name: "o", Role: model.Owner, Scopes: model.Scopes{model.ScopeAPI}})
	if err != nil {
		t.Fatal(err)
	}
	unchanged(t, db, "R76", func() error {
		_, err := db.ChangeGroup(t.Context(), asMara, acme, off)
		refused(t, "R76 by a Maintainer", err, model.ErrDenied, "R31")
		_, err = db.ChangeGroup(t.Context(), root, infra, off)
		refused(t, "R76 on a subgroup", err, model.ErrInvalid, "R76")
		if err.Error() != "Resource access token creation allowed only available on top-level groups" || fields(err) != model.SwitchName {
			t.Errorf("R76: %v", err)
		}
		_, err = db.ChangeProject(t.Context(), root, p.Ref(), off)
		refused(t, "R76 on a project", err, model.ErrInvalid, "R76")
		_, err = db.ChangeGroup(t.Context(), model.Actor{UserID: bot.User.ID, TokenID: bot.ID, Door: model.APIDoor}, acme, off)
		refused(t, "R76 by a bot", err, model.ErrDenied, "R76")
		return err
	})
	g, err := db.ChangeGroup(t.Context(), root, acme, off)
	if err != nil || g.TokenCreation {
		t.Errorf("R76: %+v, %v", g, err)
	}
	if g, err := db.Group(t.Context(), root, infra); err != nil || g.TokenCreation {
		t.Errorf("R76 read below: %+v, %v", g, err)
	}
	unchanged(t, db, "the same again", func() error { _, err := db.ChangeGroup(t.Context(), root, acme, off); return err })
	if _, err := db.ChangeGroup(t.Context(), root, infra, model.PlaceChange{Name: ptr("Infra")}); err != nil {
		t.Fatal(err)
	}
	var open, plans int64
	err = db.view(t.Context(), root, func(t *tx) (err error) {
		if open, err = t.int(`SELECT count(*) FROM groups WHERE NOT token_creation`); err == nil {
			plans, err = t.int(`SELECT count(*) FROM groups WHERE plan <> 'free'`)
		}
		return err
	})
	if err != nil || open != 1 || plans != 0 {
		t.Errorf("R75: a subgroup's own columns were changed: %d, %d, %v", open, plans, err)
	}
	_, err = db.ChangeGroup(t.Context(), root, infra, model.PlaceChange{Plan: ptr(model.Premium)})
	refused(t, "R80 on a subgroup", err, model.ErrInvalid, "R80")
	_, err = db.ChangeGroup(t.Context(), root, acme, model.PlaceChange{Plan: ptr(model.Plan("gold"))})
	refused(t, "R80 unknown plan", err, model.ErrInvalid, "R80")
	if g, err := db.ChangeGroup(t.Context(), root, acme, model.PlaceChange{Plan: ptr(model.Ultimate)}); err != nil || g.Plan != model.Ultimate {
		t.Errorf("R80: %+v, %v", g, err)
	}
}

// R7: renaming a group renames the paths of all that is in it; repositories
// stay where they are.
func TestRename(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/infra/dns")
	addProject(t, db, "acme/web")
	addProject(t, db, "acmeinc/web")
	g, err := db.Group(t.Context(), root, model.GroupRef("acme"))
	if err != nil {
		t.Fatal(err)
	}
	acme := g.Ref()
	_, err = db.ChangeGroup(t.Context(), root, model.GroupRef("acme"), model.PlaceChange{Path: ptr("ACMEinc")})
	refused(t, "R7 taken", err, model.ErrConflict, "R7")
	_, err = db.ChangeGroup(t.Context(), root, model.GroupRef("acme"), model.PlaceChange{Path: ptr("jwt")})
	refused(t, "R7 reserved", err, model.ErrInvalid, "R7")
	for _, path := range []string{"ACME", "umbrella"} {
		if g, err = db.ChangeGroup(t.Context(), root, acme, model.PlaceChange{Path: &path, Name: ptr("Ümbrella " + path)}); err != nil || g.FullPath != path {
			t.Fatalf("R7: %+v, %v", g, err)
		}
		p, err = db.Project(t.Context(), root, p.Ref())
		if err != nil || p.FullPath != path+"/infra/dns" || p.FullName != "Ümbrella "+path+" / infra / dns" || p.TopPath != path {
			t.Errorf("R7: %+v, %v", p, err)
		}
	}
	if _, err := db.Project(t.Context(), root, model.ProjectRef("acme/web")); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("R7: the old path still works: %v", err)
	}
	if other, err := db.Project(t.Context(), root, model.ProjectRef("acmeinc/web")); err != nil || other.FullName != "acmeinc / web" {
		t.Errorf("R7: a neighbour was renamed: %+v, %v", other, err)
	}
	if p, err = db.ChangeProject(t.Context(), root, p.Ref(), model.PlaceChange{Path: ptr("names")}); err != nil || p.FullPath != "umbrella/infra/names" {
		t.Errorf("R7: %+v, %v", p, err)
	}
	if !git.Exists(db.repositories.Folder(p.ID)) {
		t.Error("the repository moved")
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
}

// R29, R31, R115, A85, A96: deletion takes tokens, bots, members, pushes and
// repositories with it, and only Owners do it.
func TestRemovePlaces(t *testing.T) {
	db := open(t, Options{})
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	web, dns := addProject(t, db, "acme/web"), addProject(t, db, "acme/infra/dns")
	kept := addProject(t, db, "labs/notes")
	secrets := []model.Secret{addToken(t, db, root, web.Ref(), "a").Secret, addToken(t, db, root, dns.Ref(), "b").Secret,
		addToken(t, db, root, model.GroupRef("acme/infra"), "c").Secret}
	if _, err := db.AddMember(t.Context(), root, web.Ref(), mara.ID, model.Maintainer, 0); err != nil {
		t.Fatal(err)
	}
	if err := db.Pushed(t.Context(), asMara, model.Push{ProjectID: web.ID}); err != nil {
		t.Fatal(err)
	}
	refused(t, "R29 by a Maintainer", db.RemoveProject(t.Context(), asMara, web.Ref()), model.ErrDenied, "R29")
	refused(t, "R35", db.RemoveProject(t.Context(), asMara, dns.Ref()), model.ErrNotFound, "R35")
	refused(t, "R31", db.RemoveGroup(t.Context(), asMara, model.GroupRef("acme")), model.ErrDenied, "R31")
	if err := db.RemoveProject(t.Context(), root, web.Ref()); err != nil {
		t.Fatal(err)
	}
	if err := db.RemoveGroup(t.Context(), root, model.GroupRef("acme")); err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets {
		if err := admitted(t, db, s); !errors.Is(err, model.ErrUnauthenticated) {
			t.Errorf("R115: %v", err)
		}
	}
	bots, err := db.Users(t.Context(), root, model.UserQuery{Kind: model.Bot}, model.Page{})
	if err != nil || len(bots.Rows) != 0 {
		t.Errorf("R115: %v, %v", bots.Rows, err)
	}
	for _, id := range []int64{web.ID, dns.ID} {
		if _, err := os.Stat(db.repositories.Folder(id)); err == nil {
			t.Errorf("the repository of %d is still there", id)
		}
	}
	if !git.Exists(db.repositories.Folder(kept.ID)) {
		t.Error("a neighbour's repository is gone")
	}
	if again := addProject(t, db, "acme/web"); again.ID <= kept.ID {
		t.Errorf("R6: number %d was given before", again.ID)
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
	entries, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.GroupDeleted}, model.Page{})
	if err != nil || len(entries.Rows) != 3 || entries.Rows[0].TargetPath != "acme" || !entries.Rows[2].Refused {
		t.Errorf("R160: %+v, %v", entries.Rows, err)
	}
}
