package ui

import (
	"context"
	"os"
	"testing"
	"time"

	"patrol/storage"
	"patrol/storage/sqlite"

	tea "charm.land/bubbletea/v2"
)

// rehearse opens the store on another clock, and tells while it opens and when it
// is closed.
func (s *story) rehearse(t *testing.T, opens, ends func()) func(time.Time) (Store, func(), error) {
	return func(at time.Time) (Store, func(), error) {
		db, err := sqlite.Open(t.Context(), storage.Options{Path: s.path, Clock: func() time.Time { return at }, ReadOnly: true})
		opens()
		return db, func() { db.Close(); ends() }, err
	}
}

// On another day everything is as it would be then, nothing can be changed, and
// esc comes back to where one was.
func TestAnotherDay(t *testing.T) {
	s := full(t)
	c, ended := config(s.db), 0
	c.Rehearse = s.rehearse(t, func() {}, func() { ended++ })
	d := drive(t, c, 80, 24)
	d.keys("g p down enter").shows("Active 4", "deploy")
	d.keys("@").shows("Which day?").text("+10d").shows("Wed Dec 2 2026").keys("enter")
	d.shows("CLOCK 2026-12-02", "this is 2026-12-02", "Now").hides("Which day?")
	d.keys("g p down enter").shows("CLOCK 2026-12-02", "Active 3").hides("deploy")
	d.keys("x").shows("another day: nothing can be changed").poll()
	d.send(tea.WindowSizeMsg{Width: 100, Height: 30})
	d.keys("@").text("dec 24").keys("enter").shows("CLOCK 2026-12-24")
	d.keys("g t").poll().keys("esc").shows("CLOCK").keys("esc")
	d.shows("acme/web", "Active 4", "deploy").hides("CLOCK")
	if ended != 2 || d.app.other != nil || d.app.w != 100 {
		t.Errorf("%d stores closed", ended)
	}
	d.keys("x").shows("Revoke").pass(confirmSleeps).keys("esc")
	d.keys("@").text("yesterday").keys("enter").shows("✕").keys("esc").shows("Active 4")

	// What would be lost below it is not left.
	d.keys("n 1 down").text("ci").keys("ctrl+s @").shows("leave this first")
}

// A day that was given up while it opened is closed again; so is one that opens
// when the console has ended.
func TestADayThatNobodyWaitsFor(t *testing.T) {
	s := full(t)
	for name, goes := range map[string]func(*driver, context.CancelFunc){
		"esc": func(d *driver, _ context.CancelFunc) { d.app.Update(tea.KeyPressMsg{Code: tea.KeyEscape}) },
		"end": func(_ *driver, end context.CancelFunc) { end() },
	} {
		c, ended := config(s.db), make(chan struct{})
		ctx, end := context.WithCancel(t.Context())
		var d *driver
		c.Rehearse = s.rehearse(t, func() { goes(d, end) }, func() { close(ended) })
		d = drive(t, c, 80, 24)
		d.app.ctx = ctx
		d.keys("@").text("+10d").keys("enter")
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: it stays open", name)
		}
		if name == "esc" {
			d.hides("CLOCK")
		}
		end()
	}
}

// Another database that takes the file's name meanwhile isn't shown: the same
// numbers are other people there.
func TestAnotherDatabaseIsNoOtherDay(t *testing.T) {
	s, other := full(t), full(t)
	c, ended := config(s.db), 0
	c.Rehearse = s.rehearse(t, func() {}, func() { ended++ })
	d := drive(t, c, 80, 24)
	if err := os.Rename(other.path, s.path); err != nil {
		t.Fatal(err)
	}
	d.keys("@").text("+10d").keys("enter").shows("✕").hides("CLOCK")
	if d.app.other != nil {
		t.Error("it is shown")
	}
}

// What is typed while a second day opens is for that day, as it is with the first;
// a theme that is kept on another day stays, one that was only tried doesn't.
func TestFromDayToDay(t *testing.T) {
	s := full(t)
	c := config(s.db)
	c.Rehearse = s.rehearse(t, func() {}, func() {})
	d := drive(t, c, 80, 24)
	for _, day := range []string{"+10d", "+20d"} {
		d.keys("@").text(day)
		d.hold = true
		d.keys("enter g t").release()
		d.shows("CLOCK", "All tokens")
	}
	d.keys("g s T down").keys("@").text("+30d").keys("enter").shows("CLOCK")
	if d.app.other.theme.name != "auto" {
		t.Error(d.app.other.theme.name)
	}
	d.keys("g s T down enter esc esc").hides("CLOCK")
	if d.app.theme.name != "dark" {
		t.Error(d.app.theme.name)
	}
}
