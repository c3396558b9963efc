package server

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"patrol/model"
)

// upstream is a server behind a gateway that tells what it was sent.
func upstream(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

// echo tells the request as it came.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Set-Cookie", "a=b")
	w.Header().Set("X-Upstream", "yes")
	w.WriteHeader(http.StatusTeapot)
	json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "uri": r.RequestURI, "host": r.Host, "header": r.Header, "body": string(body)})
}

type echoed struct {
	Method, URI, Host, Body string
	Header                  http.Header
}

func (w *world) cluster(url string, more string) {
	w.Helper()
	w.set(model.SettingK8sUpstreams, fmt.Sprintf(`[{"id":3,"project":"acme/web","url":%q%s},{"id":4,"project":"other/web","url":%q}]`, url, more, url))
}

// What reaches an upstream: the request, who asks, and nothing of his secret
// (G80, G83, G84, G85).
func TestAIGateway(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	made := w.bot("acme/web", model.Reporter, model.ScopeAIFeatures)
	secret := made.Secret.Reveal()
	const path = "/api/v4/chat/completions"
	w.expect("G80 without one", w.ask("POST", path, token(secret)), 404, `{"message":"404 Not Found"}`)
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("upstream-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	url := upstream(t, echo)
	w.set(model.SettingAIUpstream, fmt.Sprintf(`{"url":"%s/v1/","key_file":%q}`, url, key))
	w.expect("A21", w.ask("POST", path), 401, `{"message":"401 Unauthorized"}`)
	w.expect("A21", w.ask("POST", path, token("glpat-aaaaaaaaaaaaaaaaaaaa")), 401, `{"message":"401 Unauthorized"}`)
	w.expect("A22", w.ask("POST", path, token(w.bot("acme/web", model.Owner, model.ScopeReadAPI).Secret.Reveal())), 403,
		`{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token.","scope":"api ai_features"}`)
	got := w.ask("POST", path+"?a=1&private_token="+secret+"&b=%20", token(secret), "Cookie: x=y", "JOB-TOKEN: z", "X-Patrol-User: root", "X-patrol-role: owner", "X_Patrol_User: root", "x_patrol-Scopes: api", "Impersonate_User: admin",
		"Impersonate-User: admin", "X-Forwarded-For: 6.6.6.6", "Connection: X-Patrol-User", "X-Other: kept", `{"hello":1}`)
	if got.status != http.StatusTeapot || got.header.Get("X-Upstream") != "yes" || got.header.Get("Set-Cookie") != "" {
		t.Fatalf("G85: %d %v %s", got.status, got.header, got.body)
	}
	var seen echoed
	if err := json.Unmarshal([]byte(got.body), &seen); err != nil {
		t.Fatal(err)
	}
	if seen.Method != "POST" || seen.URI != "/v1/chat/completions?a=1&b=%20" || seen.Body != `{"hello":1}` || "http://"+seen.Host != url {
		t.Errorf("G80: %+v", seen)
	}
	for name, want := range map[string]string{
		"X-Patrol-User": made.User.Username, "X-Patrol-Project": "acme/web", "X-Patrol-Role": "reporter", "X-Patrol-Scopes": "ai_features",
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Request-Id": got.header.Get("X-Request-Id"), "Authorization": "Bearer upstream-key", "X-Other": "kept",
		"Private-Token": "", "Cookie": "", "Job-Token": "", "Impersonate-User": "",
		"X_patrol_user": "", "X_patrol-Scopes": "", "Impersonate_user": "",
	} {
		if values := strings.Join(seen.Header[name], "|"); values != want {
			t.Errorf("G84: %s is %q, want %q", name, values, want)
		}
	}
	if strings.Contains(got.body, secret) {
		t.Error("G83: the secret reaches the upstream")
	}
	for _, path := range []string{"/api/v4/code_suggestions/../../admin", "/api/v4/code_suggestions/%2e%2e/x", "/api/v4/code_suggestions/..%2fx", `/api/v4/code_suggestions/..%5Cx`, "/api/v4/code_suggestions/a%00b"} {
		if got := w.ask("POST", path, token(secret)); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	w.set(model.SettingAIUpstream, fmt.Sprintf(`{"url":"http://%s"}`, closedAddress(t)))
	w.expect("G85", w.ask("POST", path, token(secret)), 502, `{"message":"502 Bad Gateway"}`)
	w.set(model.SettingAIUpstream, fmt.Sprintf(`{"url":%q,"key_file":"/nonexistent/key"}`, url))
	w.expect("G85", w.ask("POST", path, token(secret)), 502, `{"message":"502 Bad Gateway"}`)
}

// closedAddress is one at which nobody listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Who reaches a cluster, and as whom (G81, G82, G84).
func TestKubernetesGateway(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	w.project("other/web", model.Private)
	w.cluster(upstream(t, echo), `,"access_as":"user"`)
	developer := w.bot("acme/web", model.Developer, model.ScopeK8sProxy)
	revoked := w.bot("acme/web", model.Owner, model.ScopeK8sProxy)
	w.revoke(revoked.ID)
	status := func(code int, reason, text string) string {
		return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":%q,"reason":%q,"code":%d}`, text, reason, code)
	}
	const path = "/-/k8s-proxy/api/v1/pods?watch=1"
	unauthorized, missing := status(401, "Unauthorized", "Unauthorized"), status(404, "NotFound", "the server could not find the requested resource")
	for _, c := range []struct {
		what, credentials string
		status            int
		body              string
	}{
		{"revoked", "Bearer pat:3:" + revoked.Secret.Reveal(), 401, unauthorized},
		{"unknown", "Bearer pat:3:glpat-aaaaaaaaaaaaaaaaaaaa", 401, unauthorized},
		{"without api's help", "Bearer pat:3:" + w.bot("acme/web", model.Owner, model.ScopeAPI).Secret.Reveal(), 403,
			status(403, "Forbidden", "forbidden: The token's scopes don't open the Kubernetes gateway.")},
		{"a Reporter", "Bearer pat:3:" + w.bot("acme/web", model.Reporter, model.ScopeK8sProxy).Secret.Reveal(), 403,
			status(403, "Forbidden", "forbidden: To push images and packages needs the role Developer; the role here is Reporter.")},
		{"no such cluster", "Bearer pat:5:" + developer.Secret.Reveal(), 404, missing},
		{"an unseen project's", "Bearer pat:4:" + developer.Secret.Reveal(), 404, missing},
	} {
		w.expect("G82 "+c.what, w.ask("GET", path, "Authorization: "+c.credentials), c.status, c.body)
	}
	for _, malformed := range []string{"", "Bearer " + developer.Secret.Reveal(), "Bearer pat:x:" + developer.Secret.Reveal(), "Bearer pat:3", "Basic pat:3:x", "Bearer job:3:x"} {
		got := w.ask("GET", path, "Authorization: "+malformed)
		if got.status != 401 || !strings.Contains(got.body, `"reason":"Unauthorized"`) {
			t.Errorf("G82: %q: %d %s", malformed, got.status, got.body)
		}
	}
	got := w.ask("GET", path, "Authorization: Bearer pat:3:"+developer.Secret.Reveal(), "Impersonate-Group: system:masters")
	var seen echoed
	if err := json.Unmarshal([]byte(got.body), &seen); err != nil {
		t.Fatal(err, got.body)
	}
	groups := []string{"gitlab:user", "gitlab:project_role:1:guest", "gitlab:project_role:1:planner", "gitlab:project_role:1:reporter", "gitlab:project_role:1:developer"}
	if seen.URI != "/api/v1/pods?watch=1" || !slices.Equal(seen.Header["Impersonate-Group"], groups) ||
		seen.Header.Get("Impersonate-User") != "gitlab:user:"+developer.User.Username || seen.Header.Get("Authorization") != "" {
		t.Errorf("G84: %+v", seen)
	}
	if got := w.ask("GET", "/api/v4/metadata", token(w.rootToken())); !strings.Contains(got.body, `"enabled":true,"externalUrl":null,"externalK8sProxyUrl":"`+w.url+`/-/k8s-proxy/"`) {
		t.Errorf("A141: %s", got.body)
	}
	w.set(model.SettingK8sUpstreams, `[]`)
	if got := w.ask("GET", "/api/v4/metadata", token(w.rootToken())); !strings.Contains(got.body, `"enabled":false,"externalUrl":null,"externalK8sProxyUrl":null`) {
		t.Errorf("A141: %s", got.body)
	}
	w.revoke(developer.ID)
	if got := w.ask("GET", path, "Authorization: Bearer pat:3:"+developer.Secret.Reveal()); got.status != 401 {
		t.Errorf("G82: the next request after a revocation: %d", got.status)
	}
}

// An upgraded connection passes both ways (kubectl exec), and what an upstream
// does wrong ends with itself.
func TestUpgrade(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeK8sProxy).Secret.Reveal()
	w.cluster(upstream(t, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exec":
			conn, both, _ := http.NewResponseController(rw).Hijack()
			defer conn.Close()
			fmt.Fprintf(both, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", r.Header.Get("Upgrade"))
			both.Flush()
			line, _ := both.ReadString('\n')
			fmt.Fprintf(both, "you said %s", line)
			both.Flush()
		case "/dies":
			rw.Header().Set("Content-Length", "100")
			io.WriteString(rw, "half")
			http.NewResponseController(rw).Flush()
			panic(http.ErrAbortHandler)
		case "/talks":
			conn, both, _ := http.NewResponseController(rw).Hijack()
			defer conn.Close()
			both.WriteString("HTTP/1.1 200 OK\r\n")
			for range 1 << 20 {
				if _, err := both.WriteString("X-Long: " + strings.Repeat("x", 100) + "\r\n"); err != nil {
					return
				}
			}
		}
	}), "")
	conn := w.dial()
	defer conn.Close()
	fmt.Fprintf(conn, "POST /-/k8s-proxy/exec HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer pat:3:%s\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n", secret)
	in := bufio.NewReader(conn)
	answer, err := http.ReadResponse(in, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols || answer.Header.Get("Upgrade") != "SPDY/3.1" {
		t.Fatalf("G81: %v %v", answer, err)
	}
	io.WriteString(conn, "hello\n")
	if line, err := in.ReadString('\n'); line != "you said hello\n" {
		t.Errorf("G81: %q %v", line, err)
	}
	r, _ := http.NewRequest("GET", w.url+"/-/k8s-proxy/dies", nil)
	r.Header.Set("Authorization", "Bearer pat:3:"+secret)
	if answer, err := client.Do(r); err == nil {
		if text, err := io.ReadAll(answer.Body); err == nil {
			t.Errorf("G85: half an answer is taken for the whole: %q", text)
		}
		answer.Body.Close()
	}
	if got := w.ask("GET", "/-/k8s-proxy/talks", "Authorization: Bearer pat:3:"+secret); got.status != http.StatusBadGateway || !strings.Contains(got.body, `"code":502`) {
		t.Errorf("G85: a head without end: %d %s", got.status, got.body)
	}
}
