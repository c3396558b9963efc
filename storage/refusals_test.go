package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

func init() {
	// refused notes three refusals and ends, which writes them.
	children["refused"] = func(args []string) {
		db, err := OpenForTests(context.Background(), Options{Path: args[0]})
		if err != nil {
			panic(err)
		}
		id, _ := strconv.ParseInt(args[1], 10, 64)
		for range 3 {
			db.Refused(refusalOf(id, "git push acme/web"))
		}
		if err := db.Close(); err != nil {
			panic(err)
		}
	}
}

func refusalOf(token int64, asked string) model.Refusal {
	return model.Refusal{TokenID: token, Door: model.GitDoor, Asked: asked, Rule: "G14", Text: "The token's scopes don't open pushing.", Address: "10.0.0.9", RequestID: "r-1"}
}

// refusals writes what is noted and reads it back.
func refusals(t *testing.T, db *DB, token int64) []model.Refusal {
	t.Helper()
	db.traffic.flush(db)
	list, err := db.Refusals(t.Context(), root, token)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// R99: equal ones are one row with first and last time, count, address and
// request id of the last; different by door, by what was asked, by rule.
func TestRefusals(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	made := addToken(t, db, root, p.Ref(), "deploy")
	first := clock.at
	for i := range 5 { // in one batch and in several
		clock.at = first.Add(time.Duration(i) * time.Minute)
		n := refusalOf(made.ID, "git push acme/web")
		n.Address, n.RequestID = fmt.Sprint("10.0.0.", i), fmt.Sprint("r-", i)
		db.Refused(n)
		if i%2 == 0 {
			db.traffic.flush(db)
		}
	}
	list := refusals(t, db, made.ID)
	want := refusalOf(made.ID, "git push acme/web")
	want.First, want.Last, want.Count, want.Address, want.RequestID, want.SinceSuccess = first, clock.at, 5, "10.0.0.4", "r-4", 5
	if len(list) != 1 || list[0] != want {
		t.Fatalf("R99: %+v\nwant %+v", list, want)
	}
	for _, change := range []func(*model.Refusal){
		func(n *model.Refusal) { n.Door = model.APIDoor },
		func(n *model.Refusal) { n.Asked = "git fetch acme/web" },
		func(n *model.Refusal) { n.Rule = "R92" },
	} {
		n := refusalOf(made.ID, "git push acme/web")
		change(&n)
		db.Refused(n)
	}
	if list := refusals(t, db, made.ID); len(list) != 4 || list[0].Rule != "R92" || list[3].Count != 5 {
		t.Errorf("R99: different ones, the last first: %+v", list)
	}
	db.Refused(refusalOf(0, "git push acme/web"))
	db.Refused(refusalOf(99, "git push acme/web"))
	db.traffic.flush(db)
	if n := refusalRows(t, db); n != 4 {
		t.Errorf("R99: of unknown tokens nothing is kept: %d rows", n)
	}
}

func refusalRows(t *testing.T, db *DB) (n int64) {
	t.Helper()
	err := db.view(t.Context(), root, func(t *tx) (err error) {
		n, err = t.int(`SELECT (SELECT count(*) FROM refusals) + (SELECT 1000 * count(*) FROM refused_since WHERE token_id > 1)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// R99: the last twenty different ones, in the order in which they came last,
// also while the clock is an hour behind.
func TestLastTwentyRefusals(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	made := addToken(t, db, root, p.Ref(), "deploy")
	for i := range 30 {
		if i == 25 {
			clock.at = clock.at.Add(-time.Hour)
		}
		db.Refused(refusalOf(made.ID, fmt.Sprint("GET /api/v4/projects/", i)))
		if i%7 == 0 {
			db.traffic.flush(db)
		}
	}
	db.traffic.flush(db)
	db.Refused(refusalOf(made.ID, "GET /api/v4/projects/12"))
	list := refusals(t, db, made.ID)
	var order []string
	for _, n := range list {
		order = append(order, strings.TrimPrefix(n.Asked, "GET /api/v4/projects/"))
	}
	if got, want := strings.Join(order, " "), "12 29 28 27 26 25 24 23 22 21 20 19 18 17 16 15 14 13 11 10"; got != want {
		t.Errorf("R99: %s\nwant %s", got, want)
	}
	if list[0].Count != 2 || list[0].SinceSuccess != 31 {
		t.Errorf("R99: %+v", list[0])
	}
	long := strings.Repeat("é", maxAsked)
	db.Refused(refusalOf(made.ID, long))
	if got := refusals(t, db, made.ID)[0].Asked; len(got) > maxAsked+len("…") || !strings.HasPrefix(long, strings.TrimSuffix(got, "…")) {
		t.Errorf("R99: what was asked is kept with %d bytes", len(got))
	}
}

// R99: a success ends the count of its door and of no other, also if an equal
// success was noted less than a minute ago; nothing is lost on a clean stop.
func TestRefusedSinceSuccess(t *testing.T) {
	path := t.TempDir() + "/patrol.db"
	db, err := OpenForTests(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	p := addProject(t, db, "acme/web")
	made := addToken(t, db, root, p.Ref(), "deploy")
	api := refusalOf(made.ID, "GET /api/v4/user")
	api.Door = model.APIDoor
	since := func(rule string, git, rest int) {
		t.Helper()
		for _, n := range refusals(t, db, made.ID) {
			want := git
			if n.Door == model.APIDoor {
				want = rest
			}
			if n.SinceSuccess != want {
				t.Errorf("%s: %s: %d refused since its last success, want %d", rule, n.Door, n.SinceSuccess, want)
			}
		}
	}
	db.Refused(refusalOf(made.ID, "git push acme/web"))
	db.Refused(refusalOf(made.ID, "git fetch acme/web"))
	db.Refused(api)
	since("R99 counted by door", 2, 1)
	db.Used(made.ID, model.GitDoor, "10.0.0.1")
	since("R99 a success", 0, 1)
	db.Refused(refusalOf(made.ID, "git push acme/web"))
	db.Used(made.ID, model.GitDoor, "10.0.0.1")
	since("R99 an equal success a moment later", 0, 1)
	db.Refused(refusalOf(made.ID, "git push acme/web"))
	db.Used(made.ID, model.GitDoor, "10.0.0.1")
	db.Refused(refusalOf(made.ID, "git push acme/web"))
	since("R99 in the order in which they came", 1, 1)
	db.Refused(api)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, Options{Path: path})
	since("R99 after a clean stop", 1, 2)
}

// R99: several processes add to the same rows.
func TestRefusalsOfTwoProcesses(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	made := addToken(t, db, root, p.Ref(), "deploy")
	db.Refused(refusalOf(made.ID, "git push acme/web"))
	for range 2 {
		if out, err := child(t, "refused", db.path, strconv.FormatInt(made.ID, 10)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if list := refusals(t, db, made.ID); len(list) != 1 || list[0].Count != 7 || list[0].SinceSuccess != 7 {
		t.Errorf("R99: %+v", list)
	}
}

// R99: kept for 90 days after the last, also of a bot that is gone; R44: who
// may see the token sees them.
func TestRefusalsEnd(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	made := addToken(t, db, root, p.Ref(), "deploy")
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, made.ID); err != nil {
		t.Fatal(err)
	}
	db.Refused(refusalOf(made.ID, "git push acme/web"))
	if list := refusals(t, db, made.ID); len(list) != 1 {
		t.Errorf("R99: of a deleted bot: %v", list)
	}
	sam, err := db.AddUser(t.Context(), root, model.NewUser{Username: "sam"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Refusals(t.Context(), model.Actor{UserID: sam.ID, Door: model.CLIDoor}, made.ID); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("R44: a stranger: %v", err)
	}
	clock.at = clock.at.Add(refusalKept - time.Second)
	tidyAll(t, db)
	if list := refusals(t, db, made.ID); len(list) != 1 {
		t.Error("R99: dropped before 90 days")
	}
	clock.at = clock.at.Add(time.Second)
	tidyAll(t, db)
	if list := refusals(t, db, made.ID); len(list) != 0 || refusalRows(t, db) != 0 {
		t.Errorf("R99: kept after 90 days: %v", list)
	}
}

// tidyAll does all that is due.
func tidyAll(t *testing.T, db *DB) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = db.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// R174: with --at no refusal is kept.
func TestRefusalsInRehearsal(t *testing.T) {
	path := t.TempDir() + "/patrol.db"
	db := open(t, Options{Path: path})
	p := addProject(t, db, "acme/web")
	made := addToken(t, db, root, p.Ref(), "deploy")
	rehearsal := open(t, Options{Path: path, ReadOnly: true})
	rehearsal.Refused(refusalOf(made.ID, "git push acme/web"))
	if _, err := rehearsal.Tidy(t.Context()); !errors.Is(err, model.ErrReadOnly) {
		t.Errorf("R174: %v", err)
	}
	if list := refusals(t, db, made.ID); len(list) != 0 {
		t.Errorf("R174: %v", list)
	}
}

// R99, R44: what came again and again since a moment, the most frequent first, of
// the tokens that the person may see.
func TestRefusedAgain(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p, other := addProject(t, db, "acme/web"), addProject(t, db, "labs/sim")
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	if _, err := db.AddMember(t.Context(), root, p.Ref(), mara.ID, model.Maintainer, 0); err != nil {
		t.Fatal(err)
	}
	_, asSam := addPerson(t, db, model.NewUser{Username: "sam"})
	seen, unseen, old := addToken(t, db, root, p.Ref(), "seen"), addToken(t, db, root, other.Ref(), "unseen"), addToken(t, db, root, p.Ref(), "old")
	note := func(id int64, times int) {
		for range times {
			db.Refused(refusalOf(id, "git push acme/web"))
		}
		db.traffic.flush(db)
	}
	note(old.ID, 9)
	clock.at = clock.at.Add(2 * day)
	note(seen.ID, 4)
	note(unseen.ID, 5)
	note(old.ID, 0)
	since := clock.at.Add(-day)
	for name, c := range map[string]struct {
		actor model.Actor
		times int
		want  []int64
	}{
		"the administrator": {root, 3, []int64{unseen.ID, seen.ID}},
		"oftener":           {root, 5, []int64{unseen.ID}},
		"a Maintainer":      {asMara, 3, []int64{seen.ID}},
		"a stranger":        {asSam, 3, nil},
	} {
		list, err := db.RefusedAgain(t.Context(), c.actor, since, c.times)
		var got []int64
		for _, r := range list {
			got = append(got, r.TokenID)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
}
