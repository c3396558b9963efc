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

// Who asks in a filter line sees its grammar first.
func TestFilterHelp(t *testing.T) {
	_, _, d := fleet(t, 1)
	d.keys("g t / f1").shows("Filter line: keys", "What can be typed", "role:", "guest, planner").keys("end").shows("idle:", "not used for 90 days")
	d.keys("esc").hides("What can be typed")
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

// Marks that the filter doesn't show are counted, and listed before anything is
// done to them.
func TestMarksOutOfSight(t *testing.T) {
	s, _, d := fleet(t, 4)
	d.keys("g t space space /").text("tok-003").keys("enter").shows("2 marked, 2 of them not shown")
	d.keys("x").shows("Revoke 2 tokens", "tok-000", "tok-001").hides("tok-003").keys("esc")
	d.keys("esc").hides("not shown").shows("2 marked").keys("x enter").shows("Revoke 2 tokens?").pass(confirmSleeps).keys("y").shows("2 tokens revoked")
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
	d.shows("hidden: needs Maintainer").hides("NEXT 8 WEEKS", "deploy", "chain")
}

// They are listed also where the key was quicker than
// the counting, or brought the marks back.
func TestMarksOutOfSightAtOnce(t *testing.T) {
	_, _, d := fleet(t, 4)
	d.keys("g t space space")
	d.hold = true
	d.keys("/").text("tok-003").keys("enter x").release()
	d.shows("Revoke 2 tokens", "tok-000", "tok-001").keys("esc")
	d.keys("esc esc").hides("marked").keys("/").text("tok-003").keys("enter u").shows("2 marked, 2 of them not shown").keys("x").shows("tok-000", "tok-001")
}

// However many they are.
func TestManyMarksOutOfSight(t *testing.T) {
	_, _, d := fleet(t, 230)
	d.keys("g t a").shows("230 marked").keys("/").text("tok-003").keys("enter").shows("230 marked, 229 of them not shown")
}

// What is pressed behind a is done to all that it marks, not to one row.
func TestMarkAllThenRevoke(t *testing.T) {
	_, _, d := fleet(t, 3)
	d.keys("g t").shows("tok-000")
	d.hold = true
	d.keys("a x").release()
	d.shows("Revoke 3 tokens", "patrol token revoke ")
}

// Where somebody else has taken the current row away, the next key doesn't hit
// the row that has come in its place.
func TestRowGone(t *testing.T) {
	s, ids, d := fleet(t, 4)
	d.keys("g t G").shows("4 of 4", "▌ acme/web    tok-002")
	s.revoke(ids[2])
	d.poll()
	d.keys("x").shows("has gone").hides("Revoke").keys("x").shows("Revoke token 4?").pass(confirmSleeps).keys("esc")
	s.revoke(ids[3])
	d.poll()
	d.keys("space").shows("has gone").hides("marked").keys("space").shows("1 marked").keys("esc")
	d.keys("x").yes().shows("1 of 1").keys("x").shows("Revoke token") // one's own change is no surprise
}

// R70: the owner of a group without projects sees its tokens, and that there are none.
func TestHomeOfAGroupsOwner(t *testing.T) {
	s := full(t)
	gina := s.user("gina", nil)
	must(s.db.AddGroup(t.Context(), root, model.NewPlace{Kind: model.GroupPlace, FullPath: "alone"}))
	must(s.db.AddMember(t.Context(), root, model.GroupRef("alone"), gina.ID, model.Owner, 0))
	c := config(s.db)
	c.Actor = model.Actor{UserID: gina.ID, Door: model.ConsoleDoor}
	drive(t, c, 80, 24).hides("hidden", "deploy").shows("● Nothing", "NEXT 8 WEEKS   W47 0 W48 0")
}

// A word that is behind a blank is no longer being typed.
func TestFinishedWordIsAMistake(t *testing.T) {
	_, _, d := fleet(t, 1)
	d.keys("g t / ctrl+u").text("role:dev").hides("✕").keys("space").shows("✕ no role dev")
	d.keys("esc / ctrl+u").text("-Role:OWNER,Dev").keys("tab").shows("/ -Role:OWNER,developer")
}

// A token whose secret was published reads so wherever it stands, until it is
// revoked (G112).
func TestPublishedToken(t *testing.T) {
	s := begin(t)
	p := s.project("acme/web", model.Private)
	leaked := s.token(p.Ref(), "leaky", model.Developer, 30, model.ScopeAPI)
	s.token(p.Ref(), "tight", model.Developer, 30, model.ScopeAPI)
	d := drive(t, config(s.db), 80, 24)
	d.keys("g h").hides("published")
	s.publish(p, leaked)
	d.keys("R").shows("✕ leaked in a push, now", "acme/web leaky", "works for whoever").hides("tight")
	d.keys("home enter").shows("◐ published 2026-", "token.published")
}
