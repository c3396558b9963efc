// Package keys holds every key of the console as data. One table feeds
// dispatch, the footer, the help screen and docs/keys.md, so that they cannot
// disagree. It imports nothing of Patrol.
package keys

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Action is what a key asks for. Screens act on actions and never see which
// key it was.
type Action string

// Binding gives keys to an action on the screens that have it in their Set.
type Binding struct {
	Action  Action
	Keys    []string // as tea.KeyPressMsg.String spells them: "enter", "ctrl+d", "space", "?"
	Short   string   // one or two words for the footer
	Long    string   // a sentence for the help screen and docs/keys.md
	Hidden  bool     // left out of the footer: arrows and the like
	Changes bool     // changes something stored: refused in a read-only console
}

// Set is the bindings of one kind of screen, most useful first.
type Set struct {
	Title    string
	Bindings []Binding
}

// Lookup finds the binding for a key; an earlier set beats a later one.
func Lookup(key string, sets ...Set) (Binding, bool) {
	for _, set := range sets {
		for _, b := range set.Bindings {
			if slices.Contains(b.Keys, key) {
				return b, true
			}
		}
	}
	return Binding{}, false
}

// Find is the binding of an action in a set.
func Find(set Set, do Action) (Binding, bool) {
	i := slices.IndexFunc(set.Bindings, func(b Binding) bool { return b.Action == do })
	if i < 0 {
		return Binding{}, false
	}
	return set.Bindings[i], true
}

// Footer is the line of keys that work right now, at most width cells wide:
// those that word doesn't leave out by answering "", most useful first. Help,
// where a set has it, always fits and stands last.
func Footer(width int, word func(Binding) string, sets ...Set) string {
	var parts []string
	last, room := "", width
	for _, set := range sets {
		for _, b := range set.Bindings {
			short := word(b)
			switch {
			case b.Hidden || short == "":
			case b.Action == Help:
				last = Cap(b.Keys[0]) + " " + short
				room = width - utf8.RuneCountInString(last)
			default:
				parts = append(parts, footerKey(b)+" "+short)
			}
		}
	}
	var line strings.Builder
	for _, part := range parts {
		n := utf8.RuneCountInString(part) + len(gap)
		if n > room {
			break
		}
		line.WriteString(part + gap)
		room -= n
	}
	if utf8.RuneCountInString(last) > width {
		return Cap("?")
	}
	return strings.TrimSuffix(line.String()+last, gap)
}

const gap = "  "

// footerKey is what the footer calls a binding's keys: the first of them, or
// both of a pair such as ↑↓.
func footerKey(b Binding) string {
	switch b.Action {
	case Choose:
		return "←→"
	case Field:
		return "↑↓"
	case Snippet, Number:
		return "1-" + b.Keys[len(b.Keys)-1]
	}
	return Cap(b.Keys[0])
}

// Cap is how a key is written for people: "↑" for up, "pgdn" for pgdown.
func Cap(key string) string {
	switch key {
	case "up":
		return "↑"
	case "down":
		return "↓"
	case "left":
		return "←"
	case "right":
		return "→"
	case "pgdown":
		return "pgdn"
	}
	return key
}

// Caps writes all keys of a binding, parted by blanks.
func (b Binding) Caps() string {
	caps := make([]string, len(b.Keys))
	for i, key := range b.Keys {
		caps[i] = Cap(key)
	}
	return strings.Join(caps, " ")
}

// Document is docs/keys.md: every set as a table.
func Document() string {
	var doc strings.Builder
	doc.WriteString("# Keys of the console\n\nMade from the table in keys/ by `go test ./keys -update`; a test holds the two equal.\n")
	for _, set := range Sets() {
		doc.WriteString(Markdown(set))
	}
	return doc.String()
}

// Markdown is one set as a heading and a table.
func Markdown(set Set) string {
	var doc strings.Builder
	doc.WriteString("\n## " + set.Title + "\n\n| key | does |\n|---|---|\n")
	for _, b := range set.Bindings {
		doc.WriteString("| ")
		for i, key := range b.Keys {
			if i > 0 {
				doc.WriteByte(' ')
			}
			doc.WriteString("`" + Cap(key) + "`")
		}
		doc.WriteString(" | " + b.Long + " |\n")
	}
	return doc.String()
}
