package model

import (
	"context"
	"strconv"
	"time"
)

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
	TokenPublished       = "token.published"
	PushRefused          = "push.refused"
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

// Target is what an entry is about, such as "token 41 acme/web".
func (e Entry) Target() string {
	text := e.TargetKind
	if e.TargetID != 0 {
		text += " " + strconv.FormatInt(e.TargetID, 10)
	}
	if e.TargetPath != "" {
		text += " " + e.TargetPath
	}
	return text
}

// AuditReport is what verifying the hash chain found (R163).
type AuditReport struct {
	Entries int64
	Head    [32]byte // hash of the last entry that fits
	Broken  int64    // number of the first entry that doesn't fit; 0: none
	Problem string   // what is wrong with it
}

// Audit reads the log.
type Audit interface {
	Entries(context.Context, Actor, AuditQuery, Page) (List[Entry], error)
	// VerifyAudit walks the whole hash chain (R163).
	VerifyAudit(context.Context, Actor) (AuditReport, error)
}

// AuditQuery says which entries are wanted, newest first.
type AuditQuery struct {
	Since   *int64 // only entries with greater numbers, and the oldest first; nil: any
	In      Ref    // entries about a place and what is in it
	UserID  int64
	TokenID int64
	Action  string
	After   time.Time
	Before  time.Time
	Hash    [32]byte // only the entry with this hash; zero: any (R163)
}
