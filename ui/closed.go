package ui

import (
	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// closed stands in place of a form that nobody could send: which rule is in
// the way, and who can change that.
type closed struct {
	quiet
	app *App
	in  spot
	why model.Decision
	w   int
}

func newClosed(a *App, s spot, why model.Decision) *closed {
	return &closed{app: a, in: s, why: why}
}

func (c *closed) crumbs() []string { return []string{c.in.path, "New token"} }

func (c *closed) resize(w, _ int) { c.w = w }

func (c *closed) set() keys.Set { return keys.Closed }

func (c *closed) act(press) tea.Cmd { return c.app.back() }

func (c *closed) view() page {
	th := c.app.theme
	p := page{who: c.app.roleHere(c.in.role), cursor: &position{3, 0}}
	p.rows = []string{"   " + th.state(bad, "No token can be created in "+clean(c.in.path)), ""}
	for _, line := range [][2]string{
		{"rule", c.why.Rule}, {"why", c.why.Text}, {"where", c.in.creation.Where}, {"who", c.why.Remedy},
		{"note", "existing tokens keep working and can be revoked"},
	} {
		if line[1] == "" {
			continue
		}
		for i, text := range wrap(clean(line[1]), max(c.w-13, 10)) {
			label := line[0]
			if i > 0 {
				label = ""
			}
			p.rows = append(p.rows, "     "+th.paint(dim, fit(label, 7))+text)
		}
	}
	return p
}
