package storage

import (
	"context"
	"database/sql"

	"patrol/model"
)

const featureSQL = `SELECT value FROM features WHERE name = ?`

const projectFlagsSQL = `SELECT p.id, r.path, p.flag FROM projects p JOIN routes r ON r.project_id = p.id WHERE p.flag IS NOT NULL ORDER BY r.path`

// Features gives the flag's global value first, then each project's own (R71).
func (db *DB) Features(ctx context.Context, a model.Actor) (list []model.Feature, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		if _, err := t.onInstance(model.RESTRead, model.ReadInstance, "", about{}); err != nil {
			return err
		}
		global := model.Feature{On: true}
		set, err := t.row(featureSQL, []any{model.FeatureName}, &global.On)
		if err != nil {
			return err
		}
		global.Default = !set
		list = append(list, global)
		return t.rows(projectFlagsSQL, nil, func(scan func(...any) error) error {
			f := model.Feature{Project: model.Ref{Kind: model.ProjectPlace}}
			err := scan(&f.Project.ID, &f.Path, &f.On)
			list = append(list, f)
			return err
		})
	})
	return list, err
}

// SetFeature sets the flag's global value or one project's own; nil forgets it
// (R70, R71).
func (db *DB) SetFeature(ctx context.Context, a model.Actor, project model.Ref, on *bool) error {
	return db.change(ctx, a, func(t *tx) error {
		subject := about{kind: "feature", path: model.FeatureName}
		var p place
		if project != (model.Ref{}) {
			var err error
			if p, err = t.findKind(model.ProjectPlace, project); err != nil {
				return err
			}
			subject.id, subject.path, subject.place = p.ID, p.path, p.Place
		}
		if _, err := t.onInstance(model.RESTWrite, model.Administer, model.FeatureChanged, subject); err != nil {
			return err
		}
		if project == (model.Ref{}) {
			return t.setGlobalFlag(subject, on)
		}
		if p.missing {
			return model.NotFound("project")
		}
		return t.setProjectFlag(p, subject, on)
	})
}

const projectsInSQL = `SELECT id FROM projects WHERE group_id IN (` + belowSQL + `)`

// SetFeatureIn sets the value of projects, and of every project that is in a
// group now (A145).
func (db *DB) SetFeatureIn(ctx context.Context, a model.Actor, places []model.Ref, on bool) error {
	return db.change(ctx, a, func(t *tx) error {
		if _, err := t.onInstance(model.RESTWrite, model.Administer, model.FeatureChanged, about{kind: "feature", path: model.FeatureName}); err != nil {
			return err
		}
		for _, ref := range places {
			p, err := t.findKind(ref.Kind, ref)
			if err != nil {
				return err
			}
			if p.missing {
				return naming(model.NotFound(ref.Kind.String()), ref.Path)
			}
			if err := t.setFlags(p, &on); err != nil {
				return err
			}
		}
		return nil
	})
}

// setFlags sets a project's own value, or that of every project in a group.
func (t *tx) setFlags(p place, on *bool) error {
	projects := []int64{p.ID}
	if p.Kind == model.GroupPlace {
		var err error
		if projects, err = t.ids(projectsInSQL, p.ID); err != nil {
			return err
		}
	}
	for _, id := range projects {
		p, err := t.findKind(model.ProjectPlace, model.Ref{ID: id})
		if err != nil {
			return err
		}
		if err := t.setProjectFlag(p, about{kind: "feature", id: p.ID, path: p.path, place: p.Place}, on); err != nil {
			return err
		}
	}
	return nil
}

// ResetFeature forgets the global value and every project's own (A146).
func (db *DB) ResetFeature(ctx context.Context, a model.Actor) error {
	return db.change(ctx, a, func(t *tx) error {
		subject := about{kind: "feature", path: model.FeatureName}
		if _, err := t.onInstance(model.RESTWrite, model.Administer, model.FeatureChanged, subject); err != nil {
			return err
		}
		if err := t.setGlobalFlag(subject, nil); err != nil {
			return err
		}
		projects, err := t.ids(`SELECT id FROM projects WHERE flag IS NOT NULL`)
		for _, id := range projects {
			if err == nil {
				err = t.setFlags(place{Place: model.Place{Kind: model.ProjectPlace, ID: id}}, nil)
			}
		}
		return err
	})
}

const setFeatureSQL = `INSERT INTO features (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`

const forgetFeatureSQL = `DELETE FROM features WHERE name = ?`

func (t *tx) setGlobalFlag(subject about, on *bool) error {
	var old sql.NullBool
	if _, err := t.row(featureSQL, []any{model.FeatureName}, &old); err != nil {
		return err
	}
	if flagText(old) == flagText(nullBool(on)) {
		return nil
	}
	var err error
	if on == nil {
		err = t.exec(forgetFeatureSQL, model.FeatureName)
	} else {
		err = t.exec(setFeatureSQL, model.FeatureName, *on)
	}
	if err != nil {
		return err
	}
	t.settingsChanged()
	return t.record(model.FeatureChanged, subject, changes{model.FeatureName: {flagText(old), flagText(nullBool(on))}})
}

const setProjectFlagSQL = `UPDATE projects SET flag = ? WHERE id = ?`

func (t *tx) setProjectFlag(p place, subject about, on *bool) error {
	value := nullBool(on)
	if p.flag == value {
		return nil
	}
	if err := t.exec(setProjectFlagSQL, value, p.ID); err != nil {
		return err
	}
	return t.record(model.FeatureChanged, subject, changes{model.FeatureName: {flagText(p.flag), flagText(value)}})
}

func nullBool(b *bool) sql.NullBool {
	if b == nil {
		return sql.NullBool{}
	}
	return sql.NullBool{Bool: *b, Valid: true}
}

func flagText(b sql.NullBool) string {
	switch {
	case !b.Valid:
		return "default"
	case b.Bool:
		return "on"
	}
	return "off"
}
