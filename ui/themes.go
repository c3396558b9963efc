package ui

import (
	"context"
	"errors"
	"strings"

	conf "patrol/config"
	"patrol/keys"

	tea "charm.land/bubbletea/v2"
)

// themes shows each theme in its own colours. Moving tries it on the whole
// console, enter keeps it until the console ends, and leaving takes it back.
type themes struct {
	quiet
	app    *App
	at     int
	before string // the theme in force
	w      int
}

func newThemes(a *App) *themes {
	t := &themes{app: a, before: a.theme.name}
	for i, name := range conf.Themes {
		if name == t.before {
			t.at = i
		}
	}
	return t
}

func (t *themes) crumbs() []string { return []string{"Settings", "Theme"} }

func (t *themes) set() keys.Set { return keys.Themes }

func (t *themes) resize(w, _ int) { t.w = w }

func (t *themes) can(do keys.Action) error {
	switch {
	case do != keys.Write:
	case t.app.Console.File == "":
		return errors.New("there is no file of yours here: choose it on your own machine")
	}
	return nil
}

func (t *themes) act(p press) tea.Cmd {
	last := len(conf.Themes) - 1
	switch p.action {
	case keys.Up:
		return t.try(t.at - 1)
	case keys.Down:
		return t.try(t.at + 1)
	case keys.Top, keys.HalfUp:
		return t.try(0)
	case keys.Bottom, keys.HalfDown:
		return t.try(last)
	case keys.Open:
		t.keep()
		return t.app.pop()
	case keys.Write:
		return t.write()
	case keys.Back:
		return t.app.back()
	}
	return nil
}

func (t *themes) try(at int) tea.Cmd {
	t.at = max(min(at, len(conf.Themes)-1), 0)
	return t.app.wear(conf.Themes[t.at])
}

// wear draws everything in a theme.
func (a *App) wear(name string) tea.Cmd {
	a.Console.Theme = name
	return a.dress()
}

func (t *themes) keep() {
	t.before = conf.Themes[t.at]
	t.app.say(okay, "theme "+t.before+" until this console ends")
}

// write keeps the theme in the person's file: its own line, nothing else.
func (t *themes) write() tea.Cmd {
	a, name := t.app, conf.Themes[t.at]
	file := a.Console
	return a.change(func(context.Context) error { return file.SetTheme(name) }, func() tea.Cmd {
		t.before = name
		a.say(okay, "theme "+name+" written into "+clean(file.File))
		return nil
	})
}

// left takes back what was tried and not kept.
func (t *themes) left() tea.Cmd { return t.app.wear(t.before) }

// means says what a theme is for.
var means = map[string]string{
	"auto": "by the terminal's background", "dark": "for a dark background", "light": "for a light one",
	"contrast": "nothing dim, current row underlined", "16": "the terminal's own colours", "mono": "no colour",
}

func (t *themes) view() page {
	a := t.app
	rows := []string{a.theme.paint(head, "   THEME     LOOKS LIKE")}
	for i, name := range conf.Themes {
		marked := "   "
		if i == t.at {
			marked = " " + a.theme.paint(marker, "▌") + " "
		}
		look := a.Console
		look.Theme = name
		th := newTheme(look, a.profile, a.background, a.env)
		sample := th.paint(accent, "acme") + "  " + th.state(okay, "active") + "  " + th.state(warn, "in 3 d") + "  " + th.state(bad, "revoked") + "  " + th.state(off, "expired")
		rows = append(rows, marked+fit(name, 10)+sample)
	}
	rows = append(rows, "")
	say := func(text string) {
		for _, line := range wrap(text, max(t.w-6, 10)) {
			rows = append(rows, "   "+a.theme.paint(dim, line))
		}
	}
	if a.env["NO_COLOR"] != "" {
		say("NO_COLOR is set: no theme has any colour here.")
	}
	if n := len(a.Console.Colours); n > 0 {
		say(plural(n, "colour") + " of your own: in auto, dark and light.")
	}
	if a.Console.File != "" {
		say(strings.TrimSpace(a.cap(keys.Write) + " writes the theme into " + clean(a.Console.File) + ": its line, nothing else."))
	}
	return page{rows: rows, foot: conf.Themes[t.at] + ": " + means[conf.Themes[t.at]], cursor: &position{1, 1 + t.at}}
}
