package notices

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

// R96: a mail goes to those whom a notice concerns, with the password only after
// STARTTLS, and nothing that somebody named breaks out of its line.
func TestMail(t *testing.T) {
	p := newPost(t, &post{})
	target := Target{Name: "mail", Type: "mail", Server: p.address, Username: "patrol", Password: "hunter2", From: "Patrol <patrol@example.org>", CAFile: p.ca}
	sender, err := target.peer(Config{Now: func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	e := model.TokenEvent{ID: "notice-7", Kind: model.EventExpiring, TokenID: 5, Token: "dépl\r\nBcc: eve@example.org\r\n\r\n.\r\nQUIT", PlacePath: "acme/web", ExpiresOn: 20785,
		Addresses: []string{"mara@example.org", "no address", "sam@example.org"}}
	if err := sender.deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	said := <-p.said
	open, secure, found := strings.Cut(said, "[secure]\r\n")
	password := base64.StdEncoding.EncodeToString([]byte("\x00patrol\x00hunter2"))
	if !found || strings.Contains(open, "AUTH") || !strings.Contains(secure, "AUTH PLAIN "+password) {
		t.Errorf("the password isn't said, or too early:\n%s", said)
	}
	if strings.Count(secure, "RCPT TO:") != 2 || !strings.Contains(secure, "RCPT TO:<mara@example.org>") || !strings.Contains(secure, "RCPT TO:<sam@example.org>") {
		t.Errorf("R96: it goes to others:\n%s", secure)
	}
	_, text, _ := strings.Cut(secure, "DATA\r\n")
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || !strings.HasPrefix(subject, "[Patrol] Token 5 ") || !strings.Contains(subject, "dépl") {
		t.Errorf("the subject is %q, %v", subject, err)
	}
	if m.Header.Get("Bcc") != "" || m.Header.Get("Message-Id") != "<patrol.notice-7@example.org>" || m.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("headers %v", m.Header)
	}
	if !strings.Contains(text, "patrol token rotate 5") {
		t.Errorf("it doesn't say what to do:\n%s", text)
	}
	e.Addresses = nil
	if err := sender.deliver(t.Context(), e); err != nil || len(p.said) > 0 {
		t.Errorf("nobody has an address: %v", err)
	}
}

// With TLS from the first byte on, password and mail are said as behind STARTTLS.
func TestMailImplicitTLS(t *testing.T) {
	p := newPost(t, &post{implicit: true})
	target := Target{Name: "mail", Type: "mail", Server: p.address, TLS: "implicit", Username: "patrol", Password: "hunter2", From: "patrol@example.org",
		To: []string{"a@example.org"}, CAFile: p.ca}
	if err := Test(t.Context(), target, Config{}); err != nil {
		t.Error(err)
	}
	if said := <-p.said; !strings.Contains(said, "AUTH PLAIN ") || !strings.Contains(said, "RCPT TO:<a@example.org>") || strings.Contains(said, "STARTTLS") {
		t.Errorf("it was told %s", said)
	}
	target.CAFile = ""
	if err := Test(t.Context(), target, Config{}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of nobody: %v", err)
	}
}

// A server that offers no STARTTLS gets neither password nor mail; one that
// refuses is said to have refused, without what it repeats.
func TestMailRefused(t *testing.T) {
	p := newPost(t, &post{noTLS: true})
	target := Target{Name: "mail", Type: "mail", Server: p.address, Username: "patrol", Password: "hunter2", From: "patrol@example.org", To: []string{"a@example.org"}, CAFile: p.ca}
	if err := Test(t.Context(), target, Config{}); err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("without STARTTLS: %v", err)
	}
	if said := <-p.said; strings.Contains(said, "AUTH") || strings.Contains(said, "MAIL") {
		t.Errorf("it was told %s", said)
	}
	p = newPost(t, &post{refuse: "550 hunter2 \x1b[2J isn't known here"})
	target.Server, target.CAFile = p.address, p.ca
	if err := Test(t.Context(), target, Config{}); err == nil || !strings.Contains(err.Error(), "550") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a server that refuses: %v", err)
	}
	<-p.said
	target.CAFile = ""
	if err := Test(t.Context(), target, Config{}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of nobody: %v", err)
	}
}

