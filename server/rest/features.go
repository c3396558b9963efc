package rest

import (
	"errors"
	"fmt"
	"net/http"

	"patrol/model"
)

// listFeatures is A144.
func listFeatures(c *call) error {
	list, err := c.api.Store.Features(c.Context, c.asker())
	if err != nil {
		return err
	}
	c.json(http.StatusOK, appendObjects(nil, [][]model.Feature{list}, writeFeature))
	return nil
}

// featureDefinitions is A147.
func featureDefinitions(c *call) error {
	if _, err := c.api.Store.Features(c.Context, c.asker()); err != nil {
		return err
	}
	c.json(http.StatusOK, appendObjects(nil, []string{model.FeatureName}, func(o *object, name *string) {
		o.text("name", *name)
		o.boolean("default_enabled", true)
		o.text("type", "ops")
		o.text("group", "patrol")
		o.null("introduced_by_url", "rollout_issue_url")
		o.text("milestone", "13.0")
		o.null("log_state_changes")
	}))
	return nil
}

// unsupportedActors are the parameters of A145 that name neither projects nor
// groups.
var unsupportedActors = []string{"user", "namespace", "feature_group", "repository"}

// setFeature is A145.
func setFeature(c *call) error {
	f := c.form()
	if f.value("value") == nil {
		f.missing("value")
	}
	on := f.oneOf("value", "true", "false") == "true"
	var places []model.Ref
	for _, path := range f.list("project") {
		places = append(places, model.Ref{Kind: model.ProjectPlace, Path: path})
	}
	for _, path := range f.list("group") {
		places = append(places, model.Ref{Kind: model.GroupPlace, Path: path})
	}
	if err := f.err(); err != nil {
		return err
	}
	if _, err := c.api.Store.Features(c.Context, c.asker()); err != nil { // first of all: may he know
		if errors.Is(err, model.ErrDenied) { // let the change be refused, and audited (R160)
			if refused := c.changeFeature(nil, on); refused != nil {
				return refused
			}
		}
		return err
	}
	if c.arg(":name") != model.FeatureName {
		return badRequest("unknown feature")
	}
	for _, actor := range unsupportedActors {
		if named := f.value(actor); named != nil && named != "" { // GitLab's Go client sends all of them
			return badRequest("unsupported actor")
		}
	}
	if err := c.changeFeature(places, on); err != nil {
		if reason := reasonOf(err, model.ErrNotFound); reason != nil {
			return badRequest(reason.Name + " is not found!").because(reason)
		}
		return err
	}
	list, err := c.api.Store.Features(c.Context, c.asker())
	if err != nil {
		return err
	}
	return answerOne(c, http.StatusCreated, &list, writeFeature)
}

func (c *call) changeFeature(places []model.Ref, on bool) error {
	if places == nil {
		return c.api.Store.SetFeature(c.Context, c.asker(), model.Ref{}, &on)
	}
	return c.api.Store.SetFeatureIn(c.Context, c.asker(), places, on)
}

// resetFeature is A146. Of a name that isn't known nothing is set either.
func resetFeature(c *call) error {
	var err error
	if c.arg(":name") == model.FeatureName {
		err = c.api.Store.ResetFeature(c.Context, c.asker())
	} else {
		_, err = c.api.Store.Features(c.Context, c.asker())
	}
	if err != nil {
		return err
	}
	return c.nothing()
}

// writeFeature writes A144's object from the global value and the projects' own
// (A148).
func writeFeature(o *object, list *[]model.Feature) {
	global, own := (*list)[0].On, (*list)[1:]
	state := "off"
	if global {
		state = "on"
	}
	actors := make([]string, len(own))
	for i, f := range own {
		actors[i] = fmt.Sprintf("Project:%d", f.Project.ID)
		if !f.On {
			actors[i] += ":opt_out"
		}
		if f.On != global {
			state = "conditional"
		}
	}
	var boolean, byActor object
	boolean.text("key", "boolean")
	boolean.boolean("value", global)
	gates := append([]byte{'['}, boolean.end()...)
	if len(actors) > 0 {
		byActor.text("key", "actors")
		byActor.texts("value", actors)
		gates = append(append(gates, ','), byActor.end()...)
	}
	o.text("name", model.FeatureName)
	o.text("state", state)
	o.raw("gates", append(gates, ']'))
	o.null("definition")
}
