package cli

import (
	"context"
	"log/slog"
	"sync"
)

// host serves from the console's own process, so that a first clone needs no
// second terminal.
type host struct {
	s     *session
	mu    sync.Mutex
	end   context.CancelFunc
	ended chan struct{}
}

// start serves at the usual addresses of this machine, or where others have those
// at free ones, and gives the HTTP one.
func (h *host) start() (address string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	l, err := (&serveFlags{http: "127.0.0.1:8080", ssh: "127.0.0.1:2222"}).listen()
	if err != nil {
		if l, err = (&serveFlags{http: "127.0.0.1:0", ssh: "127.0.0.1:0"}).listen(); err != nil {
			return "", err
		}
	}
	v, err := h.s.newServing(serveFlags{}, l, slog.New(slog.DiscardHandler)) // a log would spoil the screen
	if err != nil {
		l.close()
		return "", err
	}
	ctx, end := context.WithCancel(context.WithoutCancel(h.s.ctx)) // it ends with the console, in order
	h.end, h.ended = end, make(chan struct{})
	go func() {
		defer close(h.ended)
		v.run(ctx) // its listeners are open: nothing else can fail
	}()
	return l.http.Addr().String(), nil
}

// stop ends it, if it runs: what is being transferred may finish.
func (h *host) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.end != nil {
		h.end()
		<-h.ended
	}
}
