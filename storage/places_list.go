package storage

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"patrol/model"
)

// sightWith are the caller's memberships, the groups in which they count, and
// the groups on or in which he has a role (R10, R30). Its arguments: the user
// and today.
const sightWith = `WITH RECURSIVE
	mine (project_id, group_id) AS (SELECT project_id, group_id FROM members WHERE user_id = ? AND (expires_on IS NULL OR expires_on > ?)),
	reach (id) AS (SELECT group_id FROM mine WHERE group_id IS NOT NULL
		UNION SELECT g.id FROM groups g JOIN reach ON g.parent_id = reach.id),
	inside (id) AS (SELECT id FROM reach UNION SELECT p.group_id FROM mine JOIN projects p ON p.id = mine.project_id
		UNION SELECT g.parent_id FROM groups g JOIN inside ON g.id = inside.id WHERE g.parent_id IS NOT NULL)`

// sight is what the caller sees, as conditions on the tables p and g: the
// policy's step R35 for lists. What is seen without a role the policy says;
// with a role, everything is.
type sight struct {
	with           string
	args           []any
	project, group string
}

func (t *tx) sight(c model.Caller) sight {
	return sight{
		with: sightWith, args: []any{c.UserID, t.today().String()},
		project: seenAt("p", c.SeesAt(model.ProjectPlace), `p.group_id IN (SELECT id FROM reach) OR p.id IN (SELECT project_id FROM mine)`),
		group:   seenAt("g", c.SeesAt(model.GroupPlace), `g.id IN (SELECT id FROM inside)`),
	}
}

func seenAt(table string, seen []model.Visibility, otherwise string) string {
	if len(seen) == len(model.Visibilities) {
		return "TRUE"
	}
	numbers := make([]string, len(seen))
	for i, v := range seen {
		numbers[i] = fmt.Sprint(int(v))
	}
	return fmt.Sprintf("(%s.visibility IN (%s) OR %s)", table, strings.Join(numbers, ", "), otherwise)
}

// within is a query's group, which the caller must see; the zero place: none.
func (t *tx) within(c model.Caller, ref model.Ref) (place, error) {
	if ref == (model.Ref{}) {
		return place{}, nil
	}
	p, err := t.findKind(model.GroupPlace, ref)
	if err != nil {
		return p, err
	}
	f := model.Facts{Today: t.today(), Caller: c, Access: t.access(model.RESTRead), Action: model.SeeGroup}
	if f.Target, err = t.target(c, p); err != nil {
		return p, err
	}
	return p, model.Decide(f).Err()
}

// projectsQuery are the projects that the caller sees, in the order of their
// full paths; in a group (0: anywhere) at any depth.
func (s sight) projectsQuery(group int64, search string) paged {
	q := paged{with: s.with, args: s.args, columns: projectColumns, from: projectTables, keys: []sortKey{{column: "r.path", text: true}}}
	q.where.and(s.project)
	if group != 0 {
		q.from = startAnywhere(q.from)
		q.where.and(`p.group_id IN (`+belowSQL+`)`, group)
	}
	searchPlaces(&q.where, search)
	return q
}

// groupsQuery is projectsQuery for groups; a group isn't in itself.
func (s sight) groupsQuery(group int64, search string) paged {
	q := paged{with: s.with, args: s.args, columns: groupColumns, from: groupTables, keys: []sortKey{{column: "r.path", text: true}}}
	q.where.and(s.group)
	if group != 0 {
		q.from = startAnywhere(q.from)
		q.where.and(`g.id IN (`+belowSQL+`) AND g.id <> ?`, group, group)
	}
	searchPlaces(&q.where, search)
	return q
}

// startAnywhere lets the engine begin a list at the group that it is about, where
// all others begin at the paths, in their order.
func startAnywhere(tables string) string { return strings.Replace(tables, "{lead join}", "JOIN", 1) }

func searchPlaces(w *where, search string) {
	if search != "" {
		w.holds(search, `r.path`, `r.name`)
	}
}

// Projects lists the projects that the actor sees (R20, R35).
func (db *DB) Projects(ctx context.Context, a model.Actor, asked model.PlaceQuery, p model.Page) (list model.List[model.Project], err error) {
	err = db.view(ctx, a, func(t *tx) error {
		c, group, err := t.lister(asked)
		if err != nil {
			return err
		}
		var places []place
		q, keys := t.askedProjects(c, group, asked)
		list, err = page(t, p, q, func(scan func(...any) error) (model.Project, []any, error) {
			project, at, err := scanProject(scan)
			places = append(places, at)
			return project, keys(project), err
		})
		for i := range list.Rows {
			if err == nil {
				err = t.completeProject(c, places[i], asked.Counts, &list.Rows[i])
			}
		}
		return err
	})
	return list, err
}

