package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/term"
)

// Config is what a console needs.
type Config struct {
	Store     Store
	Actor     model.Actor
	In        io.Reader // a terminal, or what an SSH client types
	Out       io.Writer
	Env       []string // of the person's side, NAME=value
	Database  string   // where the database is, for people
	Flags     []string // words that stay in the header: "DEMO", "AS sam", "CLOCK 2027-01-02"
	Rehearsal bool     // the clock is set by --at: every change is refused (R174)
}

// ErrNoTerminal is returned where a screen can't be drawn at all.
var ErrNoTerminal = errors.New("needs a terminal; see `patrol help` for the commands")

// ErrDumb is returned for TERM=dumb.
var ErrDumb = errors.New("this terminal (TERM=dumb) can't show screens; use the commands: `patrol help`")

// CanRun is nil where a console can be shown; it needs In, Out and Env only.
func CanRun(c Config) error {
	switch {
	case !isTerminal(c.In) || !isTerminal(c.Out):
		return ErrNoTerminal
	case newEnvironment(c.Env)["TERM"] == "dumb":
		return ErrDumb
	}
	return nil
}

// Run shows the console until the person leaves it, ctx ends or a signal comes.
// The terminal is as it was before, whatever happens.
func Run(ctx context.Context, c Config) error {
	if err := CanRun(c); err != nil {
		return err
	}
	env := newEnvironment(c.Env)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	app := newApp(ctx, c)
	options := []tea.ProgramOption{
		tea.WithInput(c.In), tea.WithOutput(frugalOutput(c.Out)), tea.WithEnvironment(c.Env), tea.WithFPS(120),
		tea.WithoutSignalHandler(), // signals end ctx; the library's own handler would wait for ever if it came second
		tea.WithFilter(func(_ tea.Model, msg tea.Msg) tea.Msg { return filterMsg(env, msg) }),
	}
	if env["NO_COLOR"] != "" { // the library only knows it as a number or a truth value
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	program := tea.NewProgram(app, options...)
	stop := context.AfterFunc(ctx, program.Quit)
	defer stop()
	_, err := program.Run()
	app.changing.Lock() // what is being changed is finished first, and nothing begins any more
	app.abandon()
	if err != nil {
		return fmt.Errorf("the console ended: %w", err)
	}
	return nil
}

// abandon audits the secrets that were on a screen when the console ended.
func (a *App) abandon() {
	ctx := context.WithoutCancel(a.ctx)
	for _, screen := range a.stack {
		if s, ok := screen.(*secret); ok && !s.stored {
			a.Store.NotAcknowledged(ctx, a.Actor, s.token.ID) // nobody is left to tell of an error
		}
	}
}

// filterMsg drops what would make the library and the terminal disagree about
// the width of characters, and suspending somebody else's machine.
func filterMsg(env environment, msg tea.Msg) tea.Msg {
	switch msg := msg.(type) {
	case tea.ModeReportMsg:
		if msg.Mode == ansi.ModeUnicodeCore {
			return nil
		}
	case tea.SuspendMsg:
		if env.remote() {
			return nil
		}
	}
	return msg
}

func isTerminal(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(f.Fd())
}

// instance is what the header calls the instance.
func (a *App) instance(ctx context.Context) string {
	const unnamed = "localhost" // the setting's default
	if host, err := a.Store.Setting(ctx, model.SettingHost); err == nil && host != unnamed {
		return host
	}
	if base, err := a.Store.URL(ctx); err == nil {
		if u, err := url.Parse(base); err == nil && u.Hostname() != "" && !net.ParseIP(u.Hostname()).IsLoopback() {
			return u.Hostname()
		}
	}
	return unnamed
}
