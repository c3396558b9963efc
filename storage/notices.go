package storage

import (
	"context"
	"database/sql"
	"time"

	"patrol/model"
)

const (
	// searchBatch is how many tokens one Tidy looks at for due notices. To look
	// at one takes a few microseconds, a notice some dozens.
	searchBatch = 500
	// noticeLate is how long ago a token may have expired for its notice still
	// to be given, in days: nobody may have looked.
	noticeLate = 30
	// noticeKept must be longer than any window lasts: a notice that is gone
	// could be given again.
	noticeKept = 90 * day
)

const (
	noticeSearchSQL = `SELECT day, expires_on, token_id FROM notice_search`

	noticeAgainSQL    = `UPDATE notice_search SET day = '0001-01-01'`
	noticeProgressSQL = `UPDATE notice_search SET day = ?, expires_on = ?, token_id = ?`

	// A replaced token gets no notice (R69): its successor is there. given is the
	// last notice that it was given; windows count down.
	candidatesSQL = `SELECT t.id, t.created_at, coalesce((SELECT min(days) FROM notices WHERE token_id = t.id), 1000)
		FROM tokens t {indexed by tokens_live} WHERE t.revoked_at IS NULL AND t.expires_on = ? AND t.id > ? AND t.replaced_until IS NULL
		ORDER BY t.id LIMIT ?`

	giveNoticeSQL = `INSERT INTO notices (token_id, days, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`

	dropOldNoticesSQL = `DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE at <= ? LIMIT ?)`
)

// giveNotices looks once a day at every token that is about to expire or just
// has, a batch at a time, and writes the notices that are due (R96). How far it
// has come is a row: any process goes on where another has stopped.
func (t *tx) giveNotices() (more bool, err error) {
	var day, expires sql.NullString
	var after int64
	if _, err := t.row(noticeSearchSQL, nil, &day, &expires, &after); err != nil {
		return false, err
	}
	on, last := dateOf(expires), t.today()+model.NoticeEarly
	if dateOf(day) != t.today() { // also if the clock was put back: no notice is given twice
		on, after = t.today()-noticeLate, 0
	} else if on > last {
		return false, nil
	}
	for left := searchBatch; left > 0 && on <= last; {
		looked, to, err := t.noticesOn(on, after, left)
		if err != nil {
			return false, err
		}
		if left, after = left-looked, to; left > 0 { // that was all on this date
			on, after = on+1, 0
		}
	}
	return on <= last, t.exec(noticeProgressSQL, t.today().String(), on.String(), after)
}

// noticesOn gives the notices due to tokens that expire on a date, beginning
// after one of them. It tells at how many it has looked, and which was the last.
func (t *tx) noticesOn(expires model.Date, after int64, limit int) (looked int, last int64, err error) {
	var due []model.Notice
	err = t.rows(candidatesSQL, []any{expires.String(), after, limit}, func(scan func(...any) error) error {
		var made int64
		var given int
		if err := scan(&last, &made, &given); err != nil {
			return err
		}
		looked++
		if window := model.NoticeDue(model.DateOf(time.UnixMilli(made)), expires, t.today()); window != 0 && window < given {
			due = append(due, model.Notice{TokenID: last, DaysLeft: window})
		}
		return nil
	})
	for _, n := range due {
		if err == nil {
			err = t.exec(giveNoticeSQL, n.TokenID, n.DaysLeft, t.now.UnixMilli())
		}
	}
	return looked, last, err
}

// dropNotices forgets notices that nobody needs any more.
func (t *tx) dropNotices() (more bool, err error) { return t.dropOld(noticeKept, dropOldNoticesSQL) }

const noticeColumns = `n.id, n.at, n.days, t.expires_on, t.id, t.name, t.kind, coalesce(t.project_id, 0), coalesce(t.group_id, 0),
	coalesce(rp.path, rg.path, ''), u.username`

// noticeTables begin at the notices, of which there are few beside the tokens.
const noticeTables = `notices n {lead join} tokens t ON t.id = n.token_id JOIN users u ON u.id = t.user_id
	LEFT JOIN routes rp ON rp.project_id = t.project_id LEFT JOIN routes rg ON rg.group_id = t.group_id`

