package door

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"patrol/model"
)

// Request is one request by HTTP.
type Request struct {
	*Visit
	W       http.ResponseWriter
	R       *http.Request
	Context context.Context
	Control *http.ResponseController // of W
	Path    string                   // below House.URL, still URL-encoded
	Status  int                      // sent; 0: none yet

	conn  *connection
	began time.Time
	fail  func() // answers for a failure of ours, in the door's own words
}

// Serve takes a request through do, and logs it. do sets Door, and Asked where
// method and path don't say it.
func (h *House) Serve(w http.ResponseWriter, r *http.Request, do func(*Request)) {
	q := &Request{Visit: h.Visit("", h.address(r)), R: r, Context: r.Context(), conn: connectionOf(r), began: time.Now()}
	q.W = &recorder{w, q}
	q.Control = http.NewResponseController(w)
	q.fail = func() { q.Plain(http.StatusInternalServerError, "Internal Server Error") }
	w.Header()["X-Request-Id"] = []string{q.ID}
	q.conn.enter(working)
	q.LimitBody()
	defer func() {
		q.caught(recover())
		q.log()
	}()
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), h.Prefix())
	if !ok || !strings.HasPrefix(path, "/") {
		q.Plain(http.StatusNotFound, "Not Found")
		return
	}
	q.Path = path
	if path != "/-/liveness" && path != "/-/readiness" { // probes come often, and from one address
		q.endIfTooMany(h.Arrived(q.Context, q.Address))
	}
	do(q)
}

// Identify is the visit's. Where it finds too many requests it answers, and ends
// the request.
func (q *Request) Identify(ctx context.Context, secret model.Secret) error {
	err := q.Visit.Identify(ctx, secret)
	q.endIfTooMany(err)
	return err
}

// errAnswered ends a request whose answer is complete.
var errAnswered = errors.New("answered")

// endIfTooMany answers *TooMany with 429, in words that every door's clients
// show, as GitLab does.
func (q *Request) endIfTooMany(err error) {
	var many *TooMany
	if !errors.As(err, &many) {
		return
	}
	q.W.Header().Set("Retry-After", strconv.Itoa(many.seconds()))
	if q.R.ContentLength != 0 {
		q.W.Header().Set("Connection", "close") // what it sends isn't read
	}
	q.Plain(http.StatusTooManyRequests, "Retry later: "+many.Error()+".")
	panic(errAnswered)
}

// FailsAs says how this door answers for a failure of ours, a panic among them.
func (q *Request) FailsAs(answer func()) { q.fail = answer }

// LimitBody limits the time in which the client sends what is left of the body.
// net/http waits for that also where nobody reads it, before and after the
// answer.
func (q *Request) LimitBody() {
	if q.R.ContentLength != 0 {
		q.Control.SetReadDeadline(time.Now().Add(q.House.BodyTime))
		q.conn.enter(reading)
	}
}

// BodyRead is for a body that has been read: what is left is the answer.
func (q *Request) BodyRead() { q.unlimit(working) }

// Moves is for a request that moves many bytes and takes its time; whoever
// calls it ends what stalls.
func (q *Request) Moves() {
	q.unlimit(moving)
	q.Control.SetWriteDeadline(time.Time{})
}

func (q *Request) unlimit(next phase) {
	q.conn.enter(next)
	q.Control.SetReadDeadline(time.Time{})
}

// Plain answers with one line of text: the form in which Git shows it.
func (q *Request) Plain(status int, text string) {
	q.W.Header()["Content-Type"] = []string{"text/plain"}
	q.W.WriteHeader(status)
	fmt.Fprintln(q.W, text)
}

// Allow answers 405 if the method isn't one of these.
func (q *Request) Allow(methods ...string) (ok bool) {
	for _, m := range methods {
		if q.R.Method == m {
			return true
		}
	}
	q.W.Header().Set("Allow", strings.Join(methods, ", "))
	q.Plain(http.StatusMethodNotAllowed, "Method Not Allowed")
	return false
}

