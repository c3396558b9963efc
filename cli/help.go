package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is how wide a help page is at most, and where nobody knows how wide
// the terminal is.
const helpWidth = 120

// page is a help page in the making.
type page struct {
	out     io.Writer
	width   int
	colored bool
}

// helpTerm is a word of a help page and what it means.
type helpTerm struct{ name, text string }

// help prints a command's help page. It asks the terminal for its width and for
// nothing else.
func (a *app) help(c *cobra.Command, _ []string) {
	p := page{out: a.out, width: helpWidth, colored: isTerminal(a.out) && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"}
	if f, ok := a.out.(interface{ Fd() uintptr }); ok {
		if width, _, err := term.GetSize(f.Fd()); err == nil && width > 0 {
			p.width = min(width, helpWidth)
		}
	}
	p.text(cmp.Or(c.Long, c.Short))
	use := c.UseLine()
	if c.HasAvailableSubCommands() {
		use = c.CommandPath() + " [command] [flags]"
	}
	p.heading("USAGE")
	fmt.Fprintf(p.out, "    %s\n", use)
	if c.HasExample() {
		p.heading("EXAMPLES")
		for line := range strings.Lines(strings.TrimSpace(c.Example)) {
			fmt.Fprintf(p.out, "    %s\n", strings.TrimSpace(line))
		}
	}
	p.terms("COMMANDS", commandTerms(c))
	p.terms("FLAGS", flagTerms(c.LocalFlags()))
	p.terms("FLAGS OF EVERY COMMAND", flagTerms(c.InheritedFlags()))
	fmt.Fprintln(p.out)
}

func commandTerms(c *cobra.Command) (list []helpTerm) {
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() || child.Name() == "help" {
			list = append(list, helpTerm{child.Use, child.Short})
		}
	}
	return list
}

func flagTerms(flags *pflag.FlagSet) (list []helpTerm) {
	flags.VisitAll(func(f *pflag.Flag) {
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + " " + name
		}
		list = append(list, helpTerm{name, strings.ToUpper(f.Usage[:1]) + f.Usage[1:]})
	})
	return list
}

func (p page) text(text string) {
	for line := range strings.Lines(ansi.Wordwrap(strings.TrimSpace(text), p.width-4, "")) {
		fmt.Fprint(p.out, strings.TrimRight("  "+line, " \n"), "\n")
	}
}

func (p page) heading(title string) { fmt.Fprintf(p.out, "\n  %s\n\n", p.paint("1;34", title)) }

// terms prints aligned words and what they mean.
func (p page) terms(title string, list []helpTerm) {
	if len(list) == 0 {
		return
	}
	p.heading(title)
	widest := 0
	for _, t := range list {
		widest = max(widest, ansi.StringWidth(t.name))
	}
	indent := strings.Repeat(" ", 4+widest+2)
	for _, t := range list {
		text := ansi.Wordwrap(t.text, max(20, p.width-len(indent)), "")
		text = strings.ReplaceAll(text, "\n", "\n"+indent)
		fmt.Fprintf(p.out, "    %s%s  %s\n", p.paint("36", t.name), strings.Repeat(" ", widest-ansi.StringWidth(t.name)), text)
	}
}

// paint colours a text in one of the terminal's own sixteen colours.
func (p page) paint(color, text string) string {
	if !p.colored {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[m"
}
