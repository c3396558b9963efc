package cli

import (
	"context"
	"log/slog"
	"os/signal"
	"runtime/debug"
	"syscall"

	"patrol/config"
	"patrol/model"
	"patrol/ui"
)

// console opens the console on the database.
func (a *app) console(ctx context.Context) error {
	chosen, err := a.chosen() // before anything is made
	if err != nil {
		return err
	}
	if err := a.terminal(); err != nil { // before a database is made for nobody
		return err
	}
	ctx, stop := hangup(ctx)
	defer stop()
	o, err := a.options()
	if err != nil {
		return err
	}
	o.Small = true
	return a.sessionWith(ctx, o, func(s *session) error {
		defer s.tend(slog.New(slog.DiscardHandler), nil)() // a log would spoil the screen
		return s.show(chosen, s.database())
	})
}

// hangup ends with the terminal: what is on the screen is left in order.
func hangup(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGHUP)
}

// terminal is nil where the console can be shown.
func (a *app) terminal() error {
	if a.lines() {
		if !isTerminal(a.in) || !isTerminal(a.out) {
			return ui.ErrNoTerminal
		}
		return nil
	}
	return ui.CanRun(ui.Config{In: a.in, Out: a.out, Env: a.environ()})
}

// show runs the console until the person leaves it.
func (s *session) show(chosen config.Console, database string, flags ...string) error {
	debug.SetGCPercent(50) // a console is small, and so shall its garbage be
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
	if s.lines() {
		return s.talk(s.ctx, actor, newLines(s.in, s.out), flags...)
	}
	here := &host{s: s}
	defer here.stop()
	return ui.Run(s.ctx, ui.Config{
		Store: s.store, Actor: actor, In: s.in, Out: s.out, Env: s.environ(), Database: database,
		Flags: flags, Rehearsal: s.options.ReadOnly, Serve: here.start, Rehearse: s.rehearse, Console: chosen,
	})
}

// environ is what the console needs to know of the terminal.
func (a *app) environ() []string {
	var env []string
	for _, name := range []string{
		"TERM", "COLORTERM", "TERM_PROGRAM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLORFGBG", "LANG", "LC_ALL", "LC_CTYPE",
		"HOME", "LINES", "COLUMNS", "TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "WT_SESSION",
	} {
		if value := a.getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return env
}
