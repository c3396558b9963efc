package storage

import (
	"errors"
	"slices"
	"testing"
	"time"

	"patrol/model"
)

// R95a: requests are counted by token, day and door, those let in by address as
// well, and all by hour; whoever sees the token sees them (R44, R48).
func TestUseByDay(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	made, quiet := addToken(t, db, root, p.Ref(), "deploy"), addToken(t, db, root, p.Ref(), "quiet")
	first := model.DateOf(clock.at)
	use := func(door model.Door, address string, times int) {
		for range times {
			db.Used(made.ID, door, address)
		}
	}
	use(model.GitDoor, "10.0.0.1", 3)
	use(model.GitDoor, "10.0.0.2", 2)
	use(model.APIDoor, "10.0.0.1", 1)
	db.Refused(model.Refusal{TokenID: made.ID, Door: model.APIDoor, Asked: "GET", Rule: "R60", Text: "No."})
	db.traffic.flush(db)
	use(model.GitDoor, "10.0.0.1", 4) // the same row again
	db.traffic.flush(db)
	clock.at = clock.at.Add(24 * time.Hour)
	use(model.GitDoor, "10.0.0.2", 5)
	db.traffic.flush(db)

	got, err := db.TokenUse(t.Context(), root, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	days := []model.UseDay{
		{Day: first, Door: model.APIDoor, UseCount: model.UseCount{LetIn: 1, Refused: 1}},
		{Day: first, Door: model.GitDoor, UseCount: model.UseCount{LetIn: 9}},
		{Day: first + 1, Door: model.GitDoor, UseCount: model.UseCount{LetIn: 5}},
	}
	if !slices.Equal(got.Days, days) {
		t.Errorf("R95a by door: %v", got.Days)
	}
	addresses := []model.AddressDay{{Day: first, Address: "10.0.0.1", LetIn: 8}, {Day: first, Address: "10.0.0.2", LetIn: 2}, {Day: first + 1, Address: "10.0.0.2", LetIn: 5}}
	if !slices.Equal(got.Addresses, addresses) {
		t.Errorf("R95a by address: %v", got.Addresses)
	}
	of, err := db.UseOf(t.Context(), root, 3, made.ID, quiet.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(of) != 1 || !slices.Equal(of[made.ID], []model.UseCount{{}, {LetIn: 10, Refused: 1}, {LetIn: 5}}) {
		t.Errorf("R95a of several: %v", of)
	}
	hours, err := db.UseByHour(t.Context(), root)
	if err != nil || len(hours) != 48 || hours[47] != (model.UseCount{LetIn: 5}) || hours[23] != (model.UseCount{LetIn: 10, Refused: 1}) {
		t.Errorf("R95a by hour: %v %v", hours, err)
	}

	_, asSam := addPerson(t, db, model.NewUser{Username: "sam"})
	if _, err := db.TokenUse(t.Context(), asSam, made.ID); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("R44: a stranger asked for its use: %v", err)
	}
	if of, err := db.UseOf(t.Context(), asSam, 3, made.ID); err != nil || len(of) != 0 {
		t.Errorf("R44: a stranger asked for its use with others': %v %v", of, err)
	}
	if _, err := db.UseByHour(t.Context(), asSam); !errors.Is(err, model.ErrDenied) {
		t.Errorf("somebody asked for the instance's use: %v", err)
	}

	clock.at = clock.at.Add(model.UseKept * day)
	if _, err := db.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := db.TokenUse(t.Context(), root, made.ID); err != nil || len(left.Days)+len(left.Addresses) != 0 {
		t.Errorf("R95a: kept longer than 90 days: %v %v", left, err)
	}
	for _, table := range []string{"use_days", "use_addresses", "use_hours"} {
		if n := count(t, db, table); n != 0 {
			t.Errorf("R95a: %d rows of %s stay", n, table)
		}
	}
}

// R95a: what is only counted is written too, without anything else to write, and
// what waits for that is bounded.
func TestUseCounted(t *testing.T) {
	db := open(t, Options{})
	made := addToken(t, db, root, addProject(t, db, "acme/web").Ref(), "deploy")
	db.Used(made.ID, model.APIDoor, "10.0.0.1")
	db.traffic.flush(db)
	db.Used(made.ID, model.APIDoor, "10.0.0.1")
	db.traffic.mu.Lock()
	pending, counts := len(db.traffic.pending), len(db.traffic.counts)
	db.traffic.mu.Unlock()
	if pending != 0 || counts != 1 || len(db.traffic.counting) != 1 {
		t.Errorf("%d uses and %d counts wait", pending, counts)
	}
	for i := range maxCounted + 10 {
		db.Used(int64(i), model.APIDoor, "10.0.0.1")
	}
	db.traffic.mu.Lock()
	defer db.traffic.mu.Unlock()
	if len(db.traffic.counts) > maxCounted {
		t.Errorf("%d counts wait", len(db.traffic.counts))
	}
}
