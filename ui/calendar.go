package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// calendar shows the same tokens as a list by the day on which they end: a column
// a week, a row a weekday.
type calendar struct {
	quiet
	app    *App
	query  model.TokenQuery
	filter string
	path   func() []string
	who    func() string

	w, h int
	from model.Date // the Monday of the first column
	at   model.Date // the current day
	ends model.Ends
	read bool // ends have come

	listed model.Date // whose tokens are in rows
	rows   []model.Token

	req, day request
}

const (
	cliff      = 10 // so many ends on one day are marked
	spreadDays = 14 // over how many days s spreads them
	weekCells  = 5
	dayCells   = 7 // before the first week
	farDays    = model.MaxLifetime
)

func newCalendar(a *App, q model.TokenQuery, filter string, path func() []string, who func() string) *calendar {
	today := a.today()
	monday := today - model.Date((int(today.Time().Weekday())+6)%7)
	return &calendar{app: a, query: q, filter: filter, path: path, who: who, from: monday, at: today + 1}
}

func (c *calendar) crumbs() []string {
	crumbs := c.path()
	last := len(crumbs) - 1
	return append(crumbs[:last:last], crumbs[last]+" · calendar")
}

func (c *calendar) set() keys.Set { return keys.Calendar }

func (c *calendar) weeks() int { return max((c.w-dayCells-2)/weekCells, 1) }

func (c *calendar) resize(w, h int) { c.w, c.h = w, h }

// asked is the query for the days from one on.
func (c *calendar) asked() (model.TokenQuery, error) {
	q, active := c.query, true
	q.Active, q.Sort = &active, model.ByExpiry
	var err error
	q.Filter, err = model.ParseFilter(c.filter)
	return q, err
}

// most is how many days are read at once: as many as a year has, whatever the
// width.
const most = 54 * 7

func (c *calendar) load() tea.Cmd {
	a, from := c.app, c.from
	q, err := c.asked()
	if err != nil {
		a.fail(err)
		return nil
	}
	return tea.Batch(ask(a, &c.req, func(ctx context.Context) (model.Ends, error) {
		return a.Store.EndsByDay(ctx, a.Actor, q, from, most)
	}, func(ends model.Ends, err error) tea.Cmd {
		if err != nil {
			a.fail(err)
			return nil
		}
		c.ends, c.read = ends, true
		return nil
	}), c.list())
}

// list reads the first tokens of the current day.
func (c *calendar) list() tea.Cmd {
	a, at := c.app, c.at
	q, err := c.asked()
	if err != nil {
		return nil
	}
	q.ExpiresAfter, q.ExpiresBefore = at, at+1
	return ask(a, &c.day, func(ctx context.Context) (model.List[model.Token], error) {
		return a.Store.Tokens(ctx, a.Actor, q, model.Page{Limit: 20})
	}, func(found model.List[model.Token], err error) tea.Cmd {
		if err == nil {
			c.rows, c.listed = found.Rows, at
		}
		return nil
	})
}

// on is how many tokens end on a day; known: that is certain.
func (c *calendar) on(day model.Date) (n int, known bool) {
	i := int(day - c.from)
	if !c.read || i < 0 || i >= len(c.ends.ByDay) {
		return 0, false
	}
	return c.ends.ByDay[i], i < c.ends.Whole
}

func (c *calendar) can(do keys.Action) error {
	switch do {
	case keys.Open, keys.Rotate, keys.Spread:
		if n, known := c.on(c.at); known && n == 0 {
			return errors.New("nothing ends on " + c.name(c.at))
		}
	}
	return nil
}

func (c *calendar) name(day model.Date) string { return day.Time().Format("Mon Jan 2") }

func (c *calendar) act(p press) tea.Cmd {
	switch p.action {
	case keys.Up:
		return c.move(c.at - 1)
	case keys.Down:
		return c.move(c.at + 1)
	case keys.Week:
		return c.move(c.at - 7)
	case keys.NextWeek:
		return c.move(c.at + 7)
	case keys.HalfUp:
		return c.move(c.at - 28)
	case keys.HalfDown:
		return c.move(c.at + 28)
	case keys.Top:
		return c.move(c.app.today() + 1)
	case keys.Bottom:
		return c.move(c.app.today() + farDays)
	case keys.Open:
		return c.open()
	case keys.Rotate:
		return c.rotate(0)
	case keys.Spread:
		return c.rotate(spreadDays)
	case keys.AsCalendar, keys.Back:
		return c.app.back()
	}
	return nil
}

// move goes to another day; its tokens are read once the key rests.
func (c *calendar) move(to model.Date) tea.Cmd {
	today := c.app.today()
	c.at = max(min(to, today+farDays), today+1)
	return c.app.wait(&c.day, followWait, c.list)
}

// open lists the tokens of the day.
func (c *calendar) open() tea.Cmd {
	filter := strings.TrimSpace(c.filter + " expires:" + c.at.String())
	if !strings.Contains(filter, "state:active") {
		filter += " state:active"
	}
	l := newFittingTokens(c.app, c.query, filter)
	if c.query.In != (model.Ref{}) {
		l.path, l.who = c.path, c.who
	}
	return c.app.push(l)
}

// rotate opens the page that rotates all that end on the day.
func (c *calendar) rotate(spread int) tea.Cmd {
	a, name := c.app, c.name(c.at)
	q, err := c.asked()
	if err != nil {
		a.fail(err)
		return nil
	}
	q.ExpiresAfter, q.ExpiresBefore = c.at, c.at+1
	return await(a, func(ctx context.Context) (ids []int64, err error) {
		for p := (model.Page{Limit: model.MaxPage}); ; {
			found, err := a.Store.Tokens(ctx, a.Actor, q, p)
			if err != nil {
				return nil, err
			}
			for _, t := range found.Rows {
				ids = append(ids, t.ID)
			}
			if p.After = found.Next; p.After == "" {
				return ids, nil
			}
			if len(ids) >= maxMarks {
				return nil, fmt.Errorf("over %d end on %s: enter lists them, and / narrows the list there", maxMarks, name)
			}
		}
	}, func(ids []int64, err error) tea.Cmd {
		switch {
		case err != nil:
			a.fail(err)
			return nil
		case len(ids) == 0:
			a.say(dim, "nothing ends on "+name+" any more")
			return c.load()
		}
		b := newBulk(a, "rotate", ids, func() {})
		b.spread = spread
		return a.push(b)
	})
}
