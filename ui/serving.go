package ui

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"
)

// serves is the deed of Home that serves from this process.
func (a *App) serves() deed {
	return deed{do: a.serve, can: func() error {
		switch {
		case a.Serve == nil:
			return errors.New("only a console at the machine itself serves")
		case a.serving != "":
			return errors.New("this console serves already, at " + a.serving)
		}
		return nil
	}}
}

// serve begins to; the header says so until the console ends.
func (a *App) serve() tea.Cmd {
	if err := a.serves().can(); err != nil {
		a.fail(err)
		return nil
	}
	var address string
	return a.change(func(context.Context) (err error) {
		address, err = a.Serve()
		return err
	}, func() tea.Cmd {
		a.serving = address
		a.Flags = append(a.Flags[:len(a.Flags):len(a.Flags)], "SERVING "+address)
		a.say(okay, "HTTP and SSH are served until this console ends")
		a.acted("serve")
		return a.reload()
	})
}
