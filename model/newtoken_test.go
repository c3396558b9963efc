package model

import (
	"errors"
	"strings"
	"testing"
)

// R55, R57: the default by door, never beyond the instance's maximum.
func TestR55(t *testing.T) {
	for _, c := range []struct {
		door Door
		most int // days; 0: not set
		days Date
	}{
		{ConsoleDoor, 0, 30}, {CLIDoor, 0, 30}, {SSHDoor, 0, 30}, {APIDoor, 0, 365},
		{ConsoleDoor, 7, 7}, {APIDoor, 7, 7}, {APIDoor, 1, 1}, {ConsoleDoor, 90, 30}, {APIDoor, 90, 90}, {APIDoor, 365, 365},
	} {
		if got := DefaultExpiry(c.door, today, c.most); got != today+c.days {
			t.Errorf("R55: %s, at most %d: %d days", c.door, c.most, got-today)
		}
	}
}

// R56, R57, R58: from tomorrow to today + 365, or to the instance's maximum.
func TestExpiryLimits(t *testing.T) {
	for most, days := range map[int]Date{0: 365, -1: 365, 1: 1, 30: 30, 364: 364, 365: 365, 366: 365, 100_000: 365} {
		if got := LatestExpiry(today, most); got != today+days {
			t.Errorf("R57: %d: %d days", most, got-today)
		}
	}
	for _, c := range []struct {
		date Date
		most int
		rule string
		text string
	}{
		{today + 1, 0, "", ""}, {today + 365, 0, "", ""}, {today + 30, 30, "", ""}, {today + 1, 1, "", ""},
		{today, 0, "R58", "Expiration date must be in the future"},
		{today - 1, 0, "R58", "Expiration date must be in the future"},
		{0, 0, "R58", "Expiration date must be in the future"}, // R54: no token without end
		{-5, 0, "R58", "Expiration date must be in the future"},
		{today + 366, 0, "R56", "Expiration date must be before 2027-11-25"},
		{today + 366, 365, "R56", "Expiration date must be before 2027-11-25"},
		{today + 31, 30, "R57", "Expiration date must be before 2026-12-25"},
		{today + 366, 30, "R57", "Expiration date must be before 2026-12-25"},
	} {
		n := *good.asked
		n.ExpiresOn = c.date
		d := creating(n, c.most)
		if d.Allowed != (c.rule == "") || !d.Allowed && (d.Rule != c.rule || d.Text != c.text) {
			t.Errorf("%d days, at most %d: %+v", c.date-today, c.most, d)
		}
	}
}

// R58: over REST today is early enough, yesterday isn't.
func TestExpiryOverREST(t *testing.T) {
	administrator := Caller{UserID: RootID, Kind: Human, Admin: true, Token: &Credential{ID: 1, ExpiresOn: today + 1, Scopes: Scopes{ScopeAPI}}}
	for date, allowed := range map[Date]bool{today: true, today - 1: false, today + 365: true, today + 366: false} {
		n := *good.asked
		n.ExpiresOn = date
		d := Decide(Facts{Today: today, Access: RESTWrite, Action: CreateToken, Caller: administrator, Asked: &n,
			Target: Target{Kind: n.Place.Kind, Flag: true, Switch: true, AskedRole: n.Role, MemberKind: Human}})
		if d.Allowed != allowed {
			t.Errorf("%d days: %+v", date-today, d)
		}
	}
}

// creating is the decision for an administrator, who is held by the values only.
func creating(n NewToken, maxLifetime int) Decision {
	return Decide(Facts{Today: today, Action: CreateToken, Caller: Caller{UserID: RootID, Kind: Human, Admin: true}, Asked: &n,
		Target: Target{Kind: n.Place.Kind, Flag: true, Switch: true, AskedRole: n.Role, MemberKind: Human, MaxLifetime: maxLifetime}})
}

