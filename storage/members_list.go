package storage

import (
	"context"
	"database/sql"
	"time"

	"patrol/model"
)

// bestSQL gives, of every member of a place, the membership that counts: the
// highest role, and of equal ones the nearest. Its arguments: the group that
// the search starts at (the place, or the project's own; 0: none), whether it
// goes on upwards, the project (0: none), today twice.
const bestSQL = `WITH RECURSIVE above (id, distance) AS (
	SELECT CAST(? AS BIGINT), 1 UNION ALL
	SELECT g.parent_id, above.distance + 1 FROM groups g JOIN above ON g.id = above.id WHERE g.parent_id IS NOT NULL AND ?),
every (id, user_id, role, distance) AS (
	SELECT id, user_id, role, 0 FROM members WHERE project_id = ? AND (expires_on IS NULL OR expires_on > ?) UNION ALL
	SELECT m.id, m.user_id, m.role, above.distance FROM above {lead join} members m ON m.group_id = above.id WHERE m.expires_on IS NULL OR m.expires_on > ?),
best (id, rank) AS (
	SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY role DESC, distance) FROM every)`

// A bot's membership has no date of its own: its token has (R100).
const memberColumns = `m.role, m.expires_on, m.created_at, coalesce(m.project_id, 0), coalesce(m.group_id, 0), r.path,
	c.id, c.kind, c.username, c.name, c.blocked, coalesce(k.id, 0), k.expires_on, coalesce(k.project_id, 0), coalesce(k.group_id, 0),
	u.id, u.kind, u.username, u.name, u.email, u.admin, u.auditor, u.external, u.blocked, u.created_at, u.active_on`

// memberTables begin at the memberships that count: those of everybody else are
// as many as there are tokens.
const memberTables = `best {lead join} members m ON m.id = best.id JOIN users u ON u.id = m.user_id LEFT JOIN users c ON c.id = m.creator_id AND c.deleted_at IS NULL
	LEFT JOIN routes r ON r.project_id = m.project_id OR r.group_id = m.group_id
	LEFT JOIN tokens k ON u.kind = 2 AND k.id = (SELECT id FROM tokens WHERE user_id = u.id ORDER BY revoked_at IS NULL DESC, id DESC LIMIT 1)`

func (t *tx) bestArgs(p place, inherited bool) []any {
	start, project := p.ID, int64(0)
	if p.Kind == model.ProjectPlace {
		start, project = 0, p.ID
		if inherited {
			start = p.parent
		}
	}
	today := t.today().String()
	return []any{start, inherited, project, today, today}
}

func scanMember(scan func(...any) error, host string) (m model.Member, err error) {
	var created, joined int64
	var ends, tokenEnds, active, creatorUsername, creatorName sql.NullString
	var creator, creatorKind sql.NullInt64
	var creatorBlocked sql.NullBool
	var from, home struct{ project, group int64 }
	u := &m.User
	err = scan(&m.Role, &ends, &joined, &from.project, &from.group, &m.FromPath,
		&creator, &creatorKind, &creatorUsername, &creatorName, &creatorBlocked, &m.TokenID, &tokenEnds, &home.project, &home.group,
		&u.ID, &u.Kind, &u.Username, &u.Name, &u.Email, &u.Admin, &u.Auditor, &u.External, &u.Blocked, &created, &active)
	m.From, u.Place = placeOf(from.project, from.group), placeOf(home.project, home.group)
	m.ExpiresOn, m.TokenEnds, u.LastActive = dateOf(ends), dateOf(tokenEnds), dateOf(active)
	m.CreatedAt, u.CreatedAt = time.UnixMilli(joined).UTC(), time.UnixMilli(created).UTC()
	if creator.Valid {
		m.CreatedBy = &model.User{ID: creator.Int64, Kind: model.UserKind(creatorKind.Int64), Username: creatorUsername.String, Name: creatorName.String,
			Blocked: creatorBlocked.Bool}
	}
	if u.Kind == model.Bot {
		u.Email = model.BotEmail(u.Username, host)
	}
	return m, err
}

// placeOf is the place that two columns name, one of them 0.
func placeOf(project, group int64) model.Place {
	switch {
	case project != 0:
		return model.Place{Kind: model.ProjectPlace, ID: project}
	case group != 0:
		return model.Place{Kind: model.GroupPlace, ID: group}
	}
	return model.Place{}
}

const memberSQL = bestSQL + ` SELECT ` + memberColumns + ` FROM ` + memberTables + ` WHERE best.rank = 1 AND m.user_id = ?`

// member reads one direct member.
func (t *tx) member(p place, user int64) (m model.Member, err error) {
	in, err := t.instance()
	if err != nil {
		return m, err
	}
	err = t.rows(memberSQL, append(t.bestArgs(p, false), user), func(scan func(...any) error) (err error) {
		m, err = scanMember(scan, in.host())
		return err
	})
	return m, err
}

// Members lists a place's members, the highest role first, then by username
// (A101, A102, R105).
func (db *DB) Members(ctx context.Context, a model.Actor, in model.Ref, inherited bool, search string, p model.Page) (list model.List[model.Member], err error) {
	order := []sortKey{{column: "m.role", descending: true}, {column: "u.username", text: true}}
	return db.members(ctx, a, model.MemberQuery{In: in, Inherited: inherited, Search: search}, p, order,
		func(m model.Member) []any { return []any{int(m.Role), m.User.Username} })
}

// MembersByID is Members in the order of the users' ids (A35).
func (db *DB) MembersByID(ctx context.Context, a model.Actor, q model.MemberQuery, p model.Page) (model.List[model.Member], error) {
	return db.members(ctx, a, q, p, []sortKey{{column: "u.id"}}, func(m model.Member) []any { return []any{m.User.ID} })
}

func (db *DB) members(ctx context.Context, a model.Actor, asked model.MemberQuery, p model.Page, order []sortKey, keys func(model.Member) []any) (list model.List[model.Member], err error) {
	err = db.view(ctx, a, func(t *tx) error {
		at, err := t.findPlace(asked.In)
		if err != nil {
			return err
		}
		if _, err := t.permit(model.RESTRead, seeingMembers(at.Kind), at, ""); err != nil {
			return err
		}
		instance, err := t.instance()
		if err != nil {
			return err
		}
		q := paged{with: bestSQL, args: t.bestArgs(at, asked.Inherited), columns: memberColumns, from: memberTables, keys: order}
		q.where.and(`best.rank = 1`)
		searchUsers(&q.where, asked.Search)
		if asked.UserIDs != nil {
			q.where.oneOf(`u.id`, asked.UserIDs)
		}
		list, err = page(t, p, q, func(scan func(...any) error) (model.Member, []any, error) {
			m, err := scanMember(scan, instance.host())
			return m, keys(m), err
		})
		return err
	})
	return list, err
}

func seeingMembers(k model.PlaceKind) model.Action {
	if k == model.GroupPlace {
		return model.SeeGroupMembers
	}
	return model.SeeMembers
}
