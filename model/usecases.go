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
	Tokens
	Rotations
	Records
	Projects
	Groups
	Members
	Users
	Settings
	Features
	Audit
	Upkeep
	Notices
	Refusals
	Enquiries

	// Now is the store's clock in UTC: the system's, or the one that --at set.
	Now() time.Time
	// Version changes whenever anything in the database has changed, by
	// whatever process. It costs less than a microsecond or so.
	Version() (uint64, error)
	// Ready is nil while the database answers.
	Ready(context.Context) error
}

// Doors let requests in.
type Doors interface {
	// Authenticate finds whose secret it is. An unknown secret is no error: it
	// gives a Pass whose Caller has a Credential with the ID 0. Whether it may
	// be used, Admit says. It never answers from before a change that was
	// committed before the call (R92).
	Authenticate(context.Context, Secret) (Pass, error)
	// Enter decides whether a caller may do something in a project: the steps of
	// R171 from the scope on, for doors that carry no use case of their own
	// (Git). ErrNotFound if it isn't there or can't be seen (R35).
	Enter(context.Context, Caller, Access, Action, Ref) (Entrance, error)
	// Used notes that a request with the token was let through (R95), which also
	// ends the count of what the door has refused it (R99). It returns at once;
	// the row is written later, in batches.
	Used(tokenID int64, door Door, address string)
	// Pushed records an accepted push (G29) and, if the repository's HEAD
	// points to nothing, points it to one of the branches pushed (G28).
	Pushed(context.Context, Actor, Push) error
}

// Pass is what Authenticate found.
type Pass struct {
	Caller Caller
	User   User
	Token  Token
}

// Entrance is a project that somebody was let into.
type Entrance struct {
	Project    Project
	Repository string // folder of the bare repository; empty: it doesn't exist
}

// Tokens are the use cases of project, group and personal tokens.
type Tokens interface {
	// CreateToken makes a token and, for a place, its bot and membership (R41,
	// R42, R100, R152).
	CreateToken(context.Context, Actor, NewToken) (IssuedToken, error)
	// CheckToken decides CreateToken without doing it, with defaults filled in:
	// for forms, at every key stroke. Nothing is audited.
	CheckToken(context.Context, Actor, NewToken) (NewToken, Decision, error)
	// Token finds one token (R44, R48). In a place other than the zero Ref only
	// that place's own tokens are found (A42).
	Token(ctx context.Context, a Actor, in Ref, id int64) (Token, error)
	// Tokens lists a place's own tokens, or all that the actor may see.
	Tokens(context.Context, Actor, TokenQuery, Page) (List[Token], error)
	// RevokeTokens revokes all or none (R94, R120). In as for Token.
	RevokeTokens(ctx context.Context, a Actor, in Ref, ids ...int64) error
	// RevokeSelf revokes the actor's own token, whatever its scopes (R61).
	RevokeSelf(context.Context, Actor) error
	// TokenHistory is what happened to a token and what was done with it,
	// newest first.
	TokenHistory(ctx context.Context, a Actor, id int64, p Page) (List[Event], error)
	// NotAcknowledged audits that a new secret's screen was left before the
	// person had said that it is stored.
	NotAcknowledged(ctx context.Context, a Actor, id int64) error
}

// TokenQuery says which tokens are wanted; all conditions hold together (A41).
type TokenQuery struct {
	In      Ref    // the place; zero: every token that the actor may see
	UserID  int64  // owner; 0: any
	Filter  Filter // the console's filter line
	Search  string // part of the name, without case
	Active  *bool  // active, or revoked or expired (R90)
	Revoked *bool

	CreatedAfter, CreatedBefore   time.Time // inclusive
	ExpiresAfter, ExpiresBefore   Date      // inclusive, exclusive
	LastUsedAfter, LastUsedBefore time.Time // inclusive; never used matches neither

	Sort       TokenSort
	Descending bool
	Deleted    bool // also those of deleted bots: the console's history, never REST (R123)
}

// TokenSort is the order of a list of tokens. Equal ones follow by id, the
// larger first; never used ones stand last in both directions (A41).
type TokenSort uint8

// The orders of A41.
const (
	ByID TokenSort = iota
	ByCreated
	ByExpiry
	ByLastUse
	ByName
)

// Projects are the use cases of projects.
type Projects interface {
	// AddProject makes a project, its missing parent groups if Parents is set,
	// and an empty bare repository (R3, R4, R7, R32, R33).
	AddProject(context.Context, Actor, NewPlace) (Project, error)
	Project(context.Context, Actor, Ref) (Project, error)
	Projects(context.Context, Actor, PlaceQuery, Page) (List[Project], error)
	ChangeProject(context.Context, Actor, Ref, PlaceChange) (Project, error)
	// RemoveProject deletes it with its tokens, bots and repository (R115).
	RemoveProject(context.Context, Actor, Ref) error
	// CheckPlace decides AddProject or AddGroup without doing it, and tells the
	// full paths of the groups that it would make.
	CheckPlace(context.Context, Actor, NewPlace) (makes []string, err error)
}

// Groups are the use cases of groups.
type Groups interface {
	AddGroup(context.Context, Actor, NewPlace) (Group, error)
	Group(context.Context, Actor, Ref) (Group, error)
	Groups(context.Context, Actor, PlaceQuery, Page) (List[Group], error)
	ChangeGroup(context.Context, Actor, Ref, PlaceChange) (Group, error)
	// RemoveGroup deletes it with everything in it (A96).
	RemoveGroup(context.Context, Actor, Ref) error
}

