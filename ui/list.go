package ui

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// list is the one list: a screen full of rows that come from the store a page
// at a time. What differs between lists is data in its first fields.
type list[T any] struct {
	app     *App
	path    func() []string // crumbs
	keys    keys.Set
	columns []column[T]
	id      func(T) int64
	fetch   func(context.Context, wanted, model.Page) (model.List[T], error) // beside Update
	sorts   []string                                                         // what s goes through; empty: one order only
	parse   func(filter string) error                                        // what is wrong with a filter line; nil: any text is right
	hints   func(word string) []string
	acts    map[keys.Action]func() tea.Cmd
	cans    map[keys.Action]func() error
	words   func(keys.Binding) string
	peek    func(T) screen
	aside   func() string
	who     func() string
	empty   string               // "No projects yet."
	begin   string               // and how to make the first: "n makes the first"
	what    string               // what the rows are: "projects"
	loaded  func()               // after rows came
	also    func() tea.Cmd       // what else is read with the rows
	above   func(w int) []string // what stands over the heading
	title   func() string        // instead of the columns' heads
	beside  bool                 // may be shown beside the list that it was opened from

	w, h    int
	rows    []T // a window on all rows
	cells   [][]string
	widths  []int
	picked  []int    // the columns that have room
	from    int      // the number of the window's first page
	starts  []string // where page i starts, as far as known
	more    bool     // there are rows behind the window
	cur     int      // the current row, counted from the first of all
	top     int      // the first row drawn
	total   int      // rows that fit the filter, once counted
	all     int      // rows without one
	counted bool
	marks   map[int64]bool
	former  map[int64]bool // what esc has cleared
	err     error
	ready   bool // rows have come at least once
	past    bool // the rows are those of before another order or filter
	held    tea.KeyPressMsg
	req     request
	counts  request // beside the rows: counting may take longer than reading
	marking request
	changed bool // all may no longer be the number of rows without a filter

	sort    int
	reverse bool
	filter  input
	open    bool // the filter line is being typed into
	applied string
	preset  string // the filter that it was opened with, by a row that means those; nobody typed it
	wrong   error  // with what is typed
}

// wanted says which rows, in which order.
type wanted struct {
	filter  string
	sort    int
	reverse bool
}

func (l *list[T]) wanted() wanted { return wanted{l.applied, l.sort, l.reverse} }

const (
	pageRows = 50                          // rows a page
	farthest = model.CountLimit / pageRows // how many pages G goes to the end
	gutter   = 3                           // cells before the first column: mark, marker, blank
)

// pages is how many pages the window has: what is on the screen and a page on
// either side.
func (l *list[T]) pages() int { return 2 + (l.h+pageRows-1)/pageRows }

// first is the number of the window's first row.
func (l *list[T]) first() int { return l.from * pageRows }

func (l *list[T]) crumbs() []string { return l.path() }

func (l *list[T]) set() keys.Set {
	if l.open {
		return keys.FilterLine
	}
	return l.keys
}

func (l *list[T]) typing() bool { return l.open }

func (l *list[T]) word(b keys.Binding) string {
	if l.words != nil && !l.open {
		return l.words(b)
	}
	return b.Short
}

func (l *list[T]) resize(w, h int) {
	if l.w == w && l.h == h {
		return
	}
	l.w, l.h = w, h
	l.measure()
	l.scroll()
}

func (l *list[T]) load() tea.Cmd {
	l.changed = true
	if l.also == nil {
		return l.read(l.from, false)
	}
	return tea.Batch(l.also(), l.read(l.from, false))
}

