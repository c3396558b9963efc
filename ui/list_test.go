package ui

import (
	"context"
	"fmt"
	"testing"

	"patrol/model"
)

// fleet is a console on n tokens of one project.
func fleet(t *testing.T, n int) (*story, []int64, *driver) {
	s := begin(t)
	p := s.project("acme/web", model.Private)
	var ids []int64
	for i := range n {
		ids = append(ids, s.token(p.Ref(), fmt.Sprintf("tok-%03d", i), model.Developer, 100+i/2, model.ScopeAPI).ID)
	}
	return s, ids, drive(t, config(s.db), 80, 24)
}

func (s *story) revoke(ids ...int64) {
	s.t.Helper()
	if err := s.db.RevokeTokens(s.t.Context(), root, model.Ref{}, ids...); err != nil {
		s.t.Fatal(err)
	}
}

// When all that stood from the window on is gone, what is left is shown.
func TestListShrinks(t *testing.T) {
	s, ids, d := fleet(t, 320)
	d.keys("g t G").shows("tok-319")
	s.revoke(ids[10:]...)
	d.poll()
	d.shows("tok-009", "10 of 10").hides("Nothing fits")
}

// The number without a filter follows what others change.
func TestListCountsAll(t *testing.T) {
	s, _, d := fleet(t, 2)
	d.keys("g p /").text("acme").keys("enter").shows("1 of 1")
	for i := range 5 {
		s.project(fmt.Sprintf("acme/x%d", i), model.Private)
	}
	d.poll()
	d.shows("6 of 6")
}

// Marking all doesn't lose the news that are being read.
func TestListMarksAndReloads(t *testing.T) {
	s, ids, d := fleet(t, 5)
	d.keys("g t").shows("tok-000")
	s.revoke(ids[0])
	v, err := s.db.Version()
	if err != nil {
		t.Fatal(err)
	}
	d.hold = true
	d.send(versionMsg{d.app, v, nil})
	d.keys("a").release()
	d.shows("4 marked").hides("tok-000")
}

// A key that waits for rows isn't given to another screen.
func TestHeldKeyStaysHere(t *testing.T) {
	_, _, d := fleet(t, 3)
	d.keys("g p enter").shows("[Active")
	d.hold = true
	d.keys("n s x").release()
	d.shows("New token").hides("Name         x")
}

// The marker stays on its line of a history, also where one moment has several.
func TestHistoryMarker(t *testing.T) {
	s, ids, d := fleet(t, 1)
	for range 2 {
		made, err := s.db.RotateTokens(t.Context(), root, model.Ref{}, model.Rotation{OverlapHours: 1}, ids[0])
		if err != nil {
			t.Fatal(err)
		}
		ids[0] = made[0].ID
	}
	d.keys("g t enter").shows("HISTORY").keys("down").shows("── 2 of").keys("R").shows("── 2 of")
}

// What was confirmed is done, also if the console ends before the store has
// answered.
func TestQuitFinishesChanges(t *testing.T) {
	s, ids, d := fleet(t, 1)
	d.keys("g t x").pass(confirmSleeps)
	ctx, end := context.WithCancel(t.Context())
	d.app.ctx = ctx
	d.hold = true
	d.keys("y")
	end()
	d.release()
	token, err := s.db.Token(t.Context(), root, model.Ref{}, ids[0])
	if err != nil || token.RevokedAt.IsZero() {
		t.Errorf("%+v, %v", token, err)
	}
}

// What Now counts is left by one esc: nobody has typed its filter.
func TestPresetFilter(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	d.keys("c").shows("idle:>90d").keys("esc").shows("NEEDS YOU")
	d.keys("c /").text(" -name").keys("enter esc").shows("All tokens").keys("esc").shows("NEEDS YOU")
}

// The header calls the instance by its setting, else by the address of serve.
func TestInstanceName(t *testing.T) {
	s, _, d := fleet(t, 1)
	d.shows("localhost › Now")
	for base, want := range map[string]string{"http://127.0.0.1:8080": "localhost › Now", "https://git.example.org": "git.example.org › Now"} {
		if err := s.db.RecordURL(t.Context(), base); err != nil {
			t.Fatal(err)
		}
		d.poll()
		d.shows(want)
	}
}
