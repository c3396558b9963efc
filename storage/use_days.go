package storage

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"patrol/model"
)

// Use by day (R95a): how often each token was let in and refused.

const (
	useKept   = model.UseKept * day // of days
	hoursKept = 48
	countedBy = 10 * time.Second // what was only counted waits so long at most to be written
	// maxCounted bounds the memory of what was counted since the last writing;
	// more isn't counted until then.
	maxCounted = 20_000
)

// counted is what requests are counted by until they are written.
type counted struct {
	token   int64
	door    model.Door
	address string // of those that were let in
	hour    int64  // since 1970
}

// count counts a request. r.mu is held.
func (r *traffic) count(token int64, door model.Door, address string, at time.Time, c model.UseCount) {
	by := counted{token, door, address, at.Unix() / 3600}
	sum := r.counts[by]
	if sum == nil {
		if len(r.counts) >= maxCounted {
			return
		}
		sum = new(model.UseCount)
		r.counts[by] = sum
		select {
		case r.counting <- struct{}{}:
		default:
		}
	}
	sum.LetIn += c.LetIn
	sum.Refused += c.Refused
}

const (
	useDaySQL = `INSERT INTO use_days (token_id, day, door, let_in, refused)
	SELECT id, CAST(?2 AS TEXT), CAST(?3 AS TEXT), CAST(?4 AS BIGINT), CAST(?5 AS BIGINT) FROM tokens WHERE id = ?1
	ON CONFLICT (token_id, day, door) DO UPDATE SET let_in = use_days.let_in + excluded.let_in, refused = use_days.refused + excluded.refused`

	useAddressSQL = `INSERT INTO use_addresses (token_id, day, address, let_in)
	SELECT id, CAST(?2 AS TEXT), CAST(?3 AS TEXT), CAST(?4 AS BIGINT) FROM tokens WHERE id = ?1
	ON CONFLICT (token_id, day, address) DO UPDATE SET let_in = use_addresses.let_in + excluded.let_in`

	useHourSQL = `INSERT INTO use_hours (hour, let_in, refused) VALUES (?, ?, ?)
	ON CONFLICT (hour) DO UPDATE SET let_in = use_hours.let_in + excluded.let_in, refused = use_hours.refused + excluded.refused`
)

// useCounts writes what was counted.
func (t *tx) useCounts(counts map[counted]*model.UseCount) error {
	hours := map[int64]model.UseCount{}
	for by, n := range counts {
		sum := hours[by.hour]
		hours[by.hour] = model.UseCount{LetIn: sum.LetIn + n.LetIn, Refused: sum.Refused + n.Refused}
		on := model.DateOf(time.Unix(by.hour*3600, 0)).String()
		if err := t.exec(useDaySQL, by.token, on, string(by.door), n.LetIn, n.Refused); err != nil {
			return err
		}
		if by.address == "" || n.LetIn == 0 {
			continue
		}
		if err := t.exec(useAddressSQL, by.token, on, by.address, n.LetIn); err != nil {
			return err
		}
	}
	for hour, n := range hours {
		if err := t.exec(useHourSQL, hour, n.LetIn, n.Refused); err != nil {
			return err
		}
	}
	return nil
}

const (
	tokenDaysSQL      = `SELECT day, door, let_in, refused FROM use_days WHERE token_id = ? AND day > ? ORDER BY day, door`
	seenAddressesSQL  = `SELECT address, seen_at FROM token_addresses WHERE token_id = ? ORDER BY seen_at DESC, address`
	tokenAddressesSQL = `SELECT day, address, let_in FROM use_addresses WHERE token_id = ? AND day > ? ORDER BY day, address`
)

