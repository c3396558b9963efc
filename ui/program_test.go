package ui_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"patrol/cli"
)

// TestMain makes this test binary stand in for patrol, signals included.
func TestMain(m *testing.M) {
	if os.Getenv("PATROL_TEST_PROGRAM") != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop)
		os.Exit(cli.Run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// home is a home folder with nothing in it, and programs of its own.
type home struct {
	t   *testing.T
	dir string
	env []string
}

// clipboard stands in for xclip: it keeps what it is given in a file.
const clipboard = `#!/bin/sh
case "$*" in
*-out*) cat "$HOME/clipboard" ;;
*) cat > "$HOME/clipboard" ;;
esac
`

func newHome(t *testing.T, env ...string) *home {
	t.Helper()
	h := &home{t: t, dir: t.TempDir()}
	bin := filepath.Join(h.dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "xclip"), []byte(clipboard), 0o755); err != nil {
		t.Fatal(err)
	}
	h.env = append([]string{
		"PATROL_TEST_PROGRAM=1", "HOME=" + h.dir, "PATH=" + bin + ":" + os.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
	}, env...)
	return h
}

func (h *home) command(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(h.t.Context(), name, args...)
	cmd.Env, cmd.Dir = h.env, h.dir
	return cmd
}

func (h *home) patrol(args ...string) *exec.Cmd { return h.command(os.Args[0], args...) }

// copied is what the machine's clipboard holds.
func (h *home) copied() string {
	text, err := os.ReadFile(filepath.Join(h.dir, "clipboard"))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// serve runs `patrol serve` until the test ends.
func (h *home) serve() {
	h.t.Helper()
	cmd := h.patrol("serve", "--http", "127.0.0.1:0")
	out, err := cmd.StderrPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGKILL)
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "http: listening on ") {
			go func() {
				for lines.Scan() {
				}
			}()
			return
		}
	}
	h.t.Fatal("serve doesn't listen")
}

var secretPattern = regexp.MustCompile(`glpat-[A-Za-z0-9_-]{20}`)

// The whole main job with the real program, the real git and a terminal, from
// an empty home.
func TestProgram(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {60, 15}} {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			h := newHome(t)
			term := start(t, h.patrol(), size[0], size[1])
			term.await("1  Make a project")
			term.press("\r")
			term.await("New project")
			term.press("acme/web")
			term.await("● can be created")
			term.press("\x13")
			term.await("New token")
			term.press("\tdeploy")
			term.press(strings.Repeat("\x1b[B", 3) + strings.Repeat("\x1b[C", 3)) // Developer
			term.await("‹Developer›")
			term.press(strings.Repeat("\x1b[B", 6) + " ") // write_repository
			term.await("● can be created")
			term.press("\x13")
			term.await("never again")
			term.press("v")
			secret := secretPattern.FindString(term.until("the secret", secretPattern.MatchString))
			term.press("c")
			term.await("[✓] copied")
			if h.copied() != secret {
				t.Errorf("the clipboard holds %q", h.copied())
			}
			h.serve()
			if size[1] > 20 {
				term.await("git clone http://any:••••@127.0.0.1:")
			} else {
				term.await("1  git")
			}
			term.press("1")
			term.until("the line in the clipboard", func(string) bool { return strings.HasPrefix(h.copied(), "git clone ") })
			clone := h.copied()
			if out, err := h.command("sh", "-c", clone+" here").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			term.press(" ")
			term.await("[✓] stored")
			term.press("\x1b")
			term.until("the list", func(s string) bool {
				return strings.Contains(s, "deploy") && !strings.Contains(s, "never again") && !strings.Contains(s, secret)
			})
			term.press("\r")
			term.await("token.created")
			term.press("x")
			term.await("Revoke token ")
			term.until("the token revoked", func(s string) bool {
				term.press("y") // the question takes no key at first
				return strings.Contains(s, "✕ revoked")
			})
			if out, err := h.command("git", "-C", "here", "fetch").CombinedOutput(); err == nil || !strings.Contains(string(out), "denied") {
				t.Errorf("a revoked token fetches: %v: %s", err, out)
			}
			term.press("q")
			if err := term.ended(); err != nil {
				t.Error(err)
			}
			if strings.Contains(h.copied(), secret) {
				t.Error("the machine's clipboard still holds the secret")
			}
			if strings.Contains(term.written(), "\x1b]52;") {
				t.Error("the terminal's clipboard was used too")
			}
		})
	}
}

