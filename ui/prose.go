package ui

import (
	"patrol/keys"

	"charm.land/bubbles/v2/viewport"
	tea "charm.land/bubbletea/v2"
)

// prose is the one screen of text: a box over another screen, which scrolls.
// The library knows where it stands; drawing is ours, which counts cells as the
// terminal does.
type prose struct {
	quiet
	app   *App
	crumb string
	title string
	write func(w int) []string // its rows of at most w cells, painted
	rows  []string
	pane  viewport.Model
	w     int
}

func (p *prose) box() bool { return true }

func (p *prose) crumbs() []string { return []string{p.crumb} }

func (p *prose) resize(w, h int) {
	p.w = w
	p.rows = p.write(p.inner())
	p.pane.SetHeight(max(h-2, 1))
	p.pane.SetContentLines(p.rows)
}

// inner is how wide its rows may be.
func (p *prose) inner() int { return max(min(76, p.w-4), 10) }

func (p *prose) set() keys.Set { return keys.HelpPage }

func (p *prose) act(pressed press) tea.Cmd {
	switch pressed.action {
	case keys.Up:
		p.pane.ScrollUp(1)
	case keys.Down:
		p.pane.ScrollDown(1)
	case keys.HalfUp:
		p.pane.HalfPageUp()
	case keys.HalfDown:
		p.pane.HalfPageDown()
	case keys.Top:
		p.pane.GotoTop()
	case keys.Bottom:
		p.pane.GotoBottom()
	default:
		return p.app.pop()
	}
	return nil
}

func (p *prose) view() page {
	from := p.pane.YOffset()
	rows := p.rows[from:min(from+p.pane.Height(), len(p.rows))]
	bottom := "esc closes"
	if len(p.rows) > p.pane.Height() {
		bottom = "↑↓ pgup pgdn · esc closes"
	}
	return page{rows: boxRows(p.app.theme, p.title, bottom, rows, p.inner()), cursor: &position{2, 1}}
}
