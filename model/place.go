package model

import (
	"context"
	"strings"
	"time"
)

// MaxDepth is how many groups may stand inside one another (R2).
const MaxDepth = 20

// PlaceKind tells projects from groups: the two kinds of place where one can be
// a member and a token can belong.
type PlaceKind uint8

// The kinds of place. NoPlace is the instance as a whole.
const (
	NoPlace PlaceKind = iota
	ProjectPlace
	GroupPlace
)

func (k PlaceKind) String() string {
	switch k {
	case ProjectPlace:
		return "project"
	case GroupPlace:
		return "group"
	}
	return "instance"
}

// Place is one project or one group. Their numbers are two sequences (R6).
type Place struct {
	Kind PlaceKind
	ID   int64
}

// Ref names a place the way a person does: by number, or by full path without
// regard to case. With Kind NoPlace a path may be either kind.
type Ref struct {
	Kind PlaceKind
	ID   int64
	Path string
}

// Ref names the place by its number.
func (p Place) Ref() Ref { return Ref{Kind: p.Kind, ID: p.ID} }

// ProjectRef reads a project's number or full path, as an :id in REST (A4): a
// text of digits only is a number.
func ProjectRef(s string) Ref { return parseRef(ProjectPlace, s) }

// GroupRef reads a group's number or full path, like ProjectRef.
func GroupRef(s string) Ref { return parseRef(GroupPlace, s) }

func parseRef(kind PlaceKind, s string) Ref {
	if id, ok := ParseID(s); ok {
		return Ref{Kind: kind, ID: id}
	}
	return Ref{Kind: kind, Path: s}
}

// ParseID reads a positive number of at most 18 digits and nothing else.
func ParseID(s string) (id int64, ok bool) {
	if s == "" || len(s) > 18 {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		id = id*10 + int64(c-'0')
	}
	return id, id > 0
}

// Group is a group or subgroup (R2).
type Group struct {
	ID            int64
	Name          string
	Path          string // the last part
	FullPath      string // "acme/infra"
	FullName      string // "Acme / Infra"
	Description   string
	ParentID      int64 // 0: a top-level group
	TopID         int64 // the top-level group above it, or itself
	TopPath       string
	Visibility    Visibility
	Plan          Plan // the top-level group's (R80)
	TokenCreation bool // the top-level group's switch (R75, R76)
	CreatedAt     time.Time
	Role          Role // the asker's effective role here
	MemberRole    Role // the same by memberships alone: an administrator may have none
	Counts
}

// Project is a project with its repository (R3).
type Project struct {
	ID            int64
	Name          string
	Path          string // the last part
	FullPath      string // "acme/web"
	FullName      string // "Acme / Web"
	Description   string
	GroupID       int64
	GroupName     string
	GroupParent   int64 // the group above the project's; 0: it is a top-level one
	TopID         int64
	TopPath       string
	Visibility    Visibility
	CreatorID     int64
	CreatedAt     time.Time
	UpdatedAt     time.Time
	PushedAt      time.Time // zero: never pushed to
	DefaultBranch string    // empty while the repository is (G28)
	Role          Role      // the asker's effective role here
	DirectRole    Role      // his own membership in the project
	GroupRole     Role      // the highest he inherits
	OpenIssues    int       // stops above CountLimit
	Creation      Creation
	Counts
}

// Ref names the group by its number.
func (g Group) Ref() Ref { return Ref{Kind: GroupPlace, ID: g.ID} }

// SeesSettings tells whether the asker is shown how the group is set (A90, A97).
func (g Group) SeesSettings() bool { return g.Role >= Owner }

// Ref names the project by its number.
func (p Project) Ref() Ref { return Ref{Kind: ProjectPlace, ID: p.ID} }

// Creation tells whether tokens can be made in a place, whoever asks, and which
// rule is in the way: the CREATION column of the console's lists.
type Creation struct {
	Rule  string // empty: allowed. "R70" the flag, "R75" the switch, "R81" the plan
	Where string // the top-level group whose switch or plan it is
}

// Counts are what the console's lists show beside a place. They are filled in
// only where a list asks for them, and stop at CountLimit.
type Counts struct {
	ActiveTokens   int
	InactiveTokens int
	Members        int
	Projects       int  // groups only: in it and its subgroups
	Subgroups      int  // groups only
	NextExpiry     Date // of the active tokens
}

// CountLimit is where counting stops: a greater number is shown as 10,000+ (A33).
const CountLimit = 10_000

// SplitPath parts a full path into the parent's path and the last part.
func SplitPath(full string) (parent, last string) {
	if i := strings.LastIndexByte(full, '/'); i >= 0 {
		return full[:i], full[i+1:]
	}
	return "", full
}

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
