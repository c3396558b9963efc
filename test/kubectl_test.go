package test

import (
	"bufio"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// cluster answers as much of Kubernetes' API as kubectl asks for. It takes only
// its own token, and only from who impersonates.
func cluster(t *testing.T) *httptest.Server {
	answers := map[string]string{
		"/version": `{"major":"1","minor":"32","gitVersion":"v1.32.0"}`,
		"/api":     `{"kind":"APIVersions","versions":["v1"]}`,
		"/apis":    `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`,
		"/api/v1": `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"v1","resources":[
			{"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get","list","watch"]},
			{"name":"pods/log","namespaced":true,"kind":"Pod","verbs":["get"]},{"name":"pods/exec","namespaced":true,"kind":"PodExecOptions","verbs":["create","get"]}]}`,
		"/api/v1/namespaces/default/pods/web": pod,
	}
	c := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header
		if h.Get("Authorization") != "Bearer cluster-token" || !strings.HasPrefix(h.Get("Impersonate-User"), "gitlab:user:project_1_bot_") || len(h["Impersonate-Group"]) != 5 {
			t.Errorf("G84: %s: %v", r.URL, h)
			http.Error(w, "who?", http.StatusUnauthorized)
			return
		}
		flusher := http.NewResponseController(w)
		switch path := r.URL.Path; {
		case path == "/api/v1/namespaces/default/pods/web/log":
			fmt.Fprintln(w, "first line")
			flusher.Flush()
			fmt.Fprintln(w, "last line")
		case path == "/api/v1/namespaces/default/pods/web/exec" && h.Get("Upgrade") == "websocket":
			execute(t, w, r)
		case answers[path] != "":
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, answers[path])
		default:
			http.NotFound(w, r)
		}
	}))
	c.EnableHTTP2 = true
	c.StartTLS()
	t.Cleanup(c.Close)
	return c
}

const pod = `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","namespace":"default"},"spec":{"containers":[{"name":"main","image":"x"}]},"status":{"phase":"Running"}}`

// execute is the other end of kubectl exec: it says hello and that all went well.
func execute(t *testing.T, w http.ResponseWriter, r *http.Request) {
	conn, both, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	sum := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(both, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	frame := func(kind byte, text string) {
		both.Write([]byte{0x80 | kind, byte(len(text))})
		both.WriteString(text)
	}
	frame(2, "\x01hello "+strings.Join(r.URL.Query()["command"], " ")+"\n")
	frame(2, "\x03"+`{"metadata":{},"status":"Success"}`)
	frame(8, "\x03\xe8")
	both.Flush()
	io.Copy(io.Discard, bufio.NewReader(conn))
}

// secured takes TLS off before a server, as kubectl shows tokens to no other.
func secured(t *testing.T, c *httptest.Server, address string) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: c.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer in.Close()
				out, err := net.Dial("tcp", address)
				if err != nil {
					return
				}
				defer out.Close()
				go func() { io.Copy(out, in); out.Close() }()
				io.Copy(in, out)
			}()
		}
	}()
	return "https://" + l.Addr().String()
}

// kubectl works through the gateway unchanged: it reads, follows logs and runs
// commands; what it is refused it shows in its own words (G81, G82, G84).
func TestKubectl(t *testing.T) {
	p := start(t)
	p.run(t, "project", "add", "acme/web")
	developer, reporter := p.deploy(t, "acme/web", "developer", "k8s_proxy"), p.deploy(t, "acme/web", "reporter", "k8s_proxy")
	c := cluster(t)
	dir := t.TempDir()
	ca := write(t, dir, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate().Raw})))
	token := write(t, dir, "token", "cluster-token\n")
	setting, err := json.Marshal([]map[string]any{{"id": 3, "project": "acme/web", "url": c.URL, "ca_file": ca, "token_file": token, "access_as": "user"}})
	if err != nil {
		t.Fatal(err)
	}
	p.run(t, "settings", "k8s_upstreams", string(setting))
	url := secured(t, c, strings.TrimPrefix(p.url, "http://")) + "/-/k8s-proxy"
	kubectl := func(secret string, args ...string) (string, error) {
		config := write(t, dir, "config", fmt.Sprintf(`
apiVersion: v1
kind: Config
clusters: [{name: web, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: deploy, user: {token: "pat:3:%s"}}]
contexts: [{name: web, context: {cluster: web, user: deploy}}]
current-context: web
`, url, ca, secret))
		cmd := exec.CommandContext(t.Context(), "kubectl", append([]string{"--kubeconfig", config, "--cache-dir", dir}, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+dir)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := kubectl(developer, "get", "--raw", "/-/k8s-proxy/version"); err != nil || !strings.Contains(out, `"gitVersion":"v1.32.0"`) {
		t.Errorf("G81: %v: %s", err, out)
	}
	if out, err := kubectl(developer, "get", "pod", "web", "-o", "name"); err != nil || out != "pod/web\n" {
		t.Errorf("G81: %v: %s", err, out)
	}
	if out, err := kubectl(developer, "logs", "-f", "web"); err != nil || out != "first line\nlast line\n" {
		t.Errorf("G81: %v: %s", err, out)
	}
	if modern(t) {
		if out, err := kubectl(developer, "exec", "web", "--", "echo", "there"); err != nil || out != "hello echo there\n" {
			t.Errorf("G81: exec: %v: %s", err, out)
		}
	}
	if out, err := kubectl(reporter, "get", "--raw", "/-/k8s-proxy/version"); err == nil || !strings.Contains(out, "Forbidden") || !strings.Contains(out, "needs the role Developer") {
		t.Errorf("G82: %v: %s", err, out)
	}
	if out, err := kubectl("glpat-aaaaaaaaaaaaaaaaaaaa", "get", "--raw", "/-/k8s-proxy/version"); err == nil || !strings.Contains(out, "Unauthorized") && !strings.Contains(out, "logged in") {
		t.Errorf("G82: %v: %s", err, out)
	}
}

// modern tells whether kubectl runs commands by websocket, as it does since 1.31;
// before it was SPDY, which server's own tests speak.
func modern(t *testing.T) bool {
	t.Helper()
	out, err := exec.Command("kubectl", "version", "--client", "-o", "json").Output()
	if err != nil {
		t.Fatalf("kubectl: %v", err)
	}
	var version struct {
		ClientVersion struct{ Minor string }
	}
	if err := json.Unmarshal(out, &version); err != nil {
		t.Fatal(err)
	}
	minor, _ := strconv.Atoi(strings.TrimRight(version.ClientVersion.Minor, "+"))
	return minor >= 31
}
