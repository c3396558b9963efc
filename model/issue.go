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

// Issues are the use cases of issues and their notes, which name their authors
// (R114).
type Issues interface {
	AddIssue(ctx context.Context, a Actor, in Ref, title string, description *string) (Issue, error)
	Issue(ctx context.Context, a Actor, in Ref, iid int64) (Issue, error)
	// Issues lists a project's, the newest first.
	Issues(ctx context.Context, a Actor, in Ref, q IssueQuery, p Page) (List[Issue], error)
	// ChangeIssue is for its author, and for Planners and up (A112).
	ChangeIssue(ctx context.Context, a Actor, in Ref, iid int64, c IssueChange) (Issue, error)
	AddNote(ctx context.Context, a Actor, in Ref, iid int64, body string) (Note, error)
	// Notes lists an issue's, the newest first.
	Notes(ctx context.Context, a Actor, in Ref, iid int64, p Page) (List[Note], error)
}
