package model

import "fmt"

// Caller is what is known of who asks: the facts about a person or bot, and
// about the token that was shown, if any.
type Caller struct {
	UserID   int64
	Kind     UserKind // Nobody: no credentials were shown
	Admin    bool
	Auditor  bool
	External bool // R27; of a bot: its creator was (R113)
	Blocked  bool
	Token    *Credential // nil: a person without a token, or nobody
}

// Credential is what is known of the token that was shown.
type Credential struct {
	ID        int64 // 0: the secret is unknown
	Kind      TokenKind
	ExpiresOn Date
	Revoked   bool
	Replaced  bool // rotated with an overlap that still runs (R69)
	Scopes    Scopes
	Place     Place // its own project or group
}

// Target is what is known of the place and the thing aimed at.
type Target struct {
	Kind       PlaceKind  // NoPlace: the instance, a user, or a personal token
	Missing    bool       // there is no such place, user or token
	Visibility Visibility //
	Role       Role       // the caller's effective role there, by memberships only (R10)
	SeesInside bool       // of a group: the caller has a role on something in it (R30)
	Within     bool       // the place is the bot's own, or inside its own group (R111)

	Flag         bool // the feature flag's value for it (R70–R72)
	Switch       bool // the top-level group's switch (R75)
	SaaS         bool // the instance's kind (R1)
	Plan         Plan // the top-level group's (R80)
	ActiveTokens int  // active project tokens in the whole top-level group (R82)
	MaxLifetime  int  // days, 0: not set (R57)

	// The token aimed at, for ReadToken, RevokeToken, RotateToken, RotateSelf.
	TokenKind     TokenKind
	TokenRole     Role
	TokenRevoked  bool
	TokenExpired  bool
	TokenReplaced bool
	Mine          bool // a personal token of the caller's own; a membership of his own; a record that he wrote
	ByNumber      bool // the token is asked for by its number alone; Mine: it acts as the caller (A56, A58, A60)

	// The member aimed at, for AddMember, ChangeMember, RemoveMember.
	MemberKind UserKind
	MemberRole Role // the role he has there now
	Inherited  Role // the role he has from the groups above (R11)
	LastOwner  bool // of a top-level group
	AskedRole  Role // the role asked for; also for CreateToken
}

// Facts are all that a decision depends on (R170).
type Facts struct {
	Today  Date
	Caller Caller
	Access Access
	Action Action
	Target Target
	Asked  *NewToken // for CreateToken: the values, defaults filled in

	Rotation *Rotation // for RotateToken and RotateSelf: the same
}

// Decision is the answer to Facts.
type Decision struct {
	Allowed bool
	Rule    string // the rule that decides, also when it allows
	Text    string // one sentence: why not
	Remedy  string // what would change the answer, if anything would
	Kind    error  // the sentinel of a refusal
	Fields  []Field
}

// Err is nil if d allows, else its Reason.
func (d Decision) Err() error {
	if d.Allowed {
		return nil
	}
	return &Reason{Rule: d.Rule, Text: d.Text, Remedy: d.Remedy, Kind: d.Kind, Fields: d.Fields}
}

func allow(rule string) Decision { return Decision{Allowed: true, Rule: rule} }

func refuse(kind error, rule, text, remedy string) Decision {
	return Decision{Rule: rule, Text: text, Remedy: remedy, Kind: kind}
}

// Decide is the one decision that every door asks for (R170). It takes R171's
// steps in their order; the first that fails is the answer.
func Decide(f Facts) Decision {
	if d := Admit(f.Caller, f.Access, f.Today); !d.Allowed {
		return d
	}
	if d := f.visible(); !d.Allowed {
		return d
	}
	return f.permitted()
}

// Admit takes R171's steps as far as they concern the credentials alone: known,
// not expired, not revoked, owner not blocked, scope. Doors take them before
// they look at a request's parameters.
func Admit(c Caller, a Access, today Date) Decision {
	t := c.Token
	switch {
	case t != nil && t.ID == 0:
		return refuse(ErrUnauthenticated, "R145", "The token is unknown.", "")
	case t != nil && t.ExpiresOn <= today: // also if revoked (R93)
		return refuse(ErrUnauthenticated, "R91", "The token is expired.", "a new token, or the same one rotated")
	case t != nil && t.Revoked:
		return refuse(ErrUnauthenticated, "R92", "The token was revoked.", "a new token")
	case c.Blocked:
		return refuse(ErrBlocked, "R153", "The account has been blocked.", "an administrator unblocks the user")
	case t != nil && !t.Scopes.Opens(a):
		o := openings[a]
		return Decision{Rule: o.rule, Kind: ErrScope,
			Text:   "The token's scopes don't open " + o.name + ".",
			Remedy: "a token with " + o.scopes.join(" or ")}
	}
	return allow("R60")
}

// Sees tells whether the caller sees the place aimed at, with the same steps as
// Decide.
func (f Facts) Sees() bool { return f.visible().Allowed }

// visible is R35: what the actor can't see does not exist for him.
func (f *Facts) visible() Decision {
	t := &f.Target
	if !t.Missing {
		see := SeeProject
		switch t.Kind {
		case NoPlace:
			return allow("R35")
		case GroupPlace:
			see = SeeGroup
		}
		if f.Caller.Auditor || f.role() >= permissions[see].lowest[f.visibility()] || t.SeesInside {
			return allow(permissions[see].rule)
		}
	}
	return hiddenFrom(t.Kind)
}

