package git

import (
	"context"
	"runtime"
	"testing"
)

// G30: one peer gets half of the slots, and the others the rest.
func TestSlots(t *testing.T) {
	over, stop := context.WithCancel(t.Context())
	stop() // who can't have one at once has waited long enough
	s := NewSlots(4)
	take := func(peer string, want bool) {
		t.Helper()
		if got := s.Take(over, peer); got != want {
			t.Errorf("%s: %v", peer, got)
		}
	}
	take("a", true)
	take("a", true)
	take("a", false)
	take("b", true)
	take("c", true)
	take("c", false)
	given := make(chan bool)
	go func() { given <- s.Take(t.Context(), "b") }()
	s.Free("a")
	if !<-given {
		t.Error("b waits although a slot is free")
	}
	take("a", false) // all are taken
	closed := make(chan struct{})
	go func() {
		s.Close()
		close(closed)
	}()
	for _, peer := range []string{"a", "b", "b", "c"} {
		select {
		case <-closed:
			t.Fatal("closed while slots are taken")
		default:
		}
		s.Free(peer)
	}
	<-closed
	take("a", false)
	if n := s.Taken(); n != 0 {
		t.Errorf("%d are taken", n)
	}
	full := NewSlots(1)
	full.Take(over, "a")
	waiting, leave := context.WithCancel(t.Context())
	left := make(chan bool)
	for range maxWaitingPeer {
		go func() { left <- full.Take(waiting, "a") }()
	}
	for full.queuedOf("a") < maxWaitingPeer {
		runtime.Gosched()
	}
	if full.Take(t.Context(), "a") {
		t.Error("one more than may wait has a slot")
	}
	leave()
	for range maxWaitingPeer {
		if <-left {
			t.Error("a slot was given twice")
		}
	}
	if n := full.queuedOf("a"); n != 0 {
		t.Errorf("%d still wait", n)
	}
	one := NewSlots(1)
	if !one.Take(over, "a") || one.Take(over, "b") {
		t.Error("a single slot")
	}
}

func (s *Slots) queuedOf(peer string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queued[peer]
}
