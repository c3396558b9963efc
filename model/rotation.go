package model

import "context"

// Rotations are the use cases that give a token a new secret (R64–R69).
type Rotations interface {
	// RotateTokens gives each of the tokens a successor, all or none: same bot,
	// name, description, scopes and role, a new id and a new secret; their answers
	// are in the order of ids. In as for Tokens.Token.
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
	SpreadTo     Date // of several tokens: their ends go evenly from ExpiresOn to this day; zero: all have the same
	OverlapHours int  // 0–168: how long the old secret stays valid (R69)
}

// Of is the rotation of the token with that number, from 0, among n that are
// rotated at once: it has its own end, if those are spread. A spread that begins
// nowhere or ends before it begins stays, and is refused.
func (r Rotation) Of(number, n int) Rotation {
	if r.ExpiresOn == 0 || r.SpreadTo < r.ExpiresOn {
		return r
	}
	r.ExpiresOn += Date(number*int(r.SpreadTo-r.ExpiresOn)) / Date(max(n-1, 1))
	r.SpreadTo = 0
	return r
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
