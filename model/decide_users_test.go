package model

import (
	"slices"
	"testing"
)

// R5, R33, R109, R130, A76: who changes whom.
func TestDecidePerson(t *testing.T) {
	admin, user := Caller{UserID: 1, Kind: Human, Admin: true}, Caller{UserID: 3, Kind: Human}
	bot, watcher := Caller{UserID: 9, Kind: Bot}, Caller{UserID: 4, Kind: Human, Auditor: true}
	blocked := Caller{UserID: 5, Kind: Human, Blocked: true, Admin: true}
	person := Person{ID: 7, Kind: Human}
	for _, c := range []struct {
		who    Caller
		whom   Person
		action PersonAction
		rule   string // that refuses
	}{
		{admin, person, EditPerson, ""}, {admin, person, DisarmPerson, ""}, {admin, person, DeletePerson, ""}, {admin, person, EditKeys, ""},
		{user, person, EditPerson, "R33"}, {user, person, EditKeys, "R33"}, {watcher, person, EditPerson, "R33"}, {bot, person, EditPerson, "R33"},
		{user, Person{ID: 3, Kind: Human, Mine: true}, EditKeys, ""},
		{user, Person{ID: 3, Kind: Human, Mine: true}, EditPerson, "R33"},
		{user, Person{ID: 3, Kind: Human, Mine: true}, DeletePerson, "R33"},
		{blocked, person, EditPerson, "R153"}, {Caller{}, person, EditPerson, "R33"},
		{bot, Person{ID: 9, Kind: Bot, Mine: true}, EditKeys, "R109"},
		{admin, Person{ID: 9, Kind: Bot}, DisarmPerson, "R109"}, {admin, Person{ID: 9, Kind: Bot}, DeletePerson, "R109"},
		{admin, Person{ID: GhostID, Kind: Ghost}, EditPerson, "R130"}, {admin, Person{ID: GhostID, Kind: Ghost}, EditKeys, "R130"},
		{admin, Person{ID: 8, Kind: Human, Mine: true}, DeletePerson, "A76"}, {admin, Person{ID: RootID, Kind: Human}, DeletePerson, "A76"},
		{admin, Person{ID: 8, Kind: Human, LastAdmin: true}, DisarmPerson, "R33"}, {admin, Person{ID: 8, Kind: Human, LastAdmin: true}, DeletePerson, "R33"},
		{admin, Person{ID: 8, Kind: Human, LastAdmin: true}, EditPerson, ""},
	} {
		d := DecidePerson(Facts{Today: today, Caller: c.who}, c.whom, c.action)
		if d.Allowed != (c.rule == "") || !d.Allowed && d.Rule != c.rule {
			t.Errorf("%+v, %+v, %d: %+v, want %q", c.who, c.whom, c.action, d, c.rule)
		}
	}
}

// R10, R20, R27, R30, R35, R113: what lists show without any role.
func TestSeesAt(t *testing.T) {
	for _, kind := range []PlaceKind{ProjectPlace, GroupPlace} {
		for _, c := range []struct {
			who  Caller
			want []Visibility
		}{
			{Caller{}, []Visibility{Public}},
			{Caller{Kind: Human}, []Visibility{Internal, Public}},
			{Caller{Kind: Bot}, []Visibility{Internal, Public}},
			{Caller{Kind: Human, External: true}, []Visibility{Public}},
			{Caller{Kind: Bot, External: true}, []Visibility{Public}},
			{Caller{Kind: Human, Auditor: true, External: true}, Visibilities},
			{Caller{Kind: Human, Admin: true}, Visibilities},
		} {
			if got := c.who.SeesAt(kind); !slices.Equal(got, c.want) {
				t.Errorf("%+v, %s: %s", c.who, kind, got)
			}
		}
	}
}

// R31, R44, R48: with which role somebody sees a place's tokens, and who without any.
func TestLowestRole(t *testing.T) {
	for _, c := range []struct {
		who            Caller
		project, group Role
		nowhere        bool
	}{
		{who: Caller{Kind: Human}, project: Maintainer, group: Owner},
		{who: Caller{Kind: Human, External: true}, project: Maintainer, group: Owner},
		{who: Caller{Kind: Human, Auditor: true}},
		{who: Caller{Kind: Human, Admin: true}},
		{who: Caller{Kind: Human, Blocked: true}, nowhere: true},
	} {
		for kind, want := range map[PlaceKind]Role{ProjectPlace: c.project, GroupPlace: c.group} {
			if got, ok := c.who.LowestRole(ListTokens, kind); got != want || ok == c.nowhere {
				t.Errorf("%+v, %s: %s, %t", c.who, kind, got, ok)
			}
		}
	}
}

// R10: administrators act as Owner everywhere; nobody has no role.
func TestEffective(t *testing.T) {
	for want, f := range map[Role]Facts{
		Owner:  {Caller: Caller{Kind: Human, Admin: true}, Target: Target{Role: Guest}},
		Guest:  {Caller: Caller{Kind: Human, Auditor: true}, Target: Target{Role: Guest}},
		NoRole: {},
	} {
		if got := f.Effective(); got != want {
			t.Errorf("R10: %s, want %s", got, want)
		}
	}
}