// StatusGone is what the log says of a request whose client went away before
// there was an answer. nginx calls it that, too.
const StatusGone = 499

// EndIfGone ends the request if err only says that its client has gone away:
// nobody reads an answer, and nothing has failed.
func (q *Request) EndIfGone(err error) {
	if q.Context.Err() != nil && errors.Is(err, context.Canceled) {
		q.Status = cmp.Or(q.Status, StatusGone)
		panic(http.ErrAbortHandler)
	}
}

// Failed is for an error that is no decision. It logs what an operator must know
// of, and gives the status to answer with: 503 where nothing was done and the
// same request may pass later (A9), since the store is busy, is away, its disk is
// full or only reads; else 500. It ends the request as EndIfGone does.
func (q *Request) Failed(err error) (status int) {
	q.EndIfGone(err)
	switch {
	case errors.Is(err, model.ErrReadOnly):
		return http.StatusServiceUnavailable
	case errors.Is(err, model.ErrBusy):
		q.W.Header()["Retry-After"] = []string{"1"}
		return http.StatusServiceUnavailable
	}
	q.House.Log.Error("request failed", "id", q.ID, "error", err)
	if errors.Is(err, model.ErrUnavailable) {
		q.W.Header()["Retry-After"] = []string{"5"}
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Refused notes a refusal, as Visit.Refused does. A query is left out: it may hold
// a secret (A5).
func (q *Request) Refused(err error) {
	if q.Asked == "" {
		q.Asked = q.R.Method + " " + q.Path
	}
	q.Visit.Refused(err)
}

// Reason sets A7's headers.
func (q *Request) Reason(reason *model.Reason) {
	q.W.Header()["X-Patrol-Rule"] = []string{reason.Rule}
	q.W.Header()["X-Patrol-Reason"] = []string{headerText(reason.Text)}
}

// headerText makes a sentence fit for a header: no control characters.
func headerText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return ' '
		}
		return r
	}, s)
}

// caught turns a panic into a 500, or ends the connection if the answer has
// begun: it must not look like a whole one. The value of the panic isn't logged:
// it may hold anything.
func (q *Request) caught(panicked any) {
	if panicked == nil || panicked == errAnswered {
		return
	}
	if panicked == http.ErrAbortHandler {
		q.log()
		panic(panicked)
	}
	kind := fmt.Sprintf("%T", panicked)
	if err, ok := panicked.(runtime.Error); ok {
		kind = err.Error()
	}
	q.House.Log.Error("panic", "id", q.ID, "kind", kind, "stack", string(debug.Stack()))
	if q.Status != 0 {
		q.log()
		panic(http.ErrAbortHandler)
	}
	q.fail()
}

// log writes the request's line: never the query, which may hold a secret (A5),
// and the path only without one.
func (q *Request) log() {
	took := time.Since(q.began)
	q.House.answered(q.Door, took)
	path := q.masked(q.R.URL.Path)
	h := q.House.Log.Handler()
	if !h.Enabled(q.Context, slog.LevelInfo) {
		return
	}
	// The Logger's own methods look for the line of the source as well: that
	// costs as much as the rest of an answer.
	record := slog.NewRecord(q.began.Add(took), slog.LevelInfo, "request", 0)
	record.AddAttrs(
		slog.String("id", q.ID),
		slog.String("method", q.R.Method),
		slog.String("path", path[:min(len(path), longestPath)]),
		slog.Int("status", q.Status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.String("address", q.Address),
		slog.String("user", q.Pass.User.Username),
		slog.Int64("token", q.Pass.Token.ID))
	h.Handle(q.Context, record)
}

// recorder notes the status of the answer.
type recorder struct {
	http.ResponseWriter
	request *Request
}

func (r *recorder) WriteHeader(status int) {
	if status >= 200 && r.request.Status == 0 {
		r.request.Status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap leads http.ResponseController to flushing and deadlines.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
