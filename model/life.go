package model

import (
	"context"
	"io"
	"time"
)

// Rotations are the use cases that give a token a new secret (R64–R69).
type Rotations interface {
	// RotateTokens gives each of the tokens a successor, all or none: same bot,
	// name, description, scopes and role, a new id and a new secret. In as for
	// Tokens.Token.
	RotateTokens(ctx context.Context, a Actor, in Ref, r Rotation, ids ...int64) ([]IssuedToken, error)
	// CheckRotation decides RotateTokens for one token without doing it, with
	// the date filled in: for forms, at every key stroke.
	CheckRotation(ctx context.Context, a Actor, in Ref, r Rotation, id int64) (Rotation, Decision, error)
	// RotateSelf rotates the token that the actor shows (R65). In a place, it
	// must be the place's own (A46).
	RotateSelf(ctx context.Context, a Actor, in Ref, r Rotation) (IssuedToken, error)
	// Reused answers the secret of a revoked token that was presented on a
	// rotation endpoint: its whole family is revoked (R68).
	Reused(ctx context.Context, a Actor, tokenID int64) error
}

// Rotation says how to rotate.
type Rotation struct {
	ExpiresOn    Date // zero: the door's default (R55)
	OverlapHours int  // 0–168: how long the old secret stays valid (R69)
}

// WithDefaults fills in the date that the door gives where none is asked for:
// over REST today + 7, in console and command line as many days as the old
// token was given, neither longer than the instance allows (R55).
func (r Rotation) WithDefaults(door Door, old Token, today Date, maxLifetime int) Rotation {
	if r.ExpiresOn == 0 {
		days := old.ExpiresOn - DateOf(old.CreatedAt)
		if door == APIDoor {
			days = DefaultRotation
		}
		r.ExpiresOn = min(today+max(days, 1), LatestExpiry(today, maxLifetime))
	}
	return r
}

// DefaultRotation is how many days a token rotated over REST lives (R55).
const DefaultRotation = 7

// MaxOverlap is the longest overlap, in hours (R69).
const MaxOverlap = 168

// Upkeep is what time alone does; serve and the console call it now and then.
type Upkeep interface {
	// Tidy does a bounded batch of what is due: replaced tokens whose overlap
	// has ended are revoked (R69), bots whose retention is over are deleted
	// (R121), tokens expired long enough are revoked (R122), notices are
	// written (R96), old refusals dropped (R99). It tells whether more is due.
	Tidy(context.Context) (more bool, err error)
	// Undelivered are notices that no log or hook has taken yet, oldest first;
	// Delivered marks one (R96: at least once).
	Undelivered(ctx context.Context, limit int) ([]Notice, error)
	Delivered(ctx context.Context, id int64) error
}

// Notice tells that a token is about to expire, or has (R96).
type Notice struct {
	ID        int64
	At        time.Time
	DaysLeft  int // the window it belongs to: NoticeEarly, NoticeSoon, NoticeLast or NoticeExpired
	ExpiresOn Date
	TokenID   int64
	Token     string // its name
	Kind      TokenKind
	Place     Place
	PlacePath string
	To        []string // usernames; administrators see all besides
}

// Notices lists them.
type Notices interface {
	// Notices gives those that are for the actor, administrators and auditors
	// all, newest first.
	Notices(context.Context, Actor, Page) (List[Notice], error)
}

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
}

// Question is something that a token may be let do or not: what explain asks.
type Question struct {
	Text   string // as written: "git push acme/web"
	Access Access
	Action Action
	In     Ref // zero: the token's own place, or none

	Own     bool   // In is the token's own place
	Number  int64  // of the token, member or issue in it that is aimed at; 0: none
	Cluster string // of Kubernetes, which says what In is
}

// Step is one of the steps of R171 that a decision takes.
type Step struct {
	Name   string // "scope"
	Rule   string
	Passed bool
	Text   string // why not
}

// Change is something that would change the answer, and what the answer would
// then be.
type Change struct {
	Text     string // "with write_repository and as Developer"
	Decision Decision
}

// Explanation is the answer to a Question (R172).
type Explanation struct {
	Token    Token
	Steps    []Step
	Decision Decision
	Changes  []Change
}

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

// Transfer moves everything in and out (R97, R98).
type Transfer interface {
	// Import reads JSON Lines, all or nothing. A refusal names the line.
	Import(ctx context.Context, a Actor, text io.Reader, progress func(lines int)) (ImportReport, error)
	Export(ctx context.Context, a Actor, w io.Writer) error
}

// ImportReport counts what an import did.
type ImportReport struct {
	Lines, Made, Skipped int // skipped: exactly there already
	Dated                int // endless tokens that were given a date (R97)
}
