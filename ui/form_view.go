package ui

import "strings"

// labelWidth is the cells of the labels, with the blank behind them.
func (f *form) labelWidth() int {
	w := 9
	for _, x := range f.fields {
		w = max(w, width(x.label))
	}
	return w + 2
}

// tickWidth is the cells of the names of ticks.
func (f *form) tickWidth() int {
	w := 0
	for _, x := range f.fields {
		if x.kind == tickField {
			w = max(w, width(x.key))
		}
	}
	return w
}

// view draws the fields. Where they don't fit they scroll, with the focused one
// in view; the last row, which says whether it would work, always stays.
func (f *form) view() page {
	p := page{}
	if f.who != nil {
		p.who = f.who()
	}
	var rows []string
	focus, x := 0, 1
	for i, field := range f.fields {
		if i == f.at {
			focus = len(rows)
		}
		row, at := f.row(field, i == f.at)
		rows = append(rows, row)
		rows = append(rows, f.moreChips(field)...)
		if i == f.at && at > 0 {
			x = at
		}
	}
	last := f.lastRows()
	if f.makes != "" && !f.app.low() {
		about := []string{f.line("  ", f.makes, orDash(f.said.makes))}
		if f.opens {
			about = append(about, f.line("  ", "Opens", orDash(f.said.opens)))
		}
		last = append(about, last...)
	}
	room := f.h - len(last)
	if len(rows) > room {
		f.top = max(min(f.top, focus), focus-room+1, 0)
		f.top = min(f.top, len(rows)-max(room, 0))
		rows = rows[f.top : f.top+max(room, 0)]
		focus -= f.top
	} else {
		f.top = 0
	}
	p.rows = append(rows, last...)
	p.cursor = &position{x, focus}
	return p
}

// line is a row that takes no input.
func (f *form) line(pointer, label, text string) string {
	return " " + pointer + f.app.theme.paint(dim, fit(label, f.labelWidth())) + text
}

// row draws one field, and tells where the cursor stands in its text: 0 for
// fields without one.
func (f *form) row(x *field, focused bool) (row string, cursor int) {
	th := f.app.theme
	pointer, label := "  ", th.paint(dim, x.label)
	if focused {
		pointer, label = th.paint(marker, "▌")+" ", th.paint(accent, x.label)
	}
	lead := " " + pointer + label + blanks(f.labelWidth()-width(x.label))
	start := 3 + f.labelWidth()
	room := f.w - start - 1
	hint := ""
	switch {
	case x.wrong != "": // the last rows say it in full; what was typed stays in sight
		taken := width(x.in.String())
		if x.kind == chipField {
			taken = width(strings.TrimRight(strip(f.chipRow(x, room-3)), " "))
		}
		if hint = th.paint(bad, symbols[bad]); room-taken > 12 {
			hint = cut(th.state(bad, x.wrong), room-taken-3)
		}
	case x.known && focused && len(f.said.offers) > 0:
		var offers []string
		for _, o := range f.said.offers {
			offers = append(offers, strings.TrimRight(o.word+" "+o.note, " "))
		}
		hint = th.paint(dim, cut(strings.Join(offers, " · "), max(room-14, 0)))
	case x.hint != nil:
		hint = th.paint(dim, x.hint())
	}
	switch x.kind {
	case tickField:
		box := "[ ] "
		if x.ticked {
			box = "[" + th.paint(accent, "✓") + "] "
		}
		if row = lead + box + fit(x.key, f.tickWidth()); room-f.tickWidth() > 12 {
			row += "  " + th.paint(dim, x.note)
		}
		return row, 0
	case chipField:
		if focused {
			cursor = start
		}
		w := room
		if x.wrong != "" {
			w -= 3
		}
		if x.numbered && !f.app.low() {
			return lead + f.chipRows(x)[0], cursor
		}
		return lead + spread(strings.TrimRight(f.chipRow(x, w), " "), hint, room), cursor
	}
	switch {
	case x.wrong != "":
	case len(x.chips) > 0:
		chips := f.chipRow(x, max(room-14, 10))
		if hint = chips + " " + hint; width(hint) > room-14 {
			hint = chips
		}
		hint = strings.TrimRight(hint, " ")
	case width(x.in.String()) > room-width(hint)-3:
		hint = "" // there is no room for both
	}
	space := room
	if hint != "" {
		space -= width(hint) + 2
	}
	text, at := x.in.view(space)
	if focused {
		cursor = start + at
	} else if text == "" {
		text = th.paint(dim, "–")
	}
	if len(x.chips) > 0 {
		return lead + fit(text, max(12, width(text))) + "  " + hint, cursor
	}
	if near := formWidth - start - 1; width(text)+width(hint) < near {
		room = min(room, near)
	}
	return lead + spread(text, hint, room), cursor
}

// formWidth is how far to the right hints stand, so that they stay near on a
// wide terminal.
const formWidth = 80

// chipRows draws all the words to choose from, in as many rows as they need.
func (f *form) chipRows(x *field) (rows []string) {
	room, used := f.w-3-f.labelWidth()-1, 0
	rows = []string{""}
	for i, word := range x.chips {
		chip := " " + word + " "
		if i == x.pick {
			chip = f.app.theme.paint(accent, "‹"+word+"›")
		}
		if used > 0 && used+width(chip) > room {
			rows, used = append(rows, ""), 0
		}
		rows[len(rows)-1] += chip + " "
		used += width(chip) + 1
	}
	return rows
}

// moreChips are the rows of a field's chips under its first.
func (f *form) moreChips(x *field) (rows []string) {
	if !x.numbered || f.app.low() {
		return nil
	}
	for _, row := range f.chipRows(x)[1:] {
		rows = append(rows, f.line("  ", "", row))
	}
	return rows
}

// chipRow draws the words to choose from in w cells; where they don't fit,
// those around the chosen one.
func (f *form) chipRow(x *field, w int) string {
	from := 0
	for {
		row, used := "", 0
		chosen := x.pick < from
		for i := from; i < len(x.chips); i++ {
			chip := " " + x.chips[i] + " "
			if i == x.pick {
				chip = f.app.theme.paint(accent, "‹"+x.chips[i]+"›")
			}
			if used+width(chip) > w && i > from {
				row = cut(row, w-1) + "…"
				break
			}
			row += chip + " "
			used += width(chip) + 1
			chosen = chosen || i == x.pick
		}
		if chosen || x.pick < 0 || from >= x.pick {
			return cut(row, w)
		}
		from++
	}
}

// lastRows say whether it would work now. They are one row, unless that is too
// narrow for the reason.
func (f *form) lastRows() []string {
	th := f.app.theme
	switch {
	case f.sending:
		return []string{"   " + th.paint(dim, "working…")}
	case f.said.text == "":
		return []string{""}
	case f.said.needed() != "":
		return []string{"   " + cut(th.paint(dim, "still needed: "+f.said.needed()), f.w-4)}
	}
	lines := []string{f.said.text}
	if room := f.w - 6; width(f.said.text) > room && f.h >= 6 {
		lines = wrap(f.said.text, room)
	}
	if len(lines) > 3 {
		lines = append(lines[:2], strings.Join(lines[2:], " "))
	}
	for i, line := range lines {
		before := "     "
		if i == 0 {
			before = "   " + th.paint(f.said.look, symbols[f.said.look]) + " "
		}
		lines[i] = cut(before+line, f.w-1)
	}
	return lines
}
