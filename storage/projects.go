package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"patrol/git"
	"patrol/model"
)

const projectColumns = `p.id, p.group_id, p.top_id, p.name, p.description, p.visibility, p.flag, p.creator_id, p.created_at, p.updated_at,
	p.pushed_at, p.default_branch, r.path, r.name, tr.path, top.plan, top.token_creation, pg.name, coalesce(pg.parent_id, 0),
	(SELECT count(*) FROM (SELECT 1 FROM issues i WHERE i.project_id = p.id AND i.closed_at IS NULL LIMIT 10001) AS open)`

// projectTables read the routes first: lists come in the order of full paths.
const projectTables = `routes r {lead join} projects p ON p.id = r.project_id JOIN groups pg ON pg.id = p.group_id
	JOIN groups top ON top.id = p.top_id JOIN routes tr ON tr.group_id = top.id`

// scanProject reads a row of projectColumns, also as the place that decisions
// need.
func scanProject(scan func(...any) error) (project model.Project, p place, err error) {
	var created, updated int64
	var pushed sql.NullInt64
	var branch sql.NullString
	err = scan(&project.ID, &project.GroupID, &project.TopID, &project.Name, &project.Description, &project.Visibility, &p.flag,
		&project.CreatorID, &created, &updated, &pushed, &branch, &project.FullPath, &project.FullName, &project.TopPath, &p.plan, &p.open,
		&project.GroupName, &project.GroupParent, &project.OpenIssues)
	_, project.Path = model.SplitPath(project.FullPath)
	project.CreatedAt, project.UpdatedAt, project.PushedAt = time.UnixMilli(created).UTC(), time.UnixMilli(updated).UTC(), timeOf(pushed)
	project.DefaultBranch = branch.String
	p.Place = model.Place{Kind: model.ProjectPlace, ID: project.ID}
	p.path, p.name, p.parent, p.top, p.topPath = project.FullPath, project.FullName, project.GroupID, project.TopID, project.TopPath
	p.visibility = project.Visibility
	return project, p, err
}

const projectSQL = `SELECT ` + projectColumns + ` FROM ` + projectTables + ` WHERE r.project_id = ?`

// project reads a project that is there, with the caller's roles in it.
func (t *tx) project(c model.Caller, p place) (project model.Project, err error) {
	err = t.rows(projectSQL, []any{p.ID}, func(scan func(...any) error) (err error) {
		project, _, err = scanProject(scan)
		return err
	})
	if err != nil {
		return project, err
	}
	return project, t.projectRoles(c, p, &project)
}

func (t *tx) projectRoles(c model.Caller, p place, project *model.Project) (err error) {
	project.DirectRole, project.GroupRole, err = t.roles(c.UserID, p)
	project.Role = model.Facts{Caller: c, Target: model.Target{Role: max(project.DirectRole, project.GroupRole)}}.Effective()
	return err
}

// Project finds a project that the actor sees (R20, R35).
func (db *DB) Project(ctx context.Context, a model.Actor, ref model.Ref) (project model.Project, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		p, err := t.findKind(model.ProjectPlace, ref)
		if err != nil {
			return err
		}
		f, err := t.permit(model.RESTRead, model.SeeProject, p, "")
		if err != nil {
			return err
		}
		project, err = t.project(f.Caller, p)
		return err
	})
	return project, err
}

// AddProject makes a project with an empty repository, or with a first commit,
// and its missing parent groups if they are wanted (R3, R4, R7, R32, R33).
func (db *DB) AddProject(ctx context.Context, a model.Actor, n model.NewPlace) (project model.Project, err error) {
	n.Kind = model.ProjectPlace
	var first git.FirstCommit
	err = db.change(ctx, a, func(t *tx) error {
		d, err := t.draft(n)
		if err != nil {
			return err
		}
		parent, err := t.makeParents(d)
		if err != nil {
			return err
		}
		p, err := t.makeProject(parent, d.NewPlace)
		if err != nil {
			return err
		}
		c, err := t.caller()
		if err != nil {
			return err
		}
		if project, err = t.project(c, p); err != nil {
			return err
		}
		if n.Readme {
			if first, err = t.readme(d.NewPlace); err != nil {
				return err
			}
		}
		return db.makeRepository(p.ID, d.DefaultBranch)
	})
	if err != nil || !n.Readme {
		return project, err
	}
	// Only now: a repository that isn't empty, of a project that was not made
	// after all, would be in the way of the next one.
	if err := db.commitReadme(ctx, a, project.ID, first); err != nil {
		return project, fmt.Errorf("%s was made, but without its README.md: %w", project.FullPath, err)
	}
	return db.Project(ctx, a, project.Ref())
}

