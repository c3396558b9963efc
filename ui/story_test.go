package ui

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"patrol/keys"
	"patrol/model"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

func countTokens(t *testing.T, s model.Store) int {
	t.Helper()
	return must(s.Tokens(t.Context(), root, model.TokenQuery{Deleted: true}, model.Page{Count: true})).Total
}

func audited(t *testing.T, s model.Store, action string) int {
	t.Helper()
	return len(must(s.Entries(t.Context(), root, model.AuditQuery{Action: action}, model.Page{})).Rows)
}

// The console's main job, from an empty database: project, token, secret,
// copy, revocation.
func TestMainJob(t *testing.T) {
	for _, size := range sizes {
		t.Run(fmt.Sprintf("%dx%d", size.w, size.h), func(t *testing.T) {
			db := begin(t).db
			if err := db.RecordURL(t.Context(), "http://127.0.0.1:8080"); err != nil {
				t.Fatal(err)
			}
			d := drive(t, config(db), size.w, size.h)
			d.shows("A new database").keys("enter").text("acme/web").shows("● can be created")
			d.keys("ctrl+s").shows("New token", "still needed: name")
			d.keys("down").text("deploy").keys("down down down right right right down down down down down down space").shows("● can be created")
			name := fmt.Sprintf("job/%dx%d", size.w, size.h)
			d.keys("ctrl+s").shows("never again", "glpat-••••").golden(name + "-secret")
			token := d.app.front().(*secret).text.Reveal()
			d.hides(token)
			d.keys("v").shows(token).pass(showFor).hides(token)
			d.keys("c").shows("[◐] copied")
			d.keys("1").golden(name + "-copied")
			want := []string{token, "git clone http://any:" + token + "@127.0.0.1:8080/acme/web.git"}
			if !reflect.DeepEqual(d.copied, want) {
				t.Errorf("copied %q, want %q", d.copied, want)
			}
			d.keys("esc").shows("Leave without storing it?").pass(confirmSleeps).keys("enter").shows("never again")
			d.keys("space esc").shows("deploy").hides("never again", token)
			if n := audited(t, db, model.TokenNotAcknowledged); n != 0 {
				t.Errorf("a stored secret was audited as not acknowledged %d times", n)
			}
			if where := holds(reflect.ValueOf(d.app), token, nil); where != "" {
				t.Errorf("the secret is still in %s", where)
			}
			d.keys("enter").shows("token.created").keys("x").shows("Revoke token ").yes().shows("revoked")
			d.keys("esc").shows("No active tokens")
			d.keys("tab").shows("✕ revoked")
		})
	}
}

