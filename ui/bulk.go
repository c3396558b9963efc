package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// stopping is a row of the bulk page: a token, and how often it was let in lately.
type stopping struct {
	model.Token
	uses int64
}

// lately is how many days back the page looks for use (R95a).
const lately = 7

// bulk is the page of what is done to many tokens at once: each of them, what
// stops, and the command that does the same. It acts on what it lists, all or
// none.
type bulk struct {
	*list[stopping]
	verb   string // "revoke" or "rotate"
	done   func() // the list below forgets its marks
	spread int    // over how many days a rotation's ends are spread if nothing else is typed; 0: none
	about  outlook
	ready  bool // about has come
	adding request
}

// outlook is what is known of all the tokens of the page.
type outlook struct {
	live      []int64 // that can be acted on
	unused    []int64 // those of them that nobody used for staleDays
	used      int     // those that somebody used lately
	addresses int     // from how many addresses
	first     model.Token
}

// newBulk asks about the tokens with these ids. verb is "revoke" or "rotate".
func newBulk(a *App, verb string, ids []int64, done func()) *bulk {
	b := &bulk{verb: verb, done: done}
	l := &list[stopping]{app: a, keys: keys.Bulk, what: "tokens", only: ids, empty: "None of them is left: esc goes back."}
	b.list = l
	l.path = func() []string { return []string{capital(verb) + " " + plural(len(l.only), "token")} }
	l.who = a.kind
	l.id = func(s stopping) int64 { return s.ID }
	l.aside = b.inUse
	l.columns = []column[stopping]{
		{head: "PROJECT", worth: 5, least: 12, middle: true, cell: func(s stopping) string { return clean(s.Owner()) }},
		{head: "NAME", worth: 1, least: 12, cell: func(s stopping) string { return clean(s.Name) }},
		{head: "ID", worth: 3, right: true, cell: func(s stopping) string { return fmt.Sprint(s.ID) }},
		{head: "WHAT STOPS", worth: 4, least: 14, cell: func(s stopping) string { return a.stops(s) }},
		{head: "USED", worth: 2, cell: func(s stopping) string {
			if a.now().Sub(s.LastUsedAt) < lately*24*time.Hour {
				return a.theme.state(warn, ago(s.LastUsedAt, a.now()))
			}
			return well(ago(s.LastUsedAt, a.now()))
		}},
	}
	l.fetch = b.fetch
	l.also = b.look
	l.above = b.lines
	l.deeds = map[keys.Action]deed{
		keys.Proceed:    {do: b.proceed, can: b.any, word: func(string) string { return verb + " " + count(len(l.only)) }},
		keys.LeaveOut:   l.row(func(s stopping) tea.Cmd { return b.keep(func(id int64) bool { return id != s.ID }) }, nil),
		keys.OnlyUnused: {do: func() tea.Cmd { return b.keep(func(id int64) bool { return slices.Contains(b.about.unused, id) }) }, can: b.someUnused, word: func(usual string) string { return fmt.Sprintf("%s %d", usual, len(b.about.unused)) }},
		keys.Copy:       {do: func() tea.Cmd { return a.copyText(b.command(), "the command") }, can: b.any},
	}
	return b
}

func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// query are those of the tokens that it can be done to.
func (b *bulk) query(ids []int64) model.TokenQuery {
	alive := false
	return model.TokenQuery{IDs: ids, Revoked: &alive, Deleted: b.verb == "revoke", Sort: model.ByLastUse, Descending: true}
}

func (b *bulk) fetch(ctx context.Context, w wanted, p model.Page) (rows model.List[stopping], err error) {
	a := b.app
	found, err := a.Store.Tokens(ctx, a.Actor, b.query(w.ids), p)
	if err != nil {
		return rows, err
	}
	ids := make([]int64, len(found.Rows))
	for i, t := range found.Rows {
		ids[i] = t.ID
	}
	uses, err := a.Store.UseOf(ctx, a.Actor, lately, ids...)
	rows.Next, rows.Total = found.Next, found.Total
	for _, t := range found.Rows {
		s := stopping{Token: t}
		for _, day := range uses[t.ID] {
			s.uses += day.LetIn
		}
		rows.Rows = append(rows.Rows, s)
	}
	return rows, err
}

