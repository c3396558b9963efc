package bench

import (
	"testing"

	"patrol/model"
)

// Decisions of what doors ask most: a fetch and a push, reads and writes over
// REST, a creation; allowed and refused, each at another step (R171).
func BenchmarkDecide(b *testing.B) {
	today, err := model.ParseDate("2026-11-24")
	if err != nil {
		b.Fatal(err)
	}
	credential := func(scopes ...model.Scope) *model.Credential {
		return &model.Credential{ID: 5, Kind: model.ProjectToken, ExpiresOn: today + 30, Scopes: scopes}
	}
	expired := credential(model.ScopeAPI)
	expired.ExpiresOn = today
	in := model.Target{Kind: model.ProjectPlace, Role: model.Developer, Within: true, Flag: true, Switch: true}
	hidden := model.Target{Kind: model.ProjectPlace}
	var facts []model.Facts
	for _, f := range []struct {
		token  *model.Credential
		access model.Access
		action model.Action
		target model.Target
	}{
		{credential(model.ScopeReadRepository), model.GitFetch, model.ReadCode, in},
		{credential(model.ScopeWriteRepository), model.GitPush, model.PushCode, in},
		{credential(model.ScopeAPI), model.RESTRead, model.SeeProject, in},
		{credential(model.ScopeAPI), model.RESTWrite, model.CreateRecord, in},
		{credential(model.ScopeAPI), model.RESTRead, model.ListTokens, in},
		{credential(model.ScopeReadRegistry), model.GitPush, model.PushCode, in},
		{credential(model.ScopeAPI), model.RESTRead, model.SeeProject, hidden},
		{expired, model.GitFetch, model.ReadCode, in},
	} {
		facts = append(facts, model.Facts{Today: today, Caller: model.Caller{UserID: 9, Kind: model.Bot, Token: f.token}, Access: f.access, Action: f.action, Target: f.target})
	}
	n, allowed := 0, 0
	for b.Loop() {
		for i := range facts {
			if model.Decide(facts[i]).Allowed {
				allowed++
			}
		}
		n += len(facts)
	}
	if allowed != n/2 {
		b.Fatalf("%d of %d were allowed", allowed, n)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "decisions/s")
}
