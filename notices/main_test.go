package notices

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"
	"patrol/storage/storagetest"
)

var root = model.Actor{UserID: model.RootID, Door: model.CLIDoor}

// house is a store on a clock that the test sets, with a project.
type house struct {
	*storage.DB
	t  *testing.T
	at time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, at: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	var err error
	if h.DB, err = storagetest.Open(t.Context(), storage.Options{Path: filepath.Join(t.TempDir(), "patrol.db"), Clock: func() time.Time { return h.at }}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.DB.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := h.AddProject(t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: "acme/web", Parents: true}); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) create(name string) model.IssuedToken {
	h.t.Helper()
	made, err := h.CreateToken(h.t.Context(), root, model.NewToken{Place: model.ProjectRef("acme/web"), Name: name, Scopes: model.Scopes{model.ScopeAPI},
		ExpiresOn: model.DateOf(h.at) + 5})
	if err != nil {
		h.t.Fatal(err)
	}
	return made
}

func (h *house) config(process string) Config {
	return Config{Store: h, Version: h.Version, Now: h.Now, Log: slog.New(slog.DiscardHandler), Process: process}
}

// runner is one target's, which knows where it begins.
func (h *house) runner(process string, t Target) *runner {
	h.t.Helper()
	c := h.config(process)
	p, err := t.peer(c)
	if err != nil {
		h.t.Fatal(err)
	}
	r := &runner{target: t, peer: p, config: c}
	if _, err := r.round(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	return r
}

// state is what the store knows of the only target.
func (h *house) state() model.TargetState {
	h.t.Helper()
	list, err := h.Targets(h.t.Context())
	if err != nil || len(list) != 1 {
		h.t.Fatal(list, err)
	}
	return list[0]
}
