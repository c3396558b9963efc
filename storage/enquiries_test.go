package storage

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"patrol/model"
)

// told is an explanation in one line: the deciding rule, what for, and what
// would change it.
func told(t *testing.T, db *DB, a model.Actor, id int64, what string) string {
	t.Helper()
	q, err := model.ParseQuestion([]string{what})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	e, err := db.Explain(t.Context(), a, id, q)
	if r, ok := errors.AsType[*model.Reason](err); ok {
		return "error " + r.Rule
	} else if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if e.Token.ID != id || len(e.Steps) == 0 || e.Steps[len(e.Steps)-1].Rule != e.Decision.Rule {
		t.Fatalf("%s: %+v", what, e)
	}
	said := e.Decision.Rule
	if e.Decision.Allowed {
		return "allowed " + said
	}
	for _, c := range e.Changes {
		said += "; " + c.Text + ": " + c.Decision.Rule
	}
	return said
}

// explained is a small instance to ask about.
type explained struct {
	db                *DB
	web, notes        model.Project
	mara, dev         int64
	deploy, read, own int64 // tokens: api as Developer, read_repository as Reporter, dev's own with api
}

func newExplained(t *testing.T) explained {
	t.Helper()
	e := explained{db: open(t, Options{Clock: noon().read})}
	e.web = addProject(t, e.db, "acme/web")
	var err error
	e.notes, err = e.db.AddProject(t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: "open/notes", Visibility: model.Public, Parents: true})
	if err != nil {
		t.Fatal(err)
	}
	addProject(t, e.db, "labs/secret")
	member := func(name string, role model.Role) int64 {
		u, err := e.db.AddUser(t.Context(), root, model.NewUser{Username: name})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.db.AddMember(t.Context(), root, e.web.Ref(), u.ID, role, 0); err != nil {
			t.Fatal(err)
		}
		return u.ID
	}
	e.mara, e.dev = member("mara", model.Maintainer), member("dev", model.Developer)
	e.deploy = addToken(t, e.db, root, e.web.Ref(), "deploy").ID
	create := func(ask model.NewToken) int64 {
		made, err := e.db.CreateToken(t.Context(), root, ask)
		if err != nil {
			t.Fatal(err)
		}
		return made.ID
	}
	e.read = create(model.NewToken{Place: e.web.Ref(), Name: "read", Scopes: model.Scopes{model.ScopeReadRepository}, Role: model.Reporter})
	e.own = create(model.NewToken{UserID: e.dev, Name: "own", Scopes: model.Scopes{model.ScopeAPI}})
	return e
}

// R172: every kind of question that the contract knows, against real facts.
func TestExplain(t *testing.T) {
	e := newExplained(t)
	tokens := map[string]int64{"deploy": e.deploy, "read": e.read, "own": e.own}
	for question, want := range map[string]string{
		"deploy: git push acme/web":                          "allowed R23",
		"deploy: git push ACME/Web.git":                      "allowed R23",
		"read: git push acme/web":                            "G14; with write_repository: R23; with write_repository and as Developer: R23",
		"read: git fetch acme/web":                           "allowed R21",
		"deploy: git push open/notes":                        "R111; with a token of this place as Developer: R23",
		"deploy: git fetch open/notes":                       "allowed R21",
		"deploy: git push labs/secret":                       "R35",
		"deploy: git push labs/none":                         "R35",
		"read: git push labs/secret":                         "G14; with write_repository: R35",
		"read: git push labs/none":                           "G14; with write_repository: R35",
		"deploy: git push 1":                                 "R35", // a path of digits is no number
		"deploy: registry pull acme/web/api/x:1":             "allowed R24",
		"deploy: registry push acme/web":                     "allowed R25",
		"deploy: registry pull acme":                         "R35",
		"deploy: registry pull labs/secret/x":                "R35",
		"read: registry pull acme/web":                       "G58; with read_registry: R24; with read_api: R24; with api: R24",
		"deploy: auth GET":                                   "allowed G91",
		"deploy: auth POST acme/web":                         "allowed G91",
		"read: auth GET":                                     "R60; with read_api: G91; with api: G91",
		"deploy: auth GET open/notes":                        "G91; with a token of this place as Guest: G91",
		"own: auth GET":                                      "G91",
		"own: auth GET acme/web":                             "allowed G91",
		"deploy: ai":                                         "error G80",
		"deploy: k8s 3":                                      "G81; with k8s_proxy: R35", // as at the door: the scope first
		"deploy: GET /api/v4/projects/1":                     "allowed R20",
		"deploy: GET /api/v4/projects/acme%2Fweb":            "allowed R20",
		"deploy: GET /api/v4/user":                           "allowed A27",
		"read: GET /api/v4/personal_access_tokens/self":      "allowed R61",
		"deploy: GET /api/v4/projects/1/access_tokens":       "R44; as Maintainer: R44",
		"deploy: POST /api/v4/projects/1/access_tokens":      "R43",
		"own: POST /api/v4/projects/1/access_tokens":         "R44; as Maintainer: R41",
		"deploy: DELETE /api/v4/projects/1/access_tokens/2":  "R44; as Maintainer: R44",
		"deploy: DELETE /api/v4/projects/1/access_tokens/99": "R35",
		"deploy: GET /api/v4/projects/1/access_tokens/99":    "R44; as Maintainer: R44", // A42: the right comes first
		"deploy: DELETE /api/v4/projects/2/access_tokens/1":  "R35",                     // A44: not that place's own
	} {
		name, what, _ := strings.Cut(question, ": ")
		if got := told(t, e.db, root, tokens[name], what); got != want {
			t.Errorf("%s:\n  %s\nwant\n  %s", question, got, want)
		}
	}
}

