package ui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// cause is one row of the first screen: something that needs somebody, and the key
// that deals with it.
type cause struct {
	key  string // tells it from the others
	rank int    // the worst have the least; 0: nothing needs anybody
	look look
	what string
	where,
	so string // and what follows from it
	verb    keys.Action    // that deals with it
	token   model.Token    // that it is about; ID 0: none, or several
	line    string         // the filter that finds those several
	refused *model.Refusal // the most frequent one
	open    func(*App) tea.Cmd
	solved  bool
}

// The ranks of causes, worst first.
const (
	brokenChain = iota + 1
	publishedSecret
	refusedAgain
	willBreak
	idleOwner
	letEnd
)

// leads tells whether a row has something to open.
func (c cause) leads() bool { return c.open != nil || c.line != "" || c.token.ID != 0 }

// opens is what enter does; nil without a console.
func (c cause) opens(a *App) tea.Cmd {
	switch {
	case a == nil:
		return nil
	case c.open != nil:
		return c.open(a)
	case c.line != "":
		return a.push(newAllTokens(a, c.line))
	}
	return a.push(newDetail(a, c.token, nil))
}

const (
	eachCause  = 20 // rows of one kind; how to find the others stands in one more
	againFrom  = 3  // times
	againSince = 24 * time.Hour

	leaked    = "state:published"
	endsSoon  = "state:active expires:<8d"
	idleLine  = "state:active idle:>90d"
	idleOwned = idleLine + " role:owner scope:api"
)

// quickCauses are those that an index leads to.
func (a *App) quickCauses(ctx context.Context) ([]cause, error) {
	today, now := a.today(), a.now()
	rows, err := a.eachOf(ctx, leaked, cause{rank: publishedSecret, look: bad, verb: keys.Remove}, func(c cause, t model.Token) cause {
		c.what, c.so = "leaked in a push, "+ago(t.PublishedAt, now), "works for whoever read it"
		return c
	})
	if err != nil {
		return nil, err
	}
	again, err := a.refusedAgain(ctx)
	if err != nil {
		return nil, err
	}
	used, err := a.eachOf(ctx, endsSoon+" last-used:<31d", cause{rank: willBreak, look: warn, verb: keys.Rotate}, func(c cause, t model.Token) cause {
		c.what = "ends " + until(t.ExpiresOn, today) + ", used " + ago(t.LastUsedAt, now)
		switch n := len(t.LastUsedIPs); n { // of the last seven days
		case 0:
			c.so = "breaks what uses it"
		case 1:
			c.so = "breaks 1 address"
		default:
			c.so = fmt.Sprintf("breaks %d addresses", n)
		}
		return c
	})
	return slices.Concat(rows, again, used), err
}

// eachOf makes a row of each token that fits a filter line, those that end first,
// and one more if there are many. What was rotated with an overlap is being dealt
// with.
func (a *App) eachOf(ctx context.Context, line string, like cause, row func(cause, model.Token) cause) (rows []cause, err error) {
	f, err := model.ParseFilter(line)
	if err != nil {
		return nil, err
	}
	found, err := a.Store.Tokens(ctx, a.Actor, model.TokenQuery{Filter: f, Sort: model.ByExpiry}, model.Page{Limit: eachCause})
	for _, t := range found.Rows {
		if t.Replaced() && like.rank != publishedSecret {
			continue
		}
		c := like
		c.key, c.token, c.where = fmt.Sprint(like.rank, " ", t.ID), t, whose(t)
		rows = append(rows, row(c, t))
	}
	if found.Next != "" {
		rows = append(rows, cause{key: line, rank: like.rank, look: like.look, what: "and more like these", so: "enter lists them all", line: line})
	}
	return rows, err
}

// whose is where a row's token is and what it is called.
func whose(t model.Token) string { return clean(t.Owner() + " " + t.Name) }

