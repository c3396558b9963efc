package ui

import (
	"errors"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// does is what each key does to the current row, or why it doesn't.
func (h *home) does() map[keys.Action]deed {
	a := h.app
	open := h.row(func(c cause) tea.Cmd { return c.opens(a) }, func(c cause) error {
		if c.opens(nil) == nil && !c.leads() {
			return errors.New("nothing opens from this row")
		}
		return nil
	})
	open.word = func(usual string) string {
		switch c, ok := h.current(); {
		case h.begins:
			return "does it"
		case ok && (c.line != "" || c.key == closedKey):
			return "lists them"
		}
		return usual
	}
	about := func(do func(model.Token) tea.Cmd, can func(model.Token) error) deed {
		return h.row(func(c cause) tea.Cmd { return do(c.token) }, func(c cause) error {
			switch {
			case c.line != "":
				return errors.New("these are several tokens: enter lists them")
			case c.token.ID == 0:
				return errors.New("this row is not about a token")
			case c.solved:
				return errors.New("that is solved already")
			}
			return can(c.token)
		})
	}
	return map[keys.Action]deed{
		keys.Open:   open,
		keys.New:    {do: func() tea.Cmd { return a.push(newProjectForm(a, "", h.begins)) }},
		keys.Reload: {do: func() tea.Cmd { return h.verify(true) }},
		keys.Serve:  a.serves(),
		keys.Remove: about(func(t model.Token) tea.Cmd { return revokeOne(a, t, nil) }, func(t model.Token) error {
			if t.State(a.today()) == model.Revoked {
				return errors.New(clean(t.Name) + " is revoked already")
			}
			return nil
		}),
		keys.Rotate: about(func(t model.Token) tea.Cmd { return a.rotate(t, usualOverlap) }, a.rotatable),
		keys.Why: h.row(func(c cause) tea.Cmd {
			if c.refused != nil {
				return a.why(c.token, *c.refused)
			}
			return a.push(newRefusals(a, c.token))
		}, func(c cause) error {
			if c.token.ID == 0 {
				return errors.New("nothing was refused to this row")
			}
			return nil
		}),
		keys.Snooze: h.snoozes(),
		keys.NextTab: {do: h.turn, can: func() error {
			if h.snoozed == 0 && !h.putAside {
				return errors.New("nothing is snoozed: " + a.capOf(keys.Snooze, keys.Home) + " puts a row aside")
			}
			return nil
		}, word: func(usual string) string {
			if h.putAside {
				return "now"
			}
			return usual
		}},
		keys.Clean: {do: func() tea.Cmd { return a.push(newAllTokens(a, idleLine)) }, can: func() error {
			if h.counted.idle == 0 {
				return errors.New("there is nothing that nobody uses, as far as it is counted")
			}
			return nil
		}},
		keys.NewToken: {
			do: func() tea.Cmd { return a.push(newProjectForm(a, "", true)) },
			can: func() error {
				if !h.begins {
					return errors.New("choose its project or group first: " + a.way(keys.GoProjects) + ", " + a.way(keys.GoGroups))
				}
				return nil
			},
		},
	}
}

// snoozes puts a row aside, or brings it back, until the console ends.
func (h *home) snoozes() deed {
	a := h.app
	return deed{
		do: func() tea.Cmd {
			c, _ := h.current()
			if a.snoozed[c.key] {
				delete(a.snoozed, c.key)
				a.say(okay, "it is back in Now")
			} else {
				if a.snoozed == nil {
					a.snoozed = map[string]bool{}
				}
				a.snoozed[c.key] = true
				a.say(okay, "snoozed until this console ends · "+a.capOf(keys.NextTab, keys.Home)+" shows it")
			}
			h.show()
			h.gone = false // the person has put it there
			return nil
		},
		can: func() error {
			switch c, ok := h.current(); {
			case !ok:
				return errNoRow
			case h.begins, c.rank == 0, c.solved:
				return errors.New("there is nothing to put aside in this row")
			}
			return nil
		},
		word: func(usual string) string {
			if h.putAside {
				return "bring back"
			}
			return usual
		},
	}
}

// offers is the key of what a row asks for, to who may press it.
func (a *App) offers(do keys.Action) string {
	set := a.Console.Keys.Of(keys.Home)
	if b, ok := keys.Find(set, do); !ok || b.Changes && a.writable() != nil {
		return ""
	}
	return a.capOf(do, set)
}
