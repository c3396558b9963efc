package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"patrol/keys"
	"patrol/model"
	"patrol/storage"
	"patrol/storage/sqlite"
)

// needy is a database in which something needs somebody.
func needy(t *testing.T) (s *story, ids map[string]int64) {
	t.Helper()
	s = begin(t)
	s.ago(120 * day)
	s.user("mara", nil)
	web, sim := s.project("acme/web", model.Private), s.project("labs/sim", model.Private)
	member := func(p model.Project, role model.Role) {
		must(s.db.AddMember(t.Context(), root, p.Ref(), must(s.db.User(t.Context(), root, 0, "mara")).ID, role, 0))
	}
	member(web, model.Maintainer)
	ids = map[string]int64{}
	make := func(p model.Project, name string, role model.Role, days int, scopes ...model.Scope) model.IssuedToken {
		issued := s.token(p.Ref(), name, role, days, scopes...)
		ids[name] = issued.ID
		return issued
	}
	make(sim, "release", model.Owner, 300, model.ScopeAPI)
	s.ago(20 * day)
	deploy := make(web, "deploy", model.Developer, 23, model.ScopeWriteRepository)
	sync := make(sim, "sync", model.Maintainer, 21, model.ScopeWriteRepository)
	make(web, "docs", model.Guest, 22, model.ScopeReadRepository)
	mirror := make(web, "ci-mirror", model.Reporter, 90, model.ScopeReadRepository)
	hidden := make(sim, "secret-mirror", model.Reporter, 90, model.ScopeReadRepository)
	s.clock = now
	s.used(deploy.ID, "10.0.4.7", 3, 2*time.Hour)
	s.used(deploy.ID, "10.0.4.9", 3, 3*time.Hour)
	s.used(sync.ID, "10.0.4.7", 3, 2*time.Hour)
	s.refused(37, mirror.ID, hidden.ID)
	return s, ids
}

// refused lets a door refuse tokens the same some minutes ago, so many times each.
func (s *story) refused(times int, ids ...int64) {
	s.t.Helper()
	door := must(sqlite.Open(s.t.Context(), storage.Options{Path: s.path, Clock: func() time.Time { return now.Add(-4 * time.Minute) }}))
	for i := range times {
		for _, id := range ids {
			door.Refused(model.Refusal{TokenID: id, Door: model.GitDoor, Asked: "git push acme/web", Rule: "R60", Text: "Its scopes don't open that.", Address: "10.0.4.7", RequestID: fmt.Sprint(id, "-", i)})
		}
	}
	if err := door.Close(); err != nil { // what is gathered is written then
		s.t.Fatal(err)
	}
}

// One row is one cause, the worst first, and its key deals with it.
func TestNow(t *testing.T) {
	s, _ := needy(t)
	for _, size := range sizes {
		d := drive(t, config(s.db), size.w, size.h)
		d.pass(followWait)
		d.golden(fmt.Sprintf("full/now-%dx%d", size.w, size.h))
	}
	d := drive(t, config(s.db), 80, 24)
	at := -1
	for _, row := range []string{"refused 37 times", "sync", "deploy", "release", "docs"} {
		i := strings.Index(d.screen(), row)
		if i <= at {
			t.Errorf("%s is not behind what is worse:\n%s", row, d.screen())
		}
		at = i
	}
	d.shows("[Now 6]", "breaks 1 address", "breaks 2 addresses", "Owner+api, never used")
	d.keys("w").shows("Why: git push acme/web").keys("esc")
	d.keys("down down r").shows("Rotate").keys("esc")
	d.keys("down down x").shows("Revoke token").pass(confirmSleeps).keys("esc")
	d.keys("end x").shows("Revoke token").pass(confirmSleeps).keys("esc c").shows("idle:>90d")
}

// R44, R48: what a person may not see is neither counted nor named.
func TestNowHides(t *testing.T) {
	s, ids := needy(t)
	c := config(s.db)
	c.Actor = model.Actor{UserID: must(s.db.User(t.Context(), root, 0, "mara")).ID, Door: model.ConsoleDoor}
	d := drive(t, c, 160, 50)
	d.pass(followWait)
	d.shows("[Now 3]", "ci-mirror", "deploy", "docs").hides("labs", "sync", "secret-mirror", "release", "REFUSED  ", "chain", "SAFE TO CLEAN  1")
	s.revoke(ids["deploy"])
	if err := s.db.RemoveMember(t.Context(), root, model.ProjectRef("acme/web"), c.Actor.UserID); err != nil {
		t.Fatal(err)
	}
	d.hold = true
	d.poll()
	for len(d.held) > 0 {
		d.step()
		if screen := d.screen(); strings.Contains(screen, "solved") && strings.Contains(screen, "deploy") {
			t.Fatalf("whose row it was is still said:\n%s", screen)
		}
	}
	d.hold = false
	d.pass(followWait)
	d.shows("hidden: needs Maintainer").hides("acme", "deploy", "ci-mirror", "solved")
}

