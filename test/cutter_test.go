package test

import (
	"net"
	"path/filepath"
	"sync"
	"testing"
)

// cutter is a proxy before PostgreSQL, which cuts its connections or falls silent.
type cutter struct {
	mu     sync.Mutex
	cut    bool // nobody is let in
	silent chan struct{}
	open   map[net.Conn]bool
}

// startCutter gives the address of the database behind it, too.
func startCutter(t *testing.T, s *postgresServer) (p *cutter, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p = &cutter{open: map[net.Conn]bool{}, silent: make(chan struct{})}
	close(p.silent)
	t.Cleanup(func() { l.Close(); p.end() })
	go func() {
		for {
			front, err := l.Accept()
			if err != nil {
				return
			}
			back, err := net.Dial("unix", filepath.Join(s.folder, ".s.PGSQL.5432"))
			if err != nil || !p.add(front, back) {
				front.Close()
				continue
			}
			go p.copy(front, back)
			go p.copy(back, front)
		}
	}()
	return p, "postgres://patrol@" + l.Addr().String() + "/postgres?sslmode=disable"
}

func (p *cutter) add(ends ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range ends {
		p.open[c] = true
	}
	return !p.cut
}

func (p *cutter) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		speaks := p.silent
		p.mu.Unlock()
		<-speaks
		if n > 0 {
			to.Write(buffer[:n]) // if it can't, the next Read fails
		}
		if err != nil {
			return
		}
	}
}

// end cuts all connections and lets nobody in; heal lets them in again.
func (p *cutter) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.open {
		c.Close()
	}
	clear(p.open)
}

func (p *cutter) heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

// hush keeps back every byte until speak is called.
func (p *cutter) hush() (speak func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	silent := make(chan struct{})
	p.silent = silent
	return func() { close(silent) }
}