// holds looks for a text in everything that can be reached from a value, and
// says where it is. What a func holds can't be seen.
func holds(v reflect.Value, text string, seen map[uintptr]bool) string {
	if seen == nil {
		seen = map[uintptr]bool{}
	}
	switch v.Kind() {
	case reflect.String:
		if strings.Contains(v.String(), text) {
			return "a string"
		}
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() || v.Kind() == reflect.Pointer && seen[v.Pointer()] {
			return ""
		}
		if v.Kind() == reflect.Pointer {
			seen[v.Pointer()] = true
		}
		return holds(v.Elem(), text, seen)
	case reflect.Struct:
		if strings.HasPrefix(v.Type().PkgPath(), "patrol/storage") {
			return ""
		}
		if x := exported(v); x.CanInterface() {
			if secret, ok := x.Interface().(model.Secret); ok && strings.Contains(secret.Reveal(), text) {
				return "a Secret"
			}
		}
		for i := range v.NumField() {
			if where := holds(v.Field(i), text, seen); where != "" {
				return v.Type().Name() + "." + v.Type().Field(i).Name + ": " + where
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if where := holds(v.Index(i), text, seen); where != "" {
				return where
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if where := holds(v.MapIndex(key), text, seen); where != "" {
				return where
			}
		}
	}
	return ""
}

// exported makes a value read through an unexported field readable.
func exported(v reflect.Value) reflect.Value {
	if v.CanInterface() || !v.CanAddr() {
		return v
	}
	return reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
}

// A secret that is left without a tick is audited (R162), and so is one whose
// terminal is lost.
func TestSecretNotAcknowledged(t *testing.T) {
	for name, leave := range map[string]func(*driver){
		"left":          func(d *driver) { d.keys("esc").yes() },
		"gone to home":  func(d *driver) { d.keys("g h").yes() },
		"quit":          func(d *driver) { d.keys("q").yes(); d.app.abandon() },
		"terminal lost": func(d *driver) { d.app.abandon() },
	} {
		t.Run(name, func(t *testing.T) {
			db := full(t).db
			d := drive(t, config(db), 80, 24)
			open(d, "g p down enter n down ‹x› down down down down space ctrl+s")
			d.shows("never again")
			leave(d)
			if n := audited(t, db, model.TokenNotAcknowledged); n != 1 {
				t.Errorf("audited %d times", n)
			}
		})
	}
}

// A confirmation takes no key for 200 ms, stands on No, and wants words typed
// for three tokens or more.
func TestConfirm(t *testing.T) {
	db := full(t).db
	d := drive(t, config(db), 80, 24)
	active := func() int {
		yes := true
		return must(db.Tokens(t.Context(), root, model.TokenQuery{Active: &yes}, model.Page{Count: true})).Total
	}
	before := active()
	d.keys("g p down enter x y enter").shows("Revoke token ") // still asleep
	d.pass(confirmSleeps).keys("enter").hides("Revoke token ")
	d.keys("a x").shows("Revoke 4 tokens").hides("Type revoke").keys("enter").shows("Type revoke 4").pass(confirmSleeps).text("yes").keys("enter").shows("Revoke 4 tokens?")
	if n := active(); n != before {
		t.Fatalf("%d tokens were revoked without a confirmation", before-n)
	}
	d.keys("backspace backspace backspace").text("revoke 4").keys("enter").shows("4 tokens revoked", "No active tokens")
	if n := active(); n != before-4 {
		t.Errorf("%d tokens were revoked, not 4", before-n)
	}
}

// An answer that a newer question has overtaken is dropped.
func TestLateAnswers(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	d.keys("g t /")
	d.hold = true
	d.text("deploy")
	held := d.held
	d.held, d.hold = nil, false
	for i := range held { // the last question is answered first
		d.run(held[len(held)-1-i])
	}
	d.shows("deploy").hides("zones", "renovate")
}

// What another process changes shows without a key.
func TestLiveReload(t *testing.T) {
	s := full(t)
	d := drive(t, config(s.db), 80, 24)
	d.keys("g p").hides("acme/new")
	view := d.app.View().Content
	if d.poll(); d.app.View().Content != view {
		t.Error("the screen changed although nothing else has")
	}
	s.project("acme/new", model.Private)
	d.poll().shows("acme/new")
	open(d, "n ‹acme/typed›")
	s.project("acme/typed", model.Private)
	d.poll().shows("acme/typed", "✕") // what is typed stays, and is judged anew
}

// The database can't be read for a while, and then answers again.
func TestDatabaseBusy(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	open(d, "n ‹acme/new›")
	d.app.noticed(fmt.Errorf("locked: %w", model.ErrBusy))
	d.shows("✕ locked").poll().hides("✕ locked").shows("acme/new", "● can be created")
}

// locked is a store that another process has locked for changes.
type locked struct {
	model.Store
	on bool
}

func (l *locked) AddProject(ctx context.Context, a model.Actor, n model.NewPlace) (model.Project, error) {
	if l.on {
		return model.Project{}, &model.Reason{Text: "The database is locked. Nothing was changed.", Kind: model.ErrBusy}
	}
	return l.Store.AddProject(ctx, a, n)
}

// A change that another process was in the way of can be tried again; that it
// failed is said until somebody has seen it.
func TestDatabaseLocked(t *testing.T) {
	db := full(t).db
	store := &locked{db, true}
	c := config(db)
	c.Store = store
	d := drive(t, c, 80, 24)
	d.keys("n").text("acme/new").keys("ctrl+s").shows("✕ The database is locked. Nothing was changed.", "acme/new")
	store.on = false
	must(db.AddProject(t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: "acme/other"}))
	d.poll().shows("✕ The database is locked. Nothing was changed.", "acme/new", "● can be created", "ctrl+s create")
	d.keys("ctrl+s").shows("● acme/new created")
}

// The database's file goes while something is typed, and comes back: nothing is
// written to what nobody will find again, and nothing typed is lost.
func TestDatabaseVanishes(t *testing.T) {
	s := full(t)
	away := s.path + ".away"
	move := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	d := drive(t, config(s.db), 80, 24)
	d.keys("n").text("acme/new")
	move(s.path, away)
	d.keys("ctrl+s").shows("is gone", "acme/new").hides("created ──")
	d.keys("f1").poll().keys("esc").shows("acme/new")
	move(away, s.path)
	d.poll().hides("is gone").shows("acme/new", "● can be created").keys("ctrl+s").shows("● acme/new created")
	d.keys("tab tab tab g r enter tab tab tab")
	move(s.path, away)
	d.keys("space").shows("is gone").hides("saved")
	d.poll().shows("is gone")
	move(away, s.path)
	d.poll().hides("is gone").keys("space").shows("● saved")
}

// Who may be meant is offered while a member's name is typed: whose names begin
// like that, and nobody before anything is typed.
func TestMemberIsCompleted(t *testing.T) {
	s := full(t)
	s.user("zoe", func(n *model.NewUser) { n.Name = "Zoe Lind" })
	s.user("alonzo", func(n *model.NewUser) { n.Name = "Alonzo Berg" })
	d := drive(t, config(s.db), 80, 24)
	open(d, "g p down enter tab tab n ‹zo›")
	d.shows("zoe Zoe Lind", "✕ no such user").hides("alonzo").keys("tab").shows("● can be added").keys("ctrl+s").shows("● zoe is Guest")
	d.keys("n").hides("Alonzo").keys("tab").hides("can be added", "alonzo")
	d.keys("up").text("berg").shows("alonzo Alonzo Berg")
}

// What an empty list offers is what the person may do, and a box leaves the
// panes behind it as they are.
func TestEmptyListSaysWhatWorks(t *testing.T) {
	s := full(t)
	s.project("acme/new", model.Private)
	ines := must(s.db.User(t.Context(), root, 0, "ines"))
	c := config(s.db)
	d := drive(t, c, 80, 24)
	open(d, "g p / ‹acme/new› enter enter")
	d.shows("No active tokens in acme/new.  n creates the first")
	c.Actor = model.Actor{UserID: ines.ID, Door: model.ConsoleDoor}
	d = drive(t, c, 80, 24)
	open(d, "g p / ‹acme/new› enter enter")
	d.shows("No active tokens in acme/new.").hides("creates the first")
	d = drive(t, config(s.db), 160, 50)
	open(d, "g p")
	d.pass(followWait).keys("?").shows(" │ ", "Projects: keys", "[Active 1]")
}

// A settings change and a role change can be taken back; somebody else's change
// in between is asked about first.
func TestUndo(t *testing.T) {
	s := full(t)
	d := drive(t, config(s.db), 80, 24)
	d.keys("g r enter tab tab tab space").shows("○ off", "u takes it back")
	d.keys("u").shows("● on", "taken back")
	d.keys("space").shows("○ off")
	on := true
	must(s.db.ChangeGroup(t.Context(), root, model.GroupRef("acme"), model.PlaceChange{TokenCreation: &on}))
	d.keys("u").shows("Take it back all the same?")
}

// Below a top-level group the switch is inherited, and enter goes there (R76).
func TestSwitchIsInherited(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	d.keys("g r down enter tab tab tab").shows("of acme; enter goes there")
	d.keys("space").shows("space: it is set on acme")
	d.keys("enter").shows("acme", "2 projects, 1 subgroup")
}

// A bot's membership can't be changed or removed by hand (R106).
func TestBotsAreFixed(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	open(d, "g p down enter tab tab / ‹deploy› enter e")
	d.shows("[bot]", "e: A bot's membership can't be changed by hand.")
	d.keys("x").shows("x: A bot's membership").keys("enter").shows("token.created")
}

// What a read-only console may not do leaves the footer, and says why when it
// is pressed.
func TestReadOnly(t *testing.T) {
	db := full(t).db
	c := config(db)
	c.Rehearsal, c.Flags = true, []string{"CLOCK 2027-01-02"}
	d := drive(t, c, 80, 24)
	before := countTokens(t, db)
	d.keys("g p down enter").shows("CLOCK 2027-01-02").hides("n new", "x revoke")
	d.keys("x").shows("x: the clock is set by --at").keys("n").shows("n: the clock is set by --at")
	if countTokens(t, db) != before {
		t.Error("something was changed")
	}
}

// Letters are text while something is typed; a paste presses no key.
func TestTyping(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	d.send(tea.PasteMsg{Content: "q\n"}) // into a list
	if d.quit {
		t.Fatal("a paste has quit the console")
	}
	d.keys("n").text("qx?/g").shows("qx?/g")
	d.send(tea.PasteMsg{Content: strings.Repeat("y", 1<<20) + "\x1b[31m"})
	if got := len(d.app.front().(*form).field("path").in.String()); got != maxInput {
		t.Errorf("a pasted megabyte left %d characters", got)
	}
	d.keys("esc").shows("Leave this form?").yes().shows("NEEDS YOU")
	d.keys("q")
	if !d.quit {
		t.Error("q doesn't quit")
	}
}

// Every value that is wrong gets a clear error, and nothing is half-written.
func TestBadInput(t *testing.T) {
	db := full(t).db
	before := countTokens(t, db)
	for _, c := range []struct{ name, expires, want string }{
		{"", "2026-12-22", "can't be blank"},
		{"   ", "2026-12-22", "can't be blank"},
		{strings.Repeat("x", 256), "2026-12-22", "is too long"},
		{"a\x1b[31mb", "2026-12-22", "control characters"},
		{"a\u202eb", "2026-12-22", "direction marks"},
		{"a\x00b", "2026-12-22", "control characters"},
		{"fine", "2026-11-22", "must be in the future"},
		{"fine", "2026-11-21", "must be in the future"},
		{"fine", "2027-11-23", "must be before 2027-11-23"},
		{"fine", "2026-02-30", "is not a date"},
		{"fine", "soon", "is not a date"},
	} {
		d := drive(t, config(db), 80, 24)
		d.keys("g p down enter n down")
		d.send(tea.PasteMsg{Content: c.name})
		d.keys("down down ctrl+u")
		d.send(tea.PasteMsg{Content: c.expires})
		d.keys("down down space").shows("✕", c.want)
		d.keys("ctrl+s").shows("ctrl+s: ")
	}
	d := drive(t, config(db), 80, 24)
	d.keys("g p down enter n down").text("no scope").shows("still needed: scopes")
	for path, want := range map[string]string{
		"acme/../web": "can contain only", "acme/%2e%2e": "can contain only", "acme/web.git": "can contain only", "acme/web": "taken",
	} {
		d := drive(t, config(db), 80, 24)
		d.keys("n").text(path).shows("✕", want)
	}
	if countTokens(t, db) != before {
		t.Error("something was written")
	}
}

// The last row says what would open nothing (R34, R60, R62).
func TestUseless(t *testing.T) {
	in := spot{Place: model.Place{Kind: model.ProjectPlace, ID: 7}}
	for _, c := range []struct {
		role   model.Role
		scopes model.Scopes
		want   string
	}{
		{model.Guest, model.Scopes{model.ScopeWriteRepository}, "as Guest this opens nothing here: clone needs Reporter, push Developer"},
		{model.Reporter, model.Scopes{model.ScopeWriteRepository}, ""},
		{model.Guest, model.Scopes{model.ScopeAPI}, ""},
		{model.Developer, model.Scopes{model.ScopeWriteRegistry}, "with these scopes alone this opens nothing: pushing images needs read_registry too"},
		{model.Guest, model.Scopes{model.ScopeSelfRotate}, ""},
	} {
		if got := useless(model.NewToken{Role: c.role, Scopes: c.scopes}, in); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.role, c.scopes, got, c.want)
		}
	}
}

