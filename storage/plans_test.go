package storage

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"patrol/model"
)

// plans are the query plans of all that do asks on one connection for reading.
func plans(t *testing.T, db *DB, do func() error) (list []string) {
	t.Helper()
	c, err := db.newConn(t.Context(), Reader)
	if err != nil {
		t.Fatal(err)
	}
	others := db.readers
	db.readers = make(chan *conn, 1)
	db.readers <- c
	err = do()
	db.readers = others
	if err != nil {
		t.Fatal(err)
	}
	for query := range c.statements {
		query = db.engine.SQL(query)
		if !strings.HasPrefix(strings.TrimSpace(query), "SELECT") && !strings.HasPrefix(query, "WITH") {
			continue
		}
		rows, err := c.c.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, marksIn(query))...)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		plan := query + "\n"
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan += "\n" + detail
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		list = append(list, plan)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
	return list
}

var mark = regexp.MustCompile(`\?[0-9]*`)

// marksIn is how many arguments a statement takes: a mark without a number has
// the one after the greatest before it.
func marksIn(query string) (most int) {
	for _, m := range mark.FindAllString(query, -1) {
		n, err := strconv.Atoi(m[1:])
		if err != nil {
			n = most + 1
		}
		most = max(most, n)
	}
	return most
}

// What every screen, request and page asks for doesn't grow with the number of
// tokens, bots and audit entries: an index leads to the rows. SQLite plans alike
// for an empty database and a full one, as nothing tells it what is in it.
func TestPlans(t *testing.T) {
	onFile(t)
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	made := addToken(t, db, root, p.Ref(), "deploy")
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	if _, err := db.AddMember(t.Context(), root, p.Ref(), mara.ID, model.Maintainer, 0); err != nil {
		t.Fatal(err)
	}
	ctx, yes := t.Context(), true
	first := model.Page{Count: true}
	tokens := func(a model.Actor, q model.TokenQuery) func() error {
		return func() error { _, err := db.Tokens(ctx, a, q, first); return err }
	}
	users := func(q model.UserQuery) func() error {
		return func() error { _, err := db.Users(ctx, root, q, first); return err }
	}
	filter := func(line string) model.Filter {
		f, err := model.ParseFilter(line)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	large := regexp.MustCompile(`\n(SCAN (t|u|a|m|h|tokens|users|audit|members|notices|refusals)\b.*)`)
	for name, c := range map[string]struct {
		may string // be scanned, as the page's limit ends it
		do  func() error
	}{
		"R142 look-up by digest": {"", func() error { _, err := db.Authenticate(ctx, model.MakeSecret("glpat-")); return err }},
		"G99 what will expire":   {"", func() error { _, err := db.Outlook(ctx); return err }},
		"a token":                {"", func() error { _, err := db.Token(ctx, root, model.Ref{}, made.ID); return err }},
		"its history":            {"SCAN h", func() error { _, err := db.TokenHistory(ctx, root, made.ID, first); return err }},
		"its refusals":           {"", func() error { _, err := db.Refusals(ctx, root, made.ID); return err }},
		"refused again": {"", func() error {
			_, err := db.RefusedAgain(ctx, root, db.Now().Add(-day), 3)
			return err
		}},
		"a Maintainer's refused again": {"", func() error {
			_, err := db.RefusedAgain(ctx, asMara, db.Now().Add(-day), 3)
			return err
		}},
		"its entries":      {"", func() error { _, err := db.Entries(ctx, root, model.AuditQuery{TokenID: made.ID}, first); return err }},
		"a user's entries": {"", func() error { _, err := db.Entries(ctx, root, model.AuditQuery{UserID: mara.ID}, first); return err }},
		"a group's entries": {"", func() error {
			_, err := db.Entries(ctx, root, model.AuditQuery{In: model.GroupRef("acme")}, first)
			return err
		}},
		"a project's entries":     {"", func() error { _, err := db.Entries(ctx, root, model.AuditQuery{In: p.Ref()}, first); return err }},
		"the log":                 {"SCAN a", func() error { _, err := db.Entries(ctx, root, model.AuditQuery{}, first); return err }},
		"all tokens":              {"SCAN", tokens(root, model.TokenQuery{})},
		"the next to expire":      {"", tokens(root, model.TokenQuery{Sort: model.ByExpiry, Active: &yes})},
		"what expires this week":  {"", tokens(root, model.TokenQuery{Sort: model.ByExpiry, Filter: filter("expires:<7d state:active")})},
		"a word":                  {"", tokens(root, model.TokenQuery{Sort: model.ByExpiry, Filter: filter("deploy")})},
		"a word of active ones":   {"", tokens(root, model.TokenQuery{Sort: model.ByName, Filter: filter("deploy state:active")})},
		"two words or a third":    {"", tokens(asMara, model.TokenQuery{Sort: model.ByExpiry, Filter: filter("deploy acme,docs")})},
		"a bot's name":            {"", tokens(root, model.TokenQuery{Sort: model.ByExpiry, Filter: filter("bot:project_1")})},
		"A41 search":              {"", tokens(root, model.TokenQuery{Search: "deploy"})},
		"a project's tokens":      {"", tokens(root, model.TokenQuery{In: p.Ref(), Sort: model.ByName})},
		"its active tokens":       {"", tokens(root, model.TokenQuery{In: p.Ref(), Sort: model.ByExpiry, Active: &yes})},
		"a Maintainer's tokens":   {"", tokens(asMara, model.TokenQuery{Sort: model.ByExpiry})},
		"a person's tokens":       {"", tokens(root, model.TokenQuery{UserID: mara.ID})},
		"all users":               {"SCAN u", users(model.UserQuery{})},
		"people":                  {"", users(model.UserQuery{Kind: model.Human})},
		"people by a part":        {"", users(model.UserQuery{Kind: model.Human, Search: "mar"})},
		"administrators":          {"", users(model.UserQuery{Admins: true})},
		"all but bots":            {"", users(model.UserQuery{WithoutBots: true})},
		"a user by name":          {"", users(model.UserQuery{Username: "mara"})},
		"R108 seats":              {"", func() error { _, err := db.Seats(ctx, root); return err }},
		"members":                 {"", func() error { _, err := db.Members(ctx, root, p.Ref(), true, "", first); return err }},
		"R96 notices":             {"", func() error { _, err := db.Notices(ctx, asMara, first); return err }},
		"R96 all notices":         {"", func() error { _, err := db.Notices(ctx, root, first); return err }},
		"R96 undelivered notices": {"", func() error { _, err := db.Undelivered(ctx, 10); return err }},
		"R96 events":              {"", func() error { _, _, _, err := db.NextEvents(ctx, model.Position{}, model.EventKinds, 10); return err }},
		"projects with counts":    {"", func() error { _, err := db.Projects(ctx, root, model.PlaceQuery{Counts: true}, first); return err }},
		"groups with counts":      {"", func() error { _, err := db.Groups(ctx, asMara, model.PlaceQuery{Counts: true}, first); return err }},
	} {
		for _, plan := range plans(t, db, c.do) {
			plan = strings.ReplaceAll(plan, "\nSCAN users USING INDEX users_email", "\nSCAN people") // bots aren't in it
			for _, found := range large.FindAllStringSubmatch(plan, -1) {
				if c.may == "" || !strings.HasPrefix(found[1], c.may) {
					t.Errorf("%s: %s\n%s", name, found[1], plan)
				}
			}
		}
	}
}

// A page of all tokens, or of all active ones, is read in its order: an index has
// it, and leads to where the page before has ended.
func TestOrderPlans(t *testing.T) {
	onFile(t)
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	for _, name := range []string{"one", "two"} {
		addToken(t, db, root, p.Ref(), name)
	}
	yes := true
	for sort, index := range map[model.TokenSort]string{
		model.ByExpiry: `tokens_(live|expiry)`, model.ByName: `tokens_name`, model.ByCreated: `tokens_created`, model.ByLastUse: `tokens_used_(first|last)`,
	} {
		read := regexp.MustCompile(`\n(SCAN|SEARCH) t USING (COVERING )?INDEX ` + index + `\b`)
		sought := regexp.MustCompile(`\nSEARCH t USING (COVERING )?INDEX ` + index + `\b`)
		for _, active := range []*bool{nil, &yes} {
			for _, descending := range []bool{false, true} {
				q := model.TokenQuery{Sort: sort, Descending: descending, Active: active, Deleted: true}
				first, err := db.Tokens(t.Context(), root, q, model.Page{Limit: 1})
				if err != nil || first.Next == "" {
					t.Fatal(first.Next, err)
				}
				for page, want := range map[model.Page]*regexp.Regexp{{}: read, {After: first.Next}: sought} {
					for _, plan := range plans(t, db, func() error { _, err := db.Tokens(t.Context(), root, q, page); return err }) {
						if strings.Contains(plan, "OFFSET") && !want.MatchString(plan) {
							t.Errorf("sort %d, descending %v, after %q: %s", sort, descending, page.After, plan)
						}
					}
				}
			}
		}
	}
}

// What was published is few: it is read by itself, in whatever order it is shown
// (G112). An order's index would lead past all other tokens.
func TestPublishedPlan(t *testing.T) {
	onFile(t)
	db := open(t, Options{})
	published, err := model.ParseFilter("state:published")
	if err != nil {
		t.Fatal(err)
	}
	leads := regexp.MustCompile(`\n(SCAN|SEARCH) t USING (COVERING )?INDEX .*`)
	for _, sort := range []model.TokenSort{model.ByExpiry, model.ByName, model.ByCreated, model.ByLastUse} {
		for _, plan := range plans(t, db, func() error {
			_, err := db.Tokens(t.Context(), root, model.TokenQuery{Sort: sort, Filter: published}, model.Page{Count: true})
			return err
		}) {
			if found := leads.FindString(plan); found != "" {
				t.Errorf("sort %d: %s\n%s", sort, found, plan)
			}
		}
	}
}
