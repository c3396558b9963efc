// Package ssh is the SSH door: Git with a token or a person's key, and the
// console with a person's key (G40–G45). Beside these two it serves nothing: no
// shell, no files, no forwarding.
package ssh

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"charm.land/ssh"
	"charm.land/wish/v2"

	"patrol/model"
	"patrol/server/door"
)

// Config says what a Server serves, and how. House, Git and HostKey are
// required; every zero duration or number stands for the default named beside
// it.
type Config struct {
	House   *door.House
	Git     *door.Git
	HostKey *HostKey
	// Console shows the console on a terminal until the person leaves it or ctx
	// ends; the terminal is in order again then. Nil: there is none.
	Console func(ctx context.Context, t Terminal) error

	HandshakeTime time.Duration // what a client gets to log in; 15 s
	Patience      time.Duration // ends a connection that has sent nothing so long, though it was asked; 2 min
	CloseTime     time.Duration // what a client gets to take the rest and close its side, once its session must end; 5 s
	DrainLimit    time.Duration // what running sessions get after Serve is told to end; 30 s
	Connections   int           // at once; 1,000
	Newcomers     int           // of those, that haven't logged in; 256
	Consoles      int           // at once; 100
}

// Terminal is where a person sits.
type Terminal struct {
	Actor   model.Actor
	Plain   bool // lines are wanted, not screens
	User    model.User
	In      io.Reader
	Out     io.Writer
	Env     []string // NAME=value
	Size    Size
	Resizes <-chan Size // the latest one only
}

// Size is a terminal's, in cells. 0 is unknown.
type Size struct{ Width, Height int }

// Server is the SSH door.
type Server struct {
	Config
	wish     *ssh.Server
	limits   limits
	consoles chan struct{} // holds one for each that is open
	leaving  context.Context
	leave    context.CancelFunc
	running  sessions
}

// New makes a Server.
func New(c Config) (*Server, error) {
	c.HandshakeTime = cmp.Or(c.HandshakeTime, 15*time.Second)
	c.Patience = cmp.Or(c.Patience, 2*time.Minute)
	c.CloseTime = cmp.Or(c.CloseTime, 5*time.Second)
	c.DrainLimit = cmp.Or(c.DrainLimit, 30*time.Second)
	c.Connections = cmp.Or(c.Connections, 1000)
	c.Newcomers = cmp.Or(c.Newcomers, 256)
	s := &Server{Config: c, consoles: make(chan struct{}, cmp.Or(c.Consoles, 100))}
	s.limits = newLimits(c.Connections, c.Newcomers)
	s.leaving, s.leave = context.WithCancel(context.Background())
	var err error
	s.wish, err = wish.NewServer(wish.WithVersion("Patrol"), wish.WithHostKeyPEM(c.HostKey.pem), wish.WithIdleTimeout(c.Patience), func(w *ssh.Server) error {
		w.HandshakeTimeout = c.HandshakeTime
		w.ConnCallback = s.admit
		w.ServerConfigCallback = s.logins
		// The library's own session takes an agent, any number of variables, and
		// rewrites what is written to a terminal.
		w.ChannelHandlers = map[string]ssh.ChannelHandler{"session": s.session}
		w.RequestHandlers = map[string]ssh.RequestHandler{}
		w.SubsystemHandlers = map[string]ssh.SubsystemHandler{}
		return nil
	})
	return s, err
}

// Serve answers the connections of a listener until ctx is done. Then consoles
// are left in order, Git gets Config.DrainLimit to finish, and nothing new
// begins. It returns nil once all has ended.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ended := make(chan error, 1)
	go func() { ended <- s.wish.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	s.leave()
	l.Close()
	if !s.running.wait(s.DrainLimit) {
		s.House.Log.Warn("SSH sessions still running after the drain limit are ended", "limit", s.DrainLimit)
	}
	s.wish.Close()
	if err := <-ended; !errors.Is(err, ssh.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Sessions is how many are running.
func (s *Server) Sessions() int { return s.running.count() }

// sessions counts what runs. Once it is waited for nothing begins any more.
type sessions struct {
	mu     sync.Mutex
	now    int
	closed bool
	empty  chan struct{}
}

func (r *sessions) begin() (ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.now++
	return true
}

func (r *sessions) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now--; r.now == 0 && r.closed {
		close(r.empty)
	}
}

func (r *sessions) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// wait tells whether all have ended within the limit.
func (r *sessions) wait(limit time.Duration) bool {
	r.mu.Lock()
	r.closed, r.empty = true, make(chan struct{})
	if r.now == 0 {
		close(r.empty)
	}
	r.mu.Unlock()
	select {
	case <-r.empty:
		return true
	case <-time.After(limit):
		return false
	}
}
