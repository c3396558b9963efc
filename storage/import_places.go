package storage

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"patrol/model"
)

func (l *groupLine) check(time.Time) error {
	var w wrong
	v := checkVisibility(&w, l.Visibility)
	l.Visibility = v.String()
	top := !strings.Contains(l.Path, "/")
	switch {
	case top && l.Plan == "":
		l.Plan = string(model.Free)
	case top:
		if _, err := model.ParsePlan(l.Plan); err != nil {
			w.add("R80", "plan", "is not a plan")
		}
	case l.Plan != "":
		w.add("R80", "plan", onlyTopLevel)
	}
	switch {
	case top && l.TokenCreation == nil:
		open := true
		l.TokenCreation = &open
	case !top && l.TokenCreation != nil:
		w.add("R76", "token_creation", onlyTopLevel)
	}
	l.Name = nameOrPath(l.Name, l.Path)
	return w.err()
}

func checkVisibility(w *wrong, text string) model.Visibility {
	if text == "" {
		return model.Private
	}
	v, err := model.ParseVisibility(text)
	if err != nil {
		w.add("R4", "visibility", "must be private, internal or public")
	}
	return v
}

// nameOrPath is a place's name, trimmed, or the last part of its path.
func nameOrPath(name, path string) string {
	if name, _ = model.CleanName(name, true); name != "" {
		return name
	}
	_, last := model.SplitPath(path)
	return last
}

const groupLinesSQL = `SELECT r.path, g.name, g.description, g.visibility, g.plan, g.token_creation, g.parent_id IS NULL
	FROM groups g JOIN routes r ON r.group_id = g.id`

func scanGroupLine(scan func(...any) error) (*groupLine, error) {
	l := &groupLine{Type: "group"}
	var visibility model.Visibility
	var plan string
	var open, top bool
	err := scan(&l.Path, &l.Name, &l.Description, &visibility, &plan, &open, &top)
	l.Visibility = visibility.String()
	if top {
		l.Plan, l.TokenCreation = plan, &open
	}
	return l, err
}

const shutSQL = `UPDATE groups SET token_creation = FALSE WHERE id = ?`

// apply makes a group without members: theirs are lines of their own.
func (l *groupLine) apply(im *importing) (bool, error) {
	var there *groupLine
	err := im.t.rows(groupLinesSQL+` WHERE r.path = ?`, []any{l.Path}, func(scan func(...any) error) (err error) {
		there, err = scanGroupLine(scan)
		return err
	})
	if err != nil {
		return false, err
	}
	if there != nil {
		return false, sameAs(there, l, "the group "+l.Path)
	}
	visibility, _ := model.ParseVisibility(l.Visibility) // checked before
	d, err := im.draft(model.NewPlace{Kind: model.GroupPlace, FullPath: l.Path, Name: l.Name, Description: l.Description, Visibility: visibility, Plan: model.Plan(l.Plan)})
	if err != nil {
		return false, err
	}
	p, err := im.t.insertGroup(d.parent, d.NewPlace)
	if err != nil || l.TokenCreation == nil || *l.TokenCreation {
		return true, err
	}
	if err := im.t.exec(shutSQL, p.ID); err != nil {
		return false, err
	}
	return true, im.t.record(model.GroupChanged, p.about(), changes{model.SwitchName: {true, false}})
}

// draft is the place that a line asks for, checked like any other.
func (im *importing) draft(n model.NewPlace) (d draft, err error) {
	d.NewPlace = n
	if above, _ := model.SplitPath(n.FullPath); above != "" {
		if d.parent, err = im.place(model.GroupPlace, above); err != nil {
			return d, err
		}
		d.FullPath = d.parent.path + n.FullPath[len(above):] // as its group is written
	} else if n.Kind == model.ProjectPlace {
		return d, model.Invalid("R3", model.Field{Key: "path", Text: "must be inside a group: write GROUP/PROJECT"})
	}
	if err := d.check(); err != nil {
		return d, err
	}
	if n.Kind == model.GroupPlace && strings.Count(n.FullPath, "/") >= model.MaxDepth {
		return d, model.Invalid("R2", model.Field{Key: "path", Text: fmt.Sprintf("is too deep (maximum is %d groups inside one another)", model.MaxDepth)})
	}
	return d, im.t.free(d.FullPath)
}

func (l *projectLine) check(time.Time) error {
	var w wrong
	l.Visibility = checkVisibility(&w, l.Visibility).String()
	l.Name = nameOrPath(l.Name, l.Path)
	return w.err()
}

const projectLinesSQL = `SELECT r.path, p.name, p.description, p.visibility, p.flag FROM projects p JOIN routes r ON r.project_id = p.id`

func scanProjectLine(scan func(...any) error) (*projectLine, error) {
	l := &projectLine{Type: "project"}
	var visibility model.Visibility
	var flag sql.NullBool
	err := scan(&l.Path, &l.Name, &l.Description, &visibility, &flag)
	l.Visibility = visibility.String()
	if flag.Valid {
		l.Flag = &flag.Bool
	}
	return l, err
}

func (l *projectLine) apply(im *importing) (bool, error) {
	var there *projectLine
	err := im.t.rows(projectLinesSQL+` WHERE r.path = ?`, []any{l.Path}, func(scan func(...any) error) (err error) {
		there, err = scanProjectLine(scan)
		return err
	})
	if err != nil {
		return false, err
	}
	if there != nil {
		return false, sameAs(there, l, "the project "+l.Path)
	}
	visibility, _ := model.ParseVisibility(l.Visibility) // checked before
	d, err := im.draft(model.NewPlace{Kind: model.ProjectPlace, FullPath: l.Path, Name: l.Name, Description: l.Description, Visibility: visibility})
	if err != nil {
		return false, err
	}
	p, err := im.t.makeProject(d.parent, d.NewPlace)
	if err != nil || l.Flag == nil {
		return true, err
	}
	return true, im.t.setProjectFlag(p, about{kind: "feature", id: p.ID, path: p.path, place: p.Place}, l.Flag)
}
