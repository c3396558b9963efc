package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"patrol/model"
)

// clean makes a stored text safe to draw: names are other people's.
func clean(s string) string { return model.Clean(s) }

// fit makes s exactly w cells wide.
func fit(s string, w int) string {
	s = cut(s, w)
	return s + blanks(w-width(s))
}

// fitRight is fit with the text at the right.
func fitRight(s string, w int) string {
	s = cut(s, w)
	return blanks(w-width(s)) + s
}

// cutMiddle shortens a path to at most w cells; its beginning and its end stay.
// s has no styles in it.
func cutMiddle(s string, w int) string {
	if width(s) <= w {
		return s
	}
	if w < 3 {
		return cut(s, w)
	}
	head := (w - 1) / 2
	tail := w - 1 - head
	return keep(s, head) + "…" + drop(s, width(s)-tail)
}

func blanks(n int) string { return strings.Repeat(" ", max(n, 0)) }

// spread puts left and right at the two ends of w cells. The right one stays
// whole as long as it leaves the left one something.
func spread(left, right string, w int) string {
	if right == "" {
		return cut(left, w)
	}
	if room := w - width(right) - 1; room >= 8 || width(left) <= room {
		return fit(left, room) + " " + right
	}
	return cut(left, w)
}

// count writes a number as people read it, "1 204", and what is beyond the
// store's limit of counting as "10 000+".
func count(n int) string {
	if n > model.CountLimit {
		return group(model.CountLimit) + "+"
	}
	return group(n)
}

func group(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// plural is "1 project", "2 projects".
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	if strings.HasSuffix(one, "s") {
		one += "e"
	}
	return count(n) + " " + one + "s"
}

// ago says how long ago t was, as lists do.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return "never"
	case d < time.Minute:
		return "now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", d/time.Minute)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h ago", d/time.Hour)
	case d < 48*time.Hour:
		return "yesterday"
	}
	return fmt.Sprintf("%d d ago", d/(24*time.Hour))
}

// until says in how many days a date is.
func until(d, today model.Date) string {
	switch n := int(d - today); {
	case n == 1:
		return "in 1 d"
	case n <= 0:
		return "today"
	default:
		return fmt.Sprintf("in %d d", n)
	}
}

// monthDay is a date as "Nov 25", with the year where that is not clear.
func monthDay(d, today model.Date) string {
	if d-today >= 365 || today-d >= 365 {
		return d.Time().Format("Jan 2, 2006")
	}
	return d.Time().Format("Jan 2")
}

// orDash is s, or a dash for nothing.
func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
