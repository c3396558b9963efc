package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"patrol/model"
)

// call is one request and what has been found out about it.
type call struct {
	s        *Server
	w        http.ResponseWriter
	r        *http.Request
	ctx      context.Context
	id       string // X-Request-Id (A6)
	path     string // below Config.URL, still URL-encoded
	address  string // of the client
	conn     *connection
	endpoint *model.Endpoint
	parts    []string // of a REST path, still URL-encoded
	params   params
	secret   model.Secret // that was shown, of whatever worth
	pass     model.Pass
	today    model.Date // of all that is decided and shown
	door     model.Door
	asked    string // in words, where method and path don't say it
	status   int    // sent; 0: none yet
}

// serve takes a request through the one router, and logs it.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	c := &call{s: s, r: r, ctx: r.Context(), id: s.ids.next(), address: s.clientAddress(r), conn: connectionOf(r)}
	c.conn.enter(working)
	c.w = &recorder{w, c}
	w.Header()["X-Request-Id"] = []string{c.id}
	c.limitBody()
	defer func() {
		c.caught(recover(), began)
		c.log(began)
	}()
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), s.prefix)
	if !ok || !strings.HasPrefix(path, "/") {
		c.plain(http.StatusNotFound, "Not Found")
		return
	}
	c.path = path
	switch {
	case path == "/-/liveness":
		c.probe(nil)
	case path == "/-/readiness":
		c.probe(s.ready(c.ctx))
	case path == "/api" || strings.HasPrefix(path, "/api/"):
		c.rest(strings.TrimPrefix(path, "/api"))
	default:
		c.gitRoute()
	}
}

// limitBody limits the time in which the client sends what is left of the body.
// net/http waits for that also where nobody reads it, before and after the
// answer.
func (c *call) limitBody() {
	if c.r.ContentLength != 0 {
		http.NewResponseController(c.w).SetReadDeadline(time.Now().Add(c.s.BodyTime))
		c.conn.enter(reading)
	}
}

// unlimitBody is for a body that has been read, or that is given its own time.
func (c *call) unlimitBody(next phase) {
	c.conn.enter(next)
	http.NewResponseController(c.w).SetReadDeadline(time.Time{})
}

// probe answers with one word (G98).
func (c *call) probe(err error) {
	switch {
	case c.r.Method != http.MethodGet && c.r.Method != http.MethodHead:
		c.w.Header().Set("Allow", "GET, HEAD")
		c.plain(http.StatusMethodNotAllowed, "Method Not Allowed")
	case err != nil:
		c.plain(http.StatusServiceUnavailable, "unavailable")
	default:
		c.plain(http.StatusOK, "ok")
	}
}

func (s *Server) ready(ctx context.Context) error {
	if s.draining.Load() {
		return errors.New("draining")
	}
	err := s.Store.Ready(ctx)
	if err != nil {
		s.Log.Error("not ready", "error", err)
	}
	return err
}

// plain answers with one line of text: the form in which Git shows it.
func (c *call) plain(status int, text string) {
	c.w.Header()["Content-Type"] = []string{"text/plain"}
	c.w.WriteHeader(status)
	fmt.Fprintln(c.w, text)
}

// caught turns a panic into a 500, or ends the connection if the answer has
// begun: it must not look like a whole one. The value of the panic isn't logged:
// it may hold anything.
func (c *call) caught(panicked any, began time.Time) {
	if panicked == nil {
		return
	}
	if panicked == http.ErrAbortHandler {
		c.log(began)
		panic(panicked)
	}
	kind := fmt.Sprintf("%T", panicked)
	if err, ok := panicked.(runtime.Error); ok {
		kind = err.Error()
	}
	c.s.Log.Error("panic", "id", c.id, "kind", kind, "stack", string(debug.Stack()))
	switch {
	case c.status != 0:
		c.log(began)
		panic(http.ErrAbortHandler)
	case c.door == model.GitDoor:
		c.plain(http.StatusInternalServerError, "Internal Server Error")
	default:
		c.failed()
	}
}

// log writes the request's line: never the query, which may hold a secret (A5),
// and the path only without one.
func (c *call) log(began time.Time) {
	took := time.Since(began)
	const longestPath = 1024
	path := c.masked(c.r.URL.Path)
	h := c.s.Log.Handler()
	if !h.Enabled(c.ctx, slog.LevelInfo) {
		return
	}
	// The Logger's own methods look for the line of the source as well: that
	// costs as much as the rest of an answer.
	record := slog.NewRecord(began.Add(took), slog.LevelInfo, "request", 0)
	record.AddAttrs(
		slog.String("id", c.id),
		slog.String("method", c.r.Method),
		slog.String("path", path[:min(len(path), longestPath)]),
		slog.Int("status", c.status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("address", c.address),
		slog.String("user", c.pass.User.Username),
		slog.Int64("token", c.pass.Token.ID))
	h.Handle(c.ctx, record)
}

// recorder notes the status of the answer.
type recorder struct {
	http.ResponseWriter
	call *call
}

func (r *recorder) WriteHeader(status int) {
	if status >= 200 && r.call.status == 0 {
		r.call.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap leads http.ResponseController to flushing and deadlines.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// requestIDs gives each request of this process a name of its own (A6).
type requestIDs struct {
	start string
	count *atomic.Uint64
}

func newRequestIDs() requestIDs {
	var start [8]byte
	rand.Read(start[:])
	return requestIDs{hex.EncodeToString(start[:]), new(atomic.Uint64)}
}

func (ids requestIDs) next() string {
	return ids.start + "-" + strconv.FormatUint(ids.count.Add(1), 36)
}
