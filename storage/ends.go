package storage

import (
	"context"
	"database/sql"
	"slices"

	"patrol/model"
)

// EndsByDay counts the ends of active tokens by day. The index of ends leads to
// them, and no more than CountLimit are looked at.
func (db *DB) EndsByDay(ctx context.Context, a model.Actor, q model.TokenQuery, from model.Date, days int) (ends model.Ends, err error) {
	ends = model.Ends{ByDay: make([]int, max(days, 0)), Whole: max(days, 0)}
	active := true
	q.Active = &active
	err = db.view(ctx, a, func(t *tx) error {
		w, err := t.tokensWhere(q)
		if err != nil {
			return err
		}
		w.first(`t.expires_on >= ? AND t.expires_on < ?`, from.String(), (from + model.Date(days)).String())
		found, last := 0, 0
		err = t.rows(`SELECT found.expires_on, count(*) FROM (SELECT t.expires_on FROM `+narrowTables(w)+` WHERE `+w.String()+` ORDER BY t.expires_on LIMIT ?) AS found
			GROUP BY found.expires_on ORDER BY found.expires_on`, append(slices.Clone(w.args), model.CountLimit+1), func(scan func(...any) error) error {
			var on sql.NullString
			var n int
			if err := scan(&on, &n); err != nil {
				return err
			}
			last = int(dateOf(on) - from)
			ends.ByDay[last] = n
			found += n
			return nil
		})
		if found > model.CountLimit { // of the last day some may be missing, of those behind it all are
			ends.Whole = last
		}
		return err
	})
	return ends, err
}
