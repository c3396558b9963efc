package model

import "context"

// Door is where a request came in (R161).
type Door string

// The doors.
const (
	ConsoleDoor  Door = "console"
	SSHDoor      Door = "ssh"
	CLIDoor      Door = "cli"
	APIDoor      Door = "api"
	GitDoor      Door = "git"
	RegistryDoor Door = "registry"
	AuthDoor     Door = "auth"
	GatewayDoor  Door = "gateway"
	SystemDoor   Door = "system"
)

// Actor is who calls a use case. The store reads what is known of the user and
// the token anew in the use case's own transaction, so that neither can have
// been revoked or blocked meanwhile.
type Actor struct {
	UserID    int64 // 0: nobody
	AsID      int64 // --as: whose rights count instead; both are audited
	TokenID   int64 // the token used, 0: none
	Door      Door
	Address   string // IP; at the machine itself the operating system's login
	RequestID string
}

// ID is the user whose rights count.
func (a Actor) ID() int64 {
	if a.AsID != 0 {
		return a.AsID
	}
	return a.UserID
}

// Doors let requests in.
type Doors interface {
	// Authenticate finds whose secret it is. An unknown secret is no error: it
	// gives a Pass whose Caller has a Credential with the ID 0. Whether it may
	// be used, Admit says. It never answers from before a change that was
	// committed before the call (R92).
	Authenticate(context.Context, Secret) (Pass, error)
	// AuthenticateKey finds the person whose SSH key has a fingerprint (R5, G44).
	// An unknown key is no error: it gives a Pass of Nobody.
	AuthenticateKey(ctx context.Context, fingerprint string) (Pass, error)
	// Enter decides whether a caller may do something in a project: the steps of
	// R171 from the scope on, for doors that carry no use case of their own
	// (Git). ErrNotFound if it isn't there or can't be seen (R35).
	Enter(context.Context, Caller, Access, Action, Ref) (Entrance, error)
	// EnterSite decides whether a caller is let through to a site behind a proxy
	// (G90–G97).
	EnterSite(context.Context, Caller, Site) (SiteEntrance, error)
	// EnterImages decides what a caller may do with images of a registry (G57,
	// G58): it gives what is granted, in the order asked for, and the Reason of
	// the last refusal, if anything isn't.
	EnterImages(context.Context, Caller, []ImageRequest) (granted []ImageRequest, refused error, err error)
	// Used notes that a request with the token was let through (R95), which also
	// ends the count of what the door has refused it (R99). It returns at once;
	// the row is written later, in batches.
	Used(tokenID int64, door Door, address string)
}

// Pass is what Authenticate or AuthenticateKey found.
type Pass struct {
	Caller Caller
	User   User // a bot's without its e-mail address
	Token  Token
}

// Entrance is a project that somebody was let into.
type Entrance struct {
	Project    Project
	Repository string // folder of the bare repository; empty: it doesn't exist
}

// Push is one accepted push (G29).
type Push struct {
	ProjectID int64
	Refs      []RefUpdate

	UnseenObjects int   // that weren't inspected: too large, or too many (G111)
	UnseenBytes   int64 // of those
}

// RefUpdate is one ref that a push changed. An id of zeros only: the ref was
// made, or deleted.
type RefUpdate struct {
	Name     string
	Old, New string
}
