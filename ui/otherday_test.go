package ui

import (
	"testing"
	"time"

	"patrol/storage"
	"patrol/storage/sqlite"

	tea "charm.land/bubbletea/v2"
)

// On another day everything is as it would be then, nothing can be changed, and
// esc comes back to where one was.
func TestAnotherDay(t *testing.T) {
	s := full(t)
	c, ended := config(s.db), 0
	c.Rehearse = func(at time.Time) (Store, func(), error) {
		db, err := sqlite.Open(t.Context(), storage.Options{Path: s.path, Clock: func() time.Time { return at }, ReadOnly: true})
		return db, func() { ended++; db.Close() }, err
	}
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
