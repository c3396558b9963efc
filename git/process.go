package git

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// configuration is all the configuration that Git sees beside the repository's own:
// no hooks (G27), filters and single objects for partial clones (G24), push
// options (G25), no housekeeping behind a request (Housekeeping does it), and no
// branch that can't be deleted (G28). safe.directory: the repository may belong
// to another user.
var configuration = []string{
	"-c", "core.hooksPath=/dev/null",
	"-c", "core.fsync=committed",
	"-c", "safe.directory=*",
	"-c", "uploadpack.allowFilter=true",
	"-c", "uploadpack.allowAnySHA1InWant=true",
	"-c", "receive.advertisePushOptions=true",
	"-c", "receive.denyDeleteCurrent=ignore",
	"-c", "receive.autogc=false",
	"-c", "gc.auto=0",
}

// Program is the git program.
type Program struct {
	path  string
	hooks string // the folder of the one hook that there is
}

// Find looks for git in PATH. The error says that it isn't there.
func Find() (Program, error) {
	path, err := exec.LookPath("git")
	if err != nil {
		return Program{}, fmt.Errorf("git is needed to serve repositories: %w; install git", err)
	}
	folder, err := hooks()
	if err != nil {
		return Program{}, fmt.Errorf("no folder can be made for Git's hook: %w", err)
	}
	return Program{path, folder}, nil
}

// Close removes what Find has made.
func (g Program) Close() error { return os.RemoveAll(g.hooks) }

// process is a running Git in a process group of its own: Git starts others.
type process struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser // nil: none
	stderr  bytes.Buffer   // its first bytes
	unpacks bool           // it receives a push

	mu     sync.Mutex
	ended  bool // by end
	waited bool
	killer *time.Timer
}

// killAfter is how long Git has to take away its lock files, and what it has
// unpacked, before it is told to end in a harder way.
const killAfter = 5 * time.Second

// process prepares git COMMAND ARGS in a repository's folder, with a clean
// environment (G27). protocol is the client's Git-Protocol (G20).
func (g Program) process(repository, protocol string, args ...string) *process {
	cmd := exec.Command(g.path, append(configuration[:len(configuration):len(configuration)], args...)...)
	cmd.Dir = repository
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=/nonexistent",
		"LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0",
	}
	switch protocol {
	case "version=0", "version=1", "version=2":
		cmd.Env = append(cmd.Env, "GIT_PROTOCOL="+protocol)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = killAfter
	p := &process{cmd: cmd}
	cmd.Stderr = &firstBytes{to: &p.stderr, left: 4 << 10}
	return p
}

// end tells the process and those it has started to end, and soon kills them.
// To one that receives a push its input ends first: it never takes a part of a
// push for the whole, and a signal would make it leave behind what it has
// unpacked.
func (p *process) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.waited || p.cmd.Process == nil {
		return
	}
	p.ended = true
	if p.unpacks {
		p.stdin.Close()
		p.later(syscall.SIGTERM, syscall.SIGKILL)
		return
	}
	p.signal(syscall.SIGTERM, syscall.SIGKILL)
}

// signal sends the first of the signals, and soon the others. p.mu is held.
func (p *process) signal(first syscall.Signal, others ...syscall.Signal) {
	syscall.Kill(-p.cmd.Process.Pid, first)
	if len(others) > 0 {
		p.later(others[0], others[1:]...)
	}
}

// later sends the signals to a process that hasn't ended until then.
func (p *process) later(first syscall.Signal, others ...syscall.Signal) {
	p.killer = time.AfterFunc(killAfter, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.waited {
			p.signal(first, others...)
		}
	})
}

// wait reads what the process says last. All of its output must have been read.
func (p *process) wait() error {
	err := p.cmd.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waited = true
	if p.killer != nil {
		p.killer.Stop()
	}
	return err
}

// wasEnded tells whether end was called while it ran.
func (p *process) wasEnded() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

// firstBytes keeps the first bytes of what is written and drops the rest.
type firstBytes struct {
	to   io.Writer
	left int
}

func (f *firstBytes) Write(b []byte) (int, error) {
	n := min(len(b), f.left)
	f.left -= n
	f.to.Write(b[:n])
	return len(b), nil
}
