package model

// The rules stated a second time, for the matrix to compare with the policy.
// It is written from the specification's text and shares nothing with the
// policy but the names of things: tables as they stand there, then each
// paragraph as a list of what must hold, in the order in which it is checked.

// The actors of R170. A bot is at home in its own project or group, or in its
// group's projects; everywhere else it is abroad.
type actor int

const (
	nobody actor = iota
	regular
	external
	administrator
	auditor
	blockedUser
	botAtHome
	botAbroad
	externalBotAtHome
	externalBotAbroad
)

func (a actor) String() string {
	return [...]string{"nobody", "regular", "external", "administrator", "auditor", "blocked",
		"bot at home", "bot abroad", "external bot at home", "external bot abroad"}[a]
}

// What a token's row and the clock say; both means expired and revoked.
type life string

const (
	living   life = "active"
	replaced life = "replaced"
	ended    life = "expired"
	revoked  life = "revoked"
	both     life = "expired and revoked"
	unknown  life = "unknown"
)

// shown is the token that the actor shows.
type shown struct {
	life   life
	kind   TokenKind
	scopes Scopes
	facts  *Credential // the same in the policy's words
}

// detail is what an action needs to know beside place and actor.
type detail struct {
	missing bool // there is no such thing
	inside  bool // R30: a role on something in the group
	mine    bool // the actor's own token or membership

	kind   TokenKind // of the token aimed at
	life   life
	role   Role
	active int // active project tokens under the top-level group

	asked  Role   // the role asked for
	values values // of the token asked for

	member    UserKind // the member aimed at
	has       Role
	inherited Role
	last      bool // the last Owner of a top-level group
}

// question is one case of the matrix.
type question struct {
	actor  actor
	role   Role // by memberships
	token  *shown
	access Access
	action Action
	place  PlaceKind
	seen   Visibility
	flag   bool
	on     bool // the switch
	saas   bool
	plan   Plan
	*detail
}

// verdict is the answer: no refusal means allowed.
type verdict struct {
	rule    string
	refusal error
}

// answer takes the steps of R171 in their order.
func (q *question) answer() verdict {
	if q.token != nil {
		switch q.token.life {
		case unknown: // R145: the same for every unknown secret
			return verdict{"R145", ErrUnauthenticated}
		case ended, both: // R93: doors say expired
			return verdict{"R91", ErrUnauthenticated}
		case revoked:
			return verdict{"R92", ErrUnauthenticated}
		}
	}
	if q.actor == blockedUser {
		return verdict{"R153", ErrBlocked}
	}
	if q.token != nil && q.access != NoAccess && !book.opens(q.access, q.token.scopes) {
		return verdict{book.refuses[q.access], ErrScope}
	}
	if q.missing || !q.sees() {
		return verdict{"R35", ErrNotFound}
	}
	return q.permission()
}

func (q *question) bot() bool  { return q.actor >= botAtHome }
func (q *question) away() bool { return q.actor == botAbroad || q.actor == externalBotAbroad }

// outsider is R27 and R113.
func (q *question) outsider() bool {
	return q.actor == external || q.actor == externalBotAtHome || q.actor == externalBotAbroad
}

// holds tells whether the actor has what a cell of §2 asks for. Administrators act as Owner everywhere (R10).
func (q *question) holds(cell string) bool {
	role := q.role
	if q.actor == administrator {
		role = Owner
	}
	switch cell {
	case "all":
		return true
	case "any":
		return q.actor != nobody
	case "Guest":
		return role >= 10
	case "Reporter":
		return role >= 20
	case "Developer":
		return role >= 30
	case "Maintainer":
		return role >= 40
	case "Owner":
		return role >= 50
	}
	panic(cell)
}

// cell is the one of §2 that counts: where others see internal, for outsiders
// that of private.
func (q *question) cell(a Action) string {
	row := book.rows[a]
	switch {
	case q.seen == Public:
		return row.public
	case q.seen == Internal && !q.outsider():
		return row.internal
	}
	return row.private
}

func (q *question) sees() bool {
	switch {
	case q.place == NoPlace || q.actor == auditor: // R10: auditors read everything
		return true
	case q.place == GroupPlace:
		return q.inside || q.holds(q.cell(SeeGroup))
	}
	return q.holds(q.cell(SeeProject))
}

