package model

import (
	"context"
	"time"
)

// UseKept is how many days of use are kept, today among them (R95a).
const UseKept = 90

// Uses tell what tokens are used for, by day (R95a). What was counted in the last
// seconds isn't written yet.
type Uses interface {
	// TokenUse is what a token did in the last UseKept days (R44, R48).
	TokenUse(ctx context.Context, a Actor, tokenID int64) (TokenUse, error)
	// UseOf is, of those of the tokens that the actor may see, what each did on
	// each of the last days, today at the end. A token that did nothing is absent.
	// days is at most UseKept, and there may be MaxPage tokens.
	UseOf(ctx context.Context, a Actor, days int, ids ...int64) (map[int64][]UseCount, error)
	// UseByHour is what the instance did in each of the last 48 hours, the one
	// that isn't over at the end. It is for whoever may read the instance.
	UseByHour(context.Context, Actor) ([]UseCount, error)
}

// UseCount counts requests.
type UseCount struct {
	LetIn   int64 // that a door let in
	Refused int64 // that a door refused, of tokens that it knows
}

// TokenUse is what one token did. Days without a request are absent.
type TokenUse struct {
	Days      []UseDay     // the first day first
	Addresses []AddressDay // the same
	Seen      []AddressSeen
}

// AddressSeen is when a token was last let in from an address, to the minute: the
// last five addresses of the last seven days, newest first (R95).
type AddressSeen struct {
	Address string
	At      time.Time
}

// UseDay is what came to one door on one day.
type UseDay struct {
	Day  Date
	Door Door
	UseCount
}

// AddressDay is what was let in from one address on one day.
type AddressDay struct {
	Day     Date
	Address string
	LetIn   int64
}
