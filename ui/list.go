package ui

import (
	"context"
	"errors"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// deed is what a list does on a key of its set.
type deed struct {
	do   func() tea.Cmd            // nil: what every list does on it
	can  func() error              // why not now; nil: always
	word func(usual string) string // what the footer calls it; nil: as usual
}

var errNoRow = errors.New("there is no row")

// list is the one list: a screen full of rows that come from the store a page
// at a time. What differs between lists is data in its first fields.
type list[T any] struct {
	quiet
	app     *App
	path    func() []string // crumbs
	keys    keys.Set
	columns []column[T]
	id      func(T) int64
	only    []int64                                                          // just these rows; nil: any
	fetch   func(context.Context, wanted, model.Page) (model.List[T], error) // beside Update
	sorts   []string                                                         // what s goes through; empty: one order only
	sorted  map[int]string                                                   // which column each of them is about, by its head
	parse   func(filter string) error                                        // what is wrong with a filter line; nil: any text is right
	hints   func(word string) []string
	deeds   map[keys.Action]deed
	peek    func(T) screen
	aside   func() string
	who     func() string
	empty   string               // "No projects yet."
	begin   string               // and how to make the first: "n makes the first"
	what    string               // what the rows are: "projects"
	loaded  func() tea.Cmd       // after rows came
	also    func() tea.Cmd       // what else is read with the rows
	compose func([]T) []T        // what is shown of the rows that came, and beside them
	above   func(w int) []string // what stands over the heading
	below   func(w int) []string // what stands at the end, under the rows, as much as there is room for
	title   func() string        // instead of the columns' heads
	beside  bool                 // may be shown beside the list that it was opened from

	w, h    int
	rows    []T // a window on all rows
	cells   [][]string
	theme   *theme // that they are painted in
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
	outside int            // how many of the marks are on rows that the filter doesn't show
	err     error
	ready   bool // rows have come at least once
	past    bool // the rows are those of before another order or filter
	held    tea.KeyPressMsg
	news    bool // the rows were read because somebody else has changed something
	gone    bool // that took the current row away, and no key was pressed since
	req     request
	counts  request // beside the rows: counting may take longer than reading
	marking request
	hiding  request
	changed bool // all may no longer be the number of rows without a filter

	sort    int
	reverse bool
	filter  input
	open    bool // the filter line is being typed into
	applied string
	preset  string // the filter that it was opened with: nobody typed it, and esc goes back to it
	wrong   error  // with what is typed
}

// wanted says which rows, in which order.
type wanted struct {
	filter  string
	sort    int
	reverse bool
	ids     []int64 // only these; nil: any
}

func (l *list[T]) wanted() wanted {
	return wanted{filter: l.applied, sort: l.sort, reverse: l.reverse, ids: l.only}
}

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
	if word := l.deeds[b.Action].word; word != nil && !l.open {
		return word(b.Short)
	}
	return b.Short
}

func (l *list[T]) resize(w, h int) {
	if l.w == w && l.h == h && l.theme == l.app.theme {
		return
	}
	l.w, l.h = w, h
	l.measure()
	l.scroll()
}

func (l *list[T]) load() tea.Cmd {
	l.changed, l.news = true, l.app.news && (l.news || !l.req.busy)
	if l.also == nil {
		return l.read(l.from, false)
	}
	return tea.Batch(l.also(), l.read(l.from, false))
}

func (l *list[T]) detail() bool { return l.beside }

func (l *list[T]) letGo() { l.held = tea.KeyPressMsg{} }

// holds keeps a key that is meant for a row until those that are being read or
// marked have come: what is typed ahead is done to what it was typed for. The next
// key lets go of it. A key that was meant for a row which somebody else has taken
// away meanwhile isn't given to the one in its place.
func (l *list[T]) holds(key tea.KeyPressMsg, action keys.Action) bool {
	l.letGo()
	gone := l.gone
	l.gone = false
	if action == keys.New || action == keys.Reload || l.deeds[action].do == nil && action != keys.Mark && action != keys.MarkAll {
		return false
	}
	switch {
	case l.past, !l.ready && l.req.busy, l.marking.busy:
		l.held = key
		return true
	case gone && len(l.marks) == 0 && action != keys.MarkAll && action != keys.Open:
		l.app.say(warn, "the row that stood here has gone: look, and press "+keys.Cap(key.String())+" again")
		return true
	}
	return false
}

// release does what was held, now that what it waited for has come.
func (l *list[T]) release() tea.Cmd {
	held := l.held
	if l.letGo(); held.Code == 0 {
		return nil
	}
	return l.app.key(held)
}

// current is the row that the marker stands on.
func (l *list[T]) current() (row T, ok bool) {
	if i := l.cur - l.first(); i >= 0 && i < len(l.rows) {
		return l.rows[i], true
	}
	return row, false
}

// row is a deed that needs a current row; can may be nil.
func (l *list[T]) row(do func(T) tea.Cmd, can func(T) error) deed {
	return deed{
		do: func() tea.Cmd {
			if row, ok := l.current(); ok {
				return do(row)
			}
			return nil
		},
		can: func() error {
			row, ok := l.current()
			switch {
			case !ok:
				return errNoRow
			case can != nil:
				return can(row)
			}
			return nil
		},
	}
}

// there is nil if there is a current row.
func (l *list[T]) there() error {
	if _, ok := l.current(); !ok {
		return errNoRow
	}
	return nil
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
	n -= len(l.under())
	if l.app.low() && l.filtering() {
		n--
	}
	if l.app.slim() {
		n /= 2
	}
	return max(n, 1)
}

// under is what stands below, as far as there is room for it: on a third at most.
func (l *list[T]) under() []string {
	if l.below == nil || l.app.slim() {
		return nil
	}
	rows := l.below(l.w)
	return rows[:min(len(rows), l.h/3)]
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
	if do == keys.Bottom && l.more && l.counted && l.total > model.CountLimit {
		return l.tooFar()
	}
	if can := l.deeds[do].can; can != nil {
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
	if do := l.deeds[p.action].do; do != nil {
		return do()
	}
	return nil
}

// back leaves the filter; then clears the marks; then leaves the screen.
func (l *list[T]) back() tea.Cmd {
	switch {
	case l.filtering() && (l.open || l.preset == "" || l.applied != l.preset):
		return l.filterAct(keys.Leave)
	case len(l.marks) > 0:
		l.former, l.marks, l.outside = l.marks, nil, 0
		return nil
	}
	return l.app.back()
}
