package storage

import (
	"context"
	"database/sql"
	"slices"
	"sync/atomic"
	"time"

	"patrol/model"
)

// commitCounts are what the writer commits.
type commitCounts struct {
	commits, changes atomic.Uint64
	batches          [len(model.BatchSizes)]atomic.Uint64
}

// add counts a commit of so many changes.
func (c *commitCounts) add(changes int) {
	c.commits.Add(1)
	c.changes.Add(uint64(changes))
	size, _ := slices.BinarySearch(model.BatchSizes[:], changes)
	c.batches[min(size, len(c.batches)-1)].Add(1)
}

// Commits is what the writer has done since the store was opened.
func (db *DB) Commits() (c model.Commits) {
	c.Commits, c.Changes = db.committed.commits.Load(), db.committed.changes.Load()
	for i := range c.Batches {
		c.Batches[i] = db.committed.batches[i].Load()
	}
	return c
}

const (
	// No more rows are read than can be counted, beginning with those that expire first.
	outlookSQL = `SELECT count(*), coalesce(sum(CASE WHEN expires_on <= ? THEN 1 ELSE 0 END), 0) FROM (
		SELECT t.expires_on FROM tokens t {indexed by tokens_live}
		WHERE t.revoked_at IS NULL AND t.expires_on > ? AND t.expires_on <= ? AND t.replaced_until IS NULL ORDER BY t.expires_on LIMIT ?) due`

	oldestNoticeSQL = `SELECT n.at FROM notices n {lead join} tokens t ON t.id = n.token_id
		WHERE n.delivered_at IS NULL AND ` + concerned + ` ORDER BY n.id LIMIT 1`
)

// Outlook is what time will bring.
func (db *DB) Outlook(ctx context.Context) (due model.Outlook, err error) {
	err = db.view(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		today := t.today()
		if _, err := t.row(outlookSQL, []any{(today + 7).String(), today.String(), (today + 30).String(), model.MostDue}, &due.In30, &due.In7); err != nil {
			return err
		}
		var at sql.NullInt64
		_, err := t.row(oldestNoticeSQL, nil, &at)
		due.Notice = timeOf(at)
		if err != nil {
			return err
		}
		_, err = t.row(stuckSQL, []any{t.now.Add(-time.Hour).UnixMilli()}, &due.FailingTargets, &at)
		if stuck := timeOf(at); !stuck.IsZero() && (due.Notice.IsZero() || stuck.Before(due.Notice)) {
			due.Notice = stuck
		}
		return err
	})
	return due, err
}
