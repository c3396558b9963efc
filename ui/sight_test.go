package ui

import (
	"slices"
	"strings"
	"testing"

	"patrol/model"
)

// What a key will act on is in sight, or is asked about.

// Completion replaces what is being typed, and nothing else of the word.
func TestCompletionKeepsTheRest(t *testing.T) {
	for word, want := range map[string]string{
		"-role:owner,maint":    "-role:owner,maintainer",
		"role:owner,maint":     "role:owner,maintainer",
		"-sta":                 "-state:",
		"sta":                  "state:",
		"scope:api,read_r":     "scope:api,read_registry",
		"-expires:<7d,>3":      "-expires:<7d,>30d",
		"idle:":                "idle:>30d",
		"-":                    "",
		"role:owner":           "",
		"nofield:x":            "",
		"-last-used:>90d,neve": "-last-used:>90d,never",
	} {
		if offers := tokenHints(word); (want == "") != (len(offers) == 0) || want != "" && !slices.Contains(offers, want) {
			t.Errorf("%q: %q, want %q", word, offers, want)
		}
	}
	_, _, d := fleet(t, 3)
	d.keys("g t / ctrl+u").text("tok -role:owner,maint").keys("tab").shows("/ tok -role:owner,maintainer")
}

// A line that is right so far is no mistake until it is to be kept.
func TestPrefixIsNoMistake(t *testing.T) {
	_, _, d := fleet(t, 3)
	d.keys("g t / ctrl+u")
	for _, r := range "role:developer expires:<365d" {
		d.text(string(r)).hides("✕")
	}
	d.shows("tok-000")
	d.text(` "tok`).hides("✕").keys("enter").shows("✕ a quote is not closed")
}

// What a list was opened with comes back.
func TestPresetComesBack(t *testing.T) {
	_, _, d := fleet(t, 3)
	d.keys("g t").shows("/ state:active").keys("/").text("tok-001").shows("/ state:active tok-001").keys("esc").shows("/ state:active ", "3 of 3")
	d.keys("esc").shows("NEEDS YOU")
}

// The order stands in the heading, also under a filter.
func TestOrderInTheHeading(t *testing.T) {
	_, _, d := fleet(t, 3)
	d.keys("g t").shows("EXPIRES ↑").keys("S").shows("EXPIRES ↓").keys("s").shows("LAST USED ↑").keys("s").shows("NAME ↑").keys("s").shows("by creation ↑")
}

// Marks that the filter doesn't show are counted, and asked about.
func TestMarksOutOfSight(t *testing.T) {
	s, _, d := fleet(t, 4)
	d.keys("g t space space /").text("tok-003").keys("enter").shows("2 marked, 2 of them not shown")
	d.keys("x").shows("Revoke 2 tokens?", "2 of them not shown by the filter", "Type revoke 2").pass(confirmSleeps)
	d.text("yes").keys("enter").shows("Revoke 2 tokens?").keys("esc")
	d.keys("esc").hides("not shown").shows("2 marked").keys("x").shows("Revoke 2 tokens?").hides("not shown").pass(confirmSleeps).keys("y").shows("2 tokens revoked")
	if left := must(s.db.Tokens(t.Context(), root, model.TokenQuery{Active: new(true)}, model.Page{})); len(left.Rows) != 2 {
		t.Errorf("%d are left", len(left.Rows))
	}
}

// Lists of other things name the fields that they don't have.
func TestForeignFields(t *testing.T) {
	full(t)
	d := drive(t, config(full(t).db), 80, 24)
	d.keys("g p /").text("role:owner").keys("enter").shows(`projects have no field "role": only tokens do`)
	d.keys("esc g r /").text("acme scope:api").keys("enter").shows(`groups have no field "scope": only tokens do`)
}

// The question about a token says which, all of it, and leaves its row in sight.
func TestRevokeNamesAll(t *testing.T) {
	s := full(t)
	long := strings.Repeat("staging-", 20)
	s.token(model.ProjectRef("acme/web"), long, model.Guest, 200, model.ScopeAPI)
	for _, size := range [][2]int{{80, 24}, {160, 50}} {
		d := drive(t, config(s.db), size[0], size[1])
		open(d, "g p / ‹acme/web› enter enter")
		for range 4 {
			d.keys("x").shows("▌", "of acme/web (")
			if !strings.Contains(d.screen(), "▌ ") {
				t.Errorf("the row is covered:\n%s", d.screen())
			}
			d.pass(confirmSleeps).keys("esc down")
		}
	}
	d := drive(t, config(s.db), 60, 15)
	open(d, "g p / ‹acme/web› enter enter end x")
	if text := strings.NewReplacer("│", "", " ", "", "\n", "").Replace(d.screen()); strings.Count(text, "staging-") < 20 {
		t.Errorf("the name is cut:\n%s", d.screen())
	}
}

// R44: who may not see tokens is told that, not that there are none.
func TestHomeHides(t *testing.T) {
	s := full(t)
	sam := must(s.db.User(t.Context(), root, 0, "sam"))
	c := config(s.db)
	c.Actor = model.Actor{UserID: sam.ID, Door: model.ConsoleDoor}
	d := drive(t, c, 80, 24)
	d.shows("–    hidden: needs Maintainer").hides("● expire within")
}
