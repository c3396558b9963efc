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
	"github.com/muesli/cancelreader"
	"github.com/spf13/cobra"

	"patrol/model"
)

// isTerminal tells whether a stream is a person's screen or keyboard.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(f.Fd())
}

// withYes gives a command the flag --yes.
func withYes(c *cobra.Command, yes *bool) *cobra.Command {
	c.Flags().BoolVarP(yes, "yes", "y", false, "don't ask")
	return c
}

// asks tells whether confirm asks: not with --yes, nor where there is no terminal
// to ask at.
func (s *session) asks(yes bool) bool { return !yes && isTerminal(s.in) }

// confirm asks before something that can't be undone. An empty answer is no.
func (s *session) confirm(yes bool, format string, args ...any) error {
	if !s.asks(yes) {
		return nil
	}
	fmt.Fprint(s.err, model.Clean(fmt.Sprintf(format, args...)), " [y/N] ")
	return s.reading(func(in io.Reader) error {
		answer, err := bufio.NewReader(in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
			return nil
		}
		return errors.New("nothing was changed")
	})
}

// reading reads standard input until ctx is done: a terminal or a pipe may have
// nothing to say for as long as it likes.
func (s *session) reading(do func(in io.Reader) error) error {
	in, err := cancelreader.NewReader(s.in)
	if err != nil { // a file on a disk, which never waits
		return do(s.in)
	}
	defer in.Close()
	defer context.AfterFunc(s.ctx, func() { in.Cancel() })()
	if err := do(in); !errors.Is(err, cancelreader.ErrCanceled) {
		return err
	}
	return s.ctx.Err()
}