// Facts about what a request is aimed at, whatever routes there are.
func TestExplainAim(t *testing.T) {
	e := newExplained(t)
	in := e.web.Ref()
	issue, err := e.db.AddIssue(t.Context(), as(e.dev), in, "broken", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		id   int64
		q    model.Question
		want string
	}{
		{"R65: rotate itself", e.deploy, model.Question{Access: model.SelfRotation, Action: model.RotateSelf}, ""},
		{"R65: in its own place", e.deploy, model.Question{Access: model.SelfRotation, Action: model.RotateSelf, In: in}, ""},
		{"A46: in no other", e.deploy, model.Question{Access: model.SelfRotation, Action: model.RotateSelf, In: e.notes.Ref()}, "R35"},
		{"R65: a personal one", e.own, model.Question{Access: model.SelfRotation, Action: model.RotateSelf}, ""},
		{"R152: over REST", e.own, model.Question{Access: model.RESTWrite, Action: model.CreateToken}, ""},
		{"R43", e.deploy, model.Question{Access: model.RESTWrite, Action: model.CreateToken}, "R43"},
		{"A112: its author", e.own, model.Question{Access: model.RESTWrite, Action: model.EditRecord, In: in, Number: issue.IID}, ""},
		{"A107: leaving", e.own, model.Question{Access: model.RESTWrite, Action: model.RemoveMember, In: in, Number: e.dev}, ""},
		{"R28: another", e.own, model.Question{Access: model.RESTWrite, Action: model.RemoveMember, In: in, Number: e.mara}, "R28"},
		{"R28: add", e.own, model.Question{Access: model.RESTWrite, Action: model.AddMember, In: in}, "R28"},
		{"R44: list", e.own, model.Question{Access: model.RESTRead, Action: model.ListTokens, In: in}, "R44"},
	} {
		got, err := e.db.Explain(t.Context(), root, c.id, c.q)
		if err != nil || got.Decision.Allowed != (c.want == "") || c.want != "" && got.Decision.Rule != c.want {
			t.Errorf("%s: %+v, %v", c.name, got.Decision, err)
		}
	}
	boss, err := e.db.CreateToken(t.Context(), root, model.NewToken{UserID: e.mara, Name: "boss", Scopes: model.Scopes{model.ScopeAPI}})
	if err != nil {
		t.Fatal(err)
	}
	bot, err := e.db.Token(t.Context(), root, model.Ref{}, e.deploy)
	if err != nil {
		t.Fatal(err)
	}
	for number, want := range map[int64]string{e.dev: "", bot.User.ID: "R106", 99: "R35"} {
		q := model.Question{Access: model.RESTWrite, Action: model.ChangeMember, In: in, Number: number}
		if got, err := e.db.Explain(t.Context(), root, boss.ID, q); err != nil || got.Decision.Allowed != (want == "") || want != "" && got.Decision.Rule != want {
			t.Errorf("change user %d: %+v, %v", number, got.Decision, err)
		}
	}
}

// R91, R92, R120: dead tokens, and what a new one like it would open.
func TestExplainDead(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	made := addToken(t, db, root, p.Ref(), "deploy")
	group, err := db.CreateToken(t.Context(), root, model.NewToken{Place: model.GroupRef("acme"), Name: "all", Scopes: model.Scopes{model.ScopeAPI}, Role: model.Reporter})
	if err != nil {
		t.Fatal(err)
	}
	clock.at = made.ExpiresOn.Time()
	if got, want := told(t, db, root, made.ID, "git push acme/web"), "R91; once rotated: R23"; got != want {
		t.Errorf("R91: %s", got)
	}
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, made.ID, group.ID); err != nil {
		t.Fatal(err)
	}
	if got, want := told(t, db, root, made.ID, "git push acme/web"), "R91; with a new token: R23"; got != want {
		t.Errorf("R93, R67: %s", got)
	}
	if got, want := told(t, db, root, group.ID, "git push acme/web"), "R91; with a new token: R23; with a new token and as Developer: R23"; got != want {
		t.Errorf("R150: %s", got)
	}
	clock.at = noon().at
	if got, want := told(t, db, root, made.ID, "git push acme/web"), "R92; with a new token: R23"; got != want {
		t.Errorf("R92: %s", got)
	}
}

