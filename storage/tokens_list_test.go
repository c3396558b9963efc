package storage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

// fleet makes tokens that differ in everything a list can ask for.
func fleet(t *testing.T, clock *testClock) (*DB, model.Project) {
	t.Helper()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	start := clock.at
	for i := range 30 {
		clock.at = start.Add(-time.Duration(40-i) * 24 * time.Hour)
		made, err := db.CreateToken(t.Context(), root, model.NewToken{
			Place: p.Ref(), Name: fmt.Sprintf("%c-token", 'a'+i%7), Role: model.Roles[i%6],
			Scopes: model.Scopes{model.BotScopes[i%10]}, ExpiresOn: model.DateOf(clock.at) + model.Date(5+i%3*30),
		})
		if err != nil {
			t.Fatal(err)
		}
		if i%4 == 0 {
			db.Used(made.ID, model.APIDoor, "10.0.0.1")
			db.traffic.flush(db)
		}
	}
	clock.at = start
	if err := db.RevokeTokens(t.Context(), root, p.Ref(), 29, 30); err != nil {
		t.Fatal(err)
	}
	return db, p
}

// all reads every page of a list by its keyset and checks that no row comes
// twice.
func all(t *testing.T, db *DB, q model.TokenQuery) (rows []model.Token) {
	t.Helper()
	p := model.Page{Limit: 4, Count: true}
	for {
		list, err := db.Tokens(t.Context(), root, q, p)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range list.Rows {
			if slices.ContainsFunc(rows, func(r model.Token) bool { return r.ID == row.ID }) {
				t.Fatalf("token %d came twice", row.ID)
			}
		}
		rows = append(rows, list.Rows...)
		if list.Next == "" {
			if list.Total != len(rows) {
				t.Errorf("counted %d, came %d", list.Total, len(rows))
			}
			return rows
		}
		p.After = list.Next
	}
}

// A41: every order, paged by key, with the larger id first among equals and
// never used ones last in both directions.
func TestTokenOrders(t *testing.T) {
	clock := noon()
	db, p := fleet(t, clock)
	for _, descending := range []bool{false, true} {
		for sort, before := range map[model.TokenSort]func(a, b model.Token) int{
			model.ByCreated: func(a, b model.Token) int { return a.CreatedAt.Compare(b.CreatedAt) },
			model.ByExpiry:  func(a, b model.Token) int { return int(a.ExpiresOn - b.ExpiresOn) },
			model.ByLastUse: func(a, b model.Token) int { return a.LastUsedAt.Compare(b.LastUsedAt) },
			model.ByName:    func(a, b model.Token) int { return strings.Compare(a.Name, b.Name) },
		} {
			rows := all(t, db, model.TokenQuery{In: p.Ref(), Sort: sort, Descending: descending, Deleted: true})
			if len(rows) != 30 {
				t.Fatalf("%d rows", len(rows))
			}
			for i := 1; i < len(rows); i++ {
				a, b := rows[i-1], rows[i]
				if sort == model.ByLastUse && (a.LastUsedAt.IsZero() || b.LastUsedAt.IsZero()) {
					if a.LastUsedAt.IsZero() && !b.LastUsedAt.IsZero() {
						t.Errorf("A41: never used before used, sort %d", sort)
					}
					continue
				}
				c := before(a, b)
				if descending {
					c = -c
				}
				if c > 0 || c == 0 && a.ID < b.ID {
					t.Errorf("A41: sort %d, descending %v: %d before %d", sort, descending, a.ID, b.ID)
				}
			}
		}
	}
}

