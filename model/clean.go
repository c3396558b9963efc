package model

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes a stored text fit for a terminal: one line, no escape sequence,
// no mark that turns the direction of text around, nothing invisible. Tabs and
// line ends become blanks, other unwelcome characters the replacement
// character. What glues and tints emoji is dropped, because terminals disagree
// about its width. Every text that somebody chose goes through it where it is
// drawn; what is stored stays as it is.
func Clean(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return strings.Map(cleanRune, s)
		}
	}
	return s
}

func cleanRune(r rune) rune {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return ' '
	case r == 0x200D, 0xFE00 <= r && r <= 0xFE0F, 0x1F3FB <= r && r <= 0x1F3FF:
		return -1
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs):
		return utf8.RuneError
	}
	return r
}
