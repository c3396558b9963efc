package server

import (
	"strings"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"
)

// Forward-auth: every answer is 200, 401 or 403 with an empty body, and says who
// was let through (G90–G96).
func TestSite(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	w.project("other/open", model.Public)
	api := w.bot("acme/web", model.Developer, model.ScopeAPI)
	reads := w.bot("acme/web", model.Guest, model.ScopeReadAPI, model.ScopeReadRegistry).Secret.Reveal()
	repository := w.bot("acme/web", model.Maintainer, model.ScopeReadRepository).Secret.Reveal()
	personal := w.caller("ann", "acme/web", model.Reporter)
	revoked := w.bot("acme/web", model.Owner, model.ScopeAPI)
	w.revoke(revoked.ID)
	secret := api.Secret.Reveal()
	const nginx, forwarded = "X-Original-Method: ", "X-Forwarded-Method: "
	for _, c := range []struct {
		rule, query, secret, header string
		status                      int
		role                        string
	}{
		{"G92", "?via=nginx", reads, nginx + "GET", 200, "guest"},
		{"G92", "?via=nginx", reads, nginx + "POST", 403, ""},
		{"G92", "?via=nginx", secret, nginx + "POST", 200, "developer"},
		{"G92", "?via=forwarded", reads, forwarded + "HEAD", 200, "guest"},
		{"G93 no via", "", reads, nginx + "GET", 403, ""},
		{"G93 no header", "?via=nginx", reads, "", 403, ""},
		{"G93 the other pair", "?via=nginx", reads, forwarded + "GET", 403, ""},
		{"G93", "?via=apache", reads, nginx + "GET", 403, ""},
		{"G91 scope", "?scope=read_registry,api", reads, "", 200, "guest"},
		{"G91 scope", "?via=nginx&scope=write_registry", reads, nginx + "GET", 403, ""},
		{"G91 scope", "?scope=everything", secret, "", 403, ""},
		{"G92", "", repository, "", 403, ""},
		{"G91 role", "?role=developer", secret, "", 200, "developer"},
		{"G91 role", "?role=maintainer", secret, "", 403, ""},
		{"G91 role", "?role=king", secret, "", 403, ""},
		{"G91 project", "?project=acme/web", secret, "", 200, "developer"},
		{"G91 project", "?project=ACME/Web", secret, "", 200, "developer"},
		{"G91 a public project asks for a role too", "?project=other/open&via=nginx", secret, nginx + "GET", 403, ""},
		{"G95", "?project=acme/none", secret, "", 403, ""},
		{"G91 personal", "?project=acme/web&via=nginx", personal, nginx + "GET", 200, "reporter"},
		{"G91 personal", "?via=nginx", personal, nginx + "GET", 403, ""},
		{"G94", "", revoked.Secret.Reveal(), "", 401, ""},
		{"G94", "", "glpat-aaaaaaaaaaaaaaaaaaaa", "", 401, ""},
		{"G95", "?project=other/open", "", "", 401, ""},
	} {
		options := []string{"X-Patrol-User: root", "X-Patrol-Role: owner"}
		if c.secret != "" {
			options = append(options, "Authorization: Bearer "+c.secret)
		}
		if c.header != "" {
			options = append(options, c.header)
		}
		got := w.ask("GET", "/auth"+c.query, options...)
		if got.status != c.status || got.body != "" || got.header.Get("Cache-Control") != "no-store" || got.header.Get("X-Patrol-Role") != c.role {
			t.Errorf("%s: %s with %q: %d %q %v", c.rule, c.query, c.header, got.status, got.body, got.header)
		}
		if challenge := got.header.Get("WWW-Authenticate"); (challenge == `Basic realm="patrol"`) != (c.status == 401) {
			t.Errorf("G94: %s: %d with %q", c.query, c.status, challenge)
		}
		if (got.header.Get("X-Patrol-Reason") != "") != (c.status == 403) {
			t.Errorf("G95: %s: %d with the reason %q", c.query, c.status, got.header.Get("X-Patrol-Reason"))
		}
	}
	const basicly = "Authorization: Basic "
	for _, way := range []string{"PRIVATE-TOKEN: " + secret, "Authorization: bearer " + secret, basicly + basic("x", secret)} {
		got := w.ask("DELETE", "/auth", way)
		for name, want := range map[string]string{"X-Patrol-User": api.User.Username, "X-Patrol-Project": "acme/web", "X-Patrol-Role": "developer",
			"X-Patrol-Scopes": "api", "X-Patrol-Token-Id": "1"} {
			if got.status != 200 || strings.Join(got.header[name], "|") != want {
				t.Errorf("G96: %s: %d %q", name, got.status, got.header[name])
			}
		}
	}
	for _, way := range []string{basicly + basic(" ", secret), basicly + basic(secret, ""), "Authorization: Digest x"} {
		if got := w.ask("GET", "/auth", way); got.status != 401 {
			t.Errorf("G94: %s: %d", way, got.status)
		}
	}
	w.revoke(api.ID)
	if got := w.ask("GET", "/auth", "Authorization: Bearer "+secret); got.status != 401 {
		t.Errorf("G97: the next request after a revocation: %d", got.status)
	}
	if strings.Contains(w.logged(), "scope=read_registry") {
		t.Error("G93: the query is in the log")
	}
}

