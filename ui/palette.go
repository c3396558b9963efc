package ui

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"patrol/keys"

	tea "charm.land/bubbletea/v2"
)

// goal is one thing that the palette leads to.
type goal struct {
	text string // what it is, clean
	key  string // that does the same without the palette; empty: none
	no   error  // why not now: such ones come last
	do   func() tea.Cmd
}

// palette goes to anything and does anything that the screen below can do: its
// actions with their keys, places, settings, and what the store knows by a name
// or a number.
type palette struct {
	quiet
	app   *App
	in    input
	fixed []goal // actions, places, settings
	found []goal // what the store knows of what is typed
	goals []goal // that fit what is typed, the best first
	at    int
	w, h  int

	asking request
}

// Names are asked for once typing pauses.
const paletteRests = 150 * time.Millisecond

func newPalette(a *App) *palette {
	p := &palette{app: a, fixed: slices.Concat(a.actionGoals(), a.placeGoals(), a.filterGoals(), a.settingGoals())}
	p.fill()
	return p
}

func (p *palette) box() bool        { return true }
func (p *palette) typing() bool     { return true }
func (p *palette) crumbs() []string { return []string{"Go"} }
func (p *palette) set() keys.Set    { return keys.Anything }
func (p *palette) resize(w, h int)  { p.w, p.h = w, h }

func (p *palette) act(pressed press) tea.Cmd {
	switch pressed.action {
	case keys.Up:
		p.at = max(p.at-1, 0)
	case keys.Down:
		p.at = max(min(p.at+1, len(p.goals)-1), 0)
	case keys.Answer:
		return p.choose()
	case keys.Leave:
		return p.leaves()
	}
	return nil
}

// leaves closes the palette; what was typed may be a secret, and is dropped.
func (p *palette) leaves() tea.Cmd {
	p.asking.drop()
	p.in.set("")
	return p.app.pop()
}

func (p *palette) choose() tea.Cmd {
	if p.at >= len(p.goals) {
		p.app.fail(errors.New("nothing is called that"))
		return nil
	}
	o := p.goals[p.at]
	left := p.leaves()
	if o.no != nil {
		p.app.toast = toast{look: bad, text: oneLine(o.no)}
		return left
	}
	return tea.Batch(left, o.do())
}

func (p *palette) update(msg tea.Msg) tea.Cmd {
	if paste, ok := msg.(tea.PasteMsg); ok && len(paste.Content) > maxInput/4 { // a log, not a name
		return tea.Batch(p.leaves(), p.app.whose(paste.Content))
	}
	if !p.in.update(msg) {
		return nil
	}
	p.at, p.found = 0, nil
	p.fill()
	return p.app.wait(&p.asking, paletteRests, p.search)
}

// fill chooses what fits: what is typed as a command first, then by how well the
// words fit, and what can't be done now at the end.
func (p *palette) fill() {
	typed := p.in.String()
	p.goals = p.app.typedGoals(typed)
	type ranked struct {
		goal
		rank int
	}
	var list []ranked
	for _, o := range slices.Concat(p.fixed, p.found) {
		rank, ok := fits(typed, o.text)
		if !ok {
			continue
		}
		if o.no != nil {
			rank += 10
		}
		list = append(list, ranked{o, rank})
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	for _, r := range list {
		p.goals = append(p.goals, r.goal)
	}
}

// fits tells whether a text fits what was typed, and how well: 0 is best. Each
// word must be in it, or all its letters in their order.
func fits(typed, text string) (rank int, ok bool) {
	typed, text = strings.ToLower(typed), strings.ToLower(text)
	if strings.HasPrefix(text, typed) {
		return 0, true
	}
	words := strings.Fields(typed)
	begins, holds := true, true
	for _, word := range words {
		begins = begins && strings.Contains(" "+strings.NewReplacer("/", " ", "_", " ", "-", " ").Replace(text), " "+word)
		holds = holds && strings.Contains(text, word)
	}
	switch {
	case begins:
		return 1, true
	case holds:
		return 2, true
	}
	rest := []rune(strings.Join(words, ""))
	for _, r := range text {
		if len(rest) > 0 && rest[0] == r {
			rest = rest[1:]
		}
	}
	return 3, len(rest) == 0
}

func (p *palette) view() page {
	th, inner := p.app.theme, p.inner()
	line, x := p.in.view(inner - 2)
	rows := []string{th.paint(accent, ":") + " " + line}
	room := max(p.h-3, 1)
	from := max(p.at-room+1, 0)
	for i, o := range p.goals[from:min(from+room, len(p.goals))] {
		marker := "  "
		if from+i == p.at {
			marker = th.paint(accent, "▌") + " "
		}
		text, right := o.text, th.paint(dim, o.key)
		if o.no != nil {
			text, right = th.paint(bad, symbols[bad])+" "+text, th.paint(dim, oneLine(o.no))
		}
		rows = append(rows, marker+spread(text, right, inner-2))
	}
	if len(p.goals) == 0 {
		rows = append(rows, "  "+th.paint(dim, "nothing is called that"))
	}
	return page{rows: boxRows(th, "Go to, or do", "enter does it · ↑↓ · esc", rows, inner), cursor: &position{4 + x, 1}}
}

func (p *palette) inner() int { return max(min(76, p.w-4), 10) }
