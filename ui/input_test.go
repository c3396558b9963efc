package ui

import (
	"testing"

	tea "charm.land/bubbletea/v2"
)

// The cursor stands behind what was typed, however wide, and what is drawn is
// what was typed: control characters can be seen.
func TestInput(t *testing.T) {
	for _, c := range []struct {
		typed, drawn, kept string
		x                  int
	}{
		{"ab日", "ab日", "ab日", 4},
		{"a\x1bb", "a�b", "a\x1bb", 3},
		{"a\xffb", "a�b", "a�b", 3},
		{"two\r\nlines\tand\n", "two lines and", "two lines and", 13},
	} {
		var in input
		in.update(tea.PasteMsg{Content: c.typed})
		if drawn, x := in.view(20); drawn != c.drawn || x != c.x || in.String() != c.kept {
			t.Errorf("%q: %q, cursor %d, holds %q", c.typed, drawn, x, in.String())
		}
	}
}

// The keys that people's fingers know, and none that reads a clipboard.
func TestInputKeys(t *testing.T) {
	for _, c := range []struct {
		key  tea.KeyPressMsg
		want string
	}{
		{tea.KeyPressMsg{Code: tea.KeyBackspace}, "two words 日"},
		{tea.KeyPressMsg{Code: 'w', Mod: tea.ModCtrl}, "two words "},
		{tea.KeyPressMsg{Code: 'u', Mod: tea.ModCtrl}, ""},
		{tea.KeyPressMsg{Code: 'v', Mod: tea.ModCtrl}, "two words 日本"},
	} {
		in := newInput("two words 日本")
		in.update(c.key)
		if in.String() != c.want {
			t.Errorf("%s: %q", c.key, in.String())
		}
	}
}
