package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"patrol/model"
	"patrol/storage"
)

// story plays a past that has a bit of everything.
type story struct {
	db    *storage.DB
	ctx   context.Context
	clock *clock
	end   time.Time // its present
	err   error     // the first

	people map[string]int64
	tokens []int64
}

// The story's people. root adds mara, who does the rest.
var root = model.Actor{UserID: model.RootID, Door: model.CLIDoor, Address: "demo"}

func (s *story) as(name, address string) model.Actor {
	return model.Actor{UserID: s.people[name], Door: model.ConsoleDoor, Address: address}
}

func (s *story) mara() model.Actor { return s.as("mara", "10.0.4.2") }

// storyToken is a token of the story.
type storyToken struct {
	place, name string
	role        model.Role
	scopes      []string
	made, lives int           // days ago, and days that it was given
	used        time.Duration // before the present; 0: never
	revoked     int           // days ago; 0: not
}

// storyTokens are in the order in which they are made.
var storyTokens = []storyToken{
	{"labs/sim", "first-import", model.Maintainer, []string{"api"}, 380, 365, 100 * day, 0},
	{"acme/web", "old-mirror", model.Reporter, []string{"read_repository"}, 200, 60, 141 * day, 0},
	{"acme/web", "leaked-ci", model.Developer, []string{"api"}, 190, 365, 121 * day, 120},
	{"acme/web", "renovate", model.Maintainer, []string{"api"}, 184, 245, 94 * day, 0},
	{"acme", "group-audit", model.Reporter, []string{"read_api"}, 180, 200, 5 * time.Hour, 0},
	{"labs/sim", "release", model.Owner, []string{"api"}, 170, 199, 94 * day, 0},
	{"acme/infra/dns", "zone-sync", model.Developer, []string{"write_repository"}, 90, 91, 3 * time.Hour, 0},
	{"acme/web", "registry-push", model.Developer, []string{"write_registry", "read_registry"}, 61, 90, 0, 0},
	{"acme/api", "docs-build", model.Reporter, []string{"read_repository", "read_api"}, 58, 60, 26 * time.Hour, 0},
	{"acme/infra", "terraform", model.Maintainer, []string{"api"}, 50, 110, 40 * time.Minute, 0},
	{"labs/notes", "publish", model.Developer, []string{"write_repository"}, 45, 30, 16 * day, 0},
	{"labs/sim", "sync", model.Owner, []string{"api"}, 28, 30, 0, 0},
	{"acme/web", "deploy", model.Developer, []string{"write_repository"}, 27, 30, 2 * time.Hour, 0},
	{"acme/web", "trial-run", model.Guest, []string{"read_api"}, 20, 30, 0, 19},
	{"acme/web", "ci-mirror", model.Reporter, []string{"read_repository", "read_api"}, 18, 30, 27 * time.Hour, 0},
}

// event is something that happens so long before the present.
type event struct {
	ago time.Duration
	do  func()
}

// play tells the story with so many of its tokens.
func (s *story) play(tokens int) error {
	s.peopleCome()
	s.placesAreMade()
	s.tokens = make([]int64, tokens)
	events := s.others()
	for i, t := range storyTokens[:tokens] {
		events = append(events, event{time.Duration(t.made) * day, func() { s.tokens[i] = s.make(t) }})
		events = append(events, s.uses(i, t)...)
		if t.used > 0 {
			events = append(events, event{t.used, func() {
				s.db.Used(s.tokens[i], model.GitDoor, fmt.Sprintf("10.0.4.%d", 7+i%4))
				s.db.Used(s.tokens[i], model.APIDoor, fmt.Sprintf("10.0.7.%d", 20+i))
			}})
		}
		if t.revoked > 0 {
			events = append(events, event{time.Duration(t.revoked) * day, func() { s.must(s.db.RevokeTokens(s.ctx, s.mara(), model.Ref{}, s.tokens[i])) }})
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return int((b.ago - a.ago).Seconds()) })
	for _, e := range events {
		if at := s.end.Add(-e.ago); at.After(s.clock.now) {
			s.clock.now = at
		}
		e.do()
	}
	s.clock.now = s.end
	return s.err
}