// NewPlace asks for a project or a group.
type NewPlace struct {
	Kind        PlaceKind
	FullPath    string // with its parents
	Name        string // empty: the path's last part
	Description string
	Visibility  Visibility
	Plan        Plan // top-level groups only, administrators only; empty: free
	Parents     bool // make the parent groups that are missing

	DefaultBranch string // projects: where the empty repository's HEAD points; empty: main
	Readme        bool   // projects: begin with a commit of a README.md (A83)
}

// PlaceChange says what to change; nil leaves it.
type PlaceChange struct {
	Name          *string
	Path          *string // the last part
	Description   *string
	Visibility    *Visibility
	Plan          *Plan   // top-level groups, administrators
	TokenCreation *bool   // top-level groups, Owners (R76)
	DefaultBranch *string // projects
}

// PlaceQuery says which projects or groups are wanted; only those that the
// actor sees are found (R35). All conditions hold together.
type PlaceQuery struct {
	Search    string // part of the full path or the name, without case
	OwnName   bool   // Search looks at the last part of the path, not at the parents'
	Within    Ref    // the group they are in, at any depth
	Direct    bool   // only what stands in Within itself
	TopLevel  bool   // groups: only top-level ones
	Creatable bool   // groups: only those in which the actor may create projects (R32)
	Counts    bool   // fill in Counts, and Creation for projects

	MinRole    Role        // the lowest role that the actor has there by memberships; NoRole: any or none
	Visibility *Visibility // nil: any
	AfterID    int64       // only greater ids; 0: all
	BeforeID   int64       // only smaller ids; 0: all

	Sort       PlaceSort
	Descending bool

	// Associations says that a token asks what it reaches: any scope lets it (R61).
	Associations bool
}

// PlaceSort is the order of a list of projects or groups; equal ones follow by
// id, in the same direction.
type PlaceSort uint8

// The orders of A81 and A91. Groups were updated and active when they were made.
const (
	PlacesByPath PlaceSort = iota // the full path
	PlacesByID
	PlacesByName
	PlacesByCreated
	PlacesByUpdated
	PlacesByActivity // the last push or change
)

// Members are the use cases of memberships.
type Members interface {
	AddMember(ctx context.Context, a Actor, in Ref, userID int64, role Role, ends Date) (Member, error)
	// Members lists direct members, with inherited ones each user once with the
	// highest role (A101, A102).
	Members(ctx context.Context, a Actor, in Ref, inherited bool, search string, p Page) (List[Member], error)
	// MembersByID is Members in the order of the users' ids.
	MembersByID(context.Context, Actor, MemberQuery, Page) (List[Member], error)
	// ChangeMember sets role and end; a nil end leaves it as it is.
	ChangeMember(ctx context.Context, a Actor, in Ref, userID int64, role Role, ends *Date) (Member, error)
	RemoveMember(ctx context.Context, a Actor, in Ref, userID int64) error
}

// MemberQuery says which members are wanted; all conditions hold together.
type MemberQuery struct {
	In        Ref
	Inherited bool    // with those of the groups above, each user once
	Search    string  // part of username or name, without case
	UserIDs   []int64 // nil: all
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

// Settings are the instance's settings (R190).
type Settings interface {
	Settings(context.Context, Actor) ([]Setting, error)
	ChangeSetting(ctx context.Context, a Actor, key, value string) (Setting, error)
	// ChangeSettings sets several, all or none; of each only Key and Value count.
	ChangeSettings(context.Context, Actor, []Setting) error
	// RecordURL notes the address of a running server in the setting url; it is
	// not a person's change.
	RecordURL(ctx context.Context, url string) error
	// URL is the setting url; empty: no server has recorded one.
	URL(context.Context) (string, error)
	// Setting is the value of one setting, for doors: it is not a person's
	// question. An unknown key is ErrNotFound.
	Setting(ctx context.Context, key string) (string, error)
}

// FeatureName is the one feature flag (R70).
const FeatureName = "resource_access_token"

// Feature is the flag's value, globally or of one project (R71).
type Feature struct {
	Project Ref    // zero: the global value
	Path    string // of the project
	On      bool
	Default bool // nobody has set it: on
}

// Features are the use cases of the feature flag.
type Features interface {
	// Features gives the global value first, then each project's own.
	Features(context.Context, Actor) ([]Feature, error)
	// SetFeature sets the value of a project, or with the zero Ref the global
	// one; nil forgets it.
	SetFeature(ctx context.Context, a Actor, project Ref, on *bool) error
	// SetFeatureIn sets the value of several projects, and of every project that
	// is in a group now, all or none. ErrNotFound names the one that isn't there.
	SetFeatureIn(ctx context.Context, a Actor, places []Ref, on bool) error
	// ResetFeature forgets the global value and every project's own.
	ResetFeature(context.Context, Actor) error
}

// Audit reads the log.
type Audit interface {
	Entries(context.Context, Actor, AuditQuery, Page) (List[Entry], error)
	// VerifyAudit walks the whole hash chain (R163).
	VerifyAudit(context.Context, Actor) (AuditReport, error)
}

// AuditQuery says which entries are wanted, newest first.
type AuditQuery struct {
	In      Ref // entries about a place and what is in it
	UserID  int64
	TokenID int64
	Action  string
	After   time.Time
	Before  time.Time
	Hash    [32]byte // only the entry with this hash; zero: any (R163)
}
