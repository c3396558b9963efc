package demo

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"
	"patrol/storage/sqlite"
)

// The story and the tokens beside it are a sound database with a bit of
// everything in it.
func TestMake(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	o := storage.Options{Path: filepath.Join(t.TempDir(), "demo.db")}
	last := 0
	if err := Make(t.Context(), sqlite.Open, o, now, 300, func(done int) { last = done }); err != nil {
		t.Fatal(err)
	}
	if last != 300 {
		t.Errorf("the last of its reports was %d", last)
	}
	o.Clock = func() time.Time { return now }
	db, err := sqlite.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	for line, least := range map[string]int{"": 250, "state:active": 150, "state:expired": 2, "state:active expires:<8d": 2, "last-used:never": 20, "role:owner": 2, "project:acme/web": 4, "scope:api": 20} {
		filter, wrong := model.ParseFilter(line)
		found, err := db.Tokens(t.Context(), root, model.TokenQuery{Filter: filter}, model.Page{Count: true})
		if err != nil || wrong != nil || found.Total < least {
			t.Errorf("%q finds %d, want at least %d: %v", line, found.Total, least, err)
		}
	}
	entries, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.TokenCreated}, model.Page{Limit: 100})
	refused := 0
	for _, e := range entries.Rows {
		if e.Refused {
			refused++
		}
	}
	if err != nil || refused != 2 {
		t.Errorf("the story has %d refusals: %v", refused, err)
	}
}

// Without tokens there are still people and places.
func TestMakeNone(t *testing.T) {
	if err := Make(t.Context(), sqlite.Open, storage.Options{Path: filepath.Join(t.TempDir(), "demo.db")}, time.Now(), 0, nil); err != nil {
		t.Fatal(err)
	}
}

// What is made up never stands among what is real.
func TestMakeInUse(t *testing.T) {
	o := storage.Options{Path: filepath.Join(t.TempDir(), "real.db")}
	db, err := sqlite.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	root := model.Actor{UserID: model.RootID, Door: model.CLIDoor}
	if _, err := db.AddUser(t.Context(), root, model.NewUser{Username: "mara"}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Make(t.Context(), sqlite.Open, o, time.Now(), 10, nil); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a demo was made in a database in use: %v", err)
	}
}
