package storage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
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

// heads are the write-ahead logs' indexes that were looked at. They are never
// closed: that would drop the process's locks.
var heads []*os.File

// commits is how many transactions have been committed to the file: the change
// counter of the write-ahead log's index (sqlite.org/walformat.html §2.1).
func commits(t *testing.T, db *DB) uint32 {
	t.Helper()
	head, err := os.Open(db.path + "-shm")
	if err != nil {
		t.Fatal(err)
	}
	heads = append(heads, head)
	var counter [4]byte
	if _, err := head.ReadAt(counter[:], 8); err != nil {
		t.Fatal(err)
	}
	return binary.NativeEndian.Uint32(counter[:])
}

// answered waits for the answers of use cases and checks that each is want.
func answered(t *testing.T, want error, answers ...chan error) {
	t.Helper()
	for i, answer := range answers {
		if err := <-answer; !errors.Is(err, want) {
			t.Errorf("use case %d: %v, want %v", i, err, want)
		}
	}
}

// Use cases that wait at the same time share a commit, and each has its own
// answer: one that fails, panics or was cancelled takes nobody with it.
func TestWriterGroups(t *testing.T) {
	onFile(t)
	db := open(t, Options{})
	before := commits(t, db)

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

	answered(t, nil, append(good, left)...)
	answered(t, failed, bad)
	answered(t, errPanicked, panics)
	answered(t, context.Canceled, cancelled)
	if n := features(t, db); n != 21 {
		t.Errorf("%d rows stayed, want 21", n)
	}
	if n := commits(t, db) - before; n != 1 {
		t.Errorf("%d commits, want 1", n)
	}
}

// A large use case has a transaction to itself, in its turn; if it fails nothing
// of it stays but the entry of its refusal, and nobody else is touched.
func TestWriterLarge(t *testing.T) {
	onFile(t)
	db := open(t, Options{})
	before, entries := commits(t, db), count(t, db, "audit")
	release := hold(t, db)
	large := func(do func(*tx) error) chan error {
		j := &job{ctx: context.Background(), actor: root, do: do, large: true, answer: make(chan error, 1)}
		db.writer.jobs <- j
		return j.answer
	}
	sees := func(want int64) func(*tx) error {
		return func(t *tx) error {
			if n, err := t.int(`SELECT count(*) FROM features`); err != nil || n != want {
				return fmt.Errorf("sees %d rows, not %d: %w", n, want, err)
			}
			return setFlag(fmt.Sprint("large", want))(t)
		}
	}
	failed := errors.New("failed")
	good := []chan error{
		ask(context.Background(), db, setFlag("a")), ask(context.Background(), db, setFlag("b")), large(sees(2)),
		ask(context.Background(), db, setFlag("c")), large(sees(4)), large(sees(5)), ask(context.Background(), db, setFlag("d")),
	}
	bad := large(func(t *tx) error { return errors.Join(setFlag("bad")(t), failed) })
	panics := large(func(t *tx) error { panic(setFlag("worse")(t)) })
	refused := large(func(t *tx) error {
		d := model.Decision{Rule: "R29", Text: "no", Kind: model.ErrDenied}
		return errors.Join(setFlag("refused")(t), t.answer(d, model.ProjectDeleted, about{kind: "project", id: 7}))
	})
	last := ask(context.Background(), db, setFlag("e"))
	release()
	answered(t, nil, append(good, last)...)
	answered(t, failed, bad)
	answered(t, errPanicked, panics)
	answered(t, model.ErrDenied, refused)
	if n := features(t, db); n != 8 {
		t.Errorf("%d rows stayed, want 8", n)
	}
	if n := count(t, db, "audit") - entries; n != 1 {
		t.Errorf("R160: %d entries, want the refusal's", n)
	}
	if report, err := db.VerifyAudit(t.Context(), root); err != nil || report.Broken != 0 {
		t.Errorf("R163: %+v, %v", report, err)
	}
	if n := commits(t, db) - before; n != 8 { // a b, large, c, large, large, d, the refusal, e
		t.Errorf("%d commits, want 8", n)
	}
}

// If the transaction is lost (here: the file may not grow), the others' use
// cases run again one by one and succeed.
func TestWriterLostTransaction(t *testing.T) {
	onFile(t)
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
	if err := db.engine.Explain(<-full); !errors.Is(err, model.ErrUnavailable) {
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
		db, err := OpenForTests(t.Context(), o)
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

// An entry that can't be written, of a refusal, is that use case's failure alone:
// those that share its transaction are committed, and the chain has no gap (R160).
func TestRefusalNotWritten(t *testing.T) {
	db := open(t, Options{})
	trigger := `CREATE TRIGGER no_room BEFORE INSERT ON audit WHEN new.action = 'boom' BEGIN SELECT RAISE(ABORT, 'no room'); END`
	if os.Getenv(postgresVariable) != "" {
		trigger = `CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$;
			CREATE TRIGGER no_room BEFORE INSERT ON audit FOR EACH ROW WHEN (new.action = 'boom') EXECUTE FUNCTION no_room()`
	}
	if _, err := db.writer.conn.c.ExecContext(t.Context(), trigger); err != nil {
		t.Fatal(err)
	}
	refuse := func(action string) func(*tx) error {
		return func(t *tx) error {
			return errors.Join(t.refuse("R41", action, about{kind: "instance"}), model.NotFound("token"))
		}
	}
	note := func(t *tx) error { return t.record("noted", about{kind: "instance"}, nil) }
	var first, boom, after, refused chan error
	ready := make(chan struct{})
	first = ask(t.Context(), db, func(x *tx) error {
		<-ready
		return note(x)
	})
	boom = ask(t.Context(), db, refuse("boom"))
	after = ask(t.Context(), db, note)
	refused = ask(t.Context(), db, refuse("tried"))
	for len(db.writer.jobs) < 3 { // so that they share a transaction
		runtime.Gosched()
	}
	close(ready)
	if err := <-boom; err == nil || errors.Is(err, model.ErrNotFound) {
		t.Errorf("the refusal that can't be noted: %v", err)
	}
	answered(t, nil, first, after)
	answered(t, model.ErrNotFound, refused)
	if report, err := db.VerifyAudit(t.Context(), root); err != nil || report.Broken != 0 || report.Entries != 3 {
		t.Errorf("the chain: %+v, %v", report, err)
	}
}
