package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

// tamper changes the file behind the store's back.
func tamper(t *testing.T, db *DB, statements ...string) {
	t.Helper()
	err := db.change(context.Background(), root, func(t *tx) error {
		for _, s := range statements {
			if err := t.exec(s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// R160, R163: the chain names the first entry that was changed, taken out, put
// elsewhere or cut off.
func TestVerifyAudit(t *testing.T) {
	for name, c := range map[string]struct {
		tamper []string
		broken int64
	}{
		"untouched":   {nil, 0},
		"changed":     {[]string{`UPDATE audit SET target_path = 'acme/other' WHERE number = 3`}, 3},
		"outcome":     {[]string{`UPDATE audit SET refused = NOT refused WHERE number = 2`}, 2},
		"taken out":   {[]string{`DELETE FROM audit WHERE number = 4`}, 4},
		"reordered":   {[]string{`UPDATE audit SET number = 100 WHERE number = 2`, `UPDATE audit SET number = 2 WHERE number = 3`, `UPDATE audit SET number = 3 WHERE number = 100`}, 2},
		"cut off":     {[]string{`DELETE FROM audit WHERE number > 5`}, 6},
		"first":       {[]string{`DELETE FROM audit WHERE number = 1`}, 1},
		"hash itself": {[]string{`UPDATE audit SET hash = previous WHERE number = 3`}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, Options{})
			p := addProject(t, db, "acme/web")
			for _, n := range []string{"a", "b", "c", "d", "e"} {
				addToken(t, db, root, p.Ref(), n)
			}
			tamper(t, db, c.tamper...)
			report, err := db.VerifyAudit(t.Context(), root)
			if err != nil {
				t.Fatal(err)
			}
			if report.Broken != c.broken || (report.Broken != 0) != (report.Problem != "") {
				t.Errorf("R163: broken at %d (%s), want %d", report.Broken, report.Problem, c.broken)
			}
		})
	}
}

// R160: a refused management action writes one entry with its rule; equal ones
// within a minute are counted with it. R161: who, as whom, from where.
func TestRefusalsAreAudited(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	sam, err := db.AddUser(t.Context(), root, model.NewUser{Username: "sam"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.AddMember(t.Context(), root, p.Ref(), sam.ID, model.Developer, 0); err != nil {
		t.Fatal(err)
	}
	as := root
	as.AsID = sam.ID
	ask := func() {
		t.Helper()
		if _, err := db.CreateToken(t.Context(), as, model.NewToken{Place: p.Ref(), Name: "mine", Scopes: model.Scopes{model.ScopeAPI}}); !errors.Is(err, model.ErrDenied) {
			t.Fatal(err)
		}
	}
	for range 5 {
		ask()
	}
	for _, step := range []time.Duration{time.Minute, -time.Hour, time.Minute - time.Second, time.Hour} {
		clock.at = clock.at.Add(step)
		ask()
	}
	list, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.TokenCreated}, model.Page{})
	if err != nil {
		t.Fatal(err)
	}
	var counts []int // also while the clock is an hour behind: what is an hour ahead of it isn't within a minute
	for _, e := range list.Rows {
		counts = append(counts, e.Count)
	}
	if got := fmt.Sprint(counts); got != "[2 2 5]" {
		t.Fatalf("R160: %s equal refusals", got)
	}
	older := list.Rows[len(list.Rows)-1]
	if !older.Refused || older.Rule != "R44" || older.User != "root" || older.As != "sam" || older.Address != "tester" || older.Door != model.CLIDoor || older.TargetPath != "acme/web" {
		t.Errorf("R161: %+v", older)
	}
	if report, err := db.VerifyAudit(t.Context(), root); err != nil || report.Broken != 0 {
		t.Errorf("R163: %+v, %v", report, err)
	}
}

// R164: who reads the log.
func TestWhoReadsAudit(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	addToken(t, db, root, p.Ref(), "deploy")
	person := func(n model.NewUser, role model.Role) model.Actor {
		u, err := db.AddUser(t.Context(), root, n)
		if err != nil {
			t.Fatal(err)
		}
		if role != model.NoRole {
			if _, err := db.AddMember(t.Context(), root, p.Ref(), u.ID, role, 0); err != nil {
				t.Fatal(err)
			}
		}
		return model.Actor{UserID: u.ID, Door: model.ConsoleDoor}
	}
	auditor := person(model.NewUser{Username: "ines", Auditor: true}, model.NoRole)
	maintainer := person(model.NewUser{Username: "mona"}, model.Maintainer)
	developer := person(model.NewUser{Username: "dev"}, model.Developer)
	stranger := person(model.NewUser{Username: "eve"}, model.NoRole)
	for name, c := range map[string]struct {
		a    model.Actor
		in   model.Ref
		want error
	}{
		"auditor all":                 {auditor, model.Ref{}, nil},
		"maintainer all":              {maintainer, model.Ref{}, model.ErrDenied},
		"maintainer his project":      {maintainer, p.Ref(), nil},
		"developer his project":       {developer, p.Ref(), model.ErrDenied},
		"stranger somebody's project": {stranger, p.Ref(), model.ErrNotFound},
		"maintainer the group above":  {maintainer, model.GroupRef("acme"), model.ErrDenied},
	} {
		list, err := db.Entries(t.Context(), c.a, model.AuditQuery{In: c.in}, model.Page{})
		if !errors.Is(err, c.want) {
			t.Errorf("R164 %s: %v, want %v", name, err, c.want)
		}
		for _, e := range list.Rows {
			if c.in.Kind == model.ProjectPlace && !strings.HasPrefix(e.TargetPath, "acme/web") {
				t.Errorf("R164 %s: sees %s of %s", name, e.Action, e.TargetPath)
			}
		}
	}
}

// R163: a log that was cut off and then made to look whole lacks the entry
// whose hash was noted elsewhere.
func TestNotedHash(t *testing.T) {
	db := open(t, Options{})
	addProject(t, db, "acme/web")
	noted, err := db.VerifyAudit(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	there := func(want int) {
		t.Helper()
		report, err := db.VerifyAudit(t.Context(), root)
		if err != nil || report.Broken != 0 {
			t.Fatalf("R163: %+v, %v", report, err)
		}
		list, err := db.Entries(t.Context(), root, model.AuditQuery{Hash: noted.Head}, model.Page{})
		if err != nil || len(list.Rows) != want {
			t.Errorf("R163: %d entries with the hash noted, want %d: %v", len(list.Rows), want, err)
		}
	}
	addProject(t, db, "acme/api")
	there(1)
	tamper(t, db, fmt.Sprintf(`DELETE FROM audit WHERE number >= %d`, noted.Entries), fmt.Sprintf(`UPDATE chain_end SET number = %d, hash = (SELECT hash FROM audit WHERE number = %[1]d)`, noted.Entries-1))
	there(0)
}
