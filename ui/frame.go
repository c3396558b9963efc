package ui

import (
	"fmt"
	"strings"
	"time"

	"patrol/keys"

	tea "charm.land/bubbletea/v2"
)

// A screen of the usual size has a header, tabs and a rule, the body, a rule
// with the position, and a footer. Low ones do without the rules, narrow ones
// without most words, and wide ones show two screens side by side.
const (
	wideFrom   = 120 // columns: list and detail side by side
	listLeast  = 78  // of them for the list
	lowBelow   = 20  // rows: no rules
	slimBelow  = 40  // columns: two rows an entry
	tinyWidth  = 20
	tinyHeight = 5
	followWait = 80 * time.Millisecond
)

func (a *App) low() bool  { return a.h < lowBelow }
func (a *App) slim() bool { return a.w < slimBelow }
func (a *App) tiny() bool { return a.w < tinyWidth || a.h < tinyHeight }
func (a *App) wide() bool { return a.w >= wideFrom && !a.low() }

// bodyHeight is how many rows a screen has.
func (a *App) bodyHeight() int {
	if a.low() {
		return max(a.h-2, 1)
	}
	return a.h - 4
}

// previews tells whether a screen's rows can be shown beside it.
func previews(s screen) bool {
	_, ok := s.preview()
	return ok
}

// base is the screen that is drawn: the front one, or the one below a box.
func (a *App) base() screen {
	for i := len(a.stack) - 1; i > 0; i-- {
		if !a.stack[i].box() {
			return a.stack[i]
		}
	}
	return a.stack[0]
}

// panes are the screens to draw: one, or on a wide terminal a list and what it
// shows of its current row.
func (a *App) panes() (left, right screen) {
	base := a.base()
	if !a.wide() {
		return base, nil
	}
	if previews(base) {
		return base, a.side
	}
	for i := len(a.stack) - 1; i > 0; i-- {
		if a.stack[i] == base && previews(a.stack[i-1]) && base.detail() {
			return a.stack[i-1], base
		}
	}
	return base, nil
}

// split tells whether two panes are drawn: the right one may still be empty.
func (a *App) split(left, right screen) bool { return right != nil || a.wide() && previews(left) }

// leftWidth is the list's share of a wide terminal.
func (a *App) leftWidth() int { return max(listLeast, a.w*55/100) }

// layout tells every screen its size.
func (a *App) layout() tea.Cmd {
	for _, s := range a.stack {
		s.resize(a.w, a.bodyHeight())
	}
	left, right := a.panes()
	if a.split(left, right) {
		left.resize(a.leftWidth(), a.bodyHeight())
	}
	if right != nil {
		right.resize(a.w-a.leftWidth()-3, a.bodyHeight())
	}
	return nil
}

// follow shows the current row beside its list, once the cursor rests.
func (a *App) follow() tea.Cmd {
	front := a.front()
	if !a.wide() || !previews(front) {
		return nil
	}
	return a.wait(&a.peek, followWait, func() tea.Cmd {
		if a.front() != front {
			return nil
		}
		if a.side, _ = front.preview(); a.side == nil {
			return nil
		}
		return tea.Batch(a.layout(), a.side.load())
	})
}

// View draws the whole terminal.
func (a *App) View() tea.View {
	if a.other != nil {
		return a.other.View()
	}
	v := tea.View{AltScreen: true}
	switch {
	case a.w == 0:
	case a.tiny():
		if v.Content = fmt.Sprintf("patrol: %d×%d is too small", a.w, a.h); width(v.Content) > a.w {
			v.Content = cut("too small", a.w)
		}
	default:
		var at *position
		v.Content, at = a.draw()
		if at != nil && at.x < a.w && at.y < a.h {
			v.Cursor = tea.NewCursor(at.x, at.y)
			v.Cursor.Blink = false
		}
	}
	v.Content = a.theme.encode(v.Content)
	return v
}

func (a *App) draw() (frame string, cursor *position) {
	left, right := a.panes()
	inRight := right == a.base()
	a.blurred = inRight
	focus := left.view() // of the screen whose position and role are shown
	rows := []string{}
	switch {
	case right != nil:
		a.blurred = !inRight
		p := right.view()
		rows = a.sideBySide(focus, p)
		if inRight {
			focus = p
		}
	case a.split(left, right):
		rows = a.sideBySide(focus, page{})
	default:
		rows = a.pane(focus, a.w)
	}
	a.blurred = false
	if c := focus.cursor; c != nil {
		cursor = &position{c.x, c.y + 2}
		if a.low() {
			cursor.y--
		}
		if inRight {
			cursor.x += a.leftWidth() + 3
		}
	}
	lines := append([]string{a.header(focus)}, rows...)
	if !a.low() {
		lines = append(lines, a.rule(focus))
	}
	lines = append(lines, a.footer())
	if a.front().box() {
		cursor = a.overlay(lines, a.front().view(), cursor)
	}
	for i := range lines {
		lines[i] = cut(lines[i], a.w)
	}
	return strings.Join(lines, "\n"), cursor
}

// pane is row 2, unless the terminal is low, and the body, each w wide.
func (a *App) pane(p page, w int) []string {
	var rows []string
	if !a.low() {
		rows = append(rows, a.topRule(p, w))
	}
	n := len(rows) + a.bodyHeight()
	rows = append(rows, p.rows...)
	for len(rows) < n {
		rows = append(rows, "")
	}
	return rows[:n]
}

func (a *App) sideBySide(left, right page) []string {
	w := a.leftWidth()
	l, r := a.pane(left, w), a.pane(right, a.w-w-3)
	line := a.theme.paint(dim, " │ ")
	for i := range l {
		l[i] = fit(l[i], w) + line + r[i]
	}
	return l
}

