package storage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"patrol/model"
)

// R10, R20, R27, R30, R35: what lists show is, row by row, what the policy lets
// the caller see, on random groups, projects and memberships.
func TestListsAgreeWithPolicy(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			clock := noon()
			db := open(t, Options{Clock: clock.read})
			groups, projects := randomPlaces(t, db, r)
			actors := randomMembers(t, db, r, groups, projects, model.DateOf(clock.at))
			clock.at = clock.at.AddDate(0, 0, 2) // some memberships are over
			for who, a := range actors {
				var seen []string
				for _, p := range projects {
					if _, err := db.Project(t.Context(), a, p); err == nil {
						seen = append(seen, p.Path)
					}
				}
				slices.Sort(seen)
				if got := listed(t, db, a, model.ProjectPlace); got != strings.Join(seen, " ") {
					t.Errorf("R20, R35: %s\nlists %s\nsees  %s", who, got, strings.Join(seen, " "))
				}
				seen = nil
				for _, g := range groups {
					if _, err := db.Group(t.Context(), a, g); err == nil {
						seen = append(seen, g.Path)
					}
				}
				slices.Sort(seen)
				if got := listed(t, db, a, model.GroupPlace); got != strings.Join(seen, " ") {
					t.Errorf("R30, R35: %s\nlists %s\nsees  %s", who, got, strings.Join(seen, " "))
				}
			}
		})
	}
}

// randomPlaces makes a few trees of groups, and projects in them.
func randomPlaces(t *testing.T, db *DB, r *rand.Rand) (groups, projects []model.Ref) {
	visibility := map[string]model.Visibility{}
	paths := []string{}
	for i := range 14 {
		path, most := fmt.Sprintf("g%02d", i), model.Public
		if i > 2 {
			parent := paths[r.IntN(len(paths))]
			path, most = parent+"/"+path, visibility[parent]
		}
		visibility[path] = model.Visibility(r.IntN(int(most) + 1))
		n := newGroup(path)
		n.Visibility = visibility[path]
		addGroup(t, db, root, n)
		paths, groups = append(paths, path), append(groups, model.GroupRef(path))
	}
	for i := range 18 {
		parent := paths[r.IntN(len(paths))]
		n := newProject(fmt.Sprintf("%s/p%02d", parent, i))
		n.Visibility = model.Visibility(r.IntN(int(visibility[parent]) + 1))
		if _, err := db.AddProject(t.Context(), root, n); err != nil {
			t.Fatal(err)
		}
		projects = append(projects, model.ProjectRef(n.FullPath))
	}
	return groups, projects
}

// randomMembers makes people of every kind and bots, some of them members.
func randomMembers(t *testing.T, db *DB, r *rand.Rand, groups, projects []model.Ref, today model.Date) map[string]model.Actor {
	actors := map[string]model.Actor{"root": root, "nobody": {Door: model.APIDoor}}
	for i, n := range []model.NewUser{{}, {}, {}, {External: true}, {External: true}, {Auditor: true}, {Admin: true}} {
		n.Username = fmt.Sprint("u", i)
		u, a := addPerson(t, db, n)
		actors[fmt.Sprintf("%s %+v", n.Username, n)] = a
		for range r.IntN(4) {
			in := slices.Concat(groups, projects)[r.IntN(len(groups)+len(projects))]
			_, err := db.AddMember(t.Context(), root, in, u.ID, model.Roles[r.IntN(len(model.Roles))], today+model.Date(1+r.IntN(4)))
			if err != nil && !strings.Contains(err.Error(), "already exists") && !strings.Contains(err.Error(), "inherited") {
				t.Fatal(err)
			}
		}
	}
	for i, in := range []model.Ref{groups[5], projects[3]} {
		made := addToken(t, db, root, in, fmt.Sprint("bot", i))
		actors["bot of "+in.Path] = model.Actor{UserID: made.User.ID, TokenID: made.ID, Door: model.APIDoor}
	}
	return actors
}