// refusedAgain are the tokens to which something was refused again and again.
func (a *App) refusedAgain(ctx context.Context) (rows []cause, err error) {
	list, err := a.Store.RefusedAgain(ctx, a.Actor, a.now().Add(-againSince), againFrom)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	times, most, ids := map[int64]int{}, map[int64]model.Refusal{}, []int64{}
	for _, r := range list {
		if times[r.TokenID] == 0 {
			ids, most[r.TokenID] = append(ids, r.TokenID), r
		}
		times[r.TokenID] += r.Count
	}
	found, err := a.Store.Tokens(ctx, a.Actor, model.TokenQuery{IDs: ids, Deleted: true}, model.Page{Limit: len(ids)})
	slices.SortFunc(found.Rows, func(x, y model.Token) int { return cmp.Or(times[y.ID]-times[x.ID], int(x.ID-y.ID)) })
	for _, t := range found.Rows {
		r := most[t.ID]
		rows = append(rows, cause{key: fmt.Sprint(refusedAgain, " ", t.ID), rank: refusedAgain, look: bad, verb: keys.Why,
			what:  "refused " + group(times[t.ID]) + " times, " + ago(r.Last, a.now()),
			where: whose(t), so: clean(strings.TrimSuffix(r.Asked, " "+t.PlacePath) + ": " + r.Text), token: t, refused: &r})
	}
	if len(list) == model.MaxPage {
		rows = append(rows, cause{key: "refused", rank: refusedAgain, look: bad, what: "and others were refused", so: "only the most frequent are shown"})
	}
	return rows, err
}

// slowCauses are those that are looked for among many tokens.
func (a *App) slowCauses(ctx context.Context) ([]cause, error) {
	today := a.today()
	rows, err := a.eachOf(ctx, idleOwned, cause{rank: idleOwner, look: warn, verb: keys.Remove, so: "nobody will notice"}, func(c cause, t model.Token) cause {
		c.what = "Owner+api, never used"
		if !t.LastUsedAt.IsZero() {
			c.what = fmt.Sprintf("Owner+api, idle %d d", today-model.DateOf(t.LastUsedAt))
		}
		return c
	})
	for _, kind := range []struct{ line, what string }{
		{endsSoon + " last-used:never", "never used"}, {endsSoon + " last-used:>30d", "idle 30 d"},
	} {
		if err != nil {
			return nil, err
		}
		var found model.List[model.Token]
		if found, err = a.find(ctx, kind.line); err != nil || found.Total == 0 {
			continue
		}
		c := cause{key: kind.line, rank: letEnd, look: off, what: "ends in 7 d, " + kind.what, where: count(found.Total) + " tokens", so: "let them end", verb: keys.Snooze, line: kind.line}
		if t := found.Rows[0]; found.Total == 1 {
			c.key, c.line, c.token = fmt.Sprint(letEnd, " ", t.ID), "", t
			c.what, c.where, c.so = "ends "+until(t.ExpiresOn, today)+", "+kind.what, whose(t), "let it end"
		}
		rows = append(rows, c)
	}
	return rows, err
}

// find gives the token that fits a filter line and ends first, and counts them.
func (a *App) find(ctx context.Context, line string) (model.List[model.Token], error) {
	f, err := model.ParseFilter(line)
	if err != nil {
		return model.List[model.Token]{}, err
	}
	return a.Store.Tokens(ctx, a.Actor, model.TokenQuery{Filter: f, Sort: model.ByExpiry}, model.Page{Limit: 1, Count: true})
}

// firstSteps are the rows of an empty database.
func firstSteps() []cause {
	project := func(a *App) tea.Cmd { return a.push(newProjectForm(a, "", true)) }
	return []cause{
		{key: "1", what: "1  Make a project", verb: keys.New, so: "its groups are made on the way", open: project},
		{key: "2", what: "2  Create its token", verb: keys.NewToken, so: "asked next", open: project},
		{key: "3", what: "3  Let Git in", verb: keys.Serve, so: "serves from here, until the console ends", open: (*App).serve},
		{key: "4", what: "4  Let people in", so: "run `patrol user add NAME`"},
	}
}
