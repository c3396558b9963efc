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

// lookup takes a secret, a text that holds some, or a request id, and says whose
// they are (R146). What it is given is shown as dots and kept nowhere.
type lookup struct {
	quiet
	app *App
	in  input
	w   int
}

func newLookup(a *App) *lookup { return &lookup{app: a} }

func (l *lookup) crumbs() []string { return []string{"Whose is it"} }
func (l *lookup) set() keys.Set    { return keys.Paste }
func (l *lookup) typing() bool     { return true }
func (l *lookup) resize(w, _ int)  { l.w = w }

func (l *lookup) act(p press) tea.Cmd {
	switch p.action {
	case keys.Answer:
		text := l.in.String()
		if strings.TrimSpace(text) == "" {
			l.app.fail(errors.New("paste something first"))
			return nil
		}
		l.in.set("")
		return l.app.whose(text)
	case keys.Leave:
		l.in.set("")
		return l.app.pop()
	}
	return nil
}

func (l *lookup) update(msg tea.Msg) tea.Cmd {
	if paste, ok := msg.(tea.PasteMsg); ok {
		return l.app.whose(l.in.String() + paste.Content)
	}
	l.in.update(msg)
	return nil
}

func (l *lookup) view() page {
	th := l.app.theme
	shown := strings.Repeat("•", min(len([]rune(l.in.String())), max(l.w-8, 0)))
	p := page{who: l.app.kind(), cursor: &position{5 + width(shown), 1}}
	for i, line := range wrap("Paste a secret, a log that may hold some, or the id of a refused request.", max(l.w-6, 10)) {
		if i == 0 || !l.app.low() {
			p.rows = append(p.rows, "   "+line)
		}
	}
	p.rows = append(p.rows, "", "   "+th.paint(accent, "›")+" "+shown)
	p.cursor.y = len(p.rows)
	p.rows = append(p.rows, "")
	for _, line := range wrap("It is looked up by its digest, and not kept. What you may not see counts as unknown. That somebody asked is in the audit log.", max(l.w-6, 10)) {
		p.rows = append(p.rows, "   "+th.paint(dim, line))
	}
	return p
}

// whose looks a text up, and lists what is found in place of the screen that
// took it.
func (a *App) whose(text string) tea.Cmd {
	return await(a, func(ctx context.Context) ([]model.Hit, error) {
		return a.Store.Whois(ctx, a.Actor, strings.NewReader(text))
	}, func(hits []model.Hit, err error) tea.Cmd {
		if err != nil {
			a.fail(err)
			return nil
		}
		if _, ok := a.front().(*lookup); ok {
			return a.replace(newFound(a, hits))
		}
		if len(hits) == 0 {
			a.say(dim, "what was pasted holds nothing of this server that you may see")
			return nil
		}
		return a.push(newFound(a, hits))
	})
}

// hit is one thing that was found, with its place among them.
type hit struct {
	model.Hit
	number int64
}

// newFound lists what was found.
func newFound(a *App, hits []model.Hit) *list[hit] {
	l := &list[hit]{app: a, keys: keys.Found, what: "what was found", empty: "Nothing of this server is in it, or you may not see it."}
	l.path = func() []string { return []string{"Whose is it"} }
	l.aside = func() string { return foundText(hits) }
	l.who = a.kind
	l.columns = []column[hit]{
		{head: "FOUND", worth: 2, cell: func(h hit) string { return a.hitState(h) }},
		{head: "OF", worth: 4, least: 12, middle: true, cell: func(h hit) string { return clean(h.Token.Owner()) }},
		{head: "NAME", worth: 1, least: 12, cell: func(h hit) string { return clean(h.Token.Name) }},
		{head: "ROLE", worth: 5, cell: func(h hit) string { return roleName(h.Token.Role) }},
		{head: "USED, OR WHAT WAS REFUSED", worth: 3, least: 12, cell: func(h hit) string {
			if h.Refusal != nil {
				return clean(h.Refusal.Asked + ": " + h.Refusal.Rule)
			}
			return a.lastUse(h.Token)
		}},
	}
	l.id = func(h hit) int64 { return h.number }
	l.fetch = func(ctx context.Context, _ wanted, _ model.Page) (list model.List[hit], err error) {
		for i, h := range hits { // as they are now: the text is gone
			if h.Token, err = a.Store.Token(ctx, a.Actor, model.Ref{}, h.Token.ID); err != nil {
				return list, err
			}
			list.Rows = append(list.Rows, hit{h, int64(i)})
		}
		list.Total = len(hits)
		return list, nil
	}
	l.deeds = map[keys.Action]deed{
		keys.Open: l.row(func(h hit) tea.Cmd {
			if h.Refusal != nil {
				return a.why(h.Token, *h.Refusal)
			}
			return a.push(newDetail(a, h.Token, nil))
		}, nil),
		keys.Remove: l.row(func(h hit) tea.Cmd { return revokeOne(a, h.Token, nil) }, func(h hit) error {
			if h.Token.State(a.today()) == model.Revoked {
				return errors.New(clean(h.Token.Name) + " is revoked already")
			}
			return a.writable()
		}),
		keys.Rotate: l.row(func(h hit) tea.Cmd { return a.rotate(h.Token, noOverlap) }, func(h hit) error { return a.rotatable(h.Token) }),
		keys.Why:    l.row(func(h hit) tea.Cmd { return a.push(newRefusals(a, h.Token)) }, nil),
	}
	return l
}

// hitState says what a hit means: a live secret was in the clear.
func (a *App) hitState(h hit) string {
	switch {
	case h.Refusal != nil:
		return a.theme.state(okay, "refused request")
	case h.Token.State(a.today()) == model.Active:
		return a.theme.state(bad, "secret that works")
	}
	return a.theme.state(off, h.Token.State(a.today()).String()+" secret")
}

// foundText counts what was found.
func foundText(hits []model.Hit) string {
	secrets, requests := 0, 0
	for _, h := range hits {
		if h.Refusal != nil {
			requests++
		} else {
			secrets++
		}
	}
	var parts []string
	for _, one := range []struct {
		n    int
		what string
	}{{secrets, "secret"}, {requests, "request"}} {
		switch one.n {
		case 0:
		case 1:
			parts = append(parts, "1 "+one.what)
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", one.n, one.what))
		}
	}
	return strings.Join(parts, ", ")
}
