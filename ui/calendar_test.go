package ui

import (
	"fmt"
	"testing"
	"time"

	"patrol/model"
)

// A cliff is seen in the calendar, and spread over days in one step (A5).
func TestCalendar(t *testing.T) {
	s := begin(t)
	p := s.project("acme/web", model.Private)
	for i := range 12 {
		s.token(p.Ref(), fmt.Sprintf("same-%02d", i), model.Developer, 25, model.ScopeAPI)
	}
	s.token(p.Ref(), "lonely", model.Developer, 3, model.ScopeAPI)
	d := drive(t, config(s.db), 80, 24)
	d.keys("g t v").shows("All tokens · calendar", "Nov", "Dec", "12!", "nothing ends").keys("enter").shows("nothing ends on Mon Nov 23")
	d.keys("down down").pass(80*time.Millisecond).shows("Wed Nov 25, in 3 d", "lonely", "never used")
	d.keys("enter").shows("expires:2026-11-25", "lonely").hides("same-").keys("esc").shows("calendar")
	d.keys("right right right left right down down down down down down down down down").pass(80*time.Millisecond).shows("Fri Dec 25").keys("up up up up up up up up").pass(80*time.Millisecond).shows("Thu Dec 17", "12 end on one day", "same-1", "+ 4 more")
	d.keys("s").shows("Rotate 12 tokens").keys("enter").shows("Spread to", "2027-01-05", "12 secrets, which end from 2026-12-22 to 2027-01-05")
	d.keys("ctrl+s").shows("12 tokens rotated", "0 of 12 stored").keys("esc").yes().shows("calendar")
	ends := map[model.Date]bool{}
	for _, row := range must(s.db.Tokens(t.Context(), root, model.TokenQuery{Search: "same"}, model.Page{Limit: 100})).Rows {
		if row.ReplacedBy == 0 {
			ends[row.ExpiresOn] = true
		}
	}
	if len(ends) != 12 {
		t.Errorf("%d different ends", len(ends))
	}
	d.keys("v").shows("All tokens").hides("calendar  ")
}

// The calendar takes the list's filter, and shows nobody what the list doesn't
// (R44, R48).
func TestCalendarSight(t *testing.T) {
	s := full(t)
	d := drive(t, config(s.db), 80, 24)
	d.keys("g t /").text("deploy").keys("enter v").shows("/ state:active deploy", "1 end in 14 weeks").keys("esc").shows("deploy")
	sam := must(s.db.User(t.Context(), root, 0, "sam"))
	c := config(s.db)
	c.Actor = model.Actor{UserID: sam.ID, Door: model.ConsoleDoor}
	drive(t, c, 80, 24).keys("g t v").shows("0 ends in 14 weeks")
}
