package ui

import (
	"context"
	"time"

	"patrol/keys"

	tea "charm.land/bubbletea/v2"
)

// screen is one page of the console, or a box over it. Only App calls it. quiet
// has what most screens answer.
type screen interface {
	crumbs() []string  // what the header says after the instance, outermost first
	resize(w, h int)   // the body's size in cells
	view() page        // draws what it has; never reads
	set() keys.Set     // the keys it knows
	act(press) tea.Cmd // a key of set, or one of App's that it leaves to the screen

	load() tea.Cmd            // reads from the store: when shown, when uncovered, on R, and when something has changed
	typing() bool             // letters are text: keys that set doesn't hold go to update
	update(tea.Msg) tea.Cmd   // a key or a paste, while typing
	can(keys.Action) error    // nil, or why not now: then the key leaves the footer, and pressing it says why
	word(keys.Binding) string // what the footer calls it; usually b.Short

	box() bool                               // drawn over the one below
	once() bool                              // there is no way back to it: what it holds is lost by leaving it
	guard() *question                        // asked before that; nil: nothing to lose
	left() tea.Cmd                           // it was left all the same
	detail() bool                            // fits beside the list that it was opened from
	preview() (s screen, ok bool)            // what shows the current row beside it: nil if there is no row; false: it has none
	remark() bool                            // brings back marks that were cleared
	holds(tea.KeyPressMsg, keys.Action) bool // keeps a key until what it is meant for has come
	letGo()                                  // of that key
}

// quiet is what a screen answers that has nothing to say.
type quiet struct{}

func (quiet) load() tea.Cmd                           { return nil }
func (quiet) typing() bool                            { return false }
func (quiet) update(tea.Msg) tea.Cmd                  { return nil }
func (quiet) can(keys.Action) error                   { return nil }
func (quiet) word(b keys.Binding) string              { return b.Short }
func (quiet) box() bool                               { return false }
func (quiet) once() bool                              { return false }
func (quiet) guard() *question                        { return nil }
func (quiet) left() tea.Cmd                           { return nil }
func (quiet) detail() bool                            { return false }
func (quiet) preview() (screen, bool)                 { return nil, false }
func (quiet) remark() bool                            { return false }
func (quiet) holds(tea.KeyPressMsg, keys.Action) bool { return false }
func (quiet) letGo()                                  {}

// press is a key that a set holds.
type press struct {
	action keys.Action
	key    string
}

// page is what a screen wants drawn.
type page struct {
	top    string    // row 2, left: tabs or the filter line
	aside  string    // row 2, right
	rows   []string  // the body, from the top
	foot   string    // row 23, left: the position
	who    string    // the header, behind the user: the role in the place shown
	cursor *position // where the terminal's cursor stands, in the body; y -1 is row 2
}

type position struct{ x, y int }

// request numbers what one asker wants of the store, so that an answer that a
// newer request has overtaken is dropped.
type request struct {
	number int
	busy   bool // no answer yet
	slow   bool // and that for 150 ms
	cancel context.CancelFunc
}

// slowAfter is how long old rows stand unmarked while new ones are read.
const slowAfter = 150 * time.Millisecond

// answer carries what a request has found, or a timer that has run out, back
// to Update.
type answer struct {
	to     *request
	number int
	do     func() tea.Cmd
}

// ask asks the store without holding up the console. then runs in Update with
// what was found, unless r has been asked something else since; the context of
// an overtaken request is cancelled. If the store can't answer,
// the console says so and reads again when it can.
func ask[T any](a *App, r *request, find func(context.Context) (T, error), then func(T, error) tea.Cmd) tea.Cmd {
	return work(a, r, find, func(found T, err error) tea.Cmd {
		a.noticed(err)
		return then(found, err)
	})
}

// attempt is ask for what changes something: whether to try again is for the
// person to say. While the database's file is gone nothing is tried, because
// what is written to it then would be lost.
func attempt[T any](a *App, r *request, do func(context.Context) (T, error), then func(T, error) tea.Cmd) tea.Cmd {
	return work(a, r, func(ctx context.Context) (done T, err error) {
		a.changing.RLock()
		defer a.changing.RUnlock()
		ctx = context.WithoutCancel(ctx) // what was asked for is done, also if the console ends
		if err := a.Store.Ready(ctx); err != nil {
			return done, err
		}
		return do(ctx)
	}, then)
}

func work[T any](a *App, r *request, find func(context.Context) (T, error), then func(T, error) tea.Cmd) tea.Cmd {
	r.drop()
	ctx, cancel := context.WithCancel(a.ctx)
	r.busy, r.cancel = true, cancel
	number := r.number
	answering := func() tea.Msg {
		found, err := find(ctx)
		return answer{r, number, func() tea.Cmd {
			defer cancel() // what was found may hang on it until then
			r.busy, r.slow = false, false
			return then(found, err)
		}}
	}
	slow := a.after(slowAfter, answer{r, number, func() tea.Cmd {
		r.slow = r.busy
		return nil
	}})
	return tea.Batch(answering, slow)
}

// wait runs do in Update after d, unless r has been asked something else since.
func (a *App) wait(r *request, d time.Duration, do func() tea.Cmd) tea.Cmd {
	r.drop()
	return a.after(d, answer{r, r.number, do})
}

// drop forgets the request that is under way.
func (r *request) drop() {
	if r.cancel != nil {
		r.cancel()
	}
	r.number++
	r.busy, r.slow, r.cancel = false, false, nil
}
