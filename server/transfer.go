package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"patrol/model"
)

// advertise answers info/refs with what Git says of the repository's refs.
func (c *call) advertise(service *gitService, repository string) {
	if !c.takeSlot() {
		return
	}
	defer c.freeSlot()
	protocol := c.r.Header.Get("Git-Protocol")
	t := &transfer{
		call:        c,
		process:     c.s.gitProcess(repository, protocol, service.command, "--stateless-rpc", "--advertise-refs", "."),
		contentType: "application/x-" + service.name + "-advertisement",
	}
	if service == pushing || protocol != "version=2" {
		line := "# service=" + service.name + "\n"
		t.preamble = pktLine(line) + "0000"
	}
	t.run()
}

// exchange answers the POST of a fetch or a push.
func (c *call) exchange(service *gitService, e model.Entrance, zipped bool) {
	c.unlimitBody(moving) // it may take hours; what stalls is ended by Config.GitStall
	if !c.takeSlot() {
		c.limitBody()
		return
	}
	defer c.freeSlot()
	t := &transfer{
		call:        c,
		process:     c.s.gitProcess(e.Repository, c.r.Header.Get("Git-Protocol"), service.command, "--stateless-rpc", "."),
		contentType: "application/x-" + service.name + "-result",
		raw:         &wholeBody{from: c.r.Body},
		flush:       true,
	}
	http.NewResponseController(c.w).EnableFullDuplex() // progress reaches the client while it still sends (G24)
	t.body = t.raw
	if zipped {
		t.body = &gunzip{from: t.raw}
	}
	if service == pushing {
		t.process.unpacks = true
		t.push, t.project = newPush(), e.Project.ID
		t.body = io.TeeReader(t.body, t.push)
	} else {
		t.body = io.TeeReader(t.body, new(wants))
	}
	t.run()
}

// gunzip unpacks a body as it comes (G21). Whatever is wrong with it is
// errBadGzip, also an end that comes too early.
type gunzip struct {
	from io.Reader
	zip  *gzip.Reader
}

var errBadGzip = errors.New("not valid gzip")

func (g *gunzip) Read(b []byte) (n int, err error) {
	if g.zip == nil {
		if g.zip, err = gzip.NewReader(g.from); err != nil {
			g.zip = nil
			return 0, errBadGzip
		}
	}
	n, err = g.zip.Read(b)
	if err != nil && err != io.EOF {
		err = errBadGzip
	}
	return n, err
}

// wholeBody notes whether a body has been read to its end. What is left of one
// when the answer ends is skipped by net/http, which with EnableFullDuplex then
// meets its own reading of the next request, and panics.
type wholeBody struct {
	from  io.Reader
	ended atomic.Bool
}

func (b *wholeBody) Read(into []byte) (int, error) {
	n, err := b.from.Read(into)
	if err == io.EOF {
		b.ended.Store(true)
	}
	return n, err
}

const (
	textBadGzip = "The request's body is not valid gzip."
	textCut     = "The request ended too early."
	textGarbage = "Git could not read the request."
)

// transfer is one Git process between a request's body and its answer. Nothing
// is held but one buffer each way (G23).
type transfer struct {
	*call
	process     *gitProcess
	contentType string
	preamble    string
	raw         *wholeBody        // of the request; nil: none
	body        io.Reader         // raw, unpacked and watched
	flush       bool              // send each piece at once
	push        *push             // nil: not a push
	project     int64             // pushed to
	before      map[string]string // the refs, if Git will report nothing

	stall   *time.Timer
	sending bool // the answer has begun
	deaf    bool // the client takes no more of it

	mu      sync.Mutex
	bodyErr error // why the body ended too early
	enough  bool  // Git has said all: what the client still sends doesn't matter
}

var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// run streams both ways until Git has ended. A fetch whose client goes away is
// ended with it. A push isn't once its whole body is here: Git finishes it, so
// that every ref that changes is recorded (G29).
func (t *transfer) run() {
	if t.body != nil {
		t.process.stdin, _ = t.process.cmd.StdinPipe() // fails only on a command that has started
	}
	stdout, _ := t.process.cmd.StdoutPipe()
	if err := t.process.cmd.Start(); err != nil {
		t.s.Log.Error("git does not start", "id", t.id, "error", err)
		t.limitBody()
		t.say(http.StatusInternalServerError, "Internal Server Error")
		return
	}
	t.conn.enter(moving)
	http.NewResponseController(t.w).SetWriteDeadline(time.Time{})
	t.stall = time.AfterFunc(t.s.GitStall, t.end)
	defer t.stall.Stop()
	defer context.AfterFunc(t.s.hard, t.end)()
	if t.push == nil {
		defer context.AfterFunc(t.ctx, t.end)()
	}
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		t.feed()
	}()
	t.relay(stdout)
	t.stopFeeding(fed)
	t.finish(t.process.wait())
}

// end ends Git, and whatever waits for the client.
func (t *transfer) end() {
	t.process.end()
	control := http.NewResponseController(t.w)
	control.SetReadDeadline(time.Unix(1, 0))
	control.SetWriteDeadline(time.Unix(1, 0))
}

// feed copies the body to Git. If the body is cut off or broken, Git is ended:
// it must not take a part for the whole. What Git doesn't want any more is read
// all the same, so that the client gets to read the answer.
func (t *transfer) feed() {
	if t.body == nil {
		return
	}
	defer t.process.stdin.Close()
	buffer := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buffer)
	for {
		n, err := t.body.Read(buffer[:])
		if n > 0 {
			t.stall.Reset(t.s.GitStall)
			if t.push != nil && t.before == nil && t.push.silent() {
				t.before = t.refs() // nothing has changed yet: Git has not seen the end of the list
			}
			if _, err := t.process.stdin.Write(buffer[:n]); err != nil { // Git has ended, or will
				io.CopyBuffer(io.Discard, t.raw, buffer[:])
				return
			}
		}
		if err == io.EOF {
			return
		}
		if err != nil {
			if t.cut(err) {
				t.process.end()
			}
			return
		}
	}
}

