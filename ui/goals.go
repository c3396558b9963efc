package ui

import (
	"context"
	"slices"
	"strings"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// moving are actions that nobody looks for by their name.
var moving = []keys.Action{keys.Up, keys.Down, keys.HalfUp, keys.HalfDown, keys.Top, keys.Bottom, keys.Back, keys.Go, keys.Palette, keys.Place,
	keys.Field, keys.Choose, keys.Next, keys.Tick, keys.NextTab, keys.PrevTab}

// actionGoals are what can be done on the front screen.
func (a *App) actionGoals() (list []goal) {
	for _, set := range a.sets() {
		for _, b := range set.Bindings {
			if slices.Contains(moving, b.Action) {
				continue
			}
			list = append(list, goal{text: strings.ReplaceAll(b.Long, "`", ""), key: keys.Cap(b.Keys[0]), no: a.refuses(b),
				do: func() tea.Cmd { return a.perform(b, b.Keys[0]) }})
		}
	}
	return list
}

// placeGoals are the places that g leads to.
func (a *App) placeGoals() (list []goal) {
	for _, b := range a.places().Bindings {
		if b.Action != keys.Top {
			list = append(list, goal{text: "go to " + b.Short, key: a.way(b.Action), do: func() tea.Cmd { return a.goTo(b.Keys[0]) }})
		}
	}
	return append(list, goal{text: "theme: the console's colours", do: func() tea.Cmd { return a.push(newThemes(a)) }})
}

// filterGoals are the filters that the person has named in his configuration.
func (a *App) filterGoals() (list []goal) {
	for _, f := range a.Console.Filters {
		list = append(list, goal{text: clean("filter " + f.Name + ": " + f.Line), do: func() tea.Cmd { return a.visit(newAllTokens(a, f.Line)) }})
	}
	return list
}

// settingGoals are the instance's settings.
func (a *App) settingGoals() (list []goal) {
	no := a.writable()
	if no == nil {
		no = a.may(model.Administer, model.Target{})
	}
	for _, s := range model.DefaultSettings() {
		list = append(list, goal{text: "set " + s.Key, no: no, do: func() tea.Cmd { return a.editSetting(s.Key) }})
	}
	return list
}

// editSetting asks for another value of a setting.
func (a *App) editSetting(key string) tea.Cmd {
	return await(a, func(ctx context.Context) (model.Setting, error) {
		all, err := a.Store.Settings(ctx, a.Actor)
		for _, s := range all {
			if s.Key == key {
				return s, nil
			}
		}
		return model.Setting{}, err
	}, func(s model.Setting, err error) tea.Cmd {
		if err != nil {
			a.fail(err)
			return nil
		}
		return a.push(newSettingForm(a, s))
	})
}

// commands are what can be typed before what to look for: the letters of g.
var commands = map[string]struct {
	means string
	list  func(*App) screen
}{
	"t": {"tokens", func(a *App) screen { return newAllTokens(a, "") }},
	"p": {"projects", newProjects},
	"r": {"groups", newGroups},
	"u": {"people and bots", newWho},
}

// narrowed is a list that can be opened with a filter.
type narrowed interface {
	screen
	narrow(filter string)
	wrongWith(filter string) error
}

// typedGoals are what is typed as a command, a token's number, or what may be a
// secret or a request's id.
func (a *App) typedGoals(typed string) (list []goal) {
	typed = strings.TrimSpace(typed)
	letter, rest, _ := strings.Cut(typed, " ")
	if c, ok := commands[letter]; ok && rest != "" {
		l := c.list(a).(narrowed)
		list = append(list, goal{text: c.means + ": " + clean(rest), no: l.wrongWith(rest), do: func() tea.Cmd {
			l.narrow(rest)
			return a.visit(l)
		}})
	}
	if id, ok := model.ParseID(typed); ok {
		list = append(list, goal{text: "token " + typed, do: func() tea.Cmd { return a.openToken(id) }})
	}
	if len(typed) >= model.SecretLength && !strings.Contains(typed, " ") {
		list = append(list, goal{text: "whose is it: look up what was typed", key: a.way(keys.GoPaste), do: func() tea.Cmd { return a.whose(typed) }})
	}
	return list
}

// openToken shows the token with that number.
func (a *App) openToken(id int64) tea.Cmd {
	return await(a, func(ctx context.Context) (model.Token, error) {
		return a.Store.Token(ctx, a.Actor, model.Ref{}, id)
	}, func(t model.Token, err error) tea.Cmd {
		if err != nil {
			a.fail(err)
			return nil
		}
		return a.visit(newDetail(a, t, nil))
	})
}

// goalsEach is how many of each kind are shown by their names.
const goalsEach = 5

// shortestName is how many letters a name is asked for with: fewer than the
// store's index finds would make it look at everything.
const shortestName = 3

// search asks the store for what is called as is typed.
func (p *palette) search() tea.Cmd {
	a, typed := p.app, strings.TrimSpace(p.in.String())
	if len([]rune(typed)) < shortestName {
		return nil
	}
	return ask(a, &p.asking, func(ctx context.Context) (list []goal, err error) {
		page := model.Page{Limit: goalsEach}
		projects, err := a.Store.Projects(ctx, a.Actor, model.PlaceQuery{Search: typed}, page)
		if err != nil {
			return nil, err
		}
		for _, s := range spots(projects, projectSpot).Rows {
			list = append(list, goal{text: clean(s.path) + "  project", do: func() tea.Cmd { return a.visit(newPlace(a, s, activeTab)) }})
		}
		groups, err := a.Store.Groups(ctx, a.Actor, model.PlaceQuery{Search: typed}, page)
		if err != nil {
			return nil, err
		}
		for _, s := range spots(groups, groupSpot).Rows {
			list = append(list, goal{text: clean(s.path) + "  group", do: func() tea.Cmd { return a.visit(newPlace(a, s, activeTab)) }})
		}
		tokens, err := a.Store.Tokens(ctx, a.Actor, model.TokenQuery{Search: typed}, page)
		if err != nil {
			return nil, err
		}
		for _, t := range tokens.Rows {
			list = append(list, goal{text: clean(t.Name + "  token of " + t.Owner()), do: func() tea.Cmd { return a.openToken(t.ID) }})
		}
		users, err := a.Store.Users(ctx, a.Actor, model.UserQuery{Search: typed}, page)
		for _, u := range users.Rows {
			name := u.Username
			list = append(list, goal{text: clean(name + "  " + u.Name), do: func() tea.Cmd {
				l := newWho(a).(narrowed)
				l.narrow(name)
				return a.visit(l)
			}})
		}
		return list, err
	}, func(list []goal, err error) tea.Cmd {
		if err != nil && !unseen(err) {
			a.fail(err)
		}
		p.found = list
		p.fill()
		p.at = min(p.at, max(len(p.goals)-1, 0))
		return nil
	})
}
