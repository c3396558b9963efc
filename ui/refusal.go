package ui

import (
	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// refusal stands in place of a form that nobody could send: which rule is in
// the way, and who can change that.
type refusal struct {
	app *App
	in  spot
	why model.Decision
	w   int
}

func newRefusal(a *App, s spot, why model.Decision) *refusal {
	return &refusal{app: a, in: s, why: why}
}

func (r *refusal) crumbs() []string { return []string{r.in.path, "New token"} }

func (r *refusal) load() tea.Cmd { return nil }

func (r *refusal) resize(w, _ int) { r.w = w }

func (r *refusal) set() keys.Set { return keys.Refusal }

func (r *refusal) typing() bool { return false }

func (r *refusal) update(tea.Msg) tea.Cmd { return nil }

func (r *refusal) can(keys.Action) error { return nil }

func (r *refusal) word(b keys.Binding) string { return b.Short }

func (r *refusal) act(press) tea.Cmd { return r.app.back() }

func (r *refusal) view() page {
	th := &r.app.theme
	p := page{who: r.app.roleHere(r.in.role), cursor: &position{3, 0}}
	p.rows = []string{"   " + th.state(bad, "No token can be created in "+clean(r.in.path)), ""}
	for _, line := range [][2]string{
		{"rule", r.why.Rule}, {"why", r.why.Text}, {"where", r.in.creation.Where}, {"who", r.why.Remedy},
		{"note", "existing tokens keep working and can be revoked"},
	} {
		if line[1] == "" {
			continue
		}
		for i, text := range wrap(clean(line[1]), max(r.w-13, 10)) {
			label := line[0]
			if i > 0 {
				label = ""
			}
			p.rows = append(p.rows, "     "+th.paint(dim, fit(label, 7))+text)
		}
	}
	return p
}
