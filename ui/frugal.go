package ui

import (
	"bytes"
	"io"
	"os"
)

// frugal leaves out what the renderer puts around every frame, so that the
// cursor isn't seen flying: a small frame comes in one piece anyway, and over a
// slow line those bytes would be a third of it.
type frugal struct{ out io.Writer }

const smallFrame = 128 // bytes

var wrappers = [][2][]byte{
	{[]byte("\x1b[?2026h"), []byte("\x1b[?2026l")}, // synchronized output
	{[]byte("\x1b[?25l"), []byte("\x1b[?25h")},     // hidden cursor
}

func (f frugal) Write(frame []byte) (int, error) {
	rest := frame
	for _, w := range wrappers {
		if len(frame) <= smallFrame && bytes.HasPrefix(rest, w[0]) && bytes.HasSuffix(rest, w[1]) {
			rest = rest[len(w[0]) : len(rest)-len(w[1])]
		}
	}
	if _, err := f.out.Write(rest); err != nil {
		return 0, err
	}
	return len(frame), nil
}

// frugalTerminal is frugal over a device, which the library must go on seeing as
// one.
type frugalTerminal struct{ *os.File }

func (f frugalTerminal) Write(frame []byte) (int, error) { return frugal{f.File}.Write(frame) }

// lines ends lines as a terminal's driver would: the renderer counts on it.
type lines struct{ out io.Writer }

func (l lines) Write(text []byte) (int, error) {
	if _, err := l.out.Write(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// frugalOutput is what the library writes to.
func frugalOutput(out io.Writer) io.Writer {
	if file, ok := out.(*os.File); ok {
		return frugalTerminal{file}
	}
	return frugal{lines{out}}
}

// modesOnly is a terminal whose modes the library sets and which it never reads.
type modesOnly struct{ file *os.File }

func (modesOnly) Read([]byte) (int, error)         { return 0, io.EOF }
func (m modesOnly) Write(text []byte) (int, error) { return m.file.Write(text) }
func (m modesOnly) Fd() uintptr                    { return m.file.Fd() }
func (modesOnly) Close() error                     { return nil }

// unread is what the library may see of the input.
func unread(in io.Reader) io.Reader {
	if file, ok := in.(*os.File); ok {
		return modesOnly{file}
	}
	return bytes.NewReader(nil)
}
