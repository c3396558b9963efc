package postgres

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"
)

// leadership is a connection beside those of use cases. It holds the lock of what
// one node does at a time (P7), which goes with it, and sees what others commit.
type leadership struct {
	mu    sync.Mutex
	conn  *pgx.Conn
	leads bool // of the connection
}

// leadKey is the lock's number in the database: the letters of "patrol".
const leadKey = 0x706174726f6c

// watch gives the connection, to one at a time: watched gives it back.
func (l *leadership) watch(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	l.mu.Lock()
	if l.conn != nil && l.conn.IsClosed() {
		l.conn = nil
	}
	if l.conn == nil {
		c, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			l.mu.Unlock()
			return nil, err
		}
		l.conn, l.leads = c, false
	}
	return l.conn, nil
}

func (l *leadership) watched() { l.mu.Unlock() }

func (l *leadership) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		closeQuietly(l.conn)
	}
}

// Leads asks for the lock, if this node doesn't hold it.
func (e *engine) Leads(ctx context.Context) (bool, error) {
	c, err := e.leads.watch(ctx, e.config)
	if err != nil {
		return false, err
	}
	defer e.leads.watched()
	if e.leads.leads {
		return true, c.Ping(ctx) // the lock is lost with its connection
	}
	err = c.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(leadKey)).Scan(&e.leads.leads)
	return e.leads.leads, err
}
