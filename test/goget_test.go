package test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// R35: go get finds a private module below several groups, with a token in
// .netrc; without one it learns nothing. Module paths have no port, so a proxy
// leads git.test to the server.
func TestGoGet(t *testing.T) {
	home := t.TempDir()
	certificate, key := certificateOf(t, home, "git.test")
	p := start(t, "--url", "https://git.test", "--tls-cert", certificate, "--tls-key", key)
	p.run(t, "project", "add", "acme/deep/er/mod")
	push := p.deploy(t, "acme/deep/er/mod", "developer", "write_repository")
	read := p.deploy(t, "acme/deep/er/mod", "reporter", "read_repository")

	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		there, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil || r.Method != http.MethodConnect || r.Host != "git.test:443" {
			http.Error(w, "not from here", http.StatusForbidden)
			return
		}
		defer there.Close()
		w.WriteHeader(http.StatusOK)
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		go io.Copy(there, here)
		io.Copy(here, there)
	}))
	defer proxy.Close()
	run := func(dir, name string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GOPATH=" + filepath.Join(home, "go"), "GOCACHE=" + filepath.Join(home, "cache"), "GOFLAGS=-modcacherw", "GOTOOLCHAIN=local",
			"GOPRIVATE=git.test", "GOPROXY=direct", "GOSUMDB=off", "HTTPS_PROXY=" + proxy.URL, "SSL_CERT_FILE=" + certificate, "GIT_SSL_CAINFO=" + certificate, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	must := func(dir, name string, args ...string) string {
		t.Helper()
		out, err := run(dir, name, args...)
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return out
	}
	netrc := func(secret string) {
		write(t, home, ".netrc", "machine git.test login any password "+secret+"\n")
	}

	module := t.TempDir()
	write(t, module, "go.mod", "module git.test/acme/deep/er/mod\n\ngo 1.20\n")
	if err := os.Mkdir(filepath.Join(module, "greet"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(module, "greet"), "greet.go", "// Package greet greets.\npackage greet\n\n// Word is hello.\nconst Word = \"hello\"\n")
	netrc(push)
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "."}, {"-c", "user.name=Dave", "-c", "user.email=d@example.com", "commit", "-q", "-m", "First"},
		{"tag", "v1.2.3"}, {"push", "-q", "https://git.test/acme/deep/er/mod.git", "main", "v1.2.3"}} {
		must(module, "git", args...)
	}

	program := t.TempDir()
	write(t, program, "go.mod", "module example.org/program\n\ngo 1.20\n")
	write(t, program, "main.go", "package main\n\nimport \"git.test/acme/deep/er/mod/greet\"\n\nfunc main() { println(greet.Word) }\n")
	os.Remove(filepath.Join(home, ".netrc"))
	if out, err := run(program, "go", "get", "git.test/acme/deep/er/mod/greet@v1.2.3"); err == nil || strings.Contains(out, "er/mod.git") {
		t.Errorf("R35: without a token: %v\n%s", err, out)
	}
	netrc(read)
	must(program, "go", "get", "git.test/acme/deep/er/mod/greet@v1.2.3")
	if out := must(program, "go", "run", "."); !strings.Contains(out, "hello") {
		t.Errorf("the module isn't the one that was pushed: %s", out)
	}
	if out := must(program, "go", "mod", "download", "-json", "git.test/acme/deep/er/mod@main"); !strings.Contains(out, `"Version": "v1.2.3"`) {
		t.Errorf("go mod download: %s", out)
	}
}

// certificateOf makes a certificate for a host, which is its own authority.
func certificateOf(t *testing.T, dir, host string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, dir, "certificate.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}))),
		write(t, dir, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text})))
}
