package storage

import (
	"context"
	"fmt"
	"strings"

	"patrol/git"
	"patrol/model"
)

// draft is a project or group that somebody wants, checked and allowed.
type draft struct {
	model.NewPlace
	parent place    // the nearest group above it that is there; none: the zero place
	makes  []string // full paths of the parents to be made, the outermost first
}

// CheckPlace decides AddProject or AddGroup without doing it, and tells which
// parent groups they would make.
func (db *DB) CheckPlace(ctx context.Context, a model.Actor, n model.NewPlace) (makes []string, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		d, err := t.draft(n)
		makes = d.makes
		return err
	})
	return makes, err
}

// draft takes R171's steps for a new place: the parent is seen, somebody may
// create in it, the values are valid, the path is free.
func (t *tx) draft(n model.NewPlace) (d draft, err error) {
	d.NewPlace = n
	parts := strings.Split(n.FullPath, "/")
	groups := len(parts)
	if n.Kind == model.ProjectPlace {
		groups--
	}
	switch {
	case groups == 0:
		return d, model.Invalid("R3", model.Field{Key: "path", Text: "must be inside a group: write GROUP/" + n.FullPath})
	case groups > model.MaxDepth:
		return d, model.Invalid("R2", model.Field{Key: "path", Text: fmt.Sprintf("is too deep (maximum is %d groups inside one another)", model.MaxDepth)})
	}
	if err := t.findParent(&d, parts); err != nil {
		return d, err
	}
	if len(d.makes) > 0 && !n.Parents {
		return d, model.NotFound("group")
	}
	if err := t.mayMake(d); err != nil {
		return d, err
	}
	if err := d.check(); err != nil {
		return d, err
	}
	return d, t.free(append(d.makes, d.FullPath)[0]) // below a path that is free, everything is
}

// findParent looks for the nearest group above that is there, and writes the
// paths the way that group is written.
func (t *tx) findParent(d *draft, parts []string) (err error) {
	for above := len(parts) - 1; above > 0; above-- {
		path := strings.Join(parts[:above], "/")
		p, err := t.findKind(model.GroupPlace, model.Ref{Path: path})
		if err != nil {
			return err
		}
		if !p.missing {
			d.parent = p
			break
		}
		d.makes = append([]string{path}, d.makes...)
	}
	known := d.parent.path // as long as it was written: only ASCII letters differ in case
	d.FullPath = known + d.FullPath[len(known):]
	for i, path := range d.makes {
		d.makes[i] = known + path[len(known):]
	}
	return nil
}

func (t *tx) mayMake(d draft) error {
	action, on := model.ProjectCreated, about{kind: d.Kind.String(), path: d.FullPath, place: d.parent.Place}
	if d.Kind == model.GroupPlace {
		action = model.GroupCreated
	}
	if d.parent.ID == 0 {
		if _, err := t.onInstance(model.RESTWrite, model.CreateTopGroup, action, on); err != nil {
			return err
		}
	} else {
		f, err := t.facts(model.RESTWrite, model.CreateInGroup, d.parent)
		if err != nil {
			return err
		}
		if err := t.decide(f, action, on); err != nil {
			return err
		}
	}
	if d.Plan == "" || d.Plan == model.Free {
		return nil
	}
	_, err := t.onInstance(model.RESTWrite, model.Administer, action, on)
	return err
}

// check is the values: all that is wrong at once (R59).
func (d *draft) check() error {
	var w wrong
	for _, path := range append(d.makes, d.FullPath) {
		above, last := model.SplitPath(path)
		if text := model.CheckPathPart(last, above == ""); text != "" {
			w.add("R7", "path", text)
			break
		}
	}
	_, last := model.SplitPath(d.FullPath)
	name, text := model.CleanName(d.Name, true)
	if d.Name = name; name == "" {
		d.Name = last
	}
	w.add("R50", "name", text)
	w.add("R51", "description", model.CheckDescription(d.Description))
	if d.parent.ID != 0 {
		w.add("R4", "visibility", widerThan(d.Visibility, d.parent))
	}
	if d.DefaultBranch == "" {
		d.DefaultBranch = git.FirstBranch
	} else if !git.ValidBranch(d.DefaultBranch) {
		w.add("A83", "default_branch", "is not a name for a branch")
	}
	if d.Plan == "" {
		d.Plan = model.Free
	}
	if _, err := model.ParsePlan(string(d.Plan)); err != nil {
		w.add("R80", "plan", "is not a plan")
	} else if d.Plan != model.Free && (d.Kind != model.GroupPlace || strings.Contains(d.FullPath, "/")) {
		w.add("R80", "plan", onlyTopLevel)
	}
	return w.err()
}

