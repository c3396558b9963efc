package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"patrol/model"
	"patrol/server"
	"patrol/server/ssh"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	http, ssh, url  string
	tlsCert, tlsKey string
	noticeHook      string
	noticeTargets   string
	logFormat       string
	logLevel        slog.Level
	proxies         []netip.Prefix
}

func (a *app) serveCommand() *cobra.Command {
	var flags serveFlags
	c := command("serve", "Serve what tokens open over HTTP, and Git and the console over SSH, until interrupted", cobra.NoArgs,
		func(ctx context.Context, _ []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			visitors, err := a.forVisitors()
			if err != nil {
				return err
			}
			a.visitors = visitors
			// Before the database is opened: a client that is started right after
			// the server then waits instead of being refused.
			l, err := flags.listen()
			if err != nil {
				return err
			}
			defer l.close()
			return a.session(ctx, func(s *session) error { return s.serve(flags, l) })
		})
	f := c.Flags()
	f.StringVar(&flags.http, "http", "127.0.0.1:8080", "address to listen at, or unix:/path of a socket; port 0 picks one")
	f.StringVar(&flags.ssh, "ssh", "127.0.0.1:2222", "address for Git and the console over SSH; off: none")
	f.StringVar(&flags.url, "url", "", "the address that people reach it at, such as https://git.example.org (where it listens)")
	f.StringVar(&flags.noticeHook, "notice-hook", "", "executable file that gets each notice of an expiring token on its standard input, as one JSON object")
	noticeTargetsFlag(f, &flags.noticeTargets)
	f.StringVar(&flags.tlsCert, "tls-cert", "", "file of the TLS certificate and those above it, in PEM form")
	f.StringVar(&flags.tlsKey, "tls-key", "", "file of the certificate's key")
	f.Var(valueFlag[[]netip.Prefix]{&flags.proxies, flags.addProxy, "range"}, "trusted-proxy",
		"address range of a proxy whose X-Forwarded headers are believed, such as 10.0.0.0/8")
	f.StringVar(&flags.logFormat, "log-format", "", "json or text (text at a terminal, else json)")
	f.TextVar(&flags.logLevel, "log-level", slog.LevelInfo, "the least that is logged: debug, info (a line a request), warn or error")
	completeFlag(c, "log-format", "json", "text")
	completeFlag(c, "log-level", "debug", "info", "warn", "error")
	completeFlag(c, "http")
	completeFlag(c, "ssh")
	completeFlag(c, "url")
	completeFlag(c, "trusted-proxy")
	return c
}

// serve says where it listens, and serves until the session's context is done.
func (s *session) serve(flags serveFlags, l listeners) error {
	if at := s.rehearsal(); at != "" {
		s.note("warning: the clock was set to %s: every change is refused, nothing is written", at)
	}
	if warning := s.store.Warning(); warning != "" {
		s.note("warning: %s", warning)
	}
	log := s.logger(flags)
	targets, err := s.targets(flags.noticeTargets)
	if err != nil {
		return err
	}
	v, err := s.newServing(flags, l, log)
	if err != nil {
		return err
	}
	if v.shell != nil {
		s.note("ssh: listening on %s", l.ssh.Addr())
		s.note("ssh: host key %s", v.shell.HostKey.Fingerprint)
	}
	s.note("http: listening on %s", listening(l.http.Addr()))
	defer s.tend(log, delivery(log, flags.noticeHook))()
	defer s.tell(log, targets)()
	ctx, stop := context.WithCancel(s.ctx)
	defer stop()
	notify(log, daemon.SdNotifyReady)
	context.AfterFunc(ctx, func() { notify(log, daemon.SdNotifyStopping) })
	go s.watch(ctx, log)
	return v.run(ctx)
}

// serving is the doors of one process.
type serving struct {
	listeners
	web   *server.Server
	shell *ssh.Server // nil: it is off
}

// newServing makes them, and records the address that they are reached at.
func (s *session) newServing(flags serveFlags, l listeners, log *slog.Logger) (v *serving, err error) {
	v = &serving{listeners: l}
	keys := s.store.Folder()
	if s.options.ReadOnly {
		keys = ""
	}
	v.web, err = server.New(server.Config{Store: s.store, Log: log, Keys: keys, Revision: revision(), URL: flags.url, SSHPort: l.sshPort(), TrustedProxies: flags.proxies,
		CertFile: flags.tlsCert, KeyFile: flags.tlsKey})
	if err != nil {
		return nil, err
	}
	if v.shell, err = s.sshServer(v.web, l); err != nil {
		return nil, err
	}
	if v.shell != nil {
		v.web.CountSessions(v.shell.Sessions)
	}
	return v, s.recordURL(flags, l.http.Addr())
}

// run serves until ctx is done, and then drains.
func (v *serving) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx) // one that fails ends the other
	defer stop()
	ended := make(chan error, 1)
	go func() {
		if v.shell == nil {
			ended <- nil
			return
		}
		defer stop()
		ended <- v.shell.Serve(ctx, v.ssh)
	}()
	err := v.web.Serve(ctx, v.http)
	stop()
	return errors.Join(err, <-ended)
}

// check refuses flags that can't work, before anything listens.
func (f *serveFlags) check() (err error) {
	if (f.tlsCert == "") != (f.tlsKey == "") {
		return usagef("--tls-cert and --tls-key belong together")
	}
	if f.tlsCert != "" {
		if _, err := tls.LoadX509KeyPair(f.tlsCert, f.tlsKey); err != nil {
			return fmt.Errorf("the TLS certificate can't be used: %w", err)
		}
	}
	if f.logFormat != "" && f.logFormat != "json" && f.logFormat != "text" {
		return usagef("--log-format is json or text, not %q", f.logFormat)
	}
	if f.noticeHook, err = checkHook(f.noticeHook); err != nil {
		return err
	}
	return model.CheckSetting(model.SettingURL, f.url)
}

// recordURL notes where people reach the server, for the lines that console
// and project show give them to copy. In a rehearsal nothing is written.
func (s *session) recordURL(flags serveFlags, addr net.Addr) error {
	url := strings.TrimRight(flags.url, "/")
	if url == "" {
		scheme := "http"
		if flags.tlsCert != "" {
			scheme = "https"
		}
		url = scheme + "://" + reachable(addr)
	}
	err := s.store.RecordURL(context.WithoutCancel(s.ctx), url)
	if errors.Is(err, model.ErrReadOnly) {
		return nil
	}
	return err
}

// logger writes lines for people to a terminal, and JSON for programs otherwise,
// unless a format is asked for.
func (a *app) logger(f serveFlags) *slog.Logger {
	options := &slog.HandlerOptions{Level: f.logLevel}
	if underJournal(a.getenv("JOURNAL_STREAM"), a.err) {
		options.ReplaceAttr = withoutTime
	}
	if f.logFormat == "text" || f.logFormat == "" && isTerminal(a.err) {
		return slog.New(slog.NewTextHandler(a.err, options))
	}
	return slog.New(slog.NewJSONHandler(a.err, options))
}

func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// addProxy adds an address or a range to the proxies named so far.
func (f *serveFlags) addProxy(text string) ([]netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return append(f.proxies, netip.PrefixFrom(addr, addr.BitLen())), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return f.proxies, fmt.Errorf("it is neither an address nor a range such as 10.0.0.0/8")
	}
	return append(f.proxies, prefix), nil
}
