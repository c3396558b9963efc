package server

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"patrol/model"
)

// A43, A23, A24: what is refused when a token is created, and that nothing then
// exists.
func TestCreateToken(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	mona := w.caller("mona", "acme/web", model.Maintainer)
	bot := w.bot("acme/web", model.Maintainer, model.ScopeAPI)
	post := func(secret, body string) answer { return w.ask("POST", tokensOfWeb, token(secret), jsonBody, body) }
	with := func(more string) string { return `{"name":"deploy","scopes":["api"]` + more + `}` }
	before := w.ask("GET", tokensOfWeb, token(mona)).body
	const notPermitted = `{"message":"400 Bad request - User does not have permission to create project access token"}`
	for _, c := range []struct{ rule, body, want string }{
		{"A23", `{}`, `{"error":"name is missing, scopes is missing"}`},
		{"A23", `{"scopes":["api"]}`, `{"error":"name is missing"}`},
		{"A23", `{"name":null,"scopes":null}`, `{"error":"name is missing, scopes is missing"}`},
		{"A23", `{"name":{},"scopes":{"a":1},"description":[],"expires_at":7,"access_level":true}`,
			`{"error":"name is invalid, scopes is invalid, description is invalid, expires_at is invalid, access_level is invalid"}`},
		{"A23", `{"name":"x","scopes":["api","nonsense"]}`, `{"error":"scopes does not have a valid value"}`},
		{"R52 read_user is for persons", `{"name":"x","scopes":["read_user"]}`, `{"error":"scopes does not have a valid value"}`},
		{"A23", `{"name":"x","scopes":[1]}`, `{"error":"scopes is invalid"}`},
		{"A43", with(`,"access_level":0`), `{"error":"access_level does not have a valid value"}`},
		{"A43", with(`,"access_level":5`), `{"error":"access_level does not have a valid value"}`},
		{"A43", with(`,"access_level":60`), `{"error":"access_level does not have a valid value"}`},
		{"A43", with(`,"access_level":99999999999999999999`), `{"error":"access_level does not have a valid value"}`},
		{"A43", with(`,"access_level":"Owner"`), `{"error":"access_level is invalid"}`},
		{"A3", with(`,"expires_at":"2026-02-30"`), `{"error":"expires_at is invalid"}`},
		{"A3", with(`,"expires_at":"soon"`), `{"error":"expires_at is invalid"}`},
		{"R52", `{"name":"x","scopes":[]}`, `{"message":"400 Bad request - Scopes can't be blank"}`},
		{"R50", `{"name":" \t ","scopes":["api"]}`, `{"message":"400 Bad request - Name can't be blank"}`},
		{"R50", `{"name":"` + strings.Repeat("é", 256) + `","scopes":["api"]}`, `{"message":"400 Bad request - Name is too long (maximum is 255 characters)"}`},
		{"R50", `{"name":"a\u0000b","scopes":["api"]}`, `{"message":"400 Bad request - Name can't contain control characters or direction marks"}`},
		{"R50", `{"name":"a\u001b[31m","scopes":["api"]}`, `{"message":"400 Bad request - Name can't contain control characters or direction marks"}`},
		{"R50", `{"name":"a\u202eb","scopes":["api"]}`, `{"message":"400 Bad request - Name can't contain control characters or direction marks"}`},
		{"R51", with(`,"description":"` + strings.Repeat("x", 256) + `"`), `{"message":"400 Bad request - Description is too long (maximum is 255 characters)"}`},
		{"R58", with(`,"expires_at":"2026-11-23"`), `{"message":"400 Bad request - Expiration date must be in the future"}`},
		{"R58", with(`,"expires_at":"2020-01-01"`), `{"message":"400 Bad request - Expiration date must be in the future"}`},
		{"R56", with(`,"expires_at":"2027-11-25"`), `{"message":"400 Bad request - Expiration date must be before 2027-11-25"}`},
		{"R45", with(`,"access_level":50`), `{"message":"400 Bad request - Access level of the token contains permissions not held by the creating user"}`},
		{"R59 all at once", `{"name":"","scopes":[],"expires_at":"2020-01-01"}`,
			`{"message":"400 Bad request - Name can't be blank, Scopes can't be blank, Expiration date must be in the future"}`},
	} {
		w.expect(c.rule, post(mona, c.body), 400, c.want)
	}
	w.expect("R43", post(bot.Secret.Reveal(), with("")), 400, notPermitted)
	w.expect("A43 unseen", w.ask("POST", "/api/v4/projects/99/access_tokens", token(mona), jsonBody, with("")), 404, noProject)
	w.expect("R57", func() answer {
		w.set(model.SettingMaxLifetime, "10")
		defer w.set(model.SettingMaxLifetime, "")
		return post(mona, with(`,"expires_at":"2026-12-05"`))
	}(), 400, `{"message":"400 Bad request - Expiration date must be before 2026-12-05"}`)
	if after := w.ask("GET", tokensOfWeb, token(mona)).body; after != before {
		t.Errorf("R59: refusals left something:\n%s\n%s", before, after)
	}

	for _, c := range []struct {
		rule, more, key string
		want            any
	}{
		{"R53 default", "", "access_level", 40.},
		{"R53 null", `,"access_level":null`, "access_level", 40.},
		{"R53 text", `,"access_level":"20"`, "access_level", 20.},
		{"R55 default", "", "expires_at", "2027-11-24"},
		{"A43 null", `,"expires_at":null`, "expires_at", "2027-11-24"},
		{"A43 empty", `,"expires_at":""`, "expires_at", "2027-11-24"},
		{"A3 a time's date in UTC", `,"expires_at":"2026-12-01T23:30:00-02:00"`, "expires_at", "2026-12-02"},
		{"R54 tomorrow", `,"expires_at":"2026-11-25"`, "expires_at", "2026-11-25"},
		{"R52 no duplicates", `,"scopes":["read_api","api","read_api"]`, "scopes", []any{"read_api", "api"}},
		{"R50 trimmed", `,"name":"  é 😀 "`, "name", "é 😀"},
		{"R51", `,"description":"line\nline"`, "description", "line\nline"},
	} {
		got := post(mona, with(c.more))
		if got.status != 201 || !reflect.DeepEqual(got.object(t)[c.key], c.want) {
			t.Errorf("%s: %d %s", c.rule, got.status, got.body)
			continue
		}
		w.secrets = append(w.secrets, got.object(t)["token"].(string))
	}
}

