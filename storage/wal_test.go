package storage

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"patrol/model"
)

// A reader that doesn't end lets the write-ahead log grow, which is told once;
// when it has ended the log is emptied.
func TestLogBounded(t *testing.T) {
	var told bytes.Buffer
	db := open(t, Options{Log: slog.New(slog.NewTextHandler(&told, nil))})
	most := int64(256 << 10)
	write := func() int64 {
		t.Helper()
		for i := range 8 {
			err := db.change(t.Context(), root, func(t *tx) error {
				return t.exec(`INSERT INTO settings (key, value) VALUES (?, hex(randomblob(50000))) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, fmt.Sprint("big", i))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var size int64 // after the last try
		if err := db.change(t.Context(), root, func(*tx) error { size = logSize(db.path); return nil }); err != nil {
			t.Fatal(err)
		}
		return size
	}
	if err := db.change(t.Context(), root, func(t *tx) error {
		b := &db.writer.log
		b.most, b.next, b.step, b.patience = most, most, most/4, 1
		_, err := t.int("PRAGMA journal_size_limit = 65536") // what stays of a log begun anew
		return err
	}); err != nil {
		t.Fatal(err)
	}
	inside, free, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- db.view(t.Context(), root, func(t *tx) error {
			_, err := t.int(`SELECT count(*) FROM settings`)
			close(inside)
			<-free
			return err
		})
	}()
	<-inside
	if size := write(); size <= most {
		t.Errorf("%d bytes while somebody reads", size)
	}
	if n := strings.Count(told.String(), "write-ahead log"); n != 1 {
		t.Errorf("told %d times: %s", n, told.String())
	}
	close(free)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if size := write(); size > most {
		t.Errorf("%d bytes when nobody reads", size)
	}
	if n, err := db.writer.conn.queryInt(t.Context(), "PRAGMA busy_timeout"); err != nil || n != 5000 {
		t.Errorf("the writer now waits %d ms for a lock, %v", n, err)
	}
}

// A long log is told of although the database answers, until a change empties it.
func TestLongLogWarns(t *testing.T) {
	db := open(t, Options{})
	addProject(t, db, "acme/web")
	if got := db.Warning(); got != "" {
		t.Error(got)
	}
	if err := os.Truncate(db.path+"-wal", maxLog+1<<20); err != nil { // as if so much had been written
		t.Fatal(err)
	}
	if got := db.Warning(); !strings.Contains(got, "write-ahead log holds 257 MB") {
		t.Error(got)
	}
	for range 2 {
		if err := db.change(t.Context(), root, func(*tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if got := db.Warning(); got != "" {
		t.Error(got)
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
}

// writerFunc is a peer that does something at each write.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Who takes an export slowly reads no more from the database: the log is emptied
// while he takes it.
func TestSlowExport(t *testing.T) {
	db := open(t, Options{})
	for i := range 20 {
		addProject(t, db, fmt.Sprintf("acme/web%d", i))
	}
	var lines int
	err := db.Export(t.Context(), root, writerFunc(func(p []byte) (int, error) {
		lines += bytes.Count(p, []byte("\n"))
		return len(p), db.change(t.Context(), root, func(*tx) error { return nil })
	}))
	if err != nil || lines < 20 {
		t.Fatalf("%d lines, %v", lines, err)
	}
	err = db.Export(t.Context(), root, writerFunc(func([]byte) (int, error) {
		if emptied, err := emptyLog(db.writer.conn, 1); err != nil || !emptied {
			return 0, fmt.Errorf("the log is in use: %w", err)
		}
		return 0, errors.New("gone")
	}))
	if err == nil || err.Error() != "gone" {
		t.Errorf("a peer that went away: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(db.path), ".export-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := db.Export(t.Context(), model.Actor{}, writerFunc(func([]byte) (int, error) { panic("shown") })); err == nil {
		t.Error("anybody may export")
	}
}
