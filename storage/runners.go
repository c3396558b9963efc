package storage

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"patrol/model"
)

const runnerColumns = `r.id, r.kind, coalesce(r.project_id, 0), coalesce(r.group_id, 0), r.description, r.paused, r.locked, r.run_untagged,
	r.tags, r.access_level, r.maximum_timeout, r.maintenance_note, r.created_at, ` + authorColumns

const runnerTables = `runners r JOIN users u ON u.id = r.creator_id`

func scanRunner(scan func(...any) error) (r model.Runner, err error) {
	var project, group, created int64
	var tags string
	err = scan(append([]any{&r.ID, &r.Kind, &project, &group, &r.Description, &r.Paused, &r.Locked, &r.RunUntagged,
		&tags, &r.AccessLevel, &r.MaximumTimeout, &r.MaintenanceNote, &created}, authorFields(&r.CreatedBy)...)...)
	if err != nil {
		return r, err
	}
	r.Place, r.CreatedAt = placeOf(project, group), time.UnixMilli(created).UTC()
	return r, json.Unmarshal([]byte(tags), &r.Tags)
}

func (t *tx) runner(id int64) (r model.Runner, found bool, err error) {
	err = t.rows(`SELECT `+runnerColumns+` FROM `+runnerTables+` WHERE r.id = ?`, []any{id}, func(scan func(...any) error) (err error) {
		found = true
		r, err = scanRunner(scan)
		return err
	})
	return r, found, err
}

// managesRunners decides whether the actor may make, see or delete the runners
// of a place or, for NoPlace, of the instance (R28, R31, A120).
func (t *tx) managesRunners(in model.Place, a model.Access, audited string) (place, error) {
	if in.Kind == model.NoPlace {
		f := model.Facts{Today: t.today(), Access: t.access(a), Action: model.Administer}
		var err error
		if f.Caller, err = t.caller(); err != nil {
			return place{}, err
		}
		return place{}, t.decide(f, audited, about{kind: "runner"})
	}
	p, err := t.findPlace(in.Ref())
	if err != nil {
		return p, err
	}
	action := model.EditProject
	if in.Kind == model.GroupPlace {
		action = model.EditGroup
	}
	_, err = t.permit(a, action, p, audited)
	return p, err
}

