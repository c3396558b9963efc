package ui

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// homeRow is one line of the first screen, and where enter leads.
type homeRow struct {
	look  look
	text  string
	count string
	next  string
	open  func(*App) tea.Cmd // nil: nowhere
}

// needs are the tokens that may need somebody: each line counts what its filter
// finds, and enter shows them by the same filter. with narrows it further, for
// a word about some of them.
var needs = []struct {
	look               look
	text, filter       string
	with, someOfThemIs string
	rare               bool // no line says that there are none
}{
	{look: bad, text: "published, and still work", filter: "state:published", rare: true},
	{look: warn, text: "expire within 7 days", filter: "state:active expires:<8d"},
	{look: okay, text: "expire in 8 to 30 days", filter: "state:active expires:>7d expires:<31d"},
	{look: okay, text: "expire in 31 to 60 days", filter: "state:active expires:>30d expires:<61d"},
	{look: warn, text: "not used for 90 days", filter: "state:active idle:>90d", with: " last-used:never", someOfThemIs: "never"},
	{look: warn, text: "Owner tokens", filter: "state:active role:owner", with: " scope:api", someOfThemIs: "with api"},
}

// home is the first screen: what needs somebody, or on an empty database how to
// begin.
type home struct {
	*list[homeRow]
	empty    bool
	known    map[string]counted
	verified bool // the audit chain: once, and on R, because the whole log is read

	counting, reading request

	stale  bool      // something has changed while it was counted
	rested time.Time // until then it isn't counted again
}

func newHome(a *App) *home {
	h := &home{known: map[string]counted{}}
	h.list = &list[homeRow]{
		app: a, path: func() []string { return []string{"Home"} }, who: a.kind, keys: keys.Home, what: "the counts",
		columns: []column[homeRow]{
			{head: "NEEDS YOU", worth: 1, cell: func(r homeRow) string {
				if r.look == plain {
					return r.text
				}
				return a.theme.paint(r.look, symbols[r.look]) + " " + r.text
			}},
			{head: "TOKENS", worth: 2, right: true, cell: func(r homeRow) string { return r.count }},
			{head: "NEXT OR WORST", worth: 3, least: 10, cell: func(r homeRow) string { return a.theme.paint(dim, r.next) }},
		},
		fetch: h.fetch,
	}
	h.id = func(r homeRow) int64 {
		for i, row := range h.rows {
			if row.text == r.text {
				return int64(i)
			}
		}
		return -1
	}
	h.loaded = func() tea.Cmd {
		h.fill()
		return nil
	}
	h.also = h.tally
	h.title = func() string {
		if h.empty {
			return "A new database: " + clean(a.Database)
		}
		return ""
	}
	open := h.row(func(r homeRow) tea.Cmd { return r.open(a) }, func(r homeRow) error {
		if r.open == nil {
			return errors.New("nothing opens from this row")
		}
		return nil
	})
	open.word = func(usual string) string {
		if h.empty {
			return "does it"
		}
		return usual
	}
	h.deeds = map[keys.Action]deed{
		keys.Open:   open,
		keys.New:    {do: func() tea.Cmd { return a.push(newProjectForm(a, "", h.empty)) }},
		keys.Reload: {do: func() tea.Cmd { return h.verify(true) }},
		keys.Serve:  a.serves(),
		keys.NewToken: {
			do: func() tea.Cmd { return a.push(newProjectForm(a, "", true)) },
			can: func() error {
				if !h.empty {
					return errors.New("choose its project or group first: g p, g r")
				}
				return nil
			},
		},
	}
	return h
}

