package model

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// A49, as it stands in the specification: what REST answers on a project that
// the caller sees, by who asks and what stands in the way.
const glance = `
caller                                       | list, get | create    | revoke    | rotate    | self-rotate | use
no role on a public project                  | 401       | 400       | 400       | 401       | –           | –
Developer                                    | 401       | 400       | 400       | 401       | –           | –
Maintainer                                   | 200       | 201       | 204       | 200       | –           | –
Owner                                        | 200       | 201       | 204       | 200       | –           | –
administrator                                | 200       | 201       | 204       | 200       | –           | –
bot, Developer                               | 401       | 400       | 400       | 401       | 200         | ok
bot, Maintainer                              | 200       | 400       | 204       | 401       | 200         | ok
bot, Owner                                   | 200       | 400       | 204       | 401       | 200         | ok
bot, Maintainer, read_api                    | 200       | 403 scope | 403 scope | 403 scope | 403 scope   | ok
auditor                                      | 200       | 400       | 400       | 401       | –           | –
switch off: Maintainer                       | 200       | 400       | 204       | 401       | –           | –
switch off: administrator                    | 200       | 400       | 204       | 401       | –           | –
switch off: bot, Maintainer                  | 200       | 400       | 204       | 401       | 200         | ok
flag off: Maintainer                         | 401       | 400       | 400       | 401       | –           | –
flag off: Owner                              | 401       | 400       | 400       | 401       | –           | –
flag off: bot, Maintainer                    | 401       | 400       | 400       | 401       | 401         | ok
flag off: administrator                      | 200       | 400       | 204       | 401       | –           | –
flag off: auditor                            | 200       | 400       | 400       | 401       | –           | –
saas + free: Maintainer                      | 200       | 400       | 204       | 401       | –           | –
saas + free: administrator                   | 200       | 400       | 204       | 401       | –           | –
saas + free: bot, Maintainer                 | 200       | 400       | 204       | 401       | 200         | ok
saas + trial, one active: Maintainer         | 200       | 400       | 204       | 200       | –           | –
saas + trial, one active: bot, Maintainer    | 200       | 400       | 204       | 401       | 200         | ok
saas + premium, one active: Maintainer       | 200       | 201       | 204       | 200       | –           | –
not visible                                  | 404       | 404       | 404       | 404       | –           | –
no token given                               | 401       | 401       | 401       | 401       | 401         | –
`

func TestA49(t *testing.T) {
	columns := []struct {
		action  Action
		access  Access
		done    string
		refused string // by permission
	}{
		{ListTokens, RESTRead, "200", "401"},
		{CreateToken, RESTWrite, "201", "400"},
		{RevokeToken, RESTWrite, "204", "400"},
		{RotateToken, RESTWrite, "200", "401"},
		{RotateSelf, SelfRotation, "200", "401"},
		{SeeProject, RESTRead, "ok", "403"},
	}
	for _, line := range strings.Split(strings.TrimSpace(glance), "\n")[1:] {
		cells := strings.Split(line, "|")
		who := strings.TrimSpace(cells[0])
		for i, c := range columns {
			want := strings.TrimSpace(cells[i+1])
			if want == "–" {
				continue
			}
			f := atAGlance(who)
			f.Access, f.Action = c.access, c.action
			d := Decide(f)
			got := c.done
			switch {
			case d.Allowed:
			case errors.Is(d.Kind, ErrScope):
				got = "403 scope"
			case errors.Is(d.Kind, ErrNotFound):
				got = "404"
			case errors.Is(d.Kind, ErrUnauthenticated):
				got = "401"
			default:
				got = c.refused
			}
			if got != want {
				t.Errorf("A49: %s, %s: %s (%s %s), want %s", who, c.action, got, d.Rule, d.Text, want)
			}
		}
	}
}

