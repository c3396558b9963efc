package git

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"patrol/model"
)

const (
	idZero = "0000000000000000000000000000000000000000"
	idA    = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	idB    = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// G29: what a push changed is read from what passes by, however it is cut.
func TestPushWatch(t *testing.T) {
	asked := PktLine(idA+" "+idB+" refs/heads/main\x00 report-status-v2 side-band-64k object-format=sha1 agent=git/2") +
		PktLine(idZero+" "+idA+" refs/heads/new\n") + PktLine(idB+" "+idZero+" refs/tags/old") + "0000" + "PACK\x00\x01not a line"
	report := PktLine("unpack ok\n") + PktLine("ok refs/heads/main\n") + PktLine("ng refs/heads/new no\n") +
		PktLine("ok refs/tags/old\n") + PktLine("option fall-through\n") + "0000"
	banded := PktLine("\x02remote: ok refs/heads/new\n") + PktLine("\x01"+report[:37]) + "0005\x02" + PktLine("\x01"+report[37:]) + "0000"
	want := []model.RefUpdate{{Name: "refs/heads/main", Old: idA, New: idB}, {Name: "refs/tags/old", Old: idB, New: idZero}}

	for _, size := range []int{1, 3, 7, 1 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			p := newPush(false)
			for piece := range slices.Chunk([]byte(asked), size) {
				if _, err := p.Write(piece); err != nil {
					t.Fatal(err)
				}
			}
			if !p.unreported() {
				t.Error("nothing is reported yet")
			}
			ended := 0
			for piece := range slices.Chunk([]byte(banded), size) {
				if p.answer(piece) {
					ended++
				}
			}
			if ended != 1 || p.unreported() {
				t.Errorf("the report ended %d times", ended)
			}
			if got := p.changes(); !slices.Equal(got, want) {
				t.Errorf("got %v", got)
			}
		})
	}
	t.Run("without side band", func(t *testing.T) {
		p := newPush(false)
		p.Write([]byte(strings.Replace(asked, " side-band-64k", strings.Repeat(" ", 14), 1)))
		if !p.answer([]byte(report)) || !slices.Equal(p.changes(), want) {
			t.Errorf("got %v", p.changes())
		}
	})
	t.Run("without report", func(t *testing.T) {
		p := newPush(false)
		p.Write([]byte(PktLine(idA+" "+idB+" refs/heads/main\x00") + PktLine(idB+" "+idZero+" refs/tags/old") + PktLine(idA+" "+idB+" refs/heads/no") + PktLine(idA+" "+idB+" refs/heads/late") + "0000"))
		if got := p.changesSeen(map[string]string{"refs/heads/main": idA, "refs/tags/old": idB, "refs/heads/no": idB, "refs/heads/late": idB},
			map[string]string{"refs/heads/main": idB, "refs/heads/no": idA, "refs/heads/late": idB}); !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("not a list of refs", func(t *testing.T) {
		if _, err := newPush(false).Write([]byte("GARBAGE")); err == nil {
			t.Error("taken")
		}
	})
	t.Run("too many refs", func(t *testing.T) {
		p := newPush(false)
		p.Write([]byte(PktLine(idA + " " + idB + " refs/heads/main\x00push-options")))
		line := []byte(PktLine(idA + " " + idB + " refs/heads/" + strings.Repeat("x", 60000)))
		for range maxCommands / len(line) {
			if _, err := p.Write(line); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Write(line); err != ErrTooManyRefs {
			t.Errorf("got %v", err)
		}
	})
	t.Run("too many push options", func(t *testing.T) { // Git holds them, too (G25)
		p := newPush(false)
		p.Write([]byte(PktLine(idA+" "+idB+" refs/heads/main\x00push-options") + "0000"))
		line := []byte(PktLine(strings.Repeat("x", 60000)))
		var err error
		for range maxCommands/len(line) + 1 {
			_, err = p.Write(line)
		}
		if err != ErrTooManyRefs || len(p.asked) != 1 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("behind push options", func(t *testing.T) {
		p := newPush(false)
		p.Write([]byte(PktLine(idA+" "+idB+" refs/heads/main\x00push-options") + "0000" + PktLine("ci.skip") + "0000PACK"))
		if !p.silent() {
			t.Error("the list has not ended")
		}
	})
}

// Whatever is written, in whatever pieces: no panic, the same lines, and what
// was read prints to what was written.
func FuzzPktLines(f *testing.F) {
	f.Add([]byte("0006a\n0000"), uint8(1))
	f.Add([]byte("0004000100020005x0000"), uint8(3))
	f.Add([]byte("fff0"), uint8(2))
	f.Add([]byte("0003"), uint8(9))
	f.Fuzz(func(t *testing.T, data []byte, size uint8) {
		read := func(size int) (out []byte, err error) {
			p := pktLines{each: func(line []byte, flush bool) error {
				if flush {
					out = append(out, "flush "...)
				} else {
					out = append(out, PktLine(string(line))...)
				}
				return nil
			}}
			for piece := range slices.Chunk(data, size) {
				if err = p.write(piece); err != nil {
					break
				}
			}
			if cap(p.held) > 2*maxPktLine {
				t.Fatalf("holds %d bytes", cap(p.held))
			}
			return out, err
		}
		whole, err := read(1 << 20)
		pieces, err2 := read(int(size) + 1)
		if !bytes.Equal(whole, pieces) || (err == nil) != (err2 == nil) {
			t.Fatalf("%q in pieces: %q", whole, pieces)
		}
		p := newPush(false)
		p.Write(data)
		p.answer(data)
		p.changes()
	})
}
