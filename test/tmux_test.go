package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// In tmux with its defaults, which swallow what a program sends to the
// clipboard, a new secret still gets into tmux's own buffer, and nowhere into a
// process's arguments.
func TestTmux(t *testing.T) {
	dir := t.TempDir()
	program, database := filepath.Join(dir, "patrol"), filepath.Join(dir, "patrol.db")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if out, err := exec.Command(program, "--db", database, "project", "add", "acme/web").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	socket := filepath.Join(dir, "tmux")
	tmux := func(args ...string) string {
		t.Helper()
		c := exec.Command("tmux", append([]string{"-S", socket, "-f", "/dev/null"}, args...)...)
		c.Env = append(os.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8", "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22", "TMUX=")
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	tmux("new-session", "-d", "-x", "80", "-y", "24", program+" --db "+database)
	t.Cleanup(func() { exec.Command("tmux", "-S", socket, "kill-server").Run() })
	shows := func(what string) string {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); ; {
			screen := tmux("capture-pane", "-p")
			if strings.Contains(screen, what) {
				return screen
			}
			if time.Now().After(end) {
				t.Fatalf("the screen never shows %q:\n%s", what, screen)
			}
		}
	}
	shows("NEEDS YOU")
	tmux("send-keys", "g", "p")
	shows("acme/web")
	tmux("send-keys", "t")
	shows("New token")
	tmux("send-keys", "Tab")
	tmux("send-keys", "-l", "deploy")
	tmux("send-keys", "Down", "Down", "Down", "Down", "Space")
	shows("[✓] api")
	tmux("send-keys", "C-s")
	shows("shown now and never again")
	tmux("send-keys", "c")
	shows("tmux")
	secret := regexp.MustCompile(`^glpat-[A-Za-z0-9_-]{20}$`)
	for end := time.Now().Add(20 * time.Second); ; {
		out, err := exec.Command("tmux", "-S", socket, "show-buffer").Output()
		if err == nil && secret.MatchString(strings.TrimSpace(string(out))) {
			whois := exec.Command(program, "--db", database, "whois")
			whois.Stdin = strings.NewReader(string(out))
			if said, err := whois.CombinedOutput(); err != nil || !strings.Contains(string(said), "deploy") {
				t.Errorf("what is in the buffer isn't the new token's secret: %v\n%s", err, said)
			}
			return
		}
		if time.Now().After(end) {
			t.Fatalf("tmux's buffer holds %q: %v", out, err)
		}
	}
}
