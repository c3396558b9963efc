package ui_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal with a program in it: it keeps the screen that
// the program draws and everything it has written.
type terminal struct {
	t    *testing.T
	pty  *os.File
	cmd  *exec.Cmd
	mode *unix.Termios // before the program began
	done chan error

	mu     sync.Mutex
	screen screen
	raw    bytes.Buffer
}

// start runs a command in a new pseudo-terminal of that size.
func start(t *testing.T, cmd *exec.Cmd, w, h int) *terminal {
	t.Helper()
	p, tty := openPTY(t, w, h)
	term := &terminal{t: t, pty: p, cmd: cmd, done: make(chan error, 1), screen: newScreen(cmp.Or(w, 80), cmp.Or(h, 24))}
	var err error
	if term.mode, err = unix.IoctlGetTermios(int(p.Fd()), unix.TCGETS); err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		p.Close()
		tty.Close()
	})
	go term.read()
	go func() { term.done <- cmd.Wait() }()
	return term
}

func openPTY(t *testing.T, w, h int) (p, tty *os.File) {
	t.Helper()
	p, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(p.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(p.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(p.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(h), Col: uint16(w)}); err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return p, tty
}

func (term *terminal) read() {
	buf := make([]byte, 1<<16)
	for {
		n, err := term.pty.Read(buf)
		term.mu.Lock()
		term.raw.Write(buf[:n])
		term.screen.feed(buf[:n])
		term.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// press writes keys to the program.
func (term *terminal) press(keys string) {
	term.t.Helper()
	if _, err := io.WriteString(term.pty, keys); err != nil {
		term.t.Fatal(err)
	}
}

// await waits until the screen shows a text.
func (term *terminal) await(text string) string {
	term.t.Helper()
	return term.until(text, func(screen string) bool { return strings.Contains(screen, text) })
}

func (term *terminal) until(what string, ok func(screen string) bool) string {
	term.t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		screen := term.text()
		if ok(screen) {
			return screen
		}
		select {
		case <-tick.C:
		case <-deadline:
			term.t.Fatalf("no %q on the screen:\n%s", what, screen)
		}
	}
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.screen.String()
}

// written is everything that the program has sent.
func (term *terminal) written() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.raw.String()
}

// ended waits for the program's end and holds that the terminal is as it was.
func (term *terminal) ended() error {
	term.t.Helper()
	select {
	case err := <-term.done:
		mode, e := unix.IoctlGetTermios(int(term.pty.Fd()), unix.TCGETS)
		if e != nil {
			term.t.Fatal(e)
		}
		if *mode != *term.mode {
			term.t.Error("the terminal's modes are not restored")
		}
		term.until("the main screen", func(string) bool { return strings.Contains(term.written(), "\x1b[?1049l") })
		return err
	case <-time.After(30 * time.Second):
		term.t.Fatalf("the program goes on:\n%s", term.text())
	}
	return nil
}

// screen is as much of a terminal as the console uses. Wide characters are not
// in it.
type screen struct {
	w, h, x, y  int
	cells       [][]rune
	top, bottom int // the scrolling region
	rest        []byte
	last        rune
}

func newScreen(w, h int) screen {
	s := screen{w: w, h: h, bottom: h - 1}
	for range h {
		s.cells = append(s.cells, s.blank())
	}
	return s
}

func (s *screen) blank() []rune { return []rune(strings.Repeat(" ", s.w)) }

func (s *screen) String() string {
	var b strings.Builder
	for _, row := range s.cells {
		b.WriteString(strings.TrimRight(string(row), " ") + "\n")
	}
	return b.String()
}

func (s *screen) feed(p []byte) {
	p = append(s.rest, p...)
	for len(p) > 0 {
		n := 0
		switch {
		case p[0] == 0x1b:
			if n = sequence(p); n > 0 {
				s.control(string(p[:n]))
			}
		case p[0] < ' ':
			n = 1
			s.move(p[0])
		case utf8.FullRune(p):
			var r rune
			r, n = utf8.DecodeRune(p)
			s.put(r)
		}
		if n == 0 {
			break
		}
		p = p[n:]
	}
	s.rest = bytes.Clone(p)
}

// sequence is the length of the escape sequence that p begins with; 0: it goes
// on.
func sequence(p []byte) int {
	if len(p) < 2 {
		return 0
	}
	switch p[1] {
	case '[':
		for i := 2; i < len(p); i++ {
			if p[i] >= 0x40 && p[i] <= 0x7e {
				return i + 1
			}
		}
		return 0
	case ']', 'P':
		for i := 2; i < len(p); i++ {
			if p[i] == 7 {
				return i + 1
			}
			if p[i] == 0x1b && i+1 < len(p) {
				return i + 2
			}
		}
		return 0
	}
	return 2
}

func (s *screen) put(r rune) {
	if s.x >= s.w {
		s.x = 0
		s.feedLine()
	}
	s.cells[s.y][s.x] = r
	s.x++
	s.last = r
}

func (s *screen) move(c byte) {
	switch c {
	case '\r':
		s.x = 0
	case '\n':
		s.feedLine()
	case '\b':
		s.x = max(min(s.x, s.w-1)-1, 0)
	case '\t':
		s.x = min((s.x/8+1)*8, s.w-1)
	}
}

func (s *screen) feedLine() {
	if s.y == s.bottom {
		s.scroll(s.top, 1)
	} else {
		s.y = min(s.y+1, s.h-1)
	}
}

// scroll moves the rows from top to the region's end up by n, or down.
func (s *screen) scroll(top, n int) {
	for ; n > 0; n-- {
		copy(s.cells[top:s.bottom], s.cells[top+1:s.bottom+1])
		s.cells[s.bottom] = s.blank()
	}
	for ; n < 0; n++ {
		copy(s.cells[top+1:s.bottom+1], s.cells[top:s.bottom])
		s.cells[top] = s.blank()
	}
}

func (s *screen) control(seq string) {
	if seq[1] != '[' {
		if seq == "\x1bM" {
			if s.y == s.top {
				s.scroll(s.top, -1)
			} else {
				s.y--
			}
		}
		return
	}
	final, body := seq[len(seq)-1], seq[2:len(seq)-1]
	if body != "" && strings.ContainsAny(body[:1], "?<=>") {
		if body == "?1049" {
			*s = newScreen(s.w, s.h)
		}
		return
	}
	var args [2]int
	fmt.Sscanf(strings.Replace(body, ";", " ", 1), "%d %d", &args[0], &args[1])
	n := max(args[0], 1)
	row := s.cells[s.y]
	s.x = min(s.x, s.w-1)
	switch final {
	case 'A':
		s.y -= n
	case 'B':
		s.y += n
	case 'C':
		s.x += n
	case 'D':
		s.x -= n
	case 'E':
		s.x, s.y = 0, s.y+n
	case 'F':
		s.x, s.y = 0, s.y-n
	case 'G', '`':
		s.x = n - 1
	case 'd':
		s.y = n - 1
	case 'H', 'f':
		s.y, s.x = n-1, max(args[1], 1)-1
	case 'I':
		s.x = (s.x/8 + n) * 8
	case 'Z':
		s.x = ((s.x+7)/8 - n) * 8
	case 'J':
		s.erase(args[0])
	case 'K':
		switch args[0] {
		case 0:
			copy(row[s.x:], s.blank())
		case 1:
			copy(row[:s.x+1], s.blank())
		default:
			copy(row, s.blank())
		}
	case 'X':
		copy(row[s.x:min(s.x+n, s.w)], s.blank())
	case 'b':
		for range n {
			s.put(s.last)
		}
	case '@':
		copy(row[min(s.x+n, s.w):], row[s.x:])
		copy(row[s.x:min(s.x+n, s.w)], s.blank())
	case 'P':
		copy(row[s.x:], row[min(s.x+n, s.w):])
		copy(row[max(s.w-n, s.x):], s.blank())
	case 'L':
		s.scroll(s.y, -n)
	case 'M':
		s.scroll(s.y, n)
	case 'S':
		s.scroll(s.top, n)
	case 'T':
		s.scroll(s.top, -n)
	case 'r':
		s.top, s.bottom, s.x, s.y = n-1, s.h-1, 0, 0
		if args[1] > 0 {
			s.bottom = args[1] - 1
		}
	}
	s.x, s.y = max(min(s.x, s.w), 0), max(min(s.y, s.h-1), 0)
}

func (s *screen) erase(what int) {
	from, to := s.y+1, s.h
	switch what {
	case 0:
		copy(s.cells[s.y][s.x:], s.blank())
	case 1:
		copy(s.cells[s.y][:s.x+1], s.blank())
		from, to = 0, s.y
	default:
		from = 0
	}
	for y := from; y < to; y++ {
		s.cells[y] = s.blank()
	}
}
