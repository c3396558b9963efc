package model

import (
	"context"
	"time"
)

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

// The windows of R96: how many days are left at most when a notice is given.
const (
	NoticeEarly   = 60
	NoticeSoon    = 30
	NoticeLast    = 7
	NoticeExpired = -1 // the token has expired
)

// NoticeDue is the window whose notice is due today for a token that was made
// and expires on those days; 0: none is (R96). Made inside a window, it skips
// that window's notice; the last one is never skipped, but never on the day
// that the token was made. That it has expired is said the day after.
func NoticeDue(made, expires, today Date) (window int) {
	left, given := expires-today, expires-made
	switch {
	case left < 0:
		return NoticeExpired
	case left <= NoticeLast && today > made:
		return NoticeLast
	case left > NoticeLast && left <= NoticeSoon && given > NoticeSoon:
		return NoticeSoon
	case left > NoticeSoon && left <= NoticeEarly && given > NoticeEarly:
		return NoticeEarly
	}
	return 0
}
