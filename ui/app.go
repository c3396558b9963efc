package ui

import (
	"context"
	"errors"
	"sync"
	"time"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
)

// App is the console: the only tea.Model. It keeps the stack of screens, turns
// keys into actions, and draws what is around a screen: header, rules, toast
// and footer.
type App struct {
	Config
	ctx   context.Context
	env   environment
	after func(time.Duration, tea.Msg) tea.Cmd // tea.Tick that ends with ctx, but in tests

	me   model.User // who sits here; read at the start and after every change
	host string     // the instance's name

	w, h       int
	profile    colorprofile.Profile
	background background
	theme      *theme

	stack   []screen // the last one has the keys
	former  []screen // where ctrl+o goes
	side    screen   // what the list beside it previews, on a wide terminal
	going   bool     // g was pressed
	blurred bool     // while a pane without the focus is drawn

	changing sync.RWMutex // read-locked while something is being changed
	awaited  awaited
	snoozed  map[string]bool // causes of the first screen that were put aside
	clipped  *model.Digest   // of the secret that the machine's clipboard may hold

	toast   toast
	undos   []undo
	command string // that does what was just done; the next key takes it off the screen
	acts    []act
	serving string // where this console serves; empty: it doesn't
	version uint64 // of the store, when it was last looked at
	news    bool   // what is being read anew was changed by somebody else
	unread  bool   // a screen couldn't read: it asks again when the store answers

	other *otherDay // that is shown over this one; nil: this day is
	below *App      // of another day's console: today's

	who, peek request
}

// toast is what row 23 says at its right.
type toast struct {
	look   look
	text   string
	sticky bool // stays until esc: errors
}

// undo takes back one change.
type undo struct {
	done    string                                // "sam is Developer"
	changed func(context.Context) (string, error) // what somebody has made of it since, or ""
	back    func(context.Context) error
	command []string // that takes it back
}

// newApp makes a console with its first screen.
func newApp(ctx context.Context, c Config) *App {
	a := &App{Config: c, ctx: ctx, env: newEnvironment(c.Env), profile: colorprofile.TrueColor, host: "localhost"}
	a.background = a.env.background()
	a.after = func(d time.Duration, msg tea.Msg) tea.Cmd {
		return func() tea.Msg {
			select {
			case <-time.After(d):
				return msg
			case <-ctx.Done(): // a console that has ended leaves nothing behind
				return nil
			}
		}
	}
	a.theme = newTheme(a.Console, a.profile, a.background, a.env)
	a.stack = []screen{newHome(a)}
	return a
}

// pollEvery is how often the console looks whether anything has changed.
const pollEvery = 500 * time.Millisecond

type pollMsg struct{}

// A terminal that hasn't told its background after so long won't: many don't
// inside of tmux and screen. Over a slow line the answer takes its time.
const (
	patience       = 300 * time.Millisecond
	remotePatience = 2 * time.Second
)

type silenceMsg struct{}

type versionMsg struct {
	of      *App // another day's may come late
	version uint64
	err     error
}

// Init starts reading.
func (a *App) Init() tea.Cmd {
	a.version, _ = a.Store.Version()
	wait := patience
	if a.env.remote() {
		wait = remotePatience
	}
	return tea.Batch(a.front().load(), a.identify(), tea.RequestBackgroundColor, a.after(wait, silenceMsg{}), a.after(pollEvery, pollMsg{}))
}

// dress draws everything anew in the colours of the terminal as it is known now.
func (a *App) dress() tea.Cmd {
	a.theme = newTheme(a.Console, a.profile, a.background, a.env)
	return a.layout()
}

// identify reads who sits here and what the instance is called.
func (a *App) identify() tea.Cmd {
	type found struct {
		me   model.User
		host string
	}
	return ask(a, &a.who, func(ctx context.Context) (f found, err error) {
		f.host = a.instance(ctx)
		f.me, err = a.Store.User(ctx, a.Actor, a.Actor.ID(), "")
		return f, err
	}, func(f found, err error) tea.Cmd {
		if err == nil {
			a.me, a.host = f.me, f.host
		}
		return nil
	})
}

