package model

import (
	"context"
	"time"
)

// Store is all use cases together: what a door is given.
//
// Each method is one use case and one transaction: it reads the facts, asks
// Decide, writes, and appends the audit entry. It returns a *Reason for what is
// refused, with nothing written but the entry of the refusal (R160). With a
// clock set by --at every change is refused with ErrReadOnly (R174).
type Store interface {
	Doors
	Pushes
	Tokens
	Rotations
	Issues
	Packages
	Runners
	Projects
	Groups
	Members
	Users
	Settings
	Features
	Audit
	Upkeep
	Measures
	Notices
	Events
	Refusals
	Uses
	Enquiries

	// Now is the store's clock in UTC: the system's, or the one that --at set.
	Now() time.Time
	// Version changes whenever anything in the database has changed, by
	// whatever process. It costs less than a microsecond or so.
	Version() (uint64, error)
	// Ready is nil while the database answers.
	Ready(context.Context) error
	// Warning is one line on what isn't well although it answers, empty mostly.
	Warning() string
}
