package ui

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

func (a *App) front() screen { return a.stack[len(a.stack)-1] }

// push shows a screen over the others.
func (a *App) push(s screen) tea.Cmd {
	a.front().letGo() // it was not meant for the new one
	if !s.box() {
		a.side = nil
	}
	a.stack = append(slices.Clip(a.stack), s)
	return tea.Batch(a.layout(), s.load())
}

// pop leaves the front screen, if it isn't the first, without asking.
func (a *App) pop() tea.Cmd {
	if len(a.stack) == 1 {
		return nil
	}
	a.stack = a.stack[:len(a.stack)-1]
	return tea.Batch(a.layout(), a.front().load(), a.follow())
}

// replace shows a screen in place of the front one.
func (a *App) replace(s screen) tea.Cmd {
	a.stack = a.stack[:len(a.stack)-1]
	return a.push(s)
}

// leave does what follows, after asking if one of the screens that it drops
// holds something that would be lost.
func (a *App) leave(dropped []screen, then func() tea.Cmd) tea.Cmd {
	left := func() tea.Cmd {
		var cmds []tea.Cmd
		for _, s := range dropped {
			cmds = append(cmds, s.left())
		}
		return tea.Batch(append(cmds, then())...)
	}
	for _, s := range dropped {
		if q := s.guard(); q != nil {
			q.yes = left
			return a.push(newConfirm(a, *q))
		}
	}
	return left()
}

// back leaves the front screen, after asking if need be.
func (a *App) back() tea.Cmd {
	switch {
	case len(a.stack) == 1 && a.below != nil:
		return a.below.comeBack()
	case len(a.stack) == 1:
		return nil
	}
	return a.leave([]screen{a.front()}, a.pop)
}
