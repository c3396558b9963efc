package ui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
)

// maxInput is how many characters a line of input holds; more are dropped. It
// is beyond every limit of the domain, so that its error is still shown.
const maxInput = 1024

// input is one line of text being typed. The library edits it; drawing is ours,
// since its cursor counts a wide character as one cell.
type input struct {
	line  textinput.Model
	ready bool
}

func newInput(s string) input {
	var in input
	in.set(s)
	return in
}

// begin makes the line when it is first needed: most fields are never typed into.
func (in *input) begin() {
	if in.ready {
		return
	}
	in.line, in.ready = textinput.New(), true
	in.line.CharLimit = maxInput
	in.line.SetVirtualCursor(false)
	in.line.KeyMap.Paste.SetEnabled(false) // it would read the clipboard of the machine that Patrol runs on
	in.line.Focus()
}

func (in *input) String() string { return unveil(in.line.Value()) }

// atEnd tells whether the cursor stands behind the text.
func (in *input) atEnd() bool { return in.line.Position() == len([]rune(in.line.Value())) }

// set replaces the text and puts the cursor behind it.
func (in *input) set(s string) {
	in.begin()
	in.line.SetValue(veil(s))
	in.line.CursorEnd()
}

// update takes a key or a paste, and tells whether the text is another now.
func (in *input) update(msg tea.Msg) (changed bool) {
	in.begin()
	before := in.line.Value()
	if paste, ok := msg.(tea.PasteMsg); ok {
		if limit := 4 * maxInput; len(paste.Content) > limit { // don't look at a pasted megabyte
			paste.Content = strings.ToValidUTF8(paste.Content[:limit], "")
		}
		paste.Content = veil(strings.ReplaceAll(strings.TrimRight(paste.Content, "\r\n"), "\r\n", "\n"))
		msg = paste
	}
	in.line, _ = in.line.Update(msg)
	return in.line.Value() != before
}

// view draws the part of the text around the cursor in at most w cells, and
// tells in which of them the cursor stands.
func (in *input) view(w int) (text string, x int) {
	if w <= 0 {
		return "", 0
	}
	typed, at := []rune(in.String()), in.line.Position()
	from := at
	for x < w-1 && from > 0 {
		n := width(shown(typed[from-1]))
		if x+n > w-1 {
			break
		}
		x += n
		from--
	}
	var b strings.Builder
	used := 0
	for _, r := range typed[from:] {
		s := shown(r)
		if used += width(s); used > w {
			break
		}
		b.WriteString(s)
	}
	return b.String(), x
}

// The library drops control characters without a word. Here they stay, can be
// seen, and are refused: so they go through it as characters of private use.
const veils = 0xF0000

func veil(s string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) && !strings.ContainsRune("\n\r\t", r) { // those become blanks
			return r + veils
		}
		return r
	}, s)
}

func unveil(s string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r - veils) {
			return r - veils
		}
		return r
	}, s)
}

func hidden(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }

// shown is how one typed character is drawn: what must not reach the terminal
// as it is can be seen and removed.
func shown(r rune) string {
	if s := clean(string(r)); s != "" {
		return s
	}
	return string(unicode.ReplacementChar)
}
