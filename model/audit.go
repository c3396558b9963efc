package model

import "time"

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

// The actions of R162, as the audit log names them.
const (
	TokenCreated         = "token.created"
	TokenRotated         = "token.rotated"
	TokenFamilyRevoked   = "token.family_revoked"
	TokenExpiredCleanup  = "token.expired_cleanup"
	TokenRevoked         = "token.revoked"
	TokenNotAcknowledged = "token.not_acknowledged"
	TokenImported        = "token.imported"
	TokenExpiryAdded     = "token.expiry_added"
	TokenLookedUp        = "token.looked_up"
	BotDeleted           = "bot.deleted"
	RecordsMoved         = "records.moved"
	MemberAdded          = "member.added"
	MemberChanged        = "member.changed"
	MemberRemoved        = "member.removed"
	ProjectCreated       = "project.created"
	ProjectChanged       = "project.changed"
	ProjectDeleted       = "project.deleted"
	GroupCreated         = "group.created"
	GroupChanged         = "group.changed"
	GroupDeleted         = "group.deleted"
	UserCreated          = "user.created"
	UserChanged          = "user.changed"
	UserDeleted          = "user.deleted"
	FeatureChanged       = "feature.changed"
	SettingChanged       = "setting.changed"
	RunnerCreated        = "runner.created"
	RunnerDeleted        = "runner.deleted"
	KeyAdded             = "key.added"
	KeyRemoved           = "key.removed"
)

// Entry is one entry of the audit log (R161). Its hash covers the hash before
// it and every other field but Count.
type Entry struct {
	Number     int64
	At         time.Time // UTC, to the millisecond
	UserID     int64
	User       string // the username at the time
	AsID       int64  // --as, else 0
	As         string
	TokenID    int64
	Door       Door
	Address    string
	Action     string
	TargetKind string // "token", "user", "project", "group", "setting", "feature", …
	TargetID   int64
	TargetPath string
	Change     string // what changed, old → new, as a JSON object; empty if nothing
	Refused    bool
	Rule       string // that refused it
	Previous   [32]byte
	Hash       [32]byte
	Count      int // 1, or how many equal refusals within a minute this stands for (R160)
}

// AuditReport is what verifying the hash chain found (R163).
type AuditReport struct {
	Entries int64
	Head    [32]byte // hash of the last entry that fits
	Broken  int64    // number of the first entry that doesn't fit; 0: none
	Problem string   // what is wrong with it
}
