package model

import (
	"cmp"
	"slices"
	"time"
)

// Progress is how far one address has come in a rotation with overlap (R69): from
// the old secret to the new one.
type Progress int

// What an address does, the most urgent first.
const (
	StillOld Progress = iota // it has used the old secret since the rotation, and not the new one after that
	Unseen                   // it used the old secret shortly before the rotation, and neither since
	Moved                    // it uses the new secret
	Quiet                    // it used the old secret, but not for a while before the rotation
)

// HandoverDays is how many days a hand-over looks back, today among them.
const HandoverDays = 14

// An address that hasn't come for so long before the rotation isn't waited for.
const quietAfter = 48 * time.Hour

// Mover is one address in a hand-over.
type Mover struct {
	Address  string
	Progress Progress
	Old, New [HandoverDays]int64 // requests let in by day, today at the end
	OldAt    time.Time           // when it last used the old secret, zero: not for seven days
	NewAt    time.Time           // and the new one
}

// Handover tells, of a token that was replaced and of its successor, which of
// their addresses have moved to the new secret: the most urgent first (R69, R95a).
// rotated is when the successor was made.
func Handover(old, successor TokenUse, rotated time.Time, today Date) []Mover {
	movers := map[string]*Mover{}
	of := func(address string) *Mover {
		if movers[address] == nil {
			movers[address] = &Mover{Address: address}
		}
		return movers[address]
	}
	count := func(use TokenUse, days func(*Mover) *[HandoverDays]int64) {
		for _, d := range use.Addresses {
			if at := HandoverDays - 1 - int(today-d.Day); at >= 0 && at < HandoverDays {
				days(of(d.Address))[at] += d.LetIn
			}
		}
	}
	count(old, func(m *Mover) *[HandoverDays]int64 { return &m.Old })
	count(successor, func(m *Mover) *[HandoverDays]int64 { return &m.New })
	for _, seen := range old.Seen {
		of(seen.Address).OldAt = seen.At
	}
	for _, seen := range successor.Seen {
		of(seen.Address).NewAt = seen.At
	}
	list := make([]Mover, 0, len(movers))
	for _, m := range movers {
		m.Progress = m.progress(rotated)
		list = append(list, *m)
	}
	slices.SortFunc(list, func(a, b Mover) int {
		return cmp.Or(cmp.Compare(a.Progress, b.Progress), cmp.Compare(a.Address, b.Address))
	})
	return list
}

func (m *Mover) progress(rotated time.Time) Progress {
	switch {
	case !m.NewAt.IsZero() && !m.NewAt.Before(m.OldAt):
		return Moved
	case !m.OldAt.Before(rotated):
		return StillOld
	case m.NewAt.IsZero() && rotated.Sub(m.OldAt) < quietAfter:
		return Unseen
	}
	return Quiet
}

// Waited are the addresses of a hand-over that the old secret must go on working
// for. None: it is safe to end it.
func Waited(movers []Mover) (addresses []string) {
	for _, m := range movers {
		if m.Progress == StillOld || m.Progress == Unseen {
			addresses = append(addresses, m.Address)
		}
	}
	return addresses
}