// Groups lists the groups that the actor sees (R30, R35).
func (db *DB) Groups(ctx context.Context, a model.Actor, asked model.PlaceQuery, p model.Page) (list model.List[model.Group], err error) {
	err = db.view(ctx, a, func(t *tx) error {
		c, group, err := t.lister(asked)
		if err != nil {
			return err
		}
		var places []place
		q, keys := t.askedGroups(c, group, asked)
		list, err = page(t, p, q, func(scan func(...any) error) (model.Group, []any, error) {
			group, at, err := scanGroup(scan)
			places = append(places, at)
			return group, keys(group), err
		})
		for i := range list.Rows {
			if err == nil {
				err = t.completeGroup(c, places[i], asked.Counts, &list.Rows[i])
			}
		}
		return err
	})
	return list, err
}

// lister is who asks for a list, let in, and the group that he asks about.
func (t *tx) lister(asked model.PlaceQuery) (c model.Caller, group place, err error) {
	if c, err = t.caller(); err != nil {
		return c, group, err
	}
	access := model.RESTRead
	if asked.Associations {
		access = model.SelfAccess
	}
	if err = model.Admit(c, t.access(access), t.today()).Err(); err != nil {
		return c, group, err
	}
	group, err = t.within(c, asked.Within)
	return c, group, err
}

func (t *tx) completeProject(c model.Caller, p place, counts bool, project *model.Project) error {
	if err := t.projectRoles(c, p, project); err != nil || !counts {
		return err
	}
	target, err := t.target(c, p)
	if err != nil {
		return err
	}
	if d := target.Open(); !d.Allowed {
		project.Creation = model.Creation{Rule: d.Rule, Where: p.topPath}
	}
	return t.countPlace(c, target, p, &project.Counts)
}

func (t *tx) completeGroup(c model.Caller, p place, counts bool, group *model.Group) error {
	if err := t.groupRole(c, p, group); err != nil || !counts {
		return err
	}
	target, err := t.target(c, p)
	if err != nil {
		return err
	}
	s := t.sight(c)
	if group.Projects, err = t.count(s.projectsQuery(p.ID, "")); err != nil {
		return err
	}
	if group.Subgroups, err = t.count(s.groupsQuery(p.ID, "")); err != nil {
		return err
	}
	return t.countPlace(c, target, p, &group.Counts)
}

// Overlaps that have ended, and that nobody has tidied up since, are few: with
// them as a set, an index alone answers how many tokens are active (R69).
const (
	endedOverlapsSQL = `(SELECT id FROM tokens WHERE revoked_at IS NULL AND replaced_until <= ?)`
	activeCountSQL   = `SELECT count(*), min(expires_on) FROM
		(SELECT expires_on FROM tokens WHERE %s = ? AND revoked_at IS NULL AND expires_on > ? AND id NOT IN ` + endedOverlapsSQL + ` ORDER BY expires_on LIMIT ?) AS active`
	inactiveCountSQL = `SELECT count(*) FROM
		(SELECT 1 FROM tokens WHERE %s = ? AND (revoked_at IS NOT NULL OR expires_on <= ? OR id IN ` + endedOverlapsSQL + `) LIMIT ?) AS inactive`
	memberCountSQL = bestSQL + ` SELECT count(*) FROM (SELECT DISTINCT user_id FROM every LIMIT ?) AS counted`
)

// countPlace counts tokens and members, as far as the caller may see them. It
// stops one above CountLimit.
func (t *tx) countPlace(c model.Caller, target model.Target, p place, n *model.Counts) error {
	f := model.Facts{Today: t.today(), Caller: c, Access: t.access(model.RESTRead), Action: model.ListTokens, Target: target}
	most, today, now := model.CountLimit+1, t.today().String(), t.now.UnixMilli()
	column := p.Kind.String() + "_id"
	if model.Decide(f).Allowed {
		var next sql.NullString
		if _, err := t.row(fmt.Sprintf(activeCountSQL, column), []any{p.ID, today, now, most}, &n.ActiveTokens, &next); err != nil {
			return err
		}
		n.NextExpiry = dateOf(next)
		if _, err := t.row(fmt.Sprintf(inactiveCountSQL, column), []any{p.ID, today, now, most}, &n.InactiveTokens); err != nil {
			return err
		}
	}
	if f.Action = seeingMembers(p.Kind); !model.Decide(f).Allowed {
		return nil
	}
	_, err := t.row(memberCountSQL, append(t.bestArgs(p, true), most), &n.Members)
	return err
}