// look finds out about all of them, also those that are not on the screen.
func (b *bulk) look() tea.Cmd {
	a, q, now := b.app, b.query(b.only), b.app.now()
	return ask(a, &b.adding, func(ctx context.Context) (o outlook, err error) {
		from, p := map[string]bool{}, model.Page{Limit: model.MaxPage}
		for {
			found, err := a.Store.Tokens(ctx, a.Actor, q, p)
			if err != nil {
				return o, err
			}
			for _, t := range found.Rows {
				switch {
				case t.LastUsedAt.IsZero(), now.Sub(t.LastUsedAt) > staleDays*24*time.Hour:
					o.unused = append(o.unused, t.ID)
				case now.Sub(t.LastUsedAt) < lately*24*time.Hour:
					o.used++
					for _, address := range t.LastUsedIPs {
						from[address] = true
					}
				}
				if o.live = append(o.live, t.ID); len(o.live) == 1 {
					o.first = t
				}
			}
			if p.After = found.Next; p.After == "" {
				o.addresses = len(from)
				return o, nil
			}
		}
	}, func(o outlook, err error) tea.Cmd {
		if err != nil {
			return nil
		}
		if gone := len(b.only) - len(o.live); gone > 0 {
			b.app.say(dim, fmt.Sprintf("%d of them left out: revoked already", gone))
		}
		b.about, b.ready = o, true
		b.only = slices.Sorted(slices.Values(o.live))
		if b.only == nil {
			b.only = []int64{}
		}
		return nil
	})
}

// keep leaves out all but some.
func (b *bulk) keep(which func(id int64) bool) tea.Cmd {
	b.only = slices.DeleteFunc(slices.Clone(b.only), func(id int64) bool { return !which(id) })
	b.ready = false
	return b.load()
}

func (b *bulk) any() error {
	switch {
	case len(b.only) == 0:
		return errors.New("no token is left to " + b.verb)
	case !b.ready:
		return errors.New("wait: they are being looked at")
	}
	return nil
}

func (b *bulk) someUnused() error {
	switch {
	case !b.ready:
		return errors.New("wait: they are being looked at")
	case len(b.about.unused) == 0:
		return fmt.Errorf("each of them was used in the last %d days", staleDays)
	case len(b.about.unused) == len(b.only):
		return fmt.Errorf("none of them was used in the last %d days", staleDays)
	}
	return nil
}

// inUse says how many of them somebody uses.
func (b *bulk) inUse() string {
	switch {
	case !b.ready:
		return "looking who uses them…"
	case b.about.used == 0:
		return fmt.Sprintf("nobody used them in the last %d d", lately)
	}
	return fmt.Sprintf("%s %d in use, from %s", symbols[warn], b.about.used, plural(b.about.addresses, "address"))
}

// stops is what a token is used for, as far as that is known.
func (a *App) stops(s stopping) string {
	switch {
	case s.LastUsedAt.IsZero():
		return "nothing, ever"
	case s.uses == 0 && a.now().Sub(s.LastUsedAt) > lately*24*time.Hour:
		return "nothing seen for " + strings.TrimSuffix(ago(s.LastUsedAt, a.now()), " ago")
	}
	text := breaks(s.Scopes)
	if s.uses > 0 {
		text = fmt.Sprintf("%s in %d d", count(int(min(s.uses, model.CountLimit+1))), lately)
	}
	if len(s.LastUsedIPs) > 0 {
		text += " by " + clean(strings.Join(s.LastUsedIPs, ", "))
	}
	return text
}

// command does the same in a shell.
func (b *bulk) command() string {
	ids := make([]string, len(b.only))
	for i, id := range b.only {
		ids[i] = fmt.Sprint(id)
	}
	command := "patrol token " + b.verb + " " + strings.Join(ids, " ")
	if b.verb == "rotate" { // without it the old secrets stop at once
		command += fmt.Sprintf(" --overlap %d", overlaps[usualOverlap].hours)
	}
	return command
}

// lines stand over the rows.
func (b *bulk) lines(w int) []string {
	th := b.app.theme
	what := "all or none; bots go; it cannot be undone"
	if b.verb == "rotate" {
		what = "all or none; each gets a new secret"
	}
	if b.app.low() {
		return []string{"   " + th.paint(dim, cut(what+" · "+b.app.cap(keys.Copy)+" copies the command", w-4))}
	}
	return []string{
		"   " + spread(th.paint(dim, cut(b.command(), w-16)), th.paint(dim, b.app.cap(keys.Copy)+" copies"), w-4),
		"   " + th.paint(dim, cut(what, w-4)), "",
	}
}

// proceed asks once more, of three or more with words that must be typed, and
// does it.
func (b *bulk) proceed() tea.Cmd {
	if b.verb == "rotate" {
		return b.app.rotateMany(b)
	}
	a, ids, n := b.app, b.only, len(b.only)
	q := question{title: "Revoke " + plural(n, "token") + "?", yesWord: "Yes, revoke",
		lines: []string{capital(strings.TrimPrefix(b.inUse(), symbols[warn]+" ")) + ".", fmt.Sprintf("All %d or none. It cannot be undone.", n)},
		yes: func() tea.Cmd {
			a.say(warn, fmt.Sprintf("revoking %d…", n))
			return a.change(func(ctx context.Context) error {
				return a.Store.RevokeTokens(ctx, a.Actor, model.Ref{}, ids...)
			}, func() tea.Cmd {
				b.done()
				a.say(okay, plural(n, "token")+" revoked")
				a.acted(idWords("revoke", ids)...)
				return a.pop()
			})
		}}
	if n >= 3 {
		q.typed = fmt.Sprintf("revoke %d", n)
	}
	return a.push(newConfirm(a, q))
}
