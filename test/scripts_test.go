package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// A31, A41 and A45: a script of curl and jq goes through the pages of what ends
// soon and rotates it; what ends later is left alone.
func TestCurlRotates(t *testing.T) {
	p := start(t)
	p.run(t, "project", "add", "acme/web")
	end := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format("2006-01-02") }
	old := map[string]string{}
	for i := range 5 {
		name := fmt.Sprintf("soon%d", i)
		old[name] = p.run(t, "token", "create", "--project", "acme/web", "--name", name, "--role", "developer", "--scope", "api", "--expires", end(2+i/2))
	}
	p.run(t, "token", "create", "--project", "acme/web", "--name", "later", "--role", "developer", "--scope", "api", "--expires", end(60))

	folder := filepath.Join(t.TempDir(), "secrets")
	curl := func(secret string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), "curl", append([]string{"-sS", "-w", "\n%{http_code}", "-H", "PRIVATE-TOKEN: " + secret}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("curl %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	cmd := exec.CommandContext(t.Context(), "./rotate.sh", "acme/web", "7", folder)
	cmd.Env = append(os.Environ(), "PATROL_URL="+p.url, "PATROL_ADMIN="+p.admin)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) != 0 {
		t.Fatalf("rotate.sh: %v\n%s", err, out)
	}
	for name, secret := range old {
		next := readFile(t, filepath.Join(folder, name))
		if answer := curl(secret, p.url+"/api/v4/user"); !strings.HasSuffix(answer, "401") {
			t.Errorf("R66: the old secret of %s: %s", name, answer)
		}
		answer := curl(next, p.url+"/api/v4/personal_access_tokens/self")
		if !strings.HasSuffix(answer, "\n200") || !strings.Contains(answer, `"expires_at":"`+end(90)+`"`) {
			t.Errorf("A45: the new secret of %s: %s", name, answer)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "later")); err == nil {
		t.Error("A41: one that ends later was rotated")
	}

	// A token rotates itself, with each kind of body that people send.
	secret := readFile(t, filepath.Join(folder, "soon0"))
	for _, body := range [][]string{
		{"-X", "POST"},
		{"--data", "expires_at=" + end(3)},
		{"--json", `{"expires_at":"` + end(4) + `"}`},
		{"--form", "expires_at=" + end(5)},
	} {
		answer, status, _ := strings.Cut(curl(secret, append(body, p.url+"/api/v4/projects/acme%2Fweb/access_tokens/self/rotate")...), "\n")
		var made struct{ Token string }
		if err := json.NewDecoder(bytes.NewReader([]byte(answer))).Decode(&made); err != nil || status != "200" || made.Token == "" {
			t.Fatalf("A46: %v: %s %s", body, status, answer)
		}
		secret = made.Token
	}
}

// Git by a token: a helper that stores it, one that keeps it a while, a .netrc;
// a helper forgets what isn't taken any more. dulwich speaks for itself.
func TestGitClients(t *testing.T) {
	p := start(t)
	p.run(t, "project", "add", "acme/web")
	secret := p.deploy(t, "acme/web", "developer", "write_repository")
	reads := p.deploy(t, "acme/web", "reporter", "read_repository")
	dead := p.run(t, "--json", "token", "create", "--project", "acme/web", "--name", "short", "--role", "reporter", "--scope", "read_repository")
	var short struct {
		ID    int
		Token string
	}
	if err := json.Unmarshal([]byte(dead), &short); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	env := append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+home, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C", "PATROL_URL="+p.url, "PATROL_WRITES="+secret, "PATROL_READS="+reads)

	dulwich := exec.CommandContext(t.Context(), "/usr/bin/python3", "client_dulwich.py")
	dulwich.Env = env
	if out, err := dulwich.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), "all of it works\n") {
		t.Fatalf("dulwich: %v\n%s", err, out)
	}

	answers := write(t, home, "answers", "#!/bin/sh\ncase $1 in Username*) echo any;; *) echo \"$SECRET\";; esac\n")
	if err := os.Chmod(answers, 0o700); err != nil {
		t.Fatal(err)
	}
	git := func(secret string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = home
		cmd.Env = env
		if secret != "" {
			cmd.Env = append(cmd.Environ(), "GIT_ASKPASS="+answers, "SECRET="+secret)
		}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	url := p.url + "/acme/web.git"
	for _, helper := range []string{"store", "cache --timeout=60"} {
		if out, err := git("", "-c", "credential.helper="+helper, "ls-remote", url); err == nil {
			t.Fatalf("%s: without a token: %s", helper, out)
		}
		for _, given := range []string{short.Token, ""} { // asked for once, then known
			if out, err := git(given, "-c", "credential.helper="+helper, "ls-remote", url); err != nil || !strings.Contains(out, "refs/heads/main") {
				t.Errorf("%s: %v\n%s", helper, err, out)
			}
		}
	}
	p.run(t, "token", "revoke", fmt.Sprint(short.ID))
	for _, helper := range []string{"store", "cache --timeout=60"} {
		if out, err := git("", "-c", "credential.helper="+helper, "ls-remote", url); err == nil {
			t.Errorf("R92: %s: a revoked token: %s", helper, out)
		}
		if out, err := git(secret, "-c", "credential.helper="+helper, "ls-remote", url); err != nil || !strings.Contains(out, "refs/heads/main") {
			t.Errorf("%s doesn't forget what isn't taken: %v\n%s", helper, err, out)
		}
	}
	git("", "credential-cache", "exit")
	if kept := readFile(t, filepath.Join(home, ".git-credentials")); strings.Contains(kept, short.Token) || !strings.Contains(kept, secret) {
		t.Error("the helper store keeps a revoked token")
	}

	host, _, _ := strings.Cut(strings.TrimPrefix(p.url, "http://"), ":")
	write(t, home, ".netrc", "machine "+host+" login any password "+secret+"\n")
	for _, args := range [][]string{{"clone", "-q", url, "netrc"}, {"-C", "netrc", "-c", "user.name=Dave", "-c", "user.email=d@example.com", "commit", "-q", "--allow-empty", "-m", "Second"},
		{"-C", "netrc", "push", "-q", "origin", "HEAD:second"}, {"-C", "netrc", "pull", "-q", "--ff-only", "origin", "second"}} {
		if out, err := git("", args...); err != nil {
			t.Errorf(".netrc: git %v: %v\n%s", args, err, out)
		}
	}
}