// TokenUse is what a token did, by day (R95a), for those who may see it (R44, R48).
func (db *DB) TokenUse(ctx context.Context, a model.Actor, tokenID int64) (u model.TokenUse, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		f, _, err := t.aim(model.RESTRead, model.ReadToken, model.Ref{}, tokenID)
		if err != nil {
			return err
		}
		if err := model.Decide(f).Err(); err != nil {
			return err
		}
		since := t.useSince(model.UseKept)
		err = t.rows(tokenDaysSQL, []any{tokenID, since}, func(scan func(...any) error) error {
			var d model.UseDay
			var on sql.NullString
			err := scan(&on, &d.Door, &d.LetIn, &d.Refused)
			d.Day = dateOf(on)
			u.Days = append(u.Days, d)
			return err
		})
		if err != nil {
			return err
		}
		err = t.rows(seenAddressesSQL, []any{tokenID}, func(scan func(...any) error) error {
			var seen model.AddressSeen
			var at int64
			err := scan(&seen.Address, &at)
			seen.At = time.UnixMilli(at).UTC()
			if t.now.Sub(seen.At) < addressKept {
				u.Seen = append(u.Seen, seen)
			}
			return err
		})
		if err != nil {
			return err
		}
		return t.rows(tokenAddressesSQL, []any{tokenID, since}, func(scan func(...any) error) error {
			var d model.AddressDay
			var on sql.NullString
			err := scan(&on, &d.Address, &d.LetIn)
			d.Day = dateOf(on)
			u.Addresses = append(u.Addresses, d)
			return err
		})
	})
	return u, err
}

// useSince is the day before the first of the last days.
func (t *tx) useSince(days int) string {
	return (t.today() - model.Date(min(days, model.UseKept))).String()
}

const useOfSQL = `SELECT d.token_id, d.day, sum(d.let_in), sum(d.refused) FROM tokens t JOIN use_days d ON d.token_id = t.id `

// UseOf is what each of some tokens did by day, of those that the actor may see.
func (db *DB) UseOf(ctx context.Context, a model.Actor, days int, ids ...int64) (of map[int64][]model.UseCount, err error) {
	days = min(days, model.UseKept)
	of = map[int64][]model.UseCount{}
	err = db.view(ctx, a, func(t *tx) error {
		w, err := t.tokensWhere(model.TokenQuery{IDs: ids[:min(len(ids), model.MaxPage)], Deleted: true})
		if err != nil {
			return err
		}
		w.and(`d.day > ?`, t.useSince(days))
		join := useOfSQL
		if strings.Contains(w.String(), `u.`) {
			join += `JOIN users u ON u.id = t.user_id `
		}
		return t.rows(join+`WHERE `+w.String()+` GROUP BY d.token_id, d.day`, w.args, func(scan func(...any) error) error {
			var id int64
			var on sql.NullString
			var n model.UseCount
			if err := scan(&id, &on, &n.LetIn, &n.Refused); err != nil {
				return err
			}
			at := days - 1 - int(t.today()-dateOf(on))
			if at < 0 || at >= days { // a clock was wrong
				return nil
			}
			if of[id] == nil {
				of[id] = make([]model.UseCount, days)
			}
			of[id][at] = n
			return nil
		})
	})
	return of, err
}

// UseByHour is what the instance did by hour.
func (db *DB) UseByHour(ctx context.Context, a model.Actor) (hours []model.UseCount, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		if _, err := t.onInstance(model.RESTRead, model.ReadInstance, "", about{}); err != nil {
			return err
		}
		hours = make([]model.UseCount, hoursKept)
		now := t.now.Unix() / 3600
		return t.rows(`SELECT hour, let_in, refused FROM use_hours WHERE hour > ? AND hour <= ?`, []any{now - hoursKept, now}, func(scan func(...any) error) error {
			var hour int64
			var n model.UseCount
			err := scan(&hour, &n.LetIn, &n.Refused)
			if err == nil {
				hours[hoursKept-1-int(now-hour)] = n
			}
			return err
		})
	})
	return hours, err
}

const (
	dropUseDaysSQL      = `DELETE FROM use_days WHERE (token_id, day, door) IN (SELECT token_id, day, door FROM use_days WHERE day <= ? LIMIT ?)`
	dropUseAddressesSQL = `DELETE FROM use_addresses WHERE (token_id, day, address) IN (SELECT token_id, day, address FROM use_addresses WHERE day <= ? LIMIT ?)`
	dropUseHoursSQL     = `DELETE FROM use_hours WHERE hour <= ?`
)

// useBatch is how many rows of use are dropped at once.
const useBatch = 2_000

// dropUse forgets what is older than is kept (R95a).
func (t *tx) dropUse() (more bool, err error) {
	for _, statement := range []string{dropUseDaysSQL, dropUseAddressesSQL} {
		n, err := t.changed(statement, t.useSince(model.UseKept), useBatch)
		if err != nil {
			return false, err
		}
		more = more || n == useBatch
	}
	_, err = t.changed(dropUseHoursSQL, t.now.Unix()/3600-hoursKept)
	return more, err
}