// listed walks a whole list by small pages.
func listed(t *testing.T, db *DB, a model.Actor, kind model.PlaceKind) string {
	t.Helper()
	var paths []string
	next, total := "", -1
	for {
		p := model.Page{Limit: 8, After: next, Count: total < 0}
		if kind == model.ProjectPlace {
			list, err := db.Projects(t.Context(), a, model.PlaceQuery{Counts: true}, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range list.Rows {
				one, err := db.Project(t.Context(), a, row.Ref())
				if row.Counts = (model.Counts{}); err != nil || withoutCreation(row) != one {
					t.Errorf("listed %+v\nalone  %+v, %v", row, one, err)
				}
				paths = append(paths, row.FullPath)
			}
			next, total = list.Next, max(total, list.Total)
		} else {
			list, err := db.Groups(t.Context(), a, model.PlaceQuery{Counts: true}, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range list.Rows {
				paths = append(paths, row.FullPath)
			}
			next, total = list.Next, max(total, list.Total)
		}
		if next == "" {
			break
		}
	}
	if total != len(paths) || !slices.IsSorted(paths) {
		t.Errorf("counted %d, listed %v", total, paths)
	}
	return strings.Join(paths, " ")
}

func withoutCreation(p model.Project) model.Project {
	p.Creation = model.Creation{}
	return p
}

// The console's columns: counts, next expiry, and whether tokens can be made
// (R70, R75, R81), as far as the caller may see them (R44).
func TestCounts(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	today := model.DateOf(clock.at)
	web, dns := addProject(t, db, "acme/web"), addProject(t, db, "acme/infra/dns")
	addProject(t, db, "labs/notes")
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara"})
	if _, err := db.AddMember(t.Context(), root, web.Ref(), mara.ID, model.Developer, 0); err != nil {
		t.Fatal(err)
	}
	for i, days := range []model.Date{2, 9, 30, 40} {
		n := model.NewToken{Place: web.Ref(), Name: fmt.Sprint("t", i), Scopes: model.Scopes{model.ScopeAPI}, ExpiresOn: today + days}
		if _, err := db.CreateToken(t.Context(), root, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, 4); err != nil {
		t.Fatal(err)
	}
	clock.at = clock.at.AddDate(0, 0, 3)
	if err := db.SetFeature(t.Context(), root, dns.Ref(), ptr(false)); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ChangeGroup(t.Context(), root, model.GroupRef("labs"), model.PlaceChange{TokenCreation: ptr(false)}); err != nil {
		t.Fatal(err)
	}
	rows := func(a model.Actor, q model.PlaceQuery) string {
		q.Counts = true
		list, err := db.Projects(t.Context(), a, q, model.Page{})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, p := range list.Rows {
			all = append(all, fmt.Sprintf("%s %d/%d %d %s %s", p.Path, p.ActiveTokens, p.InactiveTokens, p.Members, p.NextExpiry, p.Creation.Rule))
		}
		return strings.Join(all, "; ")
	}
	if got := rows(root, model.PlaceQuery{}); got != fmt.Sprintf("dns 0/0 1  R70; web 2/2 5 %s ; notes 0/0 1  R75", today+9) {
		t.Errorf("counts: %s", got)
	}
	if got := rows(asMara, model.PlaceQuery{}); got != "web 0/0 5  " {
		t.Errorf("R44 as a Developer: %s", got)
	}
	if got := rows(root, model.PlaceQuery{Within: model.GroupRef("acme"), Search: "INFRA"}); !strings.HasPrefix(got, "dns") || strings.Contains(got, ";") {
		t.Errorf("within and search: %s", got)
	}
	_, err := db.Projects(t.Context(), asMara, model.PlaceQuery{Within: model.GroupRef("labs")}, model.Page{})
	refused(t, "R35 within what can't be seen", err, model.ErrNotFound, "R35")
	groups, err := db.Groups(t.Context(), root, model.PlaceQuery{Counts: true}, model.Page{})
	if err != nil || len(groups.Rows) != 3 || groups.Rows[0].Projects != 2 || groups.Rows[0].Subgroups != 1 || groups.Rows[0].Members != 1 {
		t.Errorf("groups: %+v, %v", groups.Rows, err)
	}
	if seen, err := db.Groups(t.Context(), asMara, model.PlaceQuery{Counts: true}, model.Page{}); err != nil || len(seen.Rows) != 1 ||
		seen.Rows[0].Projects != 1 || seen.Rows[0].Subgroups != 0 || seen.Rows[0].Members != 0 {
		t.Errorf("R30, R35: %+v, %v", seen.Rows, err)
	}
	if _, err := db.ChangeSetting(t.Context(), root, model.SettingInstanceKind, model.SaaS); err != nil {
		t.Fatal(err)
	}
	if got := rows(root, model.PlaceQuery{Within: model.GroupRef("acme"), Search: "web"}); !strings.HasSuffix(got, "R81") {
		t.Errorf("R81: %s", got)
	}
}