func hiddenFrom(k PlaceKind) Decision {
	text := "There is no such project, or you may not see it."
	switch k {
	case GroupPlace:
		text = "There is no such group, or you may not see it."
	case NoPlace:
		text = "There is no such thing, or you may not see it."
	}
	return refuse(ErrNotFound, "R35", text, "")
}

// role is the caller's effective role in the target, as §2's table compares
// it: administrators act as Owner everywhere (R10), nobody is below everybody.
func (f *Facts) role() Role {
	switch {
	case f.Caller.Kind == Nobody:
		return anyone
	case f.Caller.Admin:
		return Owner
	}
	return f.Target.Role
}

// visibility is the target's, as §2's table has it for the caller: external
// users are treated as on private where others see internal (R27, R113).
func (f *Facts) visibility() Visibility {
	if f.Target.Visibility == Internal && f.Caller.External {
		return Private
	}
	return f.Target.Visibility
}

// permitted is §2 and §3, for a target that the caller sees.
func (f *Facts) permitted() Decision {
	rule, lowest := lowestRole(f.Action, f.Target.Kind, Public)
	if f.Caller.Kind == Nobody && lowest != anyone {
		return refuse(ErrUnauthenticated, rule, "This needs a user: show a token.", "a token")
	}
	if f.Target.ByNumber {
		if d, decided := f.byNumber(); decided {
			return d
		}
	}
	switch f.Action {
	case SeeProject, SeeGroup: // visible has asked; also for who has a role on something inside (R30)
		return allow(rule)
	case ReadSelf, RevokeSelf:
		return f.onItself()
	case RotateSelf:
		return f.rotateSelf()
	case CreateToken:
		return f.createToken()
	case ListTokens, ReadToken:
		return f.readTokens()
	case RevokeToken:
		return f.revokeToken()
	case RotateToken:
		return f.rotateToken()
	case AddMember, ChangeMember, RemoveMember:
		return f.changeMembers()
	case CreateTopGroup:
		return f.createTopGroup()
	case Administer:
		if f.Caller.Admin && f.Caller.Kind == Human {
			return allow("R33")
		}
		return refuse(ErrDenied, "R33", "Only administrators may do this.", "an administrator does it")
	case ReadInstance:
		if f.Caller.Admin || f.Caller.Auditor && f.Access == NoAccess { // R10: not over REST
			return allow("R33")
		}
		return refuse(ErrDenied, "R33", "Only administrators may do this.", "an administrator does it")
	case ChangeSwitch:
		if f.Caller.Kind == Bot {
			return refuse(ErrDenied, "R76", "A bot can't change the switch, the flag or the plan.", "a human does it")
		}
	case ReadAudit:
		if f.Caller.Admin || f.Caller.Auditor {
			return allow("R164")
		}
		if f.Target.Kind == NoPlace {
			return refuse(ErrDenied, "R164", "The whole audit log is for administrators and auditors.", "ask for one project or group")
		}
	case ReadSite, WriteSite:
		if f.Target.Kind == NoPlace {
			return refuse(ErrDenied, "G91", "A personal token has no project of its own that could let it through.", "a project in the address that the proxy asks")
		}
	}
	if d := f.mayWrite(); !d.Allowed {
		return d
	}
	if f.Action == EditRecord && f.Target.Mine {
		return allow("A112")
	}
	return f.byRole()
}

// mayWrite refuses what no role allows: an auditor writes nothing (R10), a bot
// nothing outside its own place (R111).
func (f *Facts) mayWrite() Decision {
	if permissions[f.Action].writes {
		if f.Caller.Auditor && !f.Caller.Admin {
			return refuse(ErrDenied, "R10", "Auditors only read.", "")
		}
		if f.Caller.Kind == Bot && !f.Target.Within {
			return refuse(ErrDenied, "R111", "A bot writes only in its own project or group.", "a token of this place")
		}
	}
	return allow(permissions[f.Action].rule)
}

// byRole compares the caller's role with the table's (§2). An auditor reads as
// a Reporter who also sees tokens and settings (R10).
func (f *Facts) byRole() Decision {
	rule, lowest := lowestRole(f.Action, f.Target.Kind, f.visibility())
	if f.reading() >= lowest {
		return allow(rule)
	}
	needs := fmt.Sprintf("the role %s", lowest)
	return refuse(ErrDenied, rule,
		fmt.Sprintf("To %s needs %s; %s.", permissions[f.Action].name, needs, roleHere(f.role())),
		needs+" here")
}

// reading is the caller's role, which for an auditor who only reads is at least
// Reporter (R10).
func (f *Facts) reading() Role {
	if f.Caller.Auditor && !permissions[f.Action].writes {
		return max(f.role(), Reporter)
	}
	return f.role()
}

// onItself is R61: any token, whatever its scopes, sees and revokes itself.
func (f *Facts) onItself() Decision {
	if f.Caller.Token == nil {
		return refuse(ErrUnauthenticated, "R61", "This needs a token.", "a token")
	}
	return allow("R61")
}

func (f *Facts) createTopGroup() Decision {
	switch {
	case f.Caller.Kind != Human:
		return refuse(ErrDenied, "R33", "A bot can't create a top-level group.", "a human does it")
	case f.Caller.Auditor && !f.Caller.Admin:
		return refuse(ErrDenied, "R10", "Auditors only read.", "")
	case f.Caller.External:
		return refuse(ErrDenied, "R33", "External users can't create a top-level group.", "a user who isn't external does it")
	}
	return allow("R33")
}
