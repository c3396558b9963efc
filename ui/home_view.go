package ui

import (
	"fmt"
	"strings"

	"patrol/keys"
	"patrol/model"
)

func (h *home) view() page {
	p := h.list.view()
	th, n := h.app.theme, 0
	if h.begins || !h.ready {
		return p
	}
	for _, c := range h.rows {
		if c.rank > 0 && !c.solved {
			n++
		}
	}
	now, put := "Now", "Snoozed"
	if !h.putAside {
		now += " " + count(n)
	}
	if h.snoozed > 0 {
		put += " " + count(h.snoozed)
	}
	on := func(name string, here bool) string {
		switch {
		case here:
			return th.paint(accent, "["+name+"]") + " "
		case h.snoozed == 0 && name != now:
			return ""
		}
		return " " + th.paint(dim, name) + "  "
	}
	p.top = " " + on(now, !h.putAside) + on(put, h.putAside)
	return p
}

// preview is what stands beside the row on a wide terminal: its token, or those
// that it is about.
func (h *home) preview() (screen, bool) {
	c, ok := h.current()
	switch {
	case h.begins:
		return nil, false
	case ok && c.line != "":
		return newAllTokens(h.app, c.line), true
	case ok && c.token.ID != 0:
		return newDetail(h.app, c.token, nil), true
	}
	return nil, true
}

// charts are what stands below the rows: as much as there is room for.
func (h *home) charts(w int) (rows []string) {
	if h.begins || h.counted.hidden || w == 0 {
		return nil
	}
	th, c := h.app.theme, h.counted
	rows = append(rows, "   "+th.paint(dim, strings.Repeat("─", max(w-4, 0))))
	say := func(head, text string) {
		rows = append(rows, cut("   "+th.paint(dim, fit(head, 15))+text, w))
	}
	if !c.known {
		say("NEXT 8 WEEKS", th.paint(dim, "counting…"))
		return rows
	}
	say("NEXT 8 WEEKS", weeks(c.ends, c.from, w-18))
	if c.hours != nil {
		say("REFUSED", h.app.refusedByHour(c.hours))
	}
	idle := "nothing: every token was used within 90 d, or is younger"
	if c.idle > 0 {
		idle = plural(c.idle, "idle token") + ", " + count(c.unused) + " never used"
		if lists := "   " + h.app.capOf(keys.Clean, keys.Home) + " lists them"; 18+width(idle+lists) <= w {
			idle += lists
		}
	}
	say("SAFE TO CLEAN", idle)
	return rows
}

// weeks draws how many tokens end in each week, as many weeks as there is room
// for: "W48▇12". Where not all could be counted, it ends.
func weeks(e model.Ends, from model.Date, room int) string {
	type week struct {
		number int
		n      int64
	}
	var all []week
	more := ""
	for i, n := range e.ByDay {
		if i >= e.Whole {
			more = " …"
			break
		}
		_, number := (from + model.Date(i)).Time().ISOWeek()
		if last := len(all) - 1; last < 0 || all[last].number != number {
			if len(all) == 8 {
				break
			}
			all = append(all, week{number: number})
		}
		all[len(all)-1].n += int64(n)
	}
	most := int64(0)
	for _, wk := range all {
		most = max(most, wk.n)
	}
	var parts []string
	for _, wk := range all {
		parts = append(parts, fmt.Sprintf("W%02d%s%s", wk.number, spark([]int64{wk.n}, most), group(int(wk.n))))
	}
	for len(parts) > 0 && width(strings.Join(parts, " ")+more) > room {
		parts = parts[:len(parts)-1]
	}
	return strings.Join(parts, " ") + more
}

// refusedByHour is what the instance has refused: today, hour by hour, and
// yesterday.
func (a *App) refusedByHour(hours []model.UseCount) string {
	_, refused := split(hours)
	last := len(refused) - 1
	today := a.now().UTC().Hour() + 1
	before := max(last+1-today-24, 0)
	now, yesterday := refused[last+1-today:], refused[before:last+1-today]
	most := int64(1)
	for _, n := range now {
		most = max(most, n)
	}
	text := "today " + group(int(total(now)))
	if bars := strings.TrimSpace(spark(now, most)); bars != "" {
		text += "  " + spark(now, most)
	}
	return text + "   yesterday " + group(int(total(yesterday)))
}
