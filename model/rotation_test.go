package model

import (
	"testing"
	"time"
)

// R55: rotated over REST a week, elsewhere as many days as the old token was
// given; never longer than R56 and R57 allow.
func TestRotationDefaults(t *testing.T) {
	for _, c := range []struct {
		door Door
		had  Date // days
		most int
		want Date
	}{
		{APIDoor, 90, 0, 7}, {APIDoor, 90, 3, 3}, {ConsoleDoor, 90, 0, 90}, {CLIDoor, 90, 30, 30},
		{ConsoleDoor, 365, 0, 365}, {ConsoleDoor, 3650, 0, 365}, {ConsoleDoor, 0, 0, 1},
	} {
		made := today - 400
		old := Token{CreatedAt: made.Time().Add(23 * time.Hour), ExpiresOn: made + c.had}
		if got := (Rotation{OverlapHours: 5}).WithDefaults(c.door, old, today, c.most); got.ExpiresOn != today+c.want || got.OverlapHours != 5 {
			t.Errorf("%+v: %+v", c, got)
		}
		if got := (Rotation{ExpiresOn: today + 2}).WithDefaults(c.door, old, today, c.most); got.ExpiresOn != today+2 {
			t.Errorf("what is asked for stays: %+v", got)
		}
	}
}

// R54–R58 and R69: the values of a rotation, the last of all steps.
func TestRotationValues(t *testing.T) {
	ask := func(action Action, r Rotation) Decision {
		return Decide(Facts{Today: today, Action: action, Rotation: &r,
			Caller: Caller{UserID: 3, Kind: Human, Admin: true, Token: &Credential{ID: 1, ExpiresOn: today + 1, Scopes: Scopes{ScopeAPI}}},
			Target: Target{Kind: ProjectPlace, Flag: true, Switch: true, MaxLifetime: 30}})
	}
	for _, c := range []struct {
		days        Date
		hours       int
		other, self string // the rule that refuses
	}{
		{30, 0, "", ""}, {1, 168, "", "R69"}, {1, 1, "", "R69"}, {1, 169, "R69", "R69"}, {1, -1, "R69", "R69"},
		{31, 0, "R57", "R57"}, {0, 0, "R58", "R58"}, {366, 200, "R57", "R57"},
	} {
		for action, rule := range map[Action]string{RotateToken: c.other, RotateSelf: c.self} {
			d := ask(action, Rotation{ExpiresOn: today + c.days, OverlapHours: c.hours})
			if d.Allowed != (rule == "") || !d.Allowed && (d.Rule != rule || d.Kind != ErrInvalid) {
				t.Errorf("%s, %d days, %d hours: %+v, want %q", action, c.days, c.hours, d, rule)
			}
		}
	}
	if d := ask(RotateToken, Rotation{ExpiresOn: today + 366, OverlapHours: 200}); len(d.Fields) != 2 {
		t.Errorf("R59: %+v", d)
	}
}

// The ends of a spread rotation go evenly from its first day to its last; one that
// ends before it begins is refused, whole (R56, R69).
func TestRotationSpread(t *testing.T) {
	r := Rotation{ExpiresOn: today + 10, SpreadTo: today + 20, OverlapHours: 1}
	for i, want := range []Date{10, 12, 15, 17, 20} {
		if got := r.Of(i, 5); got != (Rotation{ExpiresOn: today + want, OverlapHours: 1}) {
			t.Errorf("%d: %+v", i, got)
		}
	}
	if got := r.Of(0, 1); got.ExpiresOn != today+10 || got.SpreadTo != 0 {
		t.Errorf("%+v", got)
	}
	for _, r := range []Rotation{{SpreadTo: today + 20}, {ExpiresOn: today + 10, SpreadTo: today + 9}} {
		r = r.Of(1, 2)
		r.ExpiresOn = max(r.ExpiresOn, today+10)
		f := Facts{Today: today, Action: RotateToken, Rotation: &r}
		if d := f.rotationValues("R64"); d.Allowed || d.Kind != ErrInvalid {
			t.Errorf("%+v: %+v", r, d)
		}
	}
}
