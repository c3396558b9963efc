package storage

import (
	"context"
	"fmt"
	"time"

	"patrol/model"
)

// Demo fills a new database at path with people, groups, projects and the
// number of tokens given, in every state there is, and closes it. The past that
// it tells is played with the use cases themselves on a clock of its own; the
// tokens beyond it are written in bulk. progress is told how many tokens there
// are so far; nil: nobody asks. open is the engine's.
func Demo(ctx context.Context, open func(context.Context, Options) (*DB, error), path, repositories string, now time.Time, tokens int, progress func(done int)) (err error) {
	clock := &demoClock{now: now.Add(-400 * day)}
	db, err := open(ctx, Options{Path: path, Repositories: repositories, Clock: clock.read})
	if err != nil {
		return err
	}
	defer func() {
		if e := db.Close(); err == nil {
			err = e
		}
	}()
	if progress == nil {
		progress = func(int) {}
	}
	story := &demoStory{db: db, ctx: ctx, clock: clock, root: model.Actor{UserID: model.RootID, Door: model.CLIDoor, Address: "demo"}, end: now}
	if err := story.play(min(tokens, len(demoTokens))); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return db.fillDemo(ctx, tokens-len(demoTokens), len(demoTokens), now, progress)
}

const day = 24 * time.Hour

// demoClock tells the time of the story.
type demoClock struct{ now time.Time }

func (c *demoClock) read() time.Time {
	c.now = c.now.Add(time.Second)
	return c.now
}

type demoStory struct {
	db    *DB
	ctx   context.Context
	clock *demoClock
	root  model.Actor
	end   time.Time // the story's present
	err   error
}

// ago moves the story to so long before its present; it only ever goes on.
func (s *demoStory) ago(d time.Duration) {
	if at := s.end.Add(-d); at.After(s.clock.now) {
		s.clock.now = at
	}
}

func (s *demoStory) do(err error) {
	if s.err == nil {
		s.err = err
	}
}

// refused expects a refusal: it is part of the story.
func (s *demoStory) refused(err error) {
	if err == nil {
		s.do(fmt.Errorf("a change that the story expects to be refused was not"))
	}
}

// demoToken is a token of the story.
type demoToken struct {
	place, name string
	role        model.Role
	scopes      []string
	made, lives int           // days ago, and days that it was given
	used        time.Duration // before the present; 0: never
	revoked     int           // days ago; 0: not
}

// demoTokens are in the order in which they were made.
var demoTokens = []demoToken{
	{"labs/sim", "first-import", model.Maintainer, []string{"api"}, 380, 365, 100 * day, 0},
	{"acme/web", "old-mirror", model.Reporter, []string{"read_repository"}, 200, 60, 141 * day, 0},
	{"acme/web", "leaked-ci", model.Developer, []string{"api"}, 190, 365, 121 * day, 120},
	{"acme/web", "renovate", model.Maintainer, []string{"api"}, 184, 245, 94 * day, 0},
	{"acme", "group-audit", model.Reporter, []string{"read_api"}, 180, 200, 5 * time.Hour, 0},
	{"labs/sim", "release", model.Owner, []string{"api"}, 170, 199, 94 * day, 0},
	{"acme/web", "registry-push", model.Developer, []string{"write_registry", "read_registry"}, 61, 90, 0, 0},
	{"acme/api", "docs-build", model.Reporter, []string{"read_repository", "read_api"}, 58, 60, 26 * time.Hour, 0},
	{"acme/infra", "terraform", model.Maintainer, []string{"api"}, 50, 110, 40 * time.Minute, 0},
	{"labs/notes", "publish", model.Developer, []string{"write_repository"}, 45, 30, 16 * day, 0},
	{"acme/web", "ci-mirror", model.Reporter, []string{"read_repository", "read_api"}, 18, 30, 27 * time.Hour, 0},
	{"acme/infra/dns", "zone-sync", model.Developer, []string{"write_repository"}, 90, 91, 3 * time.Hour, 0},
	{"labs/sim", "sync", model.Owner, []string{"api"}, 28, 30, 0, 0},
	{"acme/web", "deploy", model.Developer, []string{"write_repository"}, 27, 30, 2 * time.Hour, 0},
	{"acme/web", "trial-run", model.Guest, []string{"read_api"}, 20, 30, 0, 19},
}

func init() {
	// The story goes forward in time, whatever the order above.
	for i := 1; i < len(demoTokens); i++ {
		for j := i; j > 0 && demoTokens[j].made > demoTokens[j-1].made; j-- {
			demoTokens[j], demoTokens[j-1] = demoTokens[j-1], demoTokens[j]
		}
	}
}

