package model

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Date is a day in UTC, counted from 1 January 1970. The zero Date stands for
// "no date"; no token or membership ever ends on that day.
type Date int

const dateLayout = "2006-01-02"

const day = 24 * time.Hour

// ErrDate is the error of ParseDate.
var ErrDate = errors.New("is not a date: write YYYY-MM-DD")

// DateOf is the day in UTC that t falls on.
func DateOf(t time.Time) Date {
	return Date(t.UTC().Truncate(day).Unix() / int64(day/time.Second))
}

// ParseDate reads YYYY-MM-DD, from 1970-01-02 to 9999-12-31. A day that the
// calendar doesn't have, such as 2026-02-30, is ErrDate.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(dateLayout, s)
	if err != nil || t.Year() < 1970 || DateOf(t) == 0 {
		return 0, ErrDate
	}
	return DateOf(t), nil
}

// ErrEnd is the error of ParseEnd.
var ErrEnd = errors.New("is not a date: write 2027-01-31, jan 31 or 30d")

// lastDate is the last that YYYY-MM-DD can say.
var lastDate = DateOf(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC))

// ParseEnd reads the day on which something is to end, as people write it:
// 2027-01-31; jan 31, the next one after today; or 30d, so many days from today,
// at most 99999. What it is none of is ErrEnd.
func ParseEnd(s string, today Date) (Date, error) {
	words := strings.Fields(strings.ToLower(s))
	switch len(words) {
	case 1:
		if d, err := ParseDate(words[0]); err == nil {
			return d, nil
		}
		digits, ok := strings.CutSuffix(words[0], "d")
		n, err := strconv.ParseUint(digits, 10, 32)
		if d := today + Date(n); ok && err == nil && 0 < n && n <= 99999 && d <= lastDate {
			return d, nil
		}
	case 2:
		for year := today.Time().Year(); year <= today.Time().Year()+8; year++ { // there is a 29 February in each eight years
			t, err := time.Parse("Jan 2 2006", fmt.Sprintf("%s %s %04d", words[0], words[1], year))
			if d := DateOf(t); err == nil && d > today {
				return d, nil
			}
		}
	}
	return 0, ErrEnd
}

// Time is 00:00:00 UTC of the day: the moment at which a token or membership
// that ends on d stops working (R8, R91).
func (d Date) Time() time.Time { return time.Unix(int64(d)*int64(day/time.Second), 0).UTC() }

// String is YYYY-MM-DD, or an empty text for no date.
func (d Date) String() string {
	if d == 0 {
		return ""
	}
	return d.Time().Format(dateLayout)
}

// MarshalJSON gives "YYYY-MM-DD", or null for no date.
func (d Date) MarshalJSON() ([]byte, error) {
	if d == 0 {
		return []byte("null"), nil
	}
	return []byte(`"` + d.String() + `"`), nil
}
