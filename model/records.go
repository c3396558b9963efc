package model

import (
	"context"
	"time"
)

// Issue is an issue of a project (A114).
type Issue struct {
	ID          int64
	IID         int64 // its number in the project, from 1
	ProjectID   int64
	ProjectPath string
	Title       string
	Description *string
	Author      User // who made it; the ghost, once he is deleted (R131)
	Notes       int
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ClosedAt    time.Time // zero: it is open
}

// Note is a comment on an issue.
type Note struct {
	ID        int64
	IssueID   int64
	IID       int64 // the issue's number in the project
	ProjectID int64
	Body      string
	Author    User
	CreatedAt time.Time
}

// MaxText is the longest issue description or note, in bytes.
const MaxText = 1 << 20

// IssueQuery says which issues are wanted.
type IssueQuery struct {
	State    string // "opened", "closed"; empty: all
	Search   string // part of title or description, without case
	AuthorID int64
	Author   string // username
	IIDs     []int64
}

// IssueChange says what to change; nil leaves it.
type IssueChange struct {
	Title, Description *string
	Closed             *bool
}

// RunnerKind is what a runner runs for.
type RunnerKind string

// The kinds of A120.
const (
	ProjectRunner  RunnerKind = "project_type"
	GroupRunner    RunnerKind = "group_type"
	InstanceRunner RunnerKind = "instance_type"
)

// RunnerPrefix stands before a runner's secret (R140).
const RunnerPrefix = "glrt-"

// Runner is a runner that somebody has made (A120, A121).
type Runner struct {
	ID              int64
	Kind            RunnerKind
	Place           Place // NoPlace: of the instance
	Description     string
	Paused          bool
	Locked          bool
	RunUntagged     bool
	Tags            []string
	AccessLevel     string // "not_protected", "ref_protected"
	MaximumTimeout  int    // seconds, 0: none
	MaintenanceNote string
	CreatedBy       User
	CreatedAt       time.Time
}

// RunnerQuery says which runners are wanted: a place's own, all that the actor
// may manage, or with All every one (administrators).
type RunnerQuery struct {
	In  Ref
	All bool
}

// Records are what people and bots write: each names its author (R114).
type Records interface {
	AddIssue(ctx context.Context, a Actor, in Ref, title string, description *string) (Issue, error)
	Issue(ctx context.Context, a Actor, in Ref, iid int64) (Issue, error)
	// Issues lists a project's, the newest first.
	Issues(ctx context.Context, a Actor, in Ref, q IssueQuery, p Page) (List[Issue], error)
	// ChangeIssue is for its author, and for Planners and up (A112).
	ChangeIssue(ctx context.Context, a Actor, in Ref, iid int64, c IssueChange) (Issue, error)
	AddNote(ctx context.Context, a Actor, in Ref, iid int64, body string) (Note, error)
	// Notes lists an issue's, the newest first.
	Notes(ctx context.Context, a Actor, in Ref, iid int64, p Page) (List[Note], error)

	// AddRunner makes a runner; its secret is in the answer and nowhere else.
	AddRunner(ctx context.Context, a Actor, r Runner) (Runner, Secret, error)
	Runner(ctx context.Context, a Actor, id int64) (Runner, error)
	Runners(ctx context.Context, a Actor, q RunnerQuery, p Page) (List[Runner], error)
	RemoveRunner(ctx context.Context, a Actor, id int64) error
}
