package ui

import (
	"context"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// newInstance lists the instance's settings (R190).
func newInstance(a *App) screen {
	l := &list[model.Setting]{app: a, keys: keys.Instance, what: "the settings",
		path: func() []string { return []string{"Settings"} }, who: a.kind}
	l.id = func(s model.Setting) int64 {
		for i, row := range l.rows {
			if row.Key == s.Key {
				return int64(i)
			}
		}
		return -1
	}
	l.columns = []column[model.Setting]{
		{head: "SETTING", worth: 1, cell: func(s model.Setting) string { return s.Key }},
		{head: "VALUE", worth: 2, least: 10, cell: func(s model.Setting) string { return orDash(clean(s.Value)) }},
		{head: "ALLOWED", worth: 3, least: 10, cell: func(s model.Setting) string { return a.theme.paint(dim, clean(s.Allowed)) }},
	}
	l.fetch = func(ctx context.Context, _ wanted, _ model.Page) (list model.List[model.Setting], err error) {
		list.Rows, err = a.Store.Settings(ctx, a.Actor)
		list.Total = len(list.Rows)
		return list, err
	}
	l.deeds = map[keys.Action]deed{
		keys.Theme: {do: func() tea.Cmd { return a.push(newThemes(a)) }},
		keys.Edit: l.row(func(s model.Setting) tea.Cmd { return a.push(newSettingForm(a, s)) }, func(model.Setting) error {
			return a.may(model.Administer, model.Target{})
		}),
	}
	return l
}

// newSettingForm asks for another value.
func newSettingForm(a *App, s model.Setting) *form {
	value := &field{key: s.Key, label: "Value", in: newInput(s.Value), hint: func() string { return s.Allowed }}
	f := &form{app: a, path: []string{"Settings", s.Key}, who: a.kind, verb: "set", fields: []*field{value}}
	f.values = func() values { return settingValue{a, s, value.in.String()} }
	return f
}

// settingValue is what the form of a setting asks for.
type settingValue struct {
	app     *App
	setting model.Setting
	value   string
}

func (v settingValue) check(context.Context) (verdict, error) {
	if err := model.CheckSetting(v.setting.Key, v.value); err != nil {
		return refusedBy(err), nil
	}
	switch {
	case v.value == v.setting.Value:
		return verdict{look: off, text: "that is its value now"}, nil
	case v.setting.Default != "":
		return verdict{look: okay, text: "can be set; the default is " + clean(v.setting.Default)}, nil
	}
	return verdict{look: okay, text: "can be set; empty is the default"}, nil
}

func (v settingValue) send(ctx context.Context) (func() tea.Cmd, error) {
	s, err := v.app.Store.ChangeSetting(ctx, v.app.Actor, v.setting.Key, v.value)
	if err != nil {
		return nil, err
	}
	return func() tea.Cmd {
		v.app.say(okay, s.Key+" is now "+orDash(clean(s.Value)))
		v.app.acted("settings", s.Key, v.value)
		return v.app.pop()
	}, nil
}
