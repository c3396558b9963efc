package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func noFilter(line string) error {
	if strings.Contains(line, "exipres") {
		return errors.New("no field exipres; expires?")
	}
	return nil
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(file, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return file
}

// Every mistake is one line with the file, the number of the line, and what to do.
func TestEveryMistakeIsNamedWithItsLine(t *testing.T) {
	for _, c := range []struct {
		text, says string
		line       int
	}{
		{"theme = \"drak\"", "write auto, dark, light, contrast, 16 or mono", 1},
		{"# mine\ntheme = true", "theme can't be true", 2},
		{"theme = \"dark\"\ntheme = \"dark\"", "", 2},
		{"theme = dark", "", 1},
		{"theme = \"dark", "", 1},
		{"\n\n[keys\nremove = \"D\"", "", 4},
		{"colour = 3", "no setting \"colour\"", 1},
		{"Theme = \"dark\"", "no setting", 1},
		{"[theme]\nname = \"dark\"", "theme can't be a table", 1},
		{"keys = 3", "", 1},
		{"\n[kyes]\nremove = \"D\"", "no setting", 2},
		{"[colours]\nok = \"#12345\"", "like \"#c4a7ff\"", 2},
		{"[colours]\nok = 256", "from 0 to 255", 2},
		{"[colours]\nok = \"green\"", "from 0 to 255", 2},
		{"[colours]\nnice = 1", "no colour \"nice\"", 2},
		{"[colors]\nok = 1", "no setting", 1},
		{"[keys]\nup = \"i\"\nremvoe = \"D\"", "no action \"remvoe\"", 3},
		{"[keys]\nremove = \"r\"", "both \"remove\" and \"rotate\"", 2},
		{"[keys]\nremove = 3", "write a key like", 2},
		{"[keys]\nremove = [\"x\", 3]", "write a key like", 2},
		{"[keys]\nremove = []", "no key", 2},
		{"[keys]\n\"remove\" = \"esc\"", "esc is kept", 2},
		{"keys.remove = \"esc\"", "esc is kept", 1},
		{"row = \"bold\"\nkeys = { remove = \"esc\" }", "esc is kept", 2},
		{"[filters]\nold = \"exipres:<3d\"", "no field exipres", 2},
		{"[filters]\n'my own' = 3", "write a line like", 2},
		{"[filters]\n\"\" = \"a\"", "no name", 2},
		{"theme = \"\xff\"", "", 1},
		{"theme = \"a\x00b\"", "", 1},
	} {
		file := write(t, c.text)
		_, err := Read(file, true, noFilter)
		if err == nil {
			t.Errorf("%q is taken", c.text)
			continue
		}
		if said := err.Error(); !strings.HasPrefix(said, fmt.Sprintf("%s:%d: ", file, c.line)) || !strings.Contains(said, c.says) || strings.Contains(said, "\n") {
			t.Errorf("%q: %s", c.text, said)
		}
	}
}

func TestAFileThatIsNotThere(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.toml")
	if c, err := Read(missing, false, noFilter); err != nil || c.File != missing {
		t.Errorf("%+v, %v", c, err)
	}
	for _, file := range []string{missing, t.TempDir()} {
		if _, err := Read(file, true, noFilter); err == nil {
			t.Errorf("%s is taken", file)
		}
	}
}

func TestWhatIsChosen(t *testing.T) {
	c, err := Read(write(t, "theme = 16\nrow = \"reverse\"\n[colours]\nok = 2\nbad = \"#ff0000\"\n[keys]\nremove = [\"D\", \"delete\"]\n[filters]\n\"stale owners\" = \"role:owner idle:>90d\"\n"), true, noFilter)
	if err != nil {
		t.Fatal(err)
	}
	if c.Theme != "16" || c.Row != "reverse" || c.Symbols != "auto" || c.Colours["ok"] != "2" || len(c.Keys) == 0 || c.Filters[0] != (Filter{"stale owners", "role:owner idle:>90d"}) {
		t.Errorf("%+v", c)
	}
}

// Writing a key leaves every other letter of the file as it was.
func TestOnlyTheKeyIsWritten(t *testing.T) {
	for _, c := range []struct{ old, want string }{
		{"", "theme = \"light\"\n"},
		{"# mine\n[keys]\ntheme = 1 # not that\n", "theme = \"light\"\n# mine\n[keys]\ntheme = 1 # not that\n"},
		{"row = \"bold\"\n  theme=\"dark\"  # at night\n\n[keys]\n", "row = \"bold\"\n  theme = \"light\"  # at night\n\n[keys]\n"},
		{"theme = 16 # it's mine\n", "theme = \"light\" # it's mine\n"},
		{"theme = 'dark'# at night\n", "theme = \"light\"# at night\n"},
		{"theme = \"dark\"\t# \"x\" #\n", "theme = \"light\"\t# \"x\" #\n"},
		{"theme = \"dark\"\r\nrow = \"bold\"\r\n", "theme = \"light\"\r\nrow = \"bold\"\r\n"},
		{"theme = '''\ndark'''\n", ""}, // no line of its own
		{"theme = \"dark", ""},
	} {
		file := write(t, c.old)
		err := Console{File: file}.SetTheme("light")
		text, readErr := os.ReadFile(file)
		if readErr != nil {
			t.Fatal(readErr)
		}
		if c.want == "" {
			c.want = c.old
			if err == nil {
				t.Errorf("%q was written to", c.old)
			}
		} else if err != nil {
			t.Errorf("%q: %v", c.old, err)
		}
		if string(text) != c.want {
			t.Errorf("%q became %q, want %q", c.old, text, c.want)
		}
		if list, _ := os.ReadDir(filepath.Dir(file)); len(list) != 1 {
			t.Errorf("%q left %v behind", c.old, list)
		}
	}
}

// A link stays a link, and the file keeps its mode; a new file is private.
func TestWhereItIsWritten(t *testing.T) {
	file := write(t, "theme = \"dark\"\n")
	link := filepath.Join(t.TempDir(), "config.toml")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := (Console{File: link}).SetTheme("mono"); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Lstat(link); info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o640 {
		t.Error(info.Mode())
	}
	fresh := filepath.Join(t.TempDir(), "patrol", "config.toml")
	if err := (Console{File: fresh}).SetTheme("mono"); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(fresh); info.Mode().Perm() != 0o600 {
		t.Error(info.Mode())
	}
}

// What is no file of a sane size is refused at once, wherever it comes from: a
// pipe is not waited for, neither by who reads nor by who writes.
func TestWhatIsNoConfiguration(t *testing.T) {
	folder := t.TempDir()
	name := func(s string) string { return filepath.Join(folder, s) }
	if err := errors.Join(
		syscall.Mkfifo(name("pipe"), 0o600),
		os.Mkdir(name("folder"), 0o700),
		os.Symlink(name("loop"), name("loop")),
		os.WriteFile(name("large"), make([]byte, 10<<20), 0o600),
		os.Symlink(name("nothing"), name("nowhere")),
	); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file         string
		reads, saves bool // whether that goes well
	}{
		{"pipe", false, false}, {"folder", false, false}, {"loop", false, false}, {"large", false, false},
		{"nowhere", true, false}, // as if there was none; but what isn't there is no place to write to
		{"new", true, true},
	} {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			if _, err := Read(name(c.file), false, noFilter); (err == nil) != c.reads {
				t.Errorf("%s is read: %v", c.file, err)
			}
			if err := (Console{File: name(c.file)}).SetTheme("mono"); (err == nil) != c.saves || err != nil && !strings.Contains(err.Error(), name(c.file)) {
				t.Errorf("%s is written: %v", c.file, err)
			}
		}()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s is waited for", c.file)
		}
	}
	if info, err := os.Lstat(name("nowhere")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link is gone")
	}
}

// Of two mistakes always the same one is told.
func TestTheSameMistakeIsTold(t *testing.T) {
	file := write(t, "[keys]\nopne = \"a\"\nremvoe = \"b\"\nrotaet = \"c\"\n")
	for range 50 {
		if _, err := Read(file, true, noFilter); err == nil || !strings.Contains(err.Error(), "opne") {
			t.Fatal(err)
		}
	}
}

// A value is shown in whole letters.
func TestALongValueIsCutBetweenLetters(t *testing.T) {
	_, err := Read(write(t, "theme = \"x"+strings.Repeat("é", 60)+"\""), true, noFilter)
	if err == nil || !strings.Contains(err.Error(), "é…") || strings.Contains(err.Error(), `\x`) {
		t.Error(err)
	}
}