// A49: its table, row by row, for what this server offers. One project of each
// kind; what is revoked is always another one's token.
func TestGlance(t *testing.T) {
	w := newWorld(t)
	w.project("acme/open", model.Public)
	w.project("acme/web", model.Private)
	ctx := context.Background()
	rootSecret := w.rootToken()
	callers := map[string]string{}
	for _, r := range model.Roles {
		callers[r.String()] = w.caller(strings.ToLower(r.String()), "acme/web", r)
		callers["bot "+r.String()] = w.bot("acme/web", r, model.ScopeAPI).Secret.Reveal()
	}
	callers["reading bot"] = w.bot("acme/web", model.Maintainer, model.ScopeReadAPI).Secret.Reveal()
	callers["administrator"] = rootSecret
	callers["auditor"] = w.personal(w.person(model.NewUser{Username: "audrey", Name: "Audrey", Auditor: true}, "", 0))
	callers["stranger"] = w.caller("nora", "", 0)

	const createBody = `{"name":"new","scopes":["read_api"],"access_level":10}`
	always := func(bool) {}
	state := always // changes the instance while the requests are sent, and back
	check := func(row, path string, list, create, revoke int, who ...string) {
		t.Helper()
		ref := strings.ReplaceAll(path, "/", "%2F")
		for _, caller := range who {
			var show []string
			if caller != "nobody" {
				show = []string{token(callers[caller])}
			}
			target := w.bot(path, model.Guest, model.ScopeAPI)
			state(true)
			one := fmt.Sprintf("/api/v4/projects/%s/access_tokens/%d", ref, target.ID)
			all := fmt.Sprintf("/api/v4/projects/%s/access_tokens", ref)
			for what, got := range map[string]answer{"list": w.ask("GET", all, show...), "get": w.ask("GET", one, show...)} {
				if got.status != list {
					t.Errorf("A49 %s: %s: %s: %d %s", row, caller, what, got.status, got.body)
				}
				if list == 401 {
					w.expect("A26 "+row, got, 401, unauthorized)
				}
			}
			if got := w.ask("POST", all, append(show, jsonBody, createBody)...); got.status != create {
				t.Errorf("A49 %s: %s: create: %d %s", row, caller, got.status, got.body)
			} else if create == 201 {
				w.secrets = append(w.secrets, got.object(t)["token"].(string))
			}
			got := w.ask("DELETE", one, show...)
			if got.status != revoke {
				t.Errorf("A49 %s: %s: revoke: %d %s", row, caller, got.status, got.body)
			}
			if revoke == 400 && !regexp.MustCompile(`^\{"message":"400 Bad request - \S+ cannot delete deploy"\}$`).MatchString(got.body) {
				t.Errorf("A44 %s: %s", row, got.body)
			}
			if revoke == 204 && (got.body != "" || got.header.Get("Content-Type") != "") {
				t.Errorf("A1: 204 with %q %q", got.body, got.header.Get("Content-Type"))
			}
			state(false)
		}
	}
	low := []string{"Guest", "Planner", "Reporter", "Developer"}
	lowBots := []string{"bot Guest", "bot Planner", "bot Reporter", "bot Developer"}
	high := []string{"Maintainer", "Owner", "administrator"}
	highBots := []string{"bot Maintainer", "bot Owner"}

	check("no role on a public project", "acme/open", 401, 400, 400, append(append([]string{"stranger"}, low...), append(lowBots, highBots...)...)...)
	check("… Developer", "acme/web", 401, 400, 400, low...)
	check("Maintainer …", "acme/web", 200, 201, 204, high...)
	check("bot, Developer or lower", "acme/web", 401, 400, 400, lowBots...)
	check("bot, Maintainer or Owner", "acme/web", 200, 400, 204, highBots...)
	check("bot, Maintainer, read_api", "acme/web", 200, 403, 403, "reading bot")
	check("auditor", "acme/web", 200, 400, 400, "auditor")
	check("not visible", "acme/web", 404, 404, 404, "stranger")
	check("no token given", "acme/web", 401, 401, 401, "nobody")

	state = func(on bool) {
		g, err := w.db.ChangeGroup(ctx, root, model.GroupRef("acme"), model.PlaceChange{TokenCreation: new(!on)})
		do(w, g, err)
	}
	check("switch off", "acme/web", 200, 400, 204, append(high, "bot Maintainer")...)
	state = func(on bool) { do(w, 0, w.db.SetFeature(ctx, root, model.Ref{}, new(!on))) }
	check("flag off", "acme/web", 401, 400, 400, "Maintainer", "Owner", "bot Owner")
	check("flag off: administrator", "acme/web", 200, 400, 204, "administrator")
	check("flag off: auditor", "acme/web", 200, 400, 400, "auditor")
	state = func(on bool) {
		w.set(model.SettingInstanceKind, map[bool]string{true: model.SaaS, false: model.SelfManaged}[on])
	}
	check("saas + free", "acme/web", 200, 400, 204, high...)
	state(true)
	g, err := w.db.ChangeGroup(ctx, root, model.GroupRef("acme"), model.PlaceChange{Plan: new(model.Trial)})
	do(w, g, err)
	w.expect("R82", w.ask("POST", tokensOfWeb, token(callers["Maintainer"]), jsonBody, createBody), 400,
		`{"message":"400 Bad request - Access token limit reached"}`)
}

