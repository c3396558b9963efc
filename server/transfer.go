package server

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"patrol/git"
	"patrol/model"
	"patrol/server/door"
)

// advertise answers info/refs with what Git says of the repository's refs.
func (c *gitCall) advertise(service *door.Service, e model.Entrance) {
	protocol := c.R.Header.Get("Git-Protocol")
	t := &transfer{gitCall: c, contentType: "application/x-" + string(service.Name) + "-advertisement"}
	if service == door.Pushing || protocol != "version=2" {
		t.preamble = git.PktLine("# service="+string(service.Name)+"\n") + "0000"
	}
	t.run(e, git.Transfer{Service: service.Name, Protocol: protocol, Stateless: true, Advertise: true})
}

// exchange answers the POST of a fetch or a push.
func (c *gitCall) exchange(service *door.Service, e model.Entrance, zipped bool) {
	t := &transfer{gitCall: c, contentType: "application/x-" + string(service.Name) + "-result", raw: &wholeBody{from: c.R.Body}, flush: true}
	in := io.Reader(t.raw)
	if zipped {
		in = &gunzip{from: t.raw}
	}
	t.run(e, git.Transfer{Service: service.Name, Protocol: c.R.Header.Get("Git-Protocol"), Stateless: true, In: in, Rest: t.raw})
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

// transfer is one Git process between a request's body and its answer.
type transfer struct {
	*gitCall
	contentType string
	preamble    string
	raw         *wholeBody // of the request; nil: none
	flush       bool       // send each piece at once
	sending     bool       // the answer has begun
}

// How long a client gets to take Git's last words, and how long one that still
// sends is listened to after them: closed at once, its connection might lose the
// answer.
const (
	lastWords = 5 * time.Second
	lingering = time.Second
)

func (t *transfer) run(e model.Entrance, g git.Transfer) {
	t.Moves() // it may take hours; what stalls is ended by Config.GitStall
	if !t.takeSlot() {
		t.LimitBody()
		return
	}
	defer t.s.Git.Slots.Free(t.Address)
	if g.In != nil {
		t.Control.EnableFullDuplex() // progress reaches the client while it still sends (G24)
	}
	g.Out, g.Gone, g.Interrupt, g.Enough = t, t.Context, t.interrupt, t.linger
	outcome, err := t.s.Git.Run(t.Visit, e, g)
	if err != nil {
		t.linger()
		t.say(http.StatusInternalServerError, "Internal Server Error")
		return
	}
	if t.raw != nil && t.raw.ended.Load() {
		t.Moves()
	} else {
		t.linger()
	}
	t.finish(g, outcome)
}

// interrupt ends whatever waits for the client.
func (t *transfer) interrupt() {
	t.Control.SetReadDeadline(time.Unix(1, 0))
	t.Control.SetWriteDeadline(time.Unix(1, 0))
}

func (t *transfer) linger() { t.Control.SetReadDeadline(time.Now().Add(lingering)) }

// Write sends a piece of Git's output to the client.
func (t *transfer) Write(piece []byte) (n int, err error) {
	t.begin()
	if n, err = t.W.Write(piece); err == nil && t.flush {
		err = t.Control.Flush()
	}
	return n, err
}

// begin sends the head of the answer (G4).
func (t *transfer) begin() {
	if t.sending {
		return
	}
	t.sending = true
	t.closeUnlessRead()
	h := t.W.Header()
	h.Set("Content-Type", t.contentType)
	h.Set("Cache-Control", "no-cache, max-age=0, must-revalidate")
	h.Set("Pragma", "no-cache")
	h.Set("Expires", "Fri, 01 Jan 1980 00:00:00 GMT")
	t.W.WriteHeader(http.StatusOK)
	io.WriteString(t.W, t.preamble)
}

// closeUnlessRead ends the connection with the answer that is about to begin, if
// there is more of the request than was read by now.
func (t *transfer) closeUnlessRead() {
	if t.raw != nil && !t.raw.ended.Load() {
		t.W.Header().Set("Connection", "close")
	}
}

// say answers with a line instead of Git's output.
func (t *transfer) say(status int, text string) {
	t.closeUnlessRead()
	t.Plain(status, text)
}

// finish answers for a process that has ended.
func (t *transfer) finish(g git.Transfer, o git.Outcome) {
	if o.Ended && !t.sending { // interrupt has set a deadline
		t.W.Header().Set("Connection", "close")
		t.Control.SetWriteDeadline(time.Now().Add(lastWords))
	}
	switch {
	case o.Ended && (t.sending || t.Context.Err() != nil):
		panic(http.ErrAbortHandler) // the client is gone, or must not take a part for the whole
	case t.sending:
	case errors.Is(o.Cut, errBadGzip):
		t.say(http.StatusBadRequest, textBadGzip)
	case errors.Is(o.Cut, git.ErrPktLine):
		t.say(http.StatusBadRequest, textGarbage)
	case errors.Is(o.Cut, git.ErrTooManyRefs):
		t.say(http.StatusBadRequest, "There are "+o.Cut.Error()+".")
	case o.Cut != nil:
		t.say(http.StatusBadRequest, textCut)
	case o.Ended:
		t.say(http.StatusServiceUnavailable, "The request was ended.")
	case o.Failed != nil && g.In == nil:
		t.say(http.StatusInternalServerError, "Internal Server Error")
	case o.Failed != nil:
		t.say(http.StatusBadRequest, textGarbage)
	default:
		t.begin()
	}
}
