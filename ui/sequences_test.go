package ui

import (
	"strings"
	"testing"
)

// heard is what comes of pieces with a silence behind each "…".
func heard(s *sequences, pieces ...string) string {
	for _, piece := range pieces {
		if piece == "…" {
			s.silent()
		} else {
			s.feed([]byte(piece))
		}
	}
	return string(s.out)
}

// Whatever is lost or late on the way, the next key counts.
func TestSequences(t *testing.T) {
	const up = "\x1b[A"
	for _, c := range []struct {
		name   string
		pieces []string
		want   string
	}{
		{"letters", []string{"abc", "äß日"}, "abcäß日"},
		{"a key in one piece", []string{up + "x"}, up + "x"},
		{"a key in three pieces", []string{"\x1b", "[", "A"}, up},
		{"a key whose rest comes late is dropped", []string{"\x1b", "…", "[A", "x"}, escKey + "x"},
		{"also in two pieces", []string{"\x1b", "…", "[", "A", "x"}, escKey + "x"},
		{"and so is that of a function key", []string{"\x1b", "…", "OP", "x"}, escKey + "x"},
		{"esc, and then a letter", []string{"\x1b", "…", "x"}, escKey + "x"},
		{"esc twice", []string{"\x1b", "…", "\x1b", "…"}, escKey + escKey},
		{"a bracket that somebody types", []string{"\x1b", "…", "[", "…"}, escKey + "["},
		{"alt", []string{"\x1bx"}, "\x1bx"},
		{"a paste", []string{"\x1b[200~two\nlines\x1b[201~x"}, "\x1b[200~two\nlines\x1b[201~x"},
		{"a paste in pieces", []string{"\x1b[20", "0~te", "xt\x1b[2", "01~x"}, "\x1b[200~text\x1b[201~x"},
		{"a paste whose end is lost", []string{"\x1b[200~text", "…", "q"}, "\x1b[200~text\x1b[201~q"},
		{"a paste with keys in it", []string{"\x1b[200~a\x1b[Ab\x03c\x1b[201~x"}, "\x1b[200~a[Abc\x1b[201~x"},
		{"half a paste's end is lost", []string{"\x1b[200~text\x1b[20", "…", "q"}, "\x1b[200~text\x1b[201~q"},
		{"an end without a beginning", []string{"\x1b[201~x"}, "x"},
		{"an answer", []string{"\x1b]11;rgb:00/00/00\x1b\\x"}, "\x1b]11;rgb:00/00/00\x1b\\x"},
		{"an answer whose end is lost", []string{"\x1b]11;rgb:", "…", "x"}, "x"},
		{"also of the longer kinds", []string{"\x1bP1$r", "…", "\x1b_G", "…", "\x1b^", "…", "\x1bXx", "…", "x"}, "x"},
		{"a control sequence whose end is lost", []string{"\x1b[1;", "…", "x"}, "x"},
		{"half a character", []string{"\xe6\x97", "…", "x"}, "x"},
		{"what is no character", []string{"\xff\xfe\x80x"}, "x"},
	} {
		if got := heard(&sequences{}, c.pieces...); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	bounded := &sequences{}
	heard(bounded, "\x1b[200~", strings.Repeat("x", maxPaste+100), "\x1b[201~q")
	if got := string(bounded.out); len(got) != maxPaste+len(pasteStart)+len(pasteEnd)+1 || !strings.HasSuffix(got, pasteEnd+"q") {
		t.Errorf("a paste of %d bytes gives %d", maxPaste+100, len(got))
	}
	// A terminal that sends esc as a sequence of its own needs no time for it.
	certain := &sequences{}
	if heard(certain, "\x1b[?1u", "\x1b"); certain.wait() != 0 {
		t.Errorf("waits %v", certain.wait())
	}
	if far := (&sequences{remote: true}); heard(far, "\x1b") != "" || far.wait() != remoteESCWaits {
		t.Errorf("over a line: waits %v", far.wait())
	}
}

// Whatever comes, in whatever pieces: no panic, nothing is held for ever, and a
// key after a silence counts.
func FuzzSequences(f *testing.F) {
	f.Add([]byte("\x1b[200~x\x1b[201~"), uint8(3))
	f.Add([]byte("\x1b]52;c;\a\x1bP\x1b\\\xff"), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		s := &sequences{}
		for len(data) > 0 {
			n := min(int(size)+1, len(data))
			s.feed(data[:n])
			data = data[n:]
			if len(s.held) > maxHeld {
				t.Fatalf("holds %d bytes", len(s.held))
			}
		}
		for range 3 {
			s.silent()
		}
		s.out = nil
		if s.feed([]byte("q")); string(s.out) != "q" {
			t.Fatalf("a key gives %q in state %d", s.out, s.state)
		}
	})
}
