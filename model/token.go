package model

import "time"

// TokenKind is what a token belongs to (R40).
type TokenKind string

// The three kinds.
const (
	ProjectToken  TokenKind = "project"
	GroupToken    TokenKind = "group"
	PersonalToken TokenKind = "personal"
)

// KindAt is the kind of token that a place has.
func KindAt(k PlaceKind) TokenKind {
	switch k {
	case ProjectPlace:
		return ProjectToken
	case GroupPlace:
		return GroupToken
	}
	return PersonalToken
}

// State is what a token's row and the clock say of it (R90).
type State uint8

// The states. Revoked beats expired for display; doors say expired (R93).
const (
	Active State = iota
	Expired
	Revoked
)

func (s State) String() string {
	switch s {
	case Expired:
		return "expired"
	case Revoked:
		return "revoked"
	}
	return "active"
}

// Token is all that is known of a token but its secret.
type Token struct {
	ID          int64
	Kind        TokenKind
	Name        string
	Description *string
	Scopes      Scopes
	Role        Role  // the bot's membership; NoRole for personal tokens
	Place       Place // NoPlace for personal tokens
	PlacePath   string
	User        User // the bot or the person that it acts as
	BotDeleted  bool // R120: history only, invisible over REST (R123)
	CreatedAt   time.Time
	CreatedBy   User
	ExpiresOn   Date
	LastUsedAt  time.Time // zero: never
	LastUsedIPs []string  // newest first, at most five (R95)
	RevokedAt   time.Time // zero: not revoked
	Family      int64     // R68: the id of the first of the tokens that came out of one another

	ReplacedBy    int64     // R69: its successor, if it was rotated with an overlap
	ReplacedUntil time.Time // when the overlap ends
}

// State is the token's state on a day, for display (R90).
func (t Token) State(today Date) State {
	switch {
	case !t.RevokedAt.IsZero():
		return Revoked
	case t.ExpiresOn <= today:
		return Expired
	}
	return Active
}

// Replaced tells whether an overlap still runs in which the old secret works
// (R69).
func (t Token) Replaced() bool { return t.ReplacedBy != 0 && t.RevokedAt.IsZero() }

// IssuedToken is a token with its secret: the answer that made it and nothing
// else (R143).
type IssuedToken struct {
	Token
	Secret Secret
}

// Event is one line of a token's history: an audit entry or a use.
type Event struct {
	Key    int64 // tells it from the others of its token
	At     time.Time
	Action string // "token.created", "git push", …
	Text   string
}

// Push is one accepted push (G29).
type Push struct {
	ProjectID int64
	Refs      []RefUpdate
}

// RefUpdate is one ref that a push changed. An id of zeros only: the ref was
// made, or deleted.
type RefUpdate struct {
	Name     string
	Old, New string
}
