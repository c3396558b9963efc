package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

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

// place is where a key stands in a file: the lines' numbers are from 1.
type place struct {
	key   int // the line that gives it; 0: none does
	table int // the line of its table's head; 0: there is none
}

// find looks for a key the way that people write a file: a line each.
func find(text string, key toml.Key) (at place) {
	table, name := "", key[len(key)-1]
	if len(key) > 1 {
		table = key[0]
	}
	in := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if head, ok := strings.CutPrefix(line, "["); ok {
			head, _, _ = strings.Cut(head, "]")
			in = unquote(head)
			if in == table {
				at.table = i + 1
			} else if table == "" && in == name {
				at.table = i + 1
			}
			continue
		}
		left, _, given := strings.Cut(line, "=")
		if !given || strings.HasPrefix(line, "#") {
			continue
		}
		left = unquote(left)
		first, rest, dotted := strings.Cut(left, ".")
		switch {
		case in == table && left == name, in == "" && dotted && unquote(first) == table && unquote(rest) == name:
			at.key = i + 1
		case in == "" && table != "" && left == table && at.table == 0: // an inline table
			at.table = i + 1
		}
	}
	return at
}

func unquote(name string) string {
	name = strings.TrimSpace(name)
	if s, err := strconv.Unquote(name); err == nil && name[0] == '"' {
		return s
	}
	return strings.Trim(name, "'")
}

// lineOf is the line that a mistake with a key is shown with.
func lineOf(text string, key toml.Key) int {
	at := find(text, key)
	if at.key > 0 {
		return at.key
	}
	return at.table
}
