package ui

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// What tokens did by day (R95a), in lists and in a token's detail.

const (
	useDays     = 30  // that are shown where there is room
	useDaysFew  = 14  // beside a detail
	roomForUses = 200 // cells of a terminal from which a list has room for all days
)

// readUses reads what the rows of a list did, after they have come: the rows
// wait for nothing. It goes into uses.
func readUses(a *App, l *list[model.Token], uses map[int64][]model.UseCount) func() tea.Cmd {
	var reading request
	return func() tea.Cmd {
		ids := make([]int64, len(l.rows))
		for i, t := range l.rows {
			ids[i] = t.ID
		}
		if len(ids) == 0 {
			clear(uses)
			return nil
		}
		return ask(a, &reading, func(ctx context.Context) (map[int64][]model.UseCount, error) {
			all := map[int64][]model.UseCount{}
			for some := range slices.Chunk(ids, model.MaxPage) {
				of, err := a.Store.UseOf(ctx, a.Actor, useDays, some...)
				if err != nil {
					return nil, err
				}
				maps.Copy(all, of)
			}
			return all, nil
		}, func(found map[int64][]model.UseCount, err error) tea.Cmd {
			if err != nil {
				return nil // the list, which reads from the same store, says it
			}
			clear(uses)
			maps.Copy(uses, found)
			l.measure()
			l.scroll()
			return nil
		})
	}
}

// letInByDay is a token's sparkline in a list; empty where the terminal is too
// narrow for one.
func (a *App) letInByDay(days []model.UseCount) string {
	if days = a.lately(days); len(days) == 0 || !a.wide() {
		return ""
	}
	letIn, _ := split(days)
	if slices.Max(letIn) == 0 {
		return ""
	}
	return spark(letIn, slices.Max(letIn))
}

// refusedLately is how often a token was refused on the days that letInByDay shows.
func (a *App) refusedLately(days []model.UseCount) string {
	_, refused := split(a.lately(days))
	if n := total(refused); n > 0 && a.wide() {
		return a.theme.state(bad, group(int(n)))
	}
	return ""
}

// lately are those of the days that a list has room for.
func (a *App) lately(days []model.UseCount) []model.UseCount {
	if a.w < roomForUses && len(days) > useDaysFew {
		return days[len(days)-useDaysFew:]
	}
	return days
}

// useRow is a line of a token's detail.
type useRow struct{ name, text string }

// useRows are a token's days as bars, let in and refused each in its own scale;
// a row of nothing is left out.
func (a *App) useRows(days []model.UseCount, room int) (rows []useRow) {
	letIn, refused := split(days)
	row := func(name string, counts []int64, l look) {
		n := total(counts)
		if n == 0 {
			return
		}
		said := fmt.Sprintf("%s in %d days", group(int(n)), len(counts))
		text := spark(counts, slices.Max(counts)) + "  " + said
		if width(text) > room {
			text = said
		}
		if l == bad {
			text += " " + a.theme.paint(bad, symbols[bad])
		}
		rows = append(rows, useRow{name, text})
	}
	row("let in", letIn, plain)
	row("refused", refused, bad)
	return rows
}

func split(days []model.UseCount) (letIn, refused []int64) {
	for _, n := range days {
		letIn, refused = append(letIn, n.LetIn), append(refused, n.Refused)
	}
	return letIn, refused
}

func total(counts []int64) (n int64) {
	for _, c := range counts {
		n += c
	}
	return n
}