// atAGlance reads the first cell of a line of A49.
func atAGlance(who string) Facts {
	f := Facts{Today: today, Caller: Caller{Kind: Human},
		Target: Target{Kind: ProjectPlace, Visibility: Public, Flag: true, Switch: true, Plan: Free,
			TokenKind: ProjectToken, TokenRole: Developer, AskedRole: Developer}}
	scopes := Scopes{ScopeAPI}
	for _, word := range strings.FieldsFunc(who, func(r rune) bool { return strings.ContainsRune(",:+", r) }) {
		switch word = strings.TrimSpace(word); word {
		case "no role on a public project":
		case "Developer", "Maintainer", "Owner":
			f.Target.Role, _ = ParseRole(word)
		case "administrator":
			f.Caller.Admin = true
		case "auditor":
			f.Caller.Auditor = true
		case "bot":
			f.Caller.Kind, f.Target.Within = Bot, true
		case "read_api":
			scopes = Scopes{ScopeReadAPI}
		case "switch off":
			f.Target.Switch = false
		case "flag off":
			f.Target.Flag = false
		case "saas":
			f.Target.SaaS = true
		case "free", "trial", "premium":
			f.Target.Plan = Plan(word)
		case "one active":
			f.Target.ActiveTokens = 1
		case "not visible":
			f.Target.Visibility = Private
		case "no token given":
			f.Caller.Kind = Nobody
			return f
		default:
			panic(word)
		}
	}
	f.Caller.Token = &Credential{ID: 1, Kind: PersonalToken, ExpiresOn: today + 1, Scopes: scopes}
	return f
}

// decisive are the rules that the policy answers with.
const decisive = `A27 A107 G14 G58 G80 G81 G91 R9 R10 R11 R20 R21 R22 R23 R24 R25 R26 R28 R29 R30 R31 R32 R33 R35
	R41 R43 R44 R45 R48 R50 R56 R60 R61 R64 R65 R67 R69 R70 R75 R76 R81 R82 R91 R92 R106 R107 R111 R130 R145 R152 R153 R164`

// broken is the law that a decision breaks, of those that hold in every case,
// whatever the tables say.
func broken(f Facts, d Decision) string {
	c, t := f.Caller, f.Target
	switch {
	case d.Rule == "", d.Allowed && (d.Text != "" || d.Kind != nil), !d.Allowed && (d.Text == "" || d.Kind == nil):
		return "R170: an answer is whole"
	case !d.Allowed:
		return ""
	case c.Token != nil && (c.Token.Revoked || c.Token.ExpiresOn <= f.Today || c.Token.ID == 0):
		return "R91, R92: a dead token opens nothing"
	}
	if t.Kind != NoPlace && (f.Action == CreateToken || f.Action == RotateToken) {
		switch {
		case !t.Switch:
			return "R75: nothing is made while the switch is off"
		case !t.Flag:
			return "R70: nothing is made while the flag is off"
		case c.Kind != Human || c.Auditor:
			return "R43, R48, R64: neither bots nor auditors make or rotate tokens"
		case !c.Admin && max(t.AskedRole, t.TokenRole) > t.Role:
			return "R45, R64: no token is above its maker"
		}
	}
	if i := slices.Index(Roles, t.Role); i >= 0 && t.Role < Owner {
		higher := f
		higher.Target.Role = Roles[i+1]
		if !Decide(higher).Allowed {
			return "a higher role loses no right"
		}
	}
	if c.Token == nil || f.Action == ReadSelf || f.Action == RevokeSelf || f.Action == RotateSelf {
		return ""
	}
	f.Caller.Token = nil
	if !Decide(f).Allowed {
		return "R63: a scope never widens a role"
	}
	return ""
}

// R63: two scopes open what either opens, and nothing more.
func TestScopesAddUp(t *testing.T) {
	for _, a := range doors {
		for _, one := range PersonalScopes {
			for _, two := range PersonalScopes {
				if (Scopes{one, two}).Opens(a) != (Scopes{one}.Opens(a) || Scopes{two}.Opens(a)) {
					t.Errorf("%s: %s and %s", a, one, two)
				}
			}
		}
	}
}

