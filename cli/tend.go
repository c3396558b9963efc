package cli

import (
	"context"
	"log/slog"
	"time"

	"patrol/model"
)

// When time's own work is done, beside all else (R122).
const (
	tendFirst = time.Second           // after the first frame or the first requests
	tendAgain = time.Minute           // at least so often, and at midnight UTC
	tendPause = 50 * time.Millisecond // between two batches, for the use cases of people
	tendOther = 20 * time.Second      // while another node does it, which may die
	tendRetry = time.Minute           // after something failed
)

// upkeep is the store, which knows whether this process is the one to do it (P7).
type upkeep interface {
	model.Store
	Leads(context.Context) (bool, error)
	ClockAhead() time.Duration
}

// tending is what time alone makes due, and the delivery of notices.
type tending struct {
	store upkeep
	log   *slog.Logger
	// deliver hands a notice to whom it may concern; nil: this process delivers
	// none.
	deliver func(context.Context, model.Notice) error
	warned  time.Time // of the clock
}

// tend does what is due beside everything else until the function is called
// that it gives. With --at nothing is ever due (R174).
func (s *session) tend(log *slog.Logger, deliver func(context.Context, model.Notice) error) (stop func()) {
	if s.options.ReadOnly {
		return func() {}
	}
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		(&tending{store: s.store, log: log, deliver: deliver}).run(ctx)
	}()
	return func() { cancel(); <-ended }
}

// tidyLimit is how long a command may do what is due before its own work.
const tidyLimit = time.Second

// tidy does what is due, if anything is. Whatever keeps it from that keeps nobody
// from the command.
func (s *session) tidy() {
	if s.options.ReadOnly {
		return
	}
	for end := time.Now().Add(tidyLimit); time.Now().Before(end); {
		if due, err := s.store.Due(s.ctx); err != nil || !due {
			return
		}
		if _, err := s.store.Tidy(s.ctx); err != nil {
			return
		}
	}
}

func (t *tending) run(ctx context.Context) {
	wait := tendFirst
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
			wait = t.round(ctx)
		}
	}
}

// round does a part of what is due and tells how long the next one has time.
func (t *tending) round(ctx context.Context) (wait time.Duration) {
	if t.deliver != nil {
		t.warnOfClock()
		switch leads, err := t.store.Leads(ctx); {
		case err != nil:
			return t.failed(ctx, err)
		case !leads:
			return tendOther
		}
	}
	more, err := t.store.Tidy(ctx)
	if err == nil && !more && t.deliver != nil {
		err = t.deliverAll(ctx)
	}
	switch {
	case err != nil:
		return t.failed(ctx, err)
	case more:
		return tendPause
	}
	now := t.store.Now()
	return min(tendAgain, (model.DateOf(now) + 1).Time().Sub(now))
}

// failed says that a round will be tried again, unless the process ends.
func (t *tending) failed(ctx context.Context, err error) (wait time.Duration) {
	if ctx.Err() == nil {
		t.log.Warn("upkeep failed and is tried again", "error", err, "after", tendRetry)
	}
	return tendRetry
}

// maxClockAhead is how far this machine's clock may be off before the log says so,
// once an hour (P3).
const maxClockAhead = 5 * time.Second

func (t *tending) warnOfClock() {
	ahead := t.store.ClockAhead()
	if ahead.Abs() < maxClockAhead || !t.warned.IsZero() && time.Since(t.warned) < time.Hour {
		return
	}
	t.warned = time.Now()
	t.log.Warn("this machine's clock differs from the database's, which counts: set it", "ahead", ahead.Round(time.Millisecond))
}

// deliverAll hands out what nobody has taken yet, oldest first. What fails is
// tried again with the next round, so that each is delivered at least once
// (R96).
func (t *tending) deliverAll(ctx context.Context) error {
	for {
		list, err := t.store.Undelivered(ctx, model.MaxPage)
		if err != nil {
			return err
		}
		for _, n := range list {
			if err := t.deliver(ctx, n); err != nil {
				return err
			}
			if err := t.store.Delivered(ctx, n.ID); err != nil {
				return err
			}
		}
		if len(list) < model.MaxPage {
			return nil
		}
	}
}
