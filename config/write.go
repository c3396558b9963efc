package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// place is where a key stands in a file: the lines' numbers are from 1.
type place struct {
	key    int // the line that gives it; 0: none does
	table  int // the line of its table's head; 0: there is none
	inside int // the last line of that table with something in it
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
				at.table, at.inside = i+1, i+1
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
		if in == table {
			at.inside = i + 1
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

// SetTheme writes a theme into the file, SaveFilter a filter. Nothing else of the
// file changes, and either all of it is written or nothing.
func (c Console) SetTheme(theme string) error { return c.set(toml.Key{"theme"}, theme) }

func (c Console) SaveFilter(f Filter) error { return c.set(toml.Key{"filters", f.Name}, f.Line) }

func (c Console) set(key toml.Key, value string) error {
	file := c.File
	if real, err := filepath.EvalSymlinks(file); err == nil { // a link to where one keeps such files stays one
		file = real
	}
	old, err := os.ReadFile(file)
	mode := fs.FileMode(0o600)
	switch info, statErr := os.Stat(file); {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
	case err != nil:
		return err
	case statErr == nil:
		mode = info.Mode().Perm()
	}
	text := edit(string(old), key, value)
	if err := onlyChanged(string(old), text, key, value); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	return replace(file, []byte(text), mode)
}

// edit gives a key its value, in its line or in a new one.
func edit(text string, key toml.Key, value string) string {
	at := find(text, key)
	line := quoteKey(key[len(key)-1]) + " = " + quote(value)
	lines := strings.Split(text, "\n")
	insert := func(i int, more ...string) string {
		return strings.Join(append(append(lines[:i:i], more...), lines[i:]...), "\n")
	}
	switch {
	case at.key > 0:
		old := lines[at.key-1]
		left, _, _ := strings.Cut(old, "=")
		lines[at.key-1] = strings.TrimRight(left, " \t") + " = " + quote(value) + remark(old)
		return strings.Join(lines, "\n")
	case len(key) == 1 && text == "":
		return line + "\n"
	case len(key) == 1: // before the first table
		return insert(0, line)
	case at.inside > 0:
		return insert(at.inside, line)
	}
	text = strings.TrimRight(text, "\n")
	if text != "" {
		text += "\n\n"
	}
	return text + "[" + key[0] + "]\n" + line + "\n"
}

// remark is the comment at a line's end, where a text has no # of its own.
func remark(line string) string {
	i := strings.LastIndex(line, " #")
	for i > 0 && line[i-1] == ' ' {
		i--
	}
	if i >= 0 && strings.Count(line[i:], `"`)%2 == 0 && strings.Count(line[i:], "'")%2 == 0 {
		return line[i:]
	}
	return ""
}

// onlyChanged is nil if the new text says what the old one did, and the key's
// value besides.
func onlyChanged(old, text string, key toml.Key, value string) error {
	var before, after map[string]any
	if _, err := toml.Decode(old, &before); err != nil {
		return errors.New("it has been changed and can't be read any more: mend it first")
	}
	if before == nil {
		before = map[string]any{}
	}
	in := before
	if len(key) > 1 {
		table, ok := before[key[0]].(map[string]any)
		if !ok {
			table = map[string]any{}
			before[key[0]] = table
		}
		in = table
	}
	in[key[len(key)-1]] = value
	if _, err := toml.Decode(text, &after); err != nil || !reflect.DeepEqual(before, after) {
		return fmt.Errorf("it is written in a way that isn't safe to change: write %s = %s into it by hand", key, quote(value))
	}
	return nil
}

// replace puts a whole new file in a file's place.
func replace(file string, text []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".config-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

func quoteKey(name string) string {
	bare := name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_')
	})
	if bare {
		return name
	}
	return quote(name)
}

// quote is a text as TOML has it.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString("\\" + string(r))
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, "\\u%04X", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}
