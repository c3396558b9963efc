package ui

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"
	"patrol/storage/sqlite"
)

// story fills a database through its use cases, on a clock of its own.
type story struct {
	t      *testing.T
	db     *storage.DB
	clock  time.Time
	path   string
	broken bool
}

const day = 24 * time.Hour

func (s *story) ago(d time.Duration) *story {
	s.clock = now.Add(-d)
	return s
}

func (s *story) user(name string, change func(*model.NewUser)) model.User {
	s.t.Helper()
	n := model.NewUser{Username: name}
	if change != nil {
		change(&n)
	}
	return must(s.db.AddUser(s.t.Context(), root, n))
}

func (s *story) project(path string, v model.Visibility) model.Project {
	s.t.Helper()
	return must(s.db.AddProject(s.t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: path, Visibility: v, Parents: true}))
}

func (s *story) token(in model.Ref, name string, role model.Role, days int, scopes ...model.Scope) model.IssuedToken {
	s.t.Helper()
	return must(s.db.CreateToken(s.t.Context(), root, model.NewToken{Place: in, Name: name, Role: role, Scopes: scopes,
		ExpiresOn: model.DateOf(s.clock) + model.Date(days)}))
}

// publish finds a secret in a push to a project which anybody may read (G112).
func (s *story) publish(p model.Project, leaked model.IssuedToken) {
	s.t.Helper()
	leaks, err := s.db.InspectPush(s.t.Context(), root, model.PushInspection{ProjectID: p.ID, Publish: true,
		Texts: func(_ context.Context, each func(model.PushedText) error) error {
			return each(model.PushedText{ID: "x", Kind: "blob", Text: strings.NewReader("TOKEN=" + leaked.Secret.Reveal())})
		},
		Where: func(context.Context, model.PushedText) (string, string, bool, error) { return "env", "abc", true, nil },
	})
	if err != nil || len(leaks) > 0 {
		s.t.Fatal(leaks, err)
	}
}

// full is a database with something in every state. No two bots of a place have
// the same role: lists of members then have one order only.
func full(t *testing.T) *story {
	t.Helper()
	s := begin(t)
	s.ago(200 * day)
	mara, sam := s.user("mara", nil), s.user("sam", nil)
	s.user("ines", func(n *model.NewUser) { n.Auditor = true })
	web, dns := s.project("acme/web", model.Private), s.project("acme/infra/dns", model.Private)
	notes := s.project("labs/notes", model.Public)
	must(s.db.AddMember(t.Context(), root, model.GroupRef("acme"), mara.ID, model.Owner, 0))
	must(s.db.AddMember(t.Context(), root, model.Ref{Kind: model.ProjectPlace, ID: web.ID}, sam.ID, model.Developer, model.DateOf(now)+70))
	ref := func(p model.Project) model.Ref { return model.Ref{Kind: model.ProjectPlace, ID: p.ID} }
	s.ago(150*day).token(ref(web), "renovate", model.Maintainer, 211, model.ScopeAPI)
	old := s.token(ref(web), "leaked", model.Developer, 300, model.ScopeAPI)
	s.token(ref(web), "mirror", model.Guest, 60, model.ScopeReadRepository)
	if err := s.db.RevokeTokens(t.Context(), root, model.Ref{}, old.ID); err != nil {
		t.Fatal(err)
	}
	s.ago(27*day).token(ref(web), "deploy", model.Developer, 30, model.ScopeWriteRepository)
	s.ago(18*day).token(ref(web), "ci-mirror", model.Reporter, 30, model.ScopeReadRepository, model.ScopeReadAPI)
	s.ago(time.Hour).token(ref(web), "registry-push", model.Planner, 29, model.ScopeWriteRegistry, model.ScopeReadRegistry)
	s.token(ref(dns), "zones", model.Owner, 90, model.ScopeAPI)
	s.token(model.GroupRef("acme"), "terraform", model.Owner, 90, model.ScopeAPI)
	s.token(ref(notes), "publish", model.Developer, 20, model.ScopeWriteRepository)
	shut := false
	must(s.db.ChangeGroup(t.Context(), root, model.GroupRef("labs"), model.PlaceChange{TokenCreation: &shut}))
	s.clock = now
	return s
}

// begin opens an empty database whose clock the story moves.
func begin(t *testing.T) *story {
	t.Helper()
	s := &story{t: t, clock: now}
	s.path = filepath.Join(t.TempDir(), "patrol.db")
	db, err := sqlite.Open(t.Context(), storage.Options{Path: s.path, Clock: func() time.Time { return s.clock }})
	if err != nil {
		t.Fatal(err)
	}
	s.db = db
	t.Cleanup(func() {
		if err := db.Close(); err != nil && !s.broken {
			t.Error(err)
		}
	})
	return s
}

// damage writes over the database while it is open, and over what tells SQLite
// that the pages it remembers are good.
func (s *story) damage() {
	s.t.Helper()
	s.broken = true
	junk := bytes.Repeat([]byte("junk"), 1024)
	for _, file := range []string{s.path, s.path + "-wal", s.path + "-shm"} {
		f, err := os.OpenFile(file, os.O_WRONLY, 0)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := f.WriteAt(junk, 0); err != nil {
			s.t.Fatal(err)
		}
		f.Close()
	}
}

// strange is a database whose names are long, wide and hostile.
func strange(t *testing.T) *storage.DB {
	t.Helper()
	s := begin(t)
	long := strings.Repeat("a-very-long-group-name", 4)
	p := s.project(long+"/"+strings.Repeat("project", 9), model.Internal)
	ref := model.Ref{Kind: model.ProjectPlace, ID: p.ID}
	for i, name := range []string{
		"日本語のとても長い名前" + strings.Repeat("漢字", 30), strings.Repeat("x", 255), "नमस्ते 👩‍🚀 👍🏽 ❤️ é",
		"a‎b", "tab\u00adsoft‍joined",
	} {
		if _, wrong := model.CleanName(name, false); wrong == "" {
			s.token(ref, name, model.Roles[i], 30, model.PersonalScopes[:10]...)
		}
	}
	s.user(strings.Repeat("m", 200), nil)
	return s.db
}
