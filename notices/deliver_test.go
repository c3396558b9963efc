package notices

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"patrol/model"
)

// What a target doesn't take for seven days is given up, and counted.
func TestGivenUp(t *testing.T) {
	h := newHouse(t)
	s, got := receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	r := h.runner("one", Target{Name: "chat", Type: "webhook", URL: s.URL, Secret: "x", Events: []model.EventKind{model.EventCreated}})
	h.create("a")
	h.create("b")
	h.at = h.at.Add(model.MostTried + time.Second)
	h.create("c")
	if _, err := r.round(t.Context()); err == nil {
		t.Error("the last is no failure")
	}
	if state := h.state(); state.Dropped != 2 || state.Delivered != 0 || len(got) != 3 {
		t.Errorf("%+v after %d", state, len(got))
	}
}

// Two processes on one database don't both deliver.
func TestOneDelivers(t *testing.T) {
	h := newHouse(t)
	s, got := receiver(t, func(http.ResponseWriter, *http.Request) {})
	target := Target{Name: "chat", Type: "webhook", URL: s.URL, Secret: "x"}
	one, two := h.runner("one", target), h.runner("two", target)
	h.create("a")
	for _, r := range []*runner{two, one, two} {
		if _, err := r.round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 1 {
		t.Errorf("delivered %d times", len(got))
	}
	h.at = h.at.Add(heldFor + time.Second) // the first has crashed
	h.create("b")
	for range 2 {
		if _, err := two.round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 2 {
		t.Errorf("after a crash: delivered %d times", len(got))
	}
}

// One that hangs delays no other, nor the end of the server.
func TestSlowReceiverDelaysNobody(t *testing.T) {
	h := newHouse(t)
	hang := make(chan struct{})
	slow, asked := receiver(t, func(http.ResponseWriter, *http.Request) { <-hang })
	defer close(hang)
	fast, got := receiver(t, func(http.ResponseWriter, *http.Request) {})
	list := []Target{{Name: "slow", Type: "webhook", URL: slow.URL, Secret: "x"}, {Name: "fast", Type: "webhook", URL: fast.URL, Secret: "x"}}
	for _, target := range list {
		h.runner("before", target).letGo(t.Context())
	}
	h.create("a")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		Deliver(ctx, list, h.config("one"))
	}()
	<-asked
	<-got
	h.create("b")
	<-got
	cancel()
	<-ended
	states, err := h.Targets(t.Context())
	if err != nil || len(states) != 2 || states[0].Delivered < 1 || /* the end may come before it is noted */ states[1].Delivered != 0 || states[1].Failures != 0 {
		t.Errorf("%+v, %v", states, err)
	}
}

// A notice that is no news any more isn't waited for.
func TestWithdrawn(t *testing.T) {
	h := newHouse(t)
	s, _ := receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	r := h.runner("one", Target{Name: "chat", Type: "webhook", URL: s.URL, Secret: "x", Events: []model.EventKind{model.EventExpiring}})
	made := h.create("deploy")
	h.at = h.at.AddDate(0, 0, 1)
	for more := true; more; {
		var err error
		if more, err = h.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.round(t.Context()); err == nil || h.state().Failures != 1 {
		t.Fatalf("%v, %+v", err, h.state())
	}
	if err := h.RevokeTokens(t.Context(), root, model.ProjectRef("acme/web"), made.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := r.round(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state := h.state(); !state.StuckAt.IsZero() || state.Failures != 1 {
		t.Errorf("it still waits for it: %+v", state)
	}
	if due, err := h.Outlook(t.Context()); err != nil || due.FailingTargets != 1 || !due.Notice.IsZero() {
		t.Errorf("G99: %+v, %v", due, err)
	}
}

// Fifty targets don't ask the database fifty times whether anything has changed.
func TestLookTogether(t *testing.T) {
	asked := 0
	version := together(func() (uint64, error) { asked++; return 7, nil })
	for range 50 {
		if v, err := version(); v != 7 || err != nil {
			t.Error(v, err)
		}
	}
	if asked > 5 {
		t.Errorf("asked %d times", asked)
	}
}

// Nothing has failed where another process delivers by now.
func TestOtherDelivers(t *testing.T) {
	h := newHouse(t)
	s, got := receiver(t, func(http.ResponseWriter, *http.Request) {})
	target := Target{Name: "chat", Type: "webhook", URL: s.URL, Secret: "x"}
	var said bytes.Buffer
	one, two := h.runner("one", target), h.runner("two", target)
	one.config.Log = slog.New(slog.NewTextHandler(&said, nil))
	h.at = h.at.Add(heldFor + time.Second) // nothing happened for a while
	h.create("a")
	for range 2 {
		if _, err := two.round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	one.letGo(t.Context())
	if len(got) != 1 || said.Len() > 0 {
		t.Errorf("delivered %d times, and said %s", len(got), &said)
	}
}
