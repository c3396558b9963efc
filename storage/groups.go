package storage

import (
	"context"
	"fmt"
	"time"

	"patrol/model"
)

const groupColumns = `g.id, coalesce(g.parent_id, 0), g.top_id, g.name, g.description, g.visibility, g.created_at,
	r.path, r.name, tr.path, top.plan, top.token_creation`

const groupTables = `routes r {lead join} groups g ON g.id = r.group_id JOIN groups top ON top.id = g.top_id JOIN routes tr ON tr.group_id = top.id`

// scanGroup reads a row of groupColumns, also as the place that decisions need.
func scanGroup(scan func(...any) error) (group model.Group, p place, err error) {
	var created int64
	err = scan(&group.ID, &group.ParentID, &group.TopID, &group.Name, &group.Description, &group.Visibility, &created,
		&group.FullPath, &group.FullName, &group.TopPath, &group.Plan, &group.TokenCreation)
	_, group.Path = model.SplitPath(group.FullPath)
	group.CreatedAt = time.UnixMilli(created).UTC()
	p.Place = model.Place{Kind: model.GroupPlace, ID: group.ID}
	p.path, p.name, p.parent, p.top, p.topPath = group.FullPath, group.FullName, group.ParentID, group.TopID, group.TopPath
	p.visibility, p.plan, p.open = group.Visibility, group.Plan, group.TokenCreation
	return group, p, err
}

const groupSQL = `SELECT ` + groupColumns + ` FROM ` + groupTables + ` WHERE r.group_id = ?`

// group reads a group that is there, with the caller's role in it.
func (t *tx) group(c model.Caller, p place) (group model.Group, err error) {
	err = t.rows(groupSQL, []any{p.ID}, func(scan func(...any) error) (err error) {
		group, _, err = scanGroup(scan)
		return err
	})
	if err != nil {
		return group, err
	}
	return group, t.groupRole(c, p, &group)
}

func (t *tx) groupRole(c model.Caller, p place, group *model.Group) error {
	_, role, err := t.roles(c.UserID, p)
	group.MemberRole = role
	group.Role = model.Facts{Caller: c, Target: model.Target{Role: role}}.Effective()
	return err
}

// Group finds a group that the actor sees (R30, R35).
func (db *DB) Group(ctx context.Context, a model.Actor, ref model.Ref) (group model.Group, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		p, err := t.findKind(model.GroupPlace, ref)
		if err != nil {
			return err
		}
		f, err := t.permit(model.RESTRead, model.SeeGroup, p, "")
		if err != nil {
			return err
		}
		group, err = t.group(f.Caller, p)
		return err
	})
	return group, err
}

// AddGroup makes a group, and its missing parents if they are wanted (R2, R4,
// R7, R32, R33).
func (db *DB) AddGroup(ctx context.Context, a model.Actor, n model.NewPlace) (group model.Group, err error) {
	n.Kind = model.GroupPlace
	err = db.change(ctx, a, func(t *tx) error {
		d, err := t.draft(n)
		if err != nil {
			return err
		}
		parent, err := t.makeParents(d)
		if err != nil {
			return err
		}
		p, err := t.makeGroup(parent, d.NewPlace)
		if err != nil {
			return err
		}
		c, err := t.caller()
		if err != nil {
			return err
		}
		group, err = t.group(c, p)
		return err
	})
	return group, err
}

const insertGroupSQL = `INSERT INTO groups (parent_id, top_id, name, description, visibility, plan, created_at)
	VALUES (nullif(CAST(? AS BIGINT), 0), ?, ?, ?, ?, ?, ?)`

const ownTopSQL = `UPDATE groups SET top_id = id WHERE id = ?`

// makeGroup makes one group. The human who makes a top-level group becomes its
// Owner (R33); nobody else can make one.
func (t *tx) makeGroup(parent place, n model.NewPlace) (place, error) {
	p, err := t.insertGroup(parent, n)
	if err != nil || parent.ID != 0 {
		return p, err
	}
	return p, t.addMember(p, t.actor.ID(), model.Owner, 0)
}