// A41: every condition keeps exactly the tokens that a plain check keeps.
func TestTokenConditions(t *testing.T) {
	clock := noon()
	db, p := fleet(t, clock)
	today := model.DateOf(clock.at)
	everything := all(t, db, model.TokenQuery{In: p.Ref(), Deleted: true})
	yes, no := true, false
	moment := clock.at.Add(-25 * 24 * time.Hour)
	filter := func(line string) model.Filter {
		f, err := model.ParseFilter(line)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	active := func(t model.Token) bool { return t.State(today) == model.Active }
	for name, c := range map[string]struct {
		q    model.TokenQuery
		keep func(model.Token) bool
	}{
		"state active":     {model.TokenQuery{Active: &yes}, active},
		"state inactive":   {model.TokenQuery{Active: &no}, func(t model.Token) bool { return !active(t) }},
		"revoked":          {model.TokenQuery{Revoked: &yes}, func(t model.Token) bool { return !t.RevokedAt.IsZero() }},
		"not revoked":      {model.TokenQuery{Revoked: &no}, func(t model.Token) bool { return t.RevokedAt.IsZero() }},
		"search":           {model.TokenQuery{Search: "B-TOK"}, func(t model.Token) bool { return t.Name == "b-token" }},
		"search %":         {model.TokenQuery{Search: "%"}, func(t model.Token) bool { return false }},
		"created_after":    {model.TokenQuery{CreatedAfter: moment}, func(t model.Token) bool { return !t.CreatedAt.Before(moment) }},
		"created_before":   {model.TokenQuery{CreatedBefore: moment}, func(t model.Token) bool { return !t.CreatedAt.After(moment) }},
		"expires_after":    {model.TokenQuery{ExpiresAfter: today}, func(t model.Token) bool { return t.ExpiresOn >= today }},
		"expires_before":   {model.TokenQuery{ExpiresBefore: today}, func(t model.Token) bool { return t.ExpiresOn < today }},
		"last_used_after":  {model.TokenQuery{LastUsedAfter: moment}, func(t model.Token) bool { return !t.LastUsedAt.IsZero() && !t.LastUsedAt.Before(moment) }},
		"last_used_before": {model.TokenQuery{LastUsedBefore: moment}, func(t model.Token) bool { return !t.LastUsedAt.IsZero() && !t.LastUsedAt.After(moment) }},
		"role:owner":       {model.TokenQuery{Filter: filter("role:owner,guest")}, func(t model.Token) bool { return t.Role == model.Owner || t.Role == model.Guest }},
		"-scope:api":       {model.TokenQuery{Filter: filter("-scope:api")}, func(t model.Token) bool { return !t.Scopes.Has(model.ScopeAPI) }},
		"state:expired":    {model.TokenQuery{Filter: filter("state:expired")}, func(t model.Token) bool { return t.State(today) == model.Expired }},
		"expires:<30d":     {model.TokenQuery{Filter: filter("expires:<30d")}, func(t model.Token) bool { return t.ExpiresOn < today+30 }},
		"last-used never":  {model.TokenQuery{Filter: filter("last-used:never")}, func(t model.Token) bool { return t.LastUsedAt.IsZero() }},
		"id":               {model.TokenQuery{Filter: filter("id:1,3,99")}, func(t model.Token) bool { return t.ID == 1 || t.ID == 3 }},
		"idle >20d": {model.TokenQuery{Filter: filter("idle:>20d")}, func(t model.Token) bool {
			last := t.LastUsedAt
			if last.IsZero() {
				last = t.CreatedAt
			}
			return model.DateOf(last) < today-20
		}},
		"-last-used:>20d":     {model.TokenQuery{Filter: filter("-last-used:>20d")}, func(t model.Token) bool { return t.LastUsedAt.IsZero() || model.DateOf(t.LastUsedAt) >= today-20 }},
		"created:<20d":        {model.TokenQuery{Filter: filter("created:<20d")}, func(t model.Token) bool { return model.DateOf(t.CreatedAt) > today-20 }},
		"two words":           {model.TokenQuery{Filter: filter("c-tok kind:project")}, func(t model.Token) bool { return t.Name == "c-token" }},
		"word of the path":    {model.TokenQuery{Filter: filter("acme/w")}, func(t model.Token) bool { return true }},
		"group:acme":          {model.TokenQuery{Filter: filter("group:acme")}, func(t model.Token) bool { return true }},
		"group:acm":           {model.TokenQuery{Filter: filter("group:acm")}, func(t model.Token) bool { return false }},
		"by:root bot:project": {model.TokenQuery{Filter: filter("by:root bot:project_1")}, func(t model.Token) bool { return true }},
	} {
		c.q.In, c.q.Deleted = p.Ref(), true
		var got, want []int64
		for _, row := range all(t, db, c.q) {
			got = append(got, row.ID)
		}
		for _, row := range everything {
			if c.keep(row) {
				want = append(want, row.ID)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("A41 %s: %v, want %v", name, got, want)
		}
	}
}

// A34: a cursor with a text where a list is in the order of a number, or the
// other way round, isn't one that it gave.
func TestCursorTypes(t *testing.T) {
	db := open(t, Options{})
	for _, c := range []struct {
		sort   model.TokenSort
		cursor []any
		want   bool
	}{
		{model.ByCreated, []any{1, 1}, true}, {model.ByCreated, []any{"1", 1}, false},
		{model.ByName, []any{"deploy", 1}, true}, {model.ByName, []any{1, 1}, false}, {model.ByName, []any{"deploy", "1"}, false},
		{model.ByExpiry, []any{"2027-01-01", 1}, true}, {model.ByExpiry, []any{20270101, 1}, false},
	} {
		_, err := db.Tokens(t.Context(), root, model.TokenQuery{Sort: c.sort}, model.Page{After: cursor(c.cursor)})
		if (err == nil) != c.want || err != nil && rule(err) != "A34" {
			t.Errorf("order %v after %v: %v", c.sort, c.cursor, err)
		}
	}
}