// uses are the requests of a token's days, up to its last use: more on weekdays,
// and from a second address in the last three weeks.
func (s *story) uses(i int, t storyToken) (events []event) {
	if t.used == 0 {
		return nil
	}
	for ago := t.used + day; ago < time.Duration(min(t.made, model.UseKept))*day; ago += day {
		events = append(events, event{ago, func() {
			times := 2 + (i*7+int(ago/day)*3)%9
			if weekday := s.clock.now.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
				times = 1
			}
			for n := range times {
				address := fmt.Sprintf("10.0.4.%d", 7+i%4)
				if n%3 == 2 && ago < 21*day {
					address = fmt.Sprintf("10.0.7.%d", 20+i)
				}
				s.db.Used(s.tokens[i], model.GitDoor, address)
			}
		}})
	}
	return events
}

func (s *story) must(err error) {
	if s.err == nil {
		s.err = err
	}
}

// refused expects a refusal: it is part of the story.
func (s *story) refused(err error) {
	if err == nil {
		s.must(errors.New("a change that the story expects to be refused was not"))
	}
}

// ref is a project of the story, or a group if no project has the path.
func ref(path string) model.Ref {
	if path == "acme" || path == "acme/infra" {
		return model.Ref{Kind: model.GroupPlace, Path: path}
	}
	return model.Ref{Kind: model.ProjectPlace, Path: path}
}

func (s *story) make(t storyToken) int64 {
	made, err := s.db.CreateToken(s.ctx, s.mara(), model.NewToken{
		Place: ref(t.place), Name: t.name, Role: t.role, Scopes: model.NewScopes(t.scopes), ExpiresOn: model.DateOf(s.clock.now) + model.Date(t.lives),
	})
	s.must(err)
	return made.ID
}

func (s *story) peopleCome() {
	s.people = map[string]int64{}
	for _, n := range []model.NewUser{
		{Username: "mara", Name: "Mara Lind"},
		{Username: "sam", Name: "Sam Roe"},
		{Username: "ines", Name: "Ines Ott", Auditor: true},
		{Username: "olaf", Name: "Olaf Beck", External: true},
		{Username: "tess", Name: "Tess Amann"},
	} {
		u, err := s.db.AddUser(s.ctx, root, n)
		s.must(err)
		s.people[n.Username] = u.ID
	}
}

func (s *story) placesAreMade() {
	group := func(path string, v model.Visibility) {
		_, err := s.db.AddGroup(s.ctx, s.mara(), model.NewPlace{Kind: model.GroupPlace, FullPath: path, Visibility: v})
		s.must(err)
	}
	project := func(path string, v model.Visibility) {
		_, err := s.db.AddProject(s.ctx, s.mara(), model.NewPlace{Kind: model.ProjectPlace, FullPath: path, Visibility: v})
		s.must(err)
	}
	member := func(in model.Ref, name string, role model.Role) {
		_, err := s.db.AddMember(s.ctx, s.mara(), in, s.people[name], role, 0)
		s.must(err)
	}
	group("acme", model.Internal)
	group("acme/infra", model.Private)
	group("labs", model.Public)
	project("acme/web", model.Private)
	project("acme/api", model.Internal)
	project("acme/infra/dns", model.Private)
	project("labs/notes", model.Public)
	project("labs/sim", model.Private)
	member(ref("acme/web"), "sam", model.Developer)
	member(ref("acme/infra"), "sam", model.Maintainer)
	member(ref("acme"), "tess", model.Reporter)
	member(ref("labs/sim"), "olaf", model.Reporter)
	premium := model.Premium
	_, err := s.db.ChangeGroup(s.ctx, root, model.GroupRef("acme"), model.PlaceChange{Plan: &premium})
	s.must(err)
}

// others is what happens beside the tokens: labs stops making them, one project
// has the flag off, sam asks for more than he may.
func (s *story) others() []event {
	off := false
	asks := func(a model.Actor, place, name string) {
		_, err := s.db.CreateToken(s.ctx, a, model.NewToken{Place: ref(place), Name: name, Scopes: model.Scopes{model.ScopeAPI}})
		s.refused(err)
	}
	return []event{
		{10 * day, func() {
			_, err := s.db.ChangeGroup(s.ctx, s.mara(), model.GroupRef("labs"), model.PlaceChange{TokenCreation: &off})
			s.must(err)
			s.must(s.db.SetFeature(s.ctx, root, ref("acme/infra/dns"), &off))
			asks(s.mara(), "labs/notes", "again")
		}},
		{3 * day, func() { asks(s.as("sam", "10.0.4.9"), "acme/web", "mine") }},
	}
}
