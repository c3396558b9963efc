package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Every command has a help page that names all its flags and commands, is no
// wider than its width, and has no colour where there is no terminal.
func TestHelpPages(t *testing.T) {
	getenv := func(string) string { return "" }
	walk((&app{getenv: getenv}).rootCommand(), nil, func(path []string, c *cobra.Command) {
		var out, errOut bytes.Buffer
		if status := Run(t.Context(), append(path, "--help"), getenv, nil, &out, &errOut); status != exitDone || errOut.Len() > 0 {
			t.Errorf("%q: status %d, said %q", path, status, errOut.String())
		}
		page := out.String()
		for line := range strings.Lines(page) {
			line = strings.TrimSuffix(line, "\n")
			if ansi.StringWidth(line) > helpWidth || strings.HasSuffix(line, " ") || strings.Contains(line, "\x1b") {
				t.Errorf("%q has the line %q", path, line)
			}
		}
		named := func(name string) {
			if !strings.Contains(page, "    "+name+" ") && !strings.Contains(page, " --"+name+" ") {
				t.Errorf("%q doesn't name %s:\n%s", path, name, page)
			}
		}
		for _, child := range c.Commands() {
			named(child.Name())
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) { named(f.Name) })
		c.InheritedFlags().VisitAll(func(f *pflag.Flag) { named(f.Name) })
	})
}
