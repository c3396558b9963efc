package model

import (
	"errors"
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
