package ui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"patrol/model"

	tea "charm.land/bubbletea/v2"
)

// makeToken opens the form for a new token, or says which rule is in the way.
func (a *App) makeToken(s spot) tea.Cmd {
	empty := model.NewToken{Place: s.Ref(), Role: model.Guest}
	type outlook struct {
		decided model.Decision
		latest  model.Date
	}
	return await(a, func(ctx context.Context) (found outlook, err error) {
		if _, found.decided, err = a.Store.CheckToken(ctx, a.Actor, empty); err != nil {
			return found, err
		}
		found.latest, err = a.latestExpiry(ctx)
		return found, err
	}, func(found outlook, err error) tea.Cmd {
		switch {
		case err != nil:
			a.fail(err)
			return nil
		case found.decided.Kind == model.ErrDenied:
			return a.push(newClosed(a, s, found.decided))
		}
		return a.push(newTokenForm(a, s, found.latest))
	})
}

// latestExpiry is the latest date that the instance allows (R57).
func (a *App) latestExpiry(ctx context.Context) (model.Date, error) {
	limit, err := a.Store.Setting(ctx, model.SettingMaxLifetime)
	days, _ := strconv.Atoi(limit) // empty: not set
	return model.LatestExpiry(a.today(), days), err
}

// expiryField asks for a date, with chips for usual ones.
func expiryField(a *App, latest model.Date) *field {
	expires := &field{key: "expires_at", label: "Expires", pick: 1, chips: []string{"7 d", "30 d", "90 d", "latest"},
		hint: func() string { return latest.String() }}
	expires.picked = func(chip int) {
		date := latest
		if chip < len(lifetimes) {
			date = min(a.today()+model.Date(lifetimes[chip]), latest)
		}
		expires.in.set(date.String())
	}
	return expires
}

// expiryTyped is the date in such a field; 0: none.
func expiryTyped(expires *field) (date model.Date, wrong error) {
	text := strings.TrimSpace(expires.in.String())
	if text == "" {
		return 0, nil
	}
	date, err := model.ParseDate(text)
	if err != nil {
		return 0, model.Invalid("R56", model.Field{Key: "expires_at", Text: err.Error()})
	}
	return date, nil
}

// scopeNotes says what each scope opens (R60).
var scopeNotes = map[model.Scope]string{
	model.ScopeAPI:             "all of REST, packages, Git, registry, AI",
	model.ScopeReadAPI:         "REST reading, packages, fetch, image pull",
	model.ScopeReadRegistry:    "pull images",
	model.ScopeWriteRegistry:   "push images, if read_registry is there too",
	model.ScopeReadRepository:  "fetch; by REST the repository's files",
	model.ScopeWriteRepository: "fetch and push; nothing of REST",
	model.ScopeCreateRunner:    "create runners",
	model.ScopeAIFeatures:      "the AI gateway",
	model.ScopeK8sProxy:        "the Kubernetes gateway; api does not",
	model.ScopeSelfRotate:      "rotate itself",
}

// lifetimes are the chips beside the date, in days; the last chip is the latest
// date there is.
var lifetimes = []int{7, 30, 90}

// newTokenForm asks for a project or group token.
func newTokenForm(a *App, s spot, latest model.Date) *form {
	f := &form{app: a, path: []string{s.path, "New token"}, who: func() string { return a.roleHere(s.role) }, verb: "create", makes: "Makes"}
	name := &field{key: "name", label: "Name"}
	description := &field{key: "description", label: "Description", hint: func() string { return "up to 255 characters" }}
	expires := expiryField(a, latest)
	expires.picked(1)
	role := &field{kind: chipField, key: "access_level", label: "Role"}
	for _, r := range model.Roles {
		role.chips = append(role.chips, r.String())
	}
	f.fields = []*field{name, description, expires, role}
	for i, scope := range model.ScopesFor(model.KindAt(s.Kind)) {
		x := &field{kind: tickField, key: string(scope), note: scopeNotes[scope]}
		if i == 0 {
			x.label = "Scopes"
		}
		f.fields = append(f.fields, x)
	}
	f.values = func() values {
		v := tokenValues{app: a, in: s, asked: model.NewToken{Place: s.Ref(), Name: name.in.String(), Role: model.Roles[role.pick]}}
		if text := description.in.String(); strings.TrimSpace(text) != "" {
			v.asked.Description = &text
		}
		for _, x := range f.fields {
			if x.kind == tickField && x.ticked {
				v.asked.Scopes = append(v.asked.Scopes, model.Scope(x.key))
			}
		}
		v.asked.ExpiresOn, v.wrong = expiryTyped(expires)
		return v
	}
	return f
}