// step is something that must hold, and the rule that says so.
type step struct {
	holds bool
	rule  string
}

// first is the refusal of the first step that doesn't hold, else allowed by rule.
func first(rule string, steps ...step) verdict {
	for _, s := range steps {
		if !s.holds {
			return verdict{s.rule, ErrDenied}
		}
	}
	return verdict{rule, nil}
}

func (q *question) permission() verdict {
	admin, audits := q.actor == administrator, q.actor == auditor
	if row := book.rows[q.action]; row.rule != "" {
		cell := q.cell(q.action)
		switch {
		case q.actor == nobody && row.public != "all": // A27: all else needs a user
			return verdict{row.rule, ErrUnauthenticated}
		case q.action == SeeProject, q.action == SeeGroup: // asked already; R30 also for who has a role inside
			return verdict{row.rule, nil}
		case q.place == NoPlace && (q.action == ReadSite || q.action == WriteSite): // G91: a personal token names a project
			return verdict{row.rule, ErrDenied}
		case reading[q.action]: // R10: an auditor reads as a Reporter
			return first(row.rule, step{q.holds(cell) || audits, row.rule})
		}
		return first(row.rule,
			step{q.action != ChangeSwitch || !q.bot(), "R76"}, // by humans only
			step{!audits, "R10"},
			step{!q.away(), "R111"},
			step{q.holds(cell), row.rule})
	}
	if q.actor == nobody {
		return verdict{q.needsUser(), ErrUnauthenticated}
	}
	switch q.action {
	case NoAction:
		return verdict{"A27", nil}
	case CreateTopGroup: // any human who isn't external, no bot; auditors write nothing
		return first("R33", step{!q.bot(), "R33"}, step{!audits, "R10"}, step{!q.outsider(), "R33"})
	case Administer:
		return first("R33", step{admin, "R33"})
	case ReadInstance: // R10: an auditor not over REST
		return first("R33", step{admin || audits && q.access == NoAccess, "R33"})
	case ReadAudit:
		return first("R164", step{admin || audits || q.place != NoPlace && q.manages(), "R164"})
	case ListTokens, ReadToken:
		return q.read()
	case CreateToken:
		return q.create()
	case RevokeToken:
		return q.revoke()
	case RotateToken:
		return q.rotate()
	case ReadSelf, RevokeSelf, RotateSelf:
		return q.self()
	}
	return q.membership()
}

// needsUser is the rule that a request without a token breaks.
func (q *question) needsUser() string {
	switch q.action {
	case NoAction:
		return "A27"
	case CreateTopGroup, Administer, ReadInstance:
		return "R33"
	case ReadAudit:
		return "R164"
	case ReadSelf, RevokeSelf:
		return "R61"
	case RotateSelf:
		return "R65"
	case AddMember, ChangeMember, RemoveMember:
		return q.byPlace("R28")
	case RotateToken:
		return q.byPlace("R44")
	}
	return q.byPlace("R44")
}

// byPlace: what a Maintainer does in a project, an Owner does in a group (R31,
// R150).
func (q *question) byPlace(project string) string {
	if q.place == GroupPlace {
		return "R31"
	}
	return project
}

func (q *question) manages() bool {
	if q.place == GroupPlace {
		return q.holds("Owner")
	}
	return q.holds("Maintainer")
}

// free and trial are R80 to R82: plans matter on saas only.
func (q *question) free() bool  { return q.saas && q.plan == "free" }
func (q *question) trial() bool { return q.saas && q.plan == "trial" }

// room is R82's number: one active project token in the whole top-level group.
func (q *question) room() bool { return !q.trial() || q.active == 0 }

// create is R41 (b) to (i), and R152 for personal tokens.
func (q *question) create() verdict {
	if q.place == NoPlace {
		v := first("R41",
			step{!q.bot(), "R43"},
			step{q.member == Human, "R152"},
			step{q.mine || q.actor == administrator, "R152"},
			step{q.access == NoAccess || q.actor == administrator || q.values.narrow, "R152"})
		return q.valid(v)
	}
	v := first("R41",
		step{!q.bot(), "R43"},
		step{q.actor != auditor, "R48"},
		step{q.manages(), q.byPlace("R44")},
		step{q.flag, "R70"},
		step{!q.free(), "R81"},
		step{!q.trial() || q.place == ProjectPlace, "R82"},
		step{q.on, "R75"},
		step{q.reaches(q.asked), "R45"},
		step{q.room(), "R82"})
	return q.valid(v)
}

