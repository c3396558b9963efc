package ui

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"patrol/keys"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sys/unix"
)

// suspend gives the terminal back to the shell until it brings the console back.
func (a *App) suspend() tea.Cmd {
	if err := a.suspendable(); err != nil {
		a.fail(err)
		return nil
	}
	return tea.Suspend
}

// suspendable is nil where a shell can bring the console back.
func (a *App) suspendable() error {
	switch {
	case a.Window != nil:
		return errors.New("this console has no shell to go back to; " + a.capOf(keys.Quit, keys.Global) + " leaves it")
	case !shellAbove():
		return errors.New("no shell here could bring Patrol back; " + a.capOf(keys.Quit, keys.Global) + " leaves it")
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