const insertRunnerSQL = `INSERT INTO runners (kind, project_id, group_id, description, paused, locked, run_untagged, tags, access_level,
	maximum_timeout, maintenance_note, digest, creator_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// AddRunner makes a runner under the name of who asks (A120, R114).
func (db *DB) AddRunner(ctx context.Context, a model.Actor, r model.Runner) (made model.Runner, secret model.Secret, err error) {
	err = db.change(ctx, a, func(t *tx) error {
		p, err := t.managesRunners(r.Place, model.RunnerCreation, model.RunnerCreated)
		if err != nil {
			return err
		}
		if err := checkRunner(r); err != nil {
			return err
		}
		tags, err := json.Marshal(append([]string{}, r.Tags...))
		if err != nil {
			return err
		}
		secret = model.MakeSecret(model.RunnerPrefix)
		digest := secret.Digest()
		group, project := placeIDs(r.Place)
		id, err := t.insert(insertRunnerSQL, string(r.Kind), project, group, r.Description, r.Paused, r.Locked, r.RunUntagged, string(tags),
			r.AccessLevel, r.MaximumTimeout, r.MaintenanceNote, digest[:], a.ID(), t.now.UnixMilli())
		if err != nil {
			return err
		}
		if made, _, err = t.runner(id); err != nil {
			return err
		}
		return t.record(model.RunnerCreated, about{kind: "runner", id: id, path: p.path, place: r.Place},
			map[string]any{"runner_type": r.Kind, "description": r.Description})
	})
	if err != nil {
		return model.Runner{}, model.Secret{}, err
	}
	return made, secret, nil
}

func checkRunner(r model.Runner) error {
	var w wrong
	w.add("A120", "description", model.CheckDescription(r.Description))
	w.add("A120", "maintenance_note", model.CheckDescription(r.MaintenanceNote))
	for _, tag := range r.Tags {
		if _, text := model.CleanName(tag, false); text != "" {
			w.add("A120", "tag_list", text)
			break
		}
	}
	if !r.RunUntagged && len(r.Tags) == 0 {
		w.add("A120", "tags_list", "can not be empty when runner is not allowed to pick untagged jobs")
	}
	if r.MaximumTimeout < 0 {
		w.add("A120", "maximum_timeout", "must be greater than or equal to 0")
	}
	return w.err()
}

// Runner finds one, if the actor may manage it; else it isn't there.
func (db *DB) Runner(ctx context.Context, a model.Actor, id int64) (r model.Runner, err error) {
	err = db.view(ctx, a, func(t *tx) error {
		r, err = t.aimRunner(id, model.RESTRead, "")
		return err
	})
	return r, err
}

func (t *tx) aimRunner(id int64, a model.Access, audited string) (model.Runner, error) {
	r, found, err := t.runner(id)
	if err != nil {
		return r, err
	}
	if !found {
		return r, model.NotFound("runner")
	}
	_, err = t.managesRunners(r.Place, a, audited)
	return r, err
}

// Runners lists a place's own runners, those that the actor may manage, or all.
func (db *DB) Runners(ctx context.Context, a model.Actor, q model.RunnerQuery, p model.Page) (list model.List[model.Runner], err error) {
	err = db.view(ctx, a, func(t *tx) error {
		w, err := t.runnersWhere(q)
		if err != nil {
			return err
		}
		list, err = page(t, p, paged{columns: runnerColumns, from: runnerTables, where: w, keys: []sortKey{{column: `r.id`}}},
			func(scan func(...any) error) (model.Runner, []any, error) {
				r, err := scanRunner(scan)
				return r, []any{r.ID}, err
			})
		return err
	})
	return list, err
}

func (t *tx) runnersWhere(q model.RunnerQuery) (w where, err error) {
	if q.In != (model.Ref{}) {
		p, err := t.findPlace(q.In)
		if err != nil {
			return w, err
		}
		if _, err := t.managesRunners(model.Place{Kind: q.In.Kind, ID: p.ID}, model.RESTRead, ""); err != nil {
			return w, err
		}
		w.and(strings.ToLower(`r.`+p.Kind.String()+`_id`)+` = ?`, p.ID)
		return w, nil
	}
	if q.All {
		_, err := t.managesRunners(model.Place{}, model.RESTRead, "")
		return w, err
	}
	caller, err := t.caller()
	if err != nil {
		return w, err
	}
	if err := model.Admit(caller, t.access(model.RESTRead), t.today()).Err(); err != nil || caller.Admin {
		return w, err
	}
	today := t.today().String()
	w.and(`(r.project_id IN (SELECT p.id FROM projects p WHERE p.group_id IN (`+manageableSQL+`)
		OR p.id IN (SELECT project_id FROM members WHERE user_id = ? AND role >= ? AND (expires_on IS NULL OR expires_on > ?)))
		OR r.group_id IN (`+manageableSQL+`))`,
		caller.UserID, int(model.Maintainer), today,
		caller.UserID, int(model.Maintainer), today,
		caller.UserID, int(model.Owner), today)
	return w, nil
}

const deleteRunnerSQL = `DELETE FROM runners WHERE id = ?`

// RemoveRunner deletes one (A121).
func (db *DB) RemoveRunner(ctx context.Context, a model.Actor, id int64) error {
	return db.change(ctx, a, func(t *tx) error {
		r, err := t.aimRunner(id, model.RESTWrite, model.RunnerDeleted)
		if err != nil {
			return err
		}
		if err := t.exec(deleteRunnerSQL, id); err != nil {
			return err
		}
		return t.record(model.RunnerDeleted, about{kind: "runner", id: id, place: r.Place}, map[string]any{"description": r.Description})
	})
}
