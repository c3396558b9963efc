package ui

import (
	"fmt"
	"testing"
	"time"

	"patrol/model"
)

// A row whose cause is gone stays for a moment, faded, and takes no key.
func TestNowSolved(t *testing.T) {
	s, ids := needy(t)
	d := drive(t, config(s.db), 80, 24)
	d.keys("down down down").shows("▌ ◐ ends in 3 d")
	s.revoke(ids["deploy"])
	d.poll()
	d.shows("[Now 5]", "▌ ● ends in 3 d", "solved").keys("x").shows("solved already").keys("z").shows("nothing to put aside")
	d.pass(solvedFor)
	d.hides("solved", "acme/web deploy").keys("x").shows("has gone").hides("Revoke token")
	d.keys("x").shows("Revoke token")
}

// On a busy instance each row fades when its time has come.
func TestNowFadesOneByOne(t *testing.T) {
	s, ids := needy(t)
	d := drive(t, config(s.db), 80, 24)
	s.revoke(ids["deploy"])
	d.poll()
	first := d.timers
	s.revoke(ids["sync"])
	d.poll().shows("acme/web deploy      solved", "labs/sim sync        solved")
	d.timers = first
	d.pass(solvedFor).hides("acme/web deploy").shows("labs/sim sync        solved")
}

// What stands below the rows isn't made anew for each of them.
func TestNowDrawsOnce(t *testing.T) {
	s, _ := needy(t)
	d := drive(t, config(s.db), 80, 24)
	h, n := d.app.stack[0].(*home), 0
	h.below = func(w int) []string {
		n++
		return h.charts(w)
	}
	if d.shows("NEXT 8 WEEKS"); n > 2 {
		t.Errorf("one frame of %d rows drew the charts %d times", len(h.rows), n)
	}
}

// A row that others have pushed out isn't solved; that of a token which has ended
// says so.
func TestNowUnsolved(t *testing.T) {
	s := begin(t)
	s.ago(20 * day)
	web := s.project("acme/web", model.Private).Ref()
	used := func(name string, days int) {
		issued := s.token(web, name, model.Guest, days, model.ScopeReadAPI)
		s.used(issued.ID, "10.0.4.7", 1, time.Hour)
	}
	for i := range eachCause {
		used(fmt.Sprintf("tok-%02d", i), 25)
	}
	s.clock = now
	d := drive(t, config(s.db), 80, 40)
	d.shows("tok-00", "tok-19")
	used("sooner", 1)
	d.poll().shows("sooner", "and more like these").hides("solved")
	s.clock = now.Add(day)
	s.user("mara", nil) // the console reads anew when anything has changed
	d.poll().shows("acme/web sooner", "it has ended", "tok-00").hides("solved")
}
