package storage

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"patrol/model"
)

// Many use cases share one commit, and with it one wait for the disk. How many
// at most, so that the first doesn't wait too long for the last.
const maxBatch = 256

// writer runs use cases that change something, one after another, those that
// wait at the same time in one transaction with a savepoint each. It answers
// them after the commit.
//
// A cancelled context would interrupt SQLite and roll the whole transaction
// back, other people's use cases with it. So the writer works without
// cancellation and looks at each caller's context before its savepoint only. If
// the transaction is lost all the same (disk full, I/O), each use case runs
// again in a transaction of its own.
//
// SQLite keeps in memory what a savepoint may have to put back: every page that
// was touched. So a use case that may touch any number of them, because it
// removes all that somebody has made, is large: it has a transaction to itself,
// and needs no savepoint.
type writer struct {
	db      *DB
	conn    *conn
	jobs    chan *job
	done    chan struct{} // closed: no more is taken
	stopped chan struct{} // closed: all that was taken is answered
}

type job struct {
	ctx     context.Context
	actor   model.Actor
	do      func(*tx) error
	large   bool
	answer  chan error
	settled atomic.Bool // it runs, or its caller has withdrawn it: whichever came first
	running bool        // the writer's: it has begun
}

// begin tells whether a use case may run: its caller hasn't withdrawn it. It may
// run again after its transaction was lost.
func (j *job) begin() bool {
	if !j.running {
		j.running = j.ctx.Err() == nil && j.settled.CompareAndSwap(false, true)
	}
	return j.running
}

// withdraw tells whether a use case will surely never run.
func (j *job) withdraw() bool { return j.settled.CompareAndSwap(false, true) }

func newWriter(db *DB, c *conn) *writer {
	return &writer{db: db, conn: c, jobs: make(chan *job, maxBatch), done: make(chan struct{}), stopped: make(chan struct{})}
}

func (w *writer) start() { go w.run() }

// stop lets the use cases that wait finish. Who asks later is told so.
func (w *writer) stop() {
	close(w.done)
	<-w.stopped
}

// errClosed answers who asks for a change after the store was closed.
var errClosed = &model.Reason{Text: "Patrol is stopping. Nothing was changed.", Remedy: "try again", Kind: model.ErrUnavailable}

// errRehearsing refuses every change under --at.
var errRehearsing = &model.Reason{Rule: "R174", Kind: model.ErrReadOnly,
	Text: "The clock is set by --at: nothing can be changed.", Remedy: "without --at"}

// change runs a use case that changes something and waits until it is
// committed, or refused with nothing changed.
func (db *DB) change(ctx context.Context, a model.Actor, do func(*tx) error) error {
	return db.submit(&job{ctx: ctx, actor: a, do: do})
}

// changeLarge is change for a large use case.
func (db *DB) changeLarge(ctx context.Context, a model.Actor, do func(*tx) error) error {
	return db.submit(&job{ctx: ctx, actor: a, do: do, large: true})
}

// submit waits no longer than the caller does, unless the use case has begun:
// then the answer says what became of it.
func (db *DB) submit(j *job) error {
	if db.readOnly {
		return errRehearsing
	}
	if err := j.ctx.Err(); err != nil {
		return err
	}
	w := db.writer
	j.answer = make(chan error, 1)
	select {
	case <-w.done:
		return errClosed
	default:
	}
	select {
	case w.jobs <- j:
	case <-w.done:
		return errClosed
	case <-j.ctx.Done():
		return j.ctx.Err()
	}
	select {
	case err := <-j.answer:
		return db.engine.Explain(err)
	case <-j.ctx.Done():
		if j.withdraw() {
			return j.ctx.Err()
		}
	case <-w.stopped: // after the last answer, or too late for one
		if j.withdraw() {
			return errClosed
		}
	}
	return db.engine.Explain(<-j.answer)
}

func (w *writer) run() {
	defer close(w.stopped)
	for {
		first := w.waiting()
		if first == nil {
			select {
			case first = <-w.jobs:
			case <-w.done:
				if first = w.waiting(); first == nil {
					return
				}
			}
		}
		for first != nil {
			first = w.next(first)
			w.db.engine.Committed(w.conn.c)
		}
	}
}

// waiting takes the use case that waits longest, nil if there is none.
func (w *writer) waiting() *job {
	select {
	case j := <-w.jobs:
		return j
	default:
		return nil
	}
}

// refuseWaiting answers all who wait with what the first was told, if the database
// is locked or away: each would wait as long again.
func (w *writer) refuseWaiting(err error) {
	if !w.db.engine.Locked(err) && !w.db.engine.Gone(err) {
		return
	}
	for range len(w.jobs) { // not those who ask again already
		(<-w.jobs).answer <- err
	}
}

// next runs a use case, with those that wait in the same transaction. It gives
// the large one that it met on the way, which comes after them.
func (w *writer) next(first *job) (met *job) {
	if first.large {
		err := w.alone(first)
		first.answer <- err
		w.refuseWaiting(err)
		return nil
	}
	batch := []*job{first}
	answers, err := w.transaction(func(run func(*job) error) []error {
		answers := []error{run(first)}
		for len(batch) < maxBatch && met == nil && !w.db.engine.Lost(answers[len(answers)-1]) {
			next := w.waiting()
			switch {
			case next == nil:
				return answers
			case next.large:
				met = next
			default:
				batch = append(batch, next)
				answers = append(answers, run(next))
			}
		}
		return answers
	})
	if err != nil && len(batch) > 1 && !errors.Is(err, errUnsure) {
		w.oneByOne(batch)
		return met
	}
	for i, j := range batch {
		if err != nil {
			j.answer <- err
		} else {
			j.answer <- answers[i]
		}
	}
	w.refuseWaiting(err)
	return met
}

