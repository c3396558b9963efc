package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	conf "patrol/config"
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
	Env       []string     // of the person's side, NAME=value
	Database  string       // where the database is, for people
	Flags     []string     // words that stay in the header: "DEMO", "AS sam", "CLOCK 2027-01-02"
	Rehearsal bool         // the clock is set by --at: every change is refused (R174)
	Console   conf.Console // what the person has chosen
	Window    *Window      // nil: In and Out are a terminal of this machine
	// Rehearse opens the same store on another clock, which starts at that time, for
	// reading only, and tells how to close it. Nil: no other day is shown.
	Rehearse func(time.Time) (Store, func(), error)
	// Serve serves HTTP and SSH until the console has ended, and gives the address
	// of HTTP. It is asked once. Nil: not from here.
	Serve func() (address string, err error)
}

// ErrNoTerminal is returned where a screen can't be drawn at all.
var ErrNoTerminal = errors.New("needs a terminal; see `patrol help` for the commands")

// Window is the size of a console that has no terminal device of its own.
type Window struct {
	Size    Size
	Resizes <-chan Size // closed, or nil: there are no more
}

// Size is a terminal's, in cells. 0 is unknown.
type Size struct{ Width, Height int }

// CanRun is nil where a console can be shown; it needs In, Out and Window
// only.
func CanRun(c Config) error {
	if c.Window == nil && (!isTerminal(c.In) || !isTerminal(c.Out)) {
		return ErrNoTerminal
	}
	return nil
}

// Run shows the console until the person leaves it, ctx ends or In does. The
// terminal is as it was before, whatever happens.
func Run(ctx context.Context, c Config) error {
	if err := CanRun(c); err != nil {
		return err
	}
	if c.Window != nil {
		c.Env = elsewhere(c.Env)
	}
	env := newEnvironment(c.Env)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	app := newApp(ctx, c)
	program := tea.NewProgram(app, options(c, env)...)
	restore := remember(c.In)
	if err := listen(ctx, c.In, env, program.Send, cancel); err != nil {
		return fmt.Errorf("the terminal can't be read: %w", err)
	}
	if c.Window != nil {
		go follow(ctx, c.Window, program.Send)
	}
	defer context.AfterFunc(ctx, program.Quit)()
	err := runWithin(ctx, program)
	if errors.Is(err, errStuck) {
		restore()
		err = nil
	}
	app.changing.Lock() // what is being changed is finished first, and nothing begins any more
	app.abandon()
	if err != nil {
		return fmt.Errorf("the console ended: %w", err)
	}
	return nil
}

// How often in a second the library looks whether there is something to draw. It
// does so for ever, and each look costs: a hundredth of a core here, and less
// for each of many who sit elsewhere, where the line takes longer anyway.
const (
	framesHere      = 90
	framesElsewhere = 50
)

func options(c Config, env environment) []tea.ProgramOption {
	options := []tea.ProgramOption{
		tea.WithInput(unread(c.In)), tea.WithOutput(frugalOutput(c.Out)), tea.WithEnvironment(c.Env), tea.WithFPS(framesHere),
		tea.WithoutSignalHandler(), // signals end ctx; the library's own handler would wait for ever if it came second
		tea.WithFilter(func(_ tea.Model, msg tea.Msg) tea.Msg { return filterMsg(env, msg) }),
	}
	if c.Window != nil {
		options = append(options, tea.WithWindowSize(c.Window.Size.Width, c.Window.Size.Height), tea.WithFPS(framesElsewhere))
	}
	if env["NO_COLOR"] != "" { // the library only knows it as a number or a truth value
		options = append(options, tea.WithColorProfile(colorprofile.ASCII))
	}
	return options
}

// elsewhere is the environment of somebody who sits at another machine, whatever
// it says: no program of this one is run for it.
func elsewhere(env []string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(entry string) bool { return strings.HasPrefix(entry, "TMUX=") })
	return append(env, "SSH_TTY=patrol")
}

// follow hands on the sizes of a console without a device.
func follow(ctx context.Context, w *Window, send func(tea.Msg)) {
	for {
		select {
		case size, more := <-w.Resizes:
			if !more {
				return
			}
			send(tea.WindowSizeMsg{Width: size.Width, Height: size.Height})
		case <-ctx.Done():
			return
		}
	}
}

// A terminal that takes nothing any more holds up the end no longer than that.
const endsWithin = 2 * time.Second

var errStuck = errors.New("the terminal takes nothing")

func runWithin(ctx context.Context, program *tea.Program) error {
	ended := make(chan error, 1)
	go func() {
		_, err := program.Run()
		ended <- err
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-ended:
		return err
	case <-time.After(endsWithin):
		return errStuck
	}
}

// remember returns what sets a terminal's modes as they are now.
func remember(in io.Reader) (restore func()) {
	if f, ok := in.(*os.File); ok {
		if state, err := term.GetState(f.Fd()); err == nil {
			return func() { term.Restore(f.Fd(), state) } // nobody is left to tell of an error
		}
	}
	return func() {}
}

// abandon takes a secret out of the machine's clipboard, and audits those that
// were on a screen when the console ended.
func (a *App) abandon() {
	if a.other != nil {
		a.other.end()
	}
	if a.clipped != nil {
		emptyClipboard(*a.clipped) // nobody is left to tell of an error
	}
	ctx := context.WithoutCancel(a.ctx)
	for _, screen := range a.stack {
		if s, ok := screen.(*secret); ok && !s.stored {
			a.Store.NotAcknowledged(ctx, a.Actor, s.token.ID) // nobody is left to tell of an error
		}
	}
}

// filterMsg drops what would make the library and the terminal disagree about
// the width of characters, and replaces a size that the terminal doesn't know:
// serial lines and some wrappers say 0.
func filterMsg(env environment, msg tea.Msg) tea.Msg {
	switch msg := msg.(type) {
	case tea.ModeReportMsg:
		if msg.Mode == ansi.ModeUnicodeCore {
			return nil
		}
	case tea.WindowSizeMsg:
		if msg.Width <= 0 {
			msg.Width = env.number("COLUMNS", 80)
		}
		if msg.Height <= 0 {
			msg.Height = env.number("LINES", 24)
		}
		return msg
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
