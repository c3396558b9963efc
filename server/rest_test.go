package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"mime/multipart"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

const (
	unauthorized = `{"message":"401 Unauthorized"}`
	expired      = `{"error":"invalid_token","error_description":"Token is expired. You can either do re-authorization or token refresh."}`
	revoked      = `{"error":"invalid_token","error_description":"Token was revoked. You have to re-authorize from the user."}`
	blocked      = `{"message":"403 Forbidden - Your account has been blocked."}`
	lowScope     = `{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token.","scope":"%s"}`
	noProject    = `{"message":"404 Project Not Found"}`
	noRoute      = `{"error":"404 Not Found"}`
	self         = "/api/v4/personal_access_tokens/self"
	tokensOfWeb  = "/api/v4/projects/acme%2Fweb/access_tokens"
)

// A5, A21, A22: credentials and scopes, each in its place and in GitLab's words.
func TestCredentials(t *testing.T) {
	w := newWorld(t)
	w.project("acme/open", model.Public)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Maintainer, model.ScopeAPI).Secret.Reveal()
	other := w.bot("acme/web", model.Guest, model.ScopeReadRepository).Secret.Reveal()
	dead := w.bot("acme/web", model.Guest, model.ScopeAPI)
	w.revoke(dead.ID)
	mona := w.person(model.NewUser{Username: "mona", Name: "Mona"}, "acme/web", model.Owner)
	monas := w.personal(mona)
	if _, err := w.db.ChangeUser(context.Background(), root, mona.ID, model.UserChange{Blocked: new(true)}); err != nil {
		t.Fatal(err)
	}

	w.expect("A21 none", w.ask("GET", self), 401, unauthorized)
	w.expect("A21 unknown", w.ask("GET", self, token("glpat-12345678901234567890")), 401, unauthorized)
	w.expect("R173 unknown on a public route", w.ask("GET", "/api/v4/projects/acme%2Fopen", token("x")), 401, unauthorized)
	w.expect("R144 too long", w.ask("GET", self, token(strings.Repeat("x", 513))), 401, unauthorized)
	got := w.ask("GET", self, token(dead.Secret.Reveal()))
	w.expect("A21 revoked, R123", got, 401, revoked)
	const challenge = `Bearer realm="Protected by OAuth 2.0", error="invalid_token", error_description="Token was revoked. You have to re-authorize from the user."`
	if h := got.header.Get("WWW-Authenticate"); h != challenge {
		t.Errorf("A21: %s", h)
	}
	w.expect("A21 blocked", w.ask("GET", self, token(monas)), 403, blocked)
	for _, shown := range []string{token(secret), "Private-Token: " + secret, "Authorization: Bearer " + secret, "Authorization: bearer " + secret} {
		if got := w.ask("GET", self, shown); got.status != 200 {
			t.Errorf("A5: %d %s", got.status, got.body)
		}
	}
	for _, shown := range []string{"Authorization: Bearer", "Authorization: Bearer  " + secret, "PRIVATE-TOKEN: ", "JOB-TOKEN: " + secret, "Cookie: private_token=" + secret} {
		w.expect("A5, R144", w.ask("GET", self, shown), 401, unauthorized)
	}
	got = w.ask("GET", self, "Authorization: Basic eDp5")
	w.expect("A5 Basic", got, 401, unauthorized)
	if reason := got.header.Get("X-Patrol-Reason"); !strings.Contains(reason, "PRIVATE-TOKEN") || !strings.Contains(reason, "Bearer") {
		t.Errorf("A5: Basic is told %q", reason)
	}

	t.Run("the first found counts", func(t *testing.T) {
		id := func(path string, options ...string) any { return w.ask("GET", path, options...).object(t)["id"] }
		want := id(self, token(other))
		for _, got := range []any{
			id(self+"?private_token="+other, token(secret)),
			id(self, token(other), "Authorization: Bearer "+secret),
			id(self+"?private_token=", token(other)),
			id(self+"?access_token="+secret, token(other)),
			id(self+"?private_token[]="+secret, token(other)),
			id(self, "Content-Type: application/x-www-form-urlencoded", "private_token="+other),
			id(self+"?private_token="+secret, jsonBody, `{"private_token":"`+other+`"}`),
		} {
			if got != want {
				t.Errorf("A5: token %v, want %v", got, want)
			}
		}
		w.expect("A5 a bad one isn't passed over", w.ask("GET", self+"?private_token=x", token(secret)), 401, unauthorized)
	})

	w.expect("A22", w.ask("GET", "/api/v4/projects/acme%2Fweb", token(other)), 403, fmt.Sprintf(lowScope, "api read_api"))
	w.expect("A22 writes", w.ask("POST", tokensOfWeb, token(other)), 403, fmt.Sprintf(lowScope, "api"))
	w.expect("A22, R173 public", w.ask("GET", "/api/v4/projects/acme%2Fopen", token(other)), 403, fmt.Sprintf(lowScope, "api read_api"))
	w.expect("A22 users", w.ask("GET", "/api/v4/user", token(other)), 403, fmt.Sprintf(lowScope, "api read_api read_user"))
	w.expect("A20 scope before form", w.ask("POST", tokensOfWeb, token(other), jsonBody, "{"), 403, fmt.Sprintf(lowScope, "api"))
	w.expect("A20 scope before project", w.ask("GET", "/api/v4/projects/99/access_tokens", token(other)), 403, fmt.Sprintf(lowScope, "api read_api"))
	w.expect("A20 form before project", w.ask("POST", "/api/v4/projects/99/access_tokens", token(secret), jsonBody, "{"), 400, `{"error":"Problems parsing JSON"}`)

	t.Run("allow_token_in_query=false", func(t *testing.T) {
		w.set(model.SettingTokenInQuery, "false")
		w.expect("A5", w.ask("GET", self+"?private_token="+secret), 401, unauthorized)
		if got := w.ask("GET", self+"?private_token=x", token(secret)); got.status != 200 {
			t.Errorf("A5: it should count as none: %d", got.status)
		}
	})

	t.Run("expired", func(t *testing.T) { // last: the clock stays there
		w.setClock(dead.ExpiresOn.Time().Add(-time.Millisecond))
		if got := w.ask("GET", self, token(secret)); got.status != 200 {
			t.Errorf("R91: %d a millisecond before", got.status)
		}
		w.setClock(dead.ExpiresOn.Time())
		w.expect("R91", w.ask("GET", self, token(secret)), 401, expired)
		w.expect("R93", w.ask("GET", self, token(dead.Secret.Reveal())), 401, expired)
		w.expect("R171 expired before blocked", w.ask("GET", self, token(monas)), 401, expired)
	})
}

