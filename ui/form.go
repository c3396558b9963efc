package ui

import (
	"context"
	"errors"
	"slices"
	"strings"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// fieldKind says what a field of a form takes.
type fieldKind uint8

const (
	textField fieldKind = iota
	chipField           // one of a row of words
	tickField           // one of a column of ticks
)

// field is one field of a form.
type field struct {
	kind     fieldKind
	key      string // as model.Field names it
	label    string
	in       input
	chips    []string
	pick     int            // the chip chosen; -1: none
	picked   func(chip int) // what follows when a chip is chosen, or a tick set; may be nil
	numbered bool           // the chips are in several rows if need be, and digits choose them
	ticked   bool           //
	note     string         // behind a tick
	hint     func() string  // behind the rest
	known    bool           // tab completes the text to what the check offers
	wrong    string         // what the check says of it
	seen     bool           // the focus has left it once
}

// offer is a word that completes a text, and what it means.
type offer struct{ word, note string }

// verdict is the last row of a form: whether it would work now and be of use.
type verdict struct {
	look   look
	text   string
	fields []model.Field
	makes  string  // what would be made
	opens  string  // what that would open
	offers []offer // what the text with the focus may go on to be
}

// needed names the fields that are still blank, if nothing else is wrong.
func (v verdict) needed() string {
	var names []string
	for _, field := range v.fields {
		if field.Text != "can't be blank" {
			return ""
		}
		names = append(names, strings.ReplaceAll(field.Key, "_", " "))
	}
	return strings.Join(names, ", ")
}

// values is a copy of what a form holds, to be looked at and done beside Update.
type values interface {
	// check tells whether it would work now: asked at every change.
	check(context.Context) (verdict, error)
	// send does it, and tells what follows.
	send(context.Context) (func() tea.Cmd, error)
}

// form is the one form.
type form struct {
	quiet
	app    *App
	path   []string
	who    func() string
	fields []*field
	verb   string // what ctrl+s does: "create"
	makes  string // the label of the row that says what would be made; empty: no such row
	opens  bool   // a row says what that would open
	values func() values

	w, h    int
	at      int // the field that has the focus
	top     int // the first row drawn
	said    verdict
	touched bool // something was typed or chosen
	sending bool
	req     request
}

func (f *form) crumbs() []string { return f.path }

func (f *form) set() keys.Set {
	switch f.focus().kind {
	case chipField:
		if f.focus().numbered {
			return keys.NumberedField
		}
		return keys.ChipField
	case tickField:
		return keys.TickField
	}
	return keys.TextField
}

func (f *form) focus() *field { return f.fields[f.at] }

func (f *form) field(key string) *field {
	i := slices.IndexFunc(f.fields, func(x *field) bool { return x.key == key })
	return f.fields[i]
}

func (f *form) typing() bool { return true }

func (f *form) resize(w, h int) { f.w, f.h = w, h }

func (f *form) word(b keys.Binding) string {
	switch {
	case b.Action == keys.Create:
		return f.verb
	case b.Action == keys.Field && len(f.fields) == 1:
		return ""
	}
	return b.Short
}

// load checks again: what is typed stays.
func (f *form) load() tea.Cmd {
	if f.sending {
		return nil
	}
	return ask(f.app, &f.req, f.values().check, func(v verdict, err error) tea.Cmd {
		if err != nil {
			v = verdict{look: bad, text: oneLine(err)}
		}
		f.judge(v)
		return nil
	})
}

// judge shows a verdict, and each field what is wrong with it: an empty one only
// once the person has been there.
func (f *form) judge(v verdict) {
	f.said = v
	for _, x := range f.fields {
		x.wrong = ""
		i := slices.IndexFunc(v.fields, func(wrong model.Field) bool { return wrong.Key == x.key })
		if i >= 0 && x.kind != tickField && (x.seen || x.in.String() != "") {
			x.wrong = v.fields[i].Text
		}
	}
}

func (f *form) can(do keys.Action) error {
	switch {
	case f.sending:
		return errors.New("wait: it is being done")
	case do == keys.Create && !f.req.busy && f.said.look == bad && f.said.text != "":
		return errors.New(f.said.text)
	}
	return nil
}

// update takes what is typed into a text, or a letter that chooses a chip.
func (f *form) update(msg tea.Msg) tea.Cmd {
	x := f.focus()
	k, key := msg.(tea.KeyPressMsg)
	switch {
	case f.sending:
		return nil
	case x.kind == chipField && key:
		return f.chooseBy(k.Text)
	case x.kind != textField:
		return nil
	}
	if key && len(x.chips) > 0 && (k.String() == "left" || k.String() == "right") {
		return f.choose(k.String())
	}
	if !x.in.update(msg) {
		return nil
	}
	x.pick = -1
	return f.changed()
}

func (f *form) changed() tea.Cmd {
	f.touched = true
	return f.load()
}

func (f *form) act(p press) tea.Cmd {
	if f.sending {
		return nil
	}
	switch p.action {
	case keys.Field:
		return f.step(p.key)
	case keys.Next:
		if f.at == len(f.fields)-1 {
			if err := f.can(keys.Create); err != nil {
				f.app.fail(err)
				return nil
			}
			return f.create()
		}
		f.focusOn(f.at + 1)
	case keys.Choose:
		return f.choose(p.key)
	case keys.Number:
		return f.pick(int(p.key[0] - '1'))
	case keys.Tick:
		x := f.focus()
		if x.ticked = !x.ticked; x.picked != nil {
			x.picked(0)
		}
		return f.changed()
	case keys.Create:
		return f.create()
	case keys.Cancel:
		return f.app.back()
	}
	return nil
}

// step goes to another field; tab completes a text first, if it can be.
func (f *form) step(key string) tea.Cmd {
	x := f.focus()
	if key == "tab" && x.known && len(f.said.offers) > 0 {
		x.in.set(f.said.offers[0].word)
		return f.changed()
	}
	if key == "up" || key == "shift+tab" {
		f.focusOn(f.at - 1)
	} else {
		f.focusOn(f.at + 1)
	}
	return nil
}

func (f *form) focusOn(at int) {
	f.focus().seen = true
	f.at = max(min(at, len(f.fields)-1), 0)
	f.judge(f.said)
}

func (f *form) choose(key string) tea.Cmd {
	if key == "left" {
		return f.pick(f.focus().pick - 1)
	}
	return f.pick(f.focus().pick + 1)
}

// chooseBy goes to the next chip that begins with a letter.
func (f *form) chooseBy(letter string) tea.Cmd {
	x := f.focus()
	for i := range x.chips {
		at := (x.pick + 1 + i) % len(x.chips)
		if word := strings.ToLower(strings.TrimLeft(x.chips[at], "0123456789 ")); letter != "" && strings.HasPrefix(word, strings.ToLower(letter)) {
			return f.pick(at)
		}
	}
	return nil
}

// pick chooses a chip of the field that has the focus.
func (f *form) pick(chip int) tea.Cmd {
	x := f.focus()
	x.pick = max(min(chip, len(x.chips)-1), 0)
	if x.picked != nil {
		x.picked(x.pick)
	}
	return f.changed()
}

// create does it. Nothing that was typed is lost if it fails.
func (f *form) create() tea.Cmd {
	f.sending = true
	f.app.toast = toast{}
	return attempt(f.app, &f.req, f.values().send, func(next func() tea.Cmd, err error) tea.Cmd {
		f.sending = false
		if err == nil {
			f.touched = false
			return next()
		}
		if errors.Is(err, model.ErrBusy) || errors.Is(err, model.ErrUnavailable) { // nothing is wrong with the form
			f.app.fail(err)
			return f.load()
		}
		v := verdict{look: bad, text: oneLine(err), makes: f.said.makes}
		var reason *model.Reason
		if errors.As(err, &reason) {
			v.fields = reason.Fields
		}
		f.judge(v)
		return nil
	})
}

func (f *form) once() bool { return true }

func (f *form) guard() *question {
	if !f.touched {
		return nil
	}
	return &question{title: "Leave this form?", lines: []string{"What you have typed will be lost."}, yesWord: "Yes, leave"}
}

func (f *form) left() tea.Cmd {
	f.req.drop()
	return nil
}