// fetch reads what is quickly read: whether there is anything, and where serve
// is. Counts come beside it, so that the first screen waits for nothing.
func (h *home) fetch(ctx context.Context, _ wanted, _ model.Page) (list model.List[homeRow], err error) {
	a := h.app
	projects, err := a.Store.Projects(ctx, a.Actor, model.PlaceQuery{}, model.Page{Limit: 1})
	if err != nil {
		return list, err
	}
	if len(projects.Rows) == 0 {
		return model.List[homeRow]{Rows: firstSteps()}, nil
	}
	for _, need := range needs {
		if need.rare {
			if some, err := a.find(ctx, need.filter); err != nil || len(some.Rows) == 0 {
				continue // what can't be counted is said by the lines that are
			}
		}
		list.Rows = append(list.Rows, homeRow{look: need.look, text: need.text, open: func(a *App) tea.Cmd {
			return a.push(newAllTokens(a, need.filter))
		}})
	}
	list.Rows = append(list.Rows, homeRow{look: off, text: closedText, open: func(a *App) tea.Cmd { return a.push(newGroups(a)) }})
	base, err := a.Store.URL(ctx)
	serve := homeRow{look: okay, text: "serve", next: clean(base)}
	if base == "" {
		serve = homeRow{look: off, text: "serve", next: "not running: s serves from here"}
	}
	list.Rows = append(list.Rows, serve, homeRow{look: off, text: auditText})
	return list, err
}

const (
	closedText = "groups with creation off"
	auditText  = "audit chain"
)

// counted is what was found out about a line.
type counted struct {
	look        look
	count, next string
}

// fill puts what has been found out so far into the lines.
func (h *home) fill() {
	for i := range h.rows {
		if c, ok := h.known[h.rows[i].text]; ok {
			h.rows[i].look, h.rows[i].count, h.rows[i].next = c.look, c.count, c.next
		}
	}
	h.empty = len(h.rows) > 0 && h.rows[0].look == plain
	h.measure()
}

// learn is told what was found out.
func (h *home) learn(found map[string]counted, err error) tea.Cmd {
	if err != nil {
		h.app.fail(err)
		return nil
	}
	maps.Copy(h.known, found)
	h.fill()
	return nil
}

// Counting that took longer than tallyQuick rests ten times as long before it is
// done again: a busy instance changes all the time, and must not keep a
// processor of this machine.
const (
	tallyQuick = 250 * time.Millisecond
	tallyRest  = 10
)

// tally counts the tokens of every line, unless that is under way or has to
// rest: then later.
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
	a, today, start := h.app, h.app.today(), time.Now()
	return ask(a, &h.counting, func(ctx context.Context) (map[string]counted, error) {
		all := map[string]counted{}
		hidden, err := a.seesNoTokens(ctx)
		if err != nil {
			return nil, err
		}
		for _, need := range needs {
			found, err := a.find(ctx, need.filter)
			if err != nil {
				return nil, err
			}
			c := counted{look: need.look, count: count(found.Total)}
			switch {
			case found.Total == 0 && hidden:
				c = counted{look: off, count: "–", next: "hidden: needs Maintainer"}
			case found.Total == 0:
				c.look = okay
			case need.with != "":
				some, err := a.find(ctx, need.filter+need.with)
				if err != nil {
					return nil, err
				}
				c.next = count(some.Total) + " of them " + need.someOfThemIs
			default:
				t := found.Rows[0]
				c.next = monthDay(t.ExpiresOn, today) + " " + clean(t.PlacePath+" "+t.Name)
			}
			all[need.text] = c
		}
		all[closedText], err = a.closedGroups(ctx)
		return all, err
	}, func(found map[string]counted, err error) tea.Cmd {
		if took := time.Since(start); took > tallyQuick {
			h.rested = start.Add((tallyRest + 1) * took)
		}
		learned := h.learn(found, err)
		if !h.stale {
			return learned
		}
		h.stale = false
		return tea.Batch(learned, h.tally())
	})
}

// find gives the token that fits a filter line and ends first, and counts them.
func (a *App) find(ctx context.Context, line string) (model.List[model.Token], error) {
	f, err := model.ParseFilter(line)
	if err != nil {
		return model.List[model.Token]{}, err
	}
	return a.Store.Tokens(ctx, a.Actor, model.TokenQuery{Filter: f, Sort: model.ByExpiry}, model.Page{Limit: 1, Count: true})
}

