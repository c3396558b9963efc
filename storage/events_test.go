package storage

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"patrol/model"
)

// toldOf are the events behind a position, as "kind name", and where they end.
func toldOf(t *testing.T, db *DB, from model.Position, wanted []model.EventKind, limit int) (texts []string, reached model.Position) {
	t.Helper()
	for more := true; more; {
		var list []model.TokenEvent
		var err error
		if list, reached, more, err = db.NextEvents(t.Context(), from, wanted, limit); err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			texts = append(texts, fmt.Sprint(e.Kind, " ", e.Token))
		}
		from = reached
	}
	return texts, reached
}

// R96, R99, R68, R162: what happens to a token is told once to whom it concerns,
// whatever the size of the parts; what was refused or isn't wanted is stepped over.
func TestEvents(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	keepExpired(t, db)
	p := addProject(t, db, "acme/web")
	state, mine, err := db.ClaimTarget(t.Context(), "chat", "one", time.Minute)
	if err != nil || !mine {
		t.Fatal(mine, err)
	}
	soon := expiring(t, db, p.Ref(), "soon", 5)
	gone := expiring(t, db, p.Ref(), "gone", 100)
	if err := db.RevokeTokens(t.Context(), root, p.Ref(), gone.ID); err != nil {
		t.Fatal(err)
	}
	for range model.RefusedAgain + 3 {
		db.Refused(refusalOf(soon.ID, "git push acme/web"))
	}
	db.traffic.flush(db)
	for range model.RefusedAgain { // no more that day
		db.Refused(refusalOf(soon.ID, "git push acme/web"))
	}
	db.traffic.flush(db)
	clock.at = clock.at.Add(24 * time.Hour)
	tidyAll(t, db)
	want := []string{"expiring soon", "refused soon", "created soon", "created gone", "revoked gone"}
	for _, limit := range []int{1, 2, 3, 100} {
		if got, _ := toldOf(t, db, state.Position, model.EventKinds, limit); !slices.Equal(got, want) {
			t.Errorf("R96, R99, R162: %d at a time: %q, want %q", limit, got, want)
		}
	}
	if got, _ := toldOf(t, db, state.Position, []model.EventKind{model.EventRevoked}, 1); !slices.Equal(got, want[4:]) {
		t.Errorf("only what is wanted: %q", got)
	}
	list, reached, _, err := db.NextEvents(t.Context(), state.Position, model.EventKinds, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range list {
		if e.PlacePath != "acme/web" || !slices.Equal(e.To, []string{"root"}) || e.ID == "" || e.At.IsZero() {
			t.Errorf("R96: %+v", e)
		}
		if rest, end := toldOf(t, db, e.After, model.EventKinds, 100); !slices.Equal(rest, want[i+1:]) || end != reached {
			t.Errorf("after %s comes %q", e.ID, rest)
		}
	}
	if list[0].Window != model.NoticeLast || list[1].Count < model.RefusedAgain || list[1].Door != model.GitDoor {
		t.Errorf("R96, R99: %+v", list[:2])
	}
	project, err := db.EventProject(t.Context(), list[0].Place.ID)
	if err != nil || project.FullPath != "acme/web" {
		t.Errorf("the project of an event: %+v, %v", project, err)
	}
	if group, err := db.EventGroup(t.Context(), project.GroupID); err != nil || group.FullPath != "acme" {
		t.Errorf("the group of an event: %+v, %v", group, err)
	}
	if _, err := db.EventGroup(t.Context(), 4711); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("a group that is gone: %v", err)
	}
	mara, _ := addPerson(t, db, model.NewUser{Username: "mara", Name: "Mara", Email: "mara@example.org"})
	sam, _ := addPerson(t, db, model.NewUser{Username: "sam", Name: "Sam", Email: "sam@example.org"})
	for _, u := range []model.User{mara, sam} {
		if _, err := db.AddMember(t.Context(), root, p.Ref(), u.ID, model.Maintainer, 0); err != nil {
			t.Fatal(err)
		}
	}
	blocked := true
	if _, err := db.ChangeUser(t.Context(), root, sam.ID, model.UserChange{Blocked: &blocked}); err != nil {
		t.Fatal(err)
	}
	now, _, _, err := db.NextEvents(t.Context(), state.Position, model.EventKinds, 100)
	if err != nil || !slices.Equal(now[0].To, []string{"mara", "root"}) || !slices.Equal(now[0].Addresses, []string{"mara@example.org", "root@localhost"}) {
		t.Errorf("R96: told are %q at %q, %v", now[0].To, now[0].Addresses, err)
	}
}

// One process at a time delivers; a new target begins with what comes; how it
// does is kept, and counted as failing (G99) while somebody tries.
func TestTargets(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	addToken(t, db, root, p.Ref(), "before")
	claim := func(process string) (model.TargetState, bool) {
		t.Helper()
		state, mine, err := db.ClaimTarget(t.Context(), "chat", process, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return state, mine
	}
	state, mine := claim("one")
	if rest, _ := toldOf(t, db, state.Position, model.EventKinds, 10); !mine || len(rest) > 0 {
		t.Errorf("a new target begins with %q, mine %v", rest, mine)
	}
	if _, mine := claim("one"); !mine {
		t.Error("its own process can't go on")
	}
	if _, mine := claim("two"); mine {
		t.Error("two processes deliver to one target")
	}
	state.Delivered, state.Failures, state.FailingAt, state.StuckAt, state.Error = 3, 2, clock.at, clock.at.Add(-time.Hour), "it is down"
	state.Position.Audit++
	if mine, err := db.SaveTarget(t.Context(), state, "one", time.Minute); err != nil || !mine {
		t.Fatal(mine, err)
	}
	if due, err := db.Outlook(t.Context()); err != nil || due.FailingTargets != 1 || !due.Notice.Equal(state.StuckAt) {
		t.Errorf("G99: %+v, %v", due, err)
	}
	clock.at = clock.at.Add(time.Minute)
	if again, mine := claim("two"); !mine || again != state {
		t.Errorf("after a crash: %+v, mine %v, want %+v", again, mine, state)
	}
	if mine, err := db.SaveTarget(t.Context(), model.TargetState{Name: "chat"}, "one", 0); err != nil || mine {
		t.Error("a process that slept writes over what another has noted", mine, err)
	}
	if mine, err := db.SaveTarget(t.Context(), state, "two", 0); err != nil || !mine {
		t.Fatal(mine, err)
	}
	if _, mine := claim("three"); !mine {
		t.Error("it wasn't let go")
	}
	clock.at = clock.at.Add(-24 * time.Hour) // it was ahead, and is set
	if _, mine := claim("four"); !mine {
		t.Error("a process that is gone holds it until the clock has come that far again")
	}
	if list, err := db.Targets(t.Context()); err != nil || len(list) != 1 || list[0] != state {
		t.Errorf("%+v, %v", list, err)
	}
}
