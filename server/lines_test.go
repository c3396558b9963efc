package server

import (
	"bytes"
	"strings"
	"testing"
)

// Lines come out whole, in their order, at the latest with Flush.
func TestLines(t *testing.T) {
	var out bytes.Buffer
	l := NewLines(&out)
	line := strings.Repeat("x", 99) + "\n"
	for range linesMost/len(line) + 1 {
		l.Write([]byte(line))
	}
	l.mu.Lock()
	early := out.Len()
	l.mu.Unlock()
	if early == 0 {
		t.Error("a full buffer isn't written at once")
	}
	l.Write([]byte("last\n"))
	l.Flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	if text := out.String(); !strings.HasSuffix(text, "\nlast\n") || strings.Count(text, "\n") != linesMost/len(line)+2 {
		t.Errorf("%d lines", strings.Count(text, "\n"))
	}
}
