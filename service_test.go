package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// service is a patrol serve as systemd starts it.
type service struct {
	cmd    *exec.Cmd
	lines  *bufio.Scanner // of its standard error
	notify *net.UnixConn  // what it says to systemd
}

// startService starts one that may use the descriptors 3 and up.
func startService(t *testing.T, env []string, passed []*os.File, flags ...string) *service {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, socket := filepath.Join(dir, "patrol"), filepath.Join(dir, "notify")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	s := &service{}
	if s.notify, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	// systemd sets LISTEN_PID in the child; here the shell knows its own.
	s.cmd = exec.Command("sh", append([]string{"-c", `LISTEN_PID=$$ exec "$0" "$@"`, program, "--db", filepath.Join(dir, "patrol.db"), "serve"}, flags...)...)
	s.cmd.Env = append(append(os.Environ(), "NOTIFY_SOCKET="+socket), env...)
	s.cmd.ExtraFiles = passed
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.lines = bufio.NewScanner(stderr)
	t.Cleanup(func() {
		s.cmd.Process.Kill() // one that has ended takes none
		s.cmd.Wait()
		s.notify.Close()
	})
	return s
}

// told is the next thing that systemd is told.
func (s *service) told(t *testing.T) string {
	t.Helper()
	s.notify.SetReadDeadline(time.Now().Add(20 * time.Second))
	text := make([]byte, 256)
	n, err := s.notify.Read(text)
	if err != nil {
		t.Fatalf("systemd is told nothing: %v", err)
	}
	return string(text[:n])
}

// says waits for a line of its log that begins so.
func (s *service) says(t *testing.T, begin string) string {
	t.Helper()
	for s.lines.Scan() {
		if rest, ok := strings.CutPrefix(s.lines.Text(), begin); ok {
			return rest
		}
	}
	t.Fatalf("it ended without saying %q", begin)
	return ""
}

// systemd hears that the service is ready once it answers, that it lives as
// often as its watchdog wants, and that it stops.
func TestServiceTellsSystemd(t *testing.T) {
	s := startService(t, []string{"WATCHDOG_USEC=300000"}, nil, "--http", "127.0.0.1:0", "--ssh", "off")
	if got := s.told(t); got != "READY=1" {
		t.Fatalf("the first word is %q", got)
	}
	answer, err := http.Get("http://" + s.says(t, "http: listening on ") + "/-/readiness")
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("ready, but %v, %v", answer, err)
	}
	answer.Body.Close()
	for range 3 {
		if got := s.told(t); got != "WATCHDOG=1" {
			t.Fatalf("the watchdog is told %q", got)
		}
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	for got := "WATCHDOG=1"; got != "STOPPING=1"; got = s.told(t) {
		if got != "WATCHDOG=1" {
			t.Fatalf("at its end it says %q", got)
		}
	}
}

// A service that systemd starts because somebody came takes its sockets, a Unix
// one for HTTP and a TCP one for SSH, whatever its flags say, and who comes by
// the Unix socket is 127.0.0.1.
func TestServiceTakesSockets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "http.sock")
	web, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	shell, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	var files []*os.File
	for _, l := range []interface{ File() (*os.File, error) }{web, shell.(*net.TCPListener)} {
		file, err := l.File()
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		files = append(files, file)
	}
	s := startService(t, []string{"LISTEN_FDS=2", "LISTEN_FDNAMES=http:ssh"}, files, "--http", "192.0.2.1:1", "--ssh", "192.0.2.1:2", "--trusted-proxy", "127.0.0.1", "--log-format", "json")
	if got := s.says(t, "ssh: listening on "); got != shell.Addr().String() {
		t.Errorf("SSH at %s", got)
	}
	if got := s.says(t, "http: listening on "); got != "unix:"+path {
		t.Errorf("HTTP at %s", got)
	}
	request, err := http.NewRequest("GET", "http://localhost/api/v4/version", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Forwarded-For", "198.51.100.7")
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	answer, err := client.Do(request)
	if err != nil || answer.StatusCode != http.StatusUnauthorized {
		t.Fatalf("%v, %v", answer, err)
	}
	answer.Body.Close()
	var line struct{ Address string }
	if err := json.Unmarshal([]byte("{"+s.says(t, "{")), &line); err != nil || line.Address != "198.51.100.7" {
		t.Errorf("G100: the log has %+v, %v", line, err)
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	if err := s.cmd.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the socket belongs to systemd, and is gone: %v", err)
	}
}

// A socket that no door knows is refused, before anything is served.
func TestServiceRefusesOtherSockets(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := startService(t, []string{"LISTEN_FDS=1", "LISTEN_FDNAMES=web"}, []*os.File{file})
	if got := s.says(t, "patrol: "); !strings.Contains(got, "FileDescriptorName=http or ssh") {
		t.Error(got)
	}
}

// The journal notes the time itself: a line has none of its own there, and one
// anywhere else.
func TestServiceInTheJournal(t *testing.T) {
	for _, journal := range []bool{true, false} {
		dir := t.TempDir()
		log, written, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		info, err := written.Stat()
		if err != nil {
			t.Fatal(err)
		}
		at := info.Sys().(*syscall.Stat_t)
		if !journal {
			at.Ino++
		}
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		socket := filepath.Join(dir, "http")
		cmd := exec.Command(self, "--db", filepath.Join(dir, "patrol.db"), "serve", "--http", "unix:"+socket, "--ssh", "off", "--log-format", "text")
		cmd.Args[0] = "patrol"
		cmd.Env = append(os.Environ(), fmt.Sprintf("JOURNAL_STREAM=%d:%d", at.Dev, at.Ino))
		cmd.Stderr = written
		err = cmd.Start()
		written.Close() // the child has its own
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(log)
		for line := ""; !strings.HasPrefix(line, "http: listening on"); {
			if line, err = lines.ReadString('\n'); err != nil {
				t.Fatalf("it ended before it listened: %v", err)
			}
		}
		client := http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return net.Dial("unix", socket)
		}}}
		answer, err := client.Get("http://localhost/api/v4/version")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o660 {
			t.Errorf("the socket is %v, %v", info.Mode(), err)
		}
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
		text, err := io.ReadAll(lines)
		if err != nil || !strings.Contains(string(text), "level=INFO") || strings.Contains(string(text), "time=") == journal {
			t.Errorf("journal %v: %s, %v", journal, text, err)
		}
		if _, err := os.Stat(socket); err == nil {
			t.Error("a socket is left behind")
		}
	}
}
