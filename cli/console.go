package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"patrol/model"
	"patrol/storage"
	"patrol/ui"
)

// console opens the console on the database.
func (a *app) console(ctx context.Context) error {
	path, err := a.database()
	if err != nil {
		return err
	}
	if err := a.terminal(); err != nil { // before a database is made for nobody
		return err
	}
	ctx, stop := hangup(ctx)
	defer stop()
	return a.session(ctx, func(s *session) error {
		defer s.tend(slog.New(slog.DiscardHandler), nil)() // a log would spoil the screen
		return s.show(path)
	})
}

// hangup ends with the terminal: what is on the screen is left in order.
func hangup(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGHUP)
}

// terminal is nil where the console can be shown.
func (a *app) terminal() error {
	return ui.CanRun(ui.Config{In: a.in, Out: a.out, Env: a.environ()})
}

// show runs the console until the person leaves it.
func (s *session) show(database string, flags ...string) error {
	actor := s.actor
	actor.Door = model.ConsoleDoor
	if as := actor.AsID; as != 0 {
		u, err := s.store.User(s.ctx, s.actor, as, "")
		if err != nil {
			return err
		}
		flags = append(flags, "AS "+u.Username)
	}
	if s.rehearsal() != "" {
		flags = append(flags, "CLOCK "+s.today().String())
	}
	return ui.Run(s.ctx, ui.Config{
		Store: s.store, Actor: actor, In: s.in, Out: s.out, Env: s.environ(), Database: database,
		Flags: flags, Rehearsal: s.options.ReadOnly,
	})
}

// environ is what the console needs to know of the terminal.
func (a *app) environ() []string {
	var env []string
	for _, name := range []string{
		"TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORFGBG", "LANG", "LC_ALL", "LC_CTYPE",
		"TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "WT_SESSION",
	} {
		if value := a.getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// demoCommand shows the console on a database that is thrown away afterwards.
func (a *app) demoCommand() *cobra.Command {
	tokens := 200
	c := command("demo", "Open the console on a throw-away database full of tokens", cobra.NoArgs, func(ctx context.Context, _ []string) error {
		if tokens < 0 || tokens > maxDemoTokens {
			return usagef("--tokens takes a number from 0 to %d", maxDemoTokens)
		}
		if err := a.terminal(); err != nil {
			return err
		}
		ctx, stop := hangup(ctx)
		defer stop()
		return a.demo(ctx, tokens)
	})
	c.Flags().IntVar(&tokens, "tokens", tokens, "how many tokens to make")
	return c
}

const maxDemoTokens = 5_000_000

func (a *app) demo(ctx context.Context, tokens int) (err error) {
	dir, err := os.MkdirTemp("", "patrol-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	a.db, a.repos = filepath.Join(dir, "patrol.db"), filepath.Join(dir, "repositories")
	o, err := a.options()
	if err != nil {
		return err
	}
	step, end := a.progress(fmt.Sprintf("%%d of %d tokens made", tokens))
	err = storage.Demo(ctx, a.db, a.repos, o.Clock(), tokens, step)
	end()
	if err != nil {
		return err
	}
	o.ReadOnly = false // with --at, too: the database is thrown away (R174)
	return a.sessionWith(ctx, o, func(s *session) error { return s.show(a.db, "DEMO") })
}
