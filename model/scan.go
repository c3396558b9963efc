package model

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// Scanner reads a text of any length, with memory that doesn't grow, and picks
// out what may be a secret or a request id (R146). It cuts the text at what
// can't be in a secret; of the pieces too short to be one it reads but every
// eighteenth byte.
type Scanner struct {
	Prefixes [][]byte // ever in use, without the empty one

	// Secret and Request take what was found, which is theirs until they return.
	// Their error ends the reading.
	Secret, Request func(found []byte) error

	buffer []byte // kept for the next text
}

const (
	scanBuffer      = 256 << 10
	requestStart    = 16
	maxRequestCount = 13 // digits of the greatest number
	shortestPiece   = requestStart + 2
)

// charset are the bytes that may stand somewhere.
type charset [256]bool

var (
	countChars  = chars("0123456789abcdefghijklmnopqrstuvwxyz")
	hexChars    = chars("0123456789abcdef")
	wordChars   = chars("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	randomChars = chars("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-")       // of a secret, after the prefix (R140)
	secretChars = chars("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-+=/@:.") // with it (R141)
)

func chars(list string) (set charset) {
	for _, c := range []byte(list) {
		set[c] = true
	}
	return set
}

// Read reads to the end. It holds a piece that goes on behind the buffer's end
// back until it is whole; one as long as the buffer is no secret, but may hold
// some.
func (s *Scanner) Read(ctx context.Context, text io.Reader) error {
	if s.buffer == nil {
		s.buffer = make([]byte, scanBuffer)
	}
	buffer, most := s.buffer, 0
	defer func() { clear(buffer[:most]) }()
	kept, inside := 0, false // inside: what was kept is not the piece's beginning
	for {
		n, err := io.ReadFull(text, buffer[kept:])
		n += kept
		most = max(most, n)
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		done, err := s.pieces(buffer[:n], inside, end)
		if err != nil || end {
			return err
		}
		if inside = done == 0; inside {
			done = n - s.overlap()
			if err := s.prefixed(buffer[:n], done); err != nil {
				return err
			}
		}
		kept = copy(buffer, buffer[done:n])
	}
}

// overlap is what of an endless piece is kept, so that a secret across the
// buffer's end is found.
func (s *Scanner) overlap() int {
	longest := 0
	for _, p := range s.Prefixes {
		longest = max(longest, len(p))
	}
	return longest + SecretLength
}

// pieces looks at each piece that is whole, and tells where the rest begins.
func (s *Scanner) pieces(b []byte, inside, end bool) (done int, err error) {
	for len(b)-done >= shortestPiece {
		if cut := lastCut(b[done : done+shortestPiece]); cut >= 0 {
			done += cut + 1
			continue
		}
		stop := done + shortestPiece
		for stop < len(b) && secretChars[b[stop]] {
			stop++
		}
		if stop == len(b) && !end {
			return done, nil
		}
		if err := s.piece(b[done:stop], inside && done == 0); err != nil {
			return done, err
		}
		done = min(stop+1, len(b))
	}
	return done, nil
}

// lastCut is the last byte that can't be in a secret, -1 if there is none.
func lastCut(b []byte) int {
	for i := len(b) - 1; i >= 0; i-- {
		if !secretChars[b[i]] {
			return i
		}
	}
	return -1
}

// piece gives the secrets that a piece may hold, and itself, if it is whole and
// not one of them.
func (s *Scanner) piece(b []byte, part bool) error {
	if err := s.prefixed(b, len(b)); err != nil {
		return err
	}
	if !part && SecretLength <= len(b) && len(b) <= MaxSecretLength && !s.isPrefixed(b) {
		if err := s.Secret(b); err != nil {
			return err
		}
	}
	return s.requests(b)
}

// prefixed gives every secret with a known prefix that begins before a place.
func (s *Scanner) prefixed(b []byte, before int) error {
	for _, p := range s.Prefixes {
		for at := 0; at < before; at++ {
			next := bytes.Index(b[at:], p)
			if at += next; next < 0 || at >= before {
				break
			}
			end := at + len(p) + SecretLength
			if end > len(b) {
				break
			}
			if !only(b[at+len(p):end], &randomChars) {
				continue
			}
			if err := s.Secret(b[at:end]); err != nil {
				return err
			}
		}
	}
	return nil
}

// isPrefixed tells whether the whole is a prefix with what follows it.
func (s *Scanner) isPrefixed(b []byte) bool {
	for _, p := range s.Prefixes {
		if len(b) == len(p)+SecretLength && bytes.HasPrefix(b, p) && only(b[len(p):], &randomChars) {
			return true
		}
	}
	return false
}

// only tells whether nothing but such characters stands in b.
func only(b []byte, of *charset) bool {
	for _, c := range b {
		if !of[c] {
			return false
		}
	}
	return true
}

// requests gives what may be request ids (A6): sixteen hex digits, a dash, and a
// number in digits and small letters.
func (s *Scanner) requests(b []byte) error {
	for at := 0; ; at++ {
		next := bytes.IndexByte(b[at:], '-')
		if at += next; next < 0 {
			return nil
		}
		start, end := at-requestStart, at+1
		if start < 0 || !only(b[start:at], &hexChars) || start > 0 && wordChars[b[start-1]] {
			continue
		}
		for end < len(b) && countChars[b[end]] {
			end++
		}
		if end == at+1 || end-at-1 > maxRequestCount || end < len(b) && wordChars[b[end]] {
			continue
		}
		if err := s.Request(b[start:end]); err != nil {
			return err
		}
	}
}