func (l *list[T]) detail() bool { return l.beside }

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
				return win, fmt.Errorf("the end is more than %s rows away: S reverses the order, / narrows it", group(model.CountLimit))
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
	held := l.held
	l.err, l.past, l.held = err, false, tea.KeyPressMsg{}
	if err != nil {
		if unseen(err) {
			l.rows, l.cells, l.marks = nil, nil, nil
		}
		if len(l.rows) > 0 { // else the screen says it
			l.app.fail(err)
		}
		return nil
	}
	current, had := l.current()
	l.rows, l.starts, l.more, l.from = win.rows, win.starts, win.more, win.from
	if last {
		l.cur = l.first() + len(l.rows) - 1
	} else if had && !anew {
		id := l.id(current)
		if i := slices.IndexFunc(l.rows, func(row T) bool { return l.id(row) == id }); i >= 0 {
			l.cur = l.first() + i
		}
	}
	l.ready = true
	if reload || l.widths == nil {
		l.widths = nil
	}
	l.measure()
	l.scroll()
	if l.loaded != nil {
		l.loaded()
	}
	var then tea.Cmd
	if held.Code != 0 {
		then = l.app.key(held)
	}
	if !reload {
		return tea.Batch(l.app.follow(), then)
	}
	return tea.Batch(l.app.follow(), l.count(), then)
}

func (l *list[T]) letGo() { l.held = tea.KeyPressMsg{} }

// unseen tells whether what was asked for isn't there for the person, or no
// longer: what is on the screen of it must go.
func unseen(err error) bool {
	return errors.Is(err, model.ErrNotFound) || errors.Is(err, model.ErrDenied)
}

