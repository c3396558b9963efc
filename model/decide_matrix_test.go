package model

import (
	"fmt"
	"strings"
	"testing"
)

const today Date = 20_781 // 2026-11-24

// ask is an action, where and through which doors it comes in, and the details
// that can matter to it.
type ask struct {
	action  Action
	place   PlaceKind
	doors   []Access
	details []*detail
	worlds  []world
}

// seen are the visibilities that such a place can have.
func (a ask) seen() []Visibility {
	if a.place == NoPlace {
		return Visibilities[:1]
	}
	return Visibilities
}

// world is what flag, switch, plan and kind of instance are.
type world struct {
	flag, on, saas bool
	plan           Plan
}

// some are worlds enough for what none of them matters to.
var some = []world{{true, true, false, Ultimate}, {false, false, true, Free}, {true, false, true, Trial}, {false, true, true, Premium}}

func allWorlds() (list []world) {
	for _, flag := range []bool{true, false} {
		for _, on := range []bool{true, false} {
			for _, saas := range []bool{false, true} {
				for _, plan := range Plans {
					list = append(list, world{flag, on, saas, plan})
				}
			}
		}
	}
	return list
}

// values are what a token is asked for with, and the rule that they break.
type values struct {
	asked  *NewToken
	wrong  string
	narrow bool // R152: nothing but k8s_proxy and self_rotate
}

var (
	noValues = values{narrow: true}
	good     = values{asked: &NewToken{Place: Ref{Kind: ProjectPlace, ID: 1}, Name: "deploy", Scopes: Scopes{ScopeAPI}, Role: Guest, ExpiresOn: today + 1}}
	narrow   = values{asked: &NewToken{UserID: 3, Name: "kube", Scopes: Scopes{ScopeK8sProxy, ScopeSelfRotate}, ExpiresOn: today + 1}, narrow: true}
	wide     = values{asked: &NewToken{UserID: 3, Name: "all", Scopes: Scopes{ScopeSelfRotate, ScopeReadUser}, ExpiresOn: today + 1}}
	nameless = values{asked: &NewToken{UserID: 3, Name: " ", Scopes: Scopes{ScopeK8sProxy}, ExpiresOn: today + 1}, wrong: "R50", narrow: true}
	late     = values{asked: &NewToken{Place: Ref{Kind: ProjectPlace, ID: 1}, Name: "late", Scopes: Scopes{ScopeAPI}, Role: Guest, ExpiresOn: today + 366}, wrong: "R56"}
)

func asks() (list []ask) {
	add := func(a Action, place PlaceKind, worlds []world, details []*detail, doors ...Access) {
		list = append(list, ask{a, place, append(doors, NoAccess), append(details, &detail{missing: true}), worlds})
	}
	plain := []*detail{{}}
	grouped := []*detail{{}, {inside: true}}

	add(SeeProject, ProjectPlace, some, plain, RESTRead)
	add(SeeMembers, ProjectPlace, some, plain, RESTRead)
	add(ReadCode, ProjectPlace, some, plain, RESTRead, RESTFiles, GitFetch)
	add(CreateRecord, ProjectPlace, some, plain, RESTWrite)
	add(PushCode, ProjectPlace, some, plain, GitPush)
	add(PullPackage, ProjectPlace, some, plain, PackageDownload, RegistryPull)
	add(PushPackage, ProjectPlace, some, plain, PackagePublish, RegistryPush, KubernetesGateway)
	add(DeletePackage, ProjectPlace, some, plain, PackagePublish, RegistryDelete)
	add(EditProject, ProjectPlace, some, plain, RESTWrite, RunnerCreation)
	add(DeleteProject, ProjectPlace, some, plain, RESTWrite)
	add(SeeGroup, GroupPlace, some, grouped, RESTRead)
	add(SeeGroupMembers, GroupPlace, some, grouped, RESTRead)
	add(EditGroup, GroupPlace, some, grouped, RESTWrite, RunnerCreation)
	add(CreateInGroup, GroupPlace, some, grouped, RESTWrite)
	add(ChangeSwitch, GroupPlace, some, grouped, RESTWrite)

	for _, place := range []PlaceKind{NoPlace, ProjectPlace, GroupPlace} {
		add(ReadSite, place, some, plain, RESTRead)
		add(WriteSite, place, some, plain, RESTWrite)
	}
	add(NoAction, NoPlace, some, plain, RESTUser, AIGateway)
	add(CreateTopGroup, NoPlace, some, plain, RESTWrite)
	add(Administer, NoPlace, some, plain, RESTWrite, RunnerCreation)
	add(ReadInstance, NoPlace, some, plain, RESTRead)
	for _, place := range []PlaceKind{NoPlace, ProjectPlace, GroupPlace} {
		add(ReadAudit, place, some, plain, RESTRead)
		add(ReadSelf, place, some, plain, SelfAccess)
		add(RevokeSelf, place, some, plain, SelfAccess)
		add(RotateSelf, place, allWorlds(), plain, SelfRotation)
	}
	for _, place := range []PlaceKind{ProjectPlace, GroupPlace} {
		kind := KindAt(place)
		var create, rotate []*detail
		for _, role := range Roles {
			for _, v := range []values{good, late, noValues} {
				create = append(create, &detail{asked: role, values: v}, &detail{asked: role, values: v, active: 1})
			}
			for _, l := range []life{living, ended, revoked, both, replaced} {
				rotate = append(rotate, &detail{kind: kind, role: role, life: l}, &detail{kind: kind, role: role, life: l, active: 1})
			}
		}
		states := []*detail{{kind: kind}, {kind: kind, life: ended, role: Owner}, {kind: kind, life: revoked, active: 1}}
		add(ListTokens, place, allWorlds(), states[:1], RESTRead)
		add(ReadToken, place, allWorlds(), states, RESTRead)
		add(RevokeToken, place, allWorlds(), states, RESTWrite)
		add(CreateToken, place, allWorlds(), create, RESTWrite)
		add(RotateToken, place, allWorlds(), rotate, RESTWrite)
		for _, a := range []Action{AddMember, ChangeMember, RemoveMember} {
			add(a, place, some[:2], members(a), RESTWrite)
		}
	}
	var own, create []*detail
	for _, mine := range []bool{true, false} {
		for _, l := range []life{living, ended, revoked, both, replaced} {
			own = append(own, &detail{kind: PersonalToken, mine: mine, life: l})
		}
		for _, v := range []values{narrow, wide, nameless, noValues} {
			create = append(create, &detail{mine: mine, member: Human, values: v})
		}
	}
	create = append(create, &detail{member: Bot, values: narrow}, &detail{member: Ghost, values: wide})
	for _, a := range []Action{ListTokens, ReadToken} {
		add(a, NoPlace, some, own, RESTRead)
	}
	add(RevokeToken, NoPlace, some, own, RESTWrite)
	add(RotateToken, NoPlace, some, own, RESTWrite)
	add(CreateToken, NoPlace, some, create, RESTWrite)
	return list
}

