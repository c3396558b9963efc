package sqlite

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"patrol/storage"
)

// Closing one of two engines that one process has on a file leaves the other's
// locks: without them another process takes itself for the first one there, and
// makes the log's index anew under this one.
func TestTwoEnginesKeepTheirLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "patrol.db")
	today := open(t, storage.Options{Path: path})
	asks, err := os.Open(path + "-shm") // closed last: that drops this process's locks
	if err != nil {
		t.Fatal(err)
	}
	defer asks.Close()
	locked := func() bool {
		const inUse = 128 // sqlite.org/walformat.html: the byte that whoever is there has locked
		l := unix.Flock_t{Type: unix.F_WRLCK, Start: inUse, Len: 1}
		if err := unix.FcntlFlock(asks.Fd(), unix.F_OFD_GETLK, &l); err != nil {
			t.Fatal(err)
		}
		return l.Type != unix.F_UNLCK
	}
	if !locked() {
		t.Fatal("nobody is there")
	}
	for range 2 {
		another := open(t, storage.Options{Path: path, ReadOnly: true})
		if err := another.Close(); err != nil {
			t.Fatal(err)
		}
		if !locked() {
			t.Fatal("the locks are gone with the other engine")
		}
		if _, err := today.Version(); err != nil {
			t.Fatal(err)
		}
	}
	if err := today.Close(); err != nil {
		t.Fatal(err)
	}
	if locked() {
		t.Error("a lock is left behind")
	}
}

func open(t *testing.T, o storage.Options) *storage.DB {
	t.Helper()
	db, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return db
}
