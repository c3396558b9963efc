package model

import (
	"reflect"
	"strings"
	"testing"
)

// sampled visits every nth case of the matrix: all of them asked many times over
// would take a minute.
func sampled(n int, visit func(*question)) {
	i := 0
	cases(func(q *question) {
		if i++; i%n == 0 {
			visit(q)
		}
	})
}

// R172: Explain answers as Decide does, whatever the facts; its steps are R171's
// in their order and stop at the one that decides; a change that it tells of is
// one.
func TestExplainAgrees(t *testing.T) {
	order := []string{"secret known", "not expired", "not revoked", "owner not blocked", "scope", "visible", "permission", "values"}
	n := 0
	sampled(101, func(q *question) {
		n++
		f := q.facts()
		want := Decide(f)
		steps, got, changes := Explain(f)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%s\n  Explain: %+v\n  Decide:  %+v", q, got, want)
		}
		for i, s := range steps {
			last := i == len(steps)-1
			if s.Name != order[i] || s.Passed != (!last || want.Allowed) || s.Rule == "" && s.Passed || (s.Text == "") != s.Passed {
				t.Fatalf("%s\n  step %d: %+v", q, i, s)
			}
		}
		if decides := steps[len(steps)-1]; decides.Rule != want.Rule || decides.Text != want.Text || want.Allowed && len(steps) != 7 {
			t.Fatalf("%s\n  %+v decides, not %+v", q, decides, want)
		}
		for _, c := range changes {
			if c.Text == "" || c.Decision.Allowed == want.Allowed && (want.Allowed || c.Decision.Rule == "") || reflect.DeepEqual(c.Decision, want) {
				t.Fatalf("%s\n  change %+v of %+v", q, c, want)
			}
		}
	})
	if n < 10_000 {
		t.Errorf("only %d cases", n)
	}
}

// R35: of a place that the caller can't see, Explain says what it says of one
// that isn't there, in every byte.
func TestExplainHides(t *testing.T) {
	n := 0
	sampled(37, func(q *question) {
		f := q.facts()
		if f.Sees() {
			return
		}
		n++
		gone := f
		gone.Target = Target{Kind: f.Target.Kind, Missing: true}
		steps, d, changes := Explain(f)
		steps2, d2, changes2 := Explain(gone)
		if !reflect.DeepEqual(d, d2) || !reflect.DeepEqual(steps, steps2) || !reflect.DeepEqual(changes, changes2) {
			t.Fatalf("%s\n  hidden:  %+v %+v\n  missing: %+v %+v", q, d, changes, d2, changes2)
		}
	})
	if n < 1_000 {
		t.Errorf("only %d cases", n)
	}
}

// The changes as people read them: "what: allowed", or "what: the rule".
func changesOf(f Facts) string {
	_, _, changes := Explain(f)
	var b strings.Builder
	for i, c := range changes {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(c.Text + ": ")
		if c.Decision.Allowed {
			b.WriteString("allowed")
		} else {
			b.WriteString(c.Decision.Rule)
		}
	}
	return b.String()
}

