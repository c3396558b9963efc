package storage

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"patrol/model"
)

// A caller who goes away at any moment takes no reader with him: whatever the
// driver says, each connection is outside of a transaction when the next one
// gets it.
func TestCancelledReads(t *testing.T) {
	db := open(t, Options{})
	for _, path := range []string{"acme/web", "acme/api", "labs/sim"} {
		addProject(t, db, path)
	}
	var callers sync.WaitGroup
	for range 2 {
		callers.Go(func() {
			for n := range 6000 {
				ctx, cancel := context.WithCancel(t.Context())
				go func() { // no timer is so exact
					for began := time.Now(); time.Since(began) < time.Duration(n%61)*time.Microsecond; {
					}
					cancel()
				}()
				err := db.view(ctx, root, func(t *tx) error {
					_, err := t.int("SELECT count(*) FROM projects")
					return err
				})
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("a cancelled read: %v", err)
				}
				<-ctx.Done()
			}
		})
	}
	callers.Wait()
	for range 2 * cap(db.readers) {
		found, err := db.Projects(t.Context(), root, model.PlaceQuery{}, model.Page{Limit: 20})
		if err != nil || len(found.Rows) != 3 {
			t.Fatalf("a read after cancelled ones: %d projects, %v", len(found.Rows), err)
		}
	}
}

// A caller who leaves in the middle of a long statement ends it, and the next one
// gets the same connection.
func TestCancelledStatement(t *testing.T) {
	db := open(t, Options{})
	for len(db.unmade) > 0 { // one connection is all there is
		<-db.unmade
	}
	const long = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000000) SELECT count(*) FROM n`
	var used [2]*conn
	for i := range used {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		err := db.view(ctx, root, func(t *tx) error {
			used[i] = t.conn
			if _, err := t.int("SELECT count(*) FROM projects"); err != nil {
				return err
			}
			time.AfterFunc(10*time.Millisecond, cancel)
			_, err := t.int(long)
			return err
		})
		if !errors.Is(err, context.Canceled) || time.Since(began) > 20*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	}
	if used[0] != used[1] || len(db.readers) != 1 {
		t.Error("the connection was lost")
	}
}