// A list far longer than the window: every row is reached, none twice, in
// either direction, and the bottom and the top at once.
func TestLongList(t *testing.T) {
	s := begin(t)
	const n = 430
	for i := range n {
		s.project(fmt.Sprintf("group/p%04d", i), model.Private)
	}
	d := drive(t, config(s.db), 80, 24)
	d.keys("g p")
	for i := range n {
		d.shows(fmt.Sprintf("▌ group/p%04d", i), fmt.Sprintf("%d of 430", i+1)).keys("down")
	}
	for i := range n {
		d.shows(fmt.Sprintf("▌ group/p%04d", n-1-i)).keys("up")
	}
	d.keys("G").shows("▌ group/p0429", "430 of 430").keys("pgup").shows("▌ group/p0420")
	d.keys("g g").shows("▌ group/p0000").keys("pgdown pgdown").shows("▌ group/p0018")
	if l := d.app.front().(*list[spot]); len(l.rows) > 3*pageRows {
		t.Errorf("%d rows are held", len(l.rows))
	}
}

// The themes differ in colours only, and symbols give way to ASCII.
func TestThemes(t *testing.T) {
	db := full(t).db
	view := func(env ...string) string {
		c := config(db)
		c.Env = env
		d := drive(t, c, 80, 24)
		d.keys("g p")
		return d.app.View().Content
	}
	colour := view("TERM=xterm-256color", "LANG=en_US.UTF-8")
	if mono := view("TERM=xterm-256color", "LANG=en_US.UTF-8", "NO_COLOR=yes"); strings.Contains(mono, "[38;") || strip(mono) != strip(colour) {
		t.Errorf("NO_COLOR=yes:\n%q", mono)
	}
	for _, env := range [][]string{{"TERM=linux", "LANG=C.UTF-8"}, {"TERM=xterm", "LANG=C"}, {"TERM=xterm", "LC_ALL=ja_JP.UTF-8"}} {
		ascii := view(env...)
		for _, r := range ascii {
			if r >= 0x80 {
				t.Fatalf("%v: %q in\n%s", env, r, strip(ascii))
			}
		}
		if !strings.Contains(strip(ascii), "! in 3 d") || !strings.Contains(strip(ascii), "x by labs") || !strings.Contains(strip(ascii), " > acme") {
			t.Errorf("%v:\n%s", env, strip(ascii))
		}
	}
	d := drive(t, config(db), 80, 24)
	for _, msg := range []tea.Msg{tea.BackgroundColorMsg{Color: color.White}, tea.ColorProfileMsg{Profile: colorprofile.ANSI}} {
		before := d.app.View().Content
		d.send(msg)
		if after := d.app.View().Content; after == before || strip(after) != strip(before) {
			t.Errorf("%T: the theme didn't change, or more than it did", msg)
		}
	}
}

