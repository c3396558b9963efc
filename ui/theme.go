package ui

import (
	"strconv"
	"strings"

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
	on    [looks]string // the sequence that begins it; empty: nothing to do
	ascii bool          // our symbols become ASCII
	bytes bool          // and everything else too: no UTF-8 here
}

// background is what is known of the terminal's.
type background uint8

const (
	darkSoFar background = iota // most are, and it has just been asked
	dark
	light
	untold // it doesn't answer
)

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

	bold = lipgloss.NewStyle().Bold(true)
)

// colour is "#rrggbb", or the number of one of the terminal's own.
func colour(name string) lipgloss.Style {
	return lipgloss.NewStyle().Foreground(lipgloss.Color(name))
}

const reset = "\x1b[m"

// newTheme chooses by what the terminal can do, by its background, and by the
// environment it was started in.
func newTheme(p colorprofile.Profile, back background, env environment) *theme {
	styles := &darkStyles
	switch {
	case env["NO_COLOR"] != "" || p < colorprofile.ANSI:
		styles = &plainStyles
	case p == colorprofile.ANSI:
		styles = &sixteenStyles
	case back == light:
		styles = &lightStyles
	case back == untold:
		styles = &eitherStyles
	}
	t := &theme{}
	for l, style := range styles {
		t.on[l], _, _ = strings.Cut(style.Render("x"), "x")
	}
	locale := env.locale()
	t.bytes = !strings.Contains(locale, "utf8")
	t.ascii = t.bytes || env["TERM"] == "linux" || strings.HasPrefix(locale, "zh") ||
		strings.HasPrefix(locale, "ja") || strings.HasPrefix(locale, "ko")
	return t
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
	"▌", ">", "●", "*", "◐", "!", "✕", "x", "○", ".", "✓", "+", "─", "-", "│", "|", "‹", "<", "›", ">", "…", "~",
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

// environment is the variables of the person's side: at the machine itself the
// process's, over SSH what the client sent.
type environment map[string]string

func newEnvironment(list []string) environment {
	env := environment{}
	for _, entry := range list {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return env
}

// number is a variable's value, or what is usual.
func (env environment) number(name string, usual int) int {
	if n, err := strconv.Atoi(env[name]); err == nil && n > 0 && n < 10_000 {
		return n
	}
	return usual
}

// locale is the one in force for characters, in small letters and without
// dashes: "en_us.utf8".
func (env environment) locale() string {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if env[name] != "" {
			return strings.ReplaceAll(strings.ToLower(env[name]), "-", "")
		}
	}
	return ""
}

// background is what some terminals say of theirs before they are asked.
func (env environment) background() background {
	switch env["COLORFGBG"][strings.LastIndexByte(env["COLORFGBG"], ';')+1:] {
	case "", "default":
		return darkSoFar
	case "7", "15":
		return light
	}
	return dark
}

// remote tells whether the person sits at another machine than the program.
func (env environment) remote() bool { return env["SSH_CONNECTION"] != "" || env["SSH_TTY"] != "" }

// multiplexed tells whether tmux or screen stands between.
func (env environment) multiplexed() bool {
	return env["TMUX"] != "" || strings.HasPrefix(env["TERM"], "tmux") || strings.HasPrefix(env["TERM"], "screen")
}
