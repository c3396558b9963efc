package storage

import (
	"time"

	"patrol/model"
)

// askedProjects are the projects that a caller sees and asks for, in the order
// that he asks for.
func (t *tx) askedProjects(c model.Caller, group place, asked model.PlaceQuery) (paged, func(model.Project) []any) {
	q := t.sight(c).projectsQuery(group.ID, searchAnywhere(asked))
	if asked.Direct && group.ID != 0 {
		q.where.and(`p.group_id = ?`, group.ID)
	}
	if asked.MinRole != model.NoRole {
		today := t.today().String()
		q.where.and(`(p.group_id IN (`+manageableSQL+`)
			OR p.id IN (SELECT project_id FROM members WHERE user_id = ? AND role >= ? AND (expires_on IS NULL OR expires_on > ?)))`,
			c.UserID, int(asked.MinRole), today, c.UserID, int(asked.MinRole), today)
	}
	narrowPlaces(&q, "p", asked)
	active := func(p model.Project) time.Time {
		if p.PushedAt.After(p.UpdatedAt) {
			return p.PushedAt
		}
		return p.UpdatedAt
	}
	var first func(model.Project) any
	switch asked.Sort {
	case model.PlacesByPath:
		q.keys[0].descending = asked.Descending
		return q, func(p model.Project) []any { return []any{p.FullPath} }
	case model.PlacesByName:
		first = func(p model.Project) any { return p.Name }
	case model.PlacesByCreated:
		first = func(p model.Project) any { return p.CreatedAt.UnixMilli() }
	case model.PlacesByUpdated:
		first = func(p model.Project) any { return p.UpdatedAt.UnixMilli() }
	case model.PlacesByActivity:
		first = func(p model.Project) any { return active(p).UnixMilli() }
	}
	orderPlaces(&q, "p", projectSorts[asked.Sort], asked.Descending)
	return q, placeKeys(first, func(p model.Project) int64 { return p.ID })
}

// projectSorts are the columns of the orders; none: by id alone.
var projectSorts = map[model.PlaceSort]sortKey{
	model.PlacesByName:     {column: `p.name`, text: true, noCase: true},
	model.PlacesByCreated:  {column: `p.created_at`},
	model.PlacesByUpdated:  {column: `p.updated_at`},
	model.PlacesByActivity: {column: `{greatest}(p.updated_at, coalesce(p.pushed_at, 0))`},
}

// askedGroups is askedProjects for groups.
func (t *tx) askedGroups(c model.Caller, group place, asked model.PlaceQuery) (paged, func(model.Group) []any) {
	q := t.sight(c).groupsQuery(group.ID, searchAnywhere(asked))
	if asked.Direct && group.ID != 0 {
		q.where.and(`g.parent_id = ?`, group.ID)
	}
	if asked.TopLevel {
		q.where.and(`g.parent_id IS NULL`)
	}
	lowest := asked.MinRole
	if asked.Creatable {
		role, ok := c.LowestRole(model.CreateInGroup, model.GroupPlace)
		if !ok {
			q.where.and(`FALSE`)
		}
		lowest = max(lowest, role)
	}
	if lowest != model.NoRole {
		q.where.and(`g.id IN (`+manageableSQL+`)`, c.UserID, int(lowest), t.today().String())
	}
	narrowPlaces(&q, "g", asked)
	var first func(model.Group) any
	var by sortKey
	switch asked.Sort {
	case model.PlacesByPath:
		q.keys[0].descending = asked.Descending
		return q, func(g model.Group) []any { return []any{g.FullPath} }
	case model.PlacesByName:
		by, first = sortKey{column: `g.name`, text: true, noCase: true}, func(g model.Group) any { return g.Name }
	case model.PlacesByCreated, model.PlacesByUpdated, model.PlacesByActivity:
		by, first = sortKey{column: `g.created_at`}, func(g model.Group) any { return g.CreatedAt.UnixMilli() }
	}
	orderPlaces(&q, "g", by, asked.Descending)
	return q, placeKeys(first, func(g model.Group) int64 { return g.ID })
}

// searchAnywhere is the search that looks at whole paths and names; the other
// is a matter of narrowPlaces.
func searchAnywhere(asked model.PlaceQuery) string {
	if asked.OwnName {
		return ""
	}
	return asked.Search
}

// lastPartSQL is the part of a path after its last slash.
const lastPartSQL = `substr(r.path, length(rtrim(r.path, replace(r.path, '/', ''))) + 1)`

// narrowPlaces keeps what the conditions say that projects and groups share.
func narrowPlaces(q *paged, table string, asked model.PlaceQuery) {
	if asked.OwnName && asked.Search != "" {
		q.where.holds(asked.Search, table+`.name`, lastPartSQL)
	}
	if asked.Visibility != nil {
		q.where.and(table+`.visibility = ?`, int(*asked.Visibility))
	}
	if asked.AfterID != 0 {
		q.where.and(table+`.id > ?`, asked.AfterID)
	}
	if asked.BeforeID != 0 {
		q.where.and(table+`.id < ?`, asked.BeforeID)
	}
}

// orderPlaces sorts by a key, if there is one, then by id. Such a list need
// not begin at the paths.
func orderPlaces(q *paged, table string, by sortKey, descending bool) {
	q.from = startAnywhere(q.from)
	q.keys = nil
	if by.column != "" {
		by.descending = descending
		q.keys = append(q.keys, by)
	}
	q.keys = append(q.keys, sortKey{column: table + ".id", descending: descending})
}

// placeKeys are the sort keys of a row: what orderPlaces sorts by.
func placeKeys[T any](first func(T) any, id func(T) int64) func(T) []any {
	return func(row T) []any {
		if first == nil {
			return []any{id(row)}
		}
		return []any{first(row), id(row)}
	}
}
