package ui

import (
	"context"
	"encoding/hex"
	"strconv"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// newLog lists the audit log, the newest entry first (R164).
func newLog(a *App) screen {
	l := &list[model.Entry]{app: a, keys: keys.Log, what: "the audit log", empty: "No entries yet.",
		path: func() []string { return []string{"Log"} }, who: a.kind, id: func(e model.Entry) int64 { return e.Number }}
	l.columns = []column[model.Entry]{
		{head: "WHEN", worth: 2, cell: func(e model.Entry) string { return e.At.UTC().Format("2006-01-02 15:04") }},
		{head: "WHO", worth: 4, least: 8, cell: func(e model.Entry) string { return clean(actorName(e)) }},
		{head: "WHAT", worth: 1, cell: a.entryAction},
		{head: "TO", worth: 3, least: 10, middle: true, cell: func(e model.Entry) string { return clean(e.Target()) }},
		{head: "FROM", worth: 5, cell: func(e model.Entry) string { return clean(e.Address) }},
	}
	l.fetch = func(ctx context.Context, _ wanted, p model.Page) (model.List[model.Entry], error) {
		return a.Store.Entries(ctx, a.Actor, model.AuditQuery{}, p)
	}
	l.deeds = map[keys.Action]deed{keys.Open: l.row(func(e model.Entry) tea.Cmd {
		return a.push(&prose{app: a, crumb: "Entry", title: "Entry " + strconv.FormatInt(e.Number, 10), write: func(w int) []string { return a.entryRows(e, w) }})
	}, nil)}
	return l
}

func actorName(e model.Entry) string {
	if e.As != "" {
		return e.User + " as " + e.As
	}
	if e.User == "" { // nobody: time, or the program itself
		return string(e.Door)
	}
	return e.User
}

func (a *App) entryAction(e model.Entry) string {
	if e.Refused {
		return a.theme.state(bad, clean(e.Action))
	}
	return well(clean(e.Action))
}

// entryRows are all that an entry says.
func (a *App) entryRows(e model.Entry, w int) (rows []string) {
	th := a.theme
	say := func(label, text string) {
		if text == "" {
			return
		}
		for i, line := range wrap(clean(text), max(w-11, 10)) {
			if i > 0 {
				label = ""
			}
			rows = append(rows, th.paint(dim, fit(label, 11))+line)
		}
	}
	outcome := "done"
	if e.Refused {
		outcome = "refused by " + e.Rule
		if e.Count > 1 {
			outcome += ", " + strconv.Itoa(e.Count) + " times within a minute"
		}
	}
	say("when", e.At.UTC().Format("2006-01-02 15:04:05.000 UTC"))
	say("who", actorName(e))
	if e.TokenID != 0 {
		say("token", strconv.FormatInt(e.TokenID, 10))
	}
	say("from", string(e.Door)+", "+e.Address)
	say("what", e.Action)
	say("to", e.Target())
	say("outcome", outcome)
	say("changed", e.Change)
	say("hash", hex.EncodeToString(e.Hash[:]))
	return rows
}
