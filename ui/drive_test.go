package ui

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

var update = flag.Bool("update", false, "rewrite golden files")

// now is the time of every test.
var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// driver plays a console without a terminal, a goroutine or a clock: commands
// run at once, timers when a test says so.
type driver struct {
	t      *testing.T
	app    *App
	hold   bool // commands wait in held: answers come late
	held   []tea.Cmd
	timers []timer
	quit   bool
	copied []string // what went out by OSC 52
	rung   int      // how often the bell rang
}

type timer struct {
	after time.Duration
	msg   tea.Msg
}

func drive(t *testing.T, c Config, w, h int) *driver {
	t.Helper()
	d := &driver{t: t}
	if c.Env == nil {
		c.Env = []string{"TERM=xterm-256color", "LANG=en_US.UTF-8", "SSH_CONNECTION=test"}
	}
	d.app = newApp(t.Context(), c)
	d.app.after = func(wait time.Duration, msg tea.Msg) tea.Cmd {
		d.timers = append(d.timers, timer{wait, msg})
		return nil
	}
	d.run(d.app.Init())
	d.send(tea.WindowSizeMsg{Width: w, Height: h})
	return d
}

func (d *driver) send(msg tea.Msg) {
	d.t.Helper()
	_, cmd := d.app.Update(msg)
	d.run(cmd)
	d.check()
}

func (d *driver) run(cmd tea.Cmd) {
	d.t.Helper()
	if cmd == nil {
		return
	}
	if d.hold {
		d.held = append(d.held, cmd)
		return
	}
	msg := cmd()
	switch m := msg.(type) {
	case nil:
		return
	case tea.QuitMsg:
		d.quit = true
		return
	case tea.RawMsg:
		d.rung += strings.Count(fmt.Sprint(m.Msg), "\a")
		return
	case tea.BatchMsg:
		for _, c := range m {
			d.run(c)
		}
		return
	}
	if v := reflect.ValueOf(msg); v.Kind() == reflect.Slice && v.Type().Elem() == reflect.TypeFor[tea.Cmd]() { // tea.Sequence
		for i := range v.Len() {
			d.run(v.Index(i).Interface().(tea.Cmd))
		}
		return
	}
	if v := reflect.ValueOf(msg); v.Kind() == reflect.String { // tea.SetClipboard
		d.copied = append(d.copied, v.String())
		return
	}
	d.send(msg)
}

// release runs what was held, in that order.
func (d *driver) release() {
	d.t.Helper()
	d.hold = false
	held := d.held
	d.held = nil
	for _, cmd := range held {
		d.run(cmd)
	}
}

// step runs what is held, and holds what follows from it.
func (d *driver) step() {
	d.t.Helper()
	held := d.held
	d.held = nil
	for _, cmd := range held {
		switch m := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, c := range m {
				d.run(c)
			}
		default:
			d.send(m)
		}
	}
}

// pass fires the timers that end within a time, once.
func (d *driver) pass(within time.Duration) *driver {
	d.t.Helper()
	timers := d.timers
	d.timers = nil
	for _, t := range timers {
		if t.after > within {
			d.timers = append(d.timers, t)
		} else if _, poll := t.msg.(pollMsg); !poll {
			d.send(t.msg)
		}
	}
	return d
}

// poll looks whether the store has changed.
func (d *driver) poll() *driver {
	d.t.Helper()
	d.send(pollMsg{})
	return d
}

// check holds that no view is wider or higher than its terminal.
func (d *driver) check() {
	d.t.Helper()
	v := d.app.View()
	lines := strings.Split(v.Content, "\n")
	if len(lines) > d.app.h && v.Content != "" {
		d.t.Fatalf("%d lines on a terminal of %d:\n%s", len(lines), d.app.h, ansi.Strip(v.Content))
	}
	for _, line := range lines {
		if w := width(line); w > d.app.w {
			d.t.Fatalf("%d cells on a terminal of %d: %q", w, d.app.w, ansi.Strip(line))
		}
	}
	if c := v.Cursor; c != nil && (c.X < 0 || c.X >= d.app.w || c.Y < 0 || c.Y >= d.app.h) {
		d.t.Fatalf("cursor at %d,%d on a terminal of %d×%d", c.X, c.Y, d.app.w, d.app.h)
	}
}

// keys presses keys, parted by blanks: names as the footer has them, or
// characters.
func (d *driver) keys(spec string) *driver {
	d.t.Helper()
	for _, key := range strings.Fields(spec) {
		d.send(keyPress(key))
	}
	return d
}

// text types characters.
func (d *driver) text(s string) *driver {
	d.t.Helper()
	for _, r := range s {
		d.send(tea.KeyPressMsg{Code: r, Text: string(r)})
	}
	return d
}

// yes answers a confirmation.
func (d *driver) yes() *driver {
	d.t.Helper()
	return d.pass(confirmSleeps).keys("y")
}

func keyPress(key string) tea.KeyPressMsg {
	codes := map[string]rune{
		"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "enter": tea.KeyEnter,
		"esc": tea.KeyEscape, "tab": tea.KeyTab, "home": tea.KeyHome, "end": tea.KeyEnd, "pgup": tea.KeyPgUp,
		"pgdown": tea.KeyPgDown, "backspace": tea.KeyBackspace, "delete": tea.KeyDelete, "f1": tea.KeyF1,
	}
	switch {
	case key == "space":
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	case codes[key] != 0:
		return tea.KeyPressMsg{Code: codes[key]}
	case key == "shift+tab":
		return tea.KeyPressMsg{Code: tea.KeyTab, Mod: tea.ModShift}
	case strings.HasPrefix(key, "ctrl+"):
		return tea.KeyPressMsg{Code: rune(key[5]), Mod: tea.ModCtrl}
	}
	r := []rune(key)[0]
	return tea.KeyPressMsg{Code: r, Text: string(r)}
}

// random is what differs from run to run: a part of bots' names, also where they
// are cut, and hashes of the audit log, also where they are wrapped.
var random = regexp.MustCompile(`(_bot_|[a-z_0-9]…|hash {7}|│ {12})[0-9a-f]{4,}`)

// screen is what the terminal shows, without styles, blanks at line ends and
// what is random.
func (d *driver) screen() string {
	text := random.ReplaceAllStringFunc(ansi.Strip(d.app.View().Content), func(found string) string {
		known := random.FindStringSubmatch(found)[1]
		return known + strings.Repeat("x", len(found)-len(known))
	})
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// shows holds that the screen has all these texts.
func (d *driver) shows(texts ...string) *driver {
	d.t.Helper()
	screen := d.screen()
	for _, text := range texts {
		if !strings.Contains(screen, text) {
			d.t.Fatalf("%q is missing:\n%s", text, screen)
		}
	}
	return d
}

func (d *driver) hides(texts ...string) *driver {
	d.t.Helper()
	screen := d.screen()
	for _, text := range texts {
		if strings.Contains(screen, text) {
			d.t.Fatalf("%q is there:\n%s", text, screen)
		}
	}
	return d
}

// golden compares the screen with a file.
func (d *driver) golden(name string) *driver {
	d.t.Helper()
	file := filepath.Join("testdata", name+".txt")
	got := d.screen() + "\n"
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			d.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		d.t.Fatal(err)
	}
	if got != string(want) {
		d.t.Errorf("%s differs; got:\n%s\nwant:\n%s", file, got, want)
	}
	return d
}

var root = model.Actor{UserID: model.RootID, Door: model.ConsoleDoor, Address: "test"}

func config(db *storage.DB) Config {
	return Config{Store: db, Actor: root, Database: "/var/lib/patrol.db"}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
