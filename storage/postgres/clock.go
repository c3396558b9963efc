package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// clock is the database's (P3): what it said, and how long ago that was by a clock
// that nobody sets.
type clock struct {
	mu   sync.Mutex
	said time.Time // in UTC, by the database
	at   time.Time // when, on this machine, with its monotonic reading
}

// clockEvery is how long it is relied on.
const clockEvery = 10 * time.Second

// read asks the database. It counts as said when half of the answer's time was
// over.
func (k *clock) read(ctx context.Context, c *pgx.Conn) error {
	asked := time.Now()
	var said time.Time
	if err := c.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&said); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.said, k.at = said.UTC(), asked.Add(time.Since(asked)/2)
	return nil
}

func (k *clock) readIfOld(ctx context.Context, c *pgx.Conn) error {
	k.mu.Lock()
	old := time.Since(k.at) > clockEvery
	k.mu.Unlock()
	if !old {
		return nil
	}
	return k.read(ctx, c)
}

// now is the database's time.
func (k *clock) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.said.Add(time.Since(k.at))
}

func (e *engine) Now() time.Time { return e.clock.now() }