const onlyTopLevel = "only available on top-level groups"

// widerThan is R4, and empty if it holds.
func widerThan(v model.Visibility, parent place) string {
	switch {
	case v > model.Public:
		return "is not a visibility"
	case v > parent.visibility:
		return fmt.Sprintf("can't be wider than that of %s, which is %s", parent.path, parent.visibility)
	}
	return ""
}

const takenSQL = `SELECT EXISTS (SELECT 1 FROM routes WHERE path = ?)`

// free tells whether nothing has a path yet.
func (t *tx) free(path string) error {
	taken, err := t.is(takenSQL, path)
	if err == nil && taken {
		err = model.Taken("path", fmt.Sprintf("%s is there already: choose another path", path))
	}
	return err
}

// makeParents makes the groups that are missing above a draft (R4: with its
// visibility) and gives the group that it goes into.
func (t *tx) makeParents(d draft) (place, error) {
	parent := d.parent
	for _, path := range d.makes {
		_, last := model.SplitPath(path)
		var err error
		parent, err = t.makeGroup(parent, model.NewPlace{FullPath: path, Name: last, Visibility: d.Visibility, Plan: model.Free})
		if err != nil {
			return parent, err
		}
	}
	return parent, nil
}

const insertRouteSQL = `INSERT INTO routes (path, name, group_id, project_id) VALUES (?, ?, ?, ?)`

// route gives a new place its full path and name.
func (t *tx) route(in model.Place, parent place, n model.NewPlace) error {
	name := n.Name
	if parent.ID != 0 {
		name = parent.name + " / " + name
	}
	group, project := placeIDs(in)
	return t.exec(insertRouteSQL, n.FullPath, name, group, project)
}

// look is what projects and groups have in common and somebody can change.
type look struct {
	name, path, description string
	visibility              model.Visibility
}

// alter changes the values that were asked for and notes what is wrong with
// them.
func (l *look) alter(c model.PlaceChange, top bool, w *wrong) changes {
	if c.Name != nil {
		name, text := model.CleanName(*c.Name, false)
		w.add("R50", "name", text)
		c.Name = &name
	}
	if c.Path != nil {
		w.add("R7", "path", model.CheckPathPart(*c.Path, top))
	}
	if c.Description != nil {
		w.add("R51", "description", model.CheckDescription(*c.Description))
	}
	made := changes{}
	alter(made, "name", &l.name, c.Name)
	alter(made, "path", &l.path, c.Path)
	alter(made, "description", &l.description, c.Description)
	alter(made, "visibility", &l.visibility, c.Visibility)
	return made
}

const rerouteSQL = `UPDATE routes SET path = ? || substr(path, length(?) + 1), name = ? || substr(name, length(?) + 1) WHERE `

const routesBelowSQL = `group_id IN (` + belowSQL + `) OR project_id IN (SELECT id FROM projects WHERE group_id IN (` + belowSQL + `))`

// reroute gives a place, and all that is in it, its new path and name.
// Repositories are named by number and stay where they are.
func (t *tx) reroute(p place, before, after look) error {
	if before.path == after.path && before.name == after.name {
		return nil
	}
	path := strings.TrimSuffix(p.path, before.path) + after.path
	name := strings.TrimSuffix(p.name, before.name) + after.name
	if !strings.EqualFold(path, p.path) {
		if err := t.free(path); err != nil {
			return err
		}
	}
	args := []any{path, p.path, name, p.name, p.ID}
	if p.Kind == model.ProjectPlace {
		return t.exec(rerouteSQL+`project_id = ?`, args...)
	}
	return t.exec(rerouteSQL+routesBelowSQL, append(args, p.ID)...)
}