// seesNoTokens tells whether there is no project or group whose tokens the person
// may see (R44, R48, R70): then none of them being there says nothing.
func (a *App) seesNoTokens(ctx context.Context) (bool, error) {
	me, err := a.Store.User(ctx, a.Actor, a.Actor.ID(), "") // beside Update, and maybe before a.me was read
	if err != nil || me.Admin || me.Auditor {
		return false, err
	}
	q, one := model.PlaceQuery{MinRole: model.Maintainer}, model.Page{Limit: 1}
	projects, err := a.Store.Projects(ctx, a.Actor, q, one)
	if err != nil || len(projects.Rows) > 0 {
		return false, err
	}
	q.MinRole = model.Owner
	groups, err := a.Store.Groups(ctx, a.Actor, q, one)
	return len(groups.Rows) == 0, err
}

// groupsLooked is how many groups the first screen looks at for those where
// nobody can make tokens.
const groupsLooked = 500

func (a *App) closedGroups(ctx context.Context) (counted, error) {
	row := counted{look: off}
	n, after := 0, ""
	for looked := 0; looked < groupsLooked; looked += model.MaxPage {
		found, err := a.Store.Groups(ctx, a.Actor, model.PlaceQuery{}, model.Page{Limit: model.MaxPage, After: after})
		if err != nil {
			return row, err
		}
		for _, g := range found.Rows {
			if g.ID == g.TopID && !g.TokenCreation {
				if n++; n == 1 {
					row.next = clean(g.FullPath)
				}
			}
		}
		if after = found.Next; after == "" {
			break
		}
	}
	if row.count = count(n); n == 0 {
		row.look = okay
	}
	return row, nil
}

// firstSteps are the lines of an empty database.
func firstSteps() []homeRow {
	project := func(a *App) tea.Cmd { return a.push(newProjectForm(a, "", true)) }
	return []homeRow{
		{plain, "1  Make a project", "n", "its groups are made on the way", project},
		{plain, "2  Create its token", "t", "asked next", project},
		{plain, "3  Let Git in", "s", "serves from here, until the console ends", (*App).serve},
		{plain, "4  Let people in", "", "run `patrol user add NAME`", nil},
	}
}

// verifyUpTo is how many entries of the audit log are verified without being
// asked to: more take a noticeable while.
const verifyUpTo = 20_000

// load counts again; the audit chain is verified the first time only.
func (h *home) load() tea.Cmd {
	if h.verified {
		return h.list.load()
	}
	h.verified = true
	return tea.Batch(h.list.load(), h.verify(false))
}

// verify checks the audit chain, if it is short or somebody asks for it.
func (h *home) verify(asked bool) tea.Cmd {
	a := h.app
	return ask(a, &h.reading, func(ctx context.Context) (map[string]counted, error) {
		row := counted{look: off}
		last, err := a.Store.Entries(ctx, a.Actor, model.AuditQuery{}, model.Page{Limit: 1})
		switch {
		case errors.Is(err, model.ErrDenied):
			row.next = "for administrators and auditors"
			return map[string]counted{auditText: row}, nil
		case err != nil:
			return nil, err
		case len(last.Rows) > 0 && last.Rows[0].Number > verifyUpTo && !asked:
			row.next = group(int(last.Rows[0].Number)) + " entries; R verifies them"
			return map[string]counted{auditText: row}, nil
		}
		report, err := a.Store.VerifyAudit(ctx, a.Actor)
		if report.Broken != 0 {
			row.look = bad
			row.next = fmt.Sprintf("broken at entry %s: %s", group(int(report.Broken)), clean(report.Problem))
		} else {
			row.look = okay
			row.next = fmt.Sprintf("up to entry %s, none changed", group(int(report.Entries)))
		}
		return map[string]counted{auditText: row}, err
	}, h.learn)
}
