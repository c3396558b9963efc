package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"
	"patrol/storage/sqlite"
)

// due is a store with one token whose notice is due, on a clock that the test
// sets.
type due struct {
	*storage.DB
	at  time.Time
	dir string
}

func newDue(t *testing.T) *due {
	t.Helper()
	d := &due{at: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), dir: t.TempDir()}
	db, err := sqlite.Open(t.Context(), storage.Options{Path: filepath.Join(d.dir, "patrol.db"), Clock: func() time.Time { return d.at }})
	if err != nil {
		t.Fatal(err)
	}
	d.DB = db
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	root := model.Actor{UserID: model.RootID, Door: model.CLIDoor}
	if _, err := db.AddProject(t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: "acme/web", Parents: true}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"deploy", "evil\x60$(false)\""} {
		_, err := db.CreateToken(t.Context(), root, model.NewToken{Place: model.ProjectRef("acme/web"), Name: name,
			Scopes: model.Scopes{model.ScopeAPI}, ExpiresOn: model.DateOf(d.at) + 5})
		if err != nil {
			t.Fatal(err)
		}
	}
	d.at = d.at.Add(24 * time.Hour)
	return d
}

// hook writes an executable file.
func (d *due) hook(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(d.dir, "hook")
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncd "+d.dir+"\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

const noticeJSON = `{"id":%d,"at":"2026-11-24T12:00:00.000Z","event":"expiring","window":7,"expires_at":"2026-11-28","token_id":%d,"name":%q,` +
	`"kind":"project","path":"acme/web","to":["root"]}` + "\n"

// R96: a notice goes to the hook, as one JSON object, and then to the log, as
// one line with its id; a hook that fails gets it again; what was taken isn't
// delivered again.
func TestDelivery(t *testing.T) {
	d := newDue(t)
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	hook := d.hook(t, "cat >> tried; test -e open && cat tried >> taken && rm tried")
	tending := &tending{store: d, log: logger, deliver: delivery(logger, hook)}
	if wait := tending.round(t.Context()); wait != tendRetry {
		t.Errorf("R96: after a failure the next round comes in %s", wait)
	}
	first := fmt.Sprintf(noticeJSON, 1, 1, "deploy")
	if got := read(t, d.dir, "tried"); got != first {
		t.Errorf("R96: the hook got %s want %s", got, first)
	}
	if got := log.String(); strings.Contains(got, `"notice"`) || !strings.Contains(got, "has not taken notice 1: exit status 1") {
		t.Errorf("R96: the log says %s", got)
	}
	log.Reset()
	if err := os.Remove(filepath.Join(d.dir, "tried")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.dir, "open"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if wait := tending.round(t.Context()); wait != tendAgain {
		t.Errorf("R122: the next round comes in %s", wait)
	}
	if got, want := read(t, d.dir, "taken"), first+fmt.Sprintf(noticeJSON, 2, 2, "evil`$(false)\""); got != want {
		t.Errorf("R96: the hook got %s want %s", got, want)
	}
	if got := log.String(); strings.Count(got, `"msg":"notice"`) != 2 || strings.Count(got, "\n") != 2 || !strings.Contains(got, `"id":1,"event":"expiring","window":7`) {
		t.Errorf("R96: the log says %s", got)
	}
	tending.round(t.Context())
	if got := read(t, d.dir, "tried"); got != "" {
		t.Errorf("R96: delivered again: %s", got)
	}
}

// R96: without a hook the log is enough; a console delivers nothing and leaves
// it to a server.
func TestDeliveryWithoutHook(t *testing.T) {
	d := newDue(t)
	console := &tending{store: d, log: slog.New(slog.DiscardHandler), deliver: nil}
	console.round(t.Context())
	if list, err := d.Undelivered(t.Context(), 10); err != nil || len(list) != 2 {
		t.Errorf("R96: after a console's round: %v, %v", list, err)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	(&tending{store: d, log: logger, deliver: delivery(logger, "")}).round(t.Context())
	if got := log.String(); strings.Count(got, "msg=notice") != 2 {
		t.Errorf("R96: the log says %s", got)
	}
}

// R122, R96: the next round is at midnight at the latest, when dates change.
func TestNextRound(t *testing.T) {
	d := newDue(t)
	tending := &tending{store: d, log: slog.New(slog.DiscardHandler), deliver: nil}
	for at, want := range map[string]time.Duration{
		"2026-11-24T23:49:59Z": tendAgain, "2026-11-24T23:59:30Z": 30 * time.Second, "2026-11-25T00:00:00Z": tendAgain, "2026-11-24T22:59:59Z": tendAgain,
	} {
		var err error
		if d.at, err = time.Parse(time.RFC3339, at); err != nil {
			t.Fatal(err)
		}
		if got := tending.round(t.Context()); got != want {
			t.Errorf("at %s: %s, want %s", at, got, want)
		}
	}
}

// A hook gets no shell, no more time than its limit, and may leave nothing
// behind; one that doesn't read its input is no failure.
func TestRunHook(t *testing.T) {
	d := newDue(t)
	if err := runHook(t.Context(), d.hook(t, "exit 0"), strings.Repeat("x", 1<<20), hookLimit); err != nil {
		t.Errorf("a hook that doesn't read: %v", err)
	}
	// What the hook starts keeps a pipe open: at its end all have ended.
	pipe := filepath.Join(d.dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	held, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	err = runHook(t.Context(), d.hook(t, "sleep 600 > pipe & wait"), "x", 300*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "ended after 300ms") {
		t.Errorf("a hook that hangs: %v", err)
	}
	held.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.ReadAll(held); err != nil {
		t.Errorf("what the hook has started goes on: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := runHook(ctx, d.hook(t, "sleep 600"), "x", hookLimit); !errors.Is(err, context.Canceled) {
		t.Errorf("a server that ends: %v", err)
	}
	for _, file := range []string{filepath.Join(d.dir, "missing"), d.dir, filepath.Join(d.dir, "patrol.db")} {
		if _, err := checkHook(file); err == nil || !strings.Contains(err.Error(), "can't be run") {
			t.Errorf("%s as a hook: %v", file, err)
		}
	}
}
