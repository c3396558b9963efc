package storage

import (
	"context"
	"slices"
	"sync"
	"time"

	"patrol/model"
)

// flushEvery is how long what requests came to waits at most to be written.
const flushEvery = 2 * time.Second

// traffic gathers, beside the requests' path, which tokens were used (R95) and
// which were refused (R99), counts both (R95a), and writes it in batches. A crash
// loses the last seconds; a clean stop nothing.
type traffic struct {
	mu       sync.Mutex
	latest   map[tokenAtDoor]map[string]time.Time // when each address was last noted, so that a busy token costs a look
	known    int                                  // addresses in latest
	pending  map[int64]*noted
	counts   map[counted]*model.UseCount
	wake     chan struct{}
	counting chan struct{}
	done     chan struct{}
	stopped  chan struct{}
}

// tokenAtDoor is whom a request is counted with.
type tokenAtDoor struct {
	token int64
	door  model.Door
}

// noted is what one token's requests came to since the last writing.
type noted struct {
	uses     []use           // of different addresses, the last at the end
	refusals []model.Refusal // different ones, the last at the end
	since    map[model.Door]sinceSuccess
}

// sinceSuccess counts the refusals of one door.
type sinceSuccess struct {
	again bool // there was a success: what was counted before is void
	count int
}

// maxLatest bounds the memory of what was noted last, in addresses.
const maxLatest = 10_000

// maxUses bounds what is written at once of one token, of which the last few
// addresses stay.
const maxUses = 50

func (r *traffic) start(db *DB) {
	r.latest, r.pending = map[tokenAtDoor]map[string]time.Time{}, map[int64]*noted{}
	r.counts = map[counted]*model.UseCount{}
	r.wake, r.counting, r.done, r.stopped = make(chan struct{}, 1), make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	go r.run(db)
}

func (r *traffic) stop() {
	close(r.done)
	<-r.stopped
}

func (r *traffic) use(token int64, door model.Door, n use) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(token, door, n.address, n.at, model.UseCount{LetIn: 1})
	at := tokenAtDoor{token, door}
	last, known := r.latest[at][n.address]
	if known && n.at.Sub(last) < addressEvery && !n.at.Before(last) {
		return
	}
	if r.known >= maxLatest {
		clear(r.latest)
		r.known = 0
	}
	if r.latest[at] == nil {
		r.latest[at] = map[string]time.Time{}
	}
	if !known {
		r.known++
	}
	r.latest[at][n.address] = n.at
	of := r.of(token)
	of.uses = slices.DeleteFunc(of.uses, func(o use) bool { return o.address == n.address })
	if len(of.uses) == maxUses {
		of.uses = slices.Delete(of.uses, 0, 1)
	}
	of.uses = append(of.uses, n)
	of.since[door] = sinceSuccess{again: true}
}

func (r *traffic) refuse(n model.Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(n.TokenID, n.Door, "", n.Last, model.UseCount{Refused: 1})
	at := tokenAtDoor{n.TokenID, n.Door}
	r.known -= len(r.latest[at])
	delete(r.latest, at) // the next success is news
	of := r.of(n.TokenID)
	since := of.since[n.Door]
	since.count++
	of.since[n.Door] = since
	i := slices.IndexFunc(of.refusals, func(o model.Refusal) bool { return o.Door == n.Door && o.Asked == n.Asked && o.Rule == n.Rule })
	switch {
	case i >= 0:
		n.First, n.Count = of.refusals[i].First, of.refusals[i].Count+1
		of.refusals = slices.Delete(of.refusals, i, i+1)
	case len(of.refusals) == keptRefusals:
		of.refusals = slices.Delete(of.refusals, 0, 1)
	}
	of.refusals = append(of.refusals, n)
}

// of is what is noted of a token. The writing is asked for.
func (r *traffic) of(token int64) *noted {
	of := r.pending[token]
	if of == nil {
		of = &noted{since: map[model.Door]sinceSuccess{}}
		r.pending[token] = of
	}
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return of
}

func (r *traffic) run(db *DB) {
	defer close(r.stopped)
	for {
		select {
		case <-r.done:
			r.flush(db)
			return
		case <-r.wake:
			r.rest(flushEvery)
		case <-r.counting:
			r.rest(countedBy)
		}
		r.flush(db)
	}
}

// rest waits for more to be written at once: a while, but flushEvery at most for
// what was noted meanwhile.
func (r *traffic) rest(d time.Duration) {
	after := time.After(d)
	select {
	case <-r.done:
		return
	case <-after:
		return
	case <-r.wake:
	}
	select {
	case <-r.done:
	case <-after:
	case <-time.After(flushEvery):
	}
}

func (r *traffic) flush(db *DB) {
	r.mu.Lock()
	pending, counts := r.pending, r.counts
	r.pending, r.counts = map[int64]*noted{}, map[counted]*model.UseCount{}
	r.mu.Unlock()
	if len(pending) == 0 && len(counts) == 0 {
		return
	}
	err := db.change(context.Background(), model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		for token, of := range pending {
			if err := t.used(token, of.uses); err != nil {
				return err
			}
			if err := t.refusals(token, of); err != nil {
				return err
			}
		}
		return t.useCounts(counts)
	})
	if err != nil {
		db.log.Warn("cannot write what requests came to", "error", err, "tokens", len(pending))
	}
}
