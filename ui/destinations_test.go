package ui

import (
	"testing"

	"patrol/keys"
)

// Every key after g leads somewhere, and every destination has its key.
func TestDestinations(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	found := 0
	for _, b := range keys.Places.Bindings {
		if b.Action == keys.Top || b.Action == keys.GoHome {
			continue
		}
		found++
		open := destinations()[b.Action]
		if open == nil {
			t.Errorf("g %s leads nowhere", b.Keys[0])
			continue
		}
		want := open(d.app).crumbs()[0]
		d.keys("g " + b.Keys[0]).shows("localhost › " + want)
		if d.app.front().typing() {
			d.keys("esc")
		}
		d.keys("g h").shows("localhost › Now")
	}
	if found != len(destinations()) {
		t.Errorf("%d keys lead to %d destinations", found, len(destinations()))
	}
}
