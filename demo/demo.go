// Package demo makes databases to look at and to measure with: a story that the
// use cases play on a clock of its own, and any number of tokens beside it.
package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"patrol/model"
	"patrol/storage"
)

const day = 24 * time.Hour

// Make fills a new database with people, groups, projects and the number of
// tokens given, in every state there is, as if it were that time now. progress
// is told how many tokens there are so far; nil: nobody asks.
func Make(ctx context.Context, open func(context.Context, storage.Options) (*storage.DB, error), o storage.Options, now time.Time, tokens int, progress func(done int)) error {
	if progress == nil {
		progress = func(int) {}
	}
	clock := &clock{now.Add(-400 * day)}
	o.Clock = clock.read
	told := min(tokens, len(storyTokens))
	err := with(ctx, open, o, func(db *storage.DB) error {
		if err := unused(ctx, db); err != nil {
			return err
		}
		return (&story{db: db, ctx: ctx, clock: clock, end: now}).play(told)
	})
	progress(told)
	if err != nil || tokens == told {
		return err
	}
	o.Clock = func() time.Time { return now }
	return with(ctx, open, o, func(db *storage.DB) error {
		return fill(ctx, db, tokens-told, now, func(made int) { progress(told + made) })
	})
}

// unused refuses a database that anything was ever done in: what is made up would
// stand among what is real.
func unused(ctx context.Context, db *storage.DB) error {
	done, err := db.Entries(ctx, model.Actor{UserID: model.RootID, Door: model.CLIDoor}, model.AuditQuery{}, model.Page{Limit: 1})
	if err == nil && len(done.Rows) > 0 {
		err = errors.New("this database is in use: a demo is made in a new one")
	}
	return err
}

// with opens a database, does something with it, and closes it: then what is
// written in batches is there too.
func with(ctx context.Context, open func(context.Context, storage.Options) (*storage.DB, error), o storage.Options, do func(*storage.DB) error) error {
	db, err := open(ctx, o)
	if err != nil {
		return err
	}
	if err = do(db); err != nil {
		err = fmt.Errorf("demo: %w", err)
	}
	return errors.Join(err, db.Close())
}

// clock tells the time of the story.
type clock struct{ now time.Time }

func (c *clock) read() time.Time {
	c.now = c.now.Add(time.Second)
	return c.now
}