// A terminal that doesn't tell its background gets colours for either; one that
// does, or did before, keeps its own.
func TestSilentTerminal(t *testing.T) {
	for name, c := range map[string]struct {
		env    string
		answer tea.Msg
		want   [looks]lipgloss.Style
	}{
		"silent":        {"", nil, eitherStyles},
		"light":         {"", tea.BackgroundColorMsg{Color: color.White}, lightStyles},
		"dark":          {"", tea.BackgroundColorMsg{Color: color.Black}, darkStyles},
		"said light":    {"COLORFGBG=0;15", nil, lightStyles},
		"said dark":     {"COLORFGBG=15;0", nil, darkStyles},
		"said wrongly":  {"COLORFGBG=15;0", tea.BackgroundColorMsg{Color: color.White}, lightStyles},
		"said nothing":  {"COLORFGBG=", nil, eitherStyles},
		"without color": {"NO_COLOR=1", nil, plainStyles},
	} {
		cfg := config(full(t).db)
		cfg.Env = []string{"TERM=xterm-256color", "LANG=en_US.UTF-8", c.env}
		d := drive(t, cfg, 80, 24)
		if c.answer != nil {
			d.send(c.answer)
		}
		d.pass(patience)
		for l, style := range c.want {
			if got := d.app.theme.paint(look(l), "x"); got != style.Render("x") {
				t.Errorf("%s: look %d is %q", name, l, got)
			}
		}
	}
}

