package model

import (
	"context"
	"time"
)

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
	PublishedAt time.Time // zero: not that anybody knows of (G112)
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

// Published tells whether the secret was published by a push, and works (G112).
func (t Token) Published(today Date) bool { return !t.PublishedAt.IsZero() && t.State(today) == Active }

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

// Ends are how many tokens end on each of some days in a row. No more than
// CountLimit tokens are counted: only of the first Whole days are they all.
type Ends struct {
	ByDay []int
	Whole int
}

// Tokens are the use cases of project, group and personal tokens.
type Tokens interface {
	// CreateToken makes a token and, for a place, its bot and membership (R41,
	// R42, R100, R152).
	CreateToken(context.Context, Actor, NewToken) (IssuedToken, error)
	// CheckToken decides CreateToken without doing it, with defaults filled in:
	// for forms, at every key stroke. Nothing is audited.
	CheckToken(context.Context, Actor, NewToken) (NewToken, Decision, error)
	// Token finds one token (R44, R48). In a place other than the zero Ref only
	// that place's own tokens are found (A42).
	Token(ctx context.Context, a Actor, in Ref, id int64) (Token, error)
	// Tokens lists a place's own tokens, or all that the actor may see.
	Tokens(context.Context, Actor, TokenQuery, Page) (List[Token], error)
	// EndsByDay counts the active ones of those that Tokens lists by the day on
	// which they end, for so many days from a first one on.
	EndsByDay(ctx context.Context, a Actor, q TokenQuery, from Date, days int) (Ends, error)
	// RevokeTokens revokes all or none (R94, R120). In as for Token.
	RevokeTokens(ctx context.Context, a Actor, in Ref, ids ...int64) error
	// RevokeSelf revokes the actor's own token, whatever its scopes (R61).
	RevokeSelf(context.Context, Actor) error
	// TokenHistory is what happened to a token and what was done with it,
	// newest first.
	TokenHistory(ctx context.Context, a Actor, id int64, p Page) (List[Event], error)
	// NotAcknowledged audits that a new secret's screen was left before the
	// person had said that it is stored.
	NotAcknowledged(ctx context.Context, a Actor, id int64) error
}

// TokenQuery says which tokens are wanted; all conditions hold together (A41).
type TokenQuery struct {
	In      Ref     // the place; zero: every token that the actor may see
	UserID  int64   // owner; 0: any
	IDs     []int64 // only these; nil: any
	Filter  Filter  // the console's filter line
	Search  string  // part of the name, without case
	Active  *bool   // active, or revoked or expired (R90)
	Revoked *bool

	CreatedAfter, CreatedBefore   time.Time // inclusive
	ExpiresAfter, ExpiresBefore   Date      // inclusive, exclusive
	LastUsedAfter, LastUsedBefore time.Time // inclusive; never used matches neither

	Sort       TokenSort
	Descending bool
	Deleted    bool // also those of deleted bots: the console's history, never REST (R123)
}

// TokenSort is the order of a list of tokens. Equal ones follow by id, the
// larger first; never used ones stand last in both directions (A41).
type TokenSort uint8

// The orders of A41.
const (
	ByID TokenSort = iota
	ByCreated
	ByExpiry
	ByLastUse
	ByName
)
