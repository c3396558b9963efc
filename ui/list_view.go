package ui

import (
	"slices"
	"strings"

	"patrol/keys"
)

// column is one column of a list. cell draws a row's text, clean and painted.
type column[T any] struct {
	head   string
	cell   func(T) string
	worth  int  // when there is no room, the column with the largest goes first; 1 never goes
	least  int  // how narrow it may get; 0: as it is
	right  bool // numbers
	rare   bool // it isn't shown where no row has anything to say in it
	middle bool // paths, which are cut in the middle and not painted
}

// measure formats the rows of the window, and fits the columns to the width:
// once a load or resize, so that nothing jumps while the marker moves.
func (l *list[T]) measure() {
	l.theme = l.app.theme
	l.cells = make([][]string, len(l.rows))
	for i, row := range l.rows {
		l.cells[i] = make([]string, len(l.columns))
		for c, col := range l.columns {
			l.cells[i][c] = col.cell(row)
		}
	}
	if l.w == 0 {
		return
	}
	natural := make([]int, len(l.columns))
	for c, col := range l.columns {
		natural[c] = l.natural(c, col)
	}
	l.picked = nil
	for c, col := range l.columns {
		if !col.rare || slices.ContainsFunc(l.cells, func(cells []string) bool { return cells[c] != "" }) {
			l.picked = append(l.picked, c)
		}
	}
	for {
		over := gutter - 2
		for _, c := range l.picked {
			over += natural[c] + 2
		}
		over -= l.w
		for ; over > 0; over-- { // narrow the widest that can be narrowed
			widest := -1
			for _, c := range l.picked {
				if least := l.columns[c].least; least > 0 && natural[c] > least && (widest < 0 || natural[c] > natural[widest]) {
					widest = c
				}
			}
			if widest < 0 {
				break
			}
			natural[widest]--
		}
		if over <= 0 || len(l.picked) == 1 {
			break
		}
		least := slices.MaxFunc(l.picked, func(a, b int) int { return l.columns[a].worth - l.columns[b].worth })
		l.picked = slices.DeleteFunc(l.picked, func(c int) bool { return c == least })
		for c, col := range l.columns { // what was narrowed for the one that went gets its width back
			natural[c] = l.natural(c, col)
		}
	}
	l.widths = natural
}

// natural is the width that a column wants: of its widest cell, and of its head
// with the arrow of the order.
func (l *list[T]) natural(c int, col column[T]) int {
	n := width(col.head)
	for _, head := range l.sorted {
		if head == col.head {
			n += 2
		}
	}
	for _, cells := range l.cells {
		n = max(n, width(cells[c]))
	}
	return n
}

// gap is the blanks between columns: more where there is room.
func (l *list[T]) gap() int {
	used := gutter
	for _, c := range l.picked {
		used += l.widths[c]
	}
	return max(min((l.w-used)/max(len(l.picked), 1), 4), 2)
}

// belowFrom is the row from which something stands below, however few are above it.
const belowFrom = 9

func (l *list[T]) view() page {
	p := page{}
	switch {
	case l.aside != nil:
		p.aside = l.app.theme.paint(dim, l.aside())
	case len(l.sorts) > 0:
		p.aside = "sorted by " + l.sorts[l.sort]
		if l.reverse {
			p.aside += ", reversed"
		}
		p.aside = l.app.theme.paint(dim, p.aside)
	}
	if l.who != nil {
		p.who = l.who()
	}
	if l.filtering() {
		line, x := l.filterLine(l.w - 18)
		p.top, p.aside = line, ""
		if l.counted && !l.req.slow { // else it is that of the rows before
			p.aside = count(l.total)
			if l.all > 0 {
				p.aside += " of " + count(l.all)
			}
		}
		if l.app.low() {
			p.rows = append(p.rows, spread(line, p.aside, l.w-1))
		}
		if l.open {
			p.cursor = &position{x, len(p.rows) - 1}
		}
	}
	if l.above != nil {
		p.rows = append(p.rows, l.above(l.w)...)
	}
	head := len(p.rows)
	switch {
	case l.wrong != nil:
		p.rows = append(p.rows, l.filterError())
	case l.app.slim():
		head--
	case len(l.rows) > 0:
		p.rows = append(p.rows, l.heading())
	default:
		p.rows = append(p.rows, "")
	}
	p.rows = append(p.rows, l.body()...)
	if under := l.under(); len(under) > 0 {
		for at := min(max(len(p.rows)+1, belowFrom), l.h-len(under)); len(p.rows) < at; {
			p.rows = append(p.rows, "")
		}
		p.rows = append(p.rows, under...)
	}
	p.foot = l.foot()
	if p.cursor == nil && len(l.rows) > 0 {
		each := 1
		if l.app.slim() {
			each = 2
		}
		p.cursor = &position{1, head + 1 + (l.cur-l.top)*each}
	}
	return p
}

