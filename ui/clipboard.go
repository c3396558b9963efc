package ui

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"time"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
	"github.com/atotto/clipboard"
)

// A text goes to one clipboard only: at the machine itself to the machine's;
// over SSH, or where that fails, to that of the person's terminal: by tmux, if
// the console is in one, else by an escape sequence (OSC 52), which tmux would
// swallow. The terminal may ignore it and never answers. Nothing ever reads
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
		return a.cap(keys.CopySecret) + " copies to this machine's clipboard"
	}
	if a.env["TMUX"] != "" {
		return a.cap(keys.CopySecret) + " copies through tmux (SSH)"
	}
	return a.cap(keys.CopySecret) + " copies by OSC 52 (SSH)"
}

var errNoClipboard = errors.New("no program here has a clipboard for the person")

// copyOut copies text the one way there is, and tells then which it was.
func (a *App) copyOut(text string, then func(copied) tea.Cmd) tea.Cmd {
	remote, tmux := a.env.remote(), a.env["TMUX"]
	return ask(a, new(request), func(ctx context.Context) (copied, error) {
		if !remote && clipboard.WriteAll(text) == nil {
			return copied{true, "in this machine's clipboard"}, nil
		}
		if tmux != "" && copyByTmux(ctx, tmux, text) == nil {
			return copied{false, "sent through tmux to the terminal's clipboard: paste it to check"}, nil
		}
		return copied{}, errNoClipboard
	}, func(c copied, err error) tea.Cmd {
		if err == nil {
			return then(c)
		}
		return tea.Batch(tea.SetClipboard(text), then(copied{false, "sent to the terminal's clipboard: paste it to check"}))
	})
}

// tmuxWaits is how long tmux gets to take a text.
const tmuxWaits = 2 * time.Second

// copyByTmux gives a text to the tmux that the console is in, on its standard
// input: arguments can be seen by everybody.
func copyByTmux(ctx context.Context, tmux, text string) error {
	ctx, stop := context.WithTimeout(ctx, tmuxWaits)
	defer stop()
	cmd := exec.CommandContext(ctx, "tmux", "load-buffer", "-w", "-")
	cmd.Env = append(os.Environ(), "TMUX="+tmux)
	cmd.Stdin = strings.NewReader(text)
	return cmd.Run()
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
	a.clipped = &digest
	return a.wait(new(request), clipboardKept, func() tea.Cmd {
		a.clipped = nil
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
