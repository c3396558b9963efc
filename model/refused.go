package model

import (
	"context"
	"time"
)

// Refusal is a request with a known token that a door refused, or several equal
// ones (R99).
type Refusal struct {
	TokenID     int64
	Door        Door
	Asked       string // "git push acme/web", "POST /projects/7/issues"
	Rule        string
	Text        string // the deciding sentence
	First, Last time.Time
	Count       int
	Address     string // of the last
	RequestID   string // of the last

	SinceSuccess int // how many requests the door has refused since it last let the token through
}

// Refusals keep and find them.
type Refusals interface {
	// Refused notes one, with the time of the call and the count 1. It returns
	// at once; rows are written later, in batches. An unknown token is none.
	Refused(Refusal)
	// Refusals lists a token's, at most 20, the last first (R44, R48).
	Refusals(ctx context.Context, a Actor, tokenID int64) ([]Refusal, error)
	// RefusedAgain are those of the tokens that Tokens lists, which came so many
	// times and again since a moment: at most MaxPage, the most frequent first.
	// Of very many that came since then, it looks at the last CountLimit.
	RefusedAgain(ctx context.Context, a Actor, since time.Time, times int) ([]Refusal, error)
}