// holds keeps a key that is meant for a row until those that are being read have
// come: what is typed ahead is done to what it was typed for. The next key lets
// go of it.
func (l *list[T]) holds(key tea.KeyPressMsg, action keys.Action) bool {
	l.letGo()
	if coming := l.past || !l.ready && l.req.busy; !coming {
		return false
	}
	switch _, acts := l.acts[action]; {
	case action == keys.New, action == keys.Reload:
		return false
	case acts, action == keys.Mark, action == keys.MarkAll:
		l.held = key
		return true
	}
	return false
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

// current is the row that the marker stands on.
func (l *list[T]) current() (row T, ok bool) {
	if i := l.cur - l.first(); i >= 0 && i < len(l.rows) {
		return l.rows[i], true
	}
	return row, false
}

// on runs do for the current row, if there is one.
func (l *list[T]) on(do func(T) tea.Cmd) func() tea.Cmd {
	return func() tea.Cmd {
		if row, ok := l.current(); ok {
			return do(row)
		}
		return nil
	}
}

// move goes to the row with that number, as far as there are rows.
func (l *list[T]) move(to int) tea.Cmd {
	l.cur = to
	l.scroll()
	switch pages := (len(l.rows) + pageRows - 1) / pageRows; {
	case l.req.busy:
	case l.more && l.cur >= l.first()+(pages-1)*pageRows:
		return l.read(l.from+1, false)
	case l.from > 0 && l.cur < l.first()+pageRows:
		return l.read(l.from-1, false)
	}
	return nil
}

// scroll keeps the current row in the window and on the screen.
func (l *list[T]) scroll() {
	l.cur = max(min(l.cur, l.first()+len(l.rows)-1), l.first(), 0)
	n := l.visible()
	l.top = min(l.top, l.cur)
	l.top = max(l.top, l.cur-n+1)
	l.top = max(min(l.top, l.first()+len(l.rows)-n), l.first(), 0)
}

// visible is how many rows are drawn at once.
func (l *list[T]) visible() int {
	n := l.h - 1
	if l.above != nil {
		n -= len(l.above(l.w))
	}
	if l.app.low() && l.filtering() {
		n--
	}
	if l.app.slim() {
		n /= 2
	}
	return max(n, 1)
}

func (l *list[T]) filtering() bool { return l.open || l.applied != "" }

func (l *list[T]) preview() (screen, bool) {
	if l.peek == nil {
		return nil, false
	}
	if row, ok := l.current(); ok {
		return l.peek(row), true
	}
	return nil, true
}

func (l *list[T]) can(do keys.Action) error {
	if can := l.cans[do]; can != nil {
		return can()
	}
	return nil
}

func (l *list[T]) act(p press) tea.Cmd {
	switch p.action {
	case keys.Up:
		return l.move(l.cur - 1)
	case keys.Down:
		return l.move(l.cur + 1)
	case keys.HalfUp:
		return l.move(l.cur - max(l.visible()/2, 1))
	case keys.HalfDown:
		return l.move(l.cur + max(l.visible()/2, 1))
	case keys.Top:
		if l.from == 0 {
			return l.move(0)
		}
		return l.again()
	case keys.Bottom:
		if l.more {
			return l.read(l.from, true)
		}
		return l.move(l.first() + len(l.rows) - 1)
	case keys.Sort:
		l.sort, l.reverse = (l.sort+1)%len(l.sorts), false
		return l.again()
	case keys.Reverse:
		l.reverse = !l.reverse
		return l.again()
	case keys.Mark:
		return l.mark()
	case keys.MarkAll:
		return l.markAll()
	case keys.Filter, keys.Keep, keys.Leave, keys.Complete:
		return l.filterAct(p.action)
	case keys.Back:
		return l.back()
	}
	if do := l.acts[p.action]; do != nil {
		return do()
	}
	return nil
}

// again reads from the top, maybe in another order or with another filter. The
// rows and their number stay until the new ones come: nothing flickers while
// somebody types.
func (l *list[T]) again() tea.Cmd {
	l.starts, l.past, l.ready = nil, true, len(l.rows) > 0
	l.marking.drop()
	return l.read(0, false)
}

// back leaves the filter; then clears the marks; then leaves the screen.
func (l *list[T]) back() tea.Cmd {
	switch {
	case l.filtering() && (l.open || l.preset == "" || l.applied != l.preset):
		return l.filterAct(keys.Leave)
	case len(l.marks) > 0:
		l.former, l.marks = l.marks, nil
		return nil
	}
	return l.app.back()
}

// remark brings cleared marks back.
func (l *list[T]) remark() bool {
	if l.former == nil || len(l.marks) > 0 {
		return false
	}
	l.marks, l.former = l.former, nil
	return true
}

func (l *list[T]) mark() tea.Cmd {
	row, ok := l.current()
	if !ok {
		return nil
	}
	if l.marks == nil {
		l.marks = map[int64]bool{}
	}
	if id := l.id(row); l.marks[id] {
		delete(l.marks, id)
	} else {
		l.marks[id] = true
	}
	return l.move(l.cur + 1)
}

// maxMarks is how many rows can be marked at once: what is done to them is one
// transaction.
const maxMarks = 1000

// markAll marks every row that the filter shows.
func (l *list[T]) markAll() tea.Cmd {
	rows := l.wanted()
	return ask(l.app, &l.marking, func(ctx context.Context) (map[int64]bool, error) {
		ids, after := map[int64]bool{}, ""
		for {
			found, err := l.fetch(ctx, rows, model.Page{Limit: model.MaxPage, After: after})
			if err != nil {
				return nil, err
			}
			for _, row := range found.Rows {
				ids[l.id(row)] = true
			}
			if after = found.Next; after == "" {
				return ids, nil
			}
			if len(ids) >= maxMarks {
				return nil, fmt.Errorf("a marks at most %d rows: narrow the filter", maxMarks)
			}
		}
	}, func(ids map[int64]bool, err error) tea.Cmd {
		if err != nil {
			l.app.fail(err)
			return nil
		}
		l.marks = ids
		return nil
	})
}

// chosen is the ids of the marked rows, or of the current one.
func (l *list[T]) chosen() []int64 {
	var ids []int64
	for id := range l.marks {
		ids = append(ids, id)
	}
	if row, ok := l.current(); ok && len(ids) == 0 {
		ids = []int64{l.id(row)}
	}
	slices.Sort(ids)
	return ids
}
