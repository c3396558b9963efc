package server

import (
	"io"
	"sync"
	"time"
)

const (
	linesWait = 100 * time.Millisecond // the longest that a line waits
	linesMost = 32 << 10               // bytes that are written at once
)

// Lines is a writer for a log: it gathers lines and writes them together, so
// that a request doesn't wait for a disk. A killed process loses the last tenth
// of a second; Flush at the end loses nothing. What w fails to write is lost.
type Lines struct {
	mu      sync.Mutex
	w       io.Writer
	held    []byte
	waiting bool // a Flush is on its way
}

// NewLines gathers lines for w.
func NewLines(w io.Writer) *Lines { return &Lines{w: w} }

// Write takes one or more whole lines. It never fails.
func (l *Lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = append(l.held, line...)
	switch {
	case len(l.held) >= linesMost:
		l.write()
	case !l.waiting:
		l.waiting = true
		time.AfterFunc(linesWait, l.Flush)
	}
	return len(line), nil
}

// Flush writes what is held.
func (l *Lines) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = false
	l.write()
}

func (l *Lines) write() {
	if len(l.held) > 0 {
		l.w.Write(l.held)
		l.held = l.held[:0]
	}
}
