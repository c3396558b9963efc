package ui

import (
	"context"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// newProjects lists the projects that the person sees.
func newProjects(a *App) screen {
	l := &list[spot]{
		app:  a,
		path: func() []string { return []string{"Projects"} },
		who:  a.kind,
		keys: keys.Projects,
		what: "projects", parse: searched("projects"), empty: "No projects yet.", begin: "n makes the first",
		id: func(s spot) int64 { return s.ID },
		columns: []column[spot]{
			{head: "PROJECT", worth: 1, least: 20, middle: true, cell: func(s spot) string { return clean(s.path) }},
			{head: "VISIBLE", worth: 5, cell: func(s spot) string { return s.visibility.String() }},
			{head: "TOKENS", worth: 3, cell: a.tokensCell},
			{head: "NEXT EXPIRY", worth: 2, cell: func(s spot) string { return a.nextExpiry(s.NextExpiry) }},
			{head: "CREATION", worth: 4, cell: a.creationCell},
			{head: "YOU", worth: 6, rare: true, cell: a.youCell},
		},
		fetch: func(ctx context.Context, w wanted, p model.Page) (model.List[spot], error) {
			found, err := a.Store.Projects(ctx, a.Actor, model.PlaceQuery{Search: w.filter, Counts: true}, p)
			return spots(found, projectSpot), err
		},
		peek: func(s spot) screen { return newPlace(a, s, 0) },
	}
	placeDeeds(a, l)
	l.deeds[keys.New] = deed{do: func() tea.Cmd { return a.push(newProjectForm(a, "", false)) }}
	return l
}

// spots turns a page of projects or groups into one of spots.
func spots[T any](found model.List[T], spotOf func(T) spot) model.List[spot] {
	list := model.List[spot]{Next: found.Next, Total: found.Total}
	for _, x := range found.Rows {
		list.Rows = append(list.Rows, spotOf(x))
	}
	return list
}

// placeDeeds are what can be done to a row that is a project or a group.
func placeDeeds(a *App, l *list[spot]) {
	l.deeds = map[keys.Action]deed{
		keys.Open:     l.row(func(s spot) tea.Cmd { return a.push(newPlace(a, s, 0)) }, nil),
		keys.Settings: l.row(func(s spot) tea.Cmd { return a.push(newPlace(a, s, settingsTab)) }, nil),
		keys.Copy:     l.row(func(s spot) tea.Cmd { return a.copyText(s.path, s.path) }, nil),
		keys.NewToken: l.row(a.makeToken, func(s spot) error { return a.may(model.CreateToken, s.target()) }),
	}
}
