package cli

import (
	"fmt"

	"patrol/model"
)

// useShape is what a token did on one day at one door (R95a).
type useShape struct {
	Day     model.Date `json:"day"`
	Door    model.Door `json:"door"`
	LetIn   int64      `json:"let_in"`
	Refused int64      `json:"refused"`
}

// addressUse is what was let in from one address on one day (R95a).
type addressUse struct {
	Day     model.Date `json:"day"`
	Address string     `json:"address"`
	LetIn   int64      `json:"let_in"`
}

func shapeUse(u model.TokenUse) (days []useShape, addresses []addressUse) {
	days, addresses = []useShape{}, []addressUse{}
	for _, d := range u.Days {
		days = append(days, useShape{d.Day, d.Door, d.LetIn, d.Refused})
	}
	for _, d := range u.Addresses {
		addresses = append(addresses, addressUse(d))
	}
	return days, addresses
}

// useFields sum up what a token did: in the last week, the last month, and all
// that is kept, and by address in the last week.
func useFields(u model.TokenUse, today model.Date) (fields []field) {
	for _, days := range []int{7, 30, model.UseKept} {
		var sum model.UseCount
		for _, d := range u.Days {
			if d.Day > today-model.Date(days) {
				sum.LetIn += d.LetIn
				sum.Refused += d.Refused
			}
		}
		if sum != (model.UseCount{}) {
			fields = append(fields, field{fmt.Sprintf("%d days", days), fmt.Sprintf("%d requests let in, %d refused", sum.LetIn, sum.Refused)})
		}
	}
	var week []string
	from := map[string]int64{}
	for _, d := range u.Addresses {
		if d.Day <= today-7 {
			continue
		}
		if from[d.Address] == 0 {
			week = append(week, d.Address)
		}
		from[d.Address] += d.LetIn
	}
	for _, address := range week {
		fields = append(fields, field{"7 days", fmt.Sprintf("%d from %s", from[address], address)})
	}
	return fields
}