// A1, A6, A8: routes, verbs and the headers that every answer has.
func TestRoutes(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Maintainer, model.ScopeAPI).Secret.Reveal()
	for _, path := range []string{"/api", "/api/", "/api/v4", "/api/v4/", "/api/graphql", "/api/v3/user", "/api/v4/nothing",
		"/api/v4/user/x", "/api/v4/project", "/api/v4/projects/1.json/access_tokens/", "/api/v4/../user"} {
		if path == "/api/v4/projects/1.json/access_tokens/" {
			w.expect("A4 no .json after an id", w.ask("GET", path, token(secret)), 404, noProject)
			continue
		}
		w.expect("A8 "+path, w.ask("GET", path, token(secret)), 404, noRoute)
	}
	for path, allow := range map[string]string{
		"/api/v4/user": "GET, HEAD", "/api/v4/user.json": "GET, HEAD", self + "/associations.json": "GET, HEAD", self: "GET, HEAD, DELETE", tokensOfWeb: "GET, HEAD, POST", tokensOfWeb + "/1": "GET, HEAD, DELETE"} {
		got := w.ask("PUT", path)
		w.expect("A8", got, 405, `{"error":"405 Not Allowed"}`)
		if got.header.Get("Allow") != allow {
			t.Errorf("A8: %s: Allow: %s", path, got.header.Get("Allow"))
		}
	}
	whole := w.ask("GET", self, token(secret))
	for _, path := range []string{self, self + "/", self + ".json", strings.Replace(self, "self", "s%65lf", 1)} {
		got := w.ask("GET", path, token(secret))
		if strings.Contains(path, "%65") {
			continue // net/url gives an unneeded escape as it is; either answer will do
		}
		if got.status != 200 || got.body != whole.body {
			t.Errorf("A4: %s: %d %s", path, got.status, got.body)
		}
		for key, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "max-age=0, private, must-revalidate",
			"Vary": "Origin", "X-Content-Type-Options": "nosniff"} {
			if strings.Join(got.header.Values(key), "|") != want {
				t.Errorf("A1, A6: %s: %q", key, got.header.Values(key))
			}
		}
		if got.header.Get("X-Request-Id") == whole.header.Get("X-Request-Id") || got.header.Get("X-Request-Id") == "" {
			t.Errorf("A6: X-Request-Id %q", got.header.Get("X-Request-Id"))
		}
	}
	head := w.ask("HEAD", self, token(secret))
	if head.status != 200 || head.body != "" || head.header.Get("Content-Length") != fmt.Sprint(len(whole.body)) {
		t.Errorf("A8: HEAD: %d %q %s", head.status, head.body, head.header.Get("Content-Length"))
	}
	if !strings.Contains(w.logged(), `path=`+self) || !strings.Contains(w.logged(), "id="+whole.header.Get("X-Request-Id")) {
		t.Error("the log doesn't have the request")
	}
}

