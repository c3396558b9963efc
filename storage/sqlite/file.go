package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Pragmas belong to a connection, so they stand in its name; the last one of a
// name counts: the driver runs them in the order of the alphabet. mode=rw: a file
// that has gone isn't made anew, empty, beside a write-ahead log that would be
// dropped with all that it holds.
func dsn(path string, pragmas ...string) string {
	byName := map[string]string{}
	for _, p := range append([]string{"busy_timeout(5000)", "foreign_keys(1)", "synchronous(FULL)"}, pragmas...) {
		name, _, _ := strings.Cut(p, "(")
		byName[name] = p
	}
	q := url.Values{"mode": {"rw"}, "_pragma": slices.Collect(maps.Values(byName))}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// A connection's cache of the database's pages, in KiB. In memory a page takes
// more than twice its size: what SQLite adds makes it a little over 4 KiB, and
// its allocator's next size is 8.
const (
	writerCache = 4000
	readerCache = 1000
	smallCache  = 128
)

// writerDSN is for the writer. It moves its log into the database every 16 MiB:
// random pages, of which each commit has some, are then often moved once for
// several.
func writerDSN(path string, cache int) string {
	return dsn(path, "journal_mode(WAL)", "journal_size_limit(67108864)", "wal_autocheckpoint(4000)", cacheSize(cache))
}

// savepointsInMemory keeps there what a savepoint may have to put back: for a
// creation it is 80 KiB, and a file for it would cost half of the time.
const savepointsInMemory = "PRAGMA temp_store = MEMORY"

// aloneDSN is for a writer that has the database to itself for a minute: it
// checks itself that every row it names is there, and waits long for its turn.
func aloneDSN(path string) string {
	return dsn(path, "foreign_keys(0)", "busy_timeout(60000)", "journal_size_limit(67108864)", cacheSize(65536))
}

func readerDSN(path string, cache int) string {
	return dsn(path, "query_only(1)", cacheSize(cache))
}

func cacheSize(kib int) string { return fmt.Sprintf("cache_size(-%d)", kib) }

// makeFile makes the folder (0700) and the file (0600, which -wal and -shm copy)
// if they are missing. For reading only nothing is made (R174).
func makeFile(path string, readOnly bool) error {
	if readOnly {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("no database at %s: open it once without --at", path)
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("cannot make the folder of the database: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		// SQLite would open it all the same and refuse the first change. Asking
		// this way opens no file: closing one would drop the process's locks.
		if err := syscall.Access(path, accessWrite); errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
			return readOnlyFile(path)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot make the database: %w", err)
	}
	return f.Close()
}

const accessWrite = 2 // W_OK of access(2)

func readOnlyFile(path string) error {
	return fmt.Errorf("%s is read-only: give this user the right to write the file and its folder", path)
}