// reaches tells whether a role is not above the actor's.
func (q *question) reaches(r Role) bool { return r <= q.role || q.actor == administrator }

func (q *question) valid(v verdict) verdict {
	if v.refusal == nil && q.values.wrong != "" {
		return verdict{q.values.wrong, ErrInvalid}
	}
	return v
}

// read is R44, R48 and R70; R152 with R10 for personal tokens.
func (q *question) read() verdict {
	sees := q.actor == administrator || q.actor == auditor
	if q.kind == PersonalToken {
		return first("R152", step{q.mine || q.actor == administrator || q.actor == auditor && q.access == NoAccess, "R152"})
	}
	if sees {
		return verdict{"R48", nil}
	}
	rule := q.byPlace("R44")
	return first(rule, step{q.manages(), rule}, step{q.flag, "R70"})
}

// revoke is R44, R48 and R70, whatever state the token is in (R94).
func (q *question) revoke() verdict {
	if q.kind == PersonalToken {
		return first("R152", step{q.mine || q.actor == administrator, "R152"})
	}
	rule := q.byPlace("R44")
	return first(rule,
		step{q.actor != auditor, "R48"},
		step{q.manages(), rule},
		step{q.flag || q.actor == administrator, "R70"})
}

// rotate is R64, R67 and R69, in the order of A45.
func (q *question) rotate() verdict {
	alive := []step{
		{q.life != revoked && q.life != both, "R67"},
		{q.life != replaced, "R69"},
	}
	if q.kind == PersonalToken {
		return first("R64", step{!q.bot(), "R64"}, step{q.mine || q.actor == administrator, "R152"}, alive[0], alive[1])
	}
	return first("R64",
		step{!q.bot(), "R64"},
		step{q.actor != auditor, "R48"},
		step{q.manages(), q.byPlace("R44")},
		step{q.flag, "R70"},
		step{!q.free(), "R81"},
		step{!q.trial() || q.place == ProjectPlace, "R82"},
		step{q.on, "R75"},
		alive[0], alive[1],
		step{q.reaches(q.detail.role), "R64"},
		step{q.life != ended || q.room(), "R82"}) // an expired one counts as a new one
}

// self is R61 and R65: only the flag matters, and not for personal tokens (R72).
func (q *question) self() verdict {
	if q.token == nil {
		return verdict{"R61", ErrUnauthenticated}
	}
	if q.action != RotateSelf {
		return verdict{"R61", nil}
	}
	return first("R65", step{q.flag || q.place == NoPlace, "R70"}, step{q.token.life != replaced, "R69"})
}

// membership is R28 and R31 with R9, R11, R29, R106, R107 and A107.
func (q *question) membership() verdict {
	rule := q.byPlace("R28")
	removes := q.action == RemoveMember
	if removes && q.mine && !q.bot() && q.member == Human { // "or oneself"
		return first("A107", step{!q.last, "A107"})
	}
	v := first(rule,
		step{q.actor != auditor, "R10"},
		step{!q.away(), "R111"},
		step{q.manages(), rule})
	switch {
	case v.refusal != nil:
		return v
	case q.member == Bot && q.action == AddMember:
		return verdict{"R107", ErrInvalid}
	case q.member == Human && !removes && q.asked != 10 && q.asked != 15 && q.asked != 20 && q.asked != 30 && q.asked != 40 && q.asked != 50:
		return verdict{"R9", ErrInvalid}
	}
	v = first(rule,
		step{q.member != Bot, "R106"},
		step{q.member != Ghost, "R130"},
		step{removes || q.reaches(q.asked), "R29"},
		step{q.reaches(q.has), "R29"})
	if v.refusal == nil && !removes && q.asked < q.inherited {
		return verdict{"R11", ErrInvalid}
	}
	if v.refusal == nil && q.last && (removes || q.action == ChangeMember && q.asked < 50) {
		return verdict{"A107", ErrDenied}
	}
	return v
}
