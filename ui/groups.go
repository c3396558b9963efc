package ui

import (
	"context"
	"strings"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// newGroups lists the groups that the person sees, subgroups below their
// parents.
func newGroups(a *App) screen {
	l := &list[spot]{
		app:  a,
		path: func() []string { return []string{"Groups"} },
		who:  a.kind,
		keys: keys.Groups,
		what: "groups", parse: searched("groups"), empty: "No groups yet.", begin: "n makes the first",
		id: func(s spot) int64 { return s.ID },
		fetch: func(ctx context.Context, w wanted, p model.Page) (model.List[spot], error) {
			found, err := a.Store.Groups(ctx, a.Actor, model.PlaceQuery{Search: w.filter, Counts: true}, p)
			return spots(found, groupSpot), err
		},
		peek: func(s spot) screen { return newPlace(a, s, 0) },
	}
	l.columns = []column[spot]{
		{head: "GROUP", worth: 1, least: 16, middle: true, cell: func(s spot) string { return treeName(s.path, l.applied != "") }},
		{head: "VISIBLE", worth: 5, cell: func(s spot) string { return s.visibility.String() }},
		{head: "PLAN", worth: 7, cell: func(s spot) string {
			if s.Place != s.top {
				return "–"
			}
			return string(s.plan)
		}},
		{head: "CREATION", worth: 2, cell: a.creationCell},
		{head: "PROJECTS", worth: 4, right: true, cell: func(s spot) string { return count(s.Projects) }},
		{head: "TOKENS", worth: 3, cell: a.tokensCell},
		{head: "YOU", worth: 6, rare: true, cell: a.youCell},
	}
	placeDeeds(a, l)
	l.deeds[keys.New] = deed{do: func() tea.Cmd { return a.push(newGroupForm(a, "")) }}
	return l
}

// treeName is a group's path as a branch of its tree; while a filter leaves
// parents out, the whole path.
func treeName(path string, whole bool) string {
	_, last := model.SplitPath(path)
	if whole {
		return clean(path)
	}
	return strings.Repeat("  ", strings.Count(path, "/")) + clean(last)
}
