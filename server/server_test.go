package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"
	"patrol/storage/sqlite"
	"patrol/storage/storagetest"
)

// world is a server on a real listener with a real store. At its end it has
// written no secret to its log.
type world struct {
	*testing.T
	db     *storage.DB
	dir    string
	url    string
	stop   context.CancelFunc // begins the drain
	server *Server
	ssh    *shell     // of TestEveryDoor
	done   chan error // what Serve returned

	mu      sync.Mutex
	now     time.Time
	log     bytes.Buffer
	heard   chan struct{} // something was logged
	opens   func(context.Context, storage.Options) (*storage.DB, error)
	secrets []string
}

var root = model.Actor{UserID: model.RootID, Door: model.CLIDoor, Address: "tester"}

// client follows no redirect and keeps no secret.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func newWorld(t *testing.T, configs ...func(*Config)) *world {
	t.Helper()
	return newWorldOn(t, storagetest.Open, configs...)
}

// newFileWorld is for a test about SQLite's file.
func newFileWorld(t *testing.T) *world {
	t.Helper()
	return newWorldOn(t, sqlite.Open)
}

func newWorldOn(t *testing.T, opens func(context.Context, storage.Options) (*storage.DB, error), configs ...func(*Config)) *world {
	t.Helper()
	t.Parallel()
	w := &world{T: t, opens: opens, dir: t.TempDir(), heard: make(chan struct{}, 1), now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	w.open(false)
	w.serve(configs...)
	return w
}

func (w *world) open(readOnly bool) {
	w.Helper()
	db, err := w.opens(context.Background(), storage.Options{Path: filepath.Join(w.dir, "patrol.db"), Clock: w.clock, ReadOnly: readOnly})
	if err != nil {
		w.Fatal(err)
	}
	w.db = db
	w.Cleanup(func() {
		if err := db.Close(); err != nil {
			w.Error(err)
		}
	})
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) setClock(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = at
}

// Write takes the server's log.
func (w *world) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.heard <- struct{}{}:
	default:
	}
	return w.log.Write(line)
}

