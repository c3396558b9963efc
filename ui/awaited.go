package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"
)

// awaited is a question whose answer decides what the next keys are meant for: it
// opens a form or a box, or it changes what they would change again. Until it
// comes, what is typed waits, in its order.
type awaited struct {
	request *request
	changes bool // it can't be taken back any more
	keys    []tea.Msg
}

// maxAwaited bounds what waits: a megabyte may be pasted.
const maxAwaited = 1000

// await is ask for an answer that opens something.
func await[T any](a *App, find func(context.Context) (T, error), then func(T, error) tea.Cmd) tea.Cmd {
	r := new(request)
	cmd := ask(a, r, find, then)
	a.awaited.request, a.awaited.changes = r, false
	return cmd
}

// waits keeps a key or a paste while something is awaited. esc gives up what only
// asks; ctrl+c leaves the console as ever.
func (a *App) waits(msg tea.Msg) bool {
	w := &a.awaited
	if w.request == nil || !w.request.busy {
		return false
	}
	if key, ok := msg.(tea.KeyPressMsg); ok {
		switch key.String() {
		case "ctrl+c":
			w.keys = nil
			return false
		case "esc":
			w.keys = nil
			if !w.changes {
				w.request.drop()
			}
			return true
		}
	}
	if len(w.keys) < maxAwaited {
		w.keys = append(w.keys, msg)
	}
	return true
}

// resume hands on what has waited, up to the next thing that is awaited: to the
// console that is shown by now.
func (a *App) resume() tea.Cmd {
	shown := a
	if a.below != nil {
		shown = a.below
	}
	var cmds []tea.Cmd
	for w := &a.awaited; len(w.keys) > 0 && (w.request == nil || !w.request.busy); {
		msg := w.keys[0]
		w.keys = w.keys[1:]
		_, cmd := shown.Update(msg)
		cmds = append(cmds, cmd)
	}
	return tea.Batch(cmds...)
}
