package ssh

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"patrol/model"
	"patrol/server"
	"patrol/sshkey"
	"patrol/storage"
	"patrol/storage/storagetest"
	"patrol/ui"
)

// world is an SSH door on a real listener with a real store.
type world struct {
	*testing.T
	db      *storage.DB
	server  *Server
	key     *HostKey
	address string
	stop    context.CancelFunc
	done    chan error

	mu  sync.Mutex
	now time.Time
	log bytes.Buffer
}

var root = model.Actor{UserID: model.RootID, Door: model.CLIDoor, Address: "tester"}

func newWorld(t *testing.T, configs ...func(*Config)) *world {
	t.Helper()
	t.Parallel()
	w := &world{T: t, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), done: make(chan error, 1)}
	var err error
	w.db, err = storagetest.Open(t.Context(), storage.Options{Path: filepath.Join(t.TempDir(), "patrol.db"), Clock: w.clock})
	w.must(err)
	t.Cleanup(func() { w.db.Close() })
	web, err := server.New(server.Config{Store: w.db, Log: slog.New(slog.NewTextHandler(w, nil))})
	w.must(err)
	w.key, err = NewHostKey()
	w.must(err)
	c := Config{House: web.House, Git: web.Git, HostKey: w.key, Console: func(ctx context.Context, t Terminal) error {
		io.WriteString(t.Out, "console of "+t.User.Username)
		<-ctx.Done()
		return nil
	}}
	for _, set := range configs {
		set(&c)
	}
	w.server, err = New(c)
	w.must(err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	w.address = l.Addr().String()
	var ctx context.Context
	ctx, w.stop = context.WithCancel(context.Background())
	go func() { w.done <- w.server.Serve(ctx, l) }()
	t.Cleanup(func() {
		w.stop()
		if err := <-w.done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Write takes the server's log.
func (w *world) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(line)
}

func (w *world) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// person is somebody with a key of his own.
func (w *world) person(name string) (model.User, gossh.Signer) {
	w.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	w.must(err)
	signer, err := gossh.NewSignerFromKey(private)
	w.must(err)
	key, err := sshkey.Parse(gossh.MarshalAuthorizedKey(signer.PublicKey()))
	w.must(err)
	u, err := w.db.AddUser(w.Context(), root, model.NewUser{Username: name, Keys: []model.NewKey{key}})
	w.must(err)
	return u, signer
}

// token is one of a new project's.
func (w *world) token(path string, role model.Role, scopes ...model.Scope) model.IssuedToken {
	w.Helper()
	_, err := w.db.Project(w.Context(), root, model.ProjectRef(path))
	if errors.Is(err, model.ErrNotFound) {
		_, err = w.db.AddProject(w.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: path, Parents: true})
	}
	w.must(err)
	made, err := w.db.CreateToken(w.Context(), root, model.NewToken{Place: model.ProjectRef(path), Name: "deploy", Role: role, Scopes: scopes})
	w.must(err)
	return made
}

// login opens a connection in the ways given, in their order.
func (w *world) login(methods ...gossh.AuthMethod) (*gossh.Client, error) {
	client, err := gossh.Dial("tcp", w.address, &gossh.ClientConfig{User: "git", Auth: methods, HostKeyCallback: gossh.InsecureIgnoreHostKey(), Timeout: 20 * time.Second})
	if err == nil {
		w.Cleanup(func() { client.Close() })
	}
	return client, err
}

func (w *world) connect(methods ...gossh.AuthMethod) *gossh.Client {
	w.Helper()
	client, err := w.login(methods...)
	w.must(err)
	return client
}

// run runs a command, and gives what it said and its exit status; -1: none.
func (w *world) run(client *gossh.Client, command string) (out, says string, status int) {
	w.Helper()
	s, err := client.NewSession()
	w.must(err)
	defer s.Close()
	var stdout, stderr bytes.Buffer
	s.Stdout, s.Stderr, s.Stdin = &stdout, &stderr, strings.NewReader("0000")
	err = s.Run(command)
	var exit *gossh.ExitError
	switch {
	case errors.As(err, &exit):
		status = exit.ExitStatus()
	case err != nil:
		status = -1
	}
	return stdout.String(), stderr.String(), status
}

func TestParseCommand(t *testing.T) {
	for command, want := range map[string]string{
		"git-upload-pack 'acme/web.git'":        "git-upload-pack acme/web",
		"git-upload-pack '/acme/web.git'":       "git-upload-pack acme/web",
		"git upload-pack acme/web":              "git-upload-pack acme/web",
		`git-receive-pack "/acme/a/b/c/web/"`:   "git-receive-pack acme/a/b/c/web",
		"git receive-pack '/acme/web'":          "git-receive-pack acme/web",
		"git-upload-pack acme/../web":           "git-upload-pack acme/../web", // no such project
		"":                                      "",
		"git-upload-pack":                       "",
		"git-upload-pack ":                      "",
		"git-upload-pack ''":                    "",
		"git-upload-pack '/'":                   "",
		"git-upload-pack //etc":                 "",
		"git-upload-archive acme/web":           "",
		"git-lfs-authenticate acme/web upload":  "",
		"git-upload-pack --strict acme/web":     "",
		"git-upload-pack --upload-pack=id":      "",
		"git-upload-pack '-oProxyCommand=id'":   "",
		"git-upload-pack acme/web; id":          "",
		"git-upload-pack acme/web|id":           "",
		"git-upload-pack 'acme/web' 'id'":       "",
		"git-upload-pack 'acme/web'\\''id'":     "",
		"git-upload-pack $(id)":                 "",
		"git-upload-pack `id`":                  "",
		"git-upload-pack acme/web\nid":          "",
		"git-upload-pack acme/web\x00":          "",
		"git  upload-pack acme/web":             "",
		"/usr/bin/git-upload-pack acme/web":     "",
		"sh -c 'git-upload-pack acme/web'":      "",
		"GIT_DIR=x git-upload-pack acme/web":    "",
		"git-upload-pack 'acme/web":             "",
		"git -c core.pager=id upload-pack acme": "",
	} {
		got := ""
		if service, project, ok := parseCommand(command); ok {
			got = string(service.Name) + " " + project
		}
		if got != want {
			t.Errorf("G41: %q is %q, want %q", command, got, want)
		}
	}
}

func FuzzParseCommand(f *testing.F) {
	f.Add("git-upload-pack 'acme/web.git'")
	f.Add("git receive-pack -x")
	f.Fuzz(func(t *testing.T, command string) {
		service, project, ok := parseCommand(command)
		if !ok {
			return
		}
		if service == nil || project == "" || project[0] == '-' || strings.ContainsAny(project, "'\"\\`$;&|<> \n\x00") {
			t.Errorf("%q: %q", command, project)
		}
	})
}

// Who gets in, and that everything that is wrong looks the same (G40, G44).
func TestLogins(t *testing.T) {
	w := newWorld(t)
	made := w.token("acme/web", model.Developer, model.ScopeWriteRepository)
	gone := w.token("acme/web", model.Developer, model.ScopeWriteRepository)
	w.must(w.db.RevokeTokens(t.Context(), root, model.Ref{}, gone.ID))
	ann, annKey := w.person("ann")
	_, strange, _ := ed25519.GenerateKey(rand.Reader)
	unknown, err := gossh.NewSignerFromKey(strange)
	w.must(err)
	secret := made.Secret.Reveal()
	answer := func(name, instruction string, questions []string, echos []bool) ([]string, error) {
		if len(questions) == 1 && echos[0] {
			t.Error("G40: the question isn't hidden")
		}
		return []string{secret}[:len(questions)], nil
	}
	for _, c := range []struct {
		name   string
		method gossh.AuthMethod
		in     bool
	}{
		{"a token", gossh.Password(secret), true},
		{"a token, asked for", gossh.KeyboardInteractive(answer), true},
		{"a person's key", gossh.PublicKeys(annKey), true},
		{"another key", gossh.PublicKeys(unknown), false},
		{"a wrong secret", gossh.Password("glpat-aaaaaaaaaaaaaaaaaaaa"), false},
		{"nothing", gossh.Password(""), false},
		{"a secret with a blank", gossh.Password(secret + " "), false},
		{"a revoked token", gossh.Password(gone.Secret.Reveal()), false},
		{"a person's name for a password", gossh.Password("root"), false},
	} {
		if _, err := w.login(c.method); (err == nil) != c.in {
			t.Errorf("%s: %v", c.name, err)
		} else if err != nil && !strings.Contains(err.Error(), "unable to authenticate") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := w.login(); err == nil {
		t.Error("none: somebody got in without any credentials")
	}
	blocked := true
	_, err = w.db.ChangeUser(t.Context(), root, ann.ID, model.UserChange{Blocked: &blocked})
	w.must(err)
	if _, err := w.login(gossh.PublicKeys(annKey)); err == nil {
		t.Error("R153: a blocked person gets in")
	}
	if strings.Contains(w.logged(), secret) {
		t.Error("R143: the secret is in the log")
	}
}

// unsigned offers a key, and can't sign with it.
type unsigned struct{ gossh.Signer }

func (unsigned) Sign(io.Reader, []byte) (*gossh.Signature, error) {
	return &gossh.Signature{}, nil
}

// A key that is only offered leaves nothing of its owner behind.
func TestOfferedKey(t *testing.T) {
	w := newWorld(t)
	made := w.token("acme/web", model.Developer, model.ScopeReadRepository)
	_, key := w.person("ann")
	client, err := w.login(gossh.PublicKeys(unsigned{key}), gossh.Password(made.Secret.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	if _, says, status := w.run(client, "ls"); status != 1 || says != "ERROR: This token opens Git only.\n" {
		t.Errorf("G41: %d %q", status, says)
	}
}

// A connection takes three passwords, however it goes on (G40).
func TestThreePasswords(t *testing.T) {
	w := newWorld(t)
	made := w.token("acme/web", model.Developer, model.ScopeReadRepository)
	tries := 0
	_, err := w.login(gossh.RetryableAuthMethod(gossh.PasswordCallback(func() (string, error) {
		if tries++; tries > 3 {
			return made.Secret.Reveal(), nil
		}
		return "wrong", nil
	}), 5))
	if err == nil {
		t.Error("G40: a fourth password was taken")
	}
}

// What a connection opens beside Git: nothing, and it says so.
func TestNothingElse(t *testing.T) {
	w := newWorld(t)
	made := w.token("acme/web", model.Developer, model.ScopeWriteRepository)
	_, key := w.person("ann")
	byToken, byKey := w.connect(gossh.Password(made.Secret.Reveal())), w.connect(gossh.PublicKeys(key))
	for _, command := range []string{"ls", "sh -c id", "git-upload-archive acme/web", "git-upload-pack", "git-upload-pack acme/web; id", "scp -t x", "plain"} {
		if out, says, status := w.run(byToken, command); out != "" || status != 1 || says != "ERROR: This token opens Git only.\n" {
			t.Errorf("G41: %q: %d %q %q", command, status, out, says)
		}
		if out, says, status := w.run(byKey, command); out != "" || status != 1 || !strings.HasPrefix(says, "ERROR: Only git-upload-pack") {
			t.Errorf("G44: %q: %d %q %q", command, status, out, says)
		}
	}
	for _, client := range []*gossh.Client{byToken, byKey} {
		s, err := client.NewSession()
		w.must(err)
		if s.RequestSubsystem("sftp") == nil {
			t.Error("G41: there is a subsystem")
		}
		for _, kind := range []string{"auth-agent-req@openssh.com", "x11-req"} {
			if ok, err := s.SendRequest(kind, true, nil); ok || err != nil {
				t.Errorf("G41: %s: %v %v", kind, ok, err)
			}
		}
		if s.Setenv("LD_PRELOAD", "x") == nil || s.Setenv("GIT_DIR", "x") == nil || s.Setenv("GIT_PROTOCOL", "version=2") != nil {
			t.Error("G43: another variable than GIT_PROTOCOL is heard")
		}
		s.Close()
		if _, err := client.Dial("tcp", w.address); err == nil {
			t.Error("G41: a port is forwarded")
		}
		if _, err := client.ListenTCP(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}); err == nil {
			t.Error("G41: a port is opened")
		}
	}
	s, err := byToken.NewSession()
	w.must(err)
	w.must(s.RequestPty("xterm", 24, 80, nil))
	if err := s.Run("git-upload-pack acme/web"); err == nil {
		t.Error("G41: a token gets a terminal")
	}
}

// The answers of G11 have the same texts here (G42), and each command is decided
// anew.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	reader := w.token("acme/web", model.Reporter, model.ScopeReadRepository)
	writer := w.token("acme/web", model.Reporter, model.ScopeWriteRepository)
	registry := w.token("acme/web", model.Developer, model.ScopeReadRegistry)
	other := w.token("other/web", model.Developer, model.ScopeWriteRepository)
	_, key := w.person("ann") // sees nothing
	for _, c := range []struct {
		who           gossh.AuthMethod
		command, want string
	}{
		{gossh.Password(reader.Secret.Reveal()), "git-receive-pack acme/web", "You are not allowed to upload code."},
		{gossh.Password(writer.Secret.Reveal()), "git-receive-pack acme/web", "You are not allowed to push code to this project."},
		{gossh.Password(registry.Secret.Reveal()), "git-upload-pack acme/web", "You are not allowed to download code."},
		{gossh.Password(other.Secret.Reveal()), "git-upload-pack acme/web", "The project you were looking for could not be found or you don't have permission to view it."},
		{gossh.Password(other.Secret.Reveal()), "git-upload-pack acme/none", "The project you were looking for could not be found or you don't have permission to view it."},
		{gossh.PublicKeys(key), "git-upload-pack acme/web", "The project you were looking for could not be found or you don't have permission to view it."},
	} {
		if out, says, status := w.run(w.connect(c.who), c.command); status != 1 || out != "" || says != "ERROR: "+c.want+"\n" {
			t.Errorf("G42: %s: %d %q, want %q", c.command, status, says, c.want)
		}
	}
	client := w.connect(gossh.Password(reader.Secret.Reveal()))
	if out, says, status := w.run(client, "git-upload-pack acme/web"); status != 0 || out != "0000" { // it is empty
		t.Errorf("G14: %d %q %q", status, out, says)
	}
	w.must(w.db.RevokeTokens(t.Context(), root, model.Ref{}, reader.ID))
	if s, err := client.NewSession(); err == nil { // else the connection has ended already
		if out, _ := s.Output("git-upload-pack acme/web"); len(out) > 0 {
			t.Errorf("G42: a revoked token still fetches: %q", out)
		}
	}
}

// Real Git, by a token and by a key: the push is recorded with who did it.
func TestGit(t *testing.T) {
	w := newWorld(t)
	made := w.token("acme/web", model.Developer, model.ScopeWriteRepository)
	ann, key := w.person("ann")
	_, err := w.db.AddMember(t.Context(), root, model.ProjectRef("acme/web"), ann.ID, model.Developer, 0)
	w.must(err)
	if out, says, status := w.run(w.connect(gossh.PublicKeys(key)), "git-receive-pack acme/web"); status != 0 || !strings.Contains(out, "report-status") {
		t.Errorf("G44: %d %q %q", status, out, says)
	}
	dir := t.TempDir()
	asks := filepath.Join(dir, "ask")
	w.must(os.WriteFile(asks, []byte("#!/bin/sh\ncat "+filepath.Join(dir, "secret")+"\n"), 0o700))
	w.must(os.WriteFile(filepath.Join(dir, "secret"), []byte(made.Secret.Reveal()), 0o600))
	host, port, _ := net.SplitHostPort(w.address)
	git := func(in string, args ...string) string {
		t.Helper()
		c := exec.Command("git", args...)
		c.Dir = in
		c.Env = append(os.Environ(), "HOME="+dir, "GIT_CONFIG_GLOBAL=/dev/null", "SSH_ASKPASS="+asks, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=none",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b",
			"GIT_SSH_COMMAND=ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o PubkeyAuthentication=no")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	remote := "ssh://any@" + host + ":" + port + "/acme/web.git"
	work := filepath.Join(dir, "work")
	git(dir, "init", "-q", "-b", "main", work)
	git(work, "commit", "-q", "--allow-empty", "-m", "first")
	git(work, "push", "-q", "--atomic", "-o", "x=y", remote, "main", "main:refs/heads/next")
	git(work, "push", "-q", remote, ":next")
	for _, version := range []string{"0", "1", "2"} {
		clone := filepath.Join(dir, "clone"+version)
		git(dir, "-c", "protocol.version="+version, "clone", "-q", remote, clone)
		if got := git(clone, "log", "--format=%s", "origin/HEAD"); got != "first\n" {
			t.Errorf("G20: protocol %s: %q", version, got)
		}
	}
	events, err := w.db.TokenHistory(t.Context(), root, made.ID, model.Page{})
	w.must(err)
	pushes := 0
	for _, e := range events.Rows {
		if e.Action == "git push" {
			pushes++
		}
	}
	if pushes != 2 {
		t.Errorf("G29: the record of two pushes: %+v", events.Rows)
	}
}

// screen opens a console and gives what it writes.
func (w *world) screen(client *gossh.Client) (*gossh.Session, io.Reader) {
	w.Helper()
	s, err := client.NewSession()
	w.must(err)
	_, err = s.StdinPipe() // which stays open
	w.must(err)
	out, err := s.StdoutPipe()
	w.must(err)
	s.Stderr = io.Discard
	w.must(s.RequestPty("xterm-256color", 24, 80, nil))
	w.must(s.Shell())
	return s, out
}

func (w *world) reads(out io.Reader, want string) {
	w.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(out, got); err != nil || string(got) != want {
		w.Fatalf("%q, %v, want %q", got, err, want)
	}
}

// sessions waits until so many are running.
func (w *world) sessions(want int) {
	w.Helper()
	for end := time.Now().Add(10 * time.Second); w.server.Sessions() != want; runtime.Gosched() {
		if time.Now().After(end) {
			w.Fatalf("%d sessions run, want %d", w.server.Sessions(), want)
		}
	}
}

// A console ends by itself once its person may not come in any more, and only
// his.
func TestExpelled(t *testing.T) {
	blocked := true
	for name, expel := range map[string]func(*world, model.User) error{
		"blocked": func(w *world, u model.User) error {
			_, err := w.db.ChangeUser(t.Context(), root, u.ID, model.UserChange{Blocked: &blocked})
			return err
		},
		"removed": func(w *world, u model.User) error { return w.db.RemoveUser(t.Context(), root, u.ID) },
		"without the key": func(w *world, u model.User) error {
			keys, err := w.db.Keys(t.Context(), root, u.ID)
			if err != nil {
				return err
			}
			return w.db.RemoveKey(t.Context(), root, u.ID, keys[0].ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ann, annKey := w.person("ann")
			_, benKey := w.person("ben")
			session, out := w.screen(w.connect(gossh.PublicKeys(annKey)))
			w.reads(out, "console of ann")
			other, otherOut := w.screen(w.connect(gossh.PublicKeys(benKey)))
			w.reads(otherOut, "console of ben")
			began := time.Now()
			w.must(expel(w, ann))
			err := session.Wait()
			if took := time.Since(began); took > 2*time.Second { // the goal is one
				t.Errorf("it took %v", took)
			}
			var exit *gossh.ExitError
			if !errors.As(err, &exit) || exit.ExitStatus() != 1 {
				t.Errorf("the console ended with %v", err)
			}
			w.sessions(1)
			other.Close()
			w.sessions(0)
		})
	}
}

// So does a fetch that goes on, of whoever opened it.
func TestExpelledFromGit(t *testing.T) {
	w := newWorld(t)
	made := w.token("acme/web", model.Developer, model.ScopeWriteRepository)
	ann, key := w.person("ann")
	_, err := w.db.AddMember(t.Context(), root, model.ProjectRef("acme/web"), ann.ID, model.Developer, 0)
	w.must(err)
	blocked := true
	for name, c := range map[string]struct {
		method gossh.AuthMethod
		expel  func() error
	}{
		"a revoked token": {gossh.Password(made.Secret.Reveal()), func() error { return w.db.RevokeTokens(t.Context(), root, model.Ref{}, made.ID) }},
		"a blocked person": {gossh.PublicKeys(key), func() error {
			_, err := w.db.ChangeUser(t.Context(), root, ann.ID, model.UserChange{Blocked: &blocked})
			return err
		}},
	} {
		for _, service := range []string{"git-upload-pack", "git-receive-pack"} {
			s, err := w.connect(c.method).NewSession()
			if err != nil { // the second one of a token that was revoked meanwhile
				continue
			}
			_, err = s.StdinPipe() // which stays open
			w.must(err)
			out, err := s.StdoutPipe()
			w.must(err)
			w.must(s.Start(service + " acme/web"))
			_, err = io.ReadFull(out, make([]byte, 4))
			w.must(err)
			if service == "git-upload-pack" {
				continue // both end at once
			}
			began := time.Now()
			w.must(c.expel())
			io.Copy(io.Discard, out)
			if took := time.Since(began); took > 3*time.Second { // the goal is one
				t.Errorf("%s: its Git ended after %v", name, took)
			}
		}
	}
	w.sessions(0)
}

// What the console is told of its terminal, and what the client says later.
func TestTerminal(t *testing.T) {
	seen, resized := make(chan Terminal, 1), make(chan Size, 1)
	w := newWorld(t, func(c *Config) {
		c.Console = func(ctx context.Context, t Terminal) error {
			seen <- t
			resized <- <-t.Resizes
			<-ctx.Done()
			return nil
		}
	})
	ann, key := w.person("ann")
	s, err := w.connect(gossh.PublicKeys(key)).NewSession()
	w.must(err)
	w.must(s.Setenv("COLORTERM", "truecolor"))
	w.must(s.Setenv("NO_COLOR", "1"))
	if s.Setenv("TMUX", "/x,1,0") == nil || s.Setenv("LANG", "a\x1b[2J") == nil {
		t.Error("a variable is heard that must not be")
	}
	w.must(s.RequestPty("xterm-256color", 24, 80, nil))
	w.must(s.Shell())
	got := <-seen
	if got.User.ID != ann.ID || got.Actor.UserID != ann.ID || got.Actor.Door != model.SSHDoor || got.Actor.Address != "127.0.0.1" ||
		got.Size != (Size{80, 24}) || strings.Join(got.Env, " ") != "COLORTERM=truecolor NO_COLOR=1 TERM=xterm-256color" {
		t.Errorf("%+v", got)
	}
	w.must(s.WindowChange(50, 160))
	if size := <-resized; size != (Size{160, 50}) {
		t.Errorf("resized to %v", size)
	}
}

// A console whose client is gone, or that is told to end, leaves no goroutine.
func TestNothingStays(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		store := c.House.Store
		c.Console = func(ctx context.Context, t Terminal) error {
			return ui.Run(ctx, ui.Config{Store: store, Actor: t.Actor, In: t.In, Out: t.Out, Env: t.Env, Window: &ui.Window{Size: ui.Size(t.Size)}})
		}
	})
	_, key := w.person("ann")
	for _, leave := range []func(*gossh.Client, *gossh.Session){
		func(client *gossh.Client, _ *gossh.Session) { client.Close() },
		func(_ *gossh.Client, s *gossh.Session) { s.Close() },
	} {
		client := w.connect(gossh.PublicKeys(key))
		s, out := w.screen(client)
		if _, err := io.ReadFull(out, make([]byte, 200)); err != nil {
			t.Fatal(err)
		}
		leave(client, s)
		w.sessions(0)
		for end := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
			all := make([]byte, 4<<20)
			all = all[:runtime.Stack(all, true)]
			if !bytes.Contains(all, []byte("bubbletea")) && !bytes.Contains(all, []byte("patrol/ui.")) {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("something stays:\n%s", all)
			}
		}
	}
}

