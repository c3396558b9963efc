package model

import (
	"fmt"
	"strconv"
	"strings"
)

// Role is what a member may do, with GitLab's numbers (R9). The zero Role is no
// role at all. Roles compare with < and >.
type Role int

// The roles of R9. No other number is one.
const (
	NoRole     Role = 0
	Guest      Role = 10
	Planner    Role = 15
	Reporter   Role = 20
	Developer  Role = 30
	Maintainer Role = 40
	Owner      Role = 50
)

// Roles lists the roles from the lowest to the highest.
var Roles = []Role{Guest, Planner, Reporter, Developer, Maintainer, Owner}

// String is the role's name, such as Developer; "no role" for none.
func (r Role) String() string {
	switch r {
	case NoRole:
		return "no role"
	case Guest:
		return "Guest"
	case Planner:
		return "Planner"
	case Reporter:
		return "Reporter"
	case Developer:
		return "Developer"
	case Maintainer:
		return "Maintainer"
	case Owner:
		return "Owner"
	}
	return "role " + strconv.Itoa(int(r))
}

// Valid tells whether r is one of R9's.
func (r Role) Valid() bool {
	for _, known := range Roles {
		if r == known {
			return true
		}
	}
	return false
}

// AndBelow are the roles up to r, from the lowest.
func (r Role) AndBelow() (list []Role) {
	for _, known := range Roles {
		if known <= r {
			list = append(list, known)
		}
	}
	return list
}

// ParseRole reads a role by its name, without case, or by its number.
func ParseRole(s string) (Role, error) {
	for _, r := range Roles {
		if strings.EqualFold(s, r.String()) || s == strconv.Itoa(int(r)) {
			return r, nil
		}
	}
	return NoRole, fmt.Errorf("%q is not a role: use guest, planner, reporter, developer, maintainer or owner", s)
}

// roleHere says which role somebody has in the place that is spoken of.
func roleHere(r Role) string {
	if r == NoRole {
		return "you have no role here"
	}
	return "the role here is " + r.String()
}
