package model

import (
	"context"
	"time"
)

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

// Runners are the use cases of runners, which name who made them (R114).
type Runners interface {
	// AddRunner makes a runner; its secret is in the answer and nowhere else.
	AddRunner(ctx context.Context, a Actor, r Runner) (Runner, Secret, error)
	Runner(ctx context.Context, a Actor, id int64) (Runner, error)
	Runners(ctx context.Context, a Actor, q RunnerQuery, p Page) (List[Runner], error)
	RemoveRunner(ctx context.Context, a Actor, id int64) error
}
