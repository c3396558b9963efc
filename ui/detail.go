package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// newDetail shows one token and its history. from is the list that it was
// opened from, for [ and ]; nil: none.
func newDetail(a *App, t model.Token, from *list[model.Token]) *list[model.Event] {
	l := &list[model.Event]{app: a, keys: keys.TokenDetail, what: "history", empty: "Nothing has happened yet.", beside: true,
		columns: []column[model.Event]{
			{worth: 2, cell: func(e model.Event) string { return e.At.UTC().Format("2006-01-02 15:04") }},
			{worth: 1, cell: func(e model.Event) string { return clean(e.Action) }},
			{worth: 3, least: 10, cell: func(e model.Event) string { return a.theme.paint(dim, clean(e.Text)) }},
		}}
	l.path = func() []string {
		if t.PlacePath == "" {
			return []string{t.User.Username, t.Name}
		}
		return []string{t.PlacePath, t.Name}
	}
	role := model.NoRole
	var days []model.UseCount
	l.who = func() string { return a.roleHere(role) }
	l.title = func() string { return "HISTORY" }
	l.above = func(w int) []string { return a.tokenLines(t, days, w) }
	l.id = func(e model.Event) int64 { return e.Key }
	l.aside = func() string {
		if from == nil || len(from.rows) == 0 {
			return ""
		}
		return "token " + from.position()
	}
	id := t.ID
	l.fetch = func(ctx context.Context, _ wanted, p model.Page) (model.List[model.Event], error) {
		return a.Store.TokenHistory(ctx, a.Actor, id, p)
	}
	var reading request
	in := t.Place
	l.also = func() tea.Cmd {
		type found struct {
			token model.Token
			role  model.Role
			days  []model.UseCount
		}
		return ask(a, &reading, func(ctx context.Context) (f found, err error) {
			if f.token, err = a.Store.Token(ctx, a.Actor, model.Ref{}, id); err != nil {
				return f, err
			}
			of, err := a.Store.UseOf(ctx, a.Actor, useDays, id)
			if f.days = of[id]; err != nil || in.Kind == model.NoPlace {
				return f, err
			}
			s, err := a.readSpot(ctx, in)
			f.role = s.role
			return f, err
		}, func(f found, err error) tea.Cmd {
			if err != nil {
				a.fail(err)
				return nil
			}
			t, role, days = f.token, f.role, f.days
			return nil
		})
	}
	step := func(by int) tea.Cmd {
		cmd := from.move(from.cur + by)
		if next, ok := from.current(); ok {
			return tea.Batch(cmd, a.replace(newDetail(a, next, from)))
		}
		return cmd
	}
	neighbour := func(by int) deed {
		return deed{do: func() tea.Cmd { return step(by) }, can: func() error {
			if from == nil || from.cur+by < 0 || from.cur+by >= from.first()+len(from.rows) {
				return errors.New("there is no further one on this side")
			}
			return nil
		}}
	}
	l.deeds = map[keys.Action]deed{
		keys.Open: {do: func() tea.Cmd { return a.push(newHandover(a, t)) }, can: func() error {
			if t.ReplacedBy == 0 {
				return fmt.Errorf("%s was not rotated with an overlap", clean(t.Name))
			}
			return nil
		}},
		keys.Previous: neighbour(-1), keys.Following: neighbour(1),
		keys.Copy:   {do: func() tea.Cmd { return a.copyText(fmt.Sprint(t.ID), fmt.Sprintf("id %d", t.ID)) }},
		keys.Rotate: {do: func() tea.Cmd { return a.rotate(t, usualOverlap) }, can: func() error { return a.rotatable(t) }},
		keys.Why:    {do: func() tea.Cmd { return a.push(newRefusals(a, t)) }},
		keys.Remove: {do: func() tea.Cmd { return revokeOne(a, t, nil) }, can: func() error {
			if t.State(a.today()) == model.Revoked {
				return fmt.Errorf("%s is revoked already", clean(t.Name))
			}
			target := model.Target{Kind: in.Kind, Role: role, Within: true, Flag: true, TokenKind: t.Kind, Mine: t.User.ID == a.me.ID}
			if in.Kind != model.NoPlace && role == model.NoRole { // not read yet, or an administrator
				target.Visibility = model.Public
			}
			return a.may(model.RevokeToken, target)
		}},
	}
	return l
}