// A panic in one session ends that one, and leaks nothing of what it held.
func TestPanic(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		console := c.Console
		c.Console = func(ctx context.Context, t Terminal) error {
			if t.User.Username == "ann" {
				panic("glpat-this-is-a-secret")
			}
			return console(ctx, t)
		}
	})
	_, annKey := w.person("ann")
	_, benKey := w.person("ben")
	_, out := w.screen(w.connect(gossh.PublicKeys(benKey)))
	w.reads(out, "console of ben")
	s, _ := w.screen(w.connect(gossh.PublicKeys(annKey)))
	var exit *gossh.ExitError
	if err := s.Wait(); !errors.As(err, &exit) || exit.ExitStatus() != 1 {
		t.Errorf("%v", err)
	}
	if log := w.logged(); !strings.Contains(log, "msg=panic") || strings.Contains(log, "this-is-a-secret") {
		t.Errorf("the log: %s", log)
	}
	w.sessions(1)
}

// Neither silent newcomers nor open consoles of one address keep others out, and
// a place is free again once its connection is gone.
func TestLimits(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Newcomers, c.Consoles = 8, 1 })
	_, key := w.person("ann")
	var silent []net.Conn
	for range 2 { // a quarter of the newcomers
		conn, err := net.Dial("tcp", w.address)
		w.must(err)
		silent = append(silent, conn)
		if _, err := io.ReadFull(conn, make([]byte, len("SSH-2.0-Patrol"))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.login(gossh.PublicKeys(key)); err == nil {
		t.Error("more newcomers of one address were taken than its share")
	}
	for _, conn := range silent {
		conn.Close()
	}
	var client *gossh.Client
	for client == nil { // until the server has noticed
		client, _ = w.login(gossh.PublicKeys(key))
	}
	_, out := w.screen(client)
	w.reads(out, "console of ann")
	s, _ := w.screen(client)
	var exit *gossh.ExitError
	if err := s.Wait(); !errors.As(err, &exit) {
		t.Errorf("a second console: %v", err)
	}
	w.sessions(1)       // the refused one is over
	for i := 1; ; i++ { // one is open
		if s, err := client.NewSession(); err != nil {
			if i != maxChannels {
				t.Errorf("%d channels were taken", i)
			}
			break
		} else {
			defer s.Close()
		}
	}
}

// At the end consoles are left in order, and connections that do nothing don't
// hold it up.
func TestDrain(t *testing.T) {
	w := newWorld(t)
	_, key := w.person("ann")
	s, out := w.screen(w.connect(gossh.PublicKeys(key)))
	w.reads(out, "console of ann")
	idle := w.connect(gossh.PublicKeys(key))
	half, err := idle.NewSession()
	w.must(err)
	defer half.Close()
	began := time.Now()
	w.stop()
	var exit *gossh.ExitError
	if err := s.Wait(); !errors.As(err, &exit) {
		t.Errorf("the console ended with %v", err)
	}
	w.must(<-w.done)
	w.done <- nil
	if took := time.Since(began); took > 5*time.Second { // it takes milliseconds
		t.Errorf("it took %v", took)
	}
}

// The host key is made once, for its owner only, and a broken one is said to be
// (G45).
// The console as lines: by its name, and where the terminal shows no screens.
func TestPlainConsole(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Console = func(_ context.Context, t Terminal) error {
			fmt.Fprintf(t.Out, "plain %v for %s", t.Plain, t.User.Username)
			return nil
		}
	})
	made := w.token("acme/web", model.Developer, model.ScopeWriteRepository)
	_, key := w.person("ann")
	for _, c := range []struct{ terminal, command, want string }{
		{"xterm", "plain", "plain true for ann"}, {"dumb", "", "plain true for ann"}, {"xterm", "", "plain false for ann"}, {"xterm", "plain x", "ERROR"}, {"", "plain", "ERROR"},
	} {
		s, err := w.connect(gossh.PublicKeys(key)).NewSession()
		w.must(err)
		if c.terminal != "" {
			w.must(s.RequestPty(c.terminal, 24, 80, nil))
		}
		var out, says bytes.Buffer
		s.Stdout, s.Stderr = &out, &says
		if _, err := s.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		if c.command == "" {
			w.must(s.Shell())
		} else {
			w.must(s.Start(c.command))
		}
		s.Wait()
		if !strings.HasPrefix(out.String()+says.String(), c.want) {
			t.Errorf("%+v: %q, %q", c, out.String(), says.String())
		}
	}
	if out, says, status := w.run(w.connect(gossh.Password(made.Secret.Reveal())), "plain"); status != 1 || out != "" || !strings.Contains(says, "Git only") {
		t.Errorf("G41: a token opened it: %q %q %d", out, says, status)
	}
}

