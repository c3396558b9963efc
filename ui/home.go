package ui

import (
	"context"
	"hash/fnv"
	"slices"
	"time"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// home is the first screen, Now: what needs somebody, worst first, or on an empty
// database how to begin.
type home struct {
	*list[cause]
	begins   bool    // the rows are the first steps
	quick    []cause // what is quickly read
	counted  tallied // what takes longer, and is read beside
	chain    chain
	verified bool // the audit chain: once, and on R, because the whole log is read
	base     string
	looked   bool
	leaving  []cause // has gone: it isn't known yet whether the person still sees it
	solved   []cause // has just gone
	snoozed  int     // how many of all these are put aside
	putAside bool    // those are shown

	counting, verifying, looking, settling request

	stale  bool      // something has changed while it was counted
	rested time.Time // until then it isn't counted again
}

func newHome(a *App) *home {
	h := &home{}
	faded := func(c cause, text string) string {
		if c.solved {
			return a.theme.paint(dim, text)
		}
		return text
	}
	h.list = &list[cause]{
		app: a, path: h.crumb, who: a.kind, keys: keys.Home, what: "what needs you",
		columns: []column[cause]{
			{head: "NEEDS YOU", worth: 1, cell: func(c cause) string {
				if c.look == plain {
					return c.what
				}
				return a.theme.paint(c.look, symbols[c.look]) + " " + faded(c, c.what)
			}},
			{head: "WHERE", worth: 2, least: 14, rare: true, middle: true, cell: func(c cause) string { return c.where }},
			{head: "WHAT FOLLOWS", worth: 4, least: 10, rare: true, cell: func(c cause) string { return a.theme.paint(dim, c.so) }},
			{head: "KEY", worth: 3, rare: true, cell: func(c cause) string { return faded(c, a.offers(c.verb)) }},
		},
		fetch: h.fetch,
		id: func(c cause) int64 {
			sum := fnv.New64a()
			sum.Write([]byte(c.key))
			return int64(sum.Sum64())
		},
	}
	h.list.compose = h.took
	h.list.also = func() tea.Cmd { return tea.Batch(h.look(), h.tally()) }
	h.list.loaded = h.fade
	h.list.below = h.charts
	h.list.aside = h.state
	h.title = func() string {
		if h.begins {
			return "A new database: " + clean(a.Database)
		}
		return ""
	}
	h.deeds = h.does()
	return h
}

func (h *home) crumb() []string {
	if h.putAside {
		return []string{"Now", "Snoozed"}
	}
	return []string{"Now"}
}

// load reads anew; the audit chain is verified the first time only.
func (h *home) load() tea.Cmd {
	if h.verified {
		return h.list.load()
	}
	h.verified = true
	return tea.Batch(h.list.load(), h.verify(false))
}

// fetch reads what is quickly read: whether there is anything, and what an index
// leads to. What takes longer comes beside it, so that the first screen waits for
// nothing.
func (h *home) fetch(ctx context.Context, _ wanted, _ model.Page) (list model.List[cause], err error) {
	a := h.app
	projects, err := a.Store.Projects(ctx, a.Actor, model.PlaceQuery{}, model.Page{Limit: 1})
	if err != nil {
		return list, err
	}
	if len(projects.Rows) == 0 {
		if hidden, err := a.seesNoTokens(ctx); err != nil || !hidden { // else there may be some all the same
			return model.List[cause]{Rows: firstSteps()}, err
		}
	}
	list.Rows, err = a.quickCauses(ctx)
	return list, err
}

// took is what is shown of the causes that have just been read.
func (h *home) took(rows []cause) []cause {
	if h.begins = len(rows) > 0 && rows[0].look == plain; h.begins {
		return rows
	}
	h.settle(h.quick, rows)
	h.quick = rows
	return h.arranged()
}

// arranged is everything that is known, worst first, without what was put aside,
// or that alone.
func (h *home) arranged() []cause {
	a := h.app
	all := slices.Concat(h.chain.causes(), h.quick, h.counted.causes, h.leaving, h.solved)
	slices.SortStableFunc(all, func(x, y cause) int { return x.rank - y.rank })
	known := len(all)
	rows := slices.DeleteFunc(all, func(c cause) bool { return a.snoozed[c.key] != h.putAside })
	if h.snoozed = len(rows); !h.putAside {
		h.snoozed = known - len(rows)
	}
	switch {
	case h.putAside && len(rows) == 0:
		return []cause{{key: "none", look: okay, what: "Nothing is snoozed"}}
	case h.putAside:
		return rows
	case h.counted.hidden: // whatever else is known, that isn't all
		rows = append(rows, cause{key: "hidden", look: off, what: "hidden: needs Maintainer", so: "only your own tokens"})
	case len(rows) == 0 && !h.counted.known:
		rows = append(rows, cause{key: "none", look: off, what: "counting…"})
	case len(rows) == 0:
		rows = append(rows, cause{key: "none", look: okay, what: "Nothing", so: "no leak, no use that ends soon, nothing refused again and again"})
	}
	return append(rows, h.counted.closed...)
}

// show shows anew what is known. A row that goes on its own takes no key with it.
func (h *home) show() {
	if h.begins || !h.ready {
		return
	}
	on, had := h.current()
	if stays := h.stay(func() { h.rows = h.arranged() }); !stays && had && on.rank > 0 {
		h.gone = true
	}
	h.setTotal(len(h.rows))
	h.measure()
	h.scroll()
}

// turn shows what was put aside, and back.
func (h *home) turn() tea.Cmd {
	h.putAside = !h.putAside
	h.show()
	h.cur, h.gone = 0, false
	h.scroll()
	return nil
}