// R164: who may not read a token gets the answer for one that isn't there, and
// hears nothing of places that he can't see, though the token sees them.
func TestExplainHides(t *testing.T) {
	e := newExplained(t)
	q, err := model.ParseQuestion([]string{"git push acme/web"})
	if err != nil {
		t.Fatal(err)
	}
	_, missing := e.db.Explain(t.Context(), as(e.dev), 99, q)
	for _, id := range []int64{e.deploy, e.read} {
		if _, err := e.db.Explain(t.Context(), as(e.dev), id, q); err == nil || err.Error() != missing.Error() || !errors.Is(err, model.ErrNotFound) {
			t.Errorf("R164: a Developer asks about token %d: %v, not %v", id, err, missing)
		}
	}
	if got := told(t, e.db, as(e.dev), e.own, "git push acme/web"); got != "allowed R23" {
		t.Errorf("R152: his own: %s", got)
	}
	if _, err := e.db.AddProject(t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: "inside/plans", Visibility: model.Internal, Parents: true}); err != nil {
		t.Fatal(err)
	}
	yes := true
	if _, err := e.db.ChangeUser(t.Context(), root, e.mara, model.UserChange{External: &yes}); err != nil {
		t.Fatal(err)
	}
	if got := told(t, e.db, root, e.deploy, "git fetch inside/plans"); got != "allowed R21" {
		t.Errorf("R113: %s", got)
	}
	for _, path := range []string{"inside/plans", "inside/none"} {
		if got := told(t, e.db, as(e.mara), e.deploy, "git fetch "+path); got != "R35" {
			t.Errorf("R164: an external Maintainer asks about %s: %s", path, got)
		}
	}
	if got := told(t, e.db, as(e.mara), e.deploy, "DELETE /api/v4/projects/1/access_tokens/"+fmt.Sprint(e.own)); got != "R35" {
		t.Errorf("R152: a token that she may not read: %s", got)
	}
}

// R172: asking writes nothing.
func TestExplainWritesNothing(t *testing.T) {
	e := newExplained(t)
	before, err := e.db.Version()
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"git push acme/web", "POST /api/v4/projects/1/access_tokens", "DELETE /api/v4/projects/1/access_tokens/1", "DELETE /api/v4/personal_access_tokens/self"} {
		told(t, e.db, root, e.own, what)
	}
	if after, err := e.db.Version(); err != nil || after != before {
		t.Errorf("R172: version %d became %d, %v", before, after, err)
	}
}

// explain says of the gateways what they do, with what the settings name (G80 to
// G82).
func TestExplainGateways(t *testing.T) {
	db := open(t, Options{})
	p, other := addProject(t, db, "acme/web"), addProject(t, db, "labs/secret")
	token := func(role model.Role, scope model.Scope) int64 {
		made, err := db.CreateToken(t.Context(), root, model.NewToken{Place: p.Ref(), Name: "x", Scopes: model.Scopes{scope}, Role: role})
		if err != nil {
			t.Fatal(err)
		}
		return made.ID
	}
	set := func(key, value string) {
		if _, err := db.ChangeSetting(t.Context(), root, key, value); err != nil {
			t.Fatal(err)
		}
	}
	developer, reporter := token(model.Developer, model.ScopeK8sProxy), token(model.Reporter, model.ScopeK8sProxy)
	ai, api := token(model.Guest, model.ScopeAIFeatures), token(model.Owner, model.ScopeAPI)
	expect := func(id int64, what, want string) {
		t.Helper()
		if got := told(t, db, root, id, what); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	expect(ai, "ai", "error G80")
	expect(developer, "ai", "G80; with ai_features: A27; with api: A27")
	expect(developer, "k8s 3", "error G82")
	set(model.SettingAIUpstream, `{"url":"https://ai.example"}`)
	set(model.SettingK8sUpstreams, fmt.Sprintf(`[{"id":3,"project":"acme/web","url":"https://a.example"},{"id":4,"project":"%d","url":"https://b.example"},{"id":5,"project":"gone/away","url":"https://c.example"}]`, other.ID))
	expect(ai, "ai", "allowed A27")
	expect(api, "ai", "allowed A27")
	expect(developer, "k8s 3", "allowed R25")
	expect(reporter, "k8s 3", "R25; as Developer: R25")
	expect(api, "k8s 3", "G81; with k8s_proxy: R25")
	expect(developer, "k8s 4", "R35")
	expect(developer, "k8s 5", "R35")
	expect(developer, "k8s 6", "error G82")
}
