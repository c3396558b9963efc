package ui

import (
	"fmt"
	"strings"
	"testing"

	"patrol/model"
)

// R95a: what a token did by day stands in wide lists and in its detail; what the
// terminal has no room for isn't there, and ASCII has bars, too.
func TestUses(t *testing.T) {
	s, old, _ := handedOver(t)
	for _, size := range sizes {
		for _, view := range []struct{ name, keys string }{{"list", "g t"}, {"detail", "g t enter"}} {
			name := fmt.Sprintf("full/uses-%s-%dx%d", view.name, size.w, size.h)
			t.Run(name, func(t *testing.T) {
				d := drive(t, config(s.db), size.w, size.h)
				d.keys(view.keys)
				d.pass(followWait)
				d.golden(name)
			})
		}
	}
	of := must(s.db.UseOf(t.Context(), root, useDays, old.ID))
	letIn, _ := split(of[old.ID])
	d := drive(t, config(s.db), 160, 50)
	d.keys("g t")
	d.pass(followWait)
	d.shows("USES BY DAY", fmt.Sprintf("%d in 30 days", total(letIn)))
	narrow := drive(t, config(s.db), 80, 24)
	narrow.keys("g t")
	narrow.hides("USES BY DAY")
	c := config(s.db)
	c.Env = []string{"TERM=linux", "LANG=C"}
	ascii := drive(t, c, 160, 50)
	ascii.keys("g t")
	ascii.pass(followWait)
	ascii.shows("USES BY DAY", "let in")
	ascii.golden("full/uses-ascii")
}

// Refusals are said by a number and a sign, never by colour alone.
func TestUseRows(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	days := make([]model.UseCount, useDays)
	if rows := d.app.useRows(days, 60); len(rows) != 0 {
		t.Errorf("nothing was done, and %v", rows)
	}
	days[useDays-1] = model.UseCount{LetIn: 8, Refused: 37}
	rows := d.app.useRows(days, 60)
	if len(rows) != 2 || !strings.Contains(rows[0].text, "█  8 in 30 days") || !strings.Contains(strip(rows[1].text), "37 in 30 days ✕") {
		t.Errorf("%q", rows)
	}
	if rows = d.app.useRows(days, 20); strings.Contains(rows[0].text, "█") || !strings.Contains(rows[0].text, "8 in 30 days") {
		t.Errorf("without room: %q", rows)
	}
}
