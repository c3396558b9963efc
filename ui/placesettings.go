package ui

import (
	"context"
	"errors"
	"fmt"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// placeSetting is a row of the Settings tab.
type placeSetting struct {
	name  string
	look  look
	value string
	note  string
}

// newPlaceSettings shows what is set on a project or group. The switch is a
// top-level group's: below it, it is inherited (R76).
func newPlaceSettings(p *place) *list[placeSetting] {
	a := p.app
	l := &list[placeSetting]{
		app: a, path: p.crumbs, who: p.who, keys: keys.PlaceSettings, what: "settings",
		columns: []column[placeSetting]{
			{head: "SETTING", worth: 1, cell: func(s placeSetting) string { return s.name }},
			{head: "VALUE", worth: 2, cell: func(s placeSetting) string {
				if s.look == plain {
					return s.value
				}
				return a.theme.state(s.look, s.value)
			}},
			{worth: 3, least: 8, cell: func(s placeSetting) string { return a.theme.paint(dim, s.note) }},
		},
	}
	l.id = func(s placeSetting) int64 {
		for i, row := range l.rows {
			if row.name == s.name {
				return int64(i)
			}
		}
		return -1
	}
	in := p.Place
	l.fetch = func(ctx context.Context, _ wanted, _ model.Page) (model.List[placeSetting], error) {
		s, err := a.readSpot(ctx, in)
		rows := settingsOf(s)
		return model.List[placeSetting]{Rows: rows, Total: len(rows)}, err
	}
	l.deeds = map[keys.Action]deed{
		keys.NewToken: p.makesToken(),
		keys.Switch: l.row(func(placeSetting) tea.Cmd { return flipSwitch(p) }, func(s placeSetting) error {
			switch {
			case s.name != model.SwitchName:
				return errors.New("only the switch can be turned on and off here")
			case p.Place != p.top:
				return fmt.Errorf("it is set on %s; enter goes there", clean(p.topPath))
			}
			return a.may(model.ChangeSwitch, p.target())
		}),
		keys.Open: l.row(func(placeSetting) tea.Cmd {
			return await(a, func(ctx context.Context) (spot, error) { return a.readSpot(ctx, p.top) },
				func(s spot, err error) tea.Cmd {
					if err != nil {
						a.fail(err)
						return nil
					}
					return a.push(newPlace(a, s, settingsTab))
				})
		}, func(s placeSetting) error {
			if s.name != model.SwitchName || p.Place == p.top {
				return errors.New("it is set here")
			}
			return nil
		}),
	}
	return l
}

// settingsOf are the rows of a place.
func settingsOf(s spot) []placeSetting {
	state := func(on bool) (look, string) {
		if on {
			return okay, "on"
		}
		return off, "off"
	}
	note := "of " + clean(s.topPath) + "; enter goes there"
	if s.Place == s.top {
		note = plural(s.Projects, "project") + ", " + plural(s.Subgroups, "subgroup")
	}
	l, value := state(s.creation.Rule != "R75")
	rows := []placeSetting{{model.SwitchName, l, value, note}}
	if s.Kind == model.ProjectPlace {
		l, value := state(s.creation.Rule != "R70")
		rows = append(rows, placeSetting{model.FeatureName, l, value, "flag, for administrators"})
	}
	rows = append(rows, placeSetting{"visibility", plain, s.visibility.String(), ""})
	switch {
	case s.Kind == model.ProjectPlace:
		rows = append(rows, placeSetting{"default branch", plain, orDash(clean(s.branch)), ""})
	case s.Place == s.top:
		rows = append(rows, placeSetting{"plan", plain, string(s.plan), "counts on saas only"})
	}
	return rows
}

// flipSwitch turns token creation of a top-level group on or off.
func flipSwitch(p *place) tea.Cmd {
	a, ref := p.app, p.Ref()
	on := p.creation.Rule == "R75"
	set := func(ctx context.Context, on bool) error {
		_, err := a.Store.ChangeGroup(ctx, a.Actor, ref, model.PlaceChange{TokenCreation: &on})
		return err
	}
	return a.change(func(ctx context.Context) error { return set(ctx, on) }, func() tea.Cmd {
		if p.creation.Rule = "R75"; on { // until it is read again
			p.creation.Rule = ""
		}
		text := "saved: " + onOff(on)
		command := func(on bool) []string { return []string{"group", "set", p.path, "token_creation", onOff(on)} }
		a.acted(command(on)...)
		a.done(text, undo{done: clean(p.path) + " token creation " + onOff(on), command: command(!on),
			changed: func(ctx context.Context) (string, error) {
				g, err := a.Store.Group(ctx, a.Actor, ref)
				if err != nil || g.TokenCreation == on {
					return "", err
				}
				return onOff(g.TokenCreation), nil
			},
			back: func(ctx context.Context) error { return set(ctx, !on) }})
		return a.reload()
	})
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}
