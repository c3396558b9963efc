package ui_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A paste whose end is lost on the way doesn't make the console deaf.
func TestLostEndOfPaste(t *testing.T) {
	h := newHome(t)
	term := start(t, h.patrol(), 80, 24)
	term.await("A new database")
	term.press("n")
	term.await("New project")
	term.press("\x1b[200~acme/web") // it is there once the paste has ended by itself
	term.await("acme/web")
	term.press("\x13")
	term.await("acme/web created")
	term.press("\x03")
	if err := term.ended(); err != nil {
		t.Error(err)
	}
}

// A terminal that doesn't know its size has the usual one, and q works at every
// size.
func TestUnknownSize(t *testing.T) {
	for _, size := range [][2]int{{0, 0}, {0, 24}, {80, 0}} {
		h := newHome(t)
		term := start(t, h.patrol(), size[0], size[1])
		term.await("A new database")
		term.press("q")
		if err := term.ended(); err != nil {
			t.Errorf("%v: %v", size, err)
		}
	}
	h := newHome(t)
	term := start(t, h.patrol(), 10, 3)
	term.await("too small")
	term.press("q")
	if err := term.ended(); err != nil {
		t.Error(err)
	}
}

// Where no shell could bring it back, ctrl+z says so instead of stopping.
func TestNoShellAbove(t *testing.T) {
	h := newHome(t)
	term := start(t, h.patrol(), 80, 24) // leads a session of its own: its group is orphaned
	term.await("A new database")
	term.press("\x1a")
	term.await("no shell here could bring Patrol back")
	term.press("q")
	if err := term.ended(); err != nil {
		t.Error(err)
	}
}

// Stopped from outside and continued, it is there again; a signal ends it also
// then.
func TestStoppedFromOutside(t *testing.T) {
	h := newHome(t)
	term := start(t, h.patrol(), 80, 24)
	term.await("A new database")
	for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		if err := term.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	term.until("the form", func(s string) bool { // a key that comes while the terminal is taken again may be lost
		term.press("n")
		return strings.Contains(s, "New project")
	})
	if err := term.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := term.ended(); err != nil {
		t.Error(err)
	}
}

// ctrl+c, pressed again and again, leaves a form with something typed.
func TestCtrlCAgainAndAgain(t *testing.T) {
	h := newHome(t)
	term := start(t, h.patrol(), 80, 24)
	term.await("A new database")
	term.press("n")
	term.await("New project")
	term.press("acme/web")
	term.await("acme/web")
	term.press("\x03")
	term.until("the end", func(string) bool {
		select {
		case err := <-term.done:
			term.done <- err
			return true
		default:
			term.press("\x03")
			return false
		}
	})
}

// In tmux a secret goes through tmux, on its standard input: arguments can be
// seen by everybody.
func TestSecretThroughTmux(t *testing.T) {
	bin := t.TempDir()
	took := filepath.Join(bin, "took")
	script := "#!/bin/sh\nprintf '%s\\n' \"$*\" > " + took + ".args\ncat > " + took + "\n"
	if err := os.WriteFile(filepath.Join(bin, "tmux"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	h := newHome(t, "TMUX=/nowhere,1,0", "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22", "PATH="+bin+":"+os.Getenv("PATH"))
	if out, err := h.patrol("project", "add", "acme/web").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	term := start(t, h.patrol(), 80, 24)
	term.await("NEEDS YOU")
	term.press("gp")
	term.await("acme/web")
	term.press("t")
	term.await("New token")
	term.press("\tdeploy")
	term.await("still needed: scopes")
	term.press("\x1b[B\x1b[B\x1b[B\x1b[B \x13")
	term.await("never again")
	term.await("c copies through tmux (SSH)")
	term.press("v")
	secret := secretPattern.FindString(term.until("the secret", secretPattern.MatchString))
	term.press("c")
	term.await("sent through tmux")
	if got, err := os.ReadFile(took); err != nil || string(got) != secret {
		t.Errorf("tmux took %q, %v", got, err)
	}
	if args, err := os.ReadFile(took + ".args"); err != nil || string(args) != "load-buffer -w -\n" {
		t.Errorf("tmux was called with %q, %v", args, err)
	}
	if strings.Contains(term.written(), "\x1b]52;") {
		t.Error("OSC 52 was used too")
	}
}