// R170: the error keeps all of a refusal.
func TestDecisionErr(t *testing.T) {
	if err := allow("R44").Err(); err != nil {
		t.Error(err)
	}
	d := fieldRefused("R9", "access_level", "is not included in the list")
	var reason *Reason
	if err := d.Err(); !errors.As(err, &reason) || !errors.Is(err, ErrInvalid) || reason.Rule != "R9" ||
		err.Error() != "Role is not included in the list" || len(reason.Fields) != 1 {
		t.Errorf("%#v", err)
	}
}

// Creation of the lists (R70, R75, R81, R82): which rule is in the way, whoever asks.
func TestOpen(t *testing.T) {
	open := Target{Kind: ProjectPlace, Flag: true, Switch: true, SaaS: true, Plan: Premium, ActiveTokens: 1}
	for _, c := range []struct {
		rule   string
		change func(*Target)
	}{
		{"", func(*Target) {}},
		{"", func(t *Target) { t.SaaS, t.Plan = false, Free }},
		{"", func(t *Target) { t.Plan, t.ActiveTokens = Trial, 0 }},
		{"R70", func(t *Target) { t.Flag, t.Switch, t.Plan = false, false, Free }},
		{"R81", func(t *Target) { t.Switch, t.Plan = false, Free }},
		{"R82", func(t *Target) { t.Kind, t.Plan, t.ActiveTokens = GroupPlace, Trial, 0 }},
		{"R82", func(t *Target) { t.Plan = Trial }},
		{"R75", func(t *Target) { t.Switch, t.Plan = false, Trial }},
	} {
		target := open
		c.change(&target)
		if d := target.Open(); d.Allowed != (c.rule == "") || !d.Allowed && d.Rule != c.rule {
			t.Errorf("%+v: %+v, want %q", target, d, c.rule)
		}
	}
}

// R62: the write scope alone pushes, but doesn't pull, and clients need both.
func TestR62(t *testing.T) {
	for _, c := range []struct {
		scopes     Scopes
		pull, push bool
	}{
		{Scopes{ScopeReadRegistry}, true, false},
		{Scopes{ScopeWriteRegistry}, false, true},
		{Scopes{ScopeReadRegistry, ScopeWriteRegistry}, true, true},
		{Scopes{ScopeAPI}, true, true},
		{Scopes{ScopeReadAPI}, true, false},
		{Scopes{ScopeSelfRotate}, false, false},
	} {
		if c.scopes.Opens(RegistryPull) != c.pull || c.scopes.Opens(RegistryPush) != c.push {
			t.Errorf("%s", c.scopes)
		}
	}
}

