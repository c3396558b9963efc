package storage

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"patrol/model"
)

// hold stops the writer inside a use case until release is called, so that what
// is asked meanwhile gathers for one commit.
func hold(t *testing.T, db *DB) (release func()) {
	t.Helper()
	inside, free, done := make(chan struct{}, 2), make(chan struct{}), make(chan error, 1) // it may run twice
	go func() {
		done <- db.change(context.Background(), root, func(*tx) error { inside <- struct{}{}; <-free; return nil })
	}()
	<-inside
	return func() {
		close(free)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// ask queues a use case and gives its answer later.
func ask(ctx context.Context, db *DB, do func(*tx) error) chan error {
	j := &job{ctx: ctx, actor: root, do: do, answer: make(chan error, 1)}
	db.writer.jobs <- j
	return j.answer
}

func setFlag(name string) func(*tx) error {
	return func(t *tx) error { return t.exec(`INSERT INTO features (name, value) VALUES (?, 1)`, name) }
}

func features(t *testing.T, db *DB) (n int64) {
	t.Helper()
	err := db.view(t.Context(), root, func(t *tx) (err error) { n, err = t.int(`SELECT count(*) FROM features`); return err })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func commits(t *testing.T, c *conn) int64 {
	t.Helper()
	n, err := c.queryInt(t.Context(), "PRAGMA data_version")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Use cases that wait at the same time share a commit, and each has its own
// answer: one that fails, panics or was cancelled takes nobody with it.
func TestWriterGroups(t *testing.T) {
	db := open(t, Options{})
	c, err := newConn(t.Context(), db.read) // data_version is each connection's own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.close() })
	before := commits(t, c)

	release := hold(t, db)
	var good []chan error
	for i := range 20 {
		good = append(good, ask(context.Background(), db, setFlag(fmt.Sprint("good", i))))
	}
	failed := errors.New("refused")
	bad := ask(context.Background(), db, func(t *tx) error {
		if err := setFlag("bad")(t); err != nil {
			return err
		}
		return failed
	})
	panics := ask(context.Background(), db, func(t *tx) error {
		if err := setFlag("panics")(t); err != nil {
			return err
		}
		panic("planted")
	})
	gone, cancel := context.WithCancel(context.Background())
	cancelled := ask(gone, db, setFlag("cancelled"))
	cancel()
	// A caller that goes away in the middle interrupts nobody.
	leaving, leave := context.WithCancel(context.Background())
	left := ask(leaving, db, func(t *tx) error { leave(); return setFlag("left")(t) })
	release()

	for i, answer := range good {
		if err := <-answer; err != nil {
			t.Errorf("use case %d: %v", i, err)
		}
	}
	if err := <-bad; !errors.Is(err, failed) {
		t.Errorf("bad: %v", err)
	}
	if err := <-panics; !errors.Is(err, errPanicked) {
		t.Errorf("panics: %v", err)
	}
	if err := <-cancelled; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := <-left; err != nil {
		t.Errorf("left: %v", err)
	}
	if n := features(t, db); n != 21 {
		t.Errorf("%d rows stayed, want 21", n)
	}
	if n := commits(t, c) - before; n != 1 {
		t.Errorf("%d commits, want 1", n)
	}
}

// If the transaction is lost (here: the file may not grow), the others' use
// cases run again one by one and succeed.
func TestWriterLostTransaction(t *testing.T) {
	db := open(t, Options{})
	release := hold(t, db)
	first := ask(context.Background(), db, setFlag("first"))
	full := ask(context.Background(), db, func(t *tx) error {
		return t.exec(`INSERT INTO settings (key, value) VALUES ('big', hex(zeroblob(4000000)))`)
	})
	last := ask(context.Background(), db, setFlag("last"))
	pages, err := db.writer.conn.queryInt(context.Background(), "PRAGMA page_count") // the writer is held: its connection is free
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.writer.conn.c.ExecContext(context.Background(), fmt.Sprintf("PRAGMA max_page_count = %d", pages+20)); err != nil {
		t.Fatal(err)
	}
	release()
	if err := <-first; err != nil {
		t.Errorf("first: %v", err)
	}
	if err := storeError(<-full); !errors.Is(err, model.ErrUnavailable) {
		t.Errorf("full: %v", err)
	}
	if err := <-last; err != nil {
		t.Errorf("last: %v", err)
	}
	if n := features(t, db); n != 2 {
		t.Errorf("%d rows stayed, want 2", n)
	}
}

// R174: with --at nothing is written.
func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "patrol.db")
	use := func(o Options, do func(*DB)) {
		t.Helper()
		db, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		do(db)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	use(Options{Path: path}, func(*DB) {})
	use(Options{Path: path, ReadOnly: true}, func(db *DB) {
		var r *model.Reason
		err := db.change(t.Context(), root, setFlag("never"))
		if !errors.As(err, &r) || r.Rule != "R174" || !errors.Is(err, model.ErrReadOnly) {
			t.Errorf("R174: %v", err)
		}
		db.Used(1, model.APIDoor, "10.0.0.1")
	})
	use(Options{Path: path}, func(db *DB) {
		if n := features(t, db); n != 0 {
			t.Errorf("R174: %d rows were written", n)
		}
	})
}
