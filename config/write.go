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

// SetTheme writes a theme into the file. Nothing else of it changes, and either
// all of it is written or nothing.
func (c Console) SetTheme(theme string) error {
	file, err := destination(c.File)
	if err != nil {
		return err
	}
	old, mode, err := load(file)
	if errors.Is(err, fs.ErrNotExist) {
		mode, err = 0o600, os.MkdirAll(filepath.Dir(file), 0o700)
	}
	if err != nil {
		return err
	}
	text := setTheme(old, theme)
	if err := onlyTheme(old, text, theme); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if err := replace(file, text, mode); err != nil {
		return fmt.Errorf("%s can't be written: %w", c.File, err)
	}
	return nil
}

// destination is the file itself: a link to where somebody keeps such files
// stays one.
func destination(file string) (string, error) {
	real, err := filepath.EvalSymlinks(file)
	if err == nil {
		return real, nil
	}
	if _, missing := os.Lstat(file); missing != nil { // it will be made
		return file, nil
	}
	return "", fmt.Errorf("%s is a link that leads to no file: mend it or take it away", file)
}

// setTheme gives the theme in its line, or in a new one before the first table.
func setTheme(text, theme string) string {
	at := find(text, toml.Key{"theme"})
	if at.key == 0 {
		return "theme = " + strconv.Quote(theme) + "\n" + text
	}
	lines := strings.Split(text, "\n")
	left, value, _ := strings.Cut(lines[at.key-1], "=")
	lines[at.key-1] = strings.TrimRight(left, " \t") + " = " + strconv.Quote(theme) + remark(value)
	return strings.Join(lines, "\n")
}

// remark is what stands after a word or a number: blanks and a comment.
func remark(value string) string {
	value = strings.TrimLeft(value, " \t")
	end := 0
	if value != "" && strings.Contains(`"'`, value[:1]) {
		end = 1 + strings.IndexByte(value[1:], value[0]) + 1 // no theme has a quote in it
	} else {
		end = len(value) - len(strings.TrimLeft(value, "0123456789"))
	}
	return value[end:]
}

// onlyTheme is nil if the new text says what the old one did, and the theme
// besides.
func onlyTheme(old, text, theme string) error {
	var before, after map[string]any
	if _, err := toml.Decode(old, &before); err != nil {
		return errors.New("it has been changed and can't be read any more: mend it first")
	}
	if before == nil {
		before = map[string]any{}
	}
	before["theme"] = theme
	if _, err := toml.Decode(text, &after); err != nil || !reflect.DeepEqual(before, after) {
		return fmt.Errorf("it is written in a way that isn't safe to change: write theme = %q into it by hand", theme)
	}
	return nil
}

// replace puts a whole new file in a file's place.
func replace(file, text string, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".config-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}
