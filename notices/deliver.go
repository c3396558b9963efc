package notices

import (
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"sync"
	"time"

	"patrol/model"
)

// Config is what all targets share.
type Config struct {
	Store   model.Events
	Version func() (uint64, error) // changes with whatever changes
	Now     func() time.Time
	Log     *slog.Logger
	Process string // no other has this name
	// Hook runs an executable with a text on its standard input.
	Hook func(ctx context.Context, file, text string) error
	// What GitLab tells of a place.
	Project func(context.Context, model.Place) (GitLabProject, error)
	Group   func(context.Context, model.Place) (model.Group, error)
}

func (c Config) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}

// When a target is looked after.
const (
	lookEvery  = time.Second      // whether anything has changed
	retryFirst = 5 * time.Second  // doubled after each failure
	retryLast  = 10 * time.Minute // that it is doubled to
	heldFor    = 2 * MostTime     // by one process, from its last delivery on
	waitTurn   = 30 * time.Second // while another process delivers
	batch      = 100
)

// peer is what takes events. Its errors hold no secret and no address.
type peer interface {
	deliver(context.Context, model.TokenEvent) error
}

func (t Target) peer(c Config) (peer, error) {
	switch t.Type {
	case "webhook":
		return newWebhook(t, c)
	case "mail":
		return newMailer(t, c)
	case "hook":
		if t.File == "" {
			return nil, errors.New("a hook needs a file to run")
		}
		if _, err := exec.LookPath(t.File); err != nil {
			return nil, errors.New("the hook's file can't be run: name an executable file")
		}
		return hook{t.File, c}, nil
	case "log":
		return logger{c.Log, t.Name}, nil
	}
	return nil, errors.New("type is webhook, mail, hook or log")
}

// Test sends one event that never happened.
func Test(ctx context.Context, t Target, c Config) error {
	p, err := t.peer(c)
	if err != nil {
		return err
	}
	return p.deliver(ctx, Sample(c.now()))
}

// Deliver tells every target what happens, each on its own, until ctx is done.
func Deliver(ctx context.Context, list []Target, c Config) {
	c.Version = together(c.Version)
	var all sync.WaitGroup
	for _, t := range list {
		p, err := t.peer(c)
		if err != nil { // Load has looked
			c.Log.Error("a target of notices can't be used", "target", t.Name, "error", err)
			continue
		}
		all.Go(func() { (&runner{target: t, peer: p, config: c}).run(ctx) })
	}
	all.Wait()
}

// together lets all targets look once: PostgreSQL is asked for each look.
func together(version func() (uint64, error)) func() (uint64, error) {
	var mu sync.Mutex
	var looked time.Time
	var last uint64
	var err error
	return func() (uint64, error) {
		mu.Lock()
		defer mu.Unlock()
		if time.Since(looked) >= lookEvery/2 {
			last, err = version()
			looked = time.Now()
		}
		return last, err
	}
}

// runner looks after one target.
type runner struct {
	target Target
	peer   peer
	config Config
	state  model.TargetState
	known  bool // the store has given it to this process
}

func (r *runner) run(ctx context.Context) {
	defer r.letGo(context.WithoutCancel(ctx))
	for wait, seen := time.Duration(0), uint64(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = lookEvery
		version, err := r.config.Version()
		if err == nil && r.known && version == seen && r.state.StuckAt.IsZero() {
			continue
		}
		seen = version
		if more, err := r.round(ctx); err != nil && ctx.Err() == nil {
			wait = r.patience()
			r.config.Log.Warn("a target of notices has failed and is tried again", "target", r.target.Name, "error", err, "after", wait)
		} else if more {
			wait = 0
		} else if !r.known {
			wait = waitTurn
		}
	}
}

// patience is how long a target is left alone after a failure.
func (r *runner) patience() time.Duration {
	return min(retryFirst<<min(max(r.state.Failures-1, 0), 10), retryLast)
}

// round tells a target a batch of what is new.
func (r *runner) round(ctx context.Context) (more bool, err error) {
	if !r.known {
		if err := r.claim(ctx); err != nil || !r.known {
			return false, err
		}
	}
	list, reached, more, err := r.config.Store.NextEvents(ctx, r.state.Position, r.target.Wanted(), batch)
	if err != nil {
		return false, err
	}
	if len(list) == 0 {
		skipped := reached.Audit - r.state.Position.Audit
		gone := !more && !r.state.StuckAt.IsZero() // what it didn't take is no news any more
		r.state.Position = reached
		if gone {
			r.state.StuckAt = time.Time{}
		}
		if gone || skipped >= 1000 {
			return more, r.save(ctx)
		}
		return more, nil
	}
	before := r.state.Position
	if err := r.claim(ctx); err != nil || !r.known {
		return false, err
	}
	if behind(before, r.state.Position) { // another process was faster
		return true, nil
	}
	for _, e := range list {
		if err := r.tell(ctx, e); err != nil || !r.known {
			return false, err
		}
	}
	r.state.Position = reached
	return more, nil
}

// behind tells whether a target has come further than one has seen.
func behind(seen, stored model.Position) bool {
	return stored.Audit > seen.Audit || stored.Notice > seen.Notice || stored.Refused > seen.Refused
}

// claim makes this process deliver, unless another does.
func (r *runner) claim(ctx context.Context) (err error) {
	state, mine, err := r.config.Store.ClaimTarget(ctx, r.target.Name, r.config.Process, heldFor)
	if err == nil {
		r.state, r.known = state, mine
	}
	return err
}

// save notes how far the target has come, and holds it, unless another process
// has it by now.
func (r *runner) save(ctx context.Context) (err error) {
	// Where that failed, it is asked again how far it has come.
	r.known, err = r.config.Store.SaveTarget(context.WithoutCancel(ctx), r.state, r.config.Process, heldFor)
	return err
}

// tell delivers one event, and notes what became of it.
func (r *runner) tell(ctx context.Context, e model.TokenEvent) error {
	limited, cancel := context.WithTimeout(ctx, MostTime)
	defer cancel()
	failed := r.peer.deliver(limited, e)
	now := r.config.now()
	switch {
	case ctx.Err() != nil && failed != nil:
		return failed // it is the server that ends
	case failed == nil:
		r.state.Delivered++
		r.state.TakenAt, r.state.FailingAt, r.state.StuckAt, r.state.Failures, r.state.Error = now, time.Time{}, time.Time{}, 0, ""
		r.state.Position = e.After
	case now.Sub(e.At) > model.MostTried:
		r.config.Log.Warn("a notice was given up", "target", r.target.Name, "id", e.ID, "error", failed)
		r.state.Dropped++
		r.state.Position = e.After
		r.note(now, e, failed)
		r.state.StuckAt, failed = time.Time{}, nil
	default:
		r.note(now, e, failed)
	}
	if err := r.save(ctx); err != nil {
		return errors.Join(failed, err)
	}
	return failed
}

// note keeps a failure.
func (r *runner) note(now time.Time, e model.TokenEvent, failed error) {
	if r.state.Failures == 0 {
		r.state.FailingAt = now
	}
	r.state.StuckAt, r.state.Error = e.At, cut(model.Clean(failed.Error()), 300)
	r.state.Failures++
}

func (r *runner) letGo(ctx context.Context) {
	if !r.known {
		return
	}
	if _, err := r.config.Store.SaveTarget(ctx, r.state, r.config.Process, 0); err != nil {
		r.config.Log.Warn("a target of notices wasn't let go", "target", r.target.Name, "error", err)
	}
}
