package model

import (
	"slices"
	"testing"
	"time"
)

// R69, R95a: which addresses have moved from the old secret to the new one.
func TestHandover(t *testing.T) {
	rotated := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	today := DateOf(rotated)
	at := func(d time.Duration) time.Time { return rotated.Add(d) }
	for name, c := range map[string]struct {
		old, new time.Duration // when each was last used, since the rotation
		hasOld   bool
		hasNew   bool
		want     Progress
		waited   bool
	}{
		"the new one only":              {new: time.Hour, hasNew: true, want: Moved},
		"the old one, then the new one": {old: time.Minute, hasOld: true, new: time.Hour, hasNew: true, want: Moved},
		"both in the same minute":       {old: time.Hour, hasOld: true, new: time.Hour, hasNew: true, want: Moved},
		"the new one, then the old one": {old: 2 * time.Hour, hasOld: true, new: time.Hour, hasNew: true, want: StillOld, waited: true},
		"the old one since":             {old: time.Minute, hasOld: true, want: StillOld, waited: true},
		"the old one just before":       {old: -2 * time.Hour, hasOld: true, want: Unseen, waited: true},
		"the old one a few days before": {old: -72 * time.Hour, hasOld: true, want: Quiet},
	} {
		var old, successor TokenUse
		if c.hasOld {
			old.Seen = []AddressSeen{{Address: "10.0.0.1", At: at(c.old)}}
		}
		if c.hasNew {
			successor.Seen = []AddressSeen{{Address: "10.0.0.1", At: at(c.new)}}
		}
		got := Handover(old, successor, rotated, today)
		if len(got) != 1 || got[0].Progress != c.want {
			t.Errorf("%s: %+v, want %v", name, got, c.want)
		}
		if waited := len(Waited(got)) == 1; waited != c.waited {
			t.Errorf("%s: waited for: %v", name, waited)
		}
	}
	old := TokenUse{
		Addresses: []AddressDay{{Day: today - 20, Address: "10.0.0.9", LetIn: 7}, {Day: today - 13, Address: "10.0.0.1", LetIn: 3}, {Day: today, Address: "10.0.0.1", LetIn: 4}},
		Seen:      []AddressSeen{{Address: "10.0.0.1", At: at(time.Minute)}},
	}
	successor := TokenUse{Addresses: []AddressDay{{Day: today, Address: "10.0.0.2", LetIn: 1}}, Seen: []AddressSeen{{Address: "10.0.0.2", At: at(time.Hour)}}}
	got := Handover(old, successor, rotated, today)
	if len(got) != 2 || got[0].Address != "10.0.0.1" || got[0].Old[0] != 3 || got[0].Old[13] != 4 || got[1].New[13] != 1 {
		t.Errorf("by day: %+v", got)
	}
	if !slices.Equal(Waited(got), []string{"10.0.0.1"}) {
		t.Errorf("waited for: %v", Waited(got))
	}
}
