package ssh

import (
	"net"
	"net/netip"
	"sync"

	"charm.land/ssh"
)

// limits bound the connections: all of them, those that haven't logged in, and
// of both what one address may have, so that it never keeps the others out.
type limits struct {
	mu             sync.Mutex
	all, newcomers count
}

// count is a number of connections, altogether and by address.
type count struct {
	most, share int // of all, and of one address
	taken       int
	by          map[string]int // none with 0
}

func newLimits(connections, newcomers int) limits {
	return limits{all: newCount(connections), newcomers: newCount(newcomers)}
}

func newCount(most int) count {
	return count{most: most, share: max(most/4, 1), by: map[string]int{}}
}

func (c *count) full(address string) bool { return c.taken >= c.most || c.by[address] >= c.share }

func (c *count) add(address string) {
	c.taken++
	c.by[address]++
}

func (c *count) remove(address string) {
	c.taken--
	if c.by[address]--; c.by[address] == 0 {
		delete(c.by, address)
	}
}

// connection is one that counts, until it is closed.
type connection struct {
	net.Conn
	limits  *limits
	address string

	channels int  // that are open
	known    bool // it has logged in
	closed   bool
}

// admit takes a connection, or none (nil) where there are too many.
func (s *Server) admit(ctx ssh.Context, conn net.Conn) net.Conn {
	c := &connection{Conn: conn, limits: &s.limits, address: addressOf(conn.RemoteAddr())}
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	if s.leaving.Err() != nil || s.limits.all.full(c.address) || s.limits.newcomers.full(c.address) {
		return nil
	}
	s.limits.all.add(c.address)
	s.limits.newcomers.add(c.address)
	ctx.SetValue(connectionKey{}, c)
	return c
}

type connectionKey struct{}

// loggedIn makes room for the next newcomer.
func (c *connection) loggedIn() {
	c.limits.mu.Lock()
	defer c.limits.mu.Unlock()
	c.settle()
}

// settle ends its time as a newcomer. limits.mu is held.
func (c *connection) settle() {
	if !c.known {
		c.known = true
		c.limits.newcomers.remove(c.address)
	}
}

// open counts a channel, unless there are enough.
func (c *connection) open() (ok bool) {
	c.limits.mu.Lock()
	defer c.limits.mu.Unlock()
	if ok = c.channels < maxChannels; ok {
		c.channels++
	}
	return ok
}

func (c *connection) shut() {
	c.limits.mu.Lock()
	defer c.limits.mu.Unlock()
	c.channels--
}

// Close gives its place back.
func (c *connection) Close() error {
	c.limits.mu.Lock()
	if !c.closed {
		c.closed = true
		c.settle()
		c.limits.all.remove(c.address)
	}
	c.limits.mu.Unlock()
	return c.Conn.Close()
}

// addressOf is an address without its port; empty: it has none.
func addressOf(a net.Addr) string {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return ""
	}
	return at.Addr().Unmap().String()
}
