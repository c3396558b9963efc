package storage

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"patrol/model"
)

// eventActions are the audit log's words for what happened to a token.
var eventActions = map[string]model.EventKind{
	model.TokenCreated: model.EventCreated, model.TokenRotated: model.EventRotated, model.TokenRevoked: model.EventRevoked,
	model.TokenPublished: model.EventPublished, model.TokenFamilyRevoked: model.EventFamilyReuse,
}

// eventSpan is how many entries of the audit log are looked at together: an
// import of a million users is stepped over in a few hundred looks.
const eventSpan = 5000

const eventColumns = `t.id, t.name, t.kind, t.user_id, t.created_at, t.last_used_at, t.expires_on, coalesce(t.project_id, 0), coalesce(t.group_id, 0),
	coalesce(rp.path, rg.path, ''), u.username, u.email`

const eventTables = ` {lead join} tokens t ON t.id = e.token_id JOIN users u ON u.id = t.user_id
	LEFT JOIN routes rp ON rp.project_id = t.project_id LEFT JOIN routes rg ON rg.group_id = t.group_id`

// Where events come from, each beginning behind a number. What was revoked or
// replaced since is no news any more (R96).
const (
	noticeEventsSQL = `SELECT e.id, e.at, CASE WHEN e.days < 0 THEN 'expired' ELSE 'expiring' END, '', '', e.days, '', ` + eventColumns + `
		FROM notices e` + eventTables + ` WHERE e.id > ? AND ` + concerned + ` ORDER BY e.id LIMIT ?`

	refusedEventsSQL = `SELECT e.id, e.at, 'refused', '', e.door, e.count, '', ` + eventColumns + `
		FROM refused_again e` + eventTables + ` WHERE e.id > ? ORDER BY e.id LIMIT ?`

	auditEventsSQL = `SELECT e.number, e.at, e.action, CASE WHEN e.as_user <> '' THEN e.as_user ELSE e."user" END, e.door, 0, e.target_path, ` + eventColumns + `
		FROM (SELECT a.*, a.target_id AS about FROM audit a WHERE a.number > ? AND a.number <= ? AND NOT a.refused AND a.target_kind = 'token'
			AND a.action IN ('token.created', 'token.rotated', 'token.revoked', 'token.published', 'token.family_revoked')) e
		JOIN tokens t ON t.id = e.about JOIN users u ON u.id = t.user_id
		LEFT JOIN routes rp ON rp.project_id = t.project_id LEFT JOIN routes rg ON rg.group_id = t.group_id
		ORDER BY e.number LIMIT ?`

	lastEventsSQL = `SELECT (SELECT number FROM chain_end), coalesce((SELECT max(id) FROM notices), 0), coalesce((SELECT max(id) FROM refused_again), 0)`
)

// NextEvents reads what a target is to be told next.
func (db *DB) NextEvents(ctx context.Context, from model.Position, wanted []model.EventKind, limit int) (list []model.TokenEvent, reached model.Position, more bool, err error) {
	want := map[model.EventKind]bool{}
	for _, kind := range wanted {
		want[kind] = true
	}
	err = db.view(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		list, reached = nil, from
		var last model.Position
		if _, err := t.row(lastEventsSQL, nil, &last.Audit, &last.Notice, &last.Refused); err != nil {
			return err
		}
		span := min(last.Audit, from.Audit+eventSpan)
		for _, source := range []struct {
			name string
			at   *int64
			end  int64 // where it is, if that was all
			sql  string
			args []any
		}{
			{"notice", &reached.Notice, last.Notice, noticeEventsSQL, []any{from.Notice}},
			{"refused", &reached.Refused, last.Refused, refusedEventsSQL, []any{from.Refused}},
			{"audit", &reached.Audit, span, auditEventsSQL, []any{from.Audit, span}},
		} {
			left, seen := limit-len(list), 0
			err := t.rows(source.sql, append(source.args, left), func(scan func(...any) error) error {
				e, number, err := scanTokenEvent(scan)
				if err != nil {
					return err
				}
				seen++
				*source.at = number
				e.ID, e.After = source.name+"-"+strconv.FormatInt(number, 10), reached
				if want[e.Kind] {
					list = append(list, e)
				}
				return nil
			})
			if err != nil {
				return err
			}
			if seen >= left {
				more = true
				break
			}
			*source.at = max(source.end, *source.at)
		}
		more = more || reached.Audit < last.Audit
		return t.concern(list)
	})
	return list, reached, more, err
}

