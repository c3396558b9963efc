package ui

import (
	"context"
	"fmt"
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
	expires := &field{key: "expires_at", label: "Expires", pick: 1, chips: []string{"7 d", "30 d", "90 d", "latest"}}
	expires.hint = func() string {
		text := expires.in.String()
		if date, wrong := expiryTyped(expires, a.today()); wrong == nil && date != 0 && date.String() != strings.TrimSpace(text) {
			return "= " + date.String()
		}
		return latest.String()
	}
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
func expiryTyped(expires *field, today model.Date) (date model.Date, wrong error) {
	text := strings.TrimSpace(expires.in.String())
	if text == "" {
		return 0, nil
	}
	date, err := model.ParseEnd(text, today)
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
	f := &form{app: a, path: []string{s.path, "New token"}, who: func() string { return a.roleHere(s.role) }, verb: "create", makes: "Makes", opens: true}
	want := &field{kind: chipField, key: "for", label: "For", numbered: true}
	name := &field{key: "name", label: "Name"}
	description := &field{key: "description", label: "Description", hint: func() string { return "up to 255 characters" }}
	expires := expiryField(a, latest)
	expires.picked(1)
	role := &field{kind: chipField, key: "access_level", label: "Role"}
	for _, r := range model.Roles {
		role.chips = append(role.chips, r.String())
	}
	f.fields = []*field{want, name, description, expires, role}
	top := len(f.fields)
	for i, scope := range model.ScopesFor(model.KindAt(s.Kind)) {
		x := &field{kind: tickField, key: string(scope), note: scopeNotes[scope]}
		if i == 0 {
			x.label = "Scopes"
		}
		f.fields = append(f.fields, x)
	}
	fulfil(a, s, latest, want, expires, role, f.fields[top:])
	f.values = func() values {
		v := tokenValues{app: a, in: s, purpose: want.pick, asked: model.NewToken{Place: s.Ref(), Name: name.in.String(), Role: model.Roles[role.pick]}}
		if text := description.in.String(); strings.TrimSpace(text) != "" {
			v.asked.Description = &text
		}
		for _, x := range f.fields {
			if x.kind == tickField && x.ticked {
				v.asked.Scopes = append(v.asked.Scopes, model.Scope(x.key))
			}
		}
		v.asked.ExpiresOn, v.wrong = expiryTyped(expires, a.today())
		return v
	}
	return f
}

// tokenValues is what the form of a new token asks for.
type tokenValues struct {
	app     *App
	in      spot
	asked   model.NewToken
	purpose int   // its number; the last: none
	wrong   error // with what was typed
}

func (v tokenValues) check(ctx context.Context) (verdict, error) {
	if v.wrong != nil {
		return refusedBy(v.wrong), nil
	}
	full, d, err := v.app.Store.CheckToken(ctx, v.app.Actor, v.asked)
	if err != nil {
		return verdict{}, err
	}
	said := judgeToken(full, d, v.in)
	if v.purpose < len(purposes) && said.look == okay {
		said.text = fmt.Sprintf("can be created; %s is the least that may %s", full.Role, purposes[v.purpose].word)
	}
	said.opens = opens(v.app.theme, full, v.in)
	return said, nil
}

func (v tokenValues) send(ctx context.Context) (func() tea.Cmd, error) {
	if v.wrong != nil {
		return nil, v.wrong
	}
	issued, err := v.app.Store.CreateToken(ctx, v.app.Actor, v.asked)
	if err != nil {
		return nil, err
	}
	return func() tea.Cmd {
		v.app.acted(tokenCommand(v.asked, v.in)...)
		return v.app.replace(newSecret(v.app, v.in, issued))
	}, nil
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