// A42, A44, A61: which tokens are a project's, and revoking twice.
func TestRevoke(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	w.project("acme/other", model.Private)
	mona := w.caller("mona", "acme/web", model.Maintainer)
	elsewhere := w.bot("acme/other", model.Guest, model.ScopeAPI)
	made := w.bot("acme/web", model.Guest, model.ScopeSelfRotate)
	const noToken = `{"message":"404 project Access Token Not Found"}`
	for _, id := range []string{fmt.Sprint(elsewhere.ID), "1", "99999", "0", "-1", "self", "x", "%2e%2e", "1.0", strings.Repeat("9", 40)} {
		w.expect("A42 "+id, w.ask("GET", tokensOfWeb+"/"+id, token(mona)), 404, noToken)
		w.expect("A44 "+id, w.ask("DELETE", tokensOfWeb+"/"+id, token(mona)), 404, noToken)
	}
	one := fmt.Sprint(tokensOfWeb, "/", made.ID)
	w.expect("A42 unseen", w.ask("GET", fmt.Sprint("/api/v4/projects/acme%2Fother/access_tokens/", elsewhere.ID), token(mona)), 404, noProject)
	w.expect("A61 any scope", w.ask("DELETE", self, token(made.Secret.Reveal())), 204, "")
	w.expect("A61 next use", w.ask("DELETE", self, token(made.Secret.Reveal())), 401, revoked)
	w.expect("R123 its bot is gone", w.ask("GET", one, token(mona)), 404, noToken)
	w.expect("A44 its bot is gone", w.ask("DELETE", one, token(mona)), 404, noToken)
	w.expect("A59 personal", w.ask("DELETE", self, token(mona)), 204, "")
	w.expect("R154", w.ask("GET", self, token(mona)), 401, revoked)
}

