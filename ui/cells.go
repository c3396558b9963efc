package ui

import (
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// These functions measure and cut text in cells, character by character as the
// renderer does: Run keeps terminals from counting in another way. Text may
// hold the sequences of a theme, which take no cells.

func width(s string) int { return ansi.StringWidthWc(s) }

// strip takes the styles out of s.
func strip(s string) string { return ansi.Strip(s) }

// cut shortens s to at most w cells, with … where something is missing.
func cut(s string, w int) string {
	switch {
	case w <= 0:
		return ""
	case width(s) <= w:
		return s
	}
	s = keep(s, w-1) + "…"
	if strings.Contains(s, "\x1b") {
		s += reset
	}
	return s
}

// keep is the first w cells of s, or one fewer where a wide character doesn't
// fit.
func keep(s string, w int) string {
	used := 0
	for i := 0; i < len(s); {
		n, cells := step(s[i:])
		if used += cells; used > w {
			return s[:i]
		}
		i += n
	}
	return s
}

// drop is s without its first w cells; its styles stay. Half of a wide
// character becomes a blank.
func drop(s string, w int) string {
	var styles strings.Builder
	used, i := 0, 0
	for i < len(s) && used < w {
		n, cells := step(s[i:])
		if cells == 0 && s[i] == 0x1b {
			styles.WriteString(s[i : i+n])
		}
		used += cells
		i += n
	}
	return styles.String() + blanks(used-w) + s[i:]
}

// step is the length of the character or style that s begins with, in bytes,
// and its width.
func step(s string) (n, cells int) {
	if s[0] == 0x1b {
		if end := strings.IndexByte(s, 'm'); end >= 0 {
			return end + 1, 0
		}
	}
	if s[0] < utf8.RuneSelf {
		return 1, 1
	}
	_, n = utf8.DecodeRuneInString(s)
	return n, width(s[:n])
}
