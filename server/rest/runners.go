package rest

import (
	"errors"
	"net/http"

	"patrol/model"
)

// addRunner is A120.
func addRunner(c *call) error {
	f := c.form()
	r := f.runner()
	if err := f.err(); err != nil {
		return err
	}
	made, secret, err := c.api.Store.AddRunner(c.Context, c.asker(), r)
	switch {
	case err == nil:
	case errors.Is(err, model.ErrNotFound) || errors.Is(err, model.ErrDenied): // the same, so that nothing leaks
		return message(http.StatusForbidden, "403 Forbidden - Insufficient permissions").because(&model.Reason{
			Rule: "A120", Kind: model.ErrDenied, Text: "Runners are made by a Maintainer of the project, an Owner of the group or an administrator."})
	case errors.Is(err, model.ErrInvalid):
		return badRequest(reasonOf(err, model.ErrInvalid).Text).because(reasonOf(err, model.ErrInvalid))
	default:
		return err
	}
	return c.object(http.StatusCreated, func(o *object) {
		o.number("id", made.ID)
		o.text("token", secret.Reveal())
		o.null("token_expires_at")
	})
}

// runner reads A120's parameters. project_id and group_id count only for a
// runner of that kind, and must be there then.
func (f *form) runner() (r model.Runner) {
	if f.value("runner_type") == nil {
		f.missing("runner_type")
		f.notAllowed("runner_type")
	}
	r.Kind = model.RunnerKind(f.oneOf("runner_type", string(model.ProjectRunner), string(model.GroupRunner), string(model.InstanceRunner)))
	place := func(key string, kind model.PlaceKind) {
		if f.value(key) == nil {
			f.missing(key)
		}
		r.Place = model.Place{Kind: kind, ID: f.id(key)}
	}
	switch r.Kind {
	case model.ProjectRunner:
		place("project_id", model.ProjectPlace)
	case model.GroupRunner:
		place("group_id", model.GroupPlace)
	}
	r.Description, _ = f.text("description")
	r.Paused, r.Locked = f.is("paused"), f.is("locked")
	untagged := f.boolean("run_untagged")
	r.RunUntagged = untagged == nil || *untagged
	r.Tags = f.list("tag_list")
	if r.AccessLevel = f.oneOf("access_level", "not_protected", "ref_protected"); r.AccessLevel == "" {
		r.AccessLevel = "not_protected"
	}
	r.MaximumTimeout, _ = f.number("maximum_timeout")
	r.MaintenanceNote, _ = f.text("maintenance_note")
	return r
}

// listRunners and listAllRunners are A121: a place's own, or those that one may
// manage; or every one.
func listRunners(c *call) error { return c.runners(model.RunnerQuery{In: c.place()}) }

func listAllRunners(c *call) error { return c.runners(model.RunnerQuery{All: true}) }

func (c *call) runners(q model.RunnerQuery) error {
	f := c.form()
	page := f.page("")
	if err := f.err(); err != nil {
		return err
	}
	list, err := c.api.Store.Runners(c.Context, c.asker(), q, page.Page)
	if err != nil {
		return err
	}
	return answerList(c, page, list, c.runner)
}

// getRunner is A121 for one.
func getRunner(c *call) error {
	r, err := c.api.Store.Runner(c.Context, c.asker(), c.number(":id"))
	if err != nil {
		return runnerRefusal(err)
	}
	return answerOne(c, http.StatusOK, &r, c.runner)
}

// removeRunner is A121.
func removeRunner(c *call) error {
	if err := c.api.Store.RemoveRunner(c.Context, c.asker(), c.number(":id")); err != nil {
		return runnerRefusal(err)
	}
	return c.nothing()
}

// runnerRefusal: a runner that one may not manage isn't there (R35).
func runnerRefusal(err error) error {
	if errors.Is(err, model.ErrDenied) || errors.Is(err, model.ErrNotFound) {
		return model.NotFound("runner")
	}
	return err
}

// runner writes A121's fields.
func (c *call) runner(o *object, r *model.Runner) {
	o.number("id", r.ID)
	o.text("description", r.Description)
	o.null("ip_address")
	o.boolean("active", !r.Paused)
	o.boolean("paused", r.Paused)
	o.boolean("is_shared", r.Kind == model.InstanceRunner)
	o.text("runner_type", string(r.Kind))
	o.null("name", "online")
	o.text("status", "never_contacted")
	inside(o, "created_by", &r.CreatedBy, c.basicUser)
	o.time("created_at", r.CreatedAt)
}
