package postgres

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// endSilent has the system give up on a connection whose bytes nobody takes: a
// server that has vanished sends no end.
func endSilent(network, _ string, c syscall.RawConn) (err error) {
	if network == "unix" {
		return nil
	}
	failed := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int((3 * silentAfter).Milliseconds()))
	})
	if failed != nil {
		return failed
	}
	return err
}
