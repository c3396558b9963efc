package plain

import (
	"bufio"
	"errors"
	"io"
	"unicode/utf8"

	"patrol/model"
)

// Terminal is where a person types lines and reads them.
type Terminal interface {
	io.Writer
	// ReadLine gives the next line without its end, or io.EOF once there are no
	// more. What is typed to a hidden one isn't shown.
	ReadLine(hidden bool) (string, error)
}

// ErrInterrupted is the answer of ReadLine to ctrl+c.
var ErrInterrupted = errors.New("interrupted")

// maxLine is how much of a line is kept, in bytes: a log may be pasted.
const maxLine = 64 << 10

// Raw is a terminal whose other end shows nothing by itself, as over SSH: what is
// typed is echoed, and corrected with backspace, ctrl+u and ctrl+w as everywhere.
type Raw struct {
	In   *bufio.Reader
	Out  io.Writer
	skip bool // a line feed that belongs to the return before it
}

// Write puts out text with the line ends of a raw terminal.
func (r *Raw) Write(text []byte) (int, error) {
	var out []byte
	for _, b := range text {
		if b == '\n' {
			out = append(out, '\r')
		}
		out = append(out, b)
	}
	if _, err := r.Out.Write(out); err != nil {
		return 0, err
	}
	return len(text), nil
}

// ReadLine reads a line, key by key.
func (r *Raw) ReadLine(hidden bool) (string, error) {
	var line []rune
	rub := func(n int) {
		for range n {
			line = line[:len(line)-1]
			if !hidden {
				io.WriteString(r.Out, "\b \b")
			}
		}
	}
	for {
		key, _, err := r.In.ReadRune()
		if err != nil {
			return "", err
		}
		second := key == '\n' && r.skip
		if r.skip = false; second {
			continue
		}
		switch key {
		case '\r', '\n':
			r.skip = key == '\r'
			_, err := io.WriteString(r.Out, "\r\n")
			return string(line), err
		case 3: // ctrl+c
			io.WriteString(r.Out, "\r\n")
			return "", ErrInterrupted
		case 4: // ctrl+d
			if len(line) == 0 {
				return "", io.EOF
			}
		case 8, 127: // backspace
			rub(min(len(line), 1))
		case 21: // ctrl+u
			rub(len(line))
		case 23: // ctrl+w
			n := 0
			for ; n < len(line) && (n == 0 || line[len(line)-1-n] != ' '); n++ {
			}
			rub(n)
		case 27: // a key that this knows nothing of
			r.escape()
		default:
			if key < ' ' || key == utf8.RuneError || len(line) >= maxLine/4 || model.Clean(string(key)) != string(key) {
				continue
			}
			line = append(line, key)
			if !hidden {
				io.WriteString(r.Out, string(key))
			}
		}
	}
}

// escape drops what follows ESC: an arrow and the like.
func (r *Raw) escape() {
	if r.In.Buffered() == 0 {
		return
	}
	key, _, err := r.In.ReadRune()
	if err != nil || key != '[' && key != 'O' {
		return
	}
	for r.In.Buffered() > 0 {
		if key, _, err = r.In.ReadRune(); err != nil || key >= '@' && key <= '~' {
			return
		}
	}
}
