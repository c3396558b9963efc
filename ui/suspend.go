package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"
)

// suspend gives the terminal back to the shell until it brings the console back.
func (a *App) suspend() tea.Cmd {
	if err := a.suspendable(); err != nil {
		a.fail(err)
		return nil
	}
	return tea.Exec(pause{func() { a.resumed = stop(a.ctx) }}, nil)
}

// pause is what is done while the library has left the terminal as it was.
type pause struct{ do func() }

func (p pause) Run() error {
	p.do()
	return nil
}

func (pause) SetStdin(io.Reader)  {}
func (pause) SetStdout(io.Writer) {}
func (pause) SetStderr(io.Writer) {}

// stop stops the process group, as the terminal would. It tells whether it was
// continued: ctx may end before.
func stop(ctx context.Context) bool {
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	if err := syscall.Kill(0, syscall.SIGTSTP); err != nil {
		return false
	}
	select {
	case <-continued:
		return true
	case <-ctx.Done():
		return false
	}
}

type continuedMsg struct{}

// awaitContinued tells of the end of each stop, also of one that nobody has asked
// the console for: the shell has used the terminal since.
func awaitContinued(ctx context.Context, send func(tea.Msg)) {
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	for {
		select {
		case <-continued:
			send(continuedMsg{})
		case <-ctx.Done():
			return
		}
	}
}

// continued takes the terminal again, unless suspend has done it.
func (a *App) continued() tea.Cmd {
	if a.resumed {
		a.resumed = false
		return nil
	}
	return tea.Exec(pause{func() {}}, nil)
}

// suspendable is nil where a shell can bring the console back.
func (a *App) suspendable() error {
	switch {
	case a.Window != nil:
		return errors.New("this console has no shell to go back to; q leaves it")
	case !shellAbove():
		return errors.New("no shell here could bring Patrol back; q leaves it")
	}
	return nil
}

// shellAbove tells whether the process group has a parent in its session that
// can continue it. The system doesn't stop an orphaned group.
func shellAbove() bool {
	group := syscall.Getpgrp()
	for parent := os.Getppid(); parent > 0; parent = parentOf(parent) {
		of, err := syscall.Getpgid(parent)
		if err != nil {
			return false
		}
		if of != group {
			mine, _ := unix.Getsid(0)
			its, err := unix.Getsid(parent)
			return err == nil && mine == its
		}
	}
	return false
}

// parentOf is 0 where the system doesn't tell.
func parentOf(process int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(status[bytes.LastIndexByte(status, ')')+1:]) // the name before may hold anything
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(string(fields[1]))
	return parent
}