// A mail that was taken isn't sent again, though the connection ends at once.
func TestMailTaken(t *testing.T) {
	p := newPost(t, &post{leaves: true})
	target := Target{Name: "mail", Type: "mail", Server: p.address, From: "patrol@example.org", To: []string{"a@example.org"}, CAFile: p.ca}
	if err := Test(t.Context(), target, Config{}); err != nil {
		t.Error(err)
	}
	if said := <-p.said; !strings.Contains(said, "DATA") {
		t.Errorf("it was told %s", said)
	}
}

// A person whose address is no more keeps no mail from others, nor from the next;
// whom the file names is missed.
func TestMailToNobody(t *testing.T) {
	p := newPost(t, &post{unknown: "gone@example.org"})
	target := Target{Name: "mail", Type: "mail", Server: p.address, From: "patrol@example.org", CAFile: p.ca}
	var logged bytes.Buffer
	sender, err := target.peer(Config{Log: slog.New(slog.NewTextHandler(&logged, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		to   []string
		sent bool
	}{{[]string{"gone@example.org", "mara@example.org"}, true}, {[]string{"gone@example.org"}, false}} {
		err := sender.deliver(t.Context(), model.TokenEvent{ID: "audit-1", Kind: model.EventRevoked, Addresses: c.to})
		if said := <-p.said; err != nil || strings.Contains(said, "DATA") != c.sent {
			t.Errorf("%v: %v, it was told\n%s", c.to, err, said)
		}
	}
	if strings.Count(logged.String(), "gone@example.org") != 2 || strings.Contains(logged.String(), "mara") {
		t.Errorf("logged is %s", &logged)
	}
	p.unknown, p.refuse = "", "550 5.1.8 your own domain isn't known"
	if err := sender.deliver(t.Context(), model.TokenEvent{ID: "audit-1", Addresses: []string{"mara@example.org"}}); err == nil || !strings.Contains(err.Error(), "5.1.8") {
		t.Errorf("the sender is refused: %v", err)
	}
	<-p.said
	p.unknown, p.refuse = "gone@example.org", ""
	target.To = []string{"gone@example.org", "mara@example.org"}
	if err := Test(t.Context(), target, Config{}); err == nil || !strings.Contains(err.Error(), "550") {
		t.Errorf("one whom the file names: %v", err)
	}
}

// Whatever the server does, and however the connection is made safe, it lasts no
// longer than it is waited for.
func TestMailStalls(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	ca := writePEM(t, web)
	for _, mode := range []string{"none", "starttls", "implicit"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ctx, cancel := context.WithCancel(t.Context())
		go func() { // it takes a connection, and says nothing on it
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			if mode == "implicit" {
				secure := tls.Server(c, &tls.Config{Certificates: web.TLS.Certificates})
				if err := secure.Handshake(); err != nil {
					t.Error(err)
				}
			}
			cancel()
			io.Copy(io.Discard, c)
		}()
		began := time.Now()
		err = Test(ctx, Target{Name: "mail", Type: "mail", Server: l.Addr().String(), TLS: mode, From: "patrol@example.org", To: []string{"a@example.org"}, CAFile: ca}, Config{})
		if took := time.Since(began); err == nil || took > MostTime/2 {
			t.Errorf("%s: %v after %s", mode, err, took)
		}
	}
}

// A mail's id is in the sender's domain, whatever the sender is called.
func TestMailID(t *testing.T) {
	for _, from := range []string{"patrol@example.org", "Patrol <patrol@example.org>", `"Patrol @ Acme" <patrol@example.org>`} {
		m, err := (&mailer{target: Target{From: from, To: []string{"a@example.org"}}}).message(model.TokenEvent{ID: "audit-1"})
		if err != nil || m.GetMessageID() != "<patrol.audit-1@example.org>" {
			t.Errorf("%s: %v, %v", from, m.GetMessageID(), err)
		}
	}
}
