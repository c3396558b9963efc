// Package config reads what somebody has chosen for his console: config.toml.
// Every mistake in it is one line that says where it is and what to do.
package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/BurntSushi/toml"

	"patrol/keys"
)

// Console is what can be chosen. Its zero value is as nobody has chosen
// anything.
type Console struct {
	File    string            // where it is kept; empty: it isn't
	Theme   string            // one of Themes
	Symbols string            // one of Symbols
	Row     string            // one of Rows: how the current row is marked
	Colours map[string]string // by Roles: "#rrggbb" or the number of one of the 256
	Keys    keys.Table
	Filters []Filter
}

// Filter is a filter line of tokens with a name.
type Filter struct{ Name, Line string }

// What the words of the file may be; the first is the usual one.
var (
	Themes  = []string{"auto", "dark", "light", "contrast", "16", "mono"}
	Symbols = []string{"auto", "symbols", "ascii"}
	Rows    = []string{"marker", "bold", "reverse"}
	Roles   = []string{"ok", "warn", "bad", "off", "dim", "accent", "heading"}
)

// maxSize is how large a file is read: nobody writes a larger one by hand.
const maxSize = 1 << 20

// Read reads a file. One that isn't there chooses nothing, unless it must be
// there. CheckFilter says what is wrong with a filter line.
func Read(file string, must bool, checkFilter func(string) error) (Console, error) {
	text, _, err := load(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !must:
		return Console{File: file}, nil
	case errors.Is(err, fs.ErrNotExist):
		return Console{}, fmt.Errorf("%w: make it, or leave --config out", err)
	case err != nil:
		return Console{}, fmt.Errorf("%w: mend that, or say --config FILE", err)
	}
	return parse(file, text, checkFilter)
}

// load reads a file whole, with its mode. What it is is asked of the file that is
// open: another may have its name by then.
func load(file string) (text string, mode fs.FileMode, err error) {
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe isn't waited for
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", 0, err
	}
	if !info.Mode().IsRegular() {
		return "", 0, fmt.Errorf("%s is no file", file)
	}
	all, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return "", 0, err
	}
	if len(all) > maxSize {
		return "", 0, fmt.Errorf("%s is larger than 1 MiB: it can't be a configuration", file)
	}
	return string(all), info.Mode().Perm(), nil
}

func parse(file, text string, checkFilter func(string) error) (Console, error) {
	r := reader{file: file, text: text}
	var given map[string]any
	if _, err := toml.Decode(text, &given); err != nil {
		return Console{}, r.unreadable(err)
	}
	settings := []string{"theme", "symbols", "row", "colours", "keys", "filters"}
	for _, name := range sorted(given) {
		if !slices.Contains(settings, name) {
			r.fail(toml.Key{name}, "there is no setting %q: use theme, symbols, row, [colours], [keys] or [filters]", name)
		}
	}
	c := Console{File: file}
	c.Theme = r.word("theme", given["theme"], Themes)
	c.Symbols = r.word("symbols", given["symbols"], Symbols)
	c.Row = r.word("row", given["row"], Rows)
	c.Colours = r.colours(r.table(given, "colours"))
	c.Keys = r.keys(r.table(given, "keys"))
	c.Filters = r.filters(r.table(given, "filters"), checkFilter)
	if r.err != nil {
		return Console{}, r.err
	}
	return c, nil
}
