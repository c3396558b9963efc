package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"patrol/model"
)

// conn is one connection with its prepared statements.
type conn struct {
	engine     Engine
	c          *sql.Conn
	statements map[string]*sql.Stmt
	open       bool // a reader's: a transaction may be
}

func (db *DB) newConn(ctx context.Context, r Role) (*conn, error) {
	c, err := db.engine.Connect(ctx, r)
	if err != nil {
		return nil, err
	}
	return &conn{engine: db.engine, c: c, statements: map[string]*sql.Stmt{}}, nil
}

// maxStatements bounds what a connection remembers: filter lines make
// statements of any shape.
const maxStatements = 200

// trim forgets the statements of a connection that has none running.
func (c *conn) trim() {
	if len(c.statements) <= maxStatements {
		return
	}
	for _, s := range c.statements {
		s.Close() // prepared again when next needed
	}
	clear(c.statements)
}

// prepared is the one place where a statement becomes the engine's.
func (c *conn) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := ctx.Err(); err != nil { // a driver may take it for the connection's end
		return nil, err
	}
	if s := c.statements[query]; s != nil {
		return s, nil
	}
	s, err := c.c.PrepareContext(ctx, c.engine.SQL(query))
	if err == nil {
		c.statements[query] = s
	}
	return s, err
}

func (c *conn) run(ctx context.Context, query string, args []any) (sql.Result, error) {
	s, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, c.engine.Values(args)...)
}

func (c *conn) exec(ctx context.Context, query string, args ...any) error {
	_, err := c.run(ctx, query, args)
	return err
}

func (c *conn) queryInt(ctx context.Context, query string, args ...any) (n int64, err error) {
	s, err := c.prepared(ctx, query)
	if err != nil {
		return 0, err
	}
	return n, s.QueryRowContext(ctx, c.engine.Values(args)...).Scan(&n)
}

// begin begins a transaction, or leaves none.
func (c *conn) begin(ctx context.Context, write bool) error {
	ctx, stop := c.engine.Brief(ctx, write)
	defer stop()
	for i, statement := range c.engine.Begin(write) {
		if err := c.exec(ctx, statement); err != nil {
			if i > 0 {
				c.exec(ctx, "ROLLBACK") // what failed is what matters
			}
			return err
		}
	}
	return nil
}

func (c *conn) close() error {
	c.closeStatements()
	return c.c.Close()
}

func (c *conn) closeStatements() {
	for _, s := range c.statements {
		s.Close() // the connection goes with them
	}
}

// discard closes the connection itself, where close would keep it for another
// to use. Its statements go first: the driver can't close one without its
// connection.
func (c *conn) discard() {
	c.closeStatements()
	c.c.Raw(func(any) error { return driver.ErrBadConn }) // what database/sql forgets a connection for
	c.c.Close()
}

// tx is one use case's transaction: a savepoint of the writer, or a snapshot of
// a reader. It has one now for all that it reads and writes.
type tx struct {
	db    *DB
	conn  *conn
	ctx   context.Context
	actor model.Actor
	now   time.Time
	chain *chain     // the audit log's end; nil in a reader
	read  *instance  // the settings, once they were asked for
	self  model.User // the actor's number, kind and names, once caller was asked

	refused      *model.Entry // to be written although the use case is rolled back (R160)
	refusedPlace model.Place
}

func (t *tx) today() model.Date { return model.DateOf(t.now) }

func (t *tx) exec(query string, args ...any) error {
	return t.conn.exec(t.ctx, query, args...)
}

// changed runs a statement and gives the number of rows that it changed.
func (t *tx) changed(query string, args ...any) (int64, error) {
	r, err := t.conn.run(t.ctx, query, args)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// insert runs an INSERT and gives the new row's id.
func (t *tx) insert(query string, args ...any) (int64, error) {
	return t.int(query+` RETURNING id`, args...)
}

// row scans the first row; found is false if there is none.
func (t *tx) row(query string, args []any, into ...any) (found bool, err error) {
	s, err := t.conn.prepared(t.ctx, query)
	if err != nil {
		return false, err
	}
	err = s.QueryRowContext(t.ctx, t.conn.engine.Values(args)...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (t *tx) int(query string, args ...any) (int64, error) {
	return t.conn.queryInt(t.ctx, query, args...)
}

// is is a query's one answer, yes or no.
func (t *tx) is(query string, args ...any) (yes bool, err error) {
	_, err = t.row(query, args, &yes)
	return yes, err
}

// ids are the numbers that a query gives.
func (t *tx) ids(query string, args ...any) (ids []int64, err error) {
	err = t.rows(query, args, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// rows calls each for every row.
func (t *tx) rows(query string, args []any, each func(scan func(...any) error) error) error {
	s, err := t.conn.prepared(t.ctx, query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(t.ctx, t.conn.engine.Values(args)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// columns are the names of a query's columns.
func (t *tx) columns(query string) ([]string, error) {
	s, err := t.conn.prepared(t.ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(t.ctx)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return rows.Columns()
}

// Conversions between columns and values.

func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

func timeOf(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64).UTC()
}

func dateText(d model.Date) any {
	if d == 0 {
		return nil
	}
	return d.String()
}

func dateOf(s sql.NullString) model.Date {
	d, _ := model.ParseDate(s.String) // the zero Date for NULL
	return d
}
