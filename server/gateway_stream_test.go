package server

import (
	"bufio"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"patrol/model"
)

// A cluster speaks HTTP/2 and TLS by a certificate of its own; what kubectl exec
// asks for is an upgrade of HTTP/1.1. The file of the certificate may be replaced
// while the server runs (G81, G85).
func TestClusterTLS(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeK8sProxy).Secret.Reveal()
	cluster := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			fmt.Fprint(rw, r.Proto)
			return
		}
		conn, both, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprintf(both, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\nSet-Cookie: a=b\r\n\r\n", r.Header.Get("Upgrade"))
		both.Flush()
		io.Copy(conn, both) // an echo, until the client goes away
	}))
	cluster.EnableHTTP2 = true
	cluster.StartTLS()
	t.Cleanup(cluster.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	write := func(text []byte) {
		t.Helper()
		if err := os.WriteFile(ca, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	own := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cluster.Certificate().Raw})
	w.cluster(cluster.URL, fmt.Sprintf(`,"ca_file":%q`, ca))
	auth := "Authorization: Bearer pat:3:" + secret
	if got := w.ask("GET", "/-/k8s-proxy/version", auth); got.status != 502 || strings.Contains(got.body, ca) {
		t.Errorf("G85: without the file: %d %s", got.status, got.body)
	}
	write([]byte("rubbish"))
	if got := w.ask("GET", "/-/k8s-proxy/version", auth); got.status != 502 {
		t.Errorf("G85: without a certificate in it: %d %s", got.status, got.body)
	}
	write(own)
	w.expect("G81", w.ask("GET", "/-/k8s-proxy/version", auth), 200, "HTTP/2.0")
	for _, protocol := range []string{"SPDY/3.1", "websocket"} {
		conn := w.dial()
		defer conn.Close()
		fmt.Fprintf(conn, "GET /-/k8s-proxy/exec HTTP/1.1\r\nHost: x\r\n%s\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n", auth, protocol)
		in := bufio.NewReader(conn)
		answer, err := http.ReadResponse(in, nil)
		if err != nil || answer.StatusCode != http.StatusSwitchingProtocols || answer.Header.Get("Upgrade") != protocol || answer.Header.Get("Set-Cookie") != "" {
			t.Fatalf("G81: %s: %v %v", protocol, answer, err)
		}
		for _, said := range []string{"ls\n", strings.Repeat("x", 100_000) + "\n"} {
			go io.WriteString(conn, said)
			if line, err := in.ReadString('\n'); line != said {
				t.Errorf("G81: %s: %d bytes came back of %d, %v", protocol, len(line), len(said), err)
			}
		}
		conn.Close()
		w.hears("status=101")
	}
	other, _ := certified(t, 1)
	write(other)
	if got := w.ask("GET", "/-/k8s-proxy/version", auth); got.status != 502 {
		t.Errorf("G85: by another's certificate: %d %s", got.status, got.body)
	}
}

// An answer reaches the client piece by piece, for longer than other answers may
// take; a client that goes away, or takes no more, ends the upstream's work (G85).
func TestStreams(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.AnswerTime, c.BodyTime, c.AnonymousStall = 100*time.Millisecond, 100*time.Millisecond, 500*time.Millisecond
	})
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAIFeatures).Secret.Reveal()
	next, ended := make(chan struct{}), make(chan string, 10)
	url := upstream(t, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/code_suggestions/words":
			rw.Header().Set("Cache-Control", "no-cache")
			rw.Header().Set("Content-Type", "text/event-stream")
			for i := range 3 {
				fmt.Fprintf(rw, "data: %d\n", i)
				http.NewResponseController(rw).Flush()
				select {
				case <-next:
				case <-r.Context().Done():
					ended <- "gone"
					return
				}
			}
		case "/code_suggestions/endless":
			for {
				if _, err := rw.Write(make([]byte, 1<<20)); err != nil {
					ended <- "full"
					return
				}
			}
		}
	})
	w.set(model.SettingAIUpstream, fmt.Sprintf(`{"url":%q}`, url))
	get := func(path string) *http.Response {
		r, _ := http.NewRequest("POST", w.url+"/api/v4/code_suggestions/"+path, strings.NewReader("{}"))
		r.Header.Set("Private-Token", secret)
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return answer
	}
	answer := get("words")
	for name, want := range map[string]string{"Cache-Control": "no-cache", "Content-Type": "text/event-stream", "X-Content-Type-Options": "", "Vary": ""} {
		if got := strings.Join(answer.Header[name], "|"); got != want {
			t.Errorf("G85: %s: %q", name, got)
		}
	}
	lines := bufio.NewReader(answer.Body)
	tick := time.NewTicker(100 * time.Millisecond)
	for i := range 3 {
		if line, err := lines.ReadString('\n'); line != fmt.Sprintf("data: %d\n", i) {
			t.Fatalf("G85: %q, %v", line, err)
		}
		<-tick.C // longer than AnswerTime, all together
		next <- struct{}{}
	}
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("G85: %q, %v", rest, err)
	}
	answer = get("words")
	if _, err := bufio.NewReader(answer.Body).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	await := func(want string) {
		t.Helper()
		select {
		case got := <-ended:
			if got != want {
				t.Errorf("G85: %s, not %s", got, want)
			}
		case <-time.After(20 * time.Second):
			t.Errorf("G85: the upstream still works: %s", want)
		}
	}
	await("gone")
	get("endless") // and nobody reads
	await("full")
}

