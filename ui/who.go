package ui

import (
	"context"
	"fmt"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// newWho lists people and bots, the newest first.
func newWho(a *App) screen {
	l := &list[model.User]{app: a, keys: keys.Who, what: "users", parse: searched("users"), empty: "Nobody yet.",
		path: func() []string { return []string{"Who"} }, who: a.kind, id: func(u model.User) int64 { return u.ID }}
	l.columns = []column[model.User]{
		{head: "USERNAME", worth: 1, least: 16, middle: true, cell: func(u model.User) string { return clean(u.Username) }},
		{head: "NAME", worth: 3, least: 10, cell: func(u model.User) string { return clean(u.Name) }},
		{head: "IS", worth: 2, cell: a.userState},
		{head: "LAST ACTIVE", worth: 4, cell: func(u model.User) string {
			if u.LastActive == 0 {
				return "never"
			}
			return monthDay(u.LastActive, a.today())
		}},
		{head: "KEYS", worth: 5, right: true, rare: true, cell: func(u model.User) string { return some(u.Keys) }},
		{head: "TOKENS", worth: 6, right: true, rare: true, cell: func(u model.User) string { return some(u.Tokens) }},
	}
	l.fetch = func(ctx context.Context, w wanted, p model.Page) (model.List[model.User], error) {
		return a.Store.Users(ctx, a.Actor, model.UserQuery{Search: w.filter}, p)
	}
	l.deeds = map[keys.Action]deed{
		keys.Open: l.row(func(u model.User) tea.Cmd { return a.push(newTokensOf(a, u)) }, nil),
		keys.Copy: l.row(func(u model.User) tea.Cmd { return a.copyText(u.Username, "username "+clean(u.Username)) }, nil),
	}
	block := l.row(func(u model.User) tea.Cmd { return a.block(u) }, func(u model.User) error {
		if err := a.writable(); err != nil {
			return err
		}
		facts := a.facts()
		return model.DecidePerson(facts, model.Person{ID: u.ID, Kind: u.Kind, Mine: u.ID == a.me.ID}, model.DisarmPerson).Err()
	})
	block.word = func(usual string) string {
		if u, ok := l.current(); ok && u.Blocked {
			return "unblock"
		}
		return usual
	}
	l.deeds[keys.Block] = block
	return l
}

// some is a number; nothing where there is none.
func some(n int) string {
	if n == 0 {
		return ""
	}
	return count(n)
}

// userState is what somebody is.
func (a *App) userState(u model.User) string {
	switch {
	case u.Blocked:
		return a.theme.state(bad, "blocked")
	case u.Kind == model.Bot:
		return well("bot")
	case u.Kind == model.Ghost:
		return well("ghost")
	case u.Admin:
		return well("administrator")
	case u.Auditor:
		return well("auditor")
	case u.External:
		return well("external")
	}
	return well("person")
}

// newTokensOf lists all tokens of a person or bot.
func newTokensOf(a *App, u model.User) screen {
	l := newTokens(a, model.TokenQuery{UserID: u.ID, Deleted: true})
	l.path = func() []string { return []string{"Who", u.Username} }
	l.who, l.keys = a.kind, keys.AllTokens
	l.empty = clean(u.Username) + " has no tokens that you may see."
	return l
}

// block asks before it blocks somebody, and lets him in again at once.
func (a *App) block(u model.User) tea.Cmd {
	name, now := clean(u.Username), !u.Blocked
	do := func() tea.Cmd {
		return a.change(func(ctx context.Context) error {
			_, err := a.Store.ChangeUser(ctx, a.Actor, u.ID, model.UserChange{Blocked: &now})
			return err
		}, func() tea.Cmd {
			said, verb := name+" is blocked", "block"
			if !now {
				said, verb = name+" is let in again", "unblock"
			}
			a.say(okay, said)
			a.acted("user", verb, u.Username)
			return a.reload()
		})
	}
	if !now {
		return do()
	}
	lines := []string{name + " gets in nowhere any more: personal tokens and SSH keys are refused from now on, and open sessions end.",
		"The bots of tokens that " + name + " has made go on."}
	if u.Tokens > 0 {
		lines = append(lines, fmt.Sprintf("Personal tokens that work now: %s.", count(u.Tokens)))
	}
	return a.push(newConfirm(a, question{title: "Block " + name + "?", lines: append(lines, a.cap(keys.Block)+" lets him in again."), yesWord: "Yes, block", yes: do}))
}
