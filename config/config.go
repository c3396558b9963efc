// Package config reads what somebody has chosen for his console: config.toml.
// Every mistake in it is one line that says where it is and what to do.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"

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
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !must:
		return Console{File: file}, nil
	case err != nil:
		return Console{}, fmt.Errorf("%w: make it, or leave --config out", err)
	case !info.Mode().IsRegular():
		return Console{}, fmt.Errorf("%s is no file: say --config FILE", file)
	case info.Size() > maxSize:
		return Console{}, fmt.Errorf("%s is larger than 1 MiB: it can't be a configuration", file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return Console{}, fmt.Errorf("%w: make it readable, or say --config FILE", err)
	}
	return parse(file, string(text), checkFilter)
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

// table is what stands under a [name].
func (r *reader) table(given map[string]any, name string) map[string]any {
	table, ok := given[name].(map[string]any)
	if !ok && given[name] != nil {
		r.fail(toml.Key{name}, "%s is a table: write [%s] on a line of its own, and its lines below", name, name)
	}
	return table
}

// reader keeps the first mistake.
type reader struct {
	file, text string
	err        error
}

func (r *reader) fail(key toml.Key, format string, args ...any) {
	if r.err == nil {
		r.err = r.wrong(key, format, args...)
	}
}

// wrong is a mistake, with the line of the key that it is about.
func (r *reader) wrong(key toml.Key, format string, args ...any) error {
	at := r.file
	if line := lineOf(r.text, key); line > 0 {
		at += ":" + strconv.Itoa(line)
	}
	return fmt.Errorf("%s: %s", at, fmt.Sprintf(format, args...))
}

// unreadable is what the library says of a file that is no TOML.
func (r *reader) unreadable(err error) error {
	var e toml.ParseError
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %s: see docs/config.md", r.file, strings.TrimPrefix(err.Error(), "toml: "))
	}
	said := e.Message
	if said == "" {
		said = strings.TrimPrefix(e.Error(), "toml: ")
	}
	return fmt.Errorf("%s:%d: %s: mend that line", r.file, e.Position.Line, strings.TrimSuffix(said, "."))
}

func (r *reader) word(name string, value any, words []string) string {
	if value == nil {
		return words[0]
	}
	if n, ok := value.(int64); ok { // theme = 16
		value = strconv.FormatInt(n, 10)
	}
	text, ok := value.(string)
	if !ok || !slices.Contains(words, text) {
		r.fail(toml.Key{name}, "%s can't be %s: write %s", name, shown(value), oneOf(words))
	}
	return text
}

func (r *reader) colours(given map[string]any) map[string]string {
	colours := map[string]string{}
	for _, role := range sorted(given) {
		key := toml.Key{"colours", role}
		if !slices.Contains(Roles, role) {
			r.fail(key, "there is no colour %q: use %s", role, strings.Join(Roles, ", "))
			continue
		}
		value := given[role]
		if n, ok := value.(int64); ok {
			value = strconv.FormatInt(n, 10)
		}
		text, _ := value.(string)
		if !isColour(text) {
			r.fail(key, "%s can't be %s: write a colour like \"#c4a7ff\", or a number from 0 to 255", role, shown(given[role]))
		}
		colours[role] = text
	}
	return colours
}

func isColour(text string) bool {
	if hex, ok := strings.CutPrefix(text, "#"); ok {
		_, err := strconv.ParseUint(hex, 16, 32)
		return err == nil && len(hex) == 6
	}
	n, err := strconv.Atoi(text)
	return err == nil && n >= 0 && n <= 255 && text == strconv.Itoa(n)
}

func (r *reader) keys(given map[string]any) keys.Table {
	chosen := keys.Chosen{}
	for _, action := range sorted(given) {
		list, ok := texts(given[action])
		if !ok {
			r.fail(toml.Key{"keys", action}, "%s can't be %s: write a key like \"x\", or several like [\"x\", \"delete\"]", action, shown(given[action]))
		}
		chosen[keys.Action(action)] = list
	}
	if len(chosen) == 0 || r.err != nil {
		return nil
	}
	table, err := chosen.Table()
	var wrong *keys.Wrong
	if errors.As(err, &wrong) {
		r.fail(toml.Key{"keys", string(wrong.Action)}, "%s", wrong.Text)
	}
	return table
}

// texts is one text or a list of them.
func texts(value any) (list []string, ok bool) {
	if text, ok := value.(string); ok {
		return []string{text}, true
	}
	many, ok := value.([]any)
	for _, one := range many {
		text, isText := one.(string)
		ok = ok && isText
		list = append(list, text)
	}
	return list, ok
}

// maxFilters is how many are offered where filters are.
const maxFilters = 100

func (r *reader) filters(given map[string]any, check func(string) error) (filters []Filter) {
	for i, name := range sorted(given) {
		key := toml.Key{"filters", name}
		line, ok := given[name].(string)
		switch {
		case i >= maxFilters:
			r.fail(key, "there are more than %d filters: take some out", maxFilters)
		case !ok:
			r.fail(key, "the filter %q can't be %s: write a line like \"role:owner idle:>90d\"", name, shown(given[name]))
		case strings.TrimSpace(name) == "":
			r.fail(key, "a filter has no name: give it one")
		default:
			if err := check(line); err != nil {
				r.fail(key, "the filter %q: %s", name, strings.TrimSpace(err.Error()))
			}
		}
		filters = append(filters, Filter{name, line})
	}
	return filters
}

// sorted are the names in a table, so that of two mistakes always the same one
// is told.
func sorted(table map[string]any) []string {
	names := make([]string, 0, len(table))
	for name := range table {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// shown is a value as the file has it.
func shown(value any) string {
	switch v := value.(type) {
	case string:
		if len(v) > 40 {
			v = v[:40] + "…"
		}
		return strconv.Quote(v)
	case []any:
		return "that list"
	case map[string]any:
		return "a table"
	}
	return fmt.Sprint(value)
}

func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
