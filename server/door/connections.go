package door

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// Connections are a server's open ones. Once it drains, none of them may hold it
// up by saying nothing: http.Server.Shutdown counts a new connection as busy for
// five seconds, and waits for a body as long as its handler does.
type Connections struct {
	mu      sync.Mutex
	open    map[net.Conn]*connection
	hurried bool
}

// connection is one of them, with what it is at.
type connection struct {
	all   *Connections
	conn  net.Conn
	phase phase
}

// phase is what a connection waits for.
type phase uint8

const (
	fresh   phase = iota // its first byte
	heading              // the rest of a request's head
	reading              // the rest of a body that is read before it is answered
	working              // the answer
	pacing               // many bytes, one after the other (Pace)
	moving               // a fetch or push, which takes its time; or HTTP/2, many things at once
)

// What a client gets to finish its request, and to take the answer, once the
// server drains. A fetch or push gets Config.DrainLimit.
const (
	hurriedRead  = 500 * time.Millisecond
	hurriedWrite = 5 * time.Second
	hurriedPace  = 2 * time.Second
)

// NewConnections makes an empty set.
func NewConnections() *Connections { return &Connections{open: map[net.Conn]*connection{}} }

type connectionKey struct{}

// Remember is for http.Server.ConnContext.
func (cs *Connections) Remember(ctx context.Context, conn net.Conn) context.Context {
	c := &connection{all: cs, conn: conn}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.open[conn] = c
	c.hurry()
	return context.WithValue(ctx, connectionKey{}, c)
}

// Note is for http.Server.ConnState.
func (cs *Connections) Note(conn net.Conn, state http.ConnState) {
	cs.mu.Lock()
	c := cs.open[conn]
	if state == http.StateClosed || state == http.StateHijacked {
		delete(cs.open, conn)
	}
	cs.mu.Unlock()
	if state == http.StateActive {
		c.enter(heading)
	}
}

// Hurry is for http.Server.RegisterOnShutdown.
func (cs *Connections) Hurry() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.hurried = true
	for _, c := range cs.open {
		c.hurry()
	}
}

// connectionOf is the connection of a request; nil where nobody drains it.
func connectionOf(r *http.Request) *connection {
	c, _ := r.Context().Value(connectionKey{}).(*connection)
	if r.ProtoMajor > 1 {
		c.enter(moving)
		return nil
	}
	return c
}

func (c *connection) enter(p phase) {
	if c == nil {
		return
	}
	c.all.mu.Lock()
	defer c.all.mu.Unlock()
	if c.phase = p; p != working { // its answer is on the way
		c.hurry()
	}
}

// hurry shortens what the connection may take, if the server drains. A read
// deadline would end a request that is at work: net/http reads ahead.
func (c *connection) hurry() {
	if !c.all.hurried {
		return
	}
	switch c.phase {
	case fresh:
		c.conn.Close()
	case heading, reading:
		c.conn.SetReadDeadline(time.Now().Add(hurriedRead))
		c.conn.SetWriteDeadline(time.Now().Add(hurriedWrite))
	case pacing:
		c.conn.SetDeadline(time.Now().Add(hurriedPace))
	case working:
		c.conn.SetWriteDeadline(time.Now().Add(hurriedWrite))
	}
}
