package storage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"patrol/model"
)

func init() {
	// notices does all that is due at a time given.
	children["notices"] = func(args []string) {
		at, err := time.Parse(time.RFC3339, args[1])
		if err != nil {
			panic(err)
		}
		db, err := OpenForTests(context.Background(), Options{Path: args[0], Clock: func() time.Time { return at }})
		if err != nil {
			panic(err)
		}
		for more := true; more; {
			if more, err = db.Tidy(context.Background()); err != nil {
				panic(err)
			}
		}
		if err := db.Close(); err != nil {
			panic(err)
		}
	}
}

// expiring makes a token that lives so many days.
func expiring(t *testing.T, db *DB, in model.Ref, name string, days int) model.IssuedToken {
	t.Helper()
	made, err := db.CreateToken(t.Context(), root, model.NewToken{Place: in, Name: name, Scopes: model.Scopes{model.ScopeAPI},
		ExpiresOn: model.DateOf(db.Now()) + model.Date(days)})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// keepExpired lets expired tokens be: R122 would revoke them, and their notices
// would be gone.
func keepExpired(t *testing.T, db *DB) {
	t.Helper()
	if _, err := db.ChangeSetting(t.Context(), root, model.SettingExpiredBots, "3650"); err != nil {
		t.Fatal(err)
	}
}

// given are the notices that somebody sees, oldest first, as "name days".
func given(t *testing.T, db *DB, a model.Actor) []string {
	t.Helper()
	list, err := db.Notices(t.Context(), a, model.Page{Limit: model.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, n := range slices.Backward(list.Rows) {
		texts = append(texts, fmt.Sprint(n.Token, " ", n.DaysLeft))
	}
	return texts
}

// R96: each window once, whoever looks and how often; the skipping; never for a
// revoked token, nor for one that was replaced.
func TestNotices(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	keepExpired(t, db)
	p := addProject(t, db, "acme/web")
	expiring(t, db, p.Ref(), "long", 61)
	expiring(t, db, p.Ref(), "sixty", 60)
	expiring(t, db, p.Ref(), "month", 30)
	expiring(t, db, p.Ref(), "week", 7)
	revoked := expiring(t, db, p.Ref(), "revoked", 61)
	old := expiring(t, db, p.Ref(), "old", 62)
	start := clock.at
	var log []string
	for day := range 70 {
		before := given(t, db, root)
		for range 2 {
			clock.at = clock.at.Add(time.Hour)
			tidyAll(t, db)
		}
		if news := given(t, db, root)[len(before):]; len(news) > 0 {
			log = append(log, fmt.Sprint(day, ": ", strings.Join(news, ", ")))
		}
		if day == 0 {
			if err := db.RevokeTokens(t.Context(), root, model.Ref{}, revoked.ID); err != nil {
				t.Fatal(err)
			}
			rotate(t, db, root, model.Rotation{OverlapHours: 168, ExpiresOn: model.DateOf(start) + 300}, old.ID)
		}
		clock.at = start.Add(time.Duration(day+1) * 24 * time.Hour)
	}
	want := []string{"1: week 7, long 60", "8: week -1", "23: month 7", "30: sixty 30", "31: month -1, long 30", "53: sixty 7", "54: long 7", "61: sixty -1", "62: long -1"}
	if !slices.Equal(log, want) {
		t.Errorf("R96:\n%s\nwant\n%s", strings.Join(log, "\n"), strings.Join(want, "\n"))
	}
}

// R96: exactly once, although the clock jumps back an hour over midnight, and
// although several processes search at the same time.
func TestNoticesOnce(t *testing.T) {
	onFile(t)
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	fillExpiring(t, db, p, 2500, clock.at)
	clock.at = time.Date(2026, 11, 25, 0, 10, 0, 0, time.UTC)
	var children sync.WaitGroup
	for range 3 {
		cmd := child(t, "notices", db.path, clock.at.Format(time.RFC3339))
		children.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	tidyAll(t, db)
	children.Wait()
	count := func() (n int64) {
		t.Helper()
		if err := db.view(t.Context(), root, func(t *tx) (err error) {
			n, err = t.int(`SELECT count(*) FROM notices`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if got := count(); got != 2500 {
		t.Errorf("R96: %d notices for 2500 tokens", got)
	}
	for _, hours := range []int{-1, 1, 24, -25, 25} {
		clock.at = clock.at.Add(time.Duration(hours) * time.Hour)
		tidyAll(t, db)
	}
	if got := count(); got != 2500 {
		t.Errorf("R96: %d notices for 2500 tokens after the clock jumped", got)
	}
}

// fillExpiring writes tokens of which all get one notice the next day.
func fillExpiring(t *testing.T, db *DB, p model.Project, n int, now time.Time) {
	t.Helper()
	expires := (model.DateOf(now) + 20).String()
	err := db.change(context.Background(), root, func(t *tx) error {
		return t.exec(`WITH RECURSIVE i (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < ?)
			INSERT INTO tokens (kind, user_id, project_id, name, scopes, digest, creator_id, created_at, expires_on)
			SELECT 'project', 1, ?, 'bulk', 'api', randomblob(32), 1, ?, ? FROM i`, n, p.ID, now.Add(-100*day).UnixMilli(), expires)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// R96: nobody looked for some days: the window of today is given and those that
// passed are not; how long ago a token may have expired.
func TestNoticesLate(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	keepExpired(t, db)
	p := addProject(t, db, "acme/web")
	expiring(t, db, p.Ref(), "a", 65)
	expiring(t, db, p.Ref(), "b", 95)
	expiring(t, db, p.Ref(), "c", 64)
	clock.at = clock.at.Add(95 * day)
	tidyAll(t, db)
	if got := strings.Join(given(t, db, root), ", "); got != "a -1, b 7" {
		t.Errorf("R96: %s", got)
	}
	clock.at = clock.at.Add(noticeKept)
	tidyAll(t, db)
	if got := given(t, db, root); len(got) != 0 {
		t.Errorf("R96: kept for ever: %v", got)
	}
}

// R96, R152: to whom notices go, and who sees them, when they are read.
func TestNoticesTo(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	people := map[string]model.Actor{}
	person := func(n model.NewUser, in model.Ref, role model.Role) model.User {
		t.Helper()
		u, err := db.AddUser(t.Context(), root, n)
		if err != nil {
			t.Fatal(err)
		}
		people[n.Username] = model.Actor{UserID: u.ID, Door: model.ConsoleDoor}
		if role != model.NoRole {
			if _, err := db.AddMember(t.Context(), root, in, u.ID, role, 0); err != nil {
				t.Fatal(err)
			}
		}
		return u
	}
	acme := model.GroupRef("acme")
	person(model.NewUser{Username: "olga"}, acme, model.Owner)
	person(model.NewUser{Username: "mara"}, acme, model.Maintainer)
	person(model.NewUser{Username: "sam"}, p.Ref(), model.Maintainer)
	dev := person(model.NewUser{Username: "dev"}, p.Ref(), model.Developer)
	gone := person(model.NewUser{Username: "zed"}, p.Ref(), model.Maintainer)
	person(model.NewUser{Username: "ines", Auditor: true}, acme, model.NoRole)
	person(model.NewUser{Username: "eve"}, acme, model.NoRole)
	blocked := true
	if _, err := db.ChangeUser(t.Context(), root, gone.ID, model.UserChange{Blocked: &blocked}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.CreateToken(t.Context(), root, model.NewToken{Place: p.Ref(), Name: "web", Scopes: model.Scopes{model.ScopeAPI}, Role: model.Maintainer,
		ExpiresOn: model.DateOf(clock.at) + 7}); err != nil { // its bot is a Maintainer, too, and nobody to tell
		t.Fatal(err)
	}
	expiring(t, db, acme, "group", 7)
	if _, err := db.CreateToken(t.Context(), root, model.NewToken{UserID: dev.ID, Name: "own", Scopes: model.Scopes{model.ScopeAPI}, ExpiresOn: model.DateOf(clock.at) + 7}); err != nil {
		t.Fatal(err)
	}
	clock.at = clock.at.Add(24 * time.Hour)
	tidyAll(t, db)
	list, err := db.Notices(t.Context(), root, model.Page{Count: true})
	if err != nil || list.Total != 3 {
		t.Fatalf("R96: %d, %v", list.Total, err)
	}
	for _, n := range list.Rows {
		want := map[string]string{"web": "mara olga root sam acme/web", "group": "olga root acme", "own": "dev "}[n.Token]
		if got := strings.Join(n.To, " ") + " " + n.PlacePath; got != want || n.ExpiresOn != model.DateOf(clock.at)+6 || !n.At.Equal(clock.at) || n.TokenID == 0 {
			t.Errorf("R96: %s goes to %s, want %s: %+v", n.Token, got, want, n)
		}
	}
	for who, want := range map[string]string{"olga": "web 7, group 7", "mara": "web 7", "sam": "web 7", "dev": "own 7", "ines": "web 7, group 7, own 7", "eve": ""} {
		if got := strings.Join(given(t, db, people[who]), ", "); got != want {
			t.Errorf("R96: %s sees %q, want %q", who, got, want)
		}
	}
	if err := db.RemoveMember(t.Context(), root, acme, people["olga"].UserID); err != nil {
		t.Fatal(err)
	}
	if got := given(t, db, people["olga"]); len(got) != 0 {
		t.Errorf("R96: who is no Owner any more sees %v", got)
	}
}

// R96: at least once, oldest first; what was taken isn't offered again, nor what
// nobody needs to know any more.
func TestDelivery(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	var ids []int64
	for _, name := range []string{"a", "b", "c", "d"} {
		ids = append(ids, expiring(t, db, p.Ref(), name, 5).ID)
	}
	clock.at = clock.at.Add(24 * time.Hour)
	tidyAll(t, db)
	undelivered := func(limit int, want string) []model.Notice {
		t.Helper()
		list, err := db.Undelivered(t.Context(), limit)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, n := range list {
			names = append(names, n.Token)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("R96: undelivered: %s, want %s", got, want)
		}
		return list
	}
	undelivered(2, "a b")
	list := undelivered(10, "a b c d")
	for range 2 {
		if err := db.Delivered(t.Context(), list[0].ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, ids[2]); err != nil {
		t.Fatal(err)
	}
	undelivered(10, "b d")
}

// R96: a token that is imported after the day's search gets its notice that day.
func TestNoticeOfImported(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	addProject(t, db, "acme/web")
	tidy := func() int {
		t.Helper()
		for more := true; more; {
			var err error
			if more, err = db.Tidy(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		list, err := db.Notices(t.Context(), root, model.Page{})
		if err != nil {
			t.Fatal(err)
		}
		return len(list.Rows)
	}
	if n := tidy(); n != 0 {
		t.Fatal(n)
	}
	line := fmt.Sprintf(`{"type":"token","project":"acme/web","name":"soon","scopes":["api"],"expires_at":%q,"created_at":"2026-01-01T00:00:00Z","secret":"glpat-soon0000000000000001"}`,
		(model.DateOf(clock.at) + 1).String())
	if _, err := db.Import(t.Context(), root, strings.NewReader(line), nil); err != nil {
		t.Fatal(err)
	}
	if n := tidy(); n != 1 {
		t.Errorf("%d notices", n)
	}
}
