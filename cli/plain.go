package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/term"

	"patrol/model"
	"patrol/plain"
)

// lines tells whether the console shall be lines instead of a screen.
func (a *app) lines() bool {
	return a.plain || a.getenv("PATROL_PLAIN") != "" || a.getenv("TERM") == "dumb"
}

// talk is the plain console.
func (s *session) talk(ctx context.Context, actor model.Actor, t plain.Terminal, flags ...string) error {
	c := plain.Config{Store: s.store, Actor: actor, Terminal: t, Flags: flags}
	if s.options.ReadOnly {
		c.ReadOnly = errors.New("the clock is set by --at: nothing can be changed")
	}
	return plain.Run(ctx, c)
}

// lines is a terminal of this machine, which echoes and edits lines by itself.
type lines struct {
	io.Writer
	keyboard *os.File // nil: not a terminal
	in       *bufio.Reader
}

func newLines(in io.Reader, out io.Writer) *lines {
	l := &lines{Writer: out, in: bufio.NewReader(in)}
	if f, ok := in.(*os.File); ok && term.IsTerminal(f.Fd()) {
		l.keyboard = f
	}
	return l
}

// ReadLine gives the next line. While a hidden one is typed the terminal doesn't
// echo.
func (l *lines) ReadLine(hidden bool) (string, error) {
	if hidden && l.keyboard != nil && l.in.Buffered() == 0 {
		text, err := term.ReadPassword(l.keyboard.Fd())
		fmt.Fprintln(l.Writer)
		return string(text), err
	}
	text, err := l.in.ReadString('\n')
	if err != nil && text == "" {
		return "", err
	}
	return strings.TrimRight(text, "\r\n"), nil
}
