package ui

import (
	"fmt"
	"patrol/keys"
	"strings"
	"time"

	"patrol/model"
)

func (c *calendar) view() page {
	th, today, weeks := c.app.theme, c.app.today(), c.weeks()
	first := c.from + model.Date(7*max(int(c.at-c.from)/7-weeks+1, 0)) // the current week is in sight
	p := page{who: c.who(), foot: c.foot()}
	if c.filter != "" {
		p.top = " / " + clean(c.filter)
	}
	months, numbers := blanks(dayCells), blanks(dayCells)
	for i := range weeks {
		monday := (first + model.Date(7*i)).Time()
		month := ""
		if i == 0 || monday.Day() <= 7 {
			month = monday.Format("Jan")
		}
		months += " " + fit(month, weekCells-1)
		numbers += " " + fit(monday.Format("02"), weekCells-1)
	}
	p.rows = []string{th.paint(head, strings.TrimRight(months, " ")), th.paint(head, strings.TrimRight(numbers, " "))}
	total := 0
	for weekday := range 7 {
		row := "   " + fit((first+model.Date(weekday)).Time().Format("Mon"), dayCells-3)
		for i := range weeks {
			day := first + model.Date(7*i+weekday)
			n, _ := c.on(day)
			total += n
			row += c.cell(day, today)
			if day == c.at {
				p.cursor = &position{dayCells + weekCells*i, 2 + weekday}
			}
		}
		p.rows = append(p.rows, row)
	}
	p.aside = th.paint(dim, fmt.Sprintf("%s in %s", plural(total, "end"), plural(weeks, "week")))
	if c.read && c.ends.Whole < len(c.ends.ByDay) {
		p.aside = th.state(warn, fmt.Sprintf("more than %s: from %s on not counted", count(model.CountLimit)[:len("10 000")], monthDay(c.from+model.Date(c.ends.Whole), today)))
	}
	p.rows = append(p.rows, c.about()...)
	p.rows = p.rows[:min(len(p.rows), max(c.h, 0))]
	return p
}

// cell is one day: how many end on it, with a bang where they are many.
func (c *calendar) cell(day, today model.Date) string {
	th, text := c.app.theme, ""
	n, known := c.on(day)
	switch {
	case day <= today:
	case !c.read:
		text = "…"
	case !known:
		text = "?"
	case n == 0:
		text = "·"
	case n >= 1000:
		text = "1k+!"
	case n >= cliff:
		text = fmt.Sprint(n) + "!"
	default:
		text = fmt.Sprint(n)
	}
	look := plain
	switch {
	case n == 0:
		look = dim
	case n >= cliff:
		look = warn
	}
	mark := " "
	if day == c.at {
		mark = th.paint(marker, "▌")
	}
	return mark + th.paint(look, text) + blanks(weekCells-1-width(text))
}

// about says what ends on the current day.
func (c *calendar) about() []string {
	a, th := c.app, c.app.theme
	title := "── " + c.name(c.at) + ", " + until(c.at, a.today()) + " "
	rows := []string{th.paint(dim, "   "+title+strings.Repeat("─", max(c.w-4-width(title), 0)))}
	n, known := c.on(c.at)
	switch {
	case !c.read:
		return rows
	case !known:
		return append(rows, "   not counted: v leads to the list, / narrows it")
	case n == 0:
		return append(rows, "   "+th.paint(dim, "nothing ends"))
	case n >= cliff:
		rows = append(rows, "   "+th.paint(warn, "!")+" "+cut(fmt.Sprintf("%d end on one day: %s rotates them and spreads their ends over %d days", n, c.app.cap(keys.Spread), spreadDays), c.w-6))
	}
	if c.listed != c.at {
		return rows
	}
	room := max(c.h-len(rows)-9, 1)
	for i, t := range c.rows {
		if i == room-1 && n > room {
			return append(rows, "   "+th.paint(dim, fmt.Sprintf("+ %d more: enter lists them", n-i)))
		}
		if i == room {
			break
		}
		used := "never used"
		if !t.LastUsedAt.IsZero() {
			used = "used " + ago(t.LastUsedAt, a.now())
		}
		if a.now().Sub(t.LastUsedAt) < lately*24*time.Hour {
			used = th.state(warn, used)
		} else {
			used = well(used)
		}
		row := "   " + fit(cutMiddle(clean(t.Owner()), c.w/3), c.w/3) + "  " + fit(clean(t.Name), c.w/4) + "  "
		if c.w >= 80 {
			row += fit(roleName(t.Role), 10) + "  "
		}
		rows = append(rows, row+used)
	}
	for i := range rows {
		rows[i] = cut(rows[i], c.w)
	}
	return rows
}

func (c *calendar) foot() string {
	return fmt.Sprintf("%s · day %d of %d", c.name(c.at), c.at-c.app.today(), farDays)
}
