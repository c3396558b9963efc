package ui

import (
	"fmt"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"
	"patrol/storage/sqlite"
)

// used lets a token in from an address, so long ago.
func (s *story) used(token int64, address string, times int, before time.Duration) {
	s.t.Helper()
	at := now.Add(-before)
	db, err := sqlite.Open(s.t.Context(), storage.Options{Path: s.path, Clock: func() time.Time { return at }})
	if err != nil {
		s.t.Fatal(err)
	}
	for range times {
		db.Used(token, model.GitDoor, address)
	}
	if err := db.Close(); err != nil { // what is gathered is written then
		s.t.Fatal(err)
	}
}

// handedOver is a story in which deploy was rotated two hours ago: one address has
// moved, one hasn't, one is quiet, and one hasn't come since.
func handedOver(t *testing.T) (s *story, old, successor model.Token) {
	t.Helper()
	s = full(t)
	list := must(s.db.Tokens(t.Context(), root, model.TokenQuery{Search: "deploy"}, model.Page{}))
	old = list.Rows[0]
	for days := range 10 {
		s.used(old.ID, "10.0.4.7", 9-days, time.Duration(10-days)*day)
		s.used(old.ID, "10.0.4.9", 4, time.Duration(10-days)*day)
	}
	s.used(old.ID, "10.0.7.32", 1, 6*day)
	s.used(old.ID, "10.0.9.1", 2, 20*time.Hour)
	s.used(old.ID, "10.0.4.7", 3, 3*time.Hour)
	s.ago(2 * time.Hour)
	made := must(s.db.RotateTokens(t.Context(), root, model.Ref{}, model.Rotation{OverlapHours: 24}, old.ID))
	s.clock = now
	successor = made[0].Token
	s.used(successor.ID, "10.0.4.7", 6, time.Hour)
	s.used(old.ID, "10.0.4.9", 2, 4*time.Minute)
	return s, must(s.db.Token(t.Context(), root, model.Ref{}, old.ID)), successor
}

// R69, R95a: who has moved to the new secret is seen at a look.
func TestHandover(t *testing.T) {
	s, old, _ := handedOver(t)
	for _, size := range sizes {
		name := fmt.Sprintf("full/handover-%dx%d", size.w, size.h)
		t.Run(name, func(t *testing.T) {
			d := drive(t, config(s.db), size.w, size.h)
			d.app.push(newHandover(d.app, old))
			d.run(d.app.reload())
			d.golden(name)
		})
	}
	c := config(s.db)
	c.Env = []string{"TERM=linux", "LANG=C"}
	d := drive(t, c, 80, 24)
	d.app.push(newHandover(d.app, old))
	d.run(d.app.reload())
	d.golden("full/handover-ascii")
}

// The way there: behind the secret of the rotation, and from the old token.
func TestHandoverWays(t *testing.T) {
	s := full(t)
	d := drive(t, config(s.db), 80, 24)
	d.keys("g p down enter r")
	d.shows("24 h")
	d.keys("ctrl+s")
	d.shows("Rotated. Shown now and never again")
	d.keys("space esc")
	d.shows("Hand-over", "the old secret ends in 24 h 0 min", "Nobody is seen")
	d.keys("esc")
	d.shows("replaced by")
	d.keys("enter")
	d.shows("enter hand-over")
	d.keys("enter")
	d.shows("Hand-over")
	d.keys("esc esc down enter enter")
	d.shows("was not rotated with an overlap")
}

// It follows what happens: when nobody is waited for any more, the bell rings once,
// if it was asked to; the old secret is ended by x only.
func TestHandoverLive(t *testing.T) {
	s, old, successor := handedOver(t)
	d := drive(t, config(s.db), 80, 24)
	d.app.push(newHandover(d.app, old))
	d.run(d.app.reload())
	d.shows("1 of 3 active addresses have moved", "10.0.4.9, 10.0.9.1.")
	d.keys("y")
	if len(d.copied) != 1 || d.copied[0] != "10.0.4.9\n10.0.9.1" {
		t.Errorf("copied %q", d.copied)
	}
	d.keys("b")
	s.used(successor.ID, "10.0.4.9", 1, 0)
	d.poll()
	d.shows("2 of 3 active addresses have moved", "10.0.9.1.")
	if d.rung != 0 {
		t.Error("the bell has rung too early")
	}
	s.used(successor.ID, "10.0.9.1", 1, 0)
	d.poll()
	d.shows("Everybody has moved: it is safe to end the old secret.")
	if d.rung != 1 {
		t.Errorf("the bell rang %d times", d.rung)
	}
	d.keys("x")
	d.shows(fmt.Sprintf("token %d,", successor.ID), "which replaced it, stays.")
	d.yes()
	d.shows("The hand-over is done.")
	if left := must(s.db.Token(t.Context(), root, model.Ref{}, successor.ID)); left.State(model.DateOf(now)) != model.Active {
		t.Error("R69: the successor was revoked, too")
	}
	d.keys("x")
	d.shows("the old secret has ended")
}
