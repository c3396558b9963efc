package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

// Limits are off until somebody sets them; then each one counts for itself, at
// every door, and ends with the minute (R190, A154).
func TestLimits(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	one := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	other := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	later := func(d time.Duration) { w.setClock(w.clock().Add(d)) }
	asks := func(secret string) answer { return w.ask("GET", "/api/v4/projects/1", token(secret)) }
	ok := func(what string, got answer) {
		t.Helper()
		if got.status != http.StatusOK {
			t.Errorf("R190: %s: %d %s", what, got.status, got.body)
		}
	}
	limited := func(what string, got answer) {
		t.Helper()
		if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" || !strings.HasPrefix(got.body, "Retry later: ") {
			t.Errorf("R190: %s: %d %v %s", what, got.status, got.header, got.body)
		}
	}
	for range 50 {
		ok("without limits", asks(one))
	}
	w.set(model.SettingTokenLimit, "3")
	later(time.Minute)
	for range 3 {
		ok("under the limit", asks(one))
	}
	limited("the fourth", asks(one))
	limited("by Git", w.git("GET", "/acme/web"+fetchRefs, "x", one))
	ok("another token", asks(other))
	later(20 * time.Second)
	ok("after a third of a minute", asks(one))
	limited("again", asks(one))

	w.set(model.SettingTokenLimit, "")
	w.set(model.SettingLoginLimit, "2")
	later(time.Minute)
	const wrong = "glpat-aaaaaaaaaaaaaaaaaaaa"
	for range 2 {
		w.expect("A6", asks(wrong), http.StatusUnauthorized, `{"message":"401 Unauthorized"}`)
	}
	limited("a third wrong secret", asks(wrong))
	limited("a good secret beside them", asks(one))
	limited("at another door", w.git("GET", "/acme/web"+fetchRefs, "x", wrong))
	if got := w.ask("GET", "/-/liveness"); got.status != http.StatusOK {
		t.Errorf("G98: a probe is limited: %d", got.status)
	}

	w.set(model.SettingLoginLimit, "")
	w.set(model.SettingAddressLimit, "2")
	later(time.Minute)
	for range 2 {
		ok("of one address", asks(one))
	}
	limited("an address", asks(other))
	for range 10 {
		if got := w.ask("GET", "/-/readiness"); got.status != http.StatusOK {
			t.Errorf("G98: a probe is limited: %d", got.status)
		}
	}
}

// certified makes a certificate for localhost with a serial number.
func certified(t *testing.T, serial int64) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text})
}

// A renewed certificate is used without a restart, one that is half written is
// not, and HTTP/2 is spoken.
func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write := func(cert, key []byte) {
		if os.WriteFile(certFile, cert, 0o600) != nil || os.WriteFile(keyFile, key, 0o600) != nil {
			t.Fatal("the files can't be written")
		}
	}
	write(certified(t, 1))
	w := newWorld(t, func(c *Config) { c.CertFile, c.KeyFile = certFile, keyFile })
	serial := func() int64 {
		t.Helper()
		conn, err := tls.Dial("tcp", strings.TrimPrefix(w.url, "http://"), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if got := conn.ConnectionState().NegotiatedProtocol; got != "h2" {
			t.Errorf("ALPN: %q", got)
		}
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	until := func(want int64) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; {
			got := serial()
			if got == want {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("the certificate is still number %d, want %d", got, want)
			}
		}
	}
	until(1)
	cert, key := certified(t, 2)
	write(cert[:len(cert)/2], key)
	for !strings.Contains(w.logged(), "can't be used") { // each handshake looks, a second after the last that did
		until(1)
	}
	write(cert, key)
	until(2)
}