// hears waits until the server has logged a text.
func (w *world) hears(text string) {
	w.Helper()
	late := time.After(20 * time.Second)
	for !strings.Contains(w.logged(), text) {
		select {
		case <-w.heard:
		case <-late:
			w.Fatalf("nothing was logged of %q", text)
		}
	}
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// serve starts a server on the store.
func (w *world) serve(configs ...func(*Config)) {
	w.Helper()
	c := Config{Store: w.db, Log: slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, set := range configs {
		set(&c)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.Fatal(err)
	}
	w.url = "http://" + l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	w.stop, w.done = stop, done
	server, err := New(c)
	if err != nil {
		w.Fatal(err)
	}
	w.server = server
	go func() { done <- server.Serve(ctx, l) }()
	w.Cleanup(func() {
		client.CloseIdleConnections()
		stop()
		select {
		case err := <-done:
			if err != nil {
				w.Errorf("Serve: %v", err)
			}
		case <-time.After(20 * time.Second):
			w.Error("Serve doesn't end")
		}
		for _, secret := range w.secrets {
			if strings.Contains(w.logged(), secret) {
				w.Error("R143: a secret is in the log")
			}
		}
		if w.Failed() {
			w.Logf("log:\n%s", w.logged())
		}
	})
}

// do is a use case that must work.
func do[T any](w *world, value T, err error) T {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
	return value
}

func (w *world) project(path string, v model.Visibility) model.Project {
	w.Helper()
	p, err := w.db.AddProject(context.Background(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: path, Visibility: v, Parents: true})
	return do(w, p, err)
}

// person makes a user with a role in a place, if path isn't empty.
func (w *world) person(n model.NewUser, path string, role model.Role) model.User {
	w.Helper()
	u, err := w.db.AddUser(context.Background(), root, n)
	do(w, u, err)
	if path != "" {
		m, err := w.db.AddMember(context.Background(), root, model.ProjectRef(path), u.ID, role, 0)
		do(w, m, err)
	}
	return u
}

// personal makes a personal token for a user.
func (w *world) personal(u model.User, scopes ...model.Scope) string {
	w.Helper()
	if scopes == nil {
		scopes = []model.Scope{model.ScopeAPI}
	}
	made, err := w.db.CreateToken(context.Background(), root, model.NewToken{UserID: u.ID, Name: "mine", Scopes: scopes})
	return w.keep(do(w, made, err)).Secret.Reveal()
}

// caller is a new person with a role, by his personal token.
func (w *world) caller(name, path string, role model.Role) string {
	w.Helper()
	return w.personal(w.person(model.NewUser{Username: name, Name: strings.ToTitle(name[:1]) + name[1:]}, path, role))
}

func (w *world) rootToken() string { w.Helper(); return w.personal(model.User{ID: model.RootID}) }

// bot makes a project token.
func (w *world) bot(path string, role model.Role, scopes ...model.Scope) model.IssuedToken {
	w.Helper()
	made, err := w.db.CreateToken(context.Background(), root,
		model.NewToken{Place: model.ProjectRef(path), Name: "deploy", Scopes: scopes, Role: role})
	return w.keep(do(w, made, err))
}

func (w *world) keep(made model.IssuedToken) model.IssuedToken {
	w.secrets = append(w.secrets, made.Secret.Reveal())
	return made
}

func (w *world) revoke(id int64) {
	w.Helper()
	do(w, 0, w.db.RevokeTokens(context.Background(), root, model.Ref{}, id))
}

// set changes a setting.
func (w *world) set(key, value string) {
	w.Helper()
	s, err := w.db.ChangeSetting(context.Background(), root, key, value)
	do(w, s, err)
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask sends a request below the server's address. Of the options, "Name: value"
// are headers; one other is the body.
func (w *world) ask(method, path string, options ...string) answer {
	w.Helper()
	var body io.Reader
	header := http.Header{}
	for _, o := range options {
		if key, value, ok := strings.Cut(o, ": "); ok && !strings.ContainsAny(key, "{[=\x1f\n ") {
			header.Add(key, value)
			continue
		}
		body = strings.NewReader(o)
	}
	r, err := http.NewRequest(method, w.url+path, body)
	if err != nil {
		w.Fatal(err)
	}
	r.Header = header
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	return w.send(r)
}

func (w *world) send(r *http.Request) answer {
	w.Helper()
	response, err := client.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// token is the header that shows one.
func token(secret string) string { return "PRIVATE-TOKEN: " + secret }

const jsonBody = "Content-Type: application/json"

// expect checks status and body, to the byte.
func (w *world) expect(rule string, got answer, status int, body string) {
	w.Helper()
	if got.status != status || got.body != body {
		w.Errorf("%s: got %d %s\n want %d %s", rule, got.status, got.body, status, body)
	}
}

func (a answer) list(t *testing.T) []map[string]any {
	t.Helper()
	var list []map[string]any
	if err := json.Unmarshal([]byte(a.body), &list); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return list
}

func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(a.body), &object); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return object
}

// G98: the probes, without credentials.
func TestProbes(t *testing.T) {
	w := newFileWorld(t)
	w.expect("G98", w.ask("GET", "/-/liveness"), 200, "ok\n")
	w.expect("G98", w.ask("GET", "/-/readiness"), 200, "ok\n")
	if err := os.Truncate(filepath.Join(w.dir, "patrol.db-wal"), 300<<20); err != nil { // as if so much had been written
		t.Fatal(err)
	}
	w.expect("a long log", w.ask("GET", "/-/readiness"), 200, "ok\nwarning: the write-ahead log holds 300 MB: something has been reading for long; end exports and backups that hang\n")
	w.expect("G98", w.ask("POST", "/-/readiness"), 405, "Method Not Allowed\n")
	w.expect("G98", w.ask("GET", "/-/nothing"), 404, "Not Found\n")
}

// Draining: what runs may finish, then the server is gone, and nothing of Git
// is left.
func TestDrain(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	release := w.holdPush("/acme/web.git", secret)
	w.stop()
	w.await("no new connections", func() bool {
		_, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
		return err != nil
	})
	if got := release(); got.status != 200 {
		t.Errorf("a running request is cut off: %d %s", got.status, got.body)
	}
	if err := <-w.done; err != nil {
		t.Error(err)
	}
	w.done <- nil // for Cleanup
}

// holdPush starts a push that sends nothing and waits until its Git process
// runs. The func that it gives lets it end.
func (w *world) holdPush(repository, secret string) (release func() answer) {
	w.Helper()
	body, feed := io.Pipe()
	r, err := http.NewRequest("POST", w.url+repository+"/git-receive-pack", body)
	if err != nil {
		w.Fatal(err)
	}
	r.SetBasicAuth("any", secret)
	r.Header.Set("Content-Type", "application/x-git-receive-pack-request")
	got := make(chan answer, 1)
	go func() { got <- w.send(r) }()
	fmt.Fprint(feed, "00")
	w.await("git receive-pack runs", func() bool { return gitRunning(w.dir) })
	return func() answer {
		fmt.Fprint(feed, "00")
		feed.Close()
		return <-got
	}
}

// What still runs after the limit is ended, Git included.
func TestDrainLimit(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.DrainLimit = time.Millisecond })
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	body, feed := io.Pipe()
	r, _ := http.NewRequest("POST", w.url+"/acme/web.git/git-receive-pack", body)
	r.SetBasicAuth("any", secret)
	r.Header.Set("Content-Type", "application/x-git-receive-pack-request")
	failed := make(chan error)
	go func() {
		response, err := client.Do(r)
		if err == nil {
			response.Body.Close()
		}
		failed <- err
	}()
	fmt.Fprint(feed, "00")
	w.await("git receive-pack runs", func() bool { return gitRunning(w.dir) })
	w.stop()
	if err := <-w.done; err != nil {
		t.Error(err)
	}
	feed.Close() // Go's client waits for its own body
	if err := <-failed; err == nil {
		t.Error("a request that was cut off had an answer")
	}
	if gitRunning(w.dir) {
		t.Error("Git is still running")
	}
	w.done <- nil
}

