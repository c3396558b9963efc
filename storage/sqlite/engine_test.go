package sqlite

import (
	"bytes"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"
)

var root = model.Actor{UserID: model.RootID, Door: model.CLIDoor, Address: "tester"}

// opened is an engine without a store above it.
func opened(t *testing.T, o storage.Options) *engine {
	t.Helper()
	o.Path, o.Clock = filepath.Join(t.TempDir(), "patrol.db"), time.Now
	e := new(engine)
	if err := e.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func connected(t *testing.T, e *engine, r storage.Role) *sql.Conn {
	t.Helper()
	c, err := e.Connect(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() }) // the pool's closing says what is wrong
	return c
}

func run(t *testing.T, c *sql.Conn, statement string, args ...any) {
	t.Helper()
	if _, err := c.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// What holds for the connections of each role: how long they wait, whether
// references are checked, how many pages they keep, which is what a console's
// memory is measured by.
func TestRoles(t *testing.T) {
	for small, roles := range map[bool][3][3]int64{
		false: {{5000, 1, -4000}, {5000, 1, -1000}, {60000, 0, -65536}},
		true:  {{5000, 1, -128}, {5000, 1, -128}, {60000, 0, -65536}},
	} {
		e := opened(t, storage.Options{Small: small})
		for role, wants := range roles {
			c := connected(t, e, storage.Role(role))
			for i, pragma := range []string{"busy_timeout", "foreign_keys", "cache_size"} {
				if got, err := queryInt(t.Context(), c, "PRAGMA "+pragma); err != nil || got != wants[i] {
					t.Errorf("small %v, role %d: %s is %d, %v", small, role, pragma, got, err)
				}
			}
		}
	}
}

// A reader that doesn't end lets the write-ahead log grow, which is told once;
// when it has ended the log is emptied.
func TestLogBounded(t *testing.T) {
	var told bytes.Buffer
	e := opened(t, storage.Options{Log: slog.New(slog.NewTextHandler(&told, nil))})
	const most = 256 << 10
	e.log.most, e.log.next, e.log.step, e.log.patience = most, most, most/4, 1
	writer, reader := connected(t, e, storage.Writer), connected(t, e, storage.Reader)
	write := func() int64 {
		for range 8 {
			run(t, writer, `INSERT INTO settings (key, value) VALUES ('big', hex(randomblob(50000))) ON CONFLICT (key) DO UPDATE SET value = excluded.value`)
			e.Committed(writer)
		}
		return logSize(e.path)
	}
	run(t, writer, "PRAGMA journal_size_limit = 65536") // what stays of a log begun anew
	run(t, reader, "BEGIN")
	if _, err := queryInt(t.Context(), reader, "SELECT count(*) FROM settings"); err != nil {
		t.Fatal(err)
	}
	if size := write(); size <= most {
		t.Errorf("%d bytes while somebody reads", size)
	}
	if n := strings.Count(told.String(), "write-ahead log"); n != 1 {
		t.Errorf("told %d times: %s", n, told.String())
	}
	run(t, reader, "ROLLBACK")
	if size := write(); size > most {
		t.Errorf("%d bytes when nobody reads", size)
	}
	if n, err := queryInt(t.Context(), writer, "PRAGMA busy_timeout"); err != nil || n != 5000 {
		t.Errorf("the writer now waits %d ms for a lock, %v", n, err)
	}
}

// A long log is told of although the database answers, until a change empties it.
func TestLongLogWarns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "patrol.db")
	db, err := Open(t.Context(), storage.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	change := func(username string) {
		t.Helper()
		if _, err := db.AddUser(t.Context(), root, model.NewUser{Username: username}); err != nil {
			t.Fatal(err)
		}
	}
	change("mara")
	if got := db.Warning(); got != "" {
		t.Error(got)
	}
	if err := os.Truncate(path+"-wal", maxLog+1<<20); err != nil { // as if so much had been written
		t.Fatal(err)
	}
	if got := db.Warning(); !strings.Contains(got, "write-ahead log holds 257 MB") {
		t.Error(got)
	}
	change("lena")
	change("jon") // after the first was answered
	if got := db.Warning(); got != "" {
		t.Error(got)
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
