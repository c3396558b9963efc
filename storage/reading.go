package storage

import (
	"cmp"
	"context"
	"errors"

	"patrol/model"
)

// reader gives a connection that nobody uses, or makes one if all are in use:
// each has a cache of its own, and one that works alone should be warm.
func (db *DB) reader(ctx context.Context) (*conn, error) {
	select {
	case c := <-db.readers:
		return c, nil
	default:
	}
	select {
	case c := <-db.readers:
		return c, nil
	case <-db.unmade:
		c, err := db.newReader(ctx)
		if err != nil {
			db.unmade <- struct{}{}
		}
		return c, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// newReader makes a connection, which the caller's leaving doesn't stop: many who
// leave at once would have each other wait for connections that are never made.
func (db *DB) newReader(ctx context.Context) (*conn, error) {
	c, err := db.newConn(context.WithoutCancel(ctx), Reader)
	if err == nil && db.readOnly {
		if err = db.rehearse(ctx, c); err != nil {
			c.discard() // half of its views may be there
		}
	}
	return c, err
}

// view runs a use case that only reads, on a snapshot.
//
// BEGIN and ROLLBACK outlast the caller: a cancelled BEGIN may have taken effect
// and say that it hasn't, and the next use case would meet a transaction that is
// open.
func (db *DB) view(ctx context.Context, a model.Actor, do func(*tx) error) error {
	return db.reading(ctx, func(c *conn) (began bool, err error) {
		lasting := context.WithoutCancel(ctx)
		c.open = true
		if err := c.begin(lasting, false); err != nil {
			return false, err
		}
		err = guarded(do, &tx{db: db, conn: c, ctx: ctx, actor: a, now: db.Now()})
		brief, stop := db.engine.Brief(lasting, false)
		defer stop()
		end := c.exec(brief, "ROLLBACK")
		c.open = end != nil
		return true, cmp.Or(err, end)
	})
}

// glance is view for a use case of one statement, which is a snapshot by itself.
func (db *DB) glance(ctx context.Context, do func(*tx) error) error {
	return db.reading(ctx, func(c *conn) (began bool, err error) {
		brief, stop := db.engine.Brief(ctx, false)
		defer stop()
		err = guarded(do, &tx{db: db, conn: c, ctx: brief, now: db.Now()})
		return err == nil, err
	})
}

// reading lends a reader's connection. One that was lost while nobody used it is
// found out at the beginning, and another one made; so is one that isn't known to
// be outside of a transaction, when it is wanted again.
func (db *DB) reading(ctx context.Context, use func(*conn) (began bool, err error)) error {
	c, err := db.reader(ctx)
	if err != nil {
		return db.explain(ctx, err)
	}
	lost := false
	defer func() {
		if !lost && !c.open {
			db.readers <- c
			return
		}
		c.discard()
		db.unmade <- struct{}{}
	}()
	c.trim()
	began, err := use(c)
	if !began && db.gone(err) {
		other, failed := db.newReader(ctx)
		if failed != nil {
			lost = true
			return db.explain(ctx, failed)
		}
		c.discard()
		c = other
		_, err = use(c)
	}
	lost = db.engine.Gone(err)
	return db.explain(ctx, err)
}

// gone tells whether a connection is lost of a database that may answer on
// another: it wasn't merely silent.
func (db *DB) gone(err error) bool {
	return db.engine.Gone(err) && !errors.Is(err, context.DeadlineExceeded)
}

// explain is the engine's explanation of what went wrong while it read for a
// caller. Of one who has left, all that the database says is that he has.
func (db *DB) explain(ctx context.Context, err error) error {
	if _, ours := errors.AsType[*model.Reason](err); err != nil && ctx.Err() != nil && !ours {
		return ctx.Err()
	}
	return db.engine.Explain(err)
}
