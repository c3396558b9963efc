package ui

import (
	"errors"
	"fmt"
	"slices"

	"patrol/keys"

	tea "charm.land/bubbletea/v2"
)

// key turns a key into an action: of the screen's own set first, then of the
// set that all screens share.
func (a *App) key(msg tea.KeyPressMsg) tea.Cmd {
	key := msg.String()
	if !a.toast.sticky || key == "esc" {
		a.toast = toast{}
	}
	front, command := a.front(), a.command
	if front.once() { // a secret: its command is shown after it
		command = ""
	} else {
		a.command = ""
	}
	if command != "" && key == a.copyKey() && !front.box() && !front.typing() {
		return a.copyText(command, "the command")
	}
	if key == "ctrl+c" && front.box() {
		if c, ok := front.(*confirm); ok && c.q.quits {
			return c.act(press{keys.Yes, key})
		}
		key = "esc" // as everywhere it lets go
	}
	if a.tiny() && !a.quits(key) { // nobody sees what it would do
		return nil
	}
	if a.going {
		a.going = false
		return a.goTo(key)
	}
	b, ok := keys.Lookup(key, a.sets()...)
	switch {
	case !ok && front.typing():
		return front.update(msg)
	case !ok:
		return nil
	}
	if front.holds(msg, b.Action) {
		return nil
	}
	if err := a.refuses(b); err != nil {
		a.toast = toast{look: bad, text: keys.Cap(key) + ": " + oneLine(err)}
		return nil
	}
	return a.perform(b, key)
}

// perform does what a key is bound to.
func (a *App) perform(b keys.Binding, key string) tea.Cmd {
	switch b.Action {
	case keys.Help:
		return a.push(newHelp(a))
	case keys.Palette:
		return a.push(newPalette(a))
	case keys.Place:
		return a.goPlace(placeKeys[key])
	case keys.Suspend:
		return a.suspend()
	case keys.Quit:
		return a.quit()
	case keys.Go:
		a.going = true
		return nil
	case keys.Jump:
		return a.jump()
	case keys.OtherDay:
		return a.askDay()
	case keys.Commands:
		return a.push(newActs(a))
	case keys.Reload:
		return tea.Batch(a.front().act(press{b.Action, key}), a.reload())
	case keys.Undo:
		return a.undo()
	}
	return tea.Batch(a.front().act(press{b.Action, key}), a.follow())
}

// placeKeys are the places that the keys of keys.Place go to.
var placeKeys = map[string]keys.Action{"1": keys.GoHome, "2": keys.GoTokens, "3": keys.GoProjects, "4": keys.GoWho, "5": keys.GoLog, ",": keys.GoInstance}

// sets are the keys in force.
func (a *App) sets() []keys.Set {
	front, t := a.front(), a.Console.Keys
	switch {
	case front.box():
		return []keys.Set{t.Of(front.set())}
	case front.typing():
		return []keys.Set{t.Of(front.set()), t.Of(keys.Typing)}
	}
	return []keys.Set{t.Of(front.set()), t.Of(keys.Global)}
}

// places are the keys after g.
func (a *App) places() keys.Set { return a.Console.Keys.Of(keys.Places) }

// cap is the first key of an action on the screen that is drawn, as it is written
// for people.
func (a *App) cap(do keys.Action) string {
	return a.capOf(do, a.base().set(), a.front().set(), keys.Global)
}

// way is how a place is gone to: "g p".
func (a *App) way(place keys.Action) string {
	return a.capOf(keys.Go, keys.Global) + " " + a.capOf(place, keys.Places)
}

// capOf is the first key of an action in the first of the sets that has it.
func (a *App) capOf(do keys.Action, sets ...keys.Set) string {
	for _, set := range sets {
		for _, b := range a.Console.Keys.Of(set).Bindings {
			if b.Action == do {
				return keys.Cap(b.Keys[0])
			}
		}
	}
	return ""
}

// refuses is nil, or why a key that is known here does nothing now. What
// changes something is refused here for a whole console that only reads.
func (a *App) refuses(b keys.Binding) error {
	if b.Changes {
		if err := a.writable(); err != nil {
			return err
		}
	}
	if b.Action == keys.Jump && a.former == nil {
		return errors.New("there is no former place")
	}
	if b.Action == keys.OtherDay {
		return a.mayRehearse()
	}
	return a.front().can(b.Action)
}

// goTo is g and a letter.
func (a *App) goTo(key string) tea.Cmd {
	b, ok := keys.Lookup(key, a.places())
	if !ok {
		return nil
	}
	if b.Action == keys.Top {
		return tea.Batch(a.front().act(press{keys.Top, key}), a.follow())
	}
	return a.goPlace(b.Action)
}

func (a *App) goPlace(place keys.Action) tea.Cmd {
	if place == keys.GoHome {
		return a.visit(nil)
	}
	return a.visit(destinations()[place](a))
}

// visit leaves everything for a screen over Home; nil: for Home.
func (a *App) visit(s screen) tea.Cmd {
	return a.leave(a.stack, func() tea.Cmd {
		a.former = a.unguarded()
		a.stack, a.side = []screen{newHome(a)}, nil
		if s == nil {
			return tea.Batch(a.layout(), a.front().load())
		}
		return a.push(s)
	})
}

// quits tells whether a key would end the console.
func (a *App) quits(key string) bool {
	b, ok := keys.Lookup(key, a.sets()...)
	return ok && b.Action == keys.Quit || key == "esc" && a.front().box()
}

// quit ends the console, after asking if something would be lost by it.
func (a *App) quit() tea.Cmd {
	for _, s := range a.stack {
		if q := s.guard(); q != nil {
			q.quits, q.yes = true, func() tea.Cmd { return tea.Quit }
			return a.push(newConfirm(a, *q))
		}
	}
	return tea.Quit
}

// jump changes places with the former one.
func (a *App) jump() tea.Cmd {
	return a.leave(a.stack, func() tea.Cmd {
		a.stack, a.former, a.side = a.former, a.unguarded(), nil
		return tea.Batch(a.layout(), a.front().load(), a.follow())
	})
}

// unguarded is the stack below a screen that is given up by leaving it: there is
// no way back to a secret or to what was typed.
func (a *App) unguarded() []screen {
	for i, s := range a.stack {
		if s.once() {
			return a.stack[:i:i]
		}
	}
	return a.stack
}

// done says what was changed, and keeps how to take it back.
func (a *App) done(text string, u undo) {
	a.undos = append(a.undos, u)
	a.say(okay, text+" · "+a.cap(keys.Undo)+" takes it back")
}

// undo takes back the last change, and asks first if somebody has changed the
// same thing since.
func (a *App) undo() tea.Cmd {
	if a.front().remark() {
		return a.front().load() // which counts those that aren't shown
	}
	if len(a.undos) == 0 {
		a.say(dim, a.cap(keys.Undo)+": nothing to take back")
		return nil
	}
	last := len(a.undos) - 1
	u := a.undos[last]
	back := func() tea.Cmd {
		return a.change(u.back, func() tea.Cmd {
			a.undos = slices.Delete(a.undos, last, last+1)
			a.say(okay, "taken back: "+u.done)
			a.acted(u.command...)
			return a.reload()
		})
	}
	return await(a, u.changed, func(now string, err error) tea.Cmd {
		switch {
		case err != nil:
			a.fail(err)
			return nil
		case now != "":
			return a.push(newConfirm(a, question{title: "Take it back all the same?", yesWord: "Yes, take it back",
				lines: []string{fmt.Sprintf("You had: %s.", u.done), "Now it is: " + now + "."}, yes: back}))
		}
		return back()
	})
}