// topRule is row 2: tabs or filter, a rule, and what stands at its end.
func (a *App) topRule(p page, w int) string {
	top, aside := p.top, p.aside
	if top != "" {
		top = cut(top, w-1) + " "
	}
	if aside != "" {
		aside = " " + aside + " "
	}
	n := w - width(top) - width(aside)
	if n < 2 {
		aside = ""
		n = w - width(top)
	}
	return top + a.theme.paint(dim, strings.Repeat("─", max(n, 0))) + aside
}

// header is row 1.
func (a *App) header(p page) string {
	crumbs := a.base().crumbs()
	last := clean(crumbs[len(crumbs)-1])
	if a.slim() {
		return " " + a.theme.paint(accent, cutMiddle(last, a.w-2))
	}
	who := clean(a.me.Username)
	if p.who != "" && who != "" {
		who += " · " + p.who
	}
	flags := a.flags()
	right := strings.TrimLeft(a.theme.paint(warn, strings.Join(flags, "   "))+"   "+who, " ") + " "
	brand := " patrol  "
	if a.w < 64 {
		brand = " "
	}
	before := clean(a.host) + " › "
	for _, c := range crumbs[:len(crumbs)-1] {
		before += clean(c) + " › "
	}
	room := a.w - width(right) - width(brand) - 2
	if width(before)+width(last) > room {
		before = ""
		for _, c := range crumbs[:len(crumbs)-1] {
			before += clean(c) + " › "
		}
	}
	if over := width(before) + width(last) - room; over > 0 {
		before = cutMiddle(before, max(width(before)-over, 0))
		last = cutMiddle(last, max(room-width(before), 1))
	}
	left := a.theme.paint(accent, strings.TrimRight(brand, " "))
	left += blanks(width(brand)-width(left)) + a.theme.paint(dim, before) + a.theme.paint(accent, last)
	return spread(left, right, a.w)
}

// flags are the words that stay on every screen.
func (a *App) flags() []string {
	var flags []string
	if a.readOnly() {
		flags = append(flags, "READ-ONLY")
	}
	for _, f := range a.Flags {
		flags = append(flags, clean(f))
	}
	return flags
}

// rule is row 23: position and toast.
func (a *App) rule(p page) string {
	left, right := "", ""
	if p.foot != "" {
		left = "── " + p.foot + " "
	}
	if t := a.toastText(); t != "" {
		right = " " + t + " ──"
	}
	if n := a.w - width(left) - width(right); n < 2 {
		left = ""
		right = cut(right, a.w-2)
	}
	line := strings.Repeat("─", max(a.w-width(left)-width(right), 0))
	if left != "" {
		left = a.theme.paint(dim, "──") + strings.TrimPrefix(left, "──")
	}
	return left + a.theme.paint(dim, line) + strings.TrimSuffix(right, "──") + a.theme.paint(dim, strings.Repeat("─", min(2, width(right))))
}

func (a *App) toastText() string {
	if a.toast.text == "" {
		if w := a.awaited.request; w != nil && w.busy && w.slow {
			return a.theme.paint(dim, "working…")
		}
		return ""
	}
	return a.theme.paint(a.toast.look, symbols[a.toast.look]) + " " + cut(a.toast.text, max(a.w-8, 8))
}

// footer is the last row: the keys that work right now. On a low terminal the
// toast takes its place.
func (a *App) footer() string {
	if t := a.toastText(); a.low() && t != "" {
		return " " + t
	}
	if a.going {
		return " " + a.styledKeys(keys.Footer(a.w-2, func(b keys.Binding) string { return b.Short }, a.places()))
	}
	if a.slim() {
		if a.front().typing() {
			return " f1 keys"
		}
		return " ? keys"
	}
	if row := a.commandRow(); row != "" && !a.low() {
		return row
	}
	front := a.front()
	if front.box() {
		return ""
	}
	word := func(b keys.Binding) string {
		if a.refuses(b) != nil || b.Action == keys.Undo && len(a.undos) == 0 {
			return ""
		}
		return front.word(b)
	}
	return " " + a.styledKeys(keys.Footer(a.w-2, word, a.sets()...))
}

// styledKeys dims the words of a footer, so that the keys stand out.
func (a *App) styledKeys(footer string) string {
	parts := strings.Split(footer, "  ")
	for i, part := range parts {
		key, word, ok := strings.Cut(part, " ")
		if ok {
			parts[i] = key + " " + a.theme.paint(dim, word)
		}
	}
	return strings.Join(parts, "  ")
}

// overlay draws a box over the middle of the lines, or beside the row that it is
// about, if there is room: that has the cursor. It tells where the box's own
// cursor stands on the terminal.
func (a *App) overlay(lines []string, box page, about *position) *position {
	w, h := 0, len(box.rows)
	for _, row := range box.rows {
		w = max(w, width(row))
	}
	x, y := max((a.w-w)/2, 0), max((len(lines)-h)/2, 0)
	if about != nil && about.y >= y && about.y < y+h {
		switch below, above := about.y+1, about.y-h; {
		case below+h < len(lines):
			y = below
		case above > 0:
			y = above
		}
	}
	for i, row := range box.rows {
		if y+i >= len(lines) {
			break
		}
		under := fit(lines[y+i], a.w)
		lines[y+i] = keep(under, x) + reset + row + drop(under, x+width(row))
	}
	if box.cursor == nil {
		return nil
	}
	return &position{box.cursor.x + x, box.cursor.y + y}
}