// R172: what would change the answer, in one table.
func TestExplainChanges(t *testing.T) {
	bot := func(scopes ...Scope) Caller {
		return Caller{UserID: 9, Kind: Bot, Token: &Credential{ID: 5, Kind: ProjectToken, ExpiresOn: today + 30, Scopes: scopes}}
	}
	person := func(scopes ...Scope) Caller {
		return Caller{UserID: 3, Kind: Human, Token: &Credential{ID: 5, Kind: PersonalToken, ExpiresOn: today + 30, Scopes: scopes}}
	}
	in := func(role Role) Target {
		return Target{Kind: ProjectPlace, Role: role, Flag: true, Switch: true, Within: role > NoRole}
	}
	with := func(c Caller, change func(*Credential)) Caller {
		change(c.Token)
		return c
	}
	expired := func(c *Credential) { c.ExpiresOn = today }
	revoked := func(c *Credential) { c.Revoked = true }
	shut := in(Developer)
	shut.Flag, shut.Switch, shut.SaaS, shut.Plan = false, false, true, Trial
	shut.ActiveTokens = 1
	elsewhere := Target{Kind: ProjectPlace, Visibility: Public}
	blocked := person(ScopeReadAPI)
	blocked.Blocked = true
	for _, c := range []struct {
		name   string
		who    Caller
		access Access
		action Action
		target Target
		want   string
	}{
		{"the screen of §14", bot(ScopeReadRepository), GitPush, PushCode, in(Reporter),
			"with write_repository: R23; with write_repository and as Developer: allowed"},
		{"each scope that opens", bot(ScopeReadRegistry), GitFetch, ReadCode, in(Reporter),
			"with read_repository: allowed; with write_repository: allowed; with read_api: allowed; with api: allowed"},
		{"api doesn't open Kubernetes", bot(ScopeAPI), KubernetesGateway, PushPackage, in(Developer), "with k8s_proxy: allowed"},
		{"read_user is for people", bot(ScopeSelfRotate), RESTUser, NoAction, Target{}, "with read_api: allowed; with api: allowed"},
		{"and opens least", person(ScopeSelfRotate), RESTUser, NoAction, Target{}, "with read_user: allowed; with read_api: allowed; with api: allowed"},
		{"the lowest role", bot(ScopeAPI), GitPush, PushCode, in(Guest), "as Developer: allowed"},
		{"expired", with(bot(ScopeAPI), expired), GitPush, PushCode, in(Developer), "once rotated: allowed"},
		{"R67: a revoked one can't rotate", with(with(bot(ScopeAPI), expired), revoked), GitPush, PushCode, in(Developer), "with a new token: allowed"},
		{"one thing after the other", with(bot(ScopeReadAPI), revoked), GitPush, PushCode, in(Guest),
			"with a new token: G14; with a new token and with write_repository: R23; with a new token and with write_repository and as Developer: allowed"},
		{"R69: replaced", with(person(ScopeSelfRotate), func(c *Credential) { c.Replaced = true }), SelfRotation, RotateSelf, Target{}, "with its successor: allowed"},
		{"blocked", blocked, RESTRead, SeeProject, in(Guest), "with its owner unblocked: allowed"},
		{"R111: a bot writes at home only", bot(ScopeAPI), RESTWrite, CreateRecord, elsewhere, "with a token of this place as Guest: allowed"},
		{"R43: nothing lets a bot make tokens", bot(ScopeAPI), RESTWrite, CreateToken, in(Owner), ""},
		{"R10: nor an auditor write", Caller{UserID: 3, Kind: Human, Auditor: true}, NoAccess, PushCode, in(Owner), ""},
		{"role, flag, plan, switch", person(ScopeAPI), RESTWrite, CreateToken, shut,
			"as Maintainer: R70; as Maintainer and with the feature flag on: R75; " +
				"as Maintainer and with the feature flag on and with token creation on in the top-level group: R82; " +
				"as Maintainer and with the feature flag on and with token creation on in the top-level group and with the plan premium: allowed"},
		{"R35: not seen, no word of it", person(ScopeReadUser), GitPush, PushCode, Target{Kind: ProjectPlace}, "with write_repository: R35"},
		{"R35: nor where the scope opens", person(ScopeAPI), GitPush, PushCode, Target{Kind: ProjectPlace}, ""},
		{"R145: unknown", Caller{Token: &Credential{}}, GitPush, PushCode, in(Owner), ""},
		{"G91: a personal token names a project", person(ScopeAPI), RESTRead, ReadSite, Target{}, ""},
		{"G91: a role, also on a public project", bot(ScopeAPI), RESTRead, ReadSite, elsewhere, "with a token of this place as Guest: allowed"},
		{"R62: pushing images with the write scope only", bot(ScopeWriteRegistry), RegistryPush, PushPackage, in(Developer),
			"without write_registry: G58; below Developer: R25; from 2026-12-24 on: R91"},
		{"allowed, by more than is needed", bot(ScopeAPI, ScopeWriteRepository), GitPush, PushCode, in(Owner),
			"without api and write_repository: G14; below Developer: R23; from 2026-12-24 on: R91"},
		{"allowed to anyone", bot(ScopeReadRepository), GitFetch, ReadCode, elsewhere, "without read_repository: G14; from 2026-12-24 on: R91"},
		{"allowed by any scope", bot(ScopeSelfRotate), SelfAccess, ReadSelf, Target{}, "from 2026-12-24 on: R91"},
		{"allowed, by flag and switch too", Caller{UserID: 3, Kind: Human}, NoAccess, CreateToken, in(Maintainer),
			"below Maintainer: R44; with the feature flag off: R70; with token creation off in the top-level group: R75"},
	} {
		f := Facts{Today: today, Caller: c.who, Access: c.access, Action: c.action, Target: c.target}
		if got := changesOf(f); got != c.want {
			t.Errorf("%s:\n  %s\nwant\n  %s", c.name, got, c.want)
		}
	}
}

// Explain leaves the facts as they were.
func TestExplainIsPure(t *testing.T) {
	token := Credential{ID: 5, Kind: ProjectToken, ExpiresOn: today, Revoked: true, Scopes: make(Scopes, 1, 8)}
	token.Scopes[0] = ScopeReadAPI
	before := token
	f := Facts{Today: today, Caller: Caller{Kind: Bot, Token: &token}, Access: GitPush, Action: PushCode, Target: Target{Kind: ProjectPlace, Role: Guest}}
	Explain(f)
	if !reflect.DeepEqual(token, before) || f.Target.Role != Guest || token.Scopes[:2][1] != "" {
		t.Errorf("%+v became %+v", before, token)
	}
}
