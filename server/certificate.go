package server

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is a TLS certificate in files that are read again once they have
// changed: certificates are renewed while the server runs.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	of      [2]version // of the files when they were last read
	looked  time.Time
}

// version tells a file from what it is after a change.
type version struct {
	at   time.Time
	size int64
}

// How often a handshake looks whether the files have changed.
const certificateEvery = time.Second

// newCertificate reads the files for the first time.
func newCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log, looked: time.Now()}
	c.of = c.versions()
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	c.current = &pair
	return c, err
}

func (c *certificate) versions() (of [2]version) {
	for i, file := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(file); err == nil { // else it is being replaced
			of[i] = version{info.ModTime(), info.Size()}
		}
	}
	return of
}

// get is the certificate for a handshake. What can't be used, such as a file
// that is half written, is said once; the one before goes on being used.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < certificateEvery {
		return c.current, nil
	}
	c.looked = time.Now()
	of := c.versions()
	if of == c.of {
		return c.current, nil
	}
	c.of = of
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		c.log.Warn("the changed TLS certificate can't be used; the one before stays", "file", c.certFile, "error", err)
		return c.current, nil
	}
	c.current = &pair
	c.log.Info("the TLS certificate was read again", "file", c.certFile)
	return c.current, nil
}