// alone runs a large use case in a transaction without a savepoint. If it is
// refused, the entry of that is written in another one.
func (w *writer) alone(j *job) error {
	t := w.tx(j, &chain{})
	err := w.whole(t, func(t *tx) error {
		if !j.begin() {
			return j.ctx.Err()
		}
		return j.do(t)
	})
	if err == nil || t.refused == nil || w.db.engine.Lost(err) {
		return err
	}
	t.chain = &chain{}
	if e := w.whole(t, func(t *tx) error { return t.appendRefusal(t.refused) }); e != nil {
		return e
	}
	return err
}

// whole does something in a transaction of its own.
func (w *writer) whole(t *tx, do func(*tx) error) error {
	if err := w.begin(t.ctx); err != nil {
		return err
	}
	t.conn = w.conn
	err := guarded(do, t)
	if err == nil {
		err = w.commit(t.ctx, t.chain)
	}
	if err != nil {
		w.rollback(t.ctx)
		return err
	}
	w.db.committed.add(1)
	return nil
}

// tx is a use case's transaction, which its caller can't cancel any more.
func (w *writer) tx(j *job, shared *chain) *tx {
	return &tx{db: w.db, conn: w.conn, ctx: context.WithoutCancel(j.ctx), actor: j.actor, now: w.db.Now(), chain: shared}
}

// oneByOne gives each use case a transaction of its own, after the one that
// they shared was lost.
func (w *writer) oneByOne(batch []*job) {
	var err error
	for _, j := range batch {
		if w.db.engine.Locked(err) || w.db.engine.Gone(err) {
			j.answer <- err
			continue
		}
		var answers []error
		answers, err = w.transaction(func(run func(*job) error) []error { return []error{run(j)} })
		if err == nil {
			err = answers[0]
		}
		j.answer <- err
	}
}

// transaction runs use cases in one transaction. An error is the transaction's:
// then nothing of any of them was written.
func (w *writer) transaction(do func(run func(*job) error) []error) ([]error, error) {
	ctx := context.Background()
	if err := w.begin(ctx); err != nil {
		return []error{err}, err
	}
	shared := &chain{}
	answers := do(func(j *job) error { return w.savepoint(j, shared) })
	if err := answers[len(answers)-1]; w.db.engine.Lost(err) {
		w.rollback(ctx)
		return answers, err
	}
	if err := w.commit(ctx, shared); err != nil {
		w.rollback(ctx)
		return answers, err
	}
	w.db.committed.add(len(answers))
	return answers, nil
}

// begin begins a transaction, on another connection if the last one was lost.
func (w *writer) begin(ctx context.Context) error {
	w.conn.trim()
	err := w.conn.begin(ctx, true)
	if !w.db.gone(err) {
		return err
	}
	c, err := w.db.newConn(ctx, Writer)
	if err != nil {
		return err
	}
	w.conn.discard()
	w.conn = c
	return c.begin(ctx, true)
}

// errUnsure answers use cases of which nobody knows whether they were committed:
// they aren't run again.
var errUnsure = &model.Reason{Text: "The connection to the database broke in the middle of the commit: whether the change was made isn't known.",
	Remedy: "look before you try again", Kind: model.ErrUnavailable}

func (w *writer) commit(ctx context.Context, end *chain) error {
	err := w.conn.commit(ctx, end)
	if w.db.engine.Gone(err) {
		return errUnsure
	}
	return err
}

// rollback ends a transaction that failed. SQLite may have ended it already;
// then there is nothing to roll back, and it says so.
func (w *writer) rollback(ctx context.Context) { w.conn.exec(ctx, "ROLLBACK") }

// savepoint runs one use case. If it fails, nothing of it stays but the audit
// entry of a refusal.
func (w *writer) savepoint(j *job, shared *chain) (err error) {
	if !j.begin() {
		return j.ctx.Err()
	}
	t := w.tx(j, shared)
	if err := t.exec("SAVEPOINT use_case"); err != nil {
		return err
	}
	before := *shared
	if err = guarded(j.do, t); err == nil {
		return t.exec("RELEASE use_case")
	}
	if w.db.engine.Lost(err) {
		return err
	}
	*shared = before
	if e := t.exec("ROLLBACK TO use_case"); e != nil {
		return e
	}
	if t.refused != nil {
		if e := t.appendRefusal(t.refused); e != nil {
			if w.db.engine.Lost(e) {
				return e
			}
			*shared, err = before, e
			if e := t.exec("ROLLBACK TO use_case"); e != nil { // a transaction may be of no use after an error
				return e
			}
		}
	}
	if e := t.exec("RELEASE use_case"); e != nil {
		return e
	}
	return err
}

// errPanicked answers a use case that panicked; the others go on.
var errPanicked = errors.New("internal error: the use case failed and nothing was changed")

// guarded turns a panic into errPanicked. Its value isn't logged: it may hold
// anything.
func guarded(do func(*tx) error, t *tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			kind := fmt.Sprintf("%T", p)
			if e, ok := p.(runtime.Error); ok {
				kind = e.Error()
			}
			t.db.log.Error("use case panicked", "kind", kind, "stack", string(debug.Stack()))
			err = errPanicked
		}
	}()
	return do(t)
}