const insertProjectSQL = `INSERT INTO projects (group_id, top_id, name, description, visibility, creator_id, created_at, updated_at)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

func (t *tx) makeProject(parent place, n model.NewPlace) (place, error) {
	now := t.now.UnixMilli()
	id, err := t.insert(insertProjectSQL, parent.ID, parent.top, n.Name, n.Description, int(n.Visibility), t.actor.ID(), now, now)
	if err != nil {
		return place{}, err
	}
	if err := t.route(model.Place{Kind: model.ProjectPlace, ID: id}, parent, n); err != nil {
		return place{}, err
	}
	p, err := t.findKind(model.ProjectPlace, model.Ref{ID: id})
	if err != nil {
		return p, err
	}
	return p, t.record(model.ProjectCreated, p.about(), map[string]string{"name": n.Name, "visibility": n.Visibility.String()})
}

const updateProjectSQL = `UPDATE projects SET name = ?, description = ?, visibility = ?, default_branch = ?, updated_at = ? WHERE id = ?`

// ChangeProject changes settings (R28) and visibility (R29).
func (db *DB) ChangeProject(ctx context.Context, a model.Actor, ref model.Ref, c model.PlaceChange) (project model.Project, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		p, f, old, err := t.editProject(ref, c)
		if err != nil {
			return err
		}
		before := look{old.Name, old.Path, old.Description, old.Visibility}
		after, branch := before, old.DefaultBranch
		made, err := t.checkProject(p, c, &after)
		if err != nil {
			return err
		}
		alter(made, "default_branch", &branch, c.DefaultBranch)
		project = old
		if len(made) == 0 {
			return nil
		}
		if err := t.reroute(p, before, after); err != nil {
			return err
		}
		err = t.exec(updateProjectSQL, after.name, after.description, int(after.visibility),
			sql.NullString{String: branch, Valid: branch != ""}, t.now.UnixMilli(), p.ID)
		if err != nil {
			return err
		}
		if err := t.record(model.ProjectChanged, p.about(), made); err != nil {
			return err
		}
		if project, err = t.project(f.Caller, p); err != nil || branch == old.DefaultBranch {
			return err
		}
		return repositoryError(git.PointHead(db.repositories.Folder(p.ID), branch)) // last: a file can't be rolled back
	})
	return project, err
}

// editProject decides ChangeProject, as far as the actor's rights go.
func (t *tx) editProject(ref model.Ref, c model.PlaceChange) (p place, f model.Facts, old model.Project, err error) {
	if p, err = t.findKind(model.ProjectPlace, ref); err != nil {
		return p, f, old, err
	}
	if f, err = t.permit(model.RESTWrite, model.EditProject, p, model.ProjectChanged); err != nil {
		return p, f, old, err
	}
	if c.Visibility != nil && *c.Visibility != p.visibility {
		f.Action = model.DeleteProject // R29 names both in one line
		if err = t.decide(f, model.ProjectChanged, p.about()); err != nil {
			return p, f, old, err
		}
	}
	old, err = t.project(f.Caller, p)
	return p, f, old, err
}

// checkProject is the values of a change, all that is wrong at once.
func (t *tx) checkProject(p place, c model.PlaceChange, after *look) (changes, error) {
	var w wrong
	made := after.alter(c, false, &w)
	if c.Visibility != nil {
		group, err := t.findKind(model.GroupPlace, model.Ref{ID: p.parent})
		if err != nil {
			return nil, err
		}
		w.add("R4", "visibility", widerThan(*c.Visibility, group))
	}
	if c.Plan != nil {
		w.add("R80", "plan", onlyTopLevel)
	}
	if c.TokenCreation != nil {
		w.add("R76", model.SwitchName, onlyTopLevel)
	}
	if c.DefaultBranch != nil && !git.HasBranch(t.db.repositories.Folder(p.ID), *c.DefaultBranch) {
		w.add("G28", "default_branch", "is not a branch of the repository")
	}
	return made, w.err()
}

// RemoveProject deletes a project with its tokens, bots and repository (R115).
func (db *DB) RemoveProject(ctx context.Context, a model.Actor, ref model.Ref) error {
	err := db.changeLarge(ctx, a, func(t *tx) error {
		p, err := t.findKind(model.ProjectPlace, ref)
		if err != nil {
			return err
		}
		if _, err := t.permit(model.RESTWrite, model.DeleteProject, p, model.ProjectDeleted); err != nil {
			return err
		}
		return t.removeProject(p)
	})
	if err == nil {
		db.sweepRepositories()
		db.sweepPackages()
	}
	return err
}

// removeProjectSQL is in the order that foreign keys ask for.
var removeProjectSQL = []string{
	`DELETE FROM pushes WHERE project_id = ?`,
	`DELETE FROM members WHERE project_id = ?`,
	`DELETE FROM routes WHERE project_id = ?`,
	`DELETE FROM projects WHERE id = ?`,
}

func (t *tx) removeProject(p place) error {
	if err := t.endPlace(p); err != nil {
		return err
	}
	for _, query := range removeProjectSQL {
		if err := t.exec(query, p.ID); err != nil {
			return err
		}
	}
	if err := t.record(model.ProjectDeleted, p.about(), map[string]string{"name": p.name}); err != nil {
		return err
	}
	return repositoryError(t.db.repositories.Mark(p.ID))
}
