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
	f := placeForm(a, "New project", model.NewPlace{Kind: model.ProjectPlace, Parents: true}, path)
	f.field("path").hint = func() string { return "group/…/project" }
	f.fields[1].chips = visibilities()
	f.send = func() func(context.Context) (func() tea.Cmd, error) {
		asked := f.asked()
		return func(ctx context.Context) (func() tea.Cmd, error) {
			p, err := a.Store.AddProject(context.WithoutCancel(ctx), a.Actor, asked)
			if err != nil {
				return nil, err
			}
			return func() tea.Cmd {
				s := projectSpot(p)
				a.say(okay, clean(s.path)+" created")
				shown := a.replace(newPlace(a, s, activeTab))
				if first {
					return tea.Batch(shown, a.makeToken(s))
				}
				return shown
			}, nil
		}
	}
	return f.form
}

// newGroupForm makes a group; its parents must exist.
func newGroupForm(a *App, path string) *form {
	f := placeForm(a, "New group", model.NewPlace{Kind: model.GroupPlace}, path)
	f.field("path").hint = func() string { return "its parent must exist" }
	f.send = func() func(context.Context) (func() tea.Cmd, error) {
		asked := f.asked()
		return func(ctx context.Context) (func() tea.Cmd, error) {
			g, err := a.Store.AddGroup(context.WithoutCancel(ctx), a.Actor, asked)
			if err != nil {
				return nil, err
			}
			return func() tea.Cmd {
				s := groupSpot(g)
				a.say(okay, clean(s.path)+" created")
				return a.replace(newPlace(a, s, activeTab))
			}, nil
		}
	}
	return f.form
}

// newPlaceForm is what the two have in common.
type newPlaceForm struct {
	*form
	base model.NewPlace
}

func (f newPlaceForm) asked() model.NewPlace {
	asked := f.base
	asked.FullPath = strings.TrimSpace(f.field("path").in.String())
	asked.Visibility = model.Visibilities[f.field("visibility").pick]
	return asked
}

func visibilities() []string {
	var names []string
	for _, v := range model.Visibilities {
		names = append(names, v.String())
	}
	return names
}

func placeForm(a *App, title string, base model.NewPlace, path string) newPlaceForm {
	f := newPlaceForm{&form{app: a, path: []string{title}, who: a.kind, verb: "create", makes: "Makes", fields: []*field{
		{key: "path", label: "Path", in: newInput(path)},
		{kind: chipField, key: "visibility", label: "Visible", chips: visibilities()},
	}}, base}
	f.check = func() func(context.Context) (verdict, error) {
		asked := f.asked()
		return func(ctx context.Context) (verdict, error) {
			if asked.FullPath == "" {
				return verdict{look: bad, text: "the path is missing"}, nil
			}
			made, err := a.Store.CheckPlace(ctx, a.Actor, asked)
			if err != nil {
				return refusedBy(err), nil
			}
			return verdict{look: okay, text: "can be created", makes: makesOf(asked, made)}, nil
		}
	}
	return f
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
