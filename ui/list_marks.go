package ui

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// remark brings cleared marks back.
func (l *list[T]) remark() bool {
	if l.former == nil || len(l.marks) > 0 {
		return false
	}
	l.marks, l.former = l.former, nil
	return true
}

// shown counts those of the marks that the filter shows.
func (l *list[T]) shown(ctx context.Context, rows wanted, marks []int64) (int, error) {
	rows.ids = marks
	found, err := l.fetch(ctx, rows, model.Page{Limit: 1, Count: true})
	return found.Total, err
}

// countOutside finds out how many marks are on rows that aren't shown: what the
// next key will act on must not be out of sight.
func (l *list[T]) countOutside() tea.Cmd {
	rows, marks := l.wanted(), l.marked()
	if len(marks) == 0 {
		l.outside = 0
		return nil
	}
	return ask(l.app, &l.hiding, func(ctx context.Context) (int, error) {
		return l.shown(ctx, rows, marks)
	}, func(n int, err error) tea.Cmd {
		if err == nil {
			l.outside = len(marks) - n
		}
		return nil
	})
}

// marked is the ids of the marked rows, in their order.
func (l *list[T]) marked() []int64 { return slices.Sorted(maps.Keys(l.marks)) }

func (l *list[T]) mark() tea.Cmd {
	row, ok := l.current()
	if !ok {
		return nil
	}
	if l.marks == nil {
		l.marks = map[int64]bool{}
	}
	if id := l.id(row); l.marks[id] {
		delete(l.marks, id)
	} else {
		l.marks[id] = true
	}
	return l.move(l.cur + 1)
}

// maxMarks is how many rows can be marked at once: what is done to them is one
// transaction.
const maxMarks = 1000

// markAll marks every row that the filter shows.
func (l *list[T]) markAll() tea.Cmd {
	rows := l.wanted()
	return ask(l.app, &l.marking, func(ctx context.Context) (map[int64]bool, error) {
		ids, after := map[int64]bool{}, ""
		for {
			found, err := l.fetch(ctx, rows, model.Page{Limit: model.MaxPage, After: after})
			if err != nil {
				return nil, err
			}
			for _, row := range found.Rows {
				ids[l.id(row)] = true
			}
			if after = found.Next; after == "" {
				return ids, nil
			}
			if len(ids) >= maxMarks {
				return nil, fmt.Errorf("%s marks at most %d rows: narrow the filter", l.app.capOf(keys.MarkAll, l.keys), maxMarks)
			}
		}
	}, func(ids map[int64]bool, err error) tea.Cmd {
		if err != nil {
			l.letGo()
			l.app.fail(err)
			return nil
		}
		l.marks, l.outside = ids, 0
		return l.release()
	})
}

// withMarks is a deed's word with how many rows it is about.
func (l *list[T]) withMarks(usual string) string {
	if n := len(l.marks); n > 0 {
		return fmt.Sprintf("%s %d", usual, n)
	}
	return usual
}

// unmark forgets all marks: what they were for is done.
func (l *list[T]) unmark() { l.marks, l.outside = nil, 0 }