// A client that takes nothing and never closes its side holds neither its
// session nor the server's end.
func TestDeaf(t *testing.T) {
	for name, end := range map[string]func(*world, model.User){
		"expelled": func(w *world, u model.User) { w.must(w.db.RemoveUser(t.Context(), root, u.ID)) },
		"drained":  func(w *world, u model.User) { w.stop() },
	} {
		t.Run(name, func(t *testing.T) {
			full := make(chan struct{})
			w := newWorld(t, func(c *Config) {
				c.CloseTime, c.Consoles = 100*time.Millisecond, 1
				c.Console = func(_ context.Context, t Terminal) error {
					for screen := make([]byte, 64<<10); ; { // more than any window holds
						full <- struct{}{}
						if _, err := t.Out.Write(screen); err != nil {
							return err
						}
					}
				}
			})
			ann, key := w.person("ann")
			s, _, err := w.connect(gossh.PublicKeys(key)).OpenChannel("session", nil)
			w.must(err)
			_, err = s.SendRequest("pty-req", true, gossh.Marshal(struct {
				Terminal                    string
				Width, Height, Across, Down uint32
				Modes                       string
			}{Terminal: "xterm", Width: 80, Height: 24}))
			w.must(err)
			_, err = s.SendRequest("shell", true, nil)
			w.must(err)
			for range 32 { // 2 MiB, what this client takes unread
				<-full
			}
			go func() {
				for range full {
				}
			}()
			began := time.Now()
			end(w, ann)
			w.sessions(0)
			if took := time.Since(began); took > 3*time.Second { // the goal is half a second
				t.Errorf("it took %v", took)
			}
			if len(w.server.consoles) != 0 {
				t.Error("its console is still counted")
			}
		})
	}
}

func TestHostKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ssh_host_ed25519_key")
	var keys [8]*HostKey
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() { keys[i], _ = OpenHostKey(file) })
	}
	all.Wait()
	for _, key := range keys {
		if key == nil || key.Fingerprint != keys[0].Fingerprint {
			t.Fatalf("G45: %v and %v", key, keys[0])
		}
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("G45: %v %v", info, err)
	}
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
		t.Errorf("it left %v", left)
	}
	os.Chmod(file, 0o644)
	if _, err := OpenHostKey(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("G45: a key that others can read: %v", err)
	}
	os.WriteFile(file, []byte("-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n"), 0o600)
	os.Chmod(file, 0o600)
	if _, err := OpenHostKey(file); err == nil || strings.Contains(err.Error(), "c2VjcmV0") {
		t.Errorf("G45: a broken key: %v", err)
	}
}
