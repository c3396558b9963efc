package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs what people do at a shell: each script of testdata in an
// empty home of its own, with the real patrol and the real git.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               scriptEnvironment,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve":    cmdServe,
			"stop":     cmdStop,
			"value":    cmdValue,
			"refused":  exitsWith(1),
			"misused":  exitsWith(2),
			"snapshot": cmdSnapshot,
			"capless":  cmdCapless,

			"yesterday": cmdYesterday,
		},
	})
}

// scriptEnvironment sets what scripts rely on: an empty home, a git that asks
// and reads nothing, days from today, and texts that can't be typed.
func scriptEnvironment(e *testscript.Env) error {
	home := filepath.Join(e.WorkDir, "home")
	today := time.Now().UTC()
	day := func(n int) string { return today.AddDate(0, 0, n).Format(time.DateOnly) }
	for key, value := range map[string]string{
		"HOME": home, "DB": filepath.Join(home, ".local/share/patrol/patrol.db"), "TERM": "xterm",
		"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
		"GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org", "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.org",

		"YESTERDAY": day(-1), "ENDED": day(-40), "TODAY": day(0), "TOMORROW": day(1), "LATEST": day(365), "TOO_LATE": day(366), "FAR": day(100),
		"END": day(10), "BEFORE_END": day(9) + "T23:59:50Z", "AT_END": day(10) + "T00:00:00Z",

		"LONGEST": strings.Repeat("n", 255), "TOO_LONG": strings.Repeat("n", 256), "BLANKS": " \t\u00a0",
		"ESCAPE": "\x1b[31mred", "BELL": "a\ab", "LINE": "a\nb", "TURNED": "a\u202eb", "MARK": "a\u200fb", "BAD_UTF8": "a\xffb",
	} {
		e.Setenv(key, value)
	}
	e.Values[running{}] = map[string]*serving{}
	e.Defer(func() {
		for _, s := range e.Values[running{}].(map[string]*serving) {
			s.cmd.Process.Kill()
			<-s.ended
		}
	})
	return os.Mkdir(home, 0o700)
}

// running is the key of a script's servers.
type running struct{}

// serving is a patrol serve in the background.
type serving struct {
	cmd   *exec.Cmd
	ended chan error
}

// serve NAME [ARGS] starts patrol serve on a free port, waits until it listens,
// and sets $NAME to its HOST:PORT. What it says goes to the file NAME.log.
func cmdServe(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: serve NAME [ARGS]")
	}
	log, err := os.Create(ts.MkAbs(args[0] + ".log"))
	ts.Check(err)
	s := &serving{cmd: exec.Command("patrol", append([]string{"serve", "--http", "127.0.0.1:0", "--ssh", "127.0.0.1:0"}, args[1:]...)...), ended: make(chan error, 1)}
	s.cmd.Dir = ts.MkAbs(".")
	s.cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"), "PATROL_DB="+ts.Getenv("PATROL_DB"))
	errOut, err := s.cmd.StderrPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	ts.Value(running{}).(map[string]*serving)[args[0]] = s
	ts.Setenv(args[0]+"_PID", strconv.Itoa(s.cmd.Process.Pid))

	address := make(chan string, 1)
	go func() {
		lines := bufio.NewReader(errOut)
		for {
			line, err := lines.ReadString('\n')
			io.WriteString(log, line)
			if found, ok := strings.CutPrefix(strings.TrimSpace(line), "http: listening on "); ok {
				address <- found
			}
			if err != nil {
				break
			}
		}
		log.Close()
		s.ended <- s.cmd.Wait()
	}()
	select {
	case found := <-address:
		ts.Setenv(args[0], found)
	case err := <-s.ended:
		s.ended <- err
		ts.Fatalf("serve ended (%v) and said: %s", err, ts.ReadFile(args[0]+".log"))
	}
}

// stop NAME ends a server with SIGTERM, as a service manager does: it must end
// with status 0.
func cmdStop(ts *testscript.TestScript, neg bool, args []string) {
	servers := ts.Value(running{}).(map[string]*serving)
	if neg || len(args) != 1 || servers[args[0]] == nil {
		ts.Fatalf("usage: stop NAME of a running server")
	}
	s := servers[args[0]]
	delete(servers, args[0])
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	if err := <-s.ended; err != nil {
		ts.Fatalf("serve ended with %v and said: %s", err, ts.ReadFile(args[0]+".log"))
	}
}

// value NAME FILE sets $NAME to what is in a file.
func cmdValue(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: value NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// exitsWith makes the commands refused and misused: a command that must end with
// that status, say nothing on stdout, and one line on stderr.
func exitsWith(status int) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) == 0 {
			ts.Fatalf("usage: refused|misused COMMAND")
		}
		checkRefusal(ts, ts.Exec(args[0], args[1:]...), status)
	}
}

func checkRefusal(ts *testscript.TestScript, err error, status int) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != status {
		ts.Fatalf("ended with %v, not with status %d", err, status)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("said on stdout: %q", out)
	}
	text := ts.ReadFile("stderr")
	if !strings.HasPrefix(text, "patrol: ") || strings.Count(text, "\n") != 1 || strings.ContainsAny(text, "\x1b\a\u202e\u200f") {
		ts.Fatalf("said on stderr, and not as one plain line: %q", text)
	}
}

// snapshot FILE writes all that a command could have changed to a file, to see
// with cmp that nothing was.
func cmdSnapshot(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: snapshot FILE")
	}
	var all strings.Builder
	for _, list := range []string{"user", "group", "project", "token", "feature"} {
		ts.Check(ts.Exec("patrol", "--json", list, "list"))
		fmt.Fprintf(&all, "%s: %s", list, ts.ReadFile("stdout"))
	}
	ts.Check(ts.Exec("patrol", "--json", "settings"))
	all.WriteString(ts.ReadFile("stdout"))
	repositories, err := filepath.Glob(filepath.Join(filepath.Dir(ts.Getenv("DB")), "repositories", "*"))
	ts.Check(err)
	fmt.Fprintln(&all, repositories)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(all.String()), 0o600))
}

// capless COMMAND must be refused like refused, also for root: it takes away
// the right to pass by a file's mode.
func cmdCapless(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: capless COMMAND")
	}
	if os.Geteuid() == 0 {
		args = append([]string{"setpriv", "--inh-caps=-all", "--bounding-set=-all"}, args...)
	}
	checkRefusal(ts, ts.Exec(args[0], args[1:]...), 1)
}
