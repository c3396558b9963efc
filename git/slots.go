package git

import (
	"context"
	"slices"
	"sync"
)

// Slots limit how many Git processes run at once (G30), and how many of them
// for one peer: a few slow clients must not keep everybody else out. Whoever
// waits longest comes first, of those that may have one.
type Slots struct {
	mu      sync.Mutex
	most    int
	share   int            // of one peer
	taken   int            // by all
	by      map[string]int // by peer; none with 0
	waiting []*waiter
	queued  map[string]int // of those, by peer; none with 0
	closed  bool
	empty   chan struct{} // closed once all are free and none is given any more
}

// How many may wait at once, of one peer and altogether: each holds a connection
// and what the client has sent.
const (
	maxWaitingPeer = 500
	maxWaiting     = 4 * maxWaitingPeer
)

type waiter struct {
	peer  string
	given chan struct{}
}

// NewSlots makes most slots, of which one peer gets half; a single one goes to
// anybody.
func NewSlots(most int) *Slots {
	return &Slots{most: most, share: max(most/2, 1), by: map[string]int{}, queued: map[string]int{}, empty: make(chan struct{})}
}

// Take waits for a slot until ctx is done, if not too many wait already. Only if
// ok it must be freed.
func (s *Slots) Take(ctx context.Context, peer string) (ok bool) {
	w := &waiter{peer, make(chan struct{})}
	if !s.queue(w) {
		return false
	}
	select {
	case <-w.given:
		return true
	default:
	}
	select {
	case <-w.given:
		return true
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting, w); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
		s.leave(w)
		return false
	}
	return true // it was given just now
}

func (s *Slots) queue(w *waiter) (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) >= maxWaiting || s.queued[w.peer] >= maxWaitingPeer {
		return false
	}
	s.queued[w.peer]++
	s.waiting = append(s.waiting, w)
	s.give()
	return true
}

// leave takes a waiter's number off. s.mu is held.
func (s *Slots) leave(w *waiter) {
	if s.queued[w.peer]--; s.queued[w.peer] == 0 {
		delete(s.queued, w.peer)
	}
}

// Free gives a slot back.
func (s *Slots) Free(peer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	if s.by[peer]--; s.by[peer] == 0 {
		delete(s.by, peer)
	}
	s.give()
}

// Close gives no more slots and waits until all are free.
func (s *Slots) Close() {
	s.mu.Lock()
	s.closed = true
	s.give()
	s.mu.Unlock()
	<-s.empty
}

// Taken is how many are in use.
func (s *Slots) Taken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

// Waiting is how many wait for one.
func (s *Slots) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}

// give gives free slots to those that wait and may have one. s.mu is held.
func (s *Slots) give() {
	if s.closed {
		if s.taken == 0 && s.by != nil {
			s.by = nil
			close(s.empty)
		}
		return
	}
	s.waiting = slices.DeleteFunc(s.waiting, func(w *waiter) bool {
		if s.taken == s.most || s.by[w.peer] >= s.share {
			return false
		}
		s.leave(w)
		s.taken++
		s.by[w.peer]++
		close(w.given)
		return true
	})
}
