package model

import (
	"unicode/utf8"
)

// Lifetimes in days (R55, R56).
const (
	MaxLifetime     = 365 // the latest date is today + this, whatever the instance allows
	DefaultLifetime = 30  // console and command line
	DefaultAPILife  = 365 // REST
)

// NewToken asks for a token. Exactly one of Place and UserID says for what.
type NewToken struct {
	Place       Ref   // of a project or group token
	UserID      int64 // the owner of a personal token
	Name        string
	Description *string
	Scopes      Scopes
	Role        Role // NoRole: the door's default (R53)
	ExpiresOn   Date // zero: the door's default (R55)

	AsAdministrator bool // refused to everybody else, also for oneself (R152, A63)
}

// Kind is the kind of token that is asked for.
func (n NewToken) Kind() TokenKind { return KindAt(n.Place.Kind) }

// LatestExpiry is the last date that a token made or rotated today can have:
// today + 365, or + the instance's maximum where that is shorter (R56, R57).
// maxLifetime is in days; 0: not set.
func LatestExpiry(today Date, maxLifetime int) Date {
	if maxLifetime <= 0 || maxLifetime > MaxLifetime {
		maxLifetime = MaxLifetime
	}
	return today + Date(maxLifetime)
}

// DefaultExpiry is the date that a new token gets if none is asked for (R55).
func DefaultExpiry(door Door, today Date, maxLifetime int) Date {
	days := DefaultLifetime
	if door == APIDoor {
		days = DefaultAPILife
	}
	return min(today+Date(days), LatestExpiry(today, maxLifetime))
}

// WithDefaults trims the name and fills in the role and the date that the door
// gives where none is asked for (R50, R53, R55).
func (n NewToken) WithDefaults(door Door, today Date, maxLifetime int) NewToken {
	n.Name, _ = CleanName(n.Name, false)
	if n.Role == NoRole && n.Place.Kind != NoPlace {
		n.Role = Guest
		if door == APIDoor {
			n.Role = Maintainer
		}
	}
	if n.ExpiresOn == 0 {
		n.ExpiresOn = DefaultExpiry(door, today, maxLifetime)
	}
	return n
}

// check is the last of R41's steps: all values that are wrong, and the rule of
// the first.
func (n NewToken) check(checkExpiry func(Date) (rule, text string)) (rule string, wrong []Field) {
	add := func(r, key, text string) {
		if text == "" {
			return
		}
		if rule == "" {
			rule = r
		}
		wrong = append(wrong, Field{key, text})
	}
	_, text := CleanName(n.Name, false)
	add("R50", "name", text)
	if n.Description != nil {
		add("R51", "description", CheckDescription(*n.Description))
	}
	if len(n.Scopes) == 0 {
		add("R52", "scopes", "can't be blank")
	} else if n.Scopes.Unknown(n.Kind()) != nil {
		add("R52", "scopes", "does not have a valid value")
	}
	if n.Place.Kind != NoPlace && !n.Role.Valid() {
		add("R53", "access_level", "does not have a valid value")
	}
	r, text := checkExpiry(n.ExpiresOn)
	add(r, "expires_at", text)
	return rule, wrong
}

// checkExpiry holds R56, R57 and R58: over REST a token may end today, which is
// never active.
func (f *Facts) checkExpiry(d Date) (rule, text string) {
	earliest, latest := f.Today+1, LatestExpiry(f.Today, f.Target.MaxLifetime)
	if f.Access != NoAccess {
		earliest = f.Today
	}
	switch {
	case d < earliest:
		return "R58", "must be in the future"
	case d > latest && latest < f.Today+MaxLifetime:
		return "R57", "must be before " + (latest + 1).String()
	case d > latest:
		return "R56", "must be before " + (latest + 1).String()
	}
	return "", ""
}

// ValidText tells whether s can be stored at all: valid UTF-8 without NUL.
func ValidText(s string) bool {
	for _, r := range s {
		if r == 0 {
			return false
		}
	}
	return utf8.ValidString(s)
}
