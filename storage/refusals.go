package storage

import (
	"context"
	"strings"
	"time"

	"patrol/model"
)

// What is kept of refused requests (R99).
const (
	keptRefusals = 20       // different ones of a token
	refusalKept  = 90 * day // after it last came
	maxAsked     = 255      // bytes of what was asked
)

// Refused notes a request that a door refused.
func (db *DB) Refused(n model.Refusal) {
	if db.readOnly || n.TokenID == 0 {
		return
	}
	if len(n.Asked) > maxAsked {
		n.Asked = strings.ToValidUTF8(n.Asked[:maxAsked], "") + "…"
	}
	now := db.Now()
	n.First, n.Last, n.Count = now, now, 1
	db.traffic.refuse(n)
}

// A refusal that comes again is written anew, with a new id: the order of ids is
// the order in which they came last, whatever the clock did.
const (
	refusedBeforeSQL = `DELETE FROM refusals WHERE token_id = ? AND door = ? AND asked = ? AND rule = ? RETURNING first_at, count`

	refusedSQL = `INSERT INTO refusals (token_id, door, asked, rule, reason, first_at, last_at, count, address, request_id)
	SELECT id, CAST(?2 AS TEXT), CAST(?3 AS TEXT), CAST(?4 AS TEXT), CAST(?5 AS TEXT), CAST(?6 AS BIGINT), CAST(?7 AS BIGINT), CAST(?8 AS BIGINT),
		CAST(?9 AS TEXT), CAST(?10 AS TEXT) FROM tokens WHERE id = ?1`
)

const dropRefusalsSQL = `DELETE FROM refusals WHERE token_id = ?1 AND id NOT IN
	(SELECT id FROM refusals WHERE token_id = ?1 ORDER BY id DESC LIMIT ?2)`

const forgetCountSQL = `DELETE FROM refused_since WHERE token_id = ? AND door = ?`

const addCountSQL = `INSERT INTO refused_since (token_id, door, count, last_at) SELECT id, CAST(?2 AS TEXT), CAST(?3 AS BIGINT), CAST(?4 AS BIGINT) FROM tokens WHERE id = ?1
	ON CONFLICT (token_id, door) DO UPDATE SET count = refused_since.count + excluded.count, last_at = excluded.last_at`

// refusals writes what of one token was refused, and counts it by door.
func (t *tx) refusals(token int64, of *noted) error {
	for _, n := range of.refusals {
		first, before := n.First.UnixMilli(), 0
		if _, err := t.row(refusedBeforeSQL, []any{token, string(n.Door), n.Asked, n.Rule}, &first, &before); err != nil {
			return err
		}
		err := t.exec(refusedSQL, token, string(n.Door), n.Asked, n.Rule, n.Text, first, n.Last.UnixMilli(), before+n.Count, n.Address, n.RequestID)
		if err != nil {
			return err
		}
	}
	if len(of.refusals) > 0 {
		if err := t.exec(dropRefusalsSQL, token, keptRefusals); err != nil {
			return err
		}
	}
	for door, since := range of.since {
		if since.again {
			if err := t.exec(forgetCountSQL, token, string(door)); err != nil {
				return err
			}
		}
		if since.count > 0 {
			if err := t.exec(addCountSQL, token, string(door), since.count, t.now.UnixMilli()); err != nil {
				return err
			}
			if err := t.refusedAgain(token, door, since.count); err != nil {
				return err
			}
		}
	}
	return nil
}

const (
	refusalColumns = `r.token_id, r.door, r.asked, r.rule, r.reason, r.first_at, r.last_at, r.count, r.address, r.request_id, coalesce(s.count, 0)`

	refusalsSQL = `SELECT ` + refusalColumns + `
	FROM refusals r LEFT JOIN refused_since s ON s.token_id = r.token_id AND s.door = r.door WHERE r.token_id = ? ORDER BY r.id DESC`

	// Those that came since a moment are few, or cut: they lead to their tokens.
	oftenRefusedSQL = `SELECT ` + refusalColumns + `
	FROM (SELECT * FROM refusals WHERE last_at > ? ORDER BY last_at DESC LIMIT ?) AS r {lead join} tokens t ON t.id = r.token_id
	LEFT JOIN refused_since s ON s.token_id = r.token_id AND s.door = r.door WHERE r.count >= ? AND `
)

func scanRefusal(scan func(...any) error) (n model.Refusal, err error) {
	var first, last int64
	err = scan(&n.TokenID, &n.Door, &n.Asked, &n.Rule, &n.Text, &first, &last, &n.Count, &n.Address, &n.RequestID, &n.SinceSuccess)
	n.First, n.Last = time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
	return n, err
}

// Refusals lists what doors have refused a token, the last first (R44, R48).
func (db *DB) Refusals(ctx context.Context, a model.Actor, tokenID int64) (list []model.Refusal, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		f, _, err := t.aim(model.RESTRead, model.ReadToken, model.Ref{}, tokenID)
		if err != nil {
			return err
		}
		if err := model.Decide(f).Err(); err != nil {
			return err
		}
		list, err = t.refusalsOf(refusalsSQL, tokenID)
		return err
	})
	return list, err
}

// RefusedAgain lists what came again and again since a moment.
func (db *DB) RefusedAgain(ctx context.Context, a model.Actor, since time.Time, times int) (list []model.Refusal, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		w, err := t.tokensWhere(model.TokenQuery{Deleted: true})
		if err != nil {
			return err
		}
		args := append([]any{since.UnixMilli(), model.CountLimit, times}, w.args...)
		list, err = t.refusalsOf(oftenRefusedSQL+w.String()+` ORDER BY r.count DESC, r.id DESC LIMIT ?`, append(args, model.MaxPage)...)
		return err
	})
	return list, err
}

func (t *tx) refusalsOf(query string, args ...any) (list []model.Refusal, err error) {
	err = t.rows(query, args, func(scan func(...any) error) error {
		n, err := scanRefusal(scan)
		list = append(list, n)
		return err
	})
	return list, err
}

const (
	dropOldRefusalsSQL = `DELETE FROM refusals WHERE id IN (SELECT id FROM refusals WHERE last_at <= ? LIMIT ?)`
	dropOldCountsSQL   = `DELETE FROM refused_since WHERE (token_id, door) IN (SELECT token_id, door FROM refused_since WHERE last_at <= ? LIMIT ?)`
)

// dropRefusals forgets refusals that didn't come again for a long time (R99).
func (t *tx) dropRefusals() (more bool, err error) {
	return t.dropOld(refusalKept, dropOldRefusalsSQL, dropOldCountsSQL, dropRefusedAgainSQL)
}

// dropOld runs deletions of what is older than an age, a batch each.
func (t *tx) dropOld(age time.Duration, statements ...string) (more bool, err error) {
	for _, statement := range statements {
		n, err := t.changed(statement, t.now.Add(-age).UnixMilli(), tidyBatch)
		if err != nil {
			return false, err
		}
		more = more || n == tidyBatch
	}
	return more, nil
}