// Sentences of the rules that the matrix holds by its tables, one by one.
func TestSentences(t *testing.T) {
	human, guest := Caller{UserID: 3, Kind: Human}, Target{Kind: ProjectPlace, Role: Guest, Flag: true, Switch: true}
	bot := func(scopes ...Scope) Caller {
		return Caller{UserID: 9, Kind: Bot, Token: &Credential{ID: 1, Kind: ProjectToken, ExpiresOn: today + 1, Scopes: scopes}}
	}
	in := func(kind PlaceKind, role Role, v Visibility) Target {
		return Target{Kind: kind, Role: role, Visibility: v, Flag: true, Switch: true, Within: role > NoRole, TokenKind: KindAt(kind)}
	}
	shut := in(ProjectPlace, Maintainer, Private)
	shut.SaaS, shut.Plan, shut.Switch, shut.ActiveTokens = true, Free, false, 5
	trial := in(GroupPlace, Owner, Private)
	trial.SaaS, trial.Plan = true, Trial
	admin := Caller{UserID: 1, Kind: Human, Admin: true}
	for _, c := range []struct {
		says   string
		who    Caller
		access Access
		action Action
		target Target
		rule   string // that refuses
	}{
		{"R34: a Guest sees a private project", human, NoAccess, SeeProject, guest, ""},
		{"R34: but not its code", human, NoAccess, ReadCode, guest, "R21"},
		{"R34: of an internal one he reads it", human, NoAccess, ReadCode, in(ProjectPlace, Guest, Internal), ""},
		{"R42: an Owner makes group tokens", human, NoAccess, CreateToken, in(GroupPlace, Owner, Private), ""},
		{"R42: a Maintainer doesn't", human, NoAccess, CreateToken, in(GroupPlace, Maintainer, Private), "R31"},
		{"R42, R82: a trial has none", human, NoAccess, CreateToken, trial, "R82"},
		{"R46: a Maintainer bot lists", bot(ScopeAPI), RESTRead, ListTokens, in(ProjectPlace, Maintainer, Private), ""},
		{"R46: and revokes", bot(ScopeAPI), RESTWrite, RevokeToken, in(ProjectPlace, Maintainer, Private), ""},
		{"R46: on a group an Owner bot", bot(ScopeAPI), RESTWrite, RevokeToken, in(GroupPlace, Owner, Private), ""},
		{"R46: but doesn't create", bot(ScopeAPI), RESTWrite, CreateToken, in(ProjectPlace, Owner, Private), "R43"},
		{"R46: nor rotate", bot(ScopeAPI), RESTWrite, RotateToken, in(ProjectPlace, Owner, Private), "R64"},
		{"R46: members are its role's", bot(ScopeAPI), RESTWrite, EditProject, in(ProjectPlace, Maintainer, Private), ""},
		{"R47: who sees the project sees names", human, NoAccess, SeeMembers, guest, ""},
		{"R47: but not without a user", Caller{}, RESTRead, SeeMembers, in(ProjectPlace, NoRole, Public), "R20"},
		{"R49, R84: listing needs no switch nor plan", human, NoAccess, ListTokens, shut, ""},
		{"R49, R84: nor does revoking", human, NoAccess, RevokeToken, shut, ""},
		{"R49, R65: nor self-rotation", bot(ScopeSelfRotate), SelfRotation, RotateSelf, shut, ""},
		{"R49, R84: nor use", bot(ScopeWriteRepository), GitPush, PushCode, shut, ""},
		{"R75: administrators too", admin, NoAccess, CreateToken, func() Target { t := shut; t.Plan = Ultimate; return t }(), "R75"},
		{"R110: a bot can be Owner", bot(ScopeAPI), RESTWrite, DeleteProject, in(ProjectPlace, Owner, Private), ""},
		{"R112: public is public for a bot", bot(ScopeReadRepository), GitFetch, ReadCode, in(ProjectPlace, NoRole, Public), ""},
		{"R112: if the scope opens the door", bot(ScopeReadRegistry), GitFetch, ReadCode, in(ProjectPlace, NoRole, Public), "G14"},
		{"R111: it writes nothing there", bot(ScopeAPI), RESTWrite, CreateRecord, in(ProjectPlace, NoRole, Public), "R111"},
		{"R113: internal is open to an internal bot", bot(ScopeReadAPI), GitFetch, ReadCode, in(ProjectPlace, NoRole, Internal), ""},
		{"R35: private isn't there for it", bot(ScopeAPI), GitFetch, ReadCode, in(ProjectPlace, NoRole, Private), "R35"},
		{"R30: a role inside shows the group", human, NoAccess, SeeGroup, Target{Kind: GroupPlace, SeesInside: true}, ""},
		{"R30: but not its members", human, NoAccess, SeeGroupMembers, Target{Kind: GroupPlace, SeesInside: true}, "R30"},
	} {
		d := Decide(Facts{Today: today, Caller: c.who, Access: c.access, Action: c.action, Target: c.target})
		if d.Allowed != (c.rule == "") || !d.Allowed && d.Rule != c.rule {
			t.Errorf("%s: %+v, want %q", c.says, d, c.rule)
		}
	}
}