// The colours are read on the backgrounds that they are for.
func TestContrast(t *testing.T) {
	const onDark, onWhite = 0.0077, 1 // relative luminance of #16161e and of white (WCAG 2)
	for name, c := range map[string]struct {
		styles     [looks]lipgloss.Style
		background float64
		least      float64
	}{
		"dark": {darkStyles, onDark, 5}, "light": {lightStyles, onWhite, 5},
		"either, on dark": {eitherStyles, onDark, 5}, "either, on white": {eitherStyles, onWhite, 3},
	} {
		for l, style := range c.styles {
			colour := style.GetForeground()
			if _, none := colour.(lipgloss.NoColor); none {
				if look(l) != plain {
					t.Errorf("%s: look %d has no colour", name, l)
				}
				continue
			}
			if got := contrast(colour, c.background); got < c.least {
				t.Errorf("%s: look %d has %.1f:1", name, l, got)
			}
		}
	}
}

// Rows that were painted before the terminal told its background are painted
// again, on every screen that can come to light once more.
func TestRowsChangeColours(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	d.keys("g t enter") // the list below has been painted dark
	d.keys("?")
	d.send(tea.BackgroundColorMsg{Color: color.White})
	for _, key := range []string{"esc", "esc", "ctrl+o", "ctrl+o"} {
		content := d.app.View().Content
		for l := range darkStyles {
			dark, _, _ := strings.Cut(darkStyles[l].Render("x"), "x")
			if dark != "" && strings.Contains(content, dark) {
				t.Errorf("before %s: %q stays on\n%s", key, dark, strip(content))
			}
		}
		d.keys(key)
	}
}