// Connections that say nothing, or not enough, don't hold up a drain.
func TestDrainSilence(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	for _, said := range []string{
		"",
		"GET /-/live",
		"GET /-/liveness HTTP/1.1\r\nHost: x\r\n",
		"GET /-/liveness HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /-/liveness HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
		"POST /api/v4/projects HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: " + secret + "\r\nContent-Length: 9\r\n\r\nhalf",
		"POST /acme/web.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
	} {
		conn := w.dial()
		defer conn.Close()
		fmt.Fprint(conn, said)
		if strings.HasSuffix(said, "\r\n\r\n") { // the others aren't answered yet
			if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.ask("GET", "/-/liveness") // all of them have been accepted
	w.stop()
	select {
	case err := <-w.done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(4 * time.Second): // 5.3 s and 30 s before they were hurried
		t.Fatal("silent connections hold up the drain")
	}
	w.done <- nil
}

// A client that neither sends the body that it has promised nor reads its
// answers is cut off, whatever the answer: nobody holds a connection for ever.
func TestStalledClients(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.BodyTime, c.AnswerTime = 50*time.Millisecond, 200*time.Millisecond })
	w.project("acme/open", model.Public)
	secret := w.bot("acme/open", model.Developer, model.ScopeAPI).Secret.Reveal()
	for _, start := range []string{
		"POST /nothing HTTP/1.1\r\n",
		"PUT /api/v4/user HTTP/1.1\r\n",
		"POST /api/v4/projects HTTP/1.1\r\n",
		"GET /api/v4/projects HTTP/1.1\r\n",
		"GET /acme/open" + fetchRefs + " HTTP/1.1\r\n",
		"POST /acme/open.git/git-receive-pack HTTP/1.1\r\n",
		"POST /acme/open.git/git-receive-pack HTTP/1.1\r\nExpect: 100-continue\r\n",
		"POST /acme/open.git/git-upload-pack HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Type: application/x-git-upload-pack-request\r\n",
	} {
		conn := w.dial()
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		fmt.Fprint(conn, start, "Host: x\r\nContent-Length: 100\r\n\r\nno gzip at all")
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("held open: %s", start)
		}
		conn.Close()
	}
	conn := w.dial()
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	long := strings.Repeat("x", 30<<10) // comes back in the answer's links, which soon fill all buffers
	for err := error(nil); err == nil; {
		if _, err = fmt.Fprintf(conn, "GET /api/v4/projects?x=%s HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: %s\r\n\r\n", long, secret); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("a client that doesn't read is held")
		}
	}
}

// await polls until something that other processes do has happened.
func (w *world) await(what string, happened func() bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for tick := time.NewTicker(5 * time.Millisecond); !happened(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.Fatalf("not within 20 s: %s", what)
		}
	}
}

// gitRunning tells whether any process works in a folder, or below it.
func gitRunning(dir string) bool {
	processes, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, p := range processes {
		if cwd, err := filepath.EvalSymlinks(p); err == nil && strings.HasPrefix(cwd, dir) {
			return true
		}
	}
	return false
}
