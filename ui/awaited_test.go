package ui

import (
	"testing"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// What is typed while a form or a box is being opened is meant for it, and waits;
// esc gives the opening up.
func TestKeysWaitForTheForm(t *testing.T) {
	_, _, d := fleet(t, 2)
	d.keys("g p enter").shows("[Active 2]")
	d.hold = true
	d.keys("n down").text("xylo")
	d.send(tea.PasteMsg{Content: "phone"})
	d.release()
	d.shows("New token", "xylophone").keys("esc").shows("Leave").keys("ctrl+c").shows("xylophone").keys("esc").yes().shows("[Active 2]").hides("Revoke")
	d.hold = true
	d.keys("n x esc x").release()
	d.pass(confirmSleeps).shows("tok-").keys("esc").shows("[Active 2]").hides("New token")
}

// A change is made once, however often and fast its key is pressed, and so is
// what takes it back.
func TestKeysWaitForTheChange(t *testing.T) {
	s := begin(t)
	s.project("acme/web", model.Private)
	on := func() bool {
		t.Helper()
		return must(s.db.Group(t.Context(), root, model.GroupRef("acme"))).TokenCreation
	}
	d := drive(t, config(s.db), 80, 24)
	d.keys("g r e").shows("[Settings]")
	d.hold = true
	d.keys("space space space").release()
	if on() {
		t.Error("three presses are no odd number")
	}
	d.hold = true
	d.keys("u u u u u").release()
	d.shows("nothing to take back")
	if !on() || len(d.app.undos) != 0 {
		t.Errorf("%v, %d left", on(), len(d.app.undos))
	}
}

// Where nothing can be seen no key does anything.
func TestTooSmallForKeys(t *testing.T) {
	s, ids, d := fleet(t, 1)
	d.keys("g t").shows("tok-000")
	d.send(tea.WindowSizeMsg{Width: 10, Height: 3})
	d.keys("x").pass(confirmSleeps).keys("y")
	d.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	d.shows("tok-000").hides("Revoke")
	if token := must(s.db.Token(t.Context(), root, model.Ref{}, ids[0])); !token.RevokedAt.IsZero() {
		t.Error("it was revoked unseen")
	}
	d.send(tea.WindowSizeMsg{Width: 10, Height: 3})
	if d.keys("ctrl+c"); !d.quit {
		t.Error("ctrl+c doesn't leave")
	}
}

// There is no way back to a secret that was left.
func TestNoWayBackToASecret(t *testing.T) {
	_, _, d := fleet(t, 1)
	d.keys("g p enter n down").text("deploy").keys("down down down down space ctrl+s").shows("never again")
	d.keys("space g h").shows("NEEDS YOU").keys("ctrl+o").shows("[Active 2]").hides("never again", "Secret")
}

// A filter line that is wrong is kept with what is wrong; a field's name is no
// word while it is being typed.
func TestFilterLineKept(t *testing.T) {
	_, _, d := fleet(t, 3)
	d.keys("g t /").text("rol").shows("tok-000", "3 of 3").hides("Nothing fits")
	d.text("e:ownr").keys("enter").shows("role:ownr", "no role ownr", "tok-000")
	d.keys("backspace backspace backspace backspace").text("owner").keys("enter").shows("Nothing fits")
	d.keys("esc /").text("state").keys("enter").shows("Nothing fits state")
}

// Marked tokens that somebody else has revoked are left out, and named are those
// that go.
func TestMarksOfRevoked(t *testing.T) {
	s, ids, d := fleet(t, 4)
	d.keys("g t space space space").shows("3 marked")
	s.revoke(ids[0])
	d.poll()
	d.keys("x").shows("Revoke 2 tokens", "1 of them left out: revoked already").keys("enter").shows("Revoke 2 tokens?").pass(confirmSleeps).keys("y").shows("2 tokens revoked")
}

// A place that has gone shows nothing of what it was.
func TestPlaceGone(t *testing.T) {
	s, _, d := fleet(t, 2)
	d.keys("g p enter").shows("tok-000", "[Active 2]")
	if err := s.db.RemoveProject(t.Context(), root, model.ProjectRef("acme/web")); err != nil {
		t.Fatal(err)
	}
	d.poll()
	d.shows("no such project").hides("tok-000", "enter detail", "Active 2")
}

// Who may not see a place's tokens gets no number of them.
func TestHiddenTokens(t *testing.T) {
	s, _, _ := fleet(t, 2)
	dora := must(s.db.AddUser(t.Context(), root, model.NewUser{Username: "dora"}))
	must(s.db.AddMember(t.Context(), root, model.ProjectRef("acme/web"), dora.ID, model.Developer, 0))
	c := config(s.db)
	c.Actor.AsID = dora.ID
	d := drive(t, c, 80, 24)
	d.keys("g p").shows("hidden").keys("enter").shows("needs the role Maintainer").hides("Active 0", "R tries again")
}

// The last row of the form knows what will be refused (R8).
func TestMemberDates(t *testing.T) {
	s, _, d := fleet(t, 1)
	must(s.db.AddUser(t.Context(), root, model.NewUser{Username: "dora"}))
	d.keys("g p enter tab tab").shows("[Members").keys("n").text("dora").keys("down down").text("2025-01-01").shows("must be after today").hides("can be added")
}
