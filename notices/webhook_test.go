package notices

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

// received is what a receiver was sent.
type received struct {
	header http.Header
	body   string
}

// receiver is a server that answers as told, and keeps what it was sent.
func receiver(t *testing.T, answer http.HandlerFunc) (*httptest.Server, chan received) {
	t.Helper()
	got := make(chan received, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- received{r.Header, string(text)}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s, got
}

// R162: each event is posted, signed as Standard Webhooks say over id, time and
// body; what fails is sent again with the same id, later ones after it; what was
// taken isn't sent again.
func TestWebhook(t *testing.T) {
	h := newHouse(t)
	status := http.StatusInternalServerError
	s, got := receiver(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	key := []byte("0123456789abcdef")
	r := h.runner("one", Target{Name: "chat", Type: "webhook", URL: s.URL + "/path-secret", Secret: "whsec_" + base64.StdEncoding.EncodeToString(key)})
	h.create("deploy")
	h.create(`evil"},{"X`)
	var waits []time.Duration
	for range 9 {
		if _, err := r.round(t.Context()); err == nil || err.Error() != "it answered 500" {
			t.Fatalf("a receiver that fails: %v", err)
		}
		waits = append(waits, r.patience())
	}
	if waits[0] != retryFirst || waits[1] != 2*retryFirst || waits[8] != retryLast {
		t.Errorf("the back-off is %v", waits)
	}
	if state := h.state(); state.Failures != 9 || state.Error != "it answered 500" || !state.FailingAt.Equal(h.at) || strings.Contains(state.Error, "secret") {
		t.Errorf("%+v", state)
	}
	status = http.StatusNoContent
	if _, err := r.round(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state := h.state(); state.Failures != 0 || state.Delivered != 2 || state.Error != "" {
		t.Errorf("%+v", state)
	}
	if len(got) != 11 {
		t.Fatalf("%d requests, want 9 that failed and 2", len(got))
	}
	first := <-got
	for range 9 {
		if again := <-got; again.body != first.body || again.header.Get("Webhook-Id") != first.header.Get("Webhook-Id") {
			t.Errorf("sent again as %v", again)
		}
	}
	if !strings.HasPrefix(first.body, `{"id":"audit-`) || !strings.Contains(first.body, `"event":"created"`) || !strings.Contains(first.body, `"path":"acme/web","to":["root"],"by":"root","door":"cli"`) {
		t.Errorf("the body is %s", first.body)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(first.header.Get("Webhook-Id") + "." + first.header.Get("Webhook-Timestamp") + "." + first.body))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); first.header.Get("Webhook-Signature") != want {
		t.Errorf("signed with %q, want %q", first.header.Get("Webhook-Signature"), want)
	}
	if second := <-got; !strings.Contains(second.body, `"name":"evil\"},{\"X"`) {
		t.Errorf("a hostile name: %v", second)
	}
	if _, err := r.round(t.Context()); err != nil || len(got) > 0 {
		t.Errorf("sent again: %v, %v", len(got), err)
	}
	r.letGo(t.Context())
	next := h.runner("two", r.target) // a server that is started again goes on
	h.create("later")
	if _, err := next.round(t.Context()); err != nil || len(got) != 1 || !strings.Contains((<-got).body, "later") {
		t.Errorf("after a restart: %v", err)
	}
}

// A redirection isn't followed, an answer without end isn't read to its end, and
// none of it is repeated in what is kept.
func TestHostileReceivers(t *testing.T) {
	other, reached := receiver(t, func(http.ResponseWriter, *http.Request) {})
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		}, "it answered 307: redirections aren't followed"},
		"endless": {func(w http.ResponseWriter, _ *http.Request) {
			for err := error(nil); err == nil; {
				_, err = w.Write(bytes.Repeat([]byte("x"), 1<<10))
			}
		}, ""},
		"headers": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("evil", 1<<15)) }, "exceeded"},
		"ends":    {func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		s, _ := receiver(t, c.answer)
		err := Test(t.Context(), Target{Name: "x", Type: "webhook", URL: s.URL + "/secret", Secret: "y"}, Config{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "evil")) {
			t.Errorf("%s: the error repeats too much: %v", name, err)
		}
	}
	if len(reached) > 0 {
		t.Error("a redirection was followed")
	}
	err := Test(t.Context(), Target{Name: "x", Type: "webhook", URL: "https://169.254.169.254/latest", Secret: "y"}, Config{})
	if err == nil || !strings.Contains(err.Error(), "where no webhook is") {
		t.Errorf("a cloud's metadata: %v", err)
	}
}

