// Package server is what tokens open by HTTP: GitLab-compatible REST, Git, container
// registries, sites behind a proxy, gateways, metrics and the probes. It translates
// requests into the use cases of model.Store and decides nothing by itself: who may
// do what, model says.
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"time"

	"patrol/git"
	"patrol/model"
	"patrol/server/door"
	"patrol/server/metrics"
	"patrol/server/rest"
)

// Config says what a Server serves, and how. Store is required; every zero
// duration or number stands for the default named beside it.
type Config struct {
	Store model.Store
	Log   *slog.Logger // one line a request, never a secret; nil: nowhere

	// URL is the address that people reach the server at; it may have a path,
	// then every route is under it (A32). Empty: taken from each request.
	URL      string
	Revision string // of the build, in GET /version; "unknown"
	// Keys is the folder, beside the database, of the keys that are made once.
	// Empty: they are made for this run, and kept nowhere.
	Keys string
	// SSHPort is named in ssh_url_to_repo; 2222.
	SSHPort int
	// TrustedProxies are the only ones whose X-Forwarded-For, -Proto and -Host
	// are believed (G100).
	TrustedProxies []netip.Prefix
	// CertFile and KeyFile make Serve speak TLS. They are read again when they
	// change.
	CertFile, KeyFile string

	GitProcesses   int           // how many Git processes at once (G30), and how many read for REST; 8 a processor
	GitWait        time.Duration // how long a request waits for one (G30); 30 s
	GitStall       time.Duration // ends a transfer in which no byte moves; 10 min
	AnonymousStall time.Duration // the same without a token, and of files over REST; 1 min
	Silence        time.Duration // ends an answer in which the upstream of AI says nothing; 5 min
	BodyTime       time.Duration // what a client gets to send a body, but a fetch's or push's; 30 s
	AnswerTime     time.Duration // until an answer must be sent, but a fetch's or push's; 2 min
	DrainLimit     time.Duration // what running requests get after Serve is told to end; 30 s
}

// The limits of a connection, beside Config's.
const (
	headerTimeout = 15 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 << 10 // bytes; more is 431
)

// Server is the HTTP door.
type Server struct {
	Config
	House *door.House // of all doors, those of SSH too
	Git   *door.Git   // the same

	api       *rest.API
	metrics   *metrics.Metrics
	reader    *git.Reader
	images    func() (*RegistryKey, error) // signs for registries
	upstreams upstreams                    // of gateways
	leaving   context.Context              // done: it drains
	leave     context.CancelFunc
	hard      context.Context // done: what still runs ends now
	harden    context.CancelFunc
}

// New makes a Server. Config.URL must be one that the setting url allows. It
// fails if there is no git program.
func New(c Config) (*Server, error) {
	program, err := git.Find()
	if err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Revision = cmp.Or(c.Revision, "unknown")
	c.SSHPort = cmp.Or(c.SSHPort, 2222)
	c.GitProcesses = cmp.Or(c.GitProcesses, 8*runtime.GOMAXPROCS(0))
	c.GitWait = cmp.Or(c.GitWait, 30*time.Second)
	c.GitStall = cmp.Or(c.GitStall, 10*time.Minute)
	c.AnonymousStall = cmp.Or(c.AnonymousStall, time.Minute)
	c.Silence = cmp.Or(c.Silence, 5*time.Minute)
	c.BodyTime = cmp.Or(c.BodyTime, 30*time.Second)
	c.AnswerTime = cmp.Or(c.AnswerTime, 2*time.Minute)
	c.DrainLimit = cmp.Or(c.DrainLimit, 30*time.Second)
	s := &Server{Config: c}
	s.reader = git.NewReader(program, c.GitProcesses)
	s.api = (&rest.API{Store: c.Store, Revision: c.Revision, SSHPort: c.SSHPort,
		Reader: s.reader, Patience: c.GitWait}).Open()
	s.House = (&door.House{Store: c.Store, Log: c.Log, URL: baseURL(c.URL), TrustedProxies: c.TrustedProxies, BodyTime: c.BodyTime, Stall: c.AnonymousStall}).Open()
	s.images = sync.OnceValues(func() (*RegistryKey, error) { return OpenRegistryKey(c.Keys) })
	s.leaving, s.leave = context.WithCancel(context.Background())
	s.hard, s.harden = context.WithCancel(context.Background())
	s.Git = &door.Git{Program: program, Slots: git.NewSlots(c.GitProcesses), Housekeeping: git.NewHousekeeping(program, c.Log),
		Wait: c.GitWait, Stall: c.GitStall, AnonymousStall: c.AnonymousStall, Leaving: s.leaving, Hard: s.hard}
	s.count()
	return s, nil
}

// baseURL is Config.URL without a slash at its end; nil: none.
func baseURL(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u
}

// Serve answers the connections of a listener until ctx is done. Then it takes
// no new ones, is no longer ready (G98), and lets what runs finish, Git
// processes included; what still runs after Config.DrainLimit is ended. It
// returns nil once all has ended.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	h := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: headerTimeout,
		WriteTimeout:      s.AnswerTime,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn),
	}
	if s.CertFile != "" {
		certificate, err := newCertificate(s.CertFile, s.KeyFile, s.Log)
		if err != nil {
			return err
		}
		h.TLSConfig = &tls.Config{GetCertificate: certificate.get, MinVersion: tls.VersionTLS12}
	}
	open := door.NewConnections()
	h.ConnContext, h.ConnState = open.Remember, open.Note
	h.RegisterOnShutdown(open.Hurry)
	ended := make(chan error, 1)
	go func() {
		if h.TLSConfig != nil {
			ended <- h.ServeTLS(l, "", "")
			return
		}
		ended <- h.Serve(l)
	}()
	serving, stop := context.WithCancel(ctx)
	defer stop()
	if s.Keys != "" {
		go s.images() // making a key takes a while; what goes wrong is said when it is needed
	}
	var house sync.WaitGroup
	house.Go(func() { s.Git.Housekeeping.Run(serving) })
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = s.drain(h)
	}
	stop()
	house.Wait()
	s.Git.Close()
	return err
}

func (s *Server) drain(h *http.Server) error {
	s.leave()
	limit, cancel := context.WithTimeout(context.Background(), s.DrainLimit)
	defer cancel()
	if h.Shutdown(limit) != nil {
		s.Log.Warn("requests still running after the drain limit are ended", "limit", s.DrainLimit)
		s.harden()
		h.Close()
	}
	s.Git.Slots.Close()
	s.reader.Close()
	return nil
}
