package door

import (
	"errors"
	"time"

	"patrol/model"
)

// Counts is told what comes of requests, and must return at once (G99).
type Counts interface {
	// Decided is told of somebody who was let through, or refused and by which
	// rule.
	Decided(d model.Door, rule string, allowed bool)
	// Answered is told how long a request or session took. Door is empty where it
	// was for none.
	Answered(d model.Door, took time.Duration)
}

func (h *House) decided(d model.Door, rule string, allowed bool) {
	if h.Counts != nil {
		h.Counts.Decided(d, rule, allowed)
	}
}

func (h *House) answered(d model.Door, took time.Duration) {
	if h.Counts != nil {
		h.Counts.Answered(d, took)
	}
}

// refusal counts an error that is a decision against somebody.
func (v *Visit) refusal(err error) {
	var reason *model.Reason
	if IsRefusal(err) && errors.As(err, &reason) {
		v.House.decided(v.Door, reason.Rule, false)
	}
}
