package model

import "fmt"

// Visibility is who may see a place without a role in it (§2). Wider compares
// greater.
type Visibility uint8

// The three of R3.
const (
	Private Visibility = iota
	Internal
	Public
)

// Visibilities lists them from the narrowest to the widest.
var Visibilities = []Visibility{Private, Internal, Public}

func (v Visibility) String() string {
	switch v {
	case Internal:
		return "internal"
	case Public:
		return "public"
	}
	return "private"
}

// ParseVisibility reads one of the three names.
func ParseVisibility(s string) (Visibility, error) {
	for _, v := range Visibilities {
		if s == v.String() {
			return v, nil
		}
	}
	return Private, fmt.Errorf("%q is not a visibility: use private, internal or public", s)
}
