package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"patrol/model"
)

// G99: who is told.
func TestWhoReadsMetrics(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	admin := func(scope model.Scope) string {
		t.Helper()
		made, err := w.db.CreateToken(t.Context(), root, model.NewToken{UserID: model.RootID, Name: "scrape", Scopes: model.Scopes{scope}})
		if err != nil {
			t.Fatal(err)
		}
		return made.Secret.Reveal()
	}
	bot := w.bot("acme/web", model.Maintainer, model.ScopeAPI).Secret.Reveal()
	s, err := New(Config{Store: w.db})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		peer   string
		header []string
		want   int
	}{
		{"127.0.0.1:5", nil, 200},
		{"[::1]:5", nil, 200},
		{"[::ffff:127.0.0.1]:5", nil, 200},
		{"10.0.0.7:5", nil, 404},
		{"@", nil, 404},
		{"127.0.0.1:5", []string{"X-Forwarded-For", "127.0.0.1"}, 404},
		{"127.0.0.1:5", []string{"x-forwarded-for", ""}, 404},
		{"127.0.0.1:5", []string{"Forwarded", "for=127.0.0.1"}, 404},
		{"127.0.0.1:5", []string{"Via", "1.1 nginx"}, 404},
		{"127.0.0.1:5", []string{"X-Real-IP", "127.0.0.1"}, 404},
		{"10.0.0.7:5", []string{"X-Forwarded-For", "127.0.0.1"}, 404},
		{"10.0.0.7:5", []string{"Private-Token", admin(model.ScopeReadAPI)}, 200},
		{"10.0.0.7:5", []string{"Authorization", "Bearer " + admin(model.ScopeAPI)}, 200},
		{"10.0.0.7:5", []string{"Authorization", "Bearer " + admin(model.ScopeReadUser)}, 404},
		{"10.0.0.7:5", []string{"Private-Token", bot}, 404},
		{"10.0.0.7:5", []string{"Private-Token", "glpat-nonsense"}, 404},
		{"127.0.0.1:5", []string{"Private-Token", bot}, 404},
		{"127.0.0.1:5", []string{"Authorization", "Digest nonsense"}, 404},
		{"127.0.0.1:5", []string{"X-Forwarded-For", "10.0.0.7", "Private-Token", admin(model.ScopeAPI)}, 200},
	} {
		r := httptest.NewRequest("GET", "/-/metrics", nil)
		r.RemoteAddr = c.peer
		for i := 0; i < len(c.header); i += 2 {
			r.Header.Set(c.header[i], c.header[i+1])
		}
		answer := httptest.NewRecorder()
		s.Handler().ServeHTTP(answer, r)
		if answer.Code != c.want || c.want == http.StatusNotFound && answer.Body.String() != "Not Found\n" {
			t.Errorf("G99: from %s with %q: %d, want %d", c.peer, c.header, answer.Code, c.want)
		}
	}
}

// G99: nothing that clients or people write is a label; what doors do is counted.
func TestMetricsOfRequests(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	before := w.ask("GET", "/-/metrics").body
	w.ask("GET", "/api/v4/user", token(secret))
	w.ask("GET", "/api/v4/projects/acme%2Fweb/access_tokens", token(secret)) // R44
	w.ask("GET", "/api/v4/user", token("glpat-nonsense"))                    // R145
	w.ask("GET", "/acme/web.git/info/refs?service=git-upload-pack")
	for _, path := range []string{"/api/v4/projects/evil%22%7D", "/evil%0Apatrol_evil%201", "/evil.git/info/refs?service=git-upload-pack", "/-/evil", "/api/v4/evil"} {
		w.ask("GET", path, token("evil"))
		w.ask("EVIL", path, token(secret))
	}
	text := w.ask("GET", "/-/metrics").body
	for _, name := range []string{"evil", "acme", "deploy", secret, "127.0.0.1"} {
		if strings.Contains(strings.ToLower(text), name) {
			t.Errorf("G99: %s is in the metrics", name)
		}
	}
	for _, want := range []string{
		`patrol_decisions_total{door="api",outcome="allowed",rule=""} 1`,
		`patrol_decisions_total{door="api",outcome="refused",rule="R44"} 1`,
		`patrol_decisions_total{door="api",outcome="refused",rule="R145"}`,
		`patrol_request_duration_seconds_count{door="api"}`,
		`patrol_git_processes 0`, `patrol_git_requests_waiting 0`, `patrol_limited_total{limit="rate_limit_failed_logins"} 0`,
		`patrol_build_info{revision="unknown"} 1`, "process_resident_memory_bytes", "go_goroutines",
	} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("G99: %s isn't there", want)
		}
	}
	if more := strings.Count(text, "\npatrol_") - strings.Count(before, "\npatrol_"); more > 8 {
		t.Errorf("G99: hostile requests made %d series", more)
	}
}