// A2: every form that a body can have, and every one that is wrong.
func TestBodies(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	mona := w.caller("mona", "acme/web", model.Maintainer)
	post := func(options ...string) answer {
		return w.ask("POST", tokensOfWeb, append(options, token(mona))...)
	}
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	parts.WriteField("name", "deploy")
	parts.WriteField("scopes[]", "api")
	parts.Close()
	created := func(got answer) {
		t.Helper()
		if got.status != 201 {
			t.Errorf("A2: %d %s", got.status, got.body)
			return
		}
		w.secrets = append(w.secrets, got.object(t)["token"].(string))
	}
	created(post(jsonBody, `{"name":"deploy","scopes":["api"]}`))
	created(post("Content-Type: application/json; charset=utf-8", ` {"name":"deploy","scopes":["api"],"nonsense":{"a":[1]}} `))
	created(post("Content-Type: application/x-www-form-urlencoded", "name=deploy&scopes%5B%5D=api&scopes[]=read_api"))
	created(post("Content-Type: application/x-www-form-urlencoded", "name=deploy&scopes[0]=api"))
	created(post("Content-Type: "+parts.FormDataContentType(), form.String()))
	created(w.ask("POST", tokensOfWeb+"?name=deploy&scopes[]=api", token(mona)))
	created(w.ask("POST", tokensOfWeb+"?name=query&scopes[]=api", token(mona), jsonBody, `{"name":"body"}`))
	if got := w.ask("POST", tokensOfWeb+"?name=query&scopes[]=api", token(mona), jsonBody, `{"name":"body"}`).object(t); got["name"] != "body" {
		t.Errorf("A2: body beats query: %v", got["name"])
	}

	missing := `{"error":"name is missing, scopes is missing"}`
	w.expect("A2 nothing", post(), 400, missing)
	w.expect("A2 empty", post(jsonBody, ""), 400, missing)
	w.expect("A2 null", post(jsonBody, "null"), 400, missing)
	w.expect("A2 a text is no array", post("Content-Type: application/x-www-form-urlencoded", "name=x&scopes=api"), 400, `{"error":"scopes is invalid"}`)
	w.expect("A2 nor in JSON", post(jsonBody, `{"name":"x","scopes":"api"}`), 400, `{"error":"scopes is invalid"}`)
	for _, broken := range []string{`{`, `{"name":"x"}}`, `[1]`, `"x"`, `{"name":"x"`, "{'a':1}", strings.Repeat(`{"a":`, 20000), "\x1f\x8b\x08"} {
		w.expect("A2 broken JSON", post(jsonBody, broken), 400, `{"error":"Problems parsing JSON"}`)
	}
	w.expect("A2 broken form", post("Content-Type: application/x-www-form-urlencoded", "name=%zz"), 400, `{"error":"Problems parsing the form"}`)
	w.expect("A2 broken form", post("Content-Type: multipart/form-data; boundary=b", "--b\r\nx"), 400, `{"error":"Problems parsing the form"}`)
	if got := post("Content-Type: text/plain", "name=x"); got.status != 415 {
		t.Errorf("A2: text/plain: %d %s", got.status, got.body)
	}
	w.expect("A2 too large", post(jsonBody, `{"name":"`+strings.Repeat("x", 1<<20)+`"}`), 413, `{"message":"413 Request Entity Too Large"}`)

	var bomb bytes.Buffer // a body that unpacks to far more is not unpacked
	zip := gzip.NewWriter(&bomb)
	zip.Write(make([]byte, 64<<20))
	zip.Close()
	if got := post(jsonBody, "Content-Encoding: gzip", bomb.String()); got.status != 415 {
		t.Errorf("A2: gzip: %d %s", got.status, got.body)
	}
}

// Bad headers are refused before anything is looked at.
func TestHugeHeader(t *testing.T) {
	w := newWorld(t)
	conn := w.dial()
	defer conn.Close()
	go func() {
		fmt.Fprint(conn, "GET /-/liveness HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: ")
		conn.Write(bytes.Repeat([]byte("x"), 10<<20)) // the server stops reading before its end
	}()
	answer := make([]byte, 12)
	if _, err := conn.Read(answer); err != nil || string(answer) != "HTTP/1.1 431" {
		t.Errorf("%q, %v", answer, err)
	}
}