// Over SSH only the escape sequence is used, never the machine's clipboard.
func TestProgramOverSSH(t *testing.T) {
	h := newHome(t, "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22")
	if out, err := h.patrol("project", "add", "acme/web").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	term := start(t, h.patrol(), 80, 24)
	term.await("NEEDS YOU")
	term.press("gp")
	term.await("acme/web")
	term.press("t")
	term.await("New token")
	term.press("\tx" + strings.Repeat("\x1b[B", 4) + " ")
	term.await("● can be created")
	term.press("\x13")
	term.await("c copies by OSC 52")
	term.press("v")
	secret := secretPattern.FindString(term.until("the secret", secretPattern.MatchString))
	term.press("c")
	term.await("[◐] copied")
	want := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(secret))
	term.until("the escape sequence", func(string) bool { return strings.Contains(term.written(), want) })
	if _, err := os.Stat(filepath.Join(h.dir, "clipboard")); err == nil {
		t.Error("the machine's clipboard was used too")
	}
	// The terminal is lost: the secret was not acknowledged.
	if err := term.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := term.ended(); err != nil {
		t.Error(err)
	}
	out, err := h.patrol("audit").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "token.not_acknowledged") {
		t.Errorf("%v: %s", err, out)
	}
}

// Whatever ends the program, the terminal is as it was, and a demo leaves
// nothing behind.
func TestProgramIsStopped(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP} {
		h := newHome(t)
		tmp := filepath.Join(h.dir, "tmp")
		if err := os.Mkdir(tmp, 0o755); err != nil {
			t.Fatal(err)
		}
		h.env = append(h.env, "TMPDIR="+tmp)
		term := start(t, h.patrol("demo", "--tokens", "20"), 80, 24)
		term.await("NEEDS YOU")
		if err := term.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if err := term.ended(); err != nil {
			t.Errorf("%v: %v", sig, err)
		}
		if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
			t.Errorf("%v: left behind: %v, %v", sig, left, err)
		}
	}
}

// Each signal has one who acts on it: two would wait for each other now and
// then, and the terminal would stay as it is.
func TestProgramIsStoppedEachTime(t *testing.T) {
	h := newHome(t)
	for range 10 {
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
			term := start(t, h.patrol(), 80, 24)
			term.await("A new database")
			if err := term.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if err := term.ended(); err != nil {
				t.Fatalf("%v: %v", sig, err)
			}
		}
	}
}

// On a terminal that answers nothing, as a serial line, errors and help pages
// come at once and ask nothing: what is typed ahead stays.
func TestProgramAsksNothing(t *testing.T) {
	h := newHome(t)
	for args, want := range map[string]string{"project show acme/web": "no such project", "token --help": "--json", "bogus": "has no command"} {
		term := start(t, h.patrol(strings.Fields(args)...), 80, 24)
		term.await(want)
		<-term.done
		if written := term.written(); strings.Contains(written, "\x1b]") || strings.Contains(written, "\x1b[c") {
			t.Errorf("%s: %q", args, written)
		}
	}
}

// Without a terminal one line says so; on one that can't show screens the console
// is lines, and q leaves it.
func TestProgramNeedsATerminal(t *testing.T) {
	h := newHome(t)
	out, err := h.patrol().CombinedOutput()
	if err == nil || !strings.Contains(string(out), "needs a terminal") || strings.Count(string(out), "\n") != 1 {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(h.dir, ".local")); err == nil {
		t.Error("a database was made for nobody")
	}
	h.env = append(h.env, "TERM=dumb")
	term := start(t, h.patrol(), 80, 24)
	term.await("q leaves")
	term.press("q\r")
	select {
	case err := <-term.done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it goes on")
	}
}