// tokenLines are all that is known of a token; days are what it did by day.
func (a *App) tokenLines(t model.Token, days []model.UseCount, w int) []string {
	th, today := a.theme, a.today()
	label := func(name, text string) string { return "   " + th.paint(dim, fit(name, 11)) + text }
	state := th.state(okay, "active")
	switch t.State(today) {
	case model.Expired:
		state = th.state(off, "expired")
	case model.Revoked:
		state = th.state(bad, "revoked "+t.RevokedAt.UTC().Format("2006-01-02 15:04 UTC"))
	}
	if t.State(today) == model.Active && t.ExpiresOn-today <= soon {
		state = th.state(warn, "active")
	}
	if t.Replaced() {
		state = th.state(warn, fmt.Sprintf("replaced by %d; works until %s", t.ReplacedBy, t.ReplacedUntil.UTC().Format("2006-01-02 15:04 UTC")))
	}
	if t.Published(today) {
		state = th.state(warn, "published "+t.PublishedAt.UTC().Format("2006-01-02 15:04 UTC"))
	}
	role := ""
	if t.Role != model.NoRole {
		role = "   " + t.Role.String()
	}
	lines := []string{fmt.Sprintf("   %s   id %d%s   %s", state, t.ID, role, clean(strings.Join(strings.Fields(t.Scopes.String()), ", ")))}
	expires := t.ExpiresOn.String() + " 00:00 UTC"
	if t.State(today) == model.Active {
		expires += ", " + until(t.ExpiresOn, today)
		if room := w - 14 - width(expires) - 4; room >= 12 {
			expires += "   " + a.bar(t, min(room-3, 30))
		}
	}
	lines = append(lines, label("expires", expires))
	used := ago(t.LastUsedAt, a.now())
	if len(t.LastUsedIPs) > 0 {
		used += ", from " + clean(strings.Join(t.LastUsedIPs, ", "))
	}
	if stale(t, today) {
		used = th.state(warn, used)
	}
	lines = append(lines, label("used", used))
	if !a.low() {
		for _, row := range a.useRows(days, w-14) {
			lines = append(lines, label(row.name, row.text))
		}
	}
	switch {
	case t.Kind == model.PersonalToken:
		lines = append(lines, label("owner", clean(t.User.Username)))
	case t.BotDeleted:
		lines = append(lines, label("bot", clean(t.User.Username)+" "+th.paint(dim, "(deleted)")))
	default:
		lines = append(lines, label("bot", fmt.Sprintf("%s (user %d)", clean(t.User.Username), t.User.ID)))
	}
	lines = append(lines, label("made", t.CreatedAt.UTC().Format("2006-01-02 15:04 UTC")+" by "+clean(t.CreatedBy.Username)))
	if t.Description != nil && *t.Description != "" && !a.low() {
		lines = append(lines, label("about", cut(clean(*t.Description), w-15)))
	}
	if !a.low() {
		lines = append(lines, "")
	}
	return lines
}

// bar draws how much of a token's life has gone by.
func (a *App) bar(t model.Token, w int) string {
	whole := int(t.ExpiresOn - model.DateOf(t.CreatedAt))
	gone := min(max(int(a.today()-model.DateOf(t.CreatedAt)), 0), max(whole, 1))
	n := w * gone / max(whole, 1)
	return a.theme.paint(dim, "▕"+strings.Repeat("█", n)+strings.Repeat("░", w-n)+"▏")
}
