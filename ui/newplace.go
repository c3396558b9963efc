package ui

import (
	"context"
	"strings"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// newProjectForm makes a project and the groups above it that are missing.
// first: in an empty database; its token is asked for next.
func newProjectForm(a *App, path string, first bool) *form {
	f := placeForm(a, "New project", placeValues{asked: model.NewPlace{Kind: model.ProjectPlace, Parents: true}, first: first}, path)
	f.field("path").hint = func() string { return "group/…/project" }
	return f
}

// newGroupForm makes a group; its parents must exist.
func newGroupForm(a *App, path string) *form {
	f := placeForm(a, "New group", placeValues{asked: model.NewPlace{Kind: model.GroupPlace}}, path)
	f.field("path").hint = func() string { return "its parent must exist" }
	return f
}

func placeForm(a *App, title string, base placeValues, path string) *form {
	f := &form{app: a, path: []string{title}, who: a.kind, verb: "create", makes: "Makes", fields: []*field{
		{key: "path", label: "Path", in: newInput(path)},
		{kind: chipField, key: "visibility", label: "Visible", chips: visibilities()},
	}}
	f.values = func() values {
		v := base
		v.app = a
		v.asked.FullPath = strings.TrimSpace(f.field("path").in.String())
		v.asked.Visibility = model.Visibilities[f.field("visibility").pick]
		return v
	}
	return f
}

func visibilities() []string {
	var names []string
	for _, v := range model.Visibilities {
		names = append(names, v.String())
	}
	return names
}

// placeValues is what the form of a new project or group asks for.
type placeValues struct {
	app   *App
	asked model.NewPlace
	first bool // its token is asked for next
}

func (v placeValues) check(ctx context.Context) (verdict, error) {
	if v.asked.FullPath == "" {
		return verdict{look: bad, text: "the path is missing"}, nil
	}
	made, err := v.app.Store.CheckPlace(ctx, v.app.Actor, v.asked)
	if err != nil {
		return refusedBy(err), nil
	}
	return verdict{look: okay, text: "can be created", makes: makesOf(v.asked, made)}, nil
}

func (v placeValues) send(ctx context.Context) (func() tea.Cmd, error) {
	a := v.app
	made, err := v.add(ctx)
	if err != nil {
		return nil, err
	}
	return func() tea.Cmd {
		a.say(okay, clean(made.path)+" created")
		a.acted(v.asked.Kind.String(), "add", v.asked.FullPath, "--visibility="+v.asked.Visibility.String())
		shown := a.replace(newPlace(a, made, activeTab))
		if v.first {
			return tea.Batch(shown, a.makeToken(made))
		}
		return shown
	}, nil
}

func (v placeValues) add(ctx context.Context) (spot, error) {
	if v.asked.Kind == model.GroupPlace {
		g, err := v.app.Store.AddGroup(ctx, v.app.Actor, v.asked)
		return groupSpot(g), err
	}
	p, err := v.app.Store.AddProject(ctx, v.app.Actor, v.asked)
	return projectSpot(p), err
}

// makesOf says what would come into being.
func makesOf(asked model.NewPlace, parents []string) string {
	var parts []string
	for _, group := range parents {
		if group != asked.FullPath {
			parts = append(parts, "group "+clean(group)+" ("+asked.Visibility.String()+")")
		}
	}
	if asked.Kind == model.ProjectPlace {
		parts = append(parts, "project "+clean(asked.FullPath), "an empty repository")
	} else {
		parts = append(parts, "group "+clean(asked.FullPath))
	}
	return strings.Join(parts, ", ")
}
