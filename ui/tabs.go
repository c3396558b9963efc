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

// tabs shows one of several screens and hands everything on to it.
type tabs struct {
	app    *App
	tabs   []tab
	at     int
	counts func() tea.Cmd // reads the tabs' counts; nil: they have none
}

func (t *tabs) front() screen { return t.tabs[t.at].screen }

func (t *tabs) crumbs() []string {
	crumbs := t.front().crumbs()
	if t.at > 0 && t.app.low() {
		last := len(crumbs) - 1
		crumbs = append(crumbs[:last:last], crumbs[last]+" · "+t.tabs[t.at].name)
	}
	return crumbs
}

func (t *tabs) load() tea.Cmd {
	if t.counts == nil {
		return t.front().load()
	}
	return tea.Batch(t.counts(), t.front().load())
}

func (t *tabs) resize(w, h int) {
	for _, tab := range t.tabs {
		tab.screen.resize(w, h)
	}
}

func (t *tabs) set() keys.Set { return t.front().set() }

func (t *tabs) typing() bool { return t.front().typing() }

func (t *tabs) update(msg tea.Msg) tea.Cmd { return t.front().update(msg) }

func (t *tabs) can(do keys.Action) error { return t.front().can(do) }

func (t *tabs) word(b keys.Binding) string {
	if b.Action == keys.NextTab {
		return strings.ToLower(t.tabs[(t.at+1)%len(t.tabs)].name)
	}
	return t.front().word(b)
}

func (t *tabs) act(p press) tea.Cmd {
	step := 0
	switch p.action {
	case keys.NextTab:
		step = 1
	case keys.PrevTab:
		step = len(t.tabs) - 1
	default:
		return t.front().act(p)
	}
	return t.show((t.at + step) % len(t.tabs))
}

func (t *tabs) show(at int) tea.Cmd {
	t.at = at
	t.app.side = nil
	return tea.Batch(t.app.layout(), t.load())
}

func (t *tabs) remark() bool {
	m, ok := t.front().(interface{ remark() bool })
	return ok && m.remark()
}

func (t *tabs) holds(key tea.KeyPressMsg, action keys.Action) bool {
	h, ok := t.front().(holder)
	return ok && h.holds(key, action)
}

func (t *tabs) letGo() {
	if h, ok := t.front().(holder); ok {
		h.letGo()
	}
}

func (t *tabs) detail() bool { return true }

func (t *tabs) preview() (screen, bool) {
	if p, ok := t.front().(previewer); ok {
		return p.preview()
	}
	return nil, false
}

func (t *tabs) view() page {
	p := t.front().view()
	if p.top != "" { // a filter line
		return p
	}
	th := &t.app.theme
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
