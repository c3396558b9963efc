package ui

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf8"
)

// sequences cuts what a terminal sends into whole keys, answers and pastes, so
// that whatever is lost or late on the way, the next key counts again: what has
// no end is dropped after a silence, and an end that comes too late isn't taken
// for letters.
type sequences struct {
	out     []byte // whole ones only, for the decoder
	remote  bool   // a line with hiccups may be between
	certain bool   // the terminal sends the key esc as a sequence: a lone ESC is never a key

	state  sequenceState
	held   []byte // what has no end yet
	taken  bool   // an ESC was taken for a key: its rest may follow
	late   bool   // what is held is such a rest, behind an ESC
	pasted int    // bytes of the paste so far
}

type sequenceState int

const (
	between   sequenceState = iota
	inRune                  // of more than one byte
	afterESC                // a key, or the beginning of more
	inControl               // ESC [
	inShift                 // ESC O
	inString                // ESC ] and the like: what the terminal answers
	inPaste
)

const (
	// A lone ESC waits that long for the rest of a sequence; then it is a key.
	escWaits       = 50 * time.Millisecond
	remoteESCWaits = 300 * time.Millisecond
	// The parts of a late rest are less apart than that, and a person's letters more.
	restWaits = 20 * time.Millisecond
	// Everything else ends by such a silence.
	silence = time.Second

	maxHeld  = 4096    // bytes of a sequence; more are dropped
	maxPaste = 4 << 20 // bytes; more are dropped
)

const (
	esc        = '\x1b'
	escKey     = "\x1b[27u" // as terminals send it that are certain
	pasteStart = "\x1b[200~"
	pasteEnd   = "\x1b[201~"
)

// wait is how long to wait for more; 0: for ever.
func (s *sequences) wait() time.Duration {
	switch {
	case s.state == between, s.state == afterESC && s.certain:
		return 0
	case s.late:
		return restWaits
	case s.state != afterESC:
		return silence
	case s.remote:
		return remoteESCWaits
	}
	return escWaits
}

// silent is called when nothing has come for so long.
func (s *sequences) silent() {
	switch {
	case s.state == afterESC:
		s.taken = true
	case s.state == inPaste:
		s.out = append(s.out, pasteEnd...)
	}
	s.drop()
}

// feed takes what has come in one piece.
func (s *sequences) feed(piece []byte) {
	switch {
	case s.state == afterESC && !s.certain && !continues(piece):
		s.drop() // what comes is a key of its own
	case s.state == between && s.taken && continues(piece):
		s.held, s.state, s.late = append(s.held, esc), afterESC, true
	}
	s.taken = false
	for _, b := range piece {
		s.take(b)
	}
}

// continues tells whether a piece goes on with a sequence whose ESC came before.
func continues(piece []byte) bool {
	return piece[0] == '[' || piece[0] == 'O' || len(piece) > 2 && strings.IndexByte("]P_^X", piece[0]) >= 0
}

// drop gives up what has no end: an ESC was a key, and a late rest letters.
func (s *sequences) drop() {
	switch {
	case s.state == afterESC:
		s.out = append(s.out, strings.Repeat(escKey, len(s.held))...)
	case s.late:
		s.out = append(s.out, s.held[1:]...)
	}
	s.state, s.held, s.late = between, s.held[:0], false
}

// done hands on what is whole now.
func (s *sequences) done() {
	switch held := string(s.held); {
	case s.late, held == pasteEnd, len(held) >= maxHeld: // dropped
	case held == pasteStart:
		s.out = append(s.out, held...)
		s.state, s.held, s.pasted = inPaste, s.held[:0], 0
		return
	default:
		s.certain = s.certain || strings.HasPrefix(held, "\x1b[?") && strings.HasSuffix(held, "u") && held != "\x1b[?0u"
		s.out = append(s.out, held...)
	}
	s.state, s.held, s.late = between, s.held[:0], false
}

func (s *sequences) hold(b byte) {
	if len(s.held) < maxHeld {
		s.held = append(s.held, b)
	}
}

func (s *sequences) take(b byte) {
	switch s.state {
	case between:
		s.begin(b)
	case inRune:
		if b&0xc0 != 0x80 {
			s.drop()
			s.begin(b)
		} else if s.hold(b); utf8.FullRune(s.held) {
			if !utf8.Valid(s.held) {
				s.held = s.held[:0]
			}
			s.done()
		}
	case afterESC:
		s.introduce(b)
	case inControl:
		s.control(b)
	case inShift: // some send a modifier before the letter
		if b <= ' ' || b > '~' {
			s.again(b)
		} else if s.hold(b); b >= '@' {
			s.done()
		}
	case inString:
		s.text(b)
	case inPaste:
		s.paste(b)
	}
}

// again takes b for the beginning of something else: it can't be in a sequence.
func (s *sequences) again(b byte) {
	s.drop()
	s.begin(b)
}

func (s *sequences) begin(b byte) {
	switch {
	case b == esc:
		s.hold(b)
		s.state = afterESC
	case b < utf8.RuneSelf:
		s.out = append(s.out, b)
	case utf8.RuneStart(b):
		s.hold(b)
		s.state = inRune
	}
}

// introduce takes the byte behind an ESC.
func (s *sequences) introduce(b byte) {
	switch {
	case b == '[':
		s.state = inControl
	case b == 'O':
		s.state = inShift
	case strings.IndexByte("]P_^X", b) >= 0:
		s.state = inString
	case b >= utf8.RuneSelf, b == esc && len(s.held) > 1:
		s.drop()
		s.begin(b)
		return
	case b != esc: // with alt
		s.hold(b)
		s.done()
		return
	}
	s.hold(b)
}

// control takes a byte of a control sequence.
func (s *sequences) control(b byte) {
	if b < ' ' || b > '~' {
		s.again(b)
		return
	}
	start := bytes.HasSuffix(s.held, []byte("\x1b["))
	switch s.hold(b); {
	case b == '[' && start: // a function key of the Linux console: one letter follows
	case b >= '@', b == '$' && !start && s.held[2] != '?': // rxvt ends some with a dollar
		s.done()
	}
}

// text takes a byte of a terminal's answer. Nothing that a person types is in
// one: a control character ends it.
func (s *sequences) text(b byte) {
	ending := s.held[len(s.held)-1] == esc
	switch {
	case b == '\a' || ending && b == '\\':
		s.hold(b)
		s.done()
	case ending:
		s.held, s.late = s.held[:0], false
		s.begin(esc)
		s.take(b)
	case b == esc:
		if len(s.held) == maxHeld { // the end is looked for in what is held
			s.held = s.held[:maxHeld-1]
		}
		s.hold(b)
	case b < ' ':
		s.again(b)
	default:
		s.hold(b)
	}
}

// paste takes a byte of a paste: text, lines and tabs only, so that nothing in
// it is a key or hides its end.
func (s *sequences) paste(b byte) {
	switch {
	case len(s.held) > 0 && b == pasteEnd[len(s.held)]:
		if s.hold(b); len(s.held) == len(pasteEnd) {
			s.out = append(s.out, pasteEnd...)
			s.state, s.held = between, s.held[:0]
		}
	case b == esc:
		s.held = append(s.held[:0], b)
	default:
		rest := append(bytes.TrimLeft(s.held, "\x1b"), b)
		s.held = s.held[:0]
		for _, b := range rest {
			if s.pasted < maxPaste && (b >= ' ' && b != '\x7f' || b == '\n' || b == '\r' || b == '\t') {
				s.out = append(s.out, b)
				s.pasted++
			}
		}
	}
}
