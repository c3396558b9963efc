package postgres

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"
)

// side is a connection beside those of use cases. It holds the lock of what one
// node does at a time (P7), which goes with it, sees what others commit, and asks
// for the time.
type side struct {
	mu    sync.Mutex
	conn  *pgx.Conn
	leads bool // of the connection
}

// leadKey is the lock's number in the database: the letters of "patrol".
const leadKey = 0x706174726f6c

// take gives the connection, to one at a time until it is given back, and looks at
// the clock if that is due.
func (s *side) take(ctx context.Context, e *engine) (c *pgx.Conn, err error) {
	s.mu.Lock()
	defer func() {
		if err != nil {
			s.mu.Unlock()
		}
	}()
	if s.conn == nil || s.conn.IsClosed() {
		s.conn, s.leads = nil, false
		if s.conn, err = pgx.ConnectConfig(ctx, e.config); err != nil {
			return nil, err
		}
	}
	return s.conn, e.clock.readIfOld(ctx, s.conn)
}

func (s *side) back() { s.mu.Unlock() }

func (s *side) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		closeQuietly(s.conn)
	}
}

// Leads asks for the lock, if this node doesn't hold it.
func (e *engine) Leads(ctx context.Context) (bool, error) {
	c, err := e.side.take(ctx, e)
	if err != nil {
		return false, err
	}
	defer e.side.back()
	if e.side.leads {
		return true, c.Ping(ctx) // the lock is lost with its connection
	}
	err = c.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(leadKey)).Scan(&e.side.leads)
	return e.side.leads, err
}
