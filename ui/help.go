package ui

import (
	"strings"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// help shows the keys of the screen below it, from the table that dispatches
// them.
type help struct {
	quiet
	app   *App
	title string
	rows  []string
	w, h  int
	top   int
}

func newHelp(a *App) *help {
	h := &help{app: a, title: a.front().set().Title}
	sets := append(a.sets(), keys.Places)
	wide := 0
	for _, set := range sets {
		for _, b := range set.Bindings {
			wide = max(wide, width(b.Caps()))
		}
	}
	for i, set := range sets {
		if i > 0 {
			h.rows = append(h.rows, "", a.theme.paint(head, set.Title))
		}
		for _, b := range set.Bindings {
			h.rows = append(h.rows, fit(b.Caps(), min(wide, 22))+"  "+a.theme.paint(dim, strings.ReplaceAll(b.Long, "`", "")))
		}
	}
	if h.title == keys.FilterLine.Title {
		h.rows = append(h.rows, "", a.theme.paint(head, "What can be typed, of tokens"))
		for _, f := range model.FilterHelp() {
			for i, line := range wrap(f.Means, 60) {
				if i > 0 {
					f.Form = ""
				}
				h.rows = append(h.rows, fit(f.Form, 12)+"  "+a.theme.paint(dim, line))
			}
		}
	}
	return h
}

func (h *help) box() bool { return true }

func (h *help) crumbs() []string { return []string{"Help"} }

func (h *help) resize(w, height int) { h.w, h.h = w, height }

func (h *help) set() keys.Set { return keys.HelpPage }

func (h *help) visible() int { return max(h.h-2, 1) }

func (h *help) act(p press) tea.Cmd {
	switch p.action {
	case keys.Up:
		h.top--
	case keys.Down:
		h.top++
	case keys.HalfUp:
		h.top -= h.visible() / 2
	case keys.HalfDown:
		h.top += h.visible() / 2
	case keys.Top:
		h.top = 0
	case keys.Bottom:
		h.top = len(h.rows)
	default:
		h.app.stack = h.app.stack[:len(h.app.stack)-1]
	}
	h.top = max(min(h.top, len(h.rows)-h.visible()), 0)
	return nil
}

func (h *help) view() page {
	inner := max(min(76, h.w-4), 10)
	rows := h.rows[h.top:min(h.top+h.visible(), len(h.rows))]
	bottom := "esc closes"
	if len(h.rows) > h.visible() {
		bottom = "↑↓ pgup pgdn · esc closes"
	}
	return page{rows: boxRows(&h.app.theme, h.title+": keys", bottom, rows, inner), cursor: &position{2, 1}}
}
