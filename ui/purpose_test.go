package ui

import (
	"slices"
	"testing"

	"patrol/model"
)

// What a purpose sets is what its token opens, and the policy lets no lower role
// do it: R23 to R28, R60 and R62 by way of Decide.
func TestPurposes(t *testing.T) {
	for _, v := range model.Visibilities {
		s := spot{Place: model.Place{Kind: model.ProjectPlace, ID: 1}, visibility: v}
		for _, p := range purposes {
			least := leastRole(p.action, s)
			n := model.NewToken{Place: s.Ref(), Role: least, Scopes: p.scopes}
			if text := useless(n, s); text != "" {
				t.Errorf("%s, %s: %s", v, p.word, text)
			}
			if i := slices.Index(model.Roles, least); i > 0 && botMay(p.action, model.Roles[i-1], v) {
				t.Errorf("%s, %s: %s is not the least role", v, p.word, least)
			}
		}
	}
	for _, c := range []struct{ purpose, want string }{
		{"push code", "● git  ✕ REST  ✕ images  ✕ packages"},
		{"clone only", "● clone only  ✕ REST  ✕ images  ✕ packages"},
		{"push images", "✕ git  ✕ REST  ● images  ✕ packages"},
		{"pull images", "✕ git  ✕ REST  ● image pull only  ✕ packages"},
		{"whole API", "● git  ● REST  ● images  ● packages  ● runners  ● AI  ● rotation"},
	} {
		s := spot{Place: model.Place{Kind: model.GroupPlace, ID: 1}, visibility: model.Public}
		p := purposes[slices.IndexFunc(purposes, func(p purpose) bool { return p.word == c.purpose })]
		n := model.NewToken{Role: leastRole(p.action, s), Scopes: p.scopes}
		if got := strip(opens(&theme{}, n, s)); got != c.want {
			t.Errorf("%s opens %s, want %s", c.purpose, got, c.want)
		}
	}
}

// A bot that may only push images: its purpose is one key, and all that follows
// stays free. Letters and digits choose while that field has the focus only.
func TestCreateByPurpose(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	d.keys("g p down enter n").shows("▌ For", "‹8 other›", "1-8 for")
	d.keys("3").shows("‹3 push images›", "‹Developer›", "[✓] write_registry", "[✓] read_registry", "● images")
	d.keys("p").shows("‹4 pull images›", "‹Reporter›", "[ ] write_registry", "2027-02-20").keys("3")
	d.keys("tab").text("1mirror2").shows("‹3 push images›", "1mirror2", "● can be created; Developer is the least that may push images")
	d.keys("down down ctrl+u").text("jan 31").shows("= 2027-01-31", "last day 2027-01-30")
	d.keys("ctrl+u").text("10d").shows("= 2026-12-02", "last day 2026-12-01")
	d.keys("tab m").shows("‹Maintainer›", "‹8 other›", "● can be created").hides("is the least")
	d.keys("tab enter").shows("[✓] api", "New token", "‹8 other›").keys("enter").shows("[ ] api")
	d.keys("ctrl+s").shows("never again")
}
