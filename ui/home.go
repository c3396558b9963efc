package ui

import (
	"context"
	"errors"
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
	putAside bool    // the rows put aside are shown

	counting, verifying, looking, settling, fading request

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
			{head: "KEY", worth: 3, rare: true, cell: func(c cause) string { return faded(c, c.verb) }},
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

// does is what each key does to the current row, or why it doesn't.
func (h *home) does() map[keys.Action]deed {
	a := h.app
	open := h.row(func(c cause) tea.Cmd { return c.opens(a) }, func(c cause) error {
		if c.opens(nil) == nil && !c.leads() {
			return errors.New("nothing opens from this row")
		}
		return nil
	})
	open.word = func(usual string) string {
		switch c, ok := h.current(); {
		case h.begins:
			return "does it"
		case ok && c.line != "":
			return "lists them"
		}
		return usual
	}
	about := func(do func(model.Token) tea.Cmd, can func(model.Token) error) deed {
		return h.row(func(c cause) tea.Cmd { return do(c.token) }, func(c cause) error {
			switch {
			case c.line != "":
				return errors.New("these are several tokens: enter lists them")
			case c.token.ID == 0:
				return errors.New("this row is not about a token")
			case c.solved:
				return errors.New("that is solved already")
			}
			return can(c.token)
		})
	}
	return map[keys.Action]deed{
		keys.Open:   open,
		keys.New:    {do: func() tea.Cmd { return a.push(newProjectForm(a, "", h.begins)) }},
		keys.Reload: {do: func() tea.Cmd { return h.verify(true) }},
		keys.Serve:  a.serves(),
		keys.Remove: about(func(t model.Token) tea.Cmd { return revokeOne(a, t, nil) }, func(t model.Token) error {
			if t.State(a.today()) == model.Revoked {
				return errors.New(clean(t.Name) + " is revoked already")
			}
			return nil
		}),
		keys.Rotate: about(func(t model.Token) tea.Cmd { return a.rotate(t, usualOverlap) }, a.rotatable),
		keys.Why: h.row(func(c cause) tea.Cmd {
			if c.refused != nil {
				return a.why(c.token, *c.refused)
			}
			return a.push(newRefusals(a, c.token))
		}, func(c cause) error {
			if c.token.ID == 0 {
				return errors.New("nothing was refused to this row")
			}
			return nil
		}),
		keys.Snooze: h.snoozes(),
		keys.NextTab: {do: h.turn, can: func() error {
			if len(a.snoozed) == 0 && !h.putAside {
				return errors.New("nothing is snoozed: z puts a row aside")
			}
			return nil
		}, word: func(usual string) string {
			if h.putAside {
				return "now"
			}
			return usual
		}},
		keys.Clean: {do: func() tea.Cmd { return a.push(newAllTokens(a, idleLine)) }, can: func() error {
			if h.counted.idle == 0 {
				return errors.New("there is nothing that nobody uses, as far as it is counted")
			}
			return nil
		}},
		keys.NewToken: {
			do: func() tea.Cmd { return a.push(newProjectForm(a, "", true)) },
			can: func() error {
				if !h.begins {
					return errors.New("choose its project or group first: g p, g r")
				}
				return nil
			},
		},
	}
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
	rows := slices.DeleteFunc(all, func(c cause) bool { return a.snoozed[c.key] != h.putAside })
	if len(rows) > 0 {
		return rows
	}
	switch {
	case h.putAside:
		return []cause{{key: "none", look: okay, what: "Nothing is snoozed"}}
	case h.counted.hidden:
		return []cause{{key: "none", look: off, what: "hidden: needs Maintainer", so: "you may see no place's tokens"}}
	}
	return []cause{{key: "none", look: okay, what: "Nothing", so: "no leak, no use that ends soon, nothing refused again and again"}}
}

// show shows anew what is known.
func (h *home) show() {
	if h.begins || !h.ready {
		return
	}
	h.gone = !h.stay(func() { h.rows = h.arranged() }) && h.app.news
	h.setTotal(len(h.rows))
	h.measure()
	h.scroll()
}

// turn shows what was put aside, and back.
func (h *home) turn() tea.Cmd {
	h.putAside = !h.putAside
	h.cur = 0
	h.show()
	return nil
}

// snoozes puts a row aside, or brings it back, until the console ends.
func (h *home) snoozes() deed {
	a := h.app
	return deed{
		do: func() tea.Cmd {
			c, _ := h.current()
			if a.snoozed[c.key] {
				delete(a.snoozed, c.key)
				a.say(okay, "it is back in Now")
			} else {
				if a.snoozed == nil {
					a.snoozed = map[string]bool{}
				}
				a.snoozed[c.key] = true
				a.say(okay, "snoozed until this console ends · tab shows it")
			}
			h.show()
			return nil
		},
		can: func() error {
			switch c, ok := h.current(); {
			case !ok:
				return errNoRow
			case h.begins, c.rank == 0, c.solved:
				return errors.New("there is nothing to put aside in this row")
			}
			return nil
		},
		word: func(usual string) string {
			if h.putAside {
				return "bring back"
			}
			return usual
		},
	}
}
