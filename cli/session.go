package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"patrol/model"
	"patrol/storage"
	"patrol/storage/postgres"
	"patrol/storage/sqlite"
	"patrol/ui"
)

// session is an open store and who acts on it.
type session struct {
	*app
	ctx     context.Context
	options storage.Options
	store   *storage.DB
	actor   model.Actor
}

// session opens the store, does something with it, and closes it.
func (a *app) session(ctx context.Context, do func(*session) error) error {
	options, err := a.options()
	if err != nil {
		return err
	}
	return a.sessionWith(ctx, options, do)
}

func (a *app) sessionWith(ctx context.Context, options storage.Options, do func(*session) error) (err error) {
	store, err := a.open(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	s := &session{app: a, ctx: ctx, options: options, store: store,
		actor: model.Actor{UserID: model.RootID, Door: model.CLIDoor, Address: login()}}
	if err := s.actAs(cmp.Or(a.as, a.getenv("PATROL_USER"))); err != nil {
		return err
	}
	return do(s)
}

// open opens the file, or the server's database (P1).
func (a *app) open(ctx context.Context, o storage.Options) (*storage.DB, error) {
	if address := a.address(); address != "" {
		return postgres.Open(ctx, address, o)
	}
	return sqlite.Open(ctx, o)
}

func (a *app) options() (storage.Options, error) {
	o := storage.Options{Repositories: cmp.Or(a.repos, a.getenv("PATROL_REPOS")), Log: slog.New(slog.NewTextHandler(a.err, nil))}
	var err error
	switch {
	case a.address() == "":
		o.Clock = time.Now
		o.Path, err = a.file()
	case o.Repositories == "":
		o.Repositories, err = a.inDataFolder("repositories")
	}
	if err != nil {
		return o, err
	}
	if at := a.rehearsal(); at != "" {
		start, err := time.Parse(time.RFC3339, at)
		if err != nil {
			return o, usagef("--at %s is not a time: write it as 2026-11-24T10:00:00Z", at)
		}
		return rehearsing(o, start), nil
	}
	return o, nil
}

// rehearsing is the same store, only read, on a clock that starts at another time
// (R174).
func rehearsing(o storage.Options, start time.Time) storage.Options {
	opened := time.Now()
	o.Clock = func() time.Time { return start.Add(time.Since(opened)) }
	o.ReadOnly = true
	return o
}

// rehearse opens the store on another clock beside the one that is open.
func (s *session) rehearse(start time.Time) (ui.Store, func(), error) {
	store, err := s.open(s.ctx, rehearsing(s.options, start))
	if err != nil {
		return nil, nil, err
	}
	return store, func() { store.Close() }, nil // it has only read
}

// rehearsal is the time to start from; empty: now.
func (a *app) rehearsal() string { return cmp.Or(a.at, a.getenv("PATROL_AT")) }

// address is the server's database to open, empty if it is a file. It may hold a
// password.
func (a *app) address() string {
	db := cmp.Or(a.db, a.getenv("PATROL_DB"))
	if strings.HasPrefix(db, "postgres://") || strings.HasPrefix(db, "postgresql://") {
		return db
	}
	return ""
}

// database names what is open, for people.
func (s *session) database() string {
	if address := s.address(); address != "" {
		return postgres.Name(address)
	}
	return s.options.Path
}

// file is the file to open.
func (a *app) file() (string, error) {
	if path := cmp.Or(a.db, a.getenv("PATROL_DB")); path != "" {
		if scheme, _, found := strings.Cut(path, "://"); found {
			return "", fmt.Errorf("a database at %s:// is unknown: say --db FILE or --db postgres://user@host/database", scheme) // the rest may hold a password
		}
		return path, nil
	}
	return a.inDataFolder("patrol.db")
}

// inDataFolder is a file or folder of ours in the person's data folder.
func (a *app) inDataFolder(name string) (string, error) {
	data := a.getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(data) { // the XDG specification: such a value is ignored
		home := a.getenv("HOME")
		if home == "" {
			return "", errors.New("there is no home folder for the database: set HOME, or say --db FILE")
		}
		data = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(data, "patrol", name), nil
}

// actAs makes another user's rights count instead of root's.
func (s *session) actAs(username string) error {
	if username == "" {
		return nil
	}
	u, err := s.user(username)
	if err != nil {
		return err
	}
	if u.ID != model.RootID {
		s.actor.AsID = u.ID
	}
	return nil
}

// user finds a user by name.
func (s *session) user(username string) (model.User, error) {
	if username == "" { // to the store an empty name is no name
		return model.User{}, model.NotFound("user")
	}
	return s.store.User(s.ctx, s.actor, 0, username)
}

func (s *session) today() model.Date { return model.DateOf(s.store.Now()) }

// login is the name of the operating system's user, which is the address that
// the audit log gives to what is done at the machine itself (R161).
func login() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}
