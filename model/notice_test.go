package model

import (
	"fmt"
	"testing"
)

// R96: which notices a token gets in its life, and with how many days left, if
// somebody looks every day.
func TestNoticeDue(t *testing.T) {
	for _, c := range []struct {
		days int // that the token is given
		want string
	}{
		{365, "60 at 60, 30 at 30, 7 at 7, -1 at -1"},
		{61, "60 at 60, 30 at 30, 7 at 7, -1 at -1"},
		{60, "30 at 30, 7 at 7, -1 at -1"},
		{31, "30 at 30, 7 at 7, -1 at -1"},
		{30, "7 at 7, -1 at -1"},
		{8, "7 at 7, -1 at -1"},
		{7, "7 at 6, -1 at -1"},
		{1, "7 at 0, -1 at -1"},
	} {
		made := Date(20_000)
		expires := made + Date(c.days)
		given := map[int]bool{0: true}
		text := ""
		for today := made; today < expires+100; today++ {
			if window := NoticeDue(made, expires, today); !given[window] {
				given[window] = true
				text += fmt.Sprintf(", %d at %d", window, expires-today)
			}
		}
		if text[2:] != c.want {
			t.Errorf("R96: a token of %d days: %s, want %s", c.days, text[2:], c.want)
		}
	}
}

// R96: where nobody looked for some days, the window that holds today counts.
func TestNoticeDueLate(t *testing.T) {
	expires := Date(20_000)
	made := expires - 365
	for left, want := range map[Date]int{61: 0, 60: 60, 31: 60, 30: 30, 8: 30, 7: 7, 0: 7, -1: -1, -29: -1} {
		if got := NoticeDue(made, expires, expires-left); got != want {
			t.Errorf("R96: %d days left: %d, want %d", left, got, want)
		}
	}
	if got := NoticeDue(expires-3, expires, expires-4); got != 0 {
		t.Errorf("R96: a clock that was put back to before the token was made: %d", got)
	}
}
