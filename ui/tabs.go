package ui

import (
	"strings"

	"patrol/keys"

	tea "charm.land/bubbletea/v2"
)

// tab is one of the screens that share a place in the stack.
type tab struct {
	name   string
	count  int // shown behind the name; negative: none
	screen screen
}

// tabs shows one of several screens, and is that screen but for what it says
// otherwise.
type tabs struct {
	screen // the one shown
	app    *App
	tabs   []tab
	at     int
	counts func() tea.Cmd // reads the tabs' counts; nil: they have none
}

func (t *tabs) crumbs() []string {
	crumbs := t.screen.crumbs()
	if t.at > 0 && t.app.low() {
		last := len(crumbs) - 1
		crumbs = append(crumbs[:last:last], crumbs[last]+" · "+t.tabs[t.at].name)
	}
	return crumbs
}

func (t *tabs) load() tea.Cmd {
	if t.counts == nil {
		return t.screen.load()
	}
	return tea.Batch(t.counts(), t.screen.load())
}

func (t *tabs) resize(w, h int) {
	for _, tab := range t.tabs {
		tab.screen.resize(w, h)
	}
}

func (t *tabs) word(b keys.Binding) string {
	if b.Action == keys.NextTab {
		return strings.ToLower(t.tabs[(t.at+1)%len(t.tabs)].name)
	}
	return t.screen.word(b)
}

func (t *tabs) act(p press) tea.Cmd {
	step := 0
	switch p.action {
	case keys.NextTab:
		step = 1
	case keys.PrevTab:
		step = len(t.tabs) - 1
	default:
		return t.screen.act(p)
	}
	return t.show((t.at + step) % len(t.tabs))
}

func (t *tabs) show(at int) tea.Cmd {
	t.at, t.screen = at, t.tabs[at].screen
	t.app.side = nil
	return tea.Batch(t.app.layout(), t.load())
}

func (t *tabs) detail() bool { return true }

func (t *tabs) view() page {
	p := t.screen.view()
	if p.top != "" { // a filter line
		return p
	}
	th := t.app.theme
	for i, tab := range t.tabs {
		name := tab.name
		if tab.count >= 0 {
			name += " " + count(tab.count)
		}
		if i == t.at {
			p.top += th.paint(accent, "["+name+"]") + " "
		} else {
			p.top += " " + th.paint(dim, name) + "  "
		}
	}
	p.top = " " + p.top
	return p
}
