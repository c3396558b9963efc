package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A theme is tried by moving, taken back by leaving, kept by enter, and written
// only when asked.
func TestThemeIsTried(t *testing.T) {
	c := config(full(t).db)
	c.Console.File = filepath.Join(t.TempDir(), "patrol", "config.toml")
	d := drive(t, c, 80, 24)
	d.keys("g s T").shows("Settings › Theme", "contrast", "mono")
	before := d.app.View().Content
	d.keys("down down down")
	if d.app.theme.name != "contrast" || d.app.View().Content == before {
		t.Error("moving doesn't try it")
	}
	d.keys("esc")
	if d.app.theme.name != "auto" {
		t.Errorf("leaving leaves %s", d.app.theme.name)
	}
	d.keys("T down down down down down enter").shows("mono until this console ends")
	if d.app.theme.name != "mono" || strings.Contains(d.app.View().Content, "\x1b[38") {
		t.Errorf("enter doesn't keep it: %s", d.app.theme.name)
	}
	if _, err := os.Stat(c.Console.File); err == nil {
		t.Error("it was written without being asked for")
	}
	d.keys("T up f").shows("theme 16 written")
	if text, err := os.ReadFile(c.Console.File); string(text) != "theme = \"16\"\n" {
		t.Errorf("%q %v", text, err)
	}
	d.keys("g h")
	if d.app.theme.name != "16" {
		t.Error(d.app.theme.name)
	}
	// Who sits elsewhere has no file here.
	c.Console.File = ""
	drive(t, c, 80, 24).keys("g s T f").shows("no file of yours here")
}
