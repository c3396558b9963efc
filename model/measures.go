package model

import (
	"context"
	"regexp"
	"time"
)

// Measures tell how a store is doing (G99).
type Measures interface {
	// Commits is what the writer has done since the store was opened.
	Commits() Commits
	// Outlook is what time will bring. It costs a few milliseconds, however many
	// tokens there are.
	Outlook(context.Context) (Outlook, error)
}

// BatchSizes are the upper bounds by which Commits counts how many changes had
// one commit together. The last is the most there can be.
var BatchSizes = [...]int{1, 2, 4, 8, 16, 32, 64, 128, 256}

// Commits counts what was committed.
type Commits struct {
	Commits uint64
	Changes uint64                  // use cases in them; those that were refused count, too
	Batches [len(BatchSizes)]uint64 // commits by their number of changes, each once
}

// MostDue is where Outlook ends to count.
const MostDue = 100_000

// Outlook counts live tokens that will expire; those that are replaced already don't
// count (R69).
type Outlook struct {
	In7, In30 int       // that expire within so many days, today's end not among them; at most MostDue
	Notice    time.Time // when the oldest notice was written that nobody has taken yet; zero: none waits

	FailingTargets int // of events, that didn't take what they were sent last
}

var ruleNumber = regexp.MustCompile(`^[RAG][1-9][0-9]{0,2}$`)

// IsRule tells whether a text is a rule's number, as Reason.Rule has it.
func IsRule(text string) bool { return ruleNumber.MatchString(text) }
