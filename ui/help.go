package ui

import (
	"strings"

	"patrol/keys"
	"patrol/model"
)

// newHelp shows the keys of the screen below it, from the table that dispatches
// them, and in a filter line what can be typed.
func newHelp(a *App) *prose {
	title := a.front().set().Title
	sets := append(a.sets(), a.places())
	wide := 0
	for _, set := range sets {
		for _, b := range set.Bindings {
			wide = max(wide, width(b.Caps()))
		}
	}
	return &prose{app: a, crumb: "Help", title: title + ": keys", write: func(w int) (rows []string) {
		for i, set := range sets {
			if i > 0 {
				rows = append(rows, "", a.theme.paint(head, set.Title))
			}
			for _, b := range set.Bindings {
				caps := b.Caps()
				for _, line := range wrap(strings.ReplaceAll(b.Long, "`", ""), max(w-min(wide, 22)-2, 10)) {
					rows = append(rows, fit(caps, min(wide, 22))+"  "+a.theme.paint(dim, line))
					caps = ""
				}
			}
			if set.Title == keys.FilterLine.Title { // what somebody looks for who asks here
				rows = append(rows, a.filterHelp(w)...)
			}
		}
		return rows
	}}
}

// filterHelp is the grammar of the filters of tokens.
func (a *App) filterHelp(w int) []string {
	rows := []string{"", a.theme.paint(head, "What can be typed, of tokens")}
	for _, f := range model.FilterHelp() {
		for i, line := range wrap(f.Means, max(w-14, 10)) {
			if i > 0 {
				f.Form = ""
			}
			rows = append(rows, fit(f.Form, 12)+"  "+a.theme.paint(dim, line))
		}
	}
	return rows
}
