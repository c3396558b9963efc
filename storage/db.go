// Package storage keeps all that Patrol knows: one method is one use case is one
// transaction, with its audit entry inside. Its SQL is plain; what one database
// does differently from another is its engine's. It also holds the bare
// repositories beside the database.
package storage

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"patrol/git"
	"patrol/model"
)

// Options say what to open and how.
type Options struct {
	Path         string           // the database's file; it and its folder are made if missing (0600, 0700). Empty: it isn't one
	Repositories string           // folder of the bare repositories; empty: "repositories" beside the file
	Clock        func() time.Time // nil: the one that counts for the engine (P3)
	ReadOnly     bool             // --at: every change is refused, nothing is written (R174)
	Small        bool             // few pages stay in memory, 1.5 MiB instead of 18: for one person, whom the system's cache is fast enough
	Log          *slog.Logger     // for what fails beside a request's path; nil: nowhere
}

// DB is an open store. It implements model.Store.
type DB struct {
	engine       Engine
	path         string
	foreign      *model.Reason // why the folder of repositories isn't this database's; nil: it is
	folder       string        // for what is put aside: the file's, or that beside the repositories
	repositories git.Repositories
	packages     string // the folder of packages' files, beside the repositories
	clock        func() time.Time
	readOnly     bool
	log          *slog.Logger

	readers   chan *conn    // those not in use
	unmade    chan struct{} // how many more there may be
	writer    *writer
	passes    remembered[model.Digest, model.Pass]
	sites     remembered[siteKey, siteFacts]
	rehearsal *rehearsal // with --at only
	traffic   traffic
	committed commitCounts

	mostPackageBytes int64 // of one file: model.MaxPackageFile, but in a test
}

var _ model.Store = (*DB)(nil)

// Open opens the database of an engine and brings its schema up to date. Its
// error is one clear line.
func Open(ctx context.Context, engine Engine, o Options) (*DB, error) {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, err
	}
	if o.Clock == nil {
		o.Clock = engine.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Repositories == "" {
		o.Repositories = filepath.Join(filepath.Dir(path), "repositories")
	}
	folder := filepath.Dir(path)
	if o.Path == "" {
		if folder, err = filepath.Abs(filepath.Dir(filepath.Clean(o.Repositories))); err == nil && !o.ReadOnly {
			err = os.MkdirAll(folder, 0o700)
		}
		if err != nil {
			return nil, err
		}
	}
	db := &DB{engine: engine, path: path, folder: folder, repositories: git.Repositories(o.Repositories), packages: filepath.Join(filepath.Dir(filepath.Clean(o.Repositories)), "packages"), clock: o.Clock, readOnly: o.ReadOnly, log: o.Log, mostPackageBytes: model.MaxPackageFile}
	if err := engine.Open(ctx, o); err != nil {
		return nil, err
	}
	if err := db.connect(ctx, o.Small); err != nil {
		db.closeAll() // why it can't be opened is what matters
		return nil, engine.Explain(err)
	}
	if err := db.claimRepositories(ctx); err != nil {
		db.closeAll() // why it can't be opened is what matters
		return nil, fmt.Errorf("the folder of repositories: %w", engine.Explain(err))
	}
	if db.readOnly {
		db.startRehearsal()
		return db, nil
	}
	db.writer.start()
	db.traffic.start(db)
	db.sweepRepositories()
	db.sweepPackages()
	return db, nil
}

// connect makes the writer's connection and the first reader's; a rehearsal's
// must first learn what will be.
func (db *DB) connect(ctx context.Context, small bool) error {
	most := db.engine.Readers(small)
	db.readers, db.unmade = make(chan *conn, most), make(chan struct{}, most)
	for range most {
		db.unmade <- struct{}{}
	}
	if db.readOnly {
		return nil
	}
	w, err := db.newConn(ctx, Writer)
	if err != nil {
		return err
	}
	db.writer = newWriter(db, w)
	first, err := db.newConn(ctx, Reader)
	if err != nil {
		return err
	}
	<-db.unmade
	db.readers <- first
	return nil
}

// Close writes what is still to be written and closes the database.
func (db *DB) Close() error {
	if !db.readOnly {
		db.traffic.stop()
		db.writer.stop()
	}
	return db.closeAll()
}

func (db *DB) closeAll() (err error) {
	if db.rehearsal != nil {
		db.rehearsal.end()
	}
	if db.writer != nil {
		err = db.writer.conn.close()
	}
	for len(db.readers) > 0 {
		err = cmp.Or(err, (<-db.readers).close())
	}
	return cmp.Or(err, db.engine.Close())
}

// Now is the store's clock in UTC, to the millisecond.
func (db *DB) Now() time.Time { return db.clock().UTC().Truncate(time.Millisecond) }

// Folder is where files stand that belong to the database and that all its nodes
// see: the server's keys.
func (db *DB) Folder() string { return db.folder }

// ClockAhead is how far this machine's clock is ahead of the one that counts (P3).
func (db *DB) ClockAhead() time.Duration { return time.Since(db.engine.Now()) }

// Leads tells whether this process is the one of its database's that does what is
// done by one at a time (P7).
func (db *DB) Leads(ctx context.Context) (bool, error) {
	leads, err := db.engine.Leads(ctx)
	return leads, db.engine.Explain(err)
}

// Version changes whenever a transaction of any process has changed the database.
func (db *DB) Version() (uint64, error) {
	version, err := db.engine.Version()
	return version, db.engine.Explain(err)
}

// Warning is one line on what isn't well although the database answers.
func (db *DB) Warning() string {
	if db.foreign != nil {
		return db.foreign.Text
	}
	return db.engine.Warning()
}

// Ready is nil while the database answers.
func (db *DB) Ready(ctx context.Context) error {
	if err := db.engine.There(); err != nil {
		return err
	}
	return db.view(ctx, model.Actor{}, func(t *tx) error {
		_, err := t.int("SELECT count(*) FROM settings")
		return err
	})
}