// Update is the one place where anything changes.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if a.other == nil {
		return a, a.take(msg)
	}
	cmd, both := a.other.through(msg)
	if both {
		cmd = tea.Batch(cmd, a.take(msg))
	}
	return a, cmd
}

// take is what a message does.
func (a *App) take(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		if msg.Width > 0 && msg.Height > 0 {
			a.w, a.h = msg.Width, msg.Height
			if a.side == nil { // there may be room for it now
				return tea.Batch(a.layout(), a.follow())
			}
			return a.layout()
		}
	case tea.ColorProfileMsg:
		a.profile = msg.Profile
		return a.dress()
	case tea.BackgroundColorMsg:
		a.background = light
		if msg.IsDark() {
			a.background = dark
		}
		return a.dress()
	case silenceMsg:
		if a.background == darkSoFar {
			a.background = untold
			return a.dress()
		}
	case tea.KeyPressMsg:
		if a.waits(msg) {
			return nil
		}
		return a.key(msg)
	case tea.PasteMsg:
		switch {
		case a.waits(msg):
		case a.front().typing():
			return a.front().update(msg)
		case !a.front().box() && !a.front().once():
			return a.whose(msg.Content)
		}
	case answer:
		if msg.number == msg.to.number {
			return tea.Batch(msg.do(), a.resume())
		}
	case pollMsg:
		return func() tea.Msg {
			if err := a.Store.Ready(a.ctx); err != nil {
				return versionMsg{of: a, err: err}
			}
			v, err := a.Store.Version()
			return versionMsg{a, v, err}
		}
	case versionMsg:
		if msg.of != a {
			return a.after(pollEvery, pollMsg{})
		}
		return tea.Batch(a.polled(msg), a.after(pollEvery, pollMsg{}))
	}
	return nil
}

// polled reloads what is shown if anything has changed in the store.
func (a *App) polled(m versionMsg) tea.Cmd {
	if m.err != nil {
		a.noticed(m.err)
		return nil
	}
	if m.version == a.version && !a.unread {
		return nil
	}
	if a.unread && a.toast.sticky {
		a.toast = toast{}
	}
	a.version, a.unread = m.version, false
	a.news = true
	defer func() { a.news = false }()
	return tea.Batch(a.reload(), a.identify())
}

// noticed says that the database doesn't answer. The console goes on asking, and
// takes it back when there is an answer.
func (a *App) noticed(err error) {
	if errors.Is(err, model.ErrBusy) || errors.Is(err, model.ErrUnavailable) {
		a.unread = true
		a.fail(err)
	}
}

func (a *App) reload() tea.Cmd {
	cmds := []tea.Cmd{a.front().load()}
	if base := a.base(); base != a.front() {
		cmds = append(cmds, base.load())
	}
	if a.side != nil {
		cmds = append(cmds, a.side.load())
	}
	return tea.Batch(cmds...)
}

// change does one use case and then what follows. It is never cancelled or
// overtaken: what was asked for is done, and its answer is shown.
func (a *App) change(do func(context.Context) error, then func() tea.Cmd) tea.Cmd {
	r := new(request)
	cmd := attempt(a, r, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, do(ctx)
	}, func(_ struct{}, err error) tea.Cmd {
		if err != nil {
			a.fail(err)
			return nil
		}
		return then()
	})
	a.awaited.request, a.awaited.changes = r, true
	return cmd
}

// say puts a success into row 23; the next key takes it away.
func (a *App) say(l look, text string) { a.toast = toast{look: l, text: text} }

// fail puts an error into row 23; it stays until esc.
func (a *App) fail(err error) {
	a.toast = toast{look: bad, text: oneLine(err), sticky: true}
}

func (a *App) now() time.Time { return a.Store.Now() }

func (a *App) today() model.Date { return model.DateOf(a.now()) }

// oneLine is an error as one clean line.
func oneLine(err error) string { return clean(err.Error()) }
