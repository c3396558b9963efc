package storage

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"patrol/model"
)

// Who waits behind one that found the database locked is told so with him: he
// would wait as long again.
func TestLockedDatabase(t *testing.T) {
	onFile(t)
	db := open(t, Options{})
	var both [2]*conn
	for i := range both {
		var err error
		if both[i], err = db.newConn(t.Context(), Alone); err != nil {
			t.Fatal(err)
		}
		defer both[i].close()
		if err := both[i].exec(t.Context(), "PRAGMA busy_timeout = 1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := both[0].exec(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	w := newWriter(db, both[1])
	answers := make(chan error) // nobody is answered before the one before has looked
	for i := range 4 {
		w.jobs <- &job{ctx: t.Context(), actor: root, large: i == 2, do: setFlag("never"), answer: answers}
	}
	w.start()
	for i := range 4 {
		if err := db.engine.Explain(<-answers); !errors.Is(err, model.ErrBusy) {
			t.Errorf("use case %d: %v", i, err)
		}
		if i == 0 { // free again: the others mustn't have tried
			if err := both[0].exec(t.Context(), "ROLLBACK"); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.stop()
}

// A caller who goes away while his use case waits is answered at once, and it
// never runs; one whose use case runs learns what became of it.
func TestCallerLeavesQueue(t *testing.T) {
	onFile(t)
	db := open(t, Options{})
	release := hold(t, db)
	leaving, leave := context.WithCancel(t.Context())
	answer := make(chan error, 1)
	go func() { answer <- db.change(leaving, root, setFlag("never")) }()
	for len(db.writer.jobs) == 0 {
		runtime.Gosched()
	}
	leave()
	select {
	case err := <-answer:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("who left the queue: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("who left the queue isn't answered")
	}
	release()
	going, cancel := context.WithCancel(t.Context())
	if err := db.change(going, root, func(t *tx) error { cancel(); return setFlag("done")(t) }); err != nil {
		t.Errorf("who left while it ran: %v", err)
	}
	if n := features(t, db); n != 1 {
		t.Errorf("%d rows stayed, want the second's", n)
	}
}

// Who outlives the store is refused.
func TestChangeAfterClose(t *testing.T) {
	db, err := OpenForTests(t.Context(), Options{Path: t.TempDir() + "/patrol.db"})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.change(t.Context(), root, setFlag("never")); !errors.Is(err, model.ErrUnavailable) {
		t.Errorf("a change: %v", err)
	}
	if err := db.view(t.Context(), root, func(*tx) error { return nil }); err == nil {
		t.Error("a read was answered")
	}
	db.Used(1, model.APIDoor, "10.0.0.1")
}
