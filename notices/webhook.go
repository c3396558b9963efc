package notices

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"patrol/model"
)

// mostAnswer is how much of an answer is read, and of its headers.
const mostAnswer = 16 << 10

// webhook posts events.
type webhook struct {
	target Target
	config Config
	key    []byte
	client *http.Client
}

func newWebhook(t Target, c Config) (peer, error) {
	u, err := url.Parse(t.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("url must be an https address without a user name in it") // it may hold a secret: not quoted
	}
	if u.Scheme == "http" && !onThisMachine(u.Hostname()) {
		return nil, errors.New("url must be https: over http anybody on the way reads along (http is for this machine only)")
	}
	if t.Format != "" && t.Format != "gitlab" {
		return nil, errors.New("format is gitlab, or left out")
	}
	if t.Secret == "" && t.Token == "" {
		return nil, errors.New("a webhook needs a secret to sign with, or a token to show")
	}
	if strings.ContainsFunc(t.Token, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, errors.New("token can't be sent in a header: ASCII only")
	}
	w := &webhook{target: t, config: c, key: []byte(t.Secret)}
	if text, found := strings.CutPrefix(t.Secret, "whsec_"); found {
		if w.key, err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, errors.New("secret begins with whsec_, but what follows is no base64")
		}
		if len(w.key) == 0 {
			return nil, errors.New("secret begins with whsec_, but nothing follows to sign with")
		}
	}
	roots, err := authorities(t.CAFile)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: MostTime / 3, Control: noMetadata}
	w.client = &http.Client{Timeout: MostTime, // the answer's body, too
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true,
			TLSHandshakeTimeout: MostTime / 3, MaxResponseHeaderBytes: mostAnswer, DisableCompression: true}}
	return w, nil
}

func (w *webhook) deliver(ctx context.Context, e model.TokenEvent) error {
	text := body(e)
	if w.target.Format == "gitlab" {
		var err error
		if text, err = gitlabBody(ctx, w.config, e); err != nil || text == nil {
			return err
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.target.URL, bytes.NewReader(text))
	if err != nil {
		return errors.New("the address can't be used")
	}
	w.sign(r.Header, e.ID, w.config.now(), text)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Patrol")
	answer, err := w.client.Do(r)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, io.LimitReader(answer.Body, mostAnswer)) // its status counts
	switch {
	case answer.StatusCode/100 == 3:
		return fmt.Errorf("it answered %d: redirections aren't followed", answer.StatusCode)
	case answer.StatusCode/100 != 2:
		return fmt.Errorf("it answered %d", answer.StatusCode)
	}
	return nil
}

// sign sets the headers of Standard Webhooks, which GitLab uses as well, and
// those that GitLab's receivers look for.
func (w *webhook) sign(h http.Header, id string, now time.Time, text []byte) {
	at := strconv.FormatInt(now.Unix(), 10)
	h.Set("Webhook-Id", id)
	h.Set("Webhook-Timestamp", at)
	h.Set("Idempotency-Key", id)
	if len(w.key) > 0 {
		mac := hmac.New(sha256.New, w.key)
		fmt.Fprintf(mac, "%s.%s.%s", id, at, text)
		h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	if w.target.Token != "" {
		h.Set("X-Gitlab-Token", w.target.Token)
	}
	if w.target.Format == "gitlab" {
		h.Set("X-Gitlab-Event", "Resource Access Token Hook")
	}
}

// withoutURL leaves out the address, whose path may be a secret.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		if u.Timeout() {
			return errors.New("it didn't answer in time")
		}
		return u.Err
	}
	return err
}

// noMetadata keeps a name that leads there from the addresses where clouds give
// out a machine's own credentials.
func noMetadata(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || at.Addr().Unmap().IsLinkLocalUnicast() || at.Addr().IsUnspecified() || at.Addr().IsMulticast() {
		return errors.New("its name leads to an address where no webhook is")
	}
	return nil
}

func onThisMachine(name string) bool {
	addr, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && addr.IsLoopback()
}

// authorities are the system's, and those of a file.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("ca_file can't be read: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("ca_file holds no certificate")
	}
	return pool, nil
}

func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
