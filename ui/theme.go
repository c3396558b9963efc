package ui

import (
	"cmp"
	"strings"

	conf "patrol/config"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// look is what a piece of text means; the theme says what it looks like.
// Nothing is said by a look alone: a symbol or a word stands beside it.
type look uint8

const (
	plain  look = iota
	dim         // secondary text
	okay        // ● active, allowed, passed
	warn        // ◐ soon, useless, a clock that was set
	bad         // ✕ revoked, refused, destructive
	off         // ○ expired, disabled, not applicable
	accent      // the focused field, the last crumb, what is chosen
	marker      // the current row: accent, in as few bytes as there are
	head        // headings
	looks
)

// symbols stand before a state's word.
var symbols = [looks]string{okay: "●", warn: "◐", bad: "✕", off: "○"}

// theme turns looks into escape sequences for one terminal. What is painted in
// one theme is painted again when another takes its place.
type theme struct {
	name  string        // what was chosen: one of conf.Themes
	on    [looks]string // the sequence that begins it; empty: nothing to do
	row   string        // the sequence that the current row begins with; empty: the marker is enough
	ascii bool          // our symbols become ASCII
	bytes bool          // and everything else too: no UTF-8 here
}

// The colours have a contrast of at least 5:1 on #16161e and on white; those for
// a background that nobody tells have 5:1 on the one and 3:1 on the other.
// Backgrounds are never painted. A colour of the 256 takes half the bytes of any
// other; there is none that has both, for okay and bad on an untold background.
var (
	darkStyles = [looks]lipgloss.Style{
		dim: colour("246"), okay: colour("115"), warn: colour("221"), bad: colour("210"),
		off: colour("246"), accent: colour("183"), marker: colour("183"), head: colour("246"),
	}
	lightStyles = [looks]lipgloss.Style{
		dim: colour("240"), okay: colour("22"), warn: colour("94"), bad: colour("124"),
		off: colour("240"), accent: colour("55"), marker: colour("55"), head: colour("240"),
	}
	eitherStyles = [looks]lipgloss.Style{
		dim: colour("245"), okay: colour("#3c9e62"), warn: colour("#be841e"), bad: colour("#eb5c54"),
		off: colour("245"), accent: colour("#a07df5"), marker: colour("135"), head: colour("245"),
	}
	sixteenStyles = [looks]lipgloss.Style{okay: colour("2"), bad: colour("1"), accent: bold, marker: bold, head: bold}
	plainStyles   = [looks]lipgloss.Style{accent: bold, marker: bold, head: bold}

	// Those of contrast have 7:1 and dim nothing; on a background that nobody tells
	// no colour has that.
	contrastDark = [looks]lipgloss.Style{
		okay: colour("120"), warn: colour("227"), bad: colour("217"), accent: bold, marker: bold, head: bold,
	}
	contrastLight = [looks]lipgloss.Style{
		okay: colour("22"), warn: colour("#574d00"), bad: colour("88"), accent: bold, marker: bold, head: bold,
	}

	bold = lipgloss.NewStyle().Bold(true)
)

// roles are the looks that somebody may give a colour of his own.
var roles = map[string][]look{"ok": {okay}, "warn": {warn}, "bad": {bad}, "off": {off}, "dim": {dim}, "accent": {accent, marker}, "heading": {head}}

// rows are the ways to mark the current row besides its marker.
var rowMarks = map[string]string{"bold": "\x1b[1m", "reverse": "\x1b[7m"}

const underlined = "\x1b[4m"

// colour is "#rrggbb", or the number of one of the terminal's own.
func colour(name string) lipgloss.Style {
	return lipgloss.NewStyle().Foreground(lipgloss.Color(name))
}

const reset = "\x1b[m"

// newTheme is what somebody has chosen, as far as the terminal can show it. Where
// he has left it to the terminal, its background decides; NO_COLOR always wins.
func newTheme(chosen conf.Console, p colorprofile.Profile, back background, env environment) *theme {
	t := &theme{name: cmp.Or(chosen.Theme, conf.Themes[0]), row: rowMarks[chosen.Row]}
	switch t.name {
	case "dark":
		back = dark
	case "light":
		back = light
	case "contrast":
		t.row = cmp.Or(t.row, underlined)
	}
	styles, own := t.styles(env["NO_COLOR"] != "" || p < colorprofile.ANSI, p == colorprofile.ANSI, back)
	for l, style := range styles {
		t.on[l] = sequence(style)
	}
	for role, name := range chosen.Colours {
		for _, l := range roles[role] {
			if own {
				t.on[l] = sequence(colour(name))
			}
		}
	}
	locale := env.locale()
	t.bytes = !strings.Contains(locale, "utf8")
	t.ascii = t.bytes || chosen.Symbols == "ascii" || chosen.Symbols != "symbols" && (env["TERM"] == "linux" || strings.HasPrefix(locale, "zh") ||
		strings.HasPrefix(locale, "ja") || strings.HasPrefix(locale, "ko"))
	return t
}

// styles are those of the theme on a terminal without colours, with sixteen or
// with more; own tells whether somebody's own colours may take their place.
func (t *theme) styles(none, sixteen bool, back background) (styles *[looks]lipgloss.Style, own bool) {
	switch {
	case none || t.name == "mono":
		return &plainStyles, false
	case t.name == "16":
		return &sixteenStyles, false
	case t.name == "contrast" && (sixteen || back == untold || back == darkSoFar):
		return &plainStyles, false
	case t.name == "contrast" && back == light:
		return &contrastLight, false
	case t.name == "contrast":
		return &contrastDark, false
	case sixteen:
		return &sixteenStyles, false
	case back == light:
		return &lightStyles, true
	case back == untold:
		return &eitherStyles, true
	}
	return &darkStyles, true
}

// sequence is what begins a style.
func sequence(style lipgloss.Style) string {
	begin, _, _ := strings.Cut(style.Render("x"), "x")
	return begin
}

// current is how the current row is drawn.
func (t *theme) current(row string) string {
	if t.row == "" {
		return row
	}
	return t.row + strings.ReplaceAll(row, reset, reset+t.row) + reset
}

// paint gives s the look l. s has no line ends.
func (t *theme) paint(l look, s string) string {
	if t.on[l] == "" || s == "" {
		return s
	}
	return t.on[l] + s + reset
}

// state is a symbol in its look, and a word: painting that as well would cost
// more bytes than it says.
func (t *theme) state(l look, word string) string {
	return strings.TrimSuffix(t.paint(l, symbols[l])+" "+word, " ")
}

// well is a word where all is well, under those of state: nothing is painted, and
// nothing stands before it.
func well(word string) string { return "  " + word }

// Our own symbols are one cell wide, and so is what stands for them where they
// may be missing or wide: nothing moves.
var toASCII = strings.NewReplacer(
	"▌", ">", "≡", "=", "●", "*", "◐", "!", "✕", "x", "○", ".", "✓", "+", "─", "-", "│", "|", "‹", "<", "›", ">", "…", "~",
	"┌", "+", "┐", "+", "└", "+", "┘", "+", "█", "#", "░", ".", "▕", "|", "▏", "|", "•", "*", "·", "-", "–", "-",
	"▁", ".", "▂", ".", "▃", ":", "▄", ":", "▅", "|", "▆", "|", "▇", "#",
	"↑", "^", "↓", "v", "←", "<", "→", ">",
)

// encode turns a finished frame into what the terminal can show.
func (t *theme) encode(frame string) string {
	if !t.ascii {
		return frame
	}
	frame = toASCII.Replace(frame)
	if !t.bytes {
		return frame
	}
	var b strings.Builder
	for _, r := range frame {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Repeat("?", width(string(r))))
		}
	}
	return b.String()
}
