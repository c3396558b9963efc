package git

import (
	"errors"
	"fmt"
	"strconv"
)

// pktLines cuts a stream into Git's pkt-lines as it passes by. It holds one
// line at most: 64 KiB.
type pktLines struct {
	each  func(line []byte, flush bool) error // line is valid during the call only
	held  []byte                              // of a line that isn't complete
	total int                                 // bytes of that line; 0: its length isn't known yet
}

const maxPktLine = 65520

// ErrPktLine is why a request is cut that isn't made of pkt-lines.
var ErrPktLine = errors.New("not a pkt-line")

// write takes the next bytes of the stream. What comes after an error must not
// be written.
func (p *pktLines) write(data []byte) error {
	for len(data) > 0 {
		want := p.total
		if want == 0 {
			want = 4
		}
		take := min(want-len(p.held), len(data))
		p.held = append(p.held, data[:take]...)
		data = data[take:]
		if len(p.held) < want {
			return nil
		}
		if p.total == 0 {
			n, err := pktLength(p.held)
			if err != nil {
				return err
			}
			if n > 4 {
				p.total = n
				continue
			}
			if err := p.finish(n < 4); err != nil { // 0: flush; 1, 2: delimiters of protocol 2
				return err
			}
			continue
		}
		if err := p.finish(false); err != nil {
			return err
		}
	}
	return nil
}

func (p *pktLines) finish(flush bool) error {
	err := p.each(p.held[4:], flush)
	p.held, p.total = p.held[:0], 0
	return err
}

// pktLength reads the four hex digits that a pkt-line begins with.
func pktLength(digits []byte) (int, error) {
	n, err := strconv.ParseUint(string(digits), 16, 32)
	if err != nil || n == 3 || n > maxPktLine {
		return 0, ErrPktLine
	}
	return int(n), nil
}

// PktLine is a text as a pkt-line.
func PktLine(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }
