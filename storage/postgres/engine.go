// Package postgres is the engine of a PostgreSQL server that several nodes share.
// What one of them commits counts in the next decision of every other (P4).
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"patrol/storage"
)

// engine is one database of a server.
type engine struct {
	config *pgx.ConnConfig
	name   string // where it is, without who and with what password
	pools  [storage.Alone + 1]*sql.DB
	id     string // the database's own number
	clock  clock
	side   side
}

var _ storage.Engine = (*engine)(nil)

// Open opens the database at a postgres:// address and brings its schema up to
// date. It fails with one clear line, which never holds the address's password,
// if the server can't be reached, is too old, refuses the user, or the schema is
// newer than this program.
func Open(ctx context.Context, address string, o storage.Options) (*storage.DB, error) {
	config, err := parse(address)
	if err != nil {
		return nil, err
	}
	return storage.Open(ctx, &engine{config: config, name: name(config)}, o)
}

// Name is an address for people: without the user and the password.
func Name(address string) string {
	config, err := parse(address)
	if err != nil {
		return "postgres://…"
	}
	return "postgres://" + name(config)
}

func name(c *pgx.ConnConfig) string { return fmt.Sprintf("%s:%d/%s", c.Host, c.Port, c.Database) }

// How long a change waits for another node's (P5), and one that is long.
const (
	patience     = 5 * time.Second
	longPatience = time.Minute
)

// forgotten is how long a node may say nothing in the middle of a change before
// the server ends it: the others wait for it.
const forgotten = 10 * time.Second

func (e *engine) Open(ctx context.Context, o storage.Options) error {
	for role, wait := range [...]time.Duration{storage.Writer: patience, storage.Reader: patience, storage.Alone: longPatience} {
		config := e.config.Copy()
		config.RuntimeParams["lock_timeout"] = fmt.Sprint(wait.Milliseconds())
		switch storage.Role(role) {
		case storage.Reader:
			config.RuntimeParams["default_transaction_read_only"] = "on"
		case storage.Writer:
			config.RuntimeParams["idle_in_transaction_session_timeout"] = fmt.Sprint(forgotten.Milliseconds())
		}
		e.pools[role] = stdlib.OpenDB(*config)
		e.pools[role].SetMaxIdleConns(-1) // the store keeps its connections itself
	}
	if err := e.open(ctx, o); err != nil {
		e.Close() // why it can't be opened is what matters
		return e.openError(err)
	}
	return nil
}

func (e *engine) open(ctx context.Context, o storage.Options) error {
	c, err := pgx.ConnectConfig(ctx, e.config)
	if err != nil {
		return err
	}
	defer c.Close(ctx) // it has said all
	if err := supported(ctx, c); err != nil {
		return err
	}
	if err := e.clock.read(ctx, c); err != nil {
		return err
	}
	if err := migrate(ctx, c, o); err != nil {
		return err
	}
	return c.QueryRow(ctx, "SELECT id FROM patrol.schema").Scan(&e.id)
}

func (e *engine) ID() string { return e.id }

func (e *engine) Connect(ctx context.Context, r storage.Role) (*sql.Conn, error) {
	c, err := e.pools[r].Conn(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.Raw(func(driver any) error { return e.clock.read(ctx, driver.(*stdlib.Conn).Conn()) }); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (e *engine) Close() (err error) {
	e.side.end()
	for _, pool := range e.pools {
		if pool != nil {
			err = errors.Join(err, pool.Close())
		}
	}
	return err
}

func (e *engine) Brief(ctx context.Context, write bool) (context.Context, context.CancelFunc) {
	wait := silentAfter
	if write { // another node's change may be before it
		wait += patience
	}
	return context.WithTimeout(ctx, wait)
}

// Begin: one row's lock has all nodes' changes follow one another, which keeps the
// audit log one chain (P5). A row's, since other databases of this family have no
// advisory locks that end with a transaction. Each statement sees what was
// committed before it.
func (e *engine) Begin(write bool) []string {
	if write {
		return []string{"BEGIN ISOLATION LEVEL READ COMMITTED", "SELECT 1 FROM chain_end FOR UPDATE"}
	}
	return []string{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"}
}

// Exact: it is news of other nodes' commits only when asked over the wire (P4).
func (e *engine) Exact() bool { return false }

// Readers are more than a file needs: each waits for the wire.
func (e *engine) Readers(small bool) int {
	if small {
		return 3
	}
	return 16
}

// versionWait bounds how long Version waits for the server.
const versionWait = 2 * time.Second

// Version is the first transaction that hasn't begun: it grows with every commit
// on this server.
func (e *engine) Version() (version uint64, err error) {
	ctx, stop := context.WithTimeout(context.Background(), versionWait)
	defer stop()
	c, err := e.side.take(ctx, e)
	if err != nil {
		return 0, err
	}
	defer e.side.back()
	return version, c.QueryRow(ctx, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").Scan(&version)
}

func (e *engine) Committed(*sql.Conn) {}

func (e *engine) There() error { return nil } // the next statement tells

func (e *engine) Warning() string { return "" }

// Numbered lets numbers go on after those that an import gave itself.
func (e *engine) Numbered(table string) string {
	return fmt.Sprintf("SELECT setval('%[1]s_id_seq', greatest(last_value, (SELECT max(id) FROM %[1]s))) FROM %[1]s_id_seq", table)
}

// CheckFile: PostgreSQL itself sees to its files and to references.
func (e *engine) CheckFile(context.Context, *sql.Conn, func(string, ...any)) error { return nil }

func (e *engine) Backup(context.Context, string) error {
	return errors.New("the database is PostgreSQL's: back it up with pg_dump, or take what is in it with patrol export")
}