func scanTokenEvent(scan func(...any) error) (e model.TokenEvent, number int64, err error) {
	var at, made, project, group int64
	var what, path, owner, email string
	var used sql.NullInt64
	var expires sql.NullString
	err = scan(&number, &at, &what, &e.By, &e.Door, &e.Count, &path, &e.TokenID, &e.Token, &e.TokenKind, &e.OwnerID, &made, &used, &expires,
		&project, &group, &e.PlacePath, &owner, &email)
	e.Kind = model.EventKind(what)
	if kind, known := eventActions[what]; known {
		e.Kind = kind
	}
	if e.Kind == model.EventExpiring || e.Kind == model.EventExpired {
		e.Window, e.Count = max(e.Count, 0), 0
	}
	if e.PlacePath == "" { // of what was deleted since
		e.PlacePath = path
	}
	e.At, e.CreatedAt, e.LastUsed, e.ExpiresOn, e.Place = time.UnixMilli(at).UTC(), time.UnixMilli(made).UTC(), timeOf(used), dateOf(expires), placeOf(project, group)
	if e.TokenKind == model.PersonalToken {
		e.PlacePath, e.To = "", []string{owner}
		if email != "" {
			e.Addresses = []string{email}
		}
	}
	return e, number, err
}

// EventProject is the project of an event.
func (db *DB) EventProject(ctx context.Context, id int64) (project model.Project, err error) {
	err = db.view(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		p, err := t.eventPlace(model.ProjectPlace, id)
		if err != nil {
			return err
		}
		project, err = t.project(model.Caller{}, p)
		return err
	})
	return project, err
}

// EventGroup is the group of an event.
func (db *DB) EventGroup(ctx context.Context, id int64) (group model.Group, err error) {
	err = db.view(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		p, err := t.eventPlace(model.GroupPlace, id)
		if err != nil {
			return err
		}
		group, err = t.group(model.Caller{}, p)
		return err
	})
	return group, err
}

func (t *tx) eventPlace(kind model.PlaceKind, id int64) (place, error) {
	p, err := t.findKind(kind, model.Ref{ID: id})
	if err == nil && p.missing {
		err = model.NotFound("place")
	}
	return p, err
}

// concern fills in whom the events of projects' and groups' tokens concern now.
func (t *tx) concern(list []model.TokenEvent) error {
	managers := t.managers()
	for i, e := range list {
		if e.Place.Kind == model.NoPlace {
			continue
		}
		who, err := managers(e.Place)
		if err != nil {
			return err
		}
		list[i].To, list[i].Addresses = who.names, who.addresses
	}
	return nil
}

const (
	refusedCountSQL = `SELECT count FROM refused_since WHERE token_id = ? AND door = ?`
	refusedAgainSQL = `INSERT INTO refused_again (token_id, door, count, at) SELECT id, CAST(?2 AS TEXT), CAST(?3 AS BIGINT), CAST(?4 AS BIGINT) FROM tokens
		WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM refused_again r WHERE r.token_id = ?1 AND r.door = ?2 AND r.at > ?5)`
	dropRefusedAgainSQL = `DELETE FROM refused_again WHERE id IN (SELECT id FROM refused_again WHERE at <= ? LIMIT ?)`
)

// refusedAgain makes an event of a token that a door has refused often enough.
func (t *tx) refusedAgain(token int64, door model.Door, added int) error {
	count, err := t.ids(refusedCountSQL, token, string(door))
	if err != nil || len(count) == 0 || count[0] < model.RefusedAgain || count[0]-int64(added) >= model.RefusedAgain {
		return err
	}
	return t.exec(refusedAgainSQL, token, string(door), count[0], t.now.UnixMilli(), t.now.Add(-day).UnixMilli())
}