// F20, A58, A60: who may know that there is no such token is told in GitLab's
// words.
func TestNoSuchToken(t *testing.T) {
	w := newWorld(t)
	root := token(w.rootToken())
	for request, want := range map[string]string{
		"GET /api/v4/personal_access_tokens/999":         "404 Not found",
		"DELETE /api/v4/personal_access_tokens/999":      "404 Not found",
		"POST /api/v4/personal_access_tokens/999/rotate": "404 Not Found",
	} {
		method, path, _ := strings.Cut(request, " ")
		w.expect(request, w.ask(method, path, root), 404, `{"message":"`+want+`"}`)
	}
}

// A145: repeated slashes of a path count as one, but not in a part of it; of the
// actors those that are empty are none.
func TestFeatureAsClientsSetIt(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	root := token(w.rootToken())
	for _, path := range []string{"/api/v4/features//resource_access_token", "/api/v4//features///resource_access_token", "/api//v4/features/resource_access_token"} {
		got := w.ask("POST", path, root, jsonBody, `{"value":true,"key":"","feature_group":"","user":"","group":"","namespace":"","project":"acme/web","repository":"","force":false}`)
		if got.status != 201 || !strings.Contains(got.body, `"Project:1"`) {
			t.Errorf("A145: %s: %d %s", path, got.status, got.body)
		}
	}
	w.expect("A145", w.ask("POST", "/api/v4/features/resource_access_token", root, jsonBody, `{"value":true,"user":"root"}`), 400, `{"message":"400 Bad request - unsupported actor"}`)
	w.expect("A4: inside a part", w.ask("GET", "/api/v4/projects/acme%2F%2Fweb", root), 404, `{"message":"404 Project Not Found"}`)
}

// R58: over REST a token may end today, as at GitLab: it is made or rotated, and
// never active.
func TestTokenEndsToday(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	mona := w.caller("mona", "acme/web", model.Maintainer)
	old := w.bot("acme/web", model.Guest, model.ScopeAPI)
	const today = `"expires_at":"2026-11-24"`
	for path, status := range map[string]int{
		tokensOfWeb: 201,
		fmt.Sprintf("%s/%d/rotate", tokensOfWeb, old.ID): 200,
	} {
		got := w.ask("POST", path, token(mona), jsonBody, `{"name":"deploy","scopes":["api"],`+today+`}`)
		if got.status != status || !strings.Contains(got.body, `"active":false`) || !strings.Contains(got.body, today) {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
		secret := got.object(t)["token"].(string)
		w.secrets = append(w.secrets, secret)
		w.expect("R90", w.ask("GET", self, token(secret)), 401, expired)
	}
}
