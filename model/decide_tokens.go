package model

import "fmt"

// createToken is R41 (b) to (i), R42 and R152.
func (f *Facts) createToken() Decision {
	if f.Caller.Kind == Bot {
		return refuse(ErrDenied, "R43", "A bot can't create tokens.", "a human does it")
	}
	if f.Target.Kind == NoPlace {
		if d := f.createPersonal(); !d.Allowed {
			return d
		}
		return f.values()
	}
	if f.Caller.Auditor && !f.Caller.Admin {
		return refuse(ErrDenied, "R48", "Auditors see tokens and change none.", "a Maintainer does it")
	}
	if d := f.byRole(); !d.Allowed {
		return d
	}
	if d := f.creationOpen(); !d.Allowed {
		return d
	}
	if f.Target.AskedRole > f.role() {
		return refuse(ErrDenied, "R45", "Access level of the token contains permissions not held by the creating user", fmt.Sprintf("a role up to %s", f.role()))
	}
	if d := f.belowLimit(); !d.Allowed {
		return d
	}
	return f.values()
}

// createPersonal is R152: by the human himself in console and command line, by
// an administrator for any human; over REST by the human for two scopes only.
func (f *Facts) createPersonal() Decision {
	switch {
	case f.Target.MemberKind != Human:
		return refuse(ErrDenied, "R152", "Only people have personal tokens.", "")
	case f.Caller.Admin:
		return allow("R152")
	case !f.Target.Mine:
		return refuse(ErrDenied, "R152", "Only an administrator creates personal tokens for others.", "an administrator does it")
	case f.Access != NoAccess && f.Asked != nil && !onlyNarrow(f.Asked.Scopes):
		return refuse(ErrDenied, "R152", "Over REST one creates personal tokens for k8s_proxy and self_rotate only.", "the console or the command line")
	}
	return allow("R152")
}

func onlyNarrow(list Scopes) bool {
	for _, s := range list {
		if s != ScopeK8sProxy && s != ScopeSelfRotate {
			return false
		}
	}
	return true
}

// creationOpen is R41 (d) to (f): flag, plan, switch, in this order.
func (f *Facts) creationOpen() Decision {
	t := &f.Target
	switch {
	case !t.Flag:
		return refuse(ErrDenied, "R70", "The feature flag resource_access_token is off here.", "an administrator turns the flag on")
	case t.SaaS && t.Plan == Free:
		return refuse(ErrDenied, "R81", "The plan free has no project or group tokens.", "another plan")
	case t.SaaS && t.Plan == Trial && t.Kind == GroupPlace:
		return refuse(ErrDenied, "R82", "The plan trial has no group tokens.", "another plan")
	case !t.Switch:
		return refuse(ErrDenied, "R75", "The top-level group does not allow the creation of project and group tokens.", "an Owner of the top-level group turns it on")
	}
	return allow("R75")
}

// Open tells whether project or group tokens can be made in a place at all,
// whoever asks, and which rule is in the way (R70, R75, R81, R82).
func (t Target) Open() Decision {
	f := Facts{Target: t}
	if d := f.creationOpen(); !d.Allowed {
		return d
	}
	return f.belowLimit()
}

// belowLimit is R82's number.
func (f *Facts) belowLimit() Decision {
	t := &f.Target
	if t.SaaS && t.Plan == Trial && t.Kind == ProjectPlace && t.ActiveTokens >= 1 {
		return refuse(ErrDenied, "R82", "Access token limit reached", "another plan, or revoking the one that is active")
	}
	return allow("R82")
}

// values is R41 (i): R50 to R58, all that is wrong at once (R59).
func (f *Facts) values() Decision {
	if f.Asked == nil {
		return allow("R41")
	}
	rule, wrong := f.Asked.check(f.checkExpiry)
	if len(wrong) == 0 {
		return allow("R41")
	}
	r := invalid(rule, wrong)
	return Decision{Rule: r.Rule, Text: r.Text, Kind: ErrInvalid, Fields: wrong}
}

// readTokens is R44, R46, R48, R70 and, for personal tokens, R152.
func (f *Facts) readTokens() Decision {
	if f.Target.TokenKind == PersonalToken {
		if f.Target.Mine || f.Caller.Admin || f.Caller.Auditor && f.Access == NoAccess { // R10: not over REST
			return allow("R152")
		}
		return refuse(ErrDenied, "R152", "A personal token is its owner's.", "its owner or an administrator does it")
	}
	if f.Caller.Admin || f.Caller.Auditor {
		return allow("R48")
	}
	d := f.byRole()
	if d.Allowed && !f.Target.Flag {
		return refuse(ErrDenied, "R70", "The feature flag resource_access_token is off here.", "an administrator turns the flag on")
	}
	return d
}