// insertGroup makes one group without members.
func (t *tx) insertGroup(parent place, n model.NewPlace) (place, error) {
	id, err := t.insert(insertGroupSQL, parent.ID, parent.top, n.Name, n.Description, int(n.Visibility), string(n.Plan), t.now.UnixMilli())
	if err != nil {
		return place{}, err
	}
	if parent.ID == 0 {
		if err := t.exec(ownTopSQL, id); err != nil {
			return place{}, err
		}
	}
	if err := t.route(model.Place{Kind: model.GroupPlace, ID: id}, parent, n); err != nil {
		return place{}, err
	}
	p, err := t.findKind(model.GroupPlace, model.Ref{ID: id})
	if err != nil {
		return p, err
	}
	return p, t.record(model.GroupCreated, p.about(), map[string]string{"name": n.Name, "visibility": n.Visibility.String(), "plan": string(n.Plan)})
}

const updateGroupSQL = `UPDATE groups SET name = ?, description = ?, visibility = ?, plan = ?, token_creation = ? WHERE id = ?`

// ChangeGroup changes settings (R31), the switch (R76) and the plan (R33, R80).
func (db *DB) ChangeGroup(ctx context.Context, a model.Actor, ref model.Ref, c model.PlaceChange) (group model.Group, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		p, f, old, err := t.editGroup(ref, c)
		if err != nil {
			return err
		}
		before := look{old.Name, old.Path, old.Description, old.Visibility}
		after, plan, open := before, old.Plan, old.TokenCreation
		made, err := t.checkGroup(p, c, &after)
		if err != nil {
			return err
		}
		alter(made, "plan", &plan, c.Plan)
		alter(made, model.SwitchName, &open, c.TokenCreation)
		group = old
		if len(made) == 0 {
			return nil
		}
		if err := t.reroute(p, before, after); err != nil {
			return err
		}
		if p.parent != 0 { // its columns stay as they are: what counts is the top-level group's
			plan, open = model.Free, true
		}
		if err := t.exec(updateGroupSQL, after.name, after.description, int(after.visibility), string(plan), open, p.ID); err != nil {
			return err
		}
		if err := t.record(model.GroupChanged, p.about(), made); err != nil {
			return err
		}
		group, err = t.group(f.Caller, p)
		return err
	})
	return group, err
}

// editGroup decides ChangeGroup, as far as the actor's rights go.
func (t *tx) editGroup(ref model.Ref, c model.PlaceChange) (p place, f model.Facts, old model.Group, err error) {
	if p, err = t.findKind(model.GroupPlace, ref); err != nil {
		return p, f, old, err
	}
	if f, err = t.permit(model.RESTWrite, model.EditGroup, p, model.GroupChanged); err != nil {
		return p, f, old, err
	}
	more := map[model.Action]bool{model.ChangeSwitch: c.TokenCreation != nil, model.Administer: c.Plan != nil}
	for _, action := range []model.Action{model.ChangeSwitch, model.Administer} {
		if f.Action = action; more[action] {
			if err = t.decide(f, model.GroupChanged, p.about()); err != nil {
				return p, f, old, err
			}
		}
	}
	old, err = t.group(f.Caller, p)
	return p, f, old, err
}

// checkGroup is the values of a change, all that is wrong at once.
func (t *tx) checkGroup(p place, c model.PlaceChange, after *look) (changes, error) {
	var w wrong
	made := after.alter(c, p.parent == 0, &w)
	if c.Visibility != nil {
		text, err := t.groupVisibility(p, *c.Visibility)
		if err != nil {
			return nil, err
		}
		w.add("R4", "visibility", text)
	}
	if c.Plan != nil {
		if p.parent != 0 {
			w.add("R80", "plan", onlyTopLevel)
		} else if _, err := model.ParsePlan(string(*c.Plan)); err != nil {
			w.add("R80", "plan", "is not a plan")
		}
	}
	if c.TokenCreation != nil && p.parent != 0 {
		w.add("R76", model.SwitchName, onlyTopLevel)
	}
	if c.DefaultBranch != nil {
		w.add("R2", "default_branch", "only projects have one")
	}
	return made, w.err()
}

