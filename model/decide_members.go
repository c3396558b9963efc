package model

import "fmt"

// changeMembers is R28 and R31 with what §1 and §5 add: bots come and go with
// their tokens only (R106, R107), nobody gives or takes more than he has (R29),
// a membership is never lower than the inherited one (R11).
func (f *Facts) changeMembers() Decision {
	t := &f.Target
	leaving := f.Action == RemoveMember && t.Mine
	if leaving && f.Caller.Kind == Human && t.MemberKind == Human {
		return f.keepsOwner("A107")
	}
	if d := f.mayWrite(); !d.Allowed {
		return d
	}
	if d := f.byRole(); !d.Allowed {
		return d
	}
	rule, _ := lowestRole(f.Action, t.Kind, t.Visibility)
	switch {
	case t.MemberKind == Bot && f.Action == AddMember:
		return Decision{Rule: "R107", Kind: ErrInvalid, Text: "project bots cannot be added to other groups / projects",
			Fields: []Field{{"user_id", "project bots cannot be added to other groups / projects"}}}
	case t.MemberKind == Bot:
		return refuse(ErrDenied, "R106", "A bot's membership can't be changed by hand.", "revoking its token ends it")
	case t.MemberKind == Ghost:
		return refuse(ErrDenied, "R130", "The Ghost User can't be a member.", "")
	case f.Action != RemoveMember && !t.AskedRole.Valid():
		return fieldRefused("R9", "access_level", "is not included in the list")
	case t.AskedRole > f.role():
		return refuse(ErrDenied, "R29", fmt.Sprintf("Nobody grants more than he has: %s.", roleHere(f.role())), fmt.Sprintf("a role up to %s", f.role()))
	case t.MemberRole > f.role():
		return refuse(ErrDenied, "R29", fmt.Sprintf("The member's role %s is above yours, %s.", t.MemberRole, f.role()), "an Owner does it")
	case f.Action != RemoveMember && t.AskedRole < t.Inherited:
		return fieldRefused("R11", "access_level", fmt.Sprintf("should be greater than or equal to %s inherited membership", t.Inherited))
	case f.Action == RemoveMember, f.Action == ChangeMember && t.MemberRole == Owner && t.AskedRole < Owner:
		return f.keepsOwner(rule)
	}
	return allow(rule)
}

// keepsOwner allows by the rule, unless a top-level group would be left without
// an Owner (A107).
func (f *Facts) keepsOwner(rule string) Decision {
	if f.Target.LastOwner {
		return refuse(ErrDenied, "A107", "The last Owner of a top-level group can't leave.", "another Owner first")
	}
	return allow(rule)
}

func fieldRefused(rule, key, text string) Decision {
	r := invalid(rule, []Field{{key, text}})
	return Decision{Rule: rule, Text: r.Text, Kind: ErrInvalid, Fields: r.Fields}
}