func members(a Action) (list []*detail) {
	roles := append([]Role{NoRole, 60}, Roles...)
	if a == RemoveMember {
		roles = roles[:1]
	}
	for _, kind := range []UserKind{Human, Bot, Ghost} {
		for _, has := range []Role{NoRole, Developer, Owner} {
			for _, asked := range roles {
				for _, inherited := range []Role{NoRole, Reporter, Owner} {
					d := detail{member: kind, has: has, asked: asked, inherited: inherited}
					list = append(list, &d)
					if has == Owner && kind == Human {
						last, mine := d, d
						last.last, mine.last, mine.mine = true, true, true
						list = append(list, &last, &mine)
					}
					if kind != Ghost && has != NoRole {
						mine := d
						mine.mine = true
						list = append(list, &mine)
					}
				}
			}
		}
	}
	return list
}

// everyone calls visit for every actor with every role that he can have.
func everyone(visit func(actor, Role)) {
	for who := nobody; who <= externalBotAbroad; who++ {
		for _, role := range append([]Role{NoRole}, Roles...) {
			q := question{actor: who}
			switch {
			case (who == nobody || q.away()) && role != NoRole:
			case q.bot() && !q.away() && role == NoRole:
			default:
				visit(who, role)
			}
		}
	}
}

// scopeSets are each scope alone, some together, and all.
func scopeSets() (list []Scopes) {
	for _, s := range PersonalScopes {
		list = append(list, Scopes{s})
	}
	return append(list, Scopes{ScopeReadRegistry, ScopeWriteRegistry}, Scopes{ScopeReadAPI, ScopeWriteRepository},
		Scopes{ScopeSelfRotate, ScopeReadRepository, ScopeCreateRunner}, PersonalScopes)
}

// tokens are all that an actor can show: for people also none, which is the
// console's and the machine's own door, or an SSH key.
func tokens(who actor, sets []Scopes, lives ...life) (list []*shown) {
	if who == nobody {
		return []*shown{nil, newShown(unknown, ProjectToken, Scopes{ScopeAPI})}
	}
	kinds := []TokenKind{PersonalToken}
	if who >= botAtHome {
		kinds = []TokenKind{ProjectToken, GroupToken}
	} else {
		list = append(list, nil)
	}
	for _, kind := range kinds {
		for _, scopes := range sets {
			for _, l := range lives {
				list = append(list, newShown(l, kind, scopes))
			}
		}
	}
	return list
}

