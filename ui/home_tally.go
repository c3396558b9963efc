package ui

import (
	"context"
	"errors"
	"slices"
	"time"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// tallied is what is counted beside the first screen's rows.
type tallied struct {
	known  bool
	causes []cause
	closed []cause // the row of groups in which nobody can make tokens, if there are any
	hidden bool    // the person sees no place's tokens
	ends   model.Ends
	from   model.Date       // the day that ends begin with
	hours  []model.UseCount // of the instance; nil: not for the person
	idle   int              // tokens that nobody has used for long
	unused int              // of them, that nobody ever has
}

// Counting that took longer than tallyQuick rests ten times as long before it is
// done again: a busy instance changes all the time, and must not keep a
// processor of this machine.
const (
	tallyQuick = 250 * time.Millisecond
	tallyRest  = 10
)

// tally counts, unless that is under way or has to rest: then later.
func (h *home) tally() tea.Cmd {
	if h.counting.busy {
		h.stale = true
		return nil
	}
	if rest := time.Until(h.rested); rest > 0 {
		return h.app.wait(&h.counting, rest, h.recount)
	}
	return h.recount()
}

func (h *home) recount() tea.Cmd {
	a, start := h.app, time.Now()
	return ask(a, &h.counting, a.tallies, func(found tallied, err error) tea.Cmd {
		if took := time.Since(start); took > tallyQuick {
			h.rested = start.Add((tallyRest + 1) * took)
		}
		var settling tea.Cmd
		if err != nil {
			a.fail(err)
		} else {
			h.settle(h.counted.causes, found.causes)
			h.counted = found
			h.show()
			settling = tea.Batch(a.follow(), h.fade())
		}
		if !h.stale {
			return settling
		}
		h.stale = false
		return tea.Batch(settling, h.tally())
	})
}

// chartDays are those of which the ends are charted: eight weeks.
const chartDays = 56

func (a *App) tallies(ctx context.Context) (found tallied, err error) {
	found.known, found.from = true, a.today()
	if found.hidden, err = a.seesNoTokens(ctx); err != nil {
		return found, err
	}
	if found.ends, err = a.Store.EndsByDay(ctx, a.Actor, model.TokenQuery{}, found.from, chartDays); err != nil {
		return found, err
	}
	if found.hours, err = a.Store.UseByHour(ctx, a.Actor); err != nil && !errors.Is(err, model.ErrDenied) {
		return found, err
	}
	if found.causes, err = a.slowCauses(ctx); err != nil {
		return found, err
	}
	if found.closed, err = a.closed(ctx); err != nil {
		return found, err
	}
	idle, err := a.find(ctx, idleLine)
	if err != nil {
		return found, err
	}
	unused, err := a.find(ctx, idleLine+" last-used:never")
	found.idle, found.unused = idle.Total, unused.Total
	return found, err
}

// solvedFor is how long a row that has gone stays, faded.
const solvedFor = 8 * time.Second

// settle keeps what is no longer a cause for a moment, faded: of tokens which the
// person still sees. That is asked for here, and whose they are is shown when it
// is known. Where a row stands for several, a token that has no row of its own now
// may be one of them.
func (h *home) settle(before, now []cause) {
	for _, c := range before {
		still := func(other cause) bool {
			return other.key == c.key || other.rank == c.rank && other.token.ID == 0
		}
		if c.token.ID != 0 && !h.app.snoozed[c.key] && !slices.ContainsFunc(now, still) {
			c.look, c.solved, c.where, c.so, c.verb = okay, true, "", "solved", ""
			h.leaving = append(h.leaving, c)
		}
	}
	h.solved = slices.DeleteFunc(h.solved, func(c cause) bool {
		return slices.ContainsFunc(now, func(other cause) bool { return other.key == c.key })
	})
}

// fade asks which of the rows that have gone are of tokens that the person may
// still see, and shows those for a moment (R44, R48).
func (h *home) fade() tea.Cmd {
	a, gone := h.app, h.leaving
	if len(gone) == 0 {
		return nil
	}
	ids := make([]int64, len(gone))
	for i, c := range gone {
		ids[i] = c.token.ID
	}
	return ask(a, &h.settling, func(ctx context.Context) (model.List[model.Token], error) {
		return a.Store.Tokens(ctx, a.Actor, model.TokenQuery{IDs: ids, Deleted: true}, model.Page{Limit: model.MaxPage})
	}, func(found model.List[model.Token], err error) tea.Cmd {
		h.leaving = nil
		for _, c := range gone {
			i := slices.IndexFunc(found.Rows, func(t model.Token) bool { return t.ID == c.token.ID })
			if i < 0 {
				continue
			}
			if c.where = whose(found.Rows[i]); found.Rows[i].State(a.today()) == model.Expired {
				c.look, c.so = off, "it has ended"
			}
			h.solved = append(h.solved, c)
		}
		h.show()
		return a.wait(new(request), solvedFor, func() tea.Cmd { // each on its own, however many follow
			h.solved = slices.DeleteFunc(h.solved, func(c cause) bool {
				return slices.ContainsFunc(gone, func(other cause) bool { return other.key == c.key })
			})
			h.show()
			return nil
		})
	})
}
