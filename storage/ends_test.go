package storage

import (
	"testing"

	"patrol/model"
)

// The calendar counts what lists of the same query show, of those who may see it
// only (R44, R48, R90).
func TestEndsByDay(t *testing.T) {
	clock := noon()
	db, p := fleet(t, clock)
	today := model.DateOf(clock.at)
	admin := root
	sam, err := db.AddUser(t.Context(), root, model.NewUser{Username: "sam"})
	if err != nil {
		t.Fatal(err)
	}
	filter := func(line string) model.Filter {
		f, err := model.ParseFilter(line)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	total := 0
	for _, q := range []model.TokenQuery{{}, {In: p.Ref()}, {Filter: filter("role:guest,owner")}, {Filter: filter("expires:<20d b-token")}, {Filter: filter("state:revoked")}} {
		ends, err := db.EndsByDay(t.Context(), admin, q, today-3, 60)
		if err != nil || ends.Whole != 60 {
			t.Fatal(ends, err)
		}
		active := true
		q.Active = &active
		for i, n := range ends.ByDay {
			q.ExpiresAfter, q.ExpiresBefore = today-3+model.Date(i), today-2+model.Date(i)
			list, err := db.Tokens(t.Context(), admin, q, model.Page{Limit: 1, Count: true})
			if err != nil || list.Total != n {
				t.Errorf("%v, day %d: %d, the list has %d, %v", q.Filter, i, n, list.Total, err)
			}
			total += n
		}
	}
	if total == 0 {
		t.Error("nothing was counted")
	}
	other := model.Actor{UserID: sam.ID, Door: model.ConsoleDoor}
	ends, err := db.EndsByDay(t.Context(), other, model.TokenQuery{}, today, 90)
	for i, n := range ends.ByDay {
		if n != 0 || err != nil {
			t.Errorf("R44: a stranger counts %d on day %d, %v", n, i, err)
		}
	}
	if _, err := db.EndsByDay(t.Context(), other, model.TokenQuery{In: p.Ref()}, today, 90); err == nil {
		t.Error("R44: a stranger counts a project's tokens")
	}
}
