package ui

import (
	"context"
	"errors"
	"time"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
	"github.com/atotto/clipboard"
)

// A text goes to one clipboard only: at the machine itself to the machine's;
// over SSH, or where that fails, by an escape sequence (OSC 52) to that of the
// person's terminal, which may ignore it and never answers. Nothing ever reads
// or writes the server's clipboard for somebody who sits elsewhere.

// clipboardKept is how long a secret stays in the machine's clipboard.
const clipboardKept = 60 * time.Second

// copied says where a text went.
type copied struct {
	local bool
	text  string // for people
}

// clipboardWay says, before anything is copied, where it will go.
func (a *App) clipboardWay() string {
	if !a.env.remote() {
		return "c copies to this machine's clipboard"
	}
	if a.env.multiplexed() {
		return "c copies by OSC 52 (SSH); tmux needs set-clipboard on"
	}
	return "c copies by OSC 52 (SSH)"
}

var errRemote = errors.New("the person sits at another machine")

// copyOut copies text the one way there is, and tells then which it was.
func (a *App) copyOut(text string, then func(copied) tea.Cmd) tea.Cmd {
	remote := a.env.remote()
	return ask(a, new(request), func(context.Context) (struct{}, error) {
		if remote {
			return struct{}{}, errRemote
		}
		return struct{}{}, clipboard.WriteAll(text)
	}, func(_ struct{}, err error) tea.Cmd {
		if err == nil {
			return then(copied{true, "in this machine's clipboard"})
		}
		said := "sent to the terminal's clipboard: paste it to check"
		if a.env.multiplexed() {
			said = "sent to tmux, which needs set-clipboard on: paste it to check"
		}
		return tea.Batch(tea.SetClipboard(text), then(copied{false, said}))
	})
}

// copyText copies what is no secret.
func (a *App) copyText(text, name string) tea.Cmd {
	return a.copyOut(text, func(c copied) tea.Cmd {
		a.say(okay, clean(name)+" "+c.text)
		return nil
	})
}

// emptyLater empties the machine's clipboard after a while, if it still holds
// the text with that digest.
func (a *App) emptyLater(digest model.Digest) tea.Cmd {
	return a.wait(new(request), clipboardKept, func() tea.Cmd {
		return ask(a, new(request), func(context.Context) (struct{}, error) {
			return struct{}{}, emptyClipboard(digest)
		}, func(struct{}, error) tea.Cmd { return nil })
	})
}

func emptyClipboard(digest model.Digest) error {
	text, err := clipboard.ReadAll()
	if err != nil || model.DigestOf(text) != digest {
		return err
	}
	return clipboard.WriteAll("")
}
