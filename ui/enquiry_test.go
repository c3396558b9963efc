package ui

import (
	"strings"
	"testing"
	"time"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// A token is replaced without an outage: r, and the old secret works on (R69).
func TestRotateInConsole(t *testing.T) {
	s := begin(t)
	p := s.project("acme/web", model.Private)
	old := s.token(p.Ref(), "deploy", model.Developer, 3, model.ScopeAPI)
	d := drive(t, config(s.db), 80, 24)
	d.keys("g t r").shows("Rotate", "‹24 h›", "works for 24 h more", "ctrl+s rotate")
	d.keys("left left").shows("‹stops at once›", "fails at once").keys("right right ctrl+s").shows("Rotated. Shown now and never again", "24 h more")
	made := must(s.db.Token(t.Context(), root, model.Ref{}, old.ID))
	if !made.Replaced() || made.ReplacedBy == 0 {
		t.Errorf("R69: %+v", made)
	}
	d.keys("space esc").shows("Hand-over").keys("esc").shows("◐ replaced by 2")
	d.keys("home x").shows("Revoke token").pass(confirmSleeps).keys("n")
}

// A leaked secret is pasted anywhere, and killed with two keys (R146).
func TestPasteAndKill(t *testing.T) {
	s := begin(t)
	p := s.project("acme/web", model.Private)
	leaked := s.token(p.Ref(), "leaky", model.Developer, 30, model.ScopeAPI)
	d := drive(t, config(s.db), 80, 24)
	d.keys("g p").send(tea.PasteMsg{Content: "2026-11-22 08:14 clone with " + leaked.Secret.Reveal() + " failed\\n"})
	d.shows("✕ secret that works", "acme/web", "leaky", "1 secret").hides(leaked.Secret.Reveal())
	d.keys("r").shows("‹stops at once›").keys("esc") // whoever has it must not keep it
	d.keys("x").shows("Revoke token 1?").pass(confirmSleeps).keys("y").shows("○ revoked secret")
	d.keys("g w").text("nothing").shows("•••••••").hides("nothing").keys("enter").shows("Nothing of this server is in it")
	d.keys("g w").text(leaked.Secret.Reveal()).hides("glpat-").keys("enter").shows("revoked secret")
	if entries := must(s.db.Entries(t.Context(), root, model.AuditQuery{}, model.Page{})); !strings.Contains(entries.Rows[0].Action+entries.Rows[1].Action, model.TokenLookedUp) {
		t.Errorf("R146: no entry of it: %v", entries.Rows[0])
	}
}

// From a refusal to its cause and its cure (R99, R172).
func TestWhy(t *testing.T) {
	s := begin(t)
	p := s.project("acme/web", model.Private)
	made := s.token(p.Ref(), "mirror", model.Reporter, 30, model.ScopeReadRepository)
	d := drive(t, config(s.db), 80, 24)
	d.keys("g t w").shows("Nothing was refused to mirror.").keys("esc")
	s.db.Refused(model.Refusal{TokenID: made.ID, Door: model.GitDoor, Asked: "git push acme/web", Rule: "G14", Text: "The token's scopes don't open pushing.", Address: "10.0.4.7", RequestID: "r-1"})
	for end := time.Now().Add(20 * time.Second); ; {
		if list := must(s.db.Refusals(t.Context(), root, made.ID)); len(list) > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the refusal isn't written")
		}
	}
	d.keys("w").shows("git push acme/web", "G14", "10.0.4.7").keys("enter")
	d.shows("Why: git push acme/web", "● secret known", "✕ scope", "WHAT WOULD LET IT THROUGH", "write_repository", "as Developer").keys("esc esc")
	d.keys("g w").text("r-1").keys("enter")
}

// Somebody left: who, what they have, block, and in again (R33, R153).
func TestWho(t *testing.T) {
	s := begin(t)
	s.project("acme/web", model.Private)
	ann := s.user("ann", nil)
	s.token(model.ProjectRef("acme/web"), "deploy", model.Developer, 30, model.ScopeAPI)
	d := drive(t, config(s.db), 80, 24)
	d.keys("g u").shows("Who", "ann", "project_1_", "administrator").keys("/").text("ann").keys("enter b").shows("Block ann?").pass(confirmSleeps).keys("n")
	if u := must(s.db.User(t.Context(), root, ann.ID, "")); u.Blocked {
		t.Error("No has blocked somebody")
	}
	d.keys("b").pass(confirmSleeps).keys("y").shows("✕ blocked", "patrol user block ann").keys("down").shows("b unblock")
	if u := must(s.db.User(t.Context(), root, ann.ID, "")); !u.Blocked {
		t.Error("R153: ann isn't blocked")
	}
	d.keys("b").shows("ann is let in again").keys("enter").shows("ann has no tokens that you may see")
	d.keys("esc esc /").text("bot").keys("enter b").shows("A bot can't be changed").keys("enter").shows("deploy")
}

// What happened, and how the instance is set.
func TestLogAndSettings(t *testing.T) {
	s := begin(t)
	s.project("acme/web", model.Private)
	d := drive(t, config(s.db), 80, 24)
	d.keys("g a").shows("Log", "project.created", "acme/web").keys("enter").shows("Entry 3", "outcome", "done", "hash").keys("esc")
	d.keys("g s").shows("max_personal_access_token_lifetime").keys("down enter").shows("Value").keys("ctrl+u").text("bad host!").shows("must be a host name")
	d.keys("ctrl+u").text("git.example.org").shows("can be set").keys("ctrl+s").shows("host is now git.example.org")
	if got := must(s.db.Setting(t.Context(), model.SettingHost)); got != "git.example.org" {
		t.Errorf("R190: %s", got)
	}
}
