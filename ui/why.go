package ui

import (
	"context"
	"fmt"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// newRefusals lists what doors have refused to a token, the last first (R99).
func newRefusals(a *App, t model.Token) *list[model.Refusal] {
	l := &list[model.Refusal]{app: a, keys: keys.Refused, what: "refusals", empty: "Nothing was refused to " + clean(t.Name) + "."}
	l.path = func() []string { return []string{t.Owner(), t.Name, "Refused"} }
	l.who = a.kind
	l.columns = []column[model.Refusal]{
		{head: "LAST", worth: 2, cell: func(r model.Refusal) string { return ago(r.Last, a.now()) }},
		{head: "TIMES", worth: 4, right: true, cell: func(r model.Refusal) string { return count(r.Count) }},
		{head: "WHAT", worth: 1, least: 16, cell: func(r model.Refusal) string { return clean(r.Asked) }},
		{head: "RULE", worth: 3, cell: func(r model.Refusal) string { return clean(r.Rule) }},
		{head: "FROM", worth: 5, cell: func(r model.Refusal) string { return clean(r.Address) }},
	}
	l.fetch = func(ctx context.Context, _ wanted, _ model.Page) (list model.List[model.Refusal], err error) {
		list.Rows, err = a.Store.Refusals(ctx, a.Actor, t.ID)
		list.Total = len(list.Rows)
		return list, err
	}
	l.id = func(r model.Refusal) int64 { return r.First.UnixNano() }
	l.deeds = map[keys.Action]deed{
		keys.Open: l.row(func(r model.Refusal) tea.Cmd { return a.why(t, r) }, nil),
		keys.Copy: l.row(func(r model.Refusal) tea.Cmd { return a.copyText(r.RequestID, "request id "+r.RequestID) }, nil),
	}
	return l
}

// why asks the policy about a refusal again, and shows each step and what would
// change the answer (R172).
func (a *App) why(t model.Token, r model.Refusal) tea.Cmd {
	type found struct {
		asked     bool // the policy can be asked about it
		explained model.Explanation
	}
	return await(a, func(ctx context.Context) (f found, err error) {
		q, err := model.ParseQuestion([]string{r.Asked})
		if err != nil {
			return f, nil // what it was about depends on more than its words
		}
		f.asked = true
		f.explained, err = a.Store.Explain(ctx, a.Actor, t.ID, q)
		return f, err
	}, func(f found, err error) tea.Cmd {
		if err != nil {
			a.fail(err)
			return nil
		}
		return a.push(&prose{app: a, crumb: "Why", title: "Why: " + r.Asked, write: func(w int) []string { return a.whyRows(t, r, f.asked, f.explained, w) }})
	})
}

func (a *App) whyRows(t model.Token, r model.Refusal, asked bool, e model.Explanation, w int) (rows []string) {
	th := a.theme
	say := func(text string) { rows = append(rows, wrap(clean(text), w)...) }
	times := fmt.Sprintf("%s times, the last %s", count(r.Count), ago(r.Last, a.now()))
	if r.Count == 1 {
		times = "once, " + ago(r.Last, a.now())
	}
	say(r.Asked + ", by " + named(t) + ", from " + r.Address + ".")
	say("Refused " + times + " by " + r.Rule + ": " + r.Text)
	if !asked {
		return append(rows, "", "What it may do depends on more than the address of the request.")
	}
	rows = append(rows, "", th.paint(head, "THE STEPS, AS THEY WOULD GO NOW"))
	for _, step := range e.Steps {
		look, text := okay, step.Name
		if !step.Passed {
			look = bad
			text += ": " + step.Text
		}
		lines := wrap(clean(text), max(w-8, 10))
		lines[0] = fit(lines[0], max(w-8, 10)) + " " + clean(step.Rule)
		rows = append(rows, a.marked(look, lines)...)
	}
	if e.Decision.Allowed {
		return append(rows, "", th.state(okay, "It would be let through now."))
	}
	rows = append(rows, "", th.paint(head, "WHAT WOULD LET IT THROUGH"))
	if len(e.Changes) == 0 {
		rows = append(rows, "Nothing that can be changed here.")
	}
	for _, c := range e.Changes {
		look, text := okay, c.Text
		if !c.Decision.Allowed {
			look = off
			text += "; then: " + c.Decision.Text
		}
		rows = append(rows, a.marked(look, wrap(clean(text), max(w-2, 10)))...)
	}
	return rows
}

// marked puts a symbol before the first of some lines, and the others under it.
func (a *App) marked(l look, lines []string) []string {
	for i, line := range lines {
		if i == 0 {
			lines[i] = a.theme.state(l, line)
		} else {
			lines[i] = well(line)
		}
	}
	return lines
}
