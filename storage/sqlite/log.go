package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
)

// SQLite begins its write-ahead log anew only when nobody reads from it: where
// readers overlap, it grows without end. So once it is long, the writer waits for
// those who read now, while new ones find all in the database itself. If they
// read longer than it waits, it tries again after some more has been written: the
// longer the log, the slower it grows.
const (
	maxLog      = 256 << 20 // bytes
	logStep     = 8 << 20   // between two tries
	logPatience = 3000      // milliseconds of a try: less than other processes wait for the lock
)

// logBound keeps the write-ahead log below a size.
type logBound struct {
	path     string
	log      *slog.Logger
	most     int64 // bytes
	step     int64 // bytes
	patience int   // milliseconds
	next     int64 // the size of the next try
}

func newLogBound(path string, log *slog.Logger) logBound {
	return logBound{path: path, log: log, most: maxLog, step: logStep, patience: logPatience, next: maxLog}
}

// keep empties the log if it is time to. The connection is the writer's, between
// two transactions.
func (b *logBound) keep(c *sql.Conn) {
	size := logSize(b.path)
	if size < b.most {
		b.next = b.most
	}
	if size < b.next {
		return
	}
	emptied, err := emptyLog(c, b.patience)
	if emptied {
		b.next = b.most
		return
	}
	if b.next == b.most {
		b.log.Warn(longLog(size, b.most), "bytes", size, "error", err)
	}
	b.next = size + b.step
}

// longLog is a warning, if a log of so many bytes deserves one.
func longLog(size, most int64) string {
	if size <= most {
		return ""
	}
	return fmt.Sprintf("the write-ahead log holds %d MB: something has been reading for long; end exports and backups that hang", size>>20)
}

// logSize is the length of a database's write-ahead log, 0 if there is none.
func logSize(path string) int64 {
	info, err := os.Stat(path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

const busyTimeoutSQL = `PRAGMA busy_timeout = %d`

// emptyLog moves all of the log into the database and begins it anew, if nobody
// reads from it within a time.
func emptyLog(c *sql.Conn, patience int) (emptied bool, err error) {
	ctx := context.Background()
	var busy, pages, moved int64
	before, err := queryInt(ctx, c, `PRAGMA busy_timeout`)
	if err != nil {
		return false, err
	}
	if _, err := c.ExecContext(ctx, fmt.Sprintf(busyTimeoutSQL, patience)); err != nil {
		return false, err
	}
	err = c.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &pages, &moved)
	_, end := c.ExecContext(ctx, fmt.Sprintf(busyTimeoutSQL, before))
	if err == nil {
		err = end
	}
	return err == nil && busy == 0, err
}