// R50–R53: what can be wrong with a value, and by which rule.
func TestValues(t *testing.T) {
	text := func(s string) *string { return &s }
	project, personal := *good.asked, *wide.asked
	for _, c := range []struct {
		rule   string
		text   string
		n      NewToken
		change func(*NewToken)
	}{
		{"", "", project, func(n *NewToken) {}},
		{"", "", personal, func(n *NewToken) {}},
		{"", "", project, func(n *NewToken) { n.Description = text("") }},
		{"R50", "Name can't be blank", project, func(n *NewToken) { n.Name = " \t" }},
		{"R50", "Name is too long (maximum is 255 characters)", project, func(n *NewToken) { n.Name = strings.Repeat("ä", 256) }},
		{"R50", "Name can't contain control characters or direction marks", personal, func(n *NewToken) { n.Name = "a\x00b" }},
		{"R51", "Description is too long (maximum is 255 characters)", project, func(n *NewToken) { n.Description = text(strings.Repeat("x", 256)) }},
		{"R52", "Scopes can't be blank", project, func(n *NewToken) { n.Scopes = nil }},
		{"R52", "Scopes can't be blank", personal, func(n *NewToken) { n.Scopes = Scopes{} }},
		{"R52", "Scopes does not have a valid value", project, func(n *NewToken) { n.Scopes = Scopes{ScopeAPI, ScopeReadUser} }},
		{"R52", "Scopes does not have a valid value", personal, func(n *NewToken) { n.Scopes = Scopes{"sudo"} }},
		{"R53", "Role does not have a valid value", project, func(n *NewToken) { n.Role = 5 }},
		{"R53", "Role does not have a valid value", project, func(n *NewToken) { n.Role = NoRole }},
	} {
		c.change(&c.n)
		if d := creating(c.n, 0); d.Allowed != (c.rule == "") || !d.Allowed && (d.Rule != c.rule || d.Text != c.text || d.Kind != ErrInvalid) {
			t.Errorf("%s: %+v", c.rule, d)
		}
	}
}

// R59: all that is wrong at once.
func TestR59(t *testing.T) {
	long := strings.Repeat("x", 256)
	n := NewToken{Place: Ref{Kind: GroupPlace, ID: 1}, Description: &long, Role: 7}
	err := creating(n, 0).Err()
	var reason *Reason
	if !errors.As(err, &reason) || reason.Rule != "R50" || len(reason.Fields) != 5 {
		t.Errorf("R59: %+v", err)
	}
}

// R50, R53, R55: what a door fills in.
func TestWithDefaults(t *testing.T) {
	place := Ref{Kind: ProjectPlace, ID: 1}
	for _, c := range []struct {
		door Door
		n    NewToken
		role Role
		days Date
	}{
		{ConsoleDoor, NewToken{Place: place}, Guest, 30},
		{CLIDoor, NewToken{Place: place}, Guest, 30},
		{APIDoor, NewToken{Place: place}, Maintainer, 365},
		{APIDoor, NewToken{Place: place, Role: Reporter, ExpiresOn: today + 3}, Reporter, 3},
		{ConsoleDoor, NewToken{UserID: 3}, NoRole, 30},
	} {
		c.n.Name = "  deploy\n"
		got := c.n.WithDefaults(c.door, today, 0)
		if got.Name != "deploy" || got.Role != c.role || got.ExpiresOn != today+c.days {
			t.Errorf("%s: %+v", c.door, got)
		}
	}
	if k := (NewToken{Place: Ref{Kind: GroupPlace}}).Kind(); k != GroupToken { // R40
		t.Error(k)
	}
	if k := (NewToken{UserID: 1}).Kind(); k != PersonalToken {
		t.Error(k)
	}
}

func TestErrors(t *testing.T) {
	if err := Invalid("R59"); err != nil {
		t.Error(err)
	}
	err := Invalid("R7", Field{"path", "is a reserved name"}, Field{"full_name", "can't be blank"})
	if err.Error() != "Path is a reserved name, Full name can't be blank" || !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	if err := Taken("path", "acme/web exists already"); !errors.Is(err, ErrConflict) {
		t.Error(err)
	}
	if err := NotFound("project"); !errors.Is(err, ErrNotFound) || err.Error() != "no such project, or you may not see it" {
		t.Error(err)
	}
	for s, want := range map[string]bool{"": true, "a\n\x1b": true, "ä": true, "\x00": false, "a\xff": false} {
		if ValidText(s) != want {
			t.Errorf("%q", s)
		}
	}
}