// The default is the token's own group, too, and people who aren't in it aren't
// let in by what is public (G91, G96).
func TestSiteOfGroup(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Public)
	made, err := w.db.CreateToken(t.Context(), root, model.NewToken{Place: model.GroupRef("acme"), Name: "fleet", Scopes: model.Scopes{model.ScopeAPI}, Role: model.Maintainer})
	secret := w.keep(do(w, made, err)).Secret.Reveal()
	for query, want := range map[string]string{"": "acme", "?project=acme/web": "acme/web"} {
		got := w.ask("PUT", "/auth"+query, token(secret))
		if got.status != 200 || got.header.Get("X-Patrol-Project") != want || got.header.Get("X-Patrol-Role") != "maintainer" {
			t.Errorf("G96: %q: %d %v", query, got.status, got.header)
		}
	}
	stranger := w.caller("eve", "", model.NoRole)
	if got := w.ask("GET", "/auth?project=acme/web&via=nginx", token(stranger), "X-Original-Method: GET"); got.status != 403 || got.header.Get("X-Patrol-Rule") != "G91" {
		t.Errorf("G91: a public project asks for a role: %d %v", got.status, got.header)
	}
}

// A place that isn't there yet is there at once when it is made, and what a
// caller had there is gone at once (R92).
func TestSiteChanges(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	ann := w.person(model.NewUser{Username: "ann"}, "acme/web", model.Developer)
	secret := w.personal(ann)
	status := func(project string) int { return w.ask("GET", "/auth?project="+project, token(secret)).status }
	if got := status("acme/new"); got != 403 {
		t.Errorf("G95: %d", got)
	}
	w.project("acme/new", model.Private)
	if _, err := w.db.AddMember(t.Context(), root, model.ProjectRef("acme/new"), ann.ID, model.Guest, 0); err != nil {
		t.Fatal(err)
	}
	if got := status("acme/new"); got != 200 {
		t.Errorf("G97: a place just made: %d", got)
	}
	if err := w.db.RemoveMember(t.Context(), root, model.ProjectRef("acme/new"), ann.ID); err != nil {
		t.Fatal(err)
	}
	if got := status("acme/new"); got != 403 {
		t.Errorf("R92: a membership just ended: %d", got)
	}
}

// Limits and panics are answered as proxies take it, too: 5xx without a body (G90).
func TestSiteAnswers(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	unwell := func(what string, got answer, status int) {
		t.Helper()
		if got.status != status || got.body != "" || got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Type") != "" {
			t.Errorf("G90: %s: %d %q %v", what, got.status, got.body, got.header)
		}
	}
	for _, limit := range []string{model.SettingTokenLimit, model.SettingAddressLimit, model.SettingLoginLimit} {
		w.set(limit, "1")
		w.setClock(w.clock().Add(time.Minute))
		shows := secret
		if limit == model.SettingLoginLimit {
			shows = "glpat-aaaaaaaaaaaaaaaaaaaa"
		}
		if got := w.ask("GET", "/auth", token(shows)); got.status != 200 && got.status != 401 {
			t.Errorf("R190: the first: %d", got.status)
		}
		got := w.ask("GET", "/auth", token(shows))
		unwell(limit, got, 503)
		if got.header.Get("Retry-After") == "" {
			t.Errorf("R190: %s: no Retry-After", limit)
		}
		w.set(limit, "")
	}
	for _, path := range []string{"/auth/", "/authority", "/%61uth"} {
		if got := w.ask("GET", path, token(secret)); got.status != 404 {
			t.Errorf("G90: %s: %d", path, got.status)
		}
	}
	w.serve(func(c *Config) { c.Store = knowing{db: w.db} })
	unwell("a panic", w.ask("GET", "/auth", token(secret)), 500)
}

// The address that a proxy asks for is logged without its query and without a
// secret, and decides nothing; nothing that a client makes up is kept whole (G93).
func TestSiteLog(t *testing.T) {
	var o *overheard
	w := newWorld(t, func(c *Config) {
		o = &overheard{DB: c.Store.(*storage.DB)}
		c.Store = o
	})
	w.project("acme/web", model.Private)
	made := w.bot("acme/web", model.Guest, model.ScopeReadAPI)
	secret := made.Secret.Reveal()
	for _, c := range []struct{ via, method, address, told string }{
		{"nginx", "X-Original-Method: GET", "X-Original-URI: /page?q=hush", "used"},
		{"forwarded", "X-Forwarded-Method: GET", "X-Forwarded-Uri: /other#hush", "used"},
		{"nginx", "X-Original-Method: POST", "X-Forwarded-Uri: /hush", `"auth POST" R60`},
		{"nginx", "X-Original-Method: PURGE", "X-Original-URI: /at/" + secret, `"auth PURGE" R60`},
		{"nginx", "X-Original-Method: HUSH-" + strings.Repeat("x", 2000), "X-Original-URI: /" + strings.Repeat("y", 2000), `"auth POST" R60`},
	} {
		w.ask("GET", "/auth?via="+c.via, token(secret), c.method, c.address)
		if told := o.taken(); !strings.Contains(told, c.told) {
			t.Errorf("G93: %s: %s", c.method[:20], told)
		}
	}
	w.ask("GET", "/auth?role=hush", token(secret))
	w.ask("GET", "/auth?scope=hush", token(secret))
	w.ask("GET", "/auth?via=hush", token(secret))
	log := w.logged()
	for _, want := range []string{"msg=site", "path=/page", "path=/other", "path=/at/[hidden]", "method=PURGE"} {
		if !strings.Contains(log, want) {
			t.Errorf("G93: nothing in the log of %s", want)
		}
	}
	if strings.Contains(strings.ToLower(log), "hush") || strings.Contains(log, strings.Repeat("y", 1025)) {
		t.Error("G93: what doesn't belong there is in the log")
	}
}
