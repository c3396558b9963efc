package ui

import (
	"bytes"
	"io"
	"os"
)

// frugal leaves out what the renderer puts around every frame, so that the
// cursor isn't seen flying: a small frame comes in one piece anyway, and over a
// slow line those bytes would be a third of it.
type frugal struct{ *os.File }

const smallFrame = 128 // bytes

var wrappers = [][2][]byte{
	{[]byte("\x1b[?2026h"), []byte("\x1b[?2026l")}, // synchronized output
	{[]byte("\x1b[?25l"), []byte("\x1b[?25h")},     // hidden cursor
}

func (f frugal) Write(frame []byte) (int, error) {
	if len(frame) > smallFrame {
		return f.File.Write(frame)
	}
	rest := frame
	for _, w := range wrappers {
		if bytes.HasPrefix(rest, w[0]) && bytes.HasSuffix(rest, w[1]) {
			rest = rest[len(w[0]) : len(rest)-len(w[1])]
		}
	}
	if _, err := f.File.Write(rest); err != nil {
		return 0, err
	}
	return len(frame), nil
}

// frugalOutput wraps a terminal device; the library must go on seeing it as one.
func frugalOutput(out io.Writer) io.Writer {
	if file, ok := out.(*os.File); ok {
		return frugal{file}
	}
	return out
}
