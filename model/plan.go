package model

import "fmt"

// Plan is what a top-level group pays for. It matters on a saas instance only (R80).
type Plan string

// The plans of R80.
const (
	Free     Plan = "free"
	Trial    Plan = "trial"
	Premium  Plan = "premium"
	Ultimate Plan = "ultimate"
)

// Plans lists the plans.
var Plans = []Plan{Free, Trial, Premium, Ultimate}

// ParsePlan reads one of the four names.
func ParsePlan(s string) (Plan, error) {
	for _, p := range Plans {
		if s == string(p) {
			return p, nil
		}
	}
	return Free, fmt.Errorf("%q is not a plan: use free, trial, premium or ultimate", s)
}