func (s *demoStory) play(tokens int) error {
	people := s.people()
	mara := model.Actor{UserID: people["mara"], Door: model.ConsoleDoor, Address: "10.0.4.2"}
	s.places(mara, people)
	ids := make([]int64, 0, tokens)
	for _, d := range demoTokens[:tokens] {
		s.ago(time.Duration(d.made) * day)
		made, err := s.db.CreateToken(s.ctx, mara, model.NewToken{
			Place: s.ref(d.place), Name: d.name, Role: d.role, Scopes: model.NewScopes(d.scopes),
			ExpiresOn: model.DateOf(s.clock.now) + model.Date(d.lives),
		})
		s.do(err)
		ids = append(ids, made.ID)
	}
	s.use(ids)
	s.later(mara, people, ids)
	return s.err
}

// ref is a project of the story, or a group if no project has the path.
func (s *demoStory) ref(path string) model.Ref {
	if path == "acme" || path == "acme/infra" {
		return model.Ref{Kind: model.GroupPlace, Path: path}
	}
	return model.Ref{Kind: model.ProjectPlace, Path: path}
}

func (s *demoStory) people() map[string]int64 {
	ids := map[string]int64{}
	for _, n := range []model.NewUser{
		{Username: "mara", Name: "Mara Lind"},
		{Username: "sam", Name: "Sam Roe"},
		{Username: "ines", Name: "Ines Ott", Auditor: true},
		{Username: "olaf", Name: "Olaf Beck", External: true},
		{Username: "tess", Name: "Tess Amann"},
	} {
		u, err := s.db.AddUser(s.ctx, s.root, n)
		s.do(err)
		ids[n.Username] = u.ID
	}
	return ids
}

func (s *demoStory) places(mara model.Actor, people map[string]int64) {
	group := func(path string, v model.Visibility) {
		_, err := s.db.AddGroup(s.ctx, mara, model.NewPlace{Kind: model.GroupPlace, FullPath: path, Visibility: v})
		s.do(err)
	}
	project := func(path string, v model.Visibility) {
		_, err := s.db.AddProject(s.ctx, mara, model.NewPlace{Kind: model.ProjectPlace, FullPath: path, Visibility: v})
		s.do(err)
	}
	member := func(ref model.Ref, name string, role model.Role) {
		_, err := s.db.AddMember(s.ctx, mara, ref, people[name], role, 0)
		s.do(err)
	}
	group("acme", model.Internal)
	group("acme/infra", model.Private)
	group("labs", model.Public)
	project("acme/web", model.Private)
	project("acme/api", model.Internal)
	project("acme/infra/dns", model.Private)
	project("labs/notes", model.Public)
	project("labs/sim", model.Private)
	member(s.ref("acme/web"), "sam", model.Developer)
	member(s.ref("acme/infra"), "sam", model.Maintainer)
	member(model.GroupRef("acme"), "tess", model.Reporter)
	member(s.ref("labs/sim"), "olaf", model.Reporter)
	premium := model.Premium
	_, err := s.db.ChangeGroup(s.ctx, s.root, model.GroupRef("acme"), model.PlaceChange{Plan: &premium})
	s.do(err)
}

// use notes when the story's tokens were used, and from where.
func (s *demoStory) use(ids []int64) {
	s.do(s.db.change(s.ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		for i, id := range ids {
			if demoTokens[i].used == 0 {
				continue
			}
			at := s.end.Add(-demoTokens[i].used)
			if err := t.used(id, []use{{at, fmt.Sprintf("10.0.4.%d", 7+i%4)}, {at, fmt.Sprintf("10.0.7.%d", 20+i)}}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// later is what happened after the tokens were made: some were revoked, labs
// stopped making them, sam asked for more than he may.
func (s *demoStory) later(mara model.Actor, people map[string]int64, ids []int64) {
	for days := 150; days > 0; days-- {
		for i, id := range ids {
			if demoTokens[i].revoked == days {
				s.ago(time.Duration(days) * day)
				s.do(s.db.RevokeTokens(s.ctx, mara, model.Ref{}, id))
			}
		}
	}
	s.ago(21 * day)
	off := false
	_, err := s.db.ChangeGroup(s.ctx, mara, model.GroupRef("labs"), model.PlaceChange{TokenCreation: &off})
	s.do(err)
	s.do(s.db.SetFeature(s.ctx, s.root, model.ProjectRef("acme/infra/dns"), &off))
	_, err = s.db.CreateToken(s.ctx, mara, model.NewToken{Place: s.ref("labs/notes"), Name: "again", Scopes: model.Scopes{model.ScopeAPI}})
	s.refused(err)
	s.ago(3 * day)
	sam := model.Actor{UserID: people["sam"], Door: model.ConsoleDoor, Address: "10.0.4.9"}
	_, err = s.db.CreateToken(s.ctx, sam, model.NewToken{Place: s.ref("acme/web"), Name: "mine", Scopes: model.Scopes{model.ScopeAPI}})
	s.refused(err)
	s.ago(0)
}
