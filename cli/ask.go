package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/term"
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

// confirm asks before something that can't be undone. Where there is no
// terminal to ask at, or with --yes, the answer is yes; an empty answer is no.
func (s *session) confirm(yes bool, format string, args ...any) error {
	if yes || !isTerminal(s.in) {
		return nil
	}
	fmt.Fprint(s.err, model.Clean(fmt.Sprintf(format, args...)), " [y/N] ")
	answer, err := bufio.NewReader(s.in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was changed")
}
