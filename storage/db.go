// Package storage is the SQLite store: one method is one use case is one
// transaction, with its audit entry inside. It also holds the bare
// repositories beside the database. Nothing above it knows that it is SQLite.
package storage

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
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
	path         string
	repositories git.Repositories
	clock        func() time.Time
	readOnly     bool
	small        bool
	log          *slog.Logger

	write     *sql.DB
	read      *sql.DB
	readers   chan *conn    // those not in use
	unmade    chan struct{} // how many more there may be
	writer    *writer
	index     *walIndex
	passes    passes
	rehearsal *rehearsal // with --at only
	traffic   traffic
}

var _ model.Store = (*DB)(nil)

// Open opens the database and brings its schema up to date. It fails with one
// clear line if the file is damaged, newer than this program, not writable, or
// its folder can't be made. One process opens a file once: SQLite's locks
// belong to the process.
func Open(ctx context.Context, o Options) (*DB, error) {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, err
	}
	if err := makeFile(path, o.ReadOnly); err != nil {
		return nil, err
	}
	db := &DB{path: path, repositories: git.Repositories(o.Repositories), clock: o.Clock, readOnly: o.ReadOnly, small: o.Small, log: o.Log}
	if db.repositories == "" {
		db.repositories = git.Repositories(filepath.Join(filepath.Dir(path), "repositories"))
	}
	if db.clock == nil {
		db.clock = time.Now
	}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if err := db.openFiles(ctx); err != nil {
		db.closeFiles() // why it can't be opened is what matters
		return nil, openError(path, err)
	}
	if !db.readOnly {
		db.writer.start()
		db.traffic.start(db)
		db.sweepRepositories()
	}
	return db, nil
}

func (db *DB) openFiles(ctx context.Context) (err error) {
	if !db.readOnly {
		if err := db.openWriter(ctx); err != nil {
			return err
		}
	}
	if db.read, err = sql.Open("sqlite", readerDSN(db.path, db.cache(readerCache))); err != nil {
		return err
	}
	most := readers
	if db.small {
		most = smallReaders
	}
	db.readers, db.unmade = make(chan *conn, most), make(chan struct{}, most)
	for range most - 1 {
		db.unmade <- struct{}{}
	}
	first, err := newConn(ctx, db.read)
	if err != nil {
		return err
	}
	db.readers <- first
	if db.readOnly {
		if err := upToDate(ctx, first); err != nil {
			return err
		}
	}
	if _, err := first.queryInt(ctx, "SELECT count(*) FROM settings"); err != nil { // makes sure that -shm exists
		return err
	}
	if db.index, err = openWALIndex(db.path); err == nil && db.readOnly {
		(<-db.readers).close() // it sees what is, not what will be
		db.unmade <- struct{}{}
		db.startRehearsal()
	}
	return err
}

func (db *DB) openWriter(ctx context.Context) (err error) {
	if db.write, err = sql.Open("sqlite", writerDSN(db.path, db.cache(writerCache))); err != nil {
		return err
	}
	w, err := newConn(ctx, db.write)
	if err != nil {
		return err
	}
	db.writer = newWriter(db, w)
	if err := migrate(ctx, w, db.Now()); err != nil {
		return err
	}
	return w.exec(ctx, savepointsInMemory)
}

// cache is how many KiB of pages a connection keeps that has kib where memory
// is no matter.
func (db *DB) cache(kib int) int {
	if db.small {
		return smallCache
	}
	return kib
}

// Close writes what is still to be written and closes the files.
func (db *DB) Close() error {
	if !db.readOnly {
		db.traffic.stop()
		db.writer.stop()
	}
	return db.closeFiles()
}

func (db *DB) closeFiles() error {
	if db.rehearsal != nil {
		db.rehearsal.end()
	}
	var err error
	var once sync.Once
	keep := func(e error) {
		if e != nil {
			once.Do(func() { err = e })
		}
	}
	if db.writer != nil {
		keep(db.writer.conn.close())
	}
	for len(db.readers) > 0 {
		keep((<-db.readers).close())
	}
	if db.read != nil {
		keep(db.read.Close())
	}
	if db.write != nil {
		keep(db.write.Close())
	}
	if db.index != nil {
		keep(db.index.close()) // last: closing it drops the process's locks
	}
	return err
}

// Now is the store's clock in UTC, to the millisecond.
func (db *DB) Now() time.Time { return db.clock().UTC().Truncate(time.Millisecond) }

// Version changes whenever a transaction of any process has changed the file.
func (db *DB) Version() (uint64, error) { return db.index.version() }

// Warning tells that the write-ahead log is long.
func (db *DB) Warning() string { return longLog(logSize(db.path), maxLog) }

// Ready is nil while the database answers.
func (db *DB) Ready(ctx context.Context) error {
	if _, err := os.Stat(db.path); err != nil {
		return vanished(db.path)
	}
	return db.view(ctx, model.Actor{}, func(t *tx) error {
		_, err := t.int("SELECT count(*) FROM settings")
		return err
	})
}
