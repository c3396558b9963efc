package git

import (
	"bytes"
	"errors"
	"strings"
	"sync"

	"patrol/model"
)

// Git holds in memory what a client asks for, and a body of gzip may unpack to a
// thousand times its size: this is how many bytes a fetch may ask with, which is
// 300,000 commits, and the list of refs of a push with its options.
const (
	maxWants    = 16 << 20
	maxCommands = 32 << 20
)

// ErrTooManyRefs is why a request is cut that asks for more than Git should hold.
var ErrTooManyRefs = errors.New("too many refs in one request: ask for them in parts")

// wants counts the bytes of a fetch's request that have passed by.
type wants int

func (n *wants) Write(data []byte) (int, error) {
	if *n += wants(len(data)); *n > maxWants {
		return 0, ErrTooManyRefs
	}
	return len(data), nil
}

// push watches a push pass by: what the client asks for at the head of the
// request, and what Git answers to each of it. One goroutine writes the
// request, another the answer.
type push struct {
	mu        sync.Mutex
	asked     []model.RefUpdate
	abilities map[string]bool // of the client
	listed    bool            // the list of refs has ended
	complete  bool            // the push options behind it have, too, if there are any
	size      int
	head      pktLines

	greeting *pktLines // the refs that Git names first; nil: it doesn't, or has
	accepted map[string]bool
	reported bool // the report is complete
	report   pktLines
	band     pktLines
	broken   bool // the answer isn't what was expected
}

// newPush watches a push; greeted: Git names its refs before the client says
// what it wants.
func newPush(greeted bool) *push {
	p := &push{abilities: map[string]bool{}, accepted: map[string]bool{}}
	if greeted {
		p.greeting = &pktLines{each: func(_ []byte, flush bool) error {
			if flush {
				return errEnough
			}
			return nil
		}}
	}
	p.head.each, p.report.each, p.band.each = p.command, p.result, p.unpackBand
	return p
}

// Write takes the next bytes of the request. The pack is of no interest. It
// fails if what should be the list of refs isn't one.
func (p *push) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.complete {
		if err := p.head.write(data); err != nil && err != errEnough {
			return 0, err
		}
	}
	return len(data), nil
}

// errEnough ends the reading of pkt-lines where something else begins.
var errEnough = errors.New("enough")

// command reads "old new ref", behind the first one the client's abilities.
// Other lines ("shallow …", a signature, push options) change no ref.
func (p *push) command(line []byte, flush bool) error {
	if flush {
		p.complete = p.listed || !p.abilities["push-options"]
		p.listed = true
		if p.complete {
			return errEnough
		}
		return nil
	}
	if p.size += len(line); p.size > maxCommands {
		return ErrTooManyRefs
	}
	if p.listed {
		return nil
	}
	line, abilities, _ := bytes.Cut(bytes.TrimSuffix(line, []byte{'\n'}), []byte{0})
	for _, ability := range strings.Fields(string(abilities)) {
		p.abilities[ability] = true
	}
	ids, ref, ok := strings.Cut(string(line), " refs/")
	before, after, both := strings.Cut(ids, " ")
	if ok && both && isObjectID(before) && isObjectID(after) {
		p.asked = append(p.asked, model.RefUpdate{Name: "refs/" + ref, Old: before, New: after})
	}
	return nil
}

// isObjectID tells SHA-1 and SHA-256 ids from other text.
func isObjectID(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// answer takes the next bytes of Git's answer. It tells whether the report has
// come to its end with them.
func (p *push) answer(data []byte) (ended bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reported || p.broken {
		return false
	}
	if p.greeting != nil { // what follows it is an answer to what the client says then
		if err := p.greeting.write(data); err == errEnough {
			p.greeting = nil
		} else {
			p.broken = err != nil
		}
		return false
	}
	lines := &p.report
	if p.abilities["side-band-64k"] || p.abilities["side-band"] {
		lines = &p.band
	}
	err := lines.write(data)
	p.broken = err != nil && err != errEnough
	return p.reported
}

// unpackBand reads a line of the side band: 1 is the report, 2 is for people.
func (p *push) unpackBand(line []byte, flush bool) error {
	if flush || len(line) == 0 || line[0] != 1 {
		return nil
	}
	return p.report.write(line[1:])
}

// result reads a line of the report: "unpack ok", "ok REF", "ng REF reason".
func (p *push) result(line []byte, flush bool) error {
	if flush {
		p.reported = true
		return errEnough
	}
	if ref, ok := strings.CutPrefix(strings.TrimSuffix(string(line), "\n"), "ok "); ok {
		p.accepted[ref] = true
	}
	return nil
}

// changes are the refs that Git has reported as changed.
func (p *push) changes() []model.RefUpdate {
	return p.changed(func(u model.RefUpdate) bool { return p.accepted[u.Name] })
}

// changesSeen are the refs that have changed as asked, by what they were and
// are. before is nil if nobody has looked.
func (p *push) changesSeen(before, now map[string]string) []model.RefUpdate {
	is := func(refs map[string]string, name, id string) bool {
		at := refs[name]
		return at == id || at == "" && strings.Trim(id, "0") == ""
	}
	return p.changed(func(u model.RefUpdate) bool {
		return is(now, u.Name, u.New) && (before == nil || is(before, u.Name, u.Old))
	})
}

func (p *push) changed(done func(model.RefUpdate) bool) (list []model.RefUpdate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range p.asked {
		if u.Old != u.New && done(u) {
			list = append(list, u)
		}
	}
	return list
}

// silent tells whether the client has asked for all, but for no report.
func (p *push) silent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.complete && len(p.asked) > 0 && !p.abilities["report-status"] && !p.abilities["report-status-v2"]
}

// unreported tells whether Git was asked to change refs and hasn't said which
// of them it did.
func (p *push) unreported() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.complete && !p.reported && len(p.asked) > 0
}
