package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"

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
	door := must(sqlite.Open(t.Context(), storage.Options{Path: s.path, Clock: func() time.Time { return now.Add(-4 * time.Minute) }}))
	for i := range 37 {
		for _, id := range []int64{mirror.ID, hidden.ID} {
			door.Refused(model.Refusal{TokenID: id, Door: model.GitDoor, Asked: "git push acme/web", Rule: "R60", Text: "Its scopes don't open that.", Address: "10.0.4.7", RequestID: fmt.Sprint(id, "-", i)})
		}
	}
	if err := door.Close(); err != nil { // what is gathered is written then
		t.Fatal(err)
	}
	return s, ids
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
	d.poll().pass(followWait)
	d.shows("hidden: needs Maintainer").hides("acme", "deploy", "ci-mirror", "solved")
}

// A row whose cause is gone stays for a moment, faded, and takes no key.
func TestNowSolved(t *testing.T) {
	s, ids := needy(t)
	d := drive(t, config(s.db), 80, 24)
	d.keys("down down down").shows("▌ ◐ ends in 3 d")
	s.revoke(ids["deploy"])
	d.poll()
	d.shows("[Now 5]", "▌ ● ends in 3 d", "solved").keys("x").shows("solved already").keys("z").shows("nothing to put aside")
	d.pass(solvedFor)
	d.hides("solved", "acme/web deploy")
}

// z puts a row aside until the console ends; it says where it is.
func TestNowSnooze(t *testing.T) {
	s, _ := needy(t)
	d := drive(t, config(s.db), 80, 24)
	d.keys("tab").shows("nothing is snoozed").keys("z").shows("snoozed until this console ends", "[Now 5]", "Snoozed 1")
	d.keys("5 1").shows("[Now 5]").keys("tab").shows("[Snoozed 1]", "refused 37 times").hides("deploy")
	d.keys("z").shows("back in Now", "Nothing is snoozed").keys("tab").shows("[Now 6]")
}
