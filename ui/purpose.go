package ui

import (
	"fmt"
	"slices"
	"strings"

	"patrol/model"
)

// purpose is what a token can be made for: the scopes that it takes, what its
// bot must be let do, and how many days such a token usually lives.
type purpose struct {
	word   string
	scopes model.Scopes
	action model.Action
	days   model.Date
}

// purposes are the choices of the form's first field, but for the last, which
// sets nothing.
var purposes = []purpose{
	{"push code", model.Scopes{model.ScopeWriteRepository}, model.PushCode, 30},
	{"clone only", model.Scopes{model.ScopeReadRepository}, model.ReadCode, 90},
	{"push images", model.Scopes{model.ScopeReadRegistry, model.ScopeWriteRegistry}, model.PushPackage, 30}, // R62
	{"pull images", model.Scopes{model.ScopeReadRegistry}, model.PullPackage, 90},
	{"read by API", model.Scopes{model.ScopeReadAPI}, model.ReadCode, 90},
	{"whole API", model.Scopes{model.ScopeAPI}, model.EditProject, 30},
	{"publish packages", model.Scopes{model.ScopeAPI}, model.PushPackage, 30},
}

// purposeChips are their words as the field shows them.
func purposeChips() (chips []string) {
	for i, p := range purposes {
		chips = append(chips, fmt.Sprintf("%d %s", i+1, p.word))
	}
	return append(chips, fmt.Sprintf("%d other", len(purposes)+1))
}

// fulfil makes the field For set the others, which stay as free as before: the
// lowest role with which the policy lets a bot do it here.
func fulfil(a *App, s spot, latest model.Date, want, expires, role *field, ticks []*field) {
	own := len(purposes)
	want.chips, want.pick = purposeChips(), own
	want.picked = func(chip int) {
		if chip == own {
			return
		}
		p := purposes[chip]
		expires.pick = -1
		expires.in.set(min(a.today()+p.days, latest).String())
		if least := leastRole(p.action, s); least != model.NoRole {
			role.pick = slices.Index(model.Roles, least)
		}
		for _, x := range ticks {
			x.ticked = p.scopes.Has(model.Scope(x.key))
		}
	}
	role.picked = func(int) { want.pick = own }
	for _, x := range ticks {
		x.picked = role.picked
	}
}

// leastRole is the lowest role with which a bot of the place may do it in every
// project of the place; NoRole: none.
func leastRole(do model.Action, s spot) model.Role {
	v := s.visibility
	if s.Kind == model.GroupPlace {
		v = model.Private // what is below may be
	}
	for _, r := range model.Roles {
		if botMay(do, r, v) {
			return r
		}
	}
	return model.NoRole
}

// use is something that scopes can be for in a project, and what the token's bot
// needs besides.
type use struct {
	door   string // as the row Opens has it
	word   string
	access []model.Access // all of them
	action model.Action
}

var uses = []use{
	{"git", "clone", []model.Access{model.GitFetch}, model.ReadCode},
	{"git", "push", []model.Access{model.GitPush}, model.PushCode},
	{"REST", "reading over REST", []model.Access{model.RESTRead}, model.SeeProject},
	{"REST", "writing over REST", []model.Access{model.RESTWrite}, model.CreateRecord},
	{"images", "image pull", []model.Access{model.RegistryPull}, model.PullPackage},
	{"images", "image push", []model.Access{model.RegistryPull, model.RegistryPush}, model.PushPackage}, // R62
	{"packages", "package download", []model.Access{model.PackageDownload}, model.PullPackage},
	{"packages", "publishing packages", []model.Access{model.PackagePublish}, model.PushPackage},
	{"runners", "runners", []model.Access{model.RunnerCreation}, model.EditProject},
	{"Kubernetes", "Kubernetes", []model.Access{model.KubernetesGateway}, model.PushPackage},
	{"AI", "AI", []model.Access{model.AIGateway}, model.NoAction},
	{"rotation", "rotation", []model.Access{model.SelfRotation}, model.NoAction},
}

// scoped tells whether the scopes are enough for it.
func (u use) scoped(n model.NewToken) bool {
	return !slices.ContainsFunc(u.access, func(x model.Access) bool { return !n.Scopes.Opens(x) })
}

// opens is the row Opens: which doors the policy opens to the token, which in
// part, and which of the usual ones not at all.
func opens(th *theme, n model.NewToken, s spot) string {
	var doors []string
	open, all, first := map[string]int{}, map[string]int{}, map[string]string{}
	for _, u := range uses {
		if all[u.door]++; all[u.door] == 1 {
			doors = append(doors, u.door)
		}
		if u.scoped(n) && botMay(u.action, n.Role, s.visibility) {
			if open[u.door]++; first[u.door] == "" {
				first[u.door] = u.word
			}
		}
	}
	var parts []string
	for i, door := range doors {
		switch {
		case open[door] == all[door]:
			parts = append(parts, th.state(okay, door))
		case open[door] > 0:
			parts = append(parts, th.state(okay, first[door]+" only"))
		case i < 4: // what hardly anybody looks for isn't missed
			parts = append(parts, th.state(bad, door))
		}
	}
	return strings.Join(parts, "  ")
}

// useless is empty if the token would open anything in its place, else what its
// scopes would need.
func useless(n model.NewToken, s spot) string {
	var needs []string
	for _, u := range uses {
		if !u.scoped(n) {
			continue
		}
		if botMay(u.action, n.Role, s.visibility) {
			return ""
		}
		for _, r := range model.Roles {
			if botMay(u.action, r, s.visibility) {
				needs = append(needs, u.word+" "+r.String())
				break
			}
		}
	}
	if len(needs) == 0 {
		return "with these scopes alone this opens nothing: pushing images needs read_registry too"
	}
	needs[0] = strings.Replace(needs[0], " ", " needs ", 1)
	return "as " + n.Role.String() + " this opens nothing here: " + strings.Join(needs, ", ")
}

// botMay asks the policy for a bot with that role in a project.
func botMay(do model.Action, r model.Role, v model.Visibility) bool {
	return do == model.NoAction || model.Decide(model.Facts{
		Caller: model.Caller{UserID: 1, Kind: model.Bot},
		Action: do,
		Target: model.Target{Kind: model.ProjectPlace, Visibility: v, Role: r, Within: true},
	}).Allowed
}