// An upstream that says nothing more is given up: the answer is cut off, never
// taken for the whole (G85).
func TestSilentUpstream(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Silence = 100 * time.Millisecond })
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAIFeatures).Secret.Reveal()
	url := upstream(t, func(rw http.ResponseWriter, r *http.Request) {
		io.WriteString(rw, "half")
		http.NewResponseController(rw).Flush()
		<-r.Context().Done()
	})
	w.set(model.SettingAIUpstream, fmt.Sprintf(`{"url":%q}`, url))
	r, _ := http.NewRequest("GET", w.url+"/api/v4/code_suggestions/x", nil)
	r.Header.Set("Private-Token", secret)
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err == nil || string(text) != "half" {
		t.Errorf("G85: %q, %v", text, err)
	}
}

// Nothing is sent to an upstream twice, also where a connection that was used
// before breaks: it may have done its work (G85).
func TestNothingRetried(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAIFeatures).Secret.Reveal()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var requests atomic.Int32
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			in := bufio.NewReader(conn)
			for n := 1; ; n++ {
				r, err := http.ReadRequest(in)
				if err != nil {
					break
				}
				io.Copy(io.Discard, r.Body)
				requests.Add(1)
				if n == 2 {
					break
				}
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			}
			conn.Close()
		}
	}()
	w.set(model.SettingAIUpstream, fmt.Sprintf(`{"url":"http://%s"}`, l.Addr()))
	for _, method := range []string{"GET", "POST"} {
		requests.Store(0)
		w.expect("G85", w.ask(method, "/api/v4/code_suggestions/x", token(secret)), 200, "ok")
		w.expect("G85", w.ask(method, "/api/v4/code_suggestions/x", token(secret)), 502, `{"message":"502 Bad Gateway"}`)
		if n := requests.Load(); n != 2 {
			t.Errorf("G85: %s: the upstream had %d requests of 2", method, n)
		}
	}
}

// A server that drains doesn't wait for streams: clients come again (G85).
func TestDrainStreams(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeK8sProxy).Secret.Reveal()
	w.cluster(upstream(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			io.WriteString(rw, "watching")
			http.NewResponseController(rw).Flush()
			<-r.Context().Done()
			return
		}
		conn, _, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n")
		io.Copy(io.Discard, conn)
	}), "")
	var open []net.Conn
	for _, upgrade := range []string{"", "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n"} {
		conn := w.dial()
		defer conn.Close()
		fmt.Fprintf(conn, "GET /-/k8s-proxy/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer pat:3:%s\r\n%s\r\n", secret, upgrade)
		if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
			t.Fatal(err)
		}
		open = append(open, conn)
	}
	w.stop()
	for _, conn := range open {
		conn.SetReadDeadline(time.Now().Add(10 * time.Second)) // of the drain's 30 s
		if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Error("G85: a stream outlasts the drain")
		}
	}
	if err := <-w.done; err != nil {
		t.Error(err)
	}
	w.done <- nil // for Cleanup
}