// cases visits the whole matrix in two parts: every token against every
// question in its first detail, then two good tokens against every detail.
func cases(visit func(*question)) {
	list := asks()
	every := func(who actor, role Role, shown []*shown, details func(ask) []*detail) {
		q := question{actor: who, role: role}
		for _, a := range list {
			q.action, q.place = a.action, a.place
			for _, q.token = range shown {
				worlds := a.worlds
				if q.token.dead() {
					worlds = some[:2]
				}
				for _, q.access = range a.doors {
					if q.token != nil && q.access == NoAccess {
						continue // a token never opens the console
					}
					for _, q.detail = range details(a) {
						for _, q.seen = range a.seen() {
							for _, w := range worlds {
								q.flag, q.on, q.saas, q.plan = w.flag, w.on, w.saas, w.plan
								visit(&q)
							}
						}
					}
				}
			}
		}
	}
	everyone(func(who actor, role Role) {
		every(who, role, tokens(who, scopeSets(), living, replaced, ended, revoked, both), func(a ask) []*detail { return a.details[:1] })
		every(who, role, tokens(who, []Scopes{PersonalScopes}, living, replaced), func(a ask) []*detail { return a.details[1:] })
	})
}

// facts is the question in the policy's words.
func (q *question) facts() Facts {
	f := Facts{
		Today: today, Access: q.access, Action: q.action, Asked: q.values.asked,
		Caller: Caller{UserID: 7, Kind: Human, Admin: q.actor == administrator, Auditor: q.actor == auditor,
			External: q.outsider(), Blocked: q.actor == blockedUser},
		Target: Target{
			Kind: q.place, Missing: q.missing, Visibility: q.seen, Role: q.role, SeesInside: q.inside,
			Within: q.bot() && !q.away(),
			Flag:   q.flag, Switch: q.on, SaaS: q.saas, Plan: q.plan, ActiveTokens: q.active,
			TokenKind: q.kind, TokenRole: q.detail.role, Mine: q.mine,
			TokenRevoked: q.life == revoked || q.life == both, TokenExpired: q.life == ended || q.life == both, TokenReplaced: q.life == replaced,
			MemberKind: q.member, MemberRole: q.has, Inherited: q.inherited, LastOwner: q.last, AskedRole: q.asked,
		},
	}
	switch {
	case q.actor == nobody:
		f.Caller.Kind, f.Caller.UserID = Nobody, 0
	case q.bot():
		f.Caller.Kind = Bot
	}
	if q.token != nil {
		f.Caller.Token = q.token.facts
	}
	return f
}

// dead tokens open nothing in any world.
func (s *shown) dead() bool { return s != nil && s.life != living && s.life != replaced }

func newShown(l life, kind TokenKind, scopes Scopes) *shown {
	c := &Credential{ID: 9, Kind: kind, ExpiresOn: today + 1, Scopes: scopes,
		Revoked: l == revoked || l == both, Replaced: l == replaced}
	switch l {
	case ended, both:
		c.ExpiresOn = today
	case unknown:
		*c = Credential{}
	}
	return &shown{l, kind, scopes, c}
}

func (q *question) String() string {
	s := fmt.Sprintf("%s, %s, %s, %q at %q in a %s %s", q.actor, q.role, "no token", q.action, q.access, q.seen, q.place)
	if q.token != nil {
		s = fmt.Sprintf("%s, %s, %s %s token (%s), %q at %q in a %s %s", q.actor, q.role, q.token.life, q.token.kind, q.token.scopes, q.action, q.access, q.seen, q.place)
	}
	return s + fmt.Sprintf(", flag %t, switch %t, saas %t, %s, %+v", q.flag, q.on, q.saas, q.plan, *q.detail)
}

// The policy against the rulebook: R20–R35, R41–R48, R50, R56, R60–R65, R67,
// R69, R70, R72, R75, R76, R80–R83, R90–R94, R106, R107, R111–R113, R130, R145,
// R150, R152–R154, R164, R170, R171 and R173, as far as they decide. Beside it
// each case must keep the laws. Of cases that go wrong in the same way only the
// first is shown.
func TestMatrix(t *testing.T) {
	n := 0
	type way struct {
		action    Action
		place     PlaceKind
		got, want string
	}
	wrong, decided := map[way]int{}, map[string]bool{}
	cases(func(q *question) {
		n++
		f := q.facts()
		want, got := q.answer(), Decide(f)
		if law := broken(f, got); law != "" {
			t.Fatalf("%s\n  %s\n  %+v", q, law, got)
		}
		decided[got.Rule] = true
		if got.Allowed == (want.refusal == nil) && got.Kind == want.refusal && got.Rule == want.rule {
			return
		}
		w := way{q.action, q.place, fmt.Sprintf("%s %v", got.Rule, got.Kind), fmt.Sprintf("%s %v", want.rule, want.refusal)}
		if wrong[w]++; wrong[w] == 1 {
			t.Errorf("%s\n  the policy: %s %q\n  the rules:  %s", q, w.got, got.Text, w.want)
		}
	})
	for _, rule := range strings.Fields(decisive) {
		if !decided[rule] {
			t.Errorf("no case is decided by %s", rule)
		}
	}
	t.Logf("%d cases", n)
}
