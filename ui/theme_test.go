package ui

import (
	"strings"
	"testing"

	conf "patrol/config"
	"patrol/keys"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// The theme that promises much contrast has 7:1, and dims nothing.
func TestThemeOfMuchContrast(t *testing.T) {
	const onDark, onWhite = 0.0084, 1
	for _, c := range []struct {
		styles     *[looks]lipgloss.Style
		background float64
	}{{&contrastDark, onDark}, {&contrastLight, onWhite}} {
		for l, style := range c.styles {
			if _, none := style.GetForeground().(lipgloss.NoColor); none {
				continue
			}
			if got := contrast(style.GetForeground(), c.background); got < 7 || look(l) == dim || look(l) == off {
				t.Errorf("look %d has %.1f:1 on %v", l, got, c.background)
			}
		}
	}
}

// What the terminal can't show, and NO_COLOR, win over what was chosen.
func TestNoColourWins(t *testing.T) {
	utf8 := environment{"LANG": "C.UTF-8"}
	for _, name := range conf.Themes {
		for _, c := range []struct {
			p   colorprofile.Profile
			env environment
		}{{colorprofile.TrueColor, environment{"NO_COLOR": "1", "LANG": "C.UTF-8"}}, {colorprofile.ASCII, utf8}} {
			th := newTheme(conf.Console{Theme: name, Colours: map[string]string{"ok": "#ff0000"}}, c.p, dark, c.env)
			for l, on := range th.on {
				if strings.ContainsAny(strings.ReplaceAll(on, "\x1b[1m", ""), "0123456789") {
					t.Errorf("%s: look %d is %q", name, l, on)
				}
			}
		}
	}
}

func TestChosenThemes(t *testing.T) {
	env := environment{"LANG": "C.UTF-8"}
	make := func(c conf.Console, back background) *theme { return newTheme(c, colorprofile.TrueColor, back, env) }
	if make(conf.Console{Theme: "light"}, dark).on != make(conf.Console{}, light).on {
		t.Error("light on a dark background isn't light")
	}
	if make(conf.Console{Theme: "dark"}, light).on != make(conf.Console{}, dark).on {
		t.Error("dark on a light background isn't dark")
	}
	if own := make(conf.Console{Colours: map[string]string{"accent": "99"}}, dark); !strings.Contains(own.on[accent], "99") || own.on[okay] != make(conf.Console{}, dark).on[okay] {
		t.Errorf("%q", own.on)
	}
	if th := make(conf.Console{Theme: "contrast"}, dark); th.on[dim] != "" || th.current("x\x1b[mz") != "\x1b[4mx\x1b[m\x1b[4mz\x1b[m" {
		t.Errorf("%q %q", th.on, th.row)
	}
	if th := make(conf.Console{Symbols: "ascii"}, dark); th.encode("● ◐") != "* !" {
		t.Error(th.encode("● ◐"))
	}
}

// Keys of one's own work, stand in the footer and in what is said.
func TestChosenKeys(t *testing.T) {
	c := config(full(t).db)
	c.Console.Keys = must(keys.Chosen{keys.Remove: {"D"}, keys.New: {"+"}, keys.Undo: {"U"}, keys.GoProjects: {"x"}}.Table())
	d := drive(t, c, 80, 24)
	d.keys("g x").shows("Projects").keys("down enter").shows("+ new", "D revoke")
	d.keys("x").hides("Revoke").keys("D").shows("Revoke").pass(confirmSleeps).keys("esc")
	d.keys("g r enter tab tab tab space").shows("U takes it back")
	d.keys("U").shows("taken back")
	// What is said of ways to a place goes by them, too.
	d.keys("g h t").shows("choose its project or group first: g x, g r")
	d.keys(":").text("go to proj").shows("g x").hides("g p")
}

// A filter with a name is found by it.
func TestNamedFilters(t *testing.T) {
	c := config(full(t).db)
	c.Console.Filters = []conf.Filter{{Name: "my owners", Line: "role:owner"}}
	drive(t, c, 80, 24).keys(":").text("my own").shows("filter my owners: role:owner").keys("enter").shows("All tokens", "/ role:owner", "zones").hides("renovate")
}
