package storage

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"patrol/model"
)

// R69, R115, R120: an overlap that has ended, and that nobody has tidied up
// since, is in nobody's way.
func TestEndedOverlap(t *testing.T) {
	chain := func(t *testing.T) (db *DB, clock *testClock, first, second, third model.IssuedToken) {
		clock = noon()
		db = open(t, Options{Clock: clock.read})
		first = addToken(t, db, root, addProject(t, db, "acme/web").Ref(), "deploy")
		second = rotate(t, db, root, model.Rotation{OverlapHours: 2}, first.ID)
		third = rotate(t, db, root, model.Rotation{OverlapHours: 1}, second.ID)
		return db, clock, first, second, third
	}
	gone := func(t *testing.T, db *DB, bot int64) {
		t.Helper()
		if _, err := db.User(t.Context(), root, bot, ""); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("R120: the bot is still there: %v", err)
		}
		if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
			t.Errorf("check: %v, %v", problems, err)
		}
		entries, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.TokenRevoked}, model.Page{})
		if err != nil || len(entries.Rows) != 3 {
			t.Errorf("R160: one entry for each token: %+v, %v", entries.Rows, err)
		}
	}
	t.Run("its project is deleted", func(t *testing.T) {
		db, clock, first, _, _ := chain(t)
		clock.at = clock.at.Add(3 * time.Hour)
		if err := db.RemoveProject(t.Context(), root, model.ProjectRef("acme/web")); err != nil {
			t.Fatal(err)
		}
		gone(t, db, first.User.ID)
	})
	t.Run("the newest is revoked, and all before it", func(t *testing.T) {
		db, clock, first, _, third := chain(t)
		clock.at = clock.at.Add(90 * time.Minute) // the second's has ended, the first's runs
		if err := db.RevokeTokens(t.Context(), root, model.Ref{}, third.ID); err != nil {
			t.Fatal(err)
		}
		if err := admitted(t, db, first.Secret); rule(err) != "R92" {
			t.Errorf("R69: the first secret: %v", err)
		}
		gone(t, db, first.User.ID)
	})
	t.Run("all are revoked at once", func(t *testing.T) {
		db, _, first, second, third := chain(t)
		if err := db.RevokeTokens(t.Context(), root, model.Ref{}, third.ID, first.ID, second.ID, first.ID); err != nil {
			t.Fatalf("R94: %v", err)
		}
		gone(t, db, first.User.ID)
	})
}

// R69, R120, R122: whose successor has ended before it, its bot ends with it.
func TestOverlapOutlivesSuccessor(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	if _, err := db.ChangeSetting(t.Context(), root, model.SettingExpiredBots, "0"); err != nil {
		t.Fatal(err)
	}
	first := addToken(t, db, root, addProject(t, db, "acme/web").Ref(), "deploy")
	rotate(t, db, root, model.Rotation{OverlapHours: 168, ExpiresOn: model.DateOf(clock.at) + 1}, first.ID)
	for _, want := range []bool{true, false} {
		clock.at = clock.at.Add(4 * day)
		if _, err := db.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := db.User(t.Context(), root, first.User.ID, ""); (err == nil) != want {
			t.Errorf("R120: after %s: %v", clock.at, err)
		}
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
}

// R69, R90, R122: what is counted follows from the clock too.
func TestEndedOverlapIsCounted(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	old := addToken(t, db, root, p.Ref(), "deploy")
	rotate(t, db, root, model.Rotation{OverlapHours: 2, ExpiresOn: old.ExpiresOn + 9}, old.ID)
	mine, err := db.CreateToken(t.Context(), root, model.NewToken{UserID: model.RootID, Name: "mine", Scopes: model.Scopes{model.ScopeAPI}})
	if err != nil {
		t.Fatal(err)
	}
	rotate(t, db, root, model.Rotation{OverlapHours: 2}, mine.ID)
	for hours, want := range []string{"2/0 until 2026-12-24, 2 personal", "1/1 until 2027-01-02, 1 personal"} {
		clock.at = clock.at.Add(time.Duration(2*hours) * time.Hour)
		projects, err := db.Projects(t.Context(), root, model.PlaceQuery{Counts: true}, model.Page{})
		if err != nil {
			t.Fatal(err)
		}
		user, err := db.User(t.Context(), root, model.RootID, "")
		if err != nil {
			t.Fatal(err)
		}
		n := projects.Rows[0].Counts
		if got := fmt.Sprintf("%d/%d until %s, %d personal", n.ActiveTokens, n.InactiveTokens, n.NextExpiry, user.Tokens); got != want {
			t.Errorf("after %d hours: %s, want %s", 2*hours, got, want)
		}
	}
}

// R69: who revokes a token by hand revokes all that it has replaced, however many.
func TestRevokeLongFamily(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	first := addToken(t, db, root, p.Ref(), "deploy")
	newest := first.ID
	for range tidyBatch + 10 {
		made, err := db.RotateTokens(t.Context(), root, model.Ref{}, model.Rotation{OverlapHours: 24}, newest)
		if err != nil {
			t.Fatal(err)
		}
		newest = made[0].ID
	}
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, newest); err != nil {
		t.Fatal(err)
	}
	if err := admitted(t, db, first.Secret); err == nil {
		t.Error("the first secret still works")
	}
	active := true
	list, err := db.Tokens(t.Context(), root, model.TokenQuery{Active: &active}, model.Page{Count: true})
	if err != nil || list.Total != 0 {
		t.Errorf("%d live tokens, %v", list.Total, err)
	}
}
