package storage

import (
	"context"
	"database/sql"
	"time"

	"patrol/model"
)

const (
	targetColumns = `name, audit, notice, refused, delivered, dropped, taken_at, failing_at, stuck_at, failures, error`

	addTargetSQL = `INSERT INTO targets (name, audit, notice, refused) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO NOTHING`

	// What is held for much longer than one asks for was held by a clock that was
	// ahead.
	claimTargetSQL = `UPDATE targets SET held_by = ?, held_until = ? WHERE name = ? AND (held_by = ? OR held_until <= ? OR held_until > ?)`

	saveTargetSQL = `UPDATE targets SET audit = ?, notice = ?, refused = ?, delivered = ?, dropped = ?, taken_at = ?, failing_at = ?, stuck_at = ?,
		failures = ?, error = ?, held_until = ? WHERE name = ? AND held_by = ?`

	targetSQL  = `SELECT ` + targetColumns + ` FROM targets WHERE name = ?`
	targetsSQL = `SELECT ` + targetColumns + ` FROM targets ORDER BY name`

	// A target that no server has tried for an hour isn't anybody's any more.
	stuckSQL = `SELECT count(*), min(stuck_at) FROM targets WHERE failures > 0 AND held_until > ?`
)

// ClaimTarget gives a target to a process for a while, unless another has it.
func (db *DB) ClaimTarget(ctx context.Context, name, process string, hold time.Duration) (state model.TargetState, mine bool, err error) {
	err = db.change(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		var last model.Position
		if _, err := t.row(lastEventsSQL, nil, &last.Audit, &last.Notice, &last.Refused); err != nil {
			return err
		}
		if t.chain.known { // entries of use cases in the same commit
			last.Audit = t.chain.number
		}
		if err := t.exec(addTargetSQL, name, last.Audit, last.Notice, last.Refused); err != nil {
			return err
		}
		n, err := t.changed(claimTargetSQL, process, t.now.Add(hold).UnixMilli(), name, process, t.now.UnixMilli(), t.now.Add(2*hold).UnixMilli())
		if err != nil {
			return err
		}
		mine = n == 1
		return t.rows(targetSQL, []any{name}, func(scan func(...any) error) (err error) {
			state, err = scanTarget(scan)
			return err
		})
	})
	return state, mine, err
}

// SaveTarget notes how far a target has come, and how it does, unless another
// process has it.
func (db *DB) SaveTarget(ctx context.Context, s model.TargetState, process string, hold time.Duration) (mine bool, err error) {
	err = db.change(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		held := int64(0)
		if hold > 0 {
			held = t.now.Add(hold).UnixMilli()
		}
		n, err := t.changed(saveTargetSQL, s.Position.Audit, s.Position.Notice, s.Position.Refused, s.Delivered, s.Dropped, orNoTime(s.TakenAt),
			orNoTime(s.FailingAt), orNoTime(s.StuckAt), s.Failures, s.Error, held, s.Name, process)
		mine = n == 1
		return err
	})
	return mine && err == nil, err
}

// Targets are all that were ever claimed.
func (db *DB) Targets(ctx context.Context) (list []model.TargetState, err error) {
	err = db.view(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		list = nil
		return t.rows(targetsSQL, nil, func(scan func(...any) error) error {
			state, err := scanTarget(scan)
			list = append(list, state)
			return err
		})
	})
	return list, err
}

func scanTarget(scan func(...any) error) (s model.TargetState, err error) {
	var taken, failing, stuck sql.NullInt64
	err = scan(&s.Name, &s.Position.Audit, &s.Position.Notice, &s.Position.Refused, &s.Delivered, &s.Dropped, &taken, &failing, &stuck, &s.Failures, &s.Error)
	s.TakenAt, s.FailingAt, s.StuckAt = timeOf(taken), timeOf(failing), timeOf(stuck)
	return s, err
}

func orNoTime(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: !t.IsZero()}
}
