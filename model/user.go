package model

import (
	"context"
	"time"
)

// UserKind tells people from bots and from the ghost (R5).
type UserKind uint8

// The kinds of user. Nobody is who shows no credentials.
const (
	Nobody UserKind = iota
	Human
	Bot
	Ghost
)

func (k UserKind) String() string {
	switch k {
	case Human:
		return "human"
	case Bot:
		return "bot"
	case Ghost:
		return "ghost"
	}
	return "nobody"
}

// The two users that every database holds from the start.
const (
	RootID  int64 = 1 // root, administrator
	GhostID int64 = 2 // the Ghost User (R130)
)

// User is a person, a bot or the ghost.
type User struct {
	ID         int64
	Kind       UserKind
	Username   string
	Name       string // full name; a bot's is its token's name (R101)
	Email      string
	Admin      bool
	Auditor    bool
	External   bool // R27; for bots R113
	Blocked    bool
	CreatedAt  time.Time
	LastActive Date  // zero: never
	Place      Place // bots: their project or group
	Keys       int   // SSH keys, people only
	Tokens     int   // active personal tokens, people only
}

// Caller is the user as the policy knows who asks, without a token.
func (u User) Caller() Caller {
	return Caller{UserID: u.ID, Kind: u.Kind, Admin: u.Admin, Auditor: u.Auditor, External: u.External, Blocked: u.Blocked}
}

// BotEmail is R104.
func BotEmail(username, host string) string { return username + "@noreply." + host }

// Key is a person's public SSH key.
type Key struct {
	ID          int64
	Title       string // the comment of the key's line
	Fingerprint string // SHA256:…
	AddedAt     time.Time
}

// Users are the use cases of people and their keys.
type Users interface {
	AddUser(context.Context, Actor, NewUser) (User, error)
	// User finds a user by number or, with id 0, by username.
	User(ctx context.Context, a Actor, id int64, username string) (User, error)
	Users(context.Context, Actor, UserQuery, Page) (List[User], error)
	ChangeUser(ctx context.Context, a Actor, id int64, c UserChange) (User, error)
	RemoveUser(ctx context.Context, a Actor, id int64) error
	// Seats counts active humans: bots and the ghost take none (R108).
	Seats(context.Context, Actor) (int, error)

	AddKey(ctx context.Context, a Actor, userID int64, k NewKey) (Key, error)
	Keys(ctx context.Context, a Actor, userID int64) ([]Key, error)
	RemoveKey(ctx context.Context, a Actor, userID, keyID int64) error
}

// NewUser asks for a person.
type NewUser struct {
	Username string
	Name     string
	Email    string // empty: username@host
	Admin    bool
	Auditor  bool
	External bool
	Keys     []NewKey
}

// NewKey is a public SSH key, parsed by the door.
type NewKey struct {
	Title       string
	Fingerprint string // SHA256:…
	Line        string // the key in authorized_keys form, without comment
}

// UserChange says what to change; nil leaves it.
type UserChange struct {
	Name, Email                       *string
	Admin, Auditor, External, Blocked *bool
}

// UserQuery says which users are wanted; all conditions hold together.
type UserQuery struct {
	Search       string // part of username or name, without case
	Kind         UserKind
	Username     string // the whole of it, without case; empty: any
	Active       bool   // only those who aren't blocked
	Blocked      bool   // only those who are
	External     bool   // only those who are
	Admins       bool   // only administrators
	WithoutBots  bool
	WithoutGhost bool

	CreatedAfter, CreatedBefore time.Time // inclusive
	Ascending                   bool      // the oldest first
}
