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
		if i == f.at && at > 0 {
			x = at
		}
	}
	makes := f.makes != "" && !f.app.low()
	room := f.h - 1
	if makes {
		room -= 1
	}
	if len(rows) > room {
		f.top = max(min(f.top, focus), focus-room+1, 0)
		f.top = min(f.top, len(rows)-max(room, 0))
		rows = rows[f.top : f.top+max(room, 0)]
		focus -= f.top
	} else {
		f.top = 0
	}
	if makes {
		rows = append(rows, f.line("  ", f.makes, f.said.makes))
	}
	p.rows = append(rows, f.lastRow())
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
	th := &f.app.theme
	pointer, label := "  ", th.paint(dim, x.label)
	if focused {
		pointer, label = th.paint(marker, "▌")+" ", th.paint(accent, x.label)
	}
	lead := " " + pointer + label + blanks(f.labelWidth()-width(x.label))
	start := 3 + f.labelWidth()
	room := f.w - start - 1
	hint := ""
	if x.hint != nil {
		hint = x.hint()
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
		row = f.chipRow(x, room)
		if focused {
			cursor = start
		}
	default:
		if len(x.chips) > 0 {
			hint = strings.TrimRight(f.chipRow(x, max(room-14, 10)), " ") + "  " + hint
			hint = strings.TrimRight(hint, " ")
		}
		space := room
		if x.wrong == "" && hint != "" && width(hint)+14 <= room && width(x.in.String()) < room-width(hint)-2 {
			space = room - width(hint) - 2
		}
		text, at := x.in.view(space)
		switch {
		case text == "" && !focused:
			text = th.paint(dim, "–")
		case len(x.chips) > 0:
			text = fit(text, max(12, width(text)))
		}
		if focused {
			cursor = start + at
		}
		row = text
	}
	switch {
	case x.wrong != "":
		hint = th.state(bad, x.wrong)
	case x.kind != textField || len(x.chips) == 0:
		hint = th.paint(dim, hint)
	}
	if hint != "" && width(row)+width(hint)+2 > room {
		row = cut(row, max(room-width(hint)-2, 12))
	}
	if hint != "" && len(x.chips) > 0 && x.kind == textField {
		if x.wrong == "" && width(row)+2+width(hint) > room+1 {
			hint = strings.TrimRight(f.chipRow(x, max(room-14, 10)), " ")
		}
		return lead + row + "  " + hint, cursor
	}
	return lead + spread(row, hint, room), cursor
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

// lastRow says whether it would work now.
func (f *form) lastRow() string {
	th := &f.app.theme
	switch {
	case f.sending:
		return "   " + th.paint(dim, "working…")
	case f.said.text == "":
		return ""
	}
	return "   " + cut(th.paint(f.said.look, symbols[f.said.look])+" "+f.said.text, f.w-4)
}
