package ui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// dayBox asks for the day that the console shall show.
type dayBox struct {
	quiet
	app *App
	in  input
	w   int
}

func (b *dayBox) box() bool        { return true }
func (b *dayBox) typing() bool     { return true }
func (b *dayBox) crumbs() []string { return []string{"Another day"} }
func (b *dayBox) set() keys.Set    { return keys.Day }
func (b *dayBox) resize(w, _ int)  { b.w = w }

func (b *dayBox) update(msg tea.Msg) tea.Cmd {
	b.in.update(msg)
	return nil
}

func (b *dayBox) day() (model.Date, error) {
	typed := strings.TrimPrefix(strings.TrimSpace(b.in.String()), "+")
	return model.ParseEnd(typed, b.app.today())
}

func (b *dayBox) act(p press) tea.Cmd {
	if p.action == keys.Leave {
		return b.app.pop()
	}
	day, err := b.day()
	if err != nil {
		b.app.fail(err)
		return nil
	}
	return tea.Batch(b.app.pop(), b.app.rehearse(day))
}

func (b *dayBox) view() page {
	th, inner := b.app.theme, max(min(56, b.w-4), 10)
	line, x := b.in.view(inner - 2)
	hint := "30d, dec 24 or 2027-01-31"
	if day, err := b.day(); err == nil {
		hint = day.Time().Format("Mon Jan 2 2006")
	}
	rows := []string{th.paint(accent, "@") + " " + line, "  " + th.paint(dim, hint), "  " + th.paint(dim, cut("everything as it would be then; nothing can be changed", inner-2))}
	return page{rows: boxRows(th, "Which day?", "enter shows it · esc", rows, inner), cursor: &position{4 + x, 1}}
}

// askDay asks for another day.
func (a *App) askDay() tea.Cmd { return a.push(&dayBox{app: a}) }

// mayRehearse is nil, or why no other day can be shown from here.
func (a *App) mayRehearse() error {
	switch {
	case a.Rehearse == nil:
		return errors.New("no other day can be shown here")
	case slices.ContainsFunc(a.stack, func(s screen) bool { return s.once() }):
		return errors.New("leave this first: a secret or what was typed waits here")
	}
	return nil
}

// otherDay is a console on another day over the one of today, which waits below
// it as it was.
type otherDay struct {
	*App
	end func() // of its store
}

// rehearse opens the console of another day: one that only reads, on a clock of
// its own, as --at has it.
func (a *App) rehearse(day model.Date) tea.Cmd {
	below := a
	if a.below != nil {
		below = a.below
	}
	at := day.Time().Add(below.now().Sub(below.today().Time()))
	ctx, cancel := context.WithCancel(below.ctx) // the day's: who gives it up or leaves the console ends it, also while it opens
	type opened struct {
		store Store
		end   func()
		keep  func() bool
	}
	return await(a, func(asked context.Context) (o opened, err error) {
		o.keep = context.AfterFunc(asked, cancel)
		var end func()
		if o.store, end, err = below.Rehearse(at); err != nil {
			return o, err
		}
		o.end = sync.OnceFunc(end)
		context.AfterFunc(ctx, o.end)
		return o, below.Store.Ready(asked) // else another database may have its name by now, where other people have these numbers
	}, func(o opened, err error) tea.Cmd {
		o.keep()
		if err != nil {
			cancel()
			a.fail(err)
			return nil
		}
		gone := below.leaveDay()
		c := below.Config
		c.Store, c.Rehearsal, c.Serve = o.store, true, nil
		c.Flags = append(slices.DeleteFunc(slices.Clone(c.Flags), func(f string) bool { return strings.HasPrefix(f, "CLOCK ") }), "CLOCK "+day.String())
		then := newApp(ctx, c)
		then.below, then.after, then.me, then.host = below, below.after, below.me, below.host
		then.w, then.h, then.profile, then.background = below.w, below.h, below.profile, below.background
		then.version, _ = o.store.Version()
		below.other = &otherDay{then, func() { cancel(); o.end() }}
		then.say(warn, "this is "+day.String()+": nothing can be changed · esc comes back")
		return tea.Batch(gone, then.dress(), then.front().load(), then.identify())
	})
}

// leaveDay closes the console of another day, if there is one.
func (a *App) leaveDay() tea.Cmd {
	if a.other == nil {
		return nil
	}
	end := a.other.end
	for _, s := range a.other.stack {
		s.left()
	}
	a.Console = a.other.Console // a theme that was kept there is kept
	a.other = nil
	return func() tea.Msg {
		end()
		return nil
	}
}

// comeBack shows today again.
func (a *App) comeBack() tea.Cmd {
	return tea.Batch(a.leaveDay(), a.dress(), a.reload(), a.identify())
}

// through gives a message to the console of another day; what is about the
// terminal is for both.
func (o *otherDay) through(msg tea.Msg) (cmd tea.Cmd, both bool) {
	_, cmd = o.Update(msg)
	switch msg.(type) {
	case tea.WindowSizeMsg, tea.ColorProfileMsg, tea.BackgroundColorMsg, silenceMsg:
		return cmd, true
	}
	return cmd, false
}
