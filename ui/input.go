package ui

import (
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
)

// maxInput is how many characters a line of input holds; more are dropped. It
// is beyond every limit of the domain, so that its error is still shown.
const maxInput = 1024

// input is one line of text being typed.
type input struct {
	text []rune
	at   int // the cursor stands before text[at]
}

func newInput(s string) input {
	var in input
	in.insert(s)
	return in
}

func (in *input) String() string { return string(in.text) }

// set replaces the text and puts the cursor behind it.
func (in *input) set(s string) {
	*in = newInput(s)
}

// insert puts s in at the cursor. Line ends and tabs become blanks.
func (in *input) insert(s string) {
	if limit := 4 * maxInput; len(s) > limit { // don't look at a pasted megabyte
		s = strings.ToValidUTF8(s[:limit], "")
	}
	more := []rune(strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(s))
	more = more[:min(len(more), maxInput-len(in.text))]
	in.text = slices.Insert(in.text, in.at, more...)
	in.at += len(more)
}

// update takes a key or a paste, and tells whether the text is another now.
func (in *input) update(msg tea.Msg) (changed bool) {
	before := string(in.text)
	switch msg := msg.(type) {
	case tea.PasteMsg:
		in.insert(strings.TrimRight(msg.Content, "\r\n"))
	case tea.KeyPressMsg:
		in.key(msg)
	}
	return string(in.text) != before
}

func (in *input) key(msg tea.KeyPressMsg) {
	switch msg.String() {
	case "left", "ctrl+b":
		in.at = max(in.at-1, 0)
	case "right", "ctrl+f":
		in.at = min(in.at+1, len(in.text))
	case "ctrl+left", "alt+b", "alt+left":
		in.at = in.wordStart()
	case "ctrl+right", "alt+f", "alt+right":
		in.at = in.wordEnd()
	case "home", "ctrl+a":
		in.at = 0
	case "end", "ctrl+e":
		in.at = len(in.text)
	case "backspace", "ctrl+h":
		in.remove(max(in.at-1, 0), in.at)
	case "delete", "ctrl+d":
		in.remove(in.at, min(in.at+1, len(in.text)))
	case "ctrl+w", "alt+backspace", "ctrl+backspace":
		in.remove(in.wordStart(), in.at)
	case "ctrl+u":
		in.remove(0, in.at)
	case "ctrl+k":
		in.remove(in.at, len(in.text))
	default:
		in.insert(msg.Text)
	}
}

func (in *input) remove(from, to int) {
	in.text = slices.Delete(in.text, from, to)
	in.at = from
}

func (in *input) wordStart() int {
	i := in.at
	for i > 0 && unicode.IsSpace(in.text[i-1]) {
		i--
	}
	for i > 0 && !unicode.IsSpace(in.text[i-1]) {
		i--
	}
	return i
}

func (in *input) wordEnd() int {
	i := in.at
	for i < len(in.text) && unicode.IsSpace(in.text[i]) {
		i++
	}
	for i < len(in.text) && !unicode.IsSpace(in.text[i]) {
		i++
	}
	return i
}

// view draws the part of the text around the cursor in at most w cells, and
// tells in which of them the cursor stands.
func (in *input) view(w int) (text string, x int) {
	if w <= 0 {
		return "", 0
	}
	from := in.at
	for x < w-1 && from > 0 {
		n := width(shown(in.text[from-1]))
		if x+n > w-1 {
			break
		}
		x += n
		from--
	}
	var b strings.Builder
	used := 0
	for _, r := range in.text[from:] {
		s := shown(r)
		if used += width(s); used > w {
			break
		}
		b.WriteString(s)
	}
	return b.String(), x
}

// shown is how one typed character is drawn: what must not reach the terminal
// as it is can be seen and removed.
func shown(r rune) string {
	if s := clean(string(r)); s != "" {
		return s
	}
	return string(unicode.ReplacementChar)
}