const widerInsideSQL = `SELECT r.path, coalesce(g.visibility, p.visibility) FROM routes r
	LEFT JOIN groups g ON g.id = r.group_id LEFT JOIN projects p ON p.id = r.project_id
	WHERE r.group_id IN (SELECT id FROM groups WHERE parent_id = ?1 AND visibility > ?2)
	OR r.project_id IN (SELECT id FROM projects WHERE group_id = ?1 AND visibility > ?2) ORDER BY r.path LIMIT 1`

// groupVisibility is R4 upwards and downwards, and empty if it holds.
func (t *tx) groupVisibility(p place, v model.Visibility) (string, error) {
	if p.parent != 0 {
		parent, err := t.findKind(model.GroupPlace, model.Ref{ID: p.parent})
		if err != nil {
			return "", err
		}
		if text := widerThan(v, parent); text != "" {
			return text, nil
		}
	}
	if text := widerThan(v, place{visibility: model.Public}); text != "" {
		return text, nil
	}
	var path string
	var inside model.Visibility
	found, err := t.row(widerInsideSQL, []any{p.ID, int(v)}, &path, &inside)
	if err != nil || !found {
		return "", err
	}
	return fmt.Sprintf("can't be narrower than that of %s, which is %s", path, inside), nil
}

// RemoveGroup deletes a group with everything in it (A96, R115).
func (db *DB) RemoveGroup(ctx context.Context, a model.Actor, ref model.Ref) error {
	err := db.changeLarge(ctx, a, func(t *tx) error {
		p, err := t.findKind(model.GroupPlace, ref)
		if err != nil {
			return err
		}
		if _, err := t.permit(model.RESTWrite, model.EditGroup, p, model.GroupDeleted); err != nil {
			return err
		}
		return t.removeTree(p)
	})
	if err == nil {
		db.sweepRepositories()
		db.sweepPackages()
	}
	return err
}

// The longest paths are the deepest places, and a project's is longer than its
// group's.
const treeSQL = `SELECT project_id IS NOT NULL, coalesce(project_id, group_id) FROM routes WHERE ` + routesBelowSQL + ` ORDER BY length(path) DESC`

func (t *tx) removeTree(top place) error {
	var tree []model.Ref
	err := t.rows(treeSQL, []any{top.ID, top.ID}, func(scan func(...any) error) error {
		ref, project := model.Ref{Kind: model.GroupPlace}, false
		err := scan(&project, &ref.ID)
		if project {
			ref.Kind = model.ProjectPlace
		}
		tree = append(tree, ref)
		return err
	})
	if err != nil {
		return err
	}
	for _, ref := range tree {
		p, err := t.findKind(ref.Kind, ref)
		if err != nil {
			return err
		}
		remove := t.removeGroup
		if p.Kind == model.ProjectPlace {
			remove = t.removeProject
		}
		if err := remove(p); err != nil {
			return err
		}
	}
	return nil
}

// removeGroupSQL is in the order that foreign keys ask for.
var removeGroupSQL = []string{
	`DELETE FROM members WHERE group_id = ?`,
	`DELETE FROM routes WHERE group_id = ?`,
	`DELETE FROM groups WHERE id = ?`,
}

// removeGroup deletes one group that holds nothing any more.
func (t *tx) removeGroup(p place) error {
	if err := t.endPlace(p); err != nil {
		return err
	}
	for _, query := range removeGroupSQL {
		if err := t.exec(query, p.ID); err != nil {
			return err
		}
	}
	return t.record(model.GroupDeleted, p.about(), map[string]string{"name": p.name})
}
