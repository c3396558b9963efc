package cli

import (
	"fmt"
	"slices"
	"strings"

	"patrol/model"
)

// refusalShape is a refused request, or several equal ones (R99).
type refusalShape struct {
	Door         model.Door `json:"door"`
	Asked        string     `json:"asked"`
	Rule         string     `json:"rule"`
	Reason       string     `json:"reason"`
	FirstAt      stamp      `json:"first_at"`
	LastAt       stamp      `json:"last_at"`
	Count        int        `json:"count"`
	Address      string     `json:"address"`
	RequestID    string     `json:"request_id"`
	SinceSuccess int        `json:"since_success"` // refused at this door since it last let the token through
}

// shownToken is what token show gives: the token, what it did by day, and what
// doors refused it.
type shownToken struct {
	tokenShape
	UseByDay       []useShape     `json:"use_by_day"`
	AddressesByDay []addressUse   `json:"addresses_by_day"`
	Refusals       []refusalShape `json:"refusals"`
}

func shapeShown(t model.Token, today model.Date, use model.TokenUse, refusals []model.Refusal) shownToken {
	shape := shownToken{tokenShape: shapeToken(t, today), Refusals: make([]refusalShape, len(refusals))}
	shape.UseByDay, shape.AddressesByDay = shapeUse(use)
	for i, r := range refusals {
		shape.Refusals[i] = shapeRefusal(r)
	}
	return shape
}

func shapeRefusal(r model.Refusal) refusalShape {
	return refusalShape{r.Door, r.Asked, r.Rule, r.Text, stamp(r.First), stamp(r.Last), r.Count, r.Address, r.RequestID, r.SinceSuccess}
}

// refusalFields tell how often each door has refused the token since it last
// let it through, and then each refusal, the last first.
func refusalFields(refusals []model.Refusal) (fields []field) {
	var since []string
	for _, r := range refusals {
		if text := fmt.Sprintf("%s %d", r.Door, r.SinceSuccess); r.SinceSuccess > 0 && !slices.Contains(since, text) {
			since = append(since, text)
		}
	}
	fields = append(fields, field{"refused since it last worked", strings.Join(since, ", ")})
	for _, r := range refusals {
		fields = append(fields, refusalField(r))
	}
	return fields
}

func refusalField(r model.Refusal) field {
	times := ""
	if r.Count > 1 {
		times = fmt.Sprintf(", %d times since %s", r.Count, moment(r.First))
	}
	return field{"refused " + moment(r.Last), fmt.Sprintf("%s from %s%s. %s: %s", r.Asked, r.Address, times, r.Rule, r.Text)}
}