// A9, R174: with --at nothing is written, and what would be is refused.
func TestReadOnly(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	mona := w.caller("mona", "acme/web", model.Maintainer)
	made := w.bot("acme/web", model.Developer, model.ScopeAPI)
	w.open(true)
	w.serve()
	if got := w.ask("GET", self, token(mona)); got.status != 200 {
		t.Errorf("R174: reading: %d", got.status)
	}
	for _, got := range []answer{
		w.ask("POST", tokensOfWeb, token(mona), jsonBody, `{"name":"x","scopes":["api"]}`),
		w.ask("DELETE", fmt.Sprint(tokensOfWeb, "/", made.ID), token(mona)),
		w.ask("DELETE", self, token(mona)),
	} {
		if got.status != 503 || !strings.HasPrefix(got.body, `{"message":"503 Service Unavailable - `) || got.header.Get("Retry-After") != "" {
			t.Errorf("R174: %d %s", got.status, got.body)
		}
	}
	got := w.git("GET", "/acme/web.git/info/refs?service=git-receive-pack", "any", made.Secret.Reveal())
	if got.status != 503 || !strings.Contains(got.body, "--at") {
		t.Errorf("R174: push: %d %s", got.status, got.body)
	}
	if got := w.git("GET", "/acme/web.git/info/refs?service=git-upload-pack", "any", made.Secret.Reveal()); got.status != 200 {
		t.Errorf("R174: fetch: %d %s", got.status, got.body)
	}
}

// knowing is a store that knows the time and the settings, and nothing else.
type knowing struct {
	model.Store // nil: it panics
	db          model.Store
}

func (k knowing) Now() time.Time { return k.db.Now() }

func (k knowing) Setting(ctx context.Context, key string) (string, error) {
	return k.db.Setting(ctx, key)
}

// A9: a failure of ours says nothing about itself, but in the log.
func TestPanic(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Maintainer, model.ScopeAPI).Secret.Reveal()
	w.serve(func(c *Config) { c.Store = knowing{db: w.db} })
	w.expect("A9", w.ask("GET", "/api/v4/projects/1", token(secret)), 500, `{"message":"500 Internal Server Error"}`)
	w.expect("A9 Git", w.git("GET", "/acme/web"+fetchRefs, "x", secret), 500, "Internal Server Error\n")
	if !strings.Contains(w.logged(), "panic") {
		t.Error("a panic isn't in the log")
	}
}

// The database is lost under the doors: each says that nothing was done and that
// it may pass later, and the log says why (A9, P4).
func TestUnavailable(t *testing.T) {
	w := newFileWorld(t) // test/ has PostgreSQL go away
	p := w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Maintainer, model.ScopeAPI, model.ScopeReadRegistry, model.ScopeAIFeatures, model.ScopeK8sProxy).Secret.Reveal()
	w.serve(func(c *Config) { c.Keys = t.TempDir() })
	if err := os.Truncate(filepath.Join(w.dir, "patrol.db-wal"), 0); err != nil { // reading is an I/O error now
		t.Fatal(err)
	}
	for name, ask := range map[string]func() answer{
		"REST": func() answer { return w.ask("GET", "/api/v4/projects/1", token(secret)) },
		"a change": func() answer {
			return w.ask("POST", "/api/v4/projects/1/issues", token(secret), jsonBody, `{"title":"x"}`)
		},
		"Git":    func() answer { return w.git("GET", "/acme/web"+fetchRefs, "x", secret) },
		"a site": func() answer { return w.ask("GET", "/auth?via=nginx", token(secret), "X-Original-Method: GET") },
		"images": func() answer { a, _, _ := w.images("", "x", secret); return a },
		"AI":     func() answer { return w.ask("POST", "/api/v4/chat/completions", token(secret)) },
		"a cluster": func() answer {
			return w.ask("GET", "/-/k8s-proxy/", fmt.Sprintf("Authorization: Bearer pat:%d:%s", p.ID, secret))
		},
		"metrics": func() answer { return w.ask("GET", "/-/metrics", token(secret)) },
	} {
		before := strings.Count(w.logged(), "request failed")
		if got := ask(); got.status != 503 || got.header.Get("Retry-After") == "" {
			t.Errorf("A9 %s: %d, Retry-After %q: %s", name, got.status, got.header.Get("Retry-After"), got.body)
		}
		if strings.Count(w.logged(), "request failed") == before {
			t.Errorf("%s: the log doesn't say why", name)
		}
	}
}

// Words that are longer than a pattern may be get an answer.
func TestLongQueries(t *testing.T) {
	w := newWorld(t)
	auth := token(w.rootToken())
	for _, path := range []string{"projects", "groups", "users", "personal_access_tokens"} {
		w.expect("A23", w.ask("GET", "/api/v4/"+path+"?search="+strings.Repeat("a", 55_000), auth), 400, `{"error":"search is invalid"}`)
	}
}
