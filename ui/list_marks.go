package ui

import (
	"context"
	"fmt"
	"slices"

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
				return nil, fmt.Errorf("a marks at most %d rows: narrow the filter", maxMarks)
			}
		}
	}, func(ids map[int64]bool, err error) tea.Cmd {
		if err != nil {
			l.app.fail(err)
			return nil
		}
		l.marks = ids
		return nil
	})
}

// chosen is the ids of the marked rows, or of the current one.
func (l *list[T]) chosen() []int64 {
	var ids []int64
	for id := range l.marks {
		ids = append(ids, id)
	}
	if row, ok := l.current(); ok && len(ids) == 0 {
		ids = []int64{l.id(row)}
	}
	slices.Sort(ids)
	return ids
}
