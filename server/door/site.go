package door

import (
	"log/slog"
	"strings"
	"time"
)

// LogSite writes a line on the request that a proxy asks for, under the number of
// the one that asks: without its query, as ever, and without a secret (A5, R143).
func (q *Request) LogSite(method, address string) {
	h := q.House.Log.Handler()
	if address == "" || !h.Enabled(q.Context, slog.LevelInfo) {
		return
	}
	if end := strings.IndexAny(address, "?#"); end >= 0 {
		address = address[:end]
	}
	address = q.masked(address)
	record := slog.NewRecord(time.Now(), slog.LevelInfo, "site", 0)
	record.AddAttrs(
		slog.String("id", q.ID),
		slog.String("method", method),
		slog.String("path", address[:min(len(address), longestPath)]))
	h.Handle(q.Context, record)
}

// longestPath bounds what a line of the log holds of a path, in bytes.
const longestPath = 1024
