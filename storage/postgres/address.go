package postgres

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// errAddress doesn't say what is wrong with an address: a password with a sign in
// it that an address can't have would be in the explanation.
var errAddress = errors.New("the address of the database can't be read: write it as postgres://user@host:5432/database?sslmode=verify-full, and leave the password to PGPASSFILE (signs such as / and @ in one are written %2F and %40)")

// How long a server may take to answer the first call, and how long a silent one
// is waited for.
const (
	connectWait = 5 * time.Second
	silentAfter = 3 * time.Second
)

// leftAfter is how long a statement may still take that nobody waits for.
const leftAfter = 100 * time.Millisecond

// parse reads an address and what the environment adds to it (PGPASSFILE,
// PGSSLMODE and the like).
func parse(address string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errAddress
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectWait
	}
	dialer := &net.Dialer{Control: endSilent,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: silentAfter, Interval: silentAfter, Count: 3}}
	config.DialFunc = dialer.DialContext
	// A caller who leaves doesn't cost a connection: most statements end by
	// themselves, and the server is told to stop the others.
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, CancelRequestDelay: leftAfter, DeadlineDelay: silentAfter}
	}
	set := config.RuntimeParams
	if set["application_name"] == "" {
		set["application_name"] = "patrol"
	}
	set["search_path"] = "patrol, public"
	// The server, too, lets go of a node that has vanished with a lock in its hand.
	set["tcp_keepalives_idle"], set["tcp_keepalives_interval"], set["tcp_keepalives_count"] = "5", "3", "2"
	return config, nil
}

// closeQuietly ends a connection whose work is done.
func closeQuietly(c *pgx.Conn) {
	ctx, stop := context.WithTimeout(context.Background(), time.Second)
	defer stop()
	c.Close(ctx)
}
