package model

import "time"

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

// Key is a person's public SSH key.
type Key struct {
	ID          int64
	Title       string // the comment of the key's line
	Fingerprint string // SHA256:…
	AddedAt     time.Time
}

// Member is a user's membership in a place, direct or inherited (R8, R10).
type Member struct {
	User      User
	Role      Role
	From      Place // where the membership is: the place asked about, or a group above it
	FromPath  string
	ExpiresOn Date // zero: no end; a bot's has none of its own (R100)
	CreatedAt time.Time
	CreatedBy *User // nil: nobody known
	TokenID   int64 // of a bot: the token that it is for
	TokenEnds Date  // of a bot: that token's date
}
