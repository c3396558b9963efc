package keys

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// named are the keys that have a name, and don't write a character.
var named = []string{"enter", "esc", "tab", "space", "backspace", "delete", "insert", "up", "down", "left", "right", "home", "end", "pgup", "pgdown",
	"f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12"}

// misspelt is what is wrong with the name of a key, and how it is written; empty:
// nothing.
func misspelt(key string) string {
	modifier, base, modified := strings.Cut(key, "+")
	if key == "+" || !modified {
		modifier, base = "", key
	}
	r, n := utf8.DecodeRuneInString(base)
	single := n == len(base) && unicode.IsPrint(r) && r != ' ' && r != utf8.RuneError
	switch {
	case key == " ":
		return `write "space" for the space bar`
	case base == "pgdn":
		return `write "pgdown" for page down`
	case !single && !slices.Contains(named, base):
		return fmt.Sprintf("there is no key %q: write a character, or enter, tab, space, up, f2, ctrl+d and the like", key)
	case modifier == "" || modifier == "alt":
		return ""
	case modifier == "shift" && single:
		return fmt.Sprintf("write %q: the character itself is what shift makes", string(unicode.ToUpper(r)))
	case modifier == "shift":
		return ""
	case modifier == "ctrl" && single && unicode.IsUpper(r):
		return fmt.Sprintf("write %q: with ctrl terminals don't tell large letters from small ones", "ctrl+"+strings.ToLower(base))
	case modifier == "ctrl" && strings.Contains("im[", base):
		return fmt.Sprintf("terminals can't tell %s from %s: choose another key", key, map[string]string{"i": "tab", "m": "enter", "[": "esc"}[base])
	case modifier == "ctrl":
		return ""
	}
	return fmt.Sprintf("there is no key %q: before the + stands ctrl, alt or shift", key)
}

// near is the action that may have been meant.
func near(sets []Set, action Action) string {
	for _, set := range sets {
		for _, b := range set.Bindings {
			if strings.HasPrefix(string(b.Action), string(action)) || b.Short == string(action) || strings.EqualFold(string(b.Action), strings.ReplaceAll(string(action), "_", "-")) {
				return fmt.Sprintf("; %q?", b.Action)
			}
		}
	}
	return ""
}
