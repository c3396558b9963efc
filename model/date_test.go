package model

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	for s, days := range map[string]Date{
		"1970-01-02": 1,
		"2026-11-24": today,
		"2024-02-29": 19_782,
		"2000-02-29": 11_016,
		"9999-12-31": 2_932_896,
	} {
		if d, err := ParseDate(s); err != nil || d != days || d.String() != s {
			t.Errorf("%s: %d %s, %v", s, d, d, err)
		}
	}
	for _, s := range []string{
		"", " ", "2026-02-30", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-04-31",
		"1970-01-01", "1969-12-31", "0001-01-01", "0000-00-00", "10000-01-01", "-2026-01-01", "+2026-01-01",
		"2026-1-1", "26-01-01", "2026/01/01", "20260101", "2026-01-01T00:00:00Z", " 2026-01-01", "2026-01-01 ", "2026-01-01\x00",
		"２０２６-01-01", "today", "2026-01-0x",
	} {
		if d, err := ParseDate(s); !errors.Is(err, ErrDate) || d != 0 {
			t.Errorf("%q: %s, %v", s, d, err)
		}
	}
}

func TestParseEnd(t *testing.T) {
	on := func(s string) Date {
		d, err := ParseDate(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for s, want := range map[string]string{
		"2027-01-31": "2027-01-31", " 2027-01-31 ": "2027-01-31", "30d": "2026-12-24", "1D": "2026-11-25", "0030d": "2026-12-24",
		"jan 31": "2027-01-31", "Jan  31": "2027-01-31", "nov 25": "2026-11-25", "NOV 24": "2027-11-24", "nov 23": "2027-11-23", // today is past
		"dec 1": "2026-12-01", "feb 29": "2028-02-29", "feb 01": "2027-02-01",
	} {
		if d, err := ParseEnd(s, today); err != nil || d != on(want) {
			t.Errorf("%q: %s, %v; want %s", s, d, err, want)
		}
	}
	if d, err := ParseEnd("feb 29", on("2096-02-29")); err != nil || d != on("2104-02-29") {
		t.Error(d, err)
	}
	for _, s := range []string{"", "d", "0d", "-1d", "+1d", "1.5d", "30 d", "30", "100000d", "99999999999999999999d", "jan", "jan 0", "jan 32", "feb 30", "31 jan",
		"jan 31 2027", "january 31", "jan31", "2026-02-30", "tomorrow", "jan -1", "jan 31\x00", "\xff 1"} {
		if d, err := ParseEnd(s, today); !errors.Is(err, ErrEnd) || d != 0 {
			t.Errorf("%q: %s, %v", s, d, err)
		}
	}
	if d, err := ParseEnd("1d", on("9999-12-31")); err == nil {
		t.Error(d)
	}
}

func FuzzParseEnd(f *testing.F) {
	for _, s := range []string{"30d", "jan 31", "feb 29", "2027-01-31", "99999d", "dec 31"} {
		f.Add(s, int(today))
	}
	f.Fuzz(func(t *testing.T, s string, on int) {
		now := 1 + Date(uint(on)%uint(lastDate))
		d, err := ParseEnd(s, now)
		if err != nil {
			return
		}
		if again, err := ParseDate(d.String()); err != nil || again != d {
			t.Errorf("%q is %d, written %s", s, d, d)
		}
		if _, err := ParseDate(strings.TrimSpace(s)); err != nil && d <= now {
			t.Errorf("%q from %s on is %s", s, now, d)
		}
	})
}

// R91: a date begins at 00:00:00.000 UTC, wherever the clock stands.
func TestDateOf(t *testing.T) {
	east, west := time.FixedZone("", 14*3600), time.FixedZone("", -12*3600)
	day := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		at   time.Time
		want Date
	}{
		{day, today},
		{day.Add(-time.Nanosecond), today - 1},
		{day.Add(24*time.Hour - time.Millisecond), today},
		{day.Add(24 * time.Hour), today + 1},
		{day.In(east), today},
		{day.In(west), today},
		{day.Add(-time.Millisecond).In(east), today - 1},
		{time.Unix(0, 0), 0},
		{time.Unix(-1, 0), -1},
		{time.Unix(0, -1), -1},
		{time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), -1},
		{time.Date(1969, 12, 30, 23, 59, 59, 0, time.UTC), -2},
		{time.Date(1600, 2, 29, 12, 0, 0, 0, time.UTC), -135_081},
		{time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), 2_932_896},
	} {
		if got := DateOf(c.at); got != c.want {
			t.Errorf("%s: %d, want %d", c.at, got, c.want)
		}
	}
	if got := today.Time(); !got.Equal(day) || got.Location() != time.UTC {
		t.Error(got)
	}
}

func TestDateMarshal(t *testing.T) {
	out, err := json.Marshal([]Date{0, today})
	if err != nil || string(out) != `[null,"2026-11-24"]` {
		t.Errorf("%s, %v", out, err)
	}
	if s := Date(0).String(); s != "" {
		t.Errorf("%q", s)
	}
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{"2026-11-24", "2026-02-30", "9999-12-31", "1970-01-01", "", "0000-01-01"} {
		f.Add(s, int64(0))
	}
	f.Add("", int64(-1))
	f.Fuzz(func(t *testing.T, s string, unix int64) {
		if d, err := ParseDate(s); err == nil && (d <= 0 || d.String() != s || DateOf(d.Time()) != d) {
			t.Errorf("%q: %d %s", s, d, d)
		}
		at := time.Unix(unix%(1<<40), 0)
		if d := DateOf(at); d.Time().After(at) || !(d + 1).Time().After(at) {
			t.Errorf("%s is not on %d", at, d)
		}
	})
}