// The certificate of a receiver is looked at; ca_file says whom else to believe.
func TestWebhookTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	target := Target{Name: "x", Type: "webhook", URL: s.URL, Secret: "y"}
	if err := Test(t.Context(), target, Config{}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of nobody: %v", err)
	}
	target.CAFile = writePEM(t, s)
	if err := Test(t.Context(), target, Config{}); err != nil {
		t.Error(err)
	}
}

func writePEM(t *testing.T, s *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// With format gitlab, what GitLab sends when a token is about to expire, and
// nothing else: its receivers know no more.
func TestGitLabFormat(t *testing.T) {
	s, got := receiver(t, func(http.ResponseWriter, *http.Request) {})
	target := Target{Name: "x", Type: "webhook", URL: s.URL, Token: "shown", Format: "gitlab"}
	if kinds := target.Wanted(); !slices.Equal(kinds, []model.EventKind{model.EventExpiring}) {
		t.Errorf("wanted are %v", kinds)
	}
	c := Config{
		Project: func(_ context.Context, p model.Place) (GitLabProject, error) {
			return GitLabProject{ID: p.ID, Name: "web", Path: "acme/web"}, nil
		},
		Group: func(_ context.Context, p model.Place) (model.Group, error) {
			return model.Group{ID: p.ID, Name: "Infra", Path: "infra", FullPath: "acme/infra"}, nil
		},
	}
	p, err := target.peer(c)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	e := model.TokenEvent{ID: "notice-1", Kind: model.EventExpiring, TokenID: 25, Token: "acd", OwnerID: 90, CreatedAt: at, LastUsed: at, ExpiresOn: model.DateOf(at) + 7,
		Place: model.Place{Kind: model.GroupPlace, ID: 35}}
	attributes := `"object_attributes":{"user_id":90,"created_at":"2026-11-24 12:00:00 UTC","id":25,"name":"acd","expires_at":"2026-12-01","last_used_at":"2026-11-24 12:00:00 UTC"},"event_name":"expiring_access_token"}`
	if err := p.deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	r := <-got
	if want := `{"object_kind":"access_token","group":{"group_name":"Infra","group_path":"infra","group_id":35,"full_path":"acme/infra"},` + attributes; r.body != want {
		t.Errorf("of a group: %s\nwant %s", r.body, want)
	}
	if r.header.Get("X-Gitlab-Event") != "Resource Access Token Hook" || r.header.Get("X-Gitlab-Token") != "shown" || r.header.Get("Idempotency-Key") != "notice-1" || r.header.Get("Webhook-Signature") != "" {
		t.Errorf("headers %v", r.header)
	}
	e.Place = model.Place{Kind: model.ProjectPlace, ID: 7}
	if err := p.deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	want := `{"object_kind":"access_token","project":{"id":7,"name":"web","description":null,"web_url":"","avatar_url":null,"git_ssh_url":"","git_http_url":"","namespace":"","visibility_level":0,` +
		`"path_with_namespace":"acme/web","default_branch":null,"ci_config_path":null,"homepage":"","url":"","ssh_url":"","http_url":""},` + attributes
	if r := <-got; r.body != want {
		t.Errorf("of a project: %s\nwant %s", r.body, want)
	}
	e.Place = model.Place{}
	if err := p.deliver(t.Context(), e); err != nil || len(got) > 0 {
		t.Errorf("of a person, which GitLab doesn't send: %v", err)
	}
}