// concerned are the notices that still matter to anybody: those of tokens that
// are neither revoked nor replaced since (R96).
const concerned = `t.revoked_at IS NULL AND t.replaced_until IS NULL`

func scanNotice(scan func(...any) error) (n model.Notice, err error) {
	var at, project, group int64
	var expires sql.NullString
	var owner string
	err = scan(&n.ID, &at, &n.DaysLeft, &expires, &n.TokenID, &n.Token, &n.Kind, &project, &group, &n.PlacePath, &owner)
	n.At, n.ExpiresOn, n.Place = time.UnixMilli(at).UTC(), dateOf(expires), placeOf(project, group)
	if n.Kind == model.PersonalToken {
		n.To = []string{owner}
	}
	return n, err
}

// Notices lists those for the actor, newest first: those of tokens that he may
// see, which are his own and those of places where he is Maintainer or Owner
// (R96, R70).
func (db *DB) Notices(ctx context.Context, a model.Actor, p model.Page) (list model.List[model.Notice], err error) {
	err = db.view(ctx, a, func(t *tx) error {
		caller, err := t.caller()
		if err != nil {
			return err
		}
		var w where
		if err := t.listAll(&w, caller); err != nil {
			return err
		}
		w.and(concerned)
		list, err = page(t, p, paged{columns: noticeColumns, from: noticeTables, where: w, keys: []sortKey{{column: `n.id`, descending: true}}},
			func(scan func(...any) error) (model.Notice, []any, error) {
				n, err := scanNotice(scan)
				return n, []any{n.ID}, err
			})
		if err != nil {
			return err
		}
		return t.recipients(list.Rows)
	})
	return list, err
}

const undeliveredSQL = `SELECT ` + noticeColumns + ` FROM ` + noticeTables + ` WHERE n.delivered_at IS NULL AND ` + concerned + ` ORDER BY n.id LIMIT ?`

// Undelivered are the notices that no log or hook has taken yet, oldest first.
func (db *DB) Undelivered(ctx context.Context, limit int) (list []model.Notice, err error) {
	err = db.view(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		err := t.rows(undeliveredSQL, []any{limit}, func(scan func(...any) error) error {
			n, err := scanNotice(scan)
			list = append(list, n)
			return err
		})
		if err != nil {
			return err
		}
		return t.recipients(list)
	})
	return list, err
}

const deliveredSQL = `UPDATE notices SET delivered_at = ? WHERE id = ? AND delivered_at IS NULL`

// Delivered marks a notice as taken.
func (db *DB) Delivered(ctx context.Context, id int64) error {
	return db.change(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error { return t.exec(deliveredSQL, t.now.UnixMilli(), id) })
}

// recipients fills in to whom notices of project and group tokens go now (R96).
func (t *tx) recipients(list []model.Notice) error {
	managers := t.managers()
	for i, n := range list {
		if n.Place.Kind == model.NoPlace {
			continue
		}
		who, err := managers(n.Place)
		if err != nil {
			return err
		}
		list[i].To = who.names
	}
	return nil
}

// Only people read: a bot is no one to tell, nor is who is blocked.
const managersSQL = bestSQL + ` SELECT u.username, u.email FROM best {lead join} members m ON m.id = best.id JOIN users u ON u.id = m.user_id
	WHERE best.rank = 1 AND m.role >= ? AND u.kind = 1 AND NOT u.blocked ORDER BY u.username`

// people are those who are told: by name, and the e-mail addresses of those who
// have one.
type people struct{ names, addresses []string }

// managers finds those who manage the tokens of a place by their effective role,
// of each place once.
func (t *tx) managers() func(model.Place) (people, error) {
	known := map[model.Place]people{}
	return func(in model.Place) (who people, err error) {
		who, found := known[in]
		if found {
			return who, nil
		}
		p, err := t.findPlace(in.Ref())
		if err != nil || p.missing {
			return who, err
		}
		lowest := model.Maintainer
		if in.Kind == model.GroupPlace {
			lowest = model.Owner
		}
		err = t.rows(managersSQL, append(t.bestArgs(p, true), int(lowest)), func(scan func(...any) error) error {
			var name, address string
			err := scan(&name, &address)
			who.names = append(who.names, name)
			if address != "" {
				who.addresses = append(who.addresses, address)
			}
			return err
		})
		known[in] = who
		return who, err
	}
}