// tokenValues is what the form of a new token asks for.
type tokenValues struct {
	app   *App
	in    spot
	asked model.NewToken
	wrong error // with what was typed
}

func (v tokenValues) check(ctx context.Context) (verdict, error) {
	if v.wrong != nil {
		return refusedBy(v.wrong), nil
	}
	full, d, err := v.app.Store.CheckToken(ctx, v.app.Actor, v.asked)
	if err != nil {
		return verdict{}, err
	}
	return judgeToken(full, d, v.in), nil
}

func (v tokenValues) send(ctx context.Context) (func() tea.Cmd, error) {
	if v.wrong != nil {
		return nil, v.wrong
	}
	issued, err := v.app.Store.CreateToken(ctx, v.app.Actor, v.asked)
	if err != nil {
		return nil, err
	}
	return func() tea.Cmd { return v.app.replace(newSecret(v.app, v.in, issued)) }, nil
}

// judgeToken is the form's last row: whether it can be created, and whether it
// would be of use.
func judgeToken(n model.NewToken, d model.Decision, s spot) verdict {
	v := verdict{look: okay, text: "can be created"}
	v.makes = fmt.Sprintf("%s_%d_bot_…, %s, no sign-in; last day %s", s.Kind, s.ID, n.Role, n.ExpiresOn-1)
	switch {
	case d.Rule == "R45":
		v.look, v.text = bad, fmt.Sprintf("the role is above yours: you are %s, it is %s", s.role, n.Role)
	case !d.Allowed:
		v.look, v.text, v.fields = bad, clean(d.Text), d.Fields
	default:
		if useless := useless(n, s); useless != "" {
			v.look, v.text = warn, useless
		}
	}
	return v
}

// uses are what scopes can be for in a project, and what the token's bot needs
// besides.
var uses = []struct {
	word   string
	access []model.Access // all of them
	action model.Action
}{
	{"clone", []model.Access{model.GitFetch}, model.ReadCode},
	{"push", []model.Access{model.GitPush}, model.PushCode},
	{"reading over REST", []model.Access{model.RESTRead}, model.SeeProject},
	{"image pull", []model.Access{model.RegistryPull}, model.PullPackage},
	{"image push", []model.Access{model.RegistryPull, model.RegistryPush}, model.PushPackage}, // R62
	{"runners", []model.Access{model.RunnerCreation}, model.EditProject},
	{"Kubernetes", []model.Access{model.KubernetesGateway}, model.PushPackage},
	{"AI", []model.Access{model.AIGateway}, model.NoAction},
	{"rotation", []model.Access{model.SelfRotation}, model.NoAction},
}

// useless is empty if the token would open anything in its place, else what its
// scopes would need.
func useless(n model.NewToken, s spot) string {
	var needs []string
	for _, use := range uses {
		if slices.ContainsFunc(use.access, func(x model.Access) bool { return !n.Scopes.Opens(x) }) {
			continue
		}
		if botMay(use.action, n.Role, s.visibility) {
			return ""
		}
		for _, r := range model.Roles {
			if botMay(use.action, r, s.visibility) {
				needs = append(needs, use.word+" "+r.String())
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