// R35, R44, R48: the screen of who may not see something is the same whether or not
// it is there.
func TestNowSaysNothingOfOthers(t *testing.T) {
	s := begin(t)
	s.ago(120 * day)
	tess, mara := s.user("tess", nil), s.user("mara", nil)
	web, open := s.project("acme/web", model.Private), s.project("open/web", model.Public)
	must(s.db.AddMember(t.Context(), root, web.Ref(), mara.ID, model.Maintainer, 0))
	s.token(web.Ref(), "deploy", model.Developer, 122, model.ScopeWriteRepository)
	s.clock = now
	pictures := func(u model.User) (all []string) {
		for _, size := range sizes {
			c := config(s.db)
			c.Actor = model.Actor{UserID: u.ID, Door: model.ConsoleDoor}
			d := drive(t, c, size.w, size.h)
			d.pass(followWait)
			for _, key := range []string{"c", "esc", "end", "w", "esc", "z", "tab", "tab", "R"} {
				all = append(all, key+":\n"+d.keys(key).screen())
			}
		}
		return all
	}
	theirs := map[string][]string{"tess": pictures(tess), "mara": pictures(mara)}

	s.ago(119 * day)
	sim := s.project("labs/sim", model.Private)
	var ids []int64
	for _, ref := range []model.Ref{sim.Ref(), open.Ref(), model.GroupRef("labs")} {
		s.token(ref, "release", model.Owner, 300, model.ScopeAPI)
		s.token(ref, "docs", model.Guest, 121, model.ScopeReadAPI)
		sync := s.token(ref, "sync", model.Maintainer, 122, model.ScopeWriteRepository)
		s.used(sync.ID, "10.0.4.7", 3, 2*time.Hour)
		leaked := s.token(ref, "leaked", model.Developer, 300, model.ScopeAPI)
		s.publish(sim, leaked)
		ids = append(ids, sync.ID, leaked.ID)
	}
	s.clock = now
	s.refused(5, ids...)
	shut := false
	must(s.db.ChangeGroup(t.Context(), root, model.GroupRef("labs"), model.PlaceChange{TokenCreation: &shut}))
	for _, u := range []model.User{tess, mara} {
		for i, got := range pictures(u) {
			if want := theirs[u.Username][i]; got != want {
				t.Errorf("%s sees that something else is there; now:\n%s\nbefore:\n%s", u.Username, got, want)
			}
		}
	}
	drive(t, config(s.db), 80, 40).shows("leaked in a push", "refused 5 times", "open/web sync", "creation off in 1 group") // it is there
}

// R75: the groups in which nobody can make tokens are told to who sees them, also
// where nothing needs him.
func TestNowClosedGroups(t *testing.T) {
	s := full(t)
	s.project("vault/keys", model.Private)
	shut := false
	must(s.db.ChangeGroup(t.Context(), root, model.GroupRef("vault"), model.PlaceChange{TokenCreation: &shut}))
	d := drive(t, config(s.db), 80, 24).shows("[Now 1]", "creation off in 2 groups", "labs and 1 more")
	d.keys("end").shows("enter lists them").keys("z").shows("nothing to put aside").keys("x").shows("not about a token")
	d.keys("enter").shows("Groups", "✕ off")
	c := config(s.db)
	c.Actor = model.Actor{UserID: s.user("tess", nil).ID, Door: model.ConsoleDoor}
	drive(t, c, 80, 24).shows("hidden: needs Maintainer", "creation off in 1 group ", "labs").hides("vault", "more")
}

// Now names the keys that the person has chosen, and none to who can't press it.
func TestNowChosenKeys(t *testing.T) {
	s, _ := needy(t)
	c := config(s.db)
	c.Console.Keys = must(keys.Chosen{"rotate": {"O"}, "clean": {"K"}, "snooze": {"Z"}, "next-tab": {"J"}}.Table())
	d := drive(t, c, 80, 24)
	d.shows("breaks 1 address      O", "let it end            Z", "K lists them").keys("tab Z").shows("J shows it").keys("J").shows("[Snoozed 1]")
	c = config(s.db)
	c.Actor = model.Actor{UserID: s.user("ines", func(n *model.NewUser) { n.Auditor = true }).ID, Door: model.ConsoleDoor}
	drive(t, c, 80, 24).shows("breaks 1 address\n", "nobody will notice\n", "let it end            z")
}

// z puts a row aside until the console ends; it says where it is.
func TestNowSnooze(t *testing.T) {
	s, _ := needy(t)
	d := drive(t, config(s.db), 80, 24)
	d.keys("tab").shows("nothing is snoozed").keys("z").shows("snoozed until this console ends", "[Now 5]", "Snoozed 1")
	d.keys("5 1").shows("[Now 5]").keys("tab").shows("[Snoozed 1]", "refused 37 times").hides("deploy")
	d.keys("z").shows("back in Now", "Nothing is snoozed").keys("tab").shows("[Now 6]")
}