func (l *list[T]) body() []string {
	th := l.app.theme
	switch {
	case l.err != nil && len(l.rows) == 0:
		again := l.app.capOf(keys.Reload, keys.Global) + " tries again"
		if unseen(l.err) {
			again = "esc leaves"
		}
		lines := l.note("✕ cannot read "+l.what+": "+strings.TrimSuffix(oneLine(l.err), ".")+".", again)
		for i := range lines {
			lines[i] = th.paint(bad, lines[i])
		}
		return lines
	case !l.ready && l.req.slow:
		return []string{"   " + th.paint(dim, "reading "+l.what+"…")}
	case !l.ready:
		return nil
	case len(l.rows) == 0 && l.applied != "":
		return l.note("Nothing fits "+cut(clean(l.applied), max(l.w-44, 12))+".", "esc leaves · "+l.app.capOf(keys.Filter, l.keys)+" edits it")
	case len(l.rows) == 0:
		return l.note(l.empty, l.beginning())
	}
	var rows []string
	gap := l.gap()
	for i, end := l.top-l.first(), min(len(l.rows), l.top-l.first()+l.visible()); i < end; i++ {
		if l.app.slim() {
			two := l.twoRows(i)
			if l.first()+i == l.cur {
				two[0] = th.current(two[0])
			}
			rows = append(rows, two...)
			continue
		}
		row := l.cellsOf(i, gap)
		if l.req.slow || l.err != nil {
			row = th.paint(dim, strip(row))
		}
		if l.first()+i == l.cur && !l.app.blurred {
			row = th.current(fit(row, l.w-gutter))
		}
		rows = append(rows, l.marker(i)+row)
	}
	return rows
}

// beginning says how to make the first row, to who may.
func (l *list[T]) beginning() string {
	if l.app.writable() != nil || l.can(keys.New) != nil {
		return ""
	}
	return strings.Replace(l.begin, "n ", l.app.capOf(keys.New, l.keys)+" ", 1)
}

// note is what stands in place of rows: what is so, and what to do about it, on
// rows of their own where one has no room for both.
func (l *list[T]) note(so, do string) []string {
	parts := []string{so}
	if do != "" && gutter+width(so)+2+width(do) < l.w {
		parts = []string{so + "  " + do}
	} else if do != "" {
		parts = append(parts, do)
	}
	var lines []string
	for _, part := range parts {
		if gutter+width(part) >= l.w {
			lines = append(lines, wrap(part, l.w-gutter-1)...)
		} else {
			lines = append(lines, part)
		}
	}
	for i := range lines {
		lines[i] = blanks(gutter) + lines[i]
	}
	return lines
}

// marker is the three cells before a row.
func (l *list[T]) marker(i int) string {
	th := l.app.theme
	current, marked := l.first()+i == l.cur, len(l.marks) > 0 && l.marks[l.id(l.rows[i])]
	look := marker
	if l.app.blurred {
		look = dim
	}
	switch {
	case current && marked:
		return th.paint(look, "✓▌") + " "
	case current:
		return " " + th.paint(look, "▌") + " "
	case marked:
		return " " + th.paint(look, "✓") + " "
	}
	return "   "
}

func (l *list[T]) cellsOf(i, gap int) string {
	var row strings.Builder
	for n, c := range l.picked {
		if n > 0 {
			row.WriteString(blanks(gap))
		}
		row.WriteString(l.fitted(c, l.cells[i][c], n == len(l.picked)-1))
	}
	return row.String()
}

func (l *list[T]) fitted(c int, cell string, last bool) string {
	w := l.widths[c]
	switch col := l.columns[c]; {
	case col.right:
		return fitRight(cell, w)
	case col.middle:
		cell = cutMiddle(cell, w)
	}
	if last {
		return cut(cell, w)
	}
	return fit(cell, w)
}

func (l *list[T]) heading() string {
	if l.title != nil {
		if title := l.title(); title != "" {
			return blanks(gutter) + l.app.theme.paint(head, title)
		}
	}
	var row strings.Builder
	row.WriteString(blanks(gutter))
	for n, c := range l.picked {
		if n > 0 {
			row.WriteString(blanks(l.gap()))
		}
		text := l.columns[c].head
		if text != "" && text == l.sorted[l.sort] {
			text += " " + l.arrow()
		}
		row.WriteString(l.fitted(c, text, n == len(l.picked)-1))
	}
	return l.app.theme.paint(head, row.String())
}

// arrow points the way that the rows are sorted.
func (l *list[T]) arrow() string {
	if l.reverse {
		return "↓"
	}
	return "↑"
}

// twoRows draws an entry on a slim terminal: the name, and below it what is
// worth most besides.
func (l *list[T]) twoRows(i int) []string {
	order := make([]int, len(l.columns))
	for c := range order {
		order[c] = c
	}
	slices.SortStableFunc(order, func(a, b int) int { return l.columns[a].worth - l.columns[b].worth })
	name := l.cells[i][order[0]]
	if l.columns[order[0]].middle {
		name = cutMiddle(name, l.w-gutter)
	}
	var rest []string
	for _, c := range order[1:min(3, len(order))] {
		if cell := l.cells[i][c]; cell != "" {
			rest = append(rest, cell)
		}
	}
	return []string{l.marker(i) + name, blanks(gutter+2) + strings.Join(rest, "  ")}
}

// position is "1 of 4".
func (l *list[T]) position() string {
	if !l.counted {
		return group(l.cur + 1)
	}
	return group(l.cur+1) + " of " + count(l.total)
}

// foot is the position: "1 of 4 · 1 marked".
func (l *list[T]) foot() string {
	if l.open {
		return strings.Join(l.offers(), "  ")
	}
	if len(l.rows) == 0 {
		return ""
	}
	foot := l.position()
	if n := len(l.marks); n > 0 {
		foot += " · " + count(n) + " marked"
		if l.outside > 0 {
			foot += ", " + count(l.outside) + " of them not shown"
		}
	}
	if len(l.sorts) > 0 && l.filtering() && l.sorted[l.sort] == "" { // no column has the arrow
		foot += " · by " + l.sorts[l.sort] + " " + l.arrow()
	}
	return foot
}
