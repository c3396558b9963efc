package server

import (
	"strings"
	"testing"

	"patrol/model"
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
