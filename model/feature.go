package model

import "context"

// FeatureName is the one feature flag (R70).
const FeatureName = "resource_access_token"

// SwitchName is the name that REST gives to a top-level group's switch (R76).
const SwitchName = "resource_access_token_creation_allowed"

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
