// Package sqlite is the engine of one file: modernc's SQLite in WAL mode.
// Several processes may hold the file at once, each through an engine of its own.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"time"

	"patrol/storage"
)

// engine is one open file.
type engine struct {
	path  string
	file  os.FileInfo // which file it was when it was opened
	pools [storage.Alone + 1]*sql.DB
	index *walIndex
	log   logBound
}

var _ storage.Engine = (*engine)(nil)

// Open opens the database in a file and brings its schema up to date. It fails
// with one clear line if the file is damaged, newer than this program, not
// writable, or its folder can't be made. One process may have a file open several
// times, as long as nothing but SQLite opens and closes it: its locks belong to the
// process.
func Open(ctx context.Context, o storage.Options) (*storage.DB, error) {
	return storage.Open(ctx, new(engine), o)
}

func (e *engine) Open(ctx context.Context, o storage.Options) error {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return err
	}
	if err := makeFile(path, o.ReadOnly); err != nil {
		return err
	}
	e.path = path
	e.log = newLogBound(path, o.Log)
	writer, reader := writerCache, readerCache
	if o.Small {
		writer, reader = smallCache, smallCache
	}
	for role, name := range [...]string{writerDSN(path, writer), readerDSN(path, reader), aloneDSN(path)} {
		if e.pools[role], err = sql.Open("sqlite", name); err != nil {
			return err
		}
	}
	e.pools[storage.Alone].SetMaxIdleConns(-1) // it has a large cache
	if err := e.open(ctx, o); err != nil {
		e.Close() // why it can't be opened is what matters
		return e.openError(err)
	}
	return nil
}

func (e *engine) open(ctx context.Context, o storage.Options) (err error) {
	if !o.ReadOnly {
		if err := with(ctx, e.pools[storage.Writer], func(c *sql.Conn) error { return migrate(ctx, c, o.Clock()) }); err != nil {
			return err
		}
	}
	err = with(ctx, e.pools[storage.Reader], func(c *sql.Conn) error {
		if o.ReadOnly {
			if err := upToDate(ctx, c); err != nil {
				return err
			}
		}
		_, err := queryInt(ctx, c, "SELECT count(*) FROM settings") // makes sure that -shm exists
		return err
	})
	if err != nil {
		return err
	}
	if e.file, err = os.Stat(e.path); err != nil {
		return err
	}
	e.index, err = openWALIndex(e.path)
	return err
}

// with does something on a connection.
func with(ctx context.Context, pool *sql.DB, do func(*sql.Conn) error) error {
	c, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	return errors.Join(do(c), c.Close())
}

func (e *engine) Connect(ctx context.Context, r storage.Role) (*sql.Conn, error) {
	c, err := e.pools[r].Conn(ctx)
	if err == nil && r == storage.Writer {
		_, err = c.ExecContext(ctx, savepointsInMemory)
	}
	return c, err
}

func (e *engine) Close() (err error) {
	for _, pool := range e.pools {
		if pool != nil {
			err = errors.Join(err, pool.Close())
		}
	}
	if e.index != nil {
		err = errors.Join(err, e.index.close()) // last: closing it drops the process's locks
	}
	return err
}

// How many use cases read at the same time; of one person's a page, a count, and
// one that takes long.
const (
	readers      = 4
	smallReaders = 3
)

func (e *engine) Readers(small bool) int {
	if small {
		return smallReaders
	}
	return readers
}

var (
	beginReading = []string{"BEGIN"}
	beginWriting = []string{"BEGIN IMMEDIATE"}
)

func (e *engine) Begin(write bool) []string {
	if write {
		return beginWriting
	}
	return beginReading
}

// Brief: a file isn't silent, and to end a statement early is no good (conn.view).
func (e *engine) Brief(ctx context.Context, _ bool) (context.Context, context.CancelFunc) {
	return ctx, func() {}
}

func (e *engine) Values(list []any) []any { return list }

// Numbered: SQLite itself notes the greatest number that was given.
func (e *engine) Numbered(string) string { return "" }

func (e *engine) Now() time.Time { return time.Now() }

func (e *engine) ID() string { return "" }

// Leads: of a file's processes each may, since its transactions are whole.
func (e *engine) Leads(context.Context) (bool, error) { return true, nil }

// Exact: the log's index is in memory that all processes share.
func (e *engine) Exact() bool { return true }

// Version looks at the head of the write-ahead log's index.
func (e *engine) Version() (uint64, error) { return e.index.version() }

// Committed empties the write-ahead log if it is long.
func (e *engine) Committed(writer *sql.Conn) { e.log.keep(writer) }

func (e *engine) Warning() string { return longLog(logSize(e.path), maxLog) }

func queryInt(ctx context.Context, c *sql.Conn, query string) (n int64, err error) {
	return n, c.QueryRowContext(ctx, query).Scan(&n)
}