// contrast is that of a colour with a background of a relative luminance.
func contrast(c color.Color, background float64) float64 {
	r, g, b, _ := c.RGBA()
	luminance := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64([]uint32{r, g, b}[i]) / 0xffff
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		luminance += weight * c
	}
	return (max(luminance, background) + 0.05) / (min(luminance, background) + 0.05)
}

// No size crashes, and the screen recovers.
func TestSizes(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	for _, view := range views {
		for _, size := range [][2]int{{1, 1}, {10, 3}, {3, 200}, {20, 5}, {19, 24}, {39, 12}, {40, 15}, {120, 24}, {300, 2}, {160, 50}, {0, 0}, {80, 24}} {
			d.send(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			d.keys("down up")
		}
		d.keys("esc esc esc").pass(time.Second)
		d.send(keyPress("n"))
		d.keys("esc esc g h")
		if view.keys != "" {
			open(d, view.keys)
		}
		for len(d.app.stack) > 1 {
			d.run(d.app.pop())
		}
	}
	d.shows("NEEDS YOU")
}

// failing tells the random player of a change that it can't have confirmed.
var errChanged = errors.New("changed without a confirmation")

// 20 000 random keys, resizes and pastes: no panic, nothing too wide, and
// nothing changed without a confirmation.
func TestRandomKeys(t *testing.T) {
	s := full(t)
	d := drive(t, config(s.db), 80, 24)
	var all []string
	for _, set := range keys.Sets() {
		for _, b := range set.Bindings {
			all = append(all, b.Keys...)
		}
	}
	all = append(all, "a", "z", "0", "backspace", "delete", "ctrl+w")
	random := rand.New(rand.NewPCG(1, 2))
	version := must(s.db.Version())
	for i := range 20_000 {
		front := d.app.front()
		_, asked := front.(*confirm)
		_, typing := front.(*form)
		if _, ok := front.(*palette); ok { // over a form, it does what the form does
			_, typing = d.app.base().(*form)
		}
		switch n := random.IntN(100); {
		case n == 0:
			d.send(tea.WindowSizeMsg{Width: random.IntN(200), Height: random.IntN(60)})
		case n == 1:
			d.send(tea.PasteMsg{Content: strings.Repeat("p\x1b[31m\n", random.IntN(300))})
		case n == 2:
			d.pass(time.Duration(random.IntN(300)) * time.Millisecond)
		default:
			d.send(keyPress(all[random.IntN(len(all))]))
		}
		d.quit = false
		if now := must(s.db.Version()); now != version {
			version = now
			_, switched := front.(*tabs) // the switch is undoable instead
			if _, ok := front.(*palette); ok {
				switched = strings.Contains(d.app.toast.text, "u takes it back")
			}
			last := must(s.db.Entries(t.Context(), root, model.AuditQuery{}, model.Page{Limit: 1})).Rows[0]
			if !asked && !typing && !switched && !undone(d) && last.Action != model.TokenLookedUp {
				t.Fatalf("key %d on %T: %v: %s, and said %q", i, front, errChanged, last.Action, d.app.toast.text)
			}
		}
	}
}

func undone(d *driver) bool { return strings.Contains(d.app.toast.text, "taken back") }

// While somebody types a filter the rows stay, and what is typed ahead is done
// to the rows that it was typed for, or not at all.
func TestTypedAhead(t *testing.T) {
	d := drive(t, config(full(t).db), 80, 24)
	d.keys("g t").shows("ci-mirror", "zones")
	d.hold = true
	d.keys("/").text("zones").shows("ci-mirror").keys("enter x").shows("ci-mirror").hides("Revoke")
	d.release()
	d.shows("zones of").pass(confirmSleeps).keys("esc").shows("zones").hides("ci-mirror")
	d.hold = true
	d.keys("esc x down").release() // another key lets go
	d.shows("ci-mirror").hides("Revoke")
	d.hold = true
	d.keys("g p enter").release() // before the first rows
	d.shows("acme/infra/dns", "[Active")
	d.hold = true
	d.keys("g p n").shows("New project").release() // this needs no row
}
