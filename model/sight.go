package model

// SeesAt lists the visibilities at which the caller sees places of a kind
// without any role in them: what a list may show him beside what his
// memberships open (R20, R27, R30, R35).
func (c Caller) SeesAt(kind PlaceKind) []Visibility {
	var seen []Visibility
	for _, v := range Visibilities {
		if (Facts{Caller: c, Target: Target{Kind: kind, Visibility: v}}).Sees() {
			seen = append(seen, v)
		}
	}
	return seen
}

// Effective is the caller's effective role in the target: that of his
// memberships, or Owner everywhere for administrators (R10).
func (f Facts) Effective() Role { return max(f.role(), NoRole) }

// LowestRole is the lowest role, NoRole included, with which the caller may do
// something in places of a kind that are his own (R111), where no flag is in the
// way (R70): what a list may offer him. ok is false if there is no such role.
func (c Caller) LowestRole(action Action, kind PlaceKind) (lowest Role, ok bool) {
	for _, r := range append([]Role{NoRole}, Roles...) {
		if Decide(Facts{Caller: c.withoutToken(), Action: action, Target: Target{Kind: kind, Role: r, Visibility: Public, Within: true, Flag: true, TokenKind: KindAt(kind)}}).Allowed {
			return r, true
		}
	}
	return NoRole, false
}

// withoutToken is the caller himself, whatever his token opens.
func (c Caller) withoutToken() Caller {
	c.Token = nil
	return c
}
