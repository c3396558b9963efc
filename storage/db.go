// Package storage keeps all that Patrol knows: one method is one use case is one
// transaction, with its audit entry inside. Its SQL is plain; what one database
// does differently from another is its engine's. It also holds the bare
// repositories beside the database.
package storage

import (
	"cmp"
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"patrol/git"
	"patrol/model"
)

// Options say what to open and how.
type Options struct {
	Path         string           // the database; it and its folder are made if missing (0600, 0700)
	Repositories string           // folder of the bare repositories; empty: "repositories" beside the database
	Clock        func() time.Time // nil: the system's
	ReadOnly     bool             // --at: every change is refused, nothing is written (R174)
	Small        bool             // few pages stay in memory, 1.5 MiB instead of 18: for one person, whom the system's cache is fast enough
	Log          *slog.Logger     // for what fails beside a request's path; nil: nowhere
}

// How many use cases read at the same time; of one person's a page, a count, and
// one that takes long.
const (
	readers      = 4
	smallReaders = 3
)

// DB is an open store. It implements model.Store.
type DB struct {
	engine       Engine
	path         string
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
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Repositories == "" {
		o.Repositories = filepath.Join(filepath.Dir(path), "repositories")
	}
	db := &DB{engine: engine, path: path, repositories: git.Repositories(o.Repositories), packages: filepath.Join(filepath.Dir(filepath.Clean(o.Repositories)), "packages"), clock: o.Clock, readOnly: o.ReadOnly, log: o.Log, mostPackageBytes: model.MaxPackageFile}
	if err := engine.Open(ctx, o, db.Now()); err != nil {
		return nil, err
	}
	if err := db.connect(ctx, o.Small); err != nil {
		db.closeAll() // why it can't be opened is what matters
		return nil, engine.Explain(err)
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
	most := readers
	if small {
		most = smallReaders
	}
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

// Version changes whenever a transaction of any process has changed the database.
func (db *DB) Version() (uint64, error) { return db.engine.Version() }

// Warning is one line on what isn't well although the database answers.
func (db *DB) Warning() string { return db.engine.Warning() }

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
