// Package cli is Patrol's command line: it reads flags and arguments, calls a
// use case, and prints the answer. It decides nothing itself.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"patrol/config"
	"patrol/model"
)

// The exit statuses.
const (
	exitDone    = 0
	exitRefused = 1 // refused or failed
	exitUsage   = 2 // wrong usage
)

// usage is an error in the command line itself.
type usage struct{ error }

func usagef(format string, args ...any) error { return usage{fmt.Errorf(format, args...)} }

// app is one run of the program: its streams, its environment, and the flags
// that every command has.
type app struct {
	getenv   func(string) string
	in       io.Reader
	out, err io.Writer

	db, repos, as, at, config string
	visitors                  config.Console // what serve gives to those who come over SSH
	json, plain               bool
}

// Run runs one command line and gives the exit status: 0 done, 1 refused or
// failed, 2 wrong usage. Results go to out; the one line that tells a failure,
// and everything else, to errOut. It reads in only where a command says so, and
// asks questions only if in is a terminal. A done ctx stops what runs; serve
// then drains.
func Run(ctx context.Context, args []string, getenv func(string) string, in io.Reader, out, errOut io.Writer) int {
	a := &app{getenv: getenv, in: in, out: out, err: errOut}
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	checkCompletion(root)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	misused := errors.As(err, new(usage))
	fmt.Fprintln(errOut, "patrol: "+model.Clean(unsay(sentence(err), a.typed(args), misused)))
	if misused {
		return exitUsage
	}
	return exitRefused
}

// sentence is what is said of an error: what happened, and what to do now.
func sentence(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted"
	}
	text := strings.TrimSpace(err.Error())
	var reason *model.Reason
	if errors.As(err, &reason) && reason.Remedy != "" {
		if !strings.HasSuffix(text, ".") {
			text += "."
		}
		text += " What would change it: " + reason.Remedy + "."
	}
	return text
}

// release and commit name what a package was built from, for packaging/build
// sets them with -ldflags; empty: the program knows by itself, from Go.
var release, commit string

// version is the release, and the commit where it isn't part of that already.
func version() string {
	name := release
	if info, ok := debug.ReadBuildInfo(); ok {
		name = cmp.Or(name, info.Main.Version)
	}
	name = cmp.Or(name, "(built from source)")
	if at := revision(); at != "" && !strings.Contains(name, at) {
		name += " (" + at + ")"
	}
	return name
}

// revision is the commit that this program was built from, shortened as GitLab
// does; empty: nobody knows.
func revision() string {
	full := commit
	if info, ok := debug.ReadBuildInfo(); ok && full == "" {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				full = setting.Value
			}
		}
	}
	return full[:min(len(full), 11)]
}

// Root is the whole command line without a store behind it, for man pages.
func Root() *cobra.Command { return (&app{getenv: func(string) string { return "" }}).rootCommand() }

func (a *app) rootCommand() *cobra.Command {
	root := parent("patrol", "Access tokens for Git projects: who made them, what they open, when they end",
		a.userCommand(), a.groupCommand(), a.projectCommand(), a.memberCommand(), a.tokenCommand(), a.whoisCommand(), a.explainCommand(), a.noticeCommand(),
		a.featureCommand(), a.settingsCommand(), a.serveCommand(), a.registryCommand(), a.auditCommand(), a.checkCommand(), a.backupCommand(), a.importCommand(), a.exportCommand(), a.keysCommand(), a.demoCommand())
	root.Long = "Patrol makes project, group and personal access tokens, shows what each one does, and is the server that they open."
	root.Example = `
patrol project add acme/web
patrol token create --project acme/web --name deploy --role developer --scope write_repository,read_api > secret
patrol serve`
	choose := root.RunE
	root.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return a.console(c.Context())
		}
		return choose(c, args)
	}
	root.Version = version()
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetHelpFunc(a.help)
	root.SetFlagErrorFunc(flagError)
	f := root.PersistentFlags()
	f.StringVar(&a.db, "db", "", "the database file, or postgres://user@host/database; else PATROL_DB, else patrol/patrol.db in the data folder")
	f.StringVar(&a.repos, "repos", "", "folder of the bare repositories; else PATROL_REPOS, else beside the database")
	f.StringVar(&a.as, "as", "", "act as this user; else PATROL_USER, else root")
	f.StringVar(&a.at, "at", "", "rehearse a date: the clock starts at this RFC 3339 time, nothing is written; else PATROL_AT")
	f.StringVar(&a.config, "config", "", "the console's configuration; else PATROL_CONFIG, else patrol/config.toml in the configuration folder")
	f.BoolVar(&a.json, "json", false, "print one JSON object or array")
	f.BoolVar(&a.plain, "plain", false, "the console as lines instead of a screen; else PATROL_PLAIN, else where TERM=dumb")
	return root
}

// nearby is how many letters a word may be away from the command that is meant.
const nearby = 2

// parent is a command that only holds others.
func parent(use, short string, children ...*cobra.Command) *cobra.Command {
	names := make([]string, len(children))
	for i, child := range children {
		names[i] = child.Name()
	}
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, SuggestionsMinimumDistance: nearby,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s needs a command: %s", c.CommandPath(), strings.Join(names, ", "))
			}
			if near := c.SuggestionsFor(args[0]); len(near) > 0 {
				return usagef("%s has no command %q: did you mean %s?", c.CommandPath(), args[0], strings.Join(near, " or "))
			}
			return usagef("%s has no command %q: use %s", c.CommandPath(), args[0], strings.Join(names, ", "))
		}}
	c.AddCommand(children...)
	return c
}

// leaf is a command that opens the store and does something with it. Where no
// serve and no console is there to see to it, what time has made due is done
// before, so that the command shows what is so today (R122).
func (a *app) leaf(use, short string, args cobra.PositionalArgs, do func(s *session, args []string) error) *cobra.Command {
	return command(use, short, args, func(ctx context.Context, args []string) error {
		return a.session(ctx, func(s *session) error {
			s.tidy()
			return do(s, args)
		})
	})
}

func command(use, short string, args cobra.PositionalArgs, run func(ctx context.Context, args []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: checked(args), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(c *cobra.Command, args []string) error { return run(c.Context(), args) }}
}

// checkCompletion makes the wrong use of cobra's own commands wrong usage, too.
func checkCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion, _, err := root.Find([]string{"completion"})
	must(err)
	for _, shell := range completion.Commands() {
		shell.Args = checked(shell.Args)
	}
}

// checked makes a wrong number of arguments wrong usage. It names none of them.
func checked(args cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, given []string) error {
		switch err := args(c, given); {
		case err != nil && len(given) == 0:
			return usagef("%s needs an argument: write %s", c.CommandPath(), c.UseLine())
		case err != nil:
			return usagef("%s takes other arguments: write %s", c.CommandPath(), c.UseLine())
		}
		return nil
	}
}