// cut notes why the body ended too early, unless that doesn't matter any more.
func (t *transfer) cut(err error) (matters bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.enough {
		t.bodyErr = err
	}
	return !t.enough
}

// lingering is how long a client that still sends is listened to after Git's
// last word: closed at once, its connection might lose the answer.
const lingering = time.Second

// stopFeeding waits for feed. Git has closed its output by now and reads no
// more; the client may still be sending.
func (t *transfer) stopFeeding(fed chan struct{}) {
	select {
	case <-fed:
	default:
		t.mu.Lock()
		t.enough = true
		t.mu.Unlock()
		t.linger()
		<-fed
	}
	if t.raw != nil && t.raw.ended.Load() {
		t.unlimitBody(moving)
	} else {
		t.linger()
	}
}

func (t *transfer) linger() {
	http.NewResponseController(t.w).SetReadDeadline(time.Now().Add(lingering))
}

func (t *transfer) bodyError() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bodyErr
}

// relay copies Git's output to the client. When a push's report is complete it
// is recorded before the client learns of it.
func (t *transfer) relay(stdout io.Reader) {
	buffer := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buffer)
	for {
		n, err := stdout.Read(buffer[:])
		if n > 0 {
			t.stall.Reset(t.s.GitStall)
			if t.push != nil && t.push.answer(buffer[:n]) {
				t.record(t.push.changes())
			}
			if t.bodyError() == nil && !t.deaf {
				t.send(buffer[:n])
			}
		}
		if err != nil {
			return
		}
	}
}

func (t *transfer) send(piece []byte) {
	t.begin()
	_, err := t.w.Write(piece)
	if err == nil && t.flush {
		err = http.NewResponseController(t.w).Flush()
	}
	if err != nil {
		t.deaf = true
		if t.push == nil {
			t.process.end()
		}
	}
}

// begin sends the head of the answer (G4).
func (t *transfer) begin() {
	if t.sending {
		return
	}
	t.sending = true
	t.closeUnlessRead()
	h := t.w.Header()
	h.Set("Content-Type", t.contentType)
	h.Set("Cache-Control", "no-cache, max-age=0, must-revalidate")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "Fri, 01 Jan 1980 00:00:00 GMT")
	t.w.WriteHeader(http.StatusOK)
	io.WriteString(t.w, t.preamble)
}

// closeUnlessRead ends the connection with the answer that is about to begin, if
// there is more of the request than was read by now.
func (t *transfer) closeUnlessRead() {
	if t.raw != nil && !t.raw.ended.Load() {
		t.w.Header().Set("Connection", "close")
	}
}

// say answers with a line instead of Git's output.
func (t *transfer) say(status int, text string) {
	t.closeUnlessRead()
	t.plain(status, text)
}

// finish answers for a process that has ended.
func (t *transfer) finish(failed error) {
	cut := t.bodyError()
	if t.push != nil && t.push.unreported() {
		t.record(t.push.changesSeen(t.before, t.refs()))
	}
	if failed != nil && cut == nil {
		t.s.Log.Warn("git failed", "id", t.id, "error", failed, "stderr", strings.TrimSpace(t.process.stderr.String()))
	}
	ended := t.process.wasEnded()
	if ended && !t.sending { // end has set a deadline
		t.w.Header().Set("Connection", "close")
		http.NewResponseController(t.w).SetWriteDeadline(time.Now().Add(killAfter))
	}
	switch {
	case ended && (t.sending || t.ctx.Err() != nil):
		panic(http.ErrAbortHandler) // the client is gone, or must not take a part for the whole
	case t.sending:
	case errors.Is(cut, errBadGzip):
		t.say(http.StatusBadRequest, textBadGzip)
	case errors.Is(cut, errPktLine):
		t.say(http.StatusBadRequest, textGarbage)
	case errors.Is(cut, errTooManyRefs):
		t.say(http.StatusBadRequest, "There are "+cut.Error()+".")
	case cut != nil:
		t.say(http.StatusBadRequest, textCut)
	case ended:
		t.say(http.StatusServiceUnavailable, "The request was ended.")
	case failed != nil && t.body == nil:
		t.say(http.StatusInternalServerError, "Internal Server Error")
	case failed != nil:
		t.say(http.StatusBadRequest, textGarbage)
	default:
		t.begin()
	}
}

// record notes an accepted push (G29). It is done whether or not the client is
// still there: the refs have changed.
func (t *transfer) record(changes []model.RefUpdate) {
	if len(changes) == 0 {
		return
	}
	err := t.s.Store.Pushed(context.WithoutCancel(t.ctx), t.actor(model.GitDoor), model.Push{ProjectID: t.project, Refs: changes})
	if err != nil {
		t.s.Log.Error("an accepted push is not recorded", "id", t.id, "project", t.project, "refs", len(changes), "error", err)
	}
	t.s.pushed(t.process.cmd.Dir)
}

// refs is what each ref of the repository is now: for clients that ask Git for
// no report, and for Git that was ended.
func (t *transfer) refs() map[string]string {
	p := t.s.gitProcess(t.process.cmd.Dir, "", "for-each-ref", "--format=%(objectname) %(refname)")
	out, err := p.cmd.Output()
	if err != nil {
		t.s.Log.Error("git for-each-ref failed", "id", t.id, "error", err)
	}
	refs := map[string]string{}
	for line := range bytes.Lines(out) {
		id, name, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
		refs[name] = id
	}
	return refs
}
