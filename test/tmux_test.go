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

// console is Patrol's in a tmux of its own, with tmux's defaults.
type console struct {
	*testing.T
	program, database, socket string
	keys                      int // that were pressed, letters of a text included
}

func openConsole(t *testing.T, before ...string) *console {
	t.Helper()
	dir := t.TempDir()
	c := &console{T: t, program: filepath.Join(dir, "patrol"), database: filepath.Join(dir, "patrol.db"), socket: filepath.Join(dir, "tmux")}
	build := exec.Command("go", "build", "-o", c.program, ".")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if len(before) > 0 {
		if out, err := exec.Command(c.program, append([]string{"--db", c.database}, before...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	c.tmux("new-session", "-d", "-x", "80", "-y", "24", c.program+" --db "+c.database)
	t.Cleanup(func() { exec.Command("tmux", "-S", c.socket, "kill-server").Run() })
	return c
}

func (c *console) tmux(args ...string) string {
	c.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", c.socket, "-f", "/dev/null"}, args...)...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8", "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22", "TMUX=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (c *console) press(keys ...string) {
	c.Helper()
	c.keys += len(keys)
	c.tmux(append([]string{"send-keys"}, keys...)...)
}

func (c *console) text(text string) {
	c.Helper()
	c.keys += len(text)
	c.tmux("send-keys", "-l", text)
}

func (c *console) shows(what string) string {
	c.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		screen := c.tmux("capture-pane", "-p")
		if strings.Contains(screen, what) {
			return screen
		}
		if time.Now().After(end) {
			c.Fatalf("the screen never shows %q:\n%s", what, screen)
		}
	}
}

// buffer is what tmux's own buffer holds, once it fits.
func (c *console) buffer(fits *regexp.Regexp) string {
	c.Helper()
	for end := time.Now().Add(20 * time.Second); ; {
		out, err := exec.Command("tmux", "-S", c.socket, "show-buffer").Output()
		if text := strings.TrimSpace(string(out)); err == nil && fits.MatchString(text) {
			return text
		}
		if time.Now().After(end) {
			c.Fatalf("tmux's buffer holds %q: %v", out, err)
		}
	}
}

// In tmux with its defaults, which swallow what a program sends to the
// clipboard, a new secret still gets into tmux's own buffer, and nowhere into a
// process's arguments.
func TestTmux(t *testing.T) {
	c := openConsole(t, "project", "add", "acme/web")
	c.shows("NEEDS YOU")
	c.press("g", "p")
	c.shows("acme/web")
	c.press("t")
	c.shows("New token")
	c.press("Tab")
	c.text("deploy")
	c.press("Down", "Down", "Down", "Down", "Space")
	c.shows("[✓] api")
	c.press("C-s")
	c.shows("shown now and never again")
	c.press("c")
	c.shows("tmux")
	secret := c.buffer(regexp.MustCompile(`^glpat-[A-Za-z0-9_-]{20}$`))
	whois := exec.Command(c.program, "--db", c.database, "whois")
	whois.Stdin = strings.NewReader(secret)
	if said, err := whois.CombinedOutput(); err != nil || !strings.Contains(string(said), "deploy") {
		t.Errorf("what is in the buffer isn't the new token's secret: %v\n%s", err, said)
	}
}

// From an empty database to a working git clone by the keys that the console
// shows, in one terminal: the goal is 20.
func TestFirstClone(t *testing.T) {
	c := openConsole(t)
	c.shows("serves from here")
	c.press("s")
	c.shows("SERVING 127.0.0.1:")
	c.press("n")
	c.shows("New project")
	c.text("a/b")
	c.press("C-s")
	c.shows("New token")
	c.press("2") // clone only
	c.press("Tab")
	c.text("ci")
	c.press("C-s")
	c.shows("shown now and never again")
	c.press("1")
	line := c.buffer(regexp.MustCompile(`^git clone http://any:glpat-[A-Za-z0-9_-]{20}@127\.0\.0\.1:\d+/a/b\.git$`))
	if c.keys > 20 {
		t.Errorf("it took %d keys", c.keys)
	}
	t.Logf("%d keys", c.keys)
	clone := exec.Command("git", "-c", "credential.helper=", "clone", "-q", strings.Fields(line)[2], filepath.Join(t.TempDir(), "b"))
	if out, err := clone.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	c.press("Space", "q")
	for end := time.Now().Add(20 * time.Second); exec.Command("tmux", "-S", c.socket, "list-sessions").Run() == nil; {
		if time.Now().After(end) {
			t.Fatal("the console never ends")
		}
	}
	if clone := exec.Command("git", "ls-remote", strings.Fields(line)[2]); clone.Run() == nil {
		t.Error("it serves on, though the console has ended")
	}
}
