package model

import (
	"context"
	"time"
)

// EventKind is what can happen to a token that other programs and people are
// told of.
type EventKind string

const (
	EventCreated     EventKind = "created"
	EventRotated     EventKind = "rotated"
	EventRevoked     EventKind = "revoked"
	EventExpiring    EventKind = "expiring" // 60, 30 or 7 days are left (R96)
	EventExpired     EventKind = "expired"
	EventRefused     EventKind = "refused"      // again and again at one door (R99)
	EventPublished   EventKind = "published"    // its secret was knowingly pushed (G112)
	EventFamilyReuse EventKind = "family_reuse" // a revoked secret was presented for rotation (R68)
)

// EventKinds are all of them.
var EventKinds = []EventKind{EventCreated, EventRotated, EventRevoked, EventExpiring, EventExpired, EventRefused, EventPublished, EventFamilyReuse}

// RefusedAgain is how many requests one door refuses a token, since it last let
// it through, for that to be an event. A token has one such event a day at a door.
const RefusedAgain = 20

// TokenEvent is one thing that happened to a token.
type TokenEvent struct {
	ID        string // "audit-12", "notice-7", "refused-3": always the same for the same event
	Kind      EventKind
	At        time.Time
	Window    int    // of EventExpiring: NoticeEarly, NoticeSoon or NoticeLast
	By        string // who did it; empty: time, or the token itself
	Door      Door   // where; empty for what time does
	Count     int    // of EventRefused: how many, since the token last succeeded
	TokenID   int64
	Token     string // its name
	TokenKind TokenKind
	OwnerID   int64 // its bot or person
	CreatedAt time.Time
	LastUsed  time.Time // zero: never
	ExpiresOn Date
	Place     Place
	PlacePath string
	To        []string // usernames of those who can act
	Addresses []string // their e-mail addresses, of those who have one
	After     Position // where a target goes on once it has taken this
}

// Position is how far a target has come in each of the rows that events come from.
type Position struct{ Audit, Notice, Refused int64 }

// TargetState is what is known of a target of events.
type TargetState struct {
	Name      string
	Position  Position
	Delivered int64     // how many events it has taken
	Dropped   int64     // given up after MostTried
	TakenAt   time.Time // when it last took one; zero: never
	FailingAt time.Time // since when it has been failing; zero: it isn't
	StuckAt   time.Time // when the event happened that waits for it because it failed; zero: none does
	Failures  int       // since FailingAt
	Error     string    // of the last failure
}

// MostTried is how old an event becomes before a target that doesn't take it
// goes without.
const MostTried = 7 * 24 * time.Hour

// Events tell others what happens to tokens, each target at its own pace, at
// least once each. Only a program that delivers calls them.
type Events interface {
	// NextEvents are those behind a position, of the kinds wanted, at most so
	// many; reached is behind all that was looked at, and more tells whether
	// there may be more at once.
	NextEvents(ctx context.Context, from Position, wanted []EventKind, limit int) (list []TokenEvent, reached Position, more bool, err error)
	// EventProject and EventGroup are the places of events, whoever may see them.
	EventProject(ctx context.Context, id int64) (Project, error)
	EventGroup(ctx context.Context, id int64) (Group, error)
	// ClaimTarget makes one process of several deliver to a target, for a
	// while. A target that is new begins with what comes from now on. Where
	// another process has it, mine is false.
	ClaimTarget(ctx context.Context, name, process string, hold time.Duration) (state TargetState, mine bool, err error)
	// SaveTarget notes what became of it, and holds it for another while; zero
	// lets go of it. Where another process has it meanwhile, mine is
	// false and nothing is noted.
	SaveTarget(ctx context.Context, state TargetState, process string, hold time.Duration) (mine bool, err error)
	// Targets are all that were ever claimed, by name.
	Targets(context.Context) ([]TargetState, error)
}
