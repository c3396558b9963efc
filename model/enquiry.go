package model

import (
	"context"
	"io"
)

// Enquiries answer why and whose.
type Enquiries interface {
	// Explain runs the decision without doing anything (R172).
	Explain(ctx context.Context, a Actor, tokenID int64, q Question) (Explanation, error)
	// Whois finds our secrets and request ids in a text, as far as the actor
	// may see their tokens (R146). It reads to the end with memory that doesn't
	// grow, keeps nothing, and audits token.looked_up with the ids found.
	Whois(ctx context.Context, a Actor, text io.Reader) ([]Hit, error)
}

// Hit is one thing that Whois found.
type Hit struct {
	Token   Token
	Times   int      // how often its secret stood in the text
	Refusal *Refusal // of a request id
}
