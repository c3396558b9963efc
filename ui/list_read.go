package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// window is what one look at the store has found.
type window[T any] struct {
	rows   []T
	starts []string
	more   bool
	from   int
}

// read reads the window that starts at page from, or the last one there is.
func (l *list[T]) read(from int, last bool) tea.Cmd {
	rows, pages, starts := l.wanted(), l.pages(), slices.Clone(l.starts)
	anew := len(starts) == 0
	if anew {
		starts, from = []string{""}, 0
	}
	reload := from == l.from || !l.ready || anew
	from = min(from, len(starts)-1)
	return ask(l.app, &l.req, func(ctx context.Context) (window[T], error) {
		win := window[T]{starts: starts[:from+1], from: from}
		for page := from; page < win.from+pages || last; page++ {
			if last && page > farthest {
				return win, l.tooFar()
			}
			found, err := l.fetch(ctx, rows, model.Page{Limit: pageRows, After: win.starts[page]})
			if err != nil {
				return win, err
			}
			if len(found.Rows) == 0 && len(win.rows) == 0 && page > 0 { // all that was from here on is gone
				win.starts, win.from = win.starts[:page], page-1
				page -= 2
				continue
			}
			win.rows = append(win.rows, found.Rows...)
			win.more = found.Next != ""
			if !win.more {
				break
			}
			win.starts = append(win.starts, found.Next)
			if len(win.rows) >= pages*pageRows && last { // keep the last ones only
				win.rows = slices.Delete(win.rows, 0, pageRows)
				win.from++
			}
		}
		return win, nil
	}, func(win window[T], err error) tea.Cmd {
		if err == nil && anew {
			l.cur, l.top = 0, 0
		}
		return l.take(win, err, reload, last, anew)
	})
}

// take puts what was read in place. The current row stays the same one, if it
// is still there, unless it was all read anew.
func (l *list[T]) take(win window[T], err error, reload, last, anew bool) tea.Cmd {
	l.err, l.past = err, false
	if err != nil {
		l.letGo()
		if unseen(err) {
			l.rows, l.cells, l.marks = nil, nil, nil
		}
		if len(l.rows) > 0 { // else the screen says it
			l.app.fail(err)
		}
		return nil
	}
	show := func() {
		l.rows, l.starts, l.more, l.from = win.rows, win.starts, win.more, win.from
		if l.compose != nil {
			l.rows = l.compose(l.rows)
		}
	}
	switch {
	case last:
		show()
		l.cur = l.first() + len(l.rows) - 1
	case anew:
		show()
	case !l.stay(show):
		l.gone = l.news
	}
	l.ready = true
	if reload || l.widths == nil {
		l.widths = nil
	}
	l.measure()
	l.scroll()
	var then tea.Cmd
	if l.loaded != nil {
		then = l.loaded()
	}
	then = tea.Batch(then, l.release())
	if !reload {
		return tea.Batch(l.app.follow(), then)
	}
	return tea.Batch(l.app.follow(), l.count(), l.countOutside(), then)
}

// stay changes the rows and keeps the current one; false: it has gone.
func (l *list[T]) stay(change func()) bool {
	current, had := l.current()
	change()
	if !had {
		return true
	}
	id := l.id(current)
	i := slices.IndexFunc(l.rows, func(row T) bool { return l.id(row) == id })
	if i >= 0 {
		l.cur = l.first() + i
	}
	return i >= 0
}

// tooFar is why G doesn't go to the end of very many rows.
func (l *list[T]) tooFar() error {
	way := "/ narrows it"
	if len(l.sorts) > 0 {
		way = "S reverses the order, " + way
	}
	return fmt.Errorf("the end is over %s rows away: %s", group(model.CountLimit), way)
}

// unseen tells whether what was asked for isn't there for the person, or no
// longer: what is on the screen of it must go.
func unseen(err error) bool {
	return errors.Is(err, model.ErrNotFound) || errors.Is(err, model.ErrDenied)
}

// count counts the rows that fit the filter. What fits one window needs no
// looking.
func (l *list[T]) count() tea.Cmd {
	rows, fit, all := l.wanted(), -1, l.all
	if l.changed {
		all = 0
	}
	if !l.more {
		fit = l.first() + len(l.rows)
		l.setTotal(fit)
		if l.applied == "" || all > 0 {
			l.counts.drop()
			return nil
		}
	}
	type totals struct{ fit, all int }
	return ask(l.app, &l.counts, func(ctx context.Context) (n totals, err error) {
		count := func(rows wanted) (int, error) {
			found, err := l.fetch(ctx, rows, model.Page{Limit: 1, Count: true})
			return found.Total, err
		}
		n = totals{fit, all}
		if n.fit < 0 {
			if n.fit, err = count(rows); err != nil {
				return n, err
			}
		}
		if rows.filter != "" && n.all == 0 { // opened with a filter
			n.all, err = count(wanted{})
		}
		return n, err
	}, func(n totals, err error) tea.Cmd {
		if err == nil {
			l.all, l.changed = n.all, false
			l.setTotal(n.fit)
		}
		return nil
	})
}

func (l *list[T]) setTotal(n int) {
	l.total, l.counted = n, true
	if l.applied == "" {
		l.all = n
	}
}

// again reads from the top, maybe in another order or with another filter. The
// rows and their number stay until the new ones come: nothing flickers while
// somebody types.
func (l *list[T]) again() tea.Cmd {
	l.starts, l.past, l.ready = nil, true, len(l.rows) > 0
	l.marking.drop()
	return l.read(0, false)
}
