package storage

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"patrol/model"
)

// writerFunc is a peer that does something at each write.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Who takes an export slowly reads no more from the database: the log is emptied
// while he takes it.
func TestSlowExport(t *testing.T) {
	onFile(t)
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
		var busy, pages, moved int
		err := db.writer.conn.c.QueryRowContext(t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved)
		if err != nil || busy != 0 {
			return 0, fmt.Errorf("the log is in use: %d, %w", busy, err)
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