// revokeToken is R44, R46, R48 and R70. What is dead already can be revoked
// again (R94).
func (f *Facts) revokeToken() Decision {
	if f.Target.TokenKind == PersonalToken {
		if f.Target.Mine || f.Caller.Admin {
			return allow("R152")
		}
		return refuse(ErrDenied, "R152", "A personal token is its owner's.", "its owner or an administrator does it")
	}
	if f.Caller.Auditor && !f.Caller.Admin {
		return refuse(ErrDenied, "R48", "Auditors see tokens and change none.", "a Maintainer does it")
	}
	d := f.byRole()
	if d.Allowed && !f.Target.Flag && !f.Caller.Admin {
		return refuse(ErrDenied, "R70", "The feature flag resource_access_token is off here.", "an administrator does it, or turns the flag on")
	}
	return d
}

// rotateToken is R64: another's token, by a human.
func (f *Facts) rotateToken() Decision {
	t := &f.Target
	if f.Caller.Kind == Bot {
		return refuse(ErrDenied, "R64", "A bot can't rotate another token.", "a human does it")
	}
	if t.TokenKind == PersonalToken {
		if !t.Mine && !f.Caller.Admin {
			return refuse(ErrDenied, "R152", "A personal token is its owner's.", "its owner or an administrator does it")
		}
		if d := f.rotatable(); !d.Allowed {
			return d
		}
		return f.rotationValues("R64")
	}
	if f.Caller.Auditor && !f.Caller.Admin {
		return refuse(ErrDenied, "R48", "Auditors see tokens and change none.", "a Maintainer does it")
	}
	if d := f.byRole(); !d.Allowed {
		return d
	}
	if d := f.creationOpen(); !d.Allowed {
		return d
	}
	if d := f.rotatable(); !d.Allowed {
		return d
	}
	if t.TokenRole > f.role() {
		return refuse(ErrDenied, "R64", "Not eligible to rotate tokens with permissions not held by the user", fmt.Sprintf("somebody with the role %s", t.TokenRole))
	}
	if d := f.belowLimit(); t.TokenExpired && !d.Allowed { // counts as creating one (R67)
		return d
	}
	return f.rotationValues("R64")
}

// byNumber is what a token needs that REST names by its number alone, outside of
// any place: it is for whom it acts as and for administrators (A56, A58, A60).
// Who acts as it reads and revokes it whatever his role, as it could itself
// (R61); everything else is decided as in its place.
func (f *Facts) byNumber() (d Decision, decided bool) {
	switch {
	case !f.Target.Mine && !f.Caller.Admin:
		return refuse(ErrDenied, "A58", "By its number alone a token is its owner's.", "its owner or an administrator does it, or its project's address"), true
	case f.Target.Mine && f.Action != RotateToken:
		return allow("R61"), true
	}
	return d, false
}

// rotatable is R67 and R69: a revoked token can't rotate, nor one that was
// replaced already.
func (f *Facts) rotatable() Decision {
	switch {
	case f.Target.TokenRevoked:
		return refuse(ErrDenied, "R67", "Token already revoked", "a new token")
	case f.Target.TokenReplaced:
		return refuse(ErrDenied, "R69", "Token already rotated", "its successor rotates")
	}
	return allow("R64")
}

// rotateSelf is R65: the flag matters, nothing else does.
func (f *Facts) rotateSelf() Decision {
	if d := f.onItself(); !d.Allowed {
		return d
	}
	if f.Target.Kind != NoPlace && !f.Target.Flag {
		return refuse(ErrDenied, "R70", "The feature flag resource_access_token is off here.", "an administrator turns the flag on")
	}
	if f.Caller.Token.Replaced {
		return refuse(ErrDenied, "R69", "Token already rotated", "its successor rotates")
	}
	return f.rotationValues("R65")
}

// rotationValues are the date (R54–R58) and the overlap, which a token that
// rotates itself can't have: a thief could fork it unseen (R69).
func (f *Facts) rotationValues(rule string) Decision {
	if f.Rotation == nil {
		return allow(rule)
	}
	var wrong []Field
	broken, text := f.checkExpiry(f.Rotation.ExpiresOn)
	if text != "" {
		wrong = append(wrong, Field{"expires_at", text})
	}
	if f.Rotation.SpreadTo != 0 { // what Rotation.Of left
		wrong = append(wrong, Field{"spread_to", "must not be before the first end"})
	}
	hours := f.Rotation.OverlapHours
	if hours < 0 || hours > MaxOverlap {
		wrong = append(wrong, Field{"overlap_hours", fmt.Sprintf("must be from 0 to %d", MaxOverlap)})
	} else if hours > 0 && f.Action == RotateSelf {
		wrong = append(wrong, Field{"overlap_hours", "is not for a token that rotates itself"})
	}
	if len(wrong) == 0 {
		return allow(rule)
	}
	if broken == "" {
		broken = "R69"
	}
	r := invalid(broken, wrong)
	return Decision{Rule: r.Rule, Text: r.Text, Kind: ErrInvalid, Fields: wrong}
}
