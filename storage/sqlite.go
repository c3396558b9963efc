package storage

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"patrol/model"
)

// What only SQLite has stands in this file: pragmas, error codes, and how to
// see cheaply that another process has changed something.

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

// bulkPragmas let the pages of a large fill stay in memory, 256 MiB, but not what
// an index is sorted with.
var bulkPragmas = []string{"PRAGMA cache_size = -262144", "PRAGMA temp_store = FILE"}

// importDSN is for a writer that has the database to itself for a minute: it
// checks itself that every row it names is there, and waits long for its turn.
func importDSN(path string) string {
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

// openError is one line on why a database can't be opened.
func openError(path string, err error) error {
	var newer *newerSchema
	if errors.As(err, &newer) {
		return fmt.Errorf("%s was written by a newer patrol (schema %d, this one knows %d): use that version", path, newer.found, schemaVersion())
	}
	if errors.Is(err, errOlder) {
		return fmt.Errorf("%s must be brought up to date first: open it once without --at", path)
	}
	switch code(err) {
	case sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%s is not a database, or is damaged: restore a backup", path)
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%s is damaged: restore a backup", path)
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return fmt.Errorf("cannot open %s: check that it is a file and that you may read and write it and its folder", path)
	case sqlite3.SQLITE_READONLY:
		return readOnlyFile(path)
	}
	return fmt.Errorf("cannot open %s: %w", path, storeError(err))
}

// storeError turns what SQLite says into a sentence and a sentinel.
func storeError(err error) error {
	if err == nil || code(err) == 0 {
		return err
	}
	unavailable := func(text string) error {
		return &model.Reason{Text: text + " Nothing was changed.", Kind: model.ErrUnavailable}
	}
	switch code(err) {
	case sqlite3.SQLITE_INTERRUPT: // which only a caller that went away does
		return context.Canceled
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return &model.Reason{Text: "The database is locked by another process. Nothing was changed.", Remedy: "try again", Kind: model.ErrBusy}
	case sqlite3.SQLITE_FULL:
		return unavailable("The disk is full.")
	case sqlite3.SQLITE_READONLY:
		return &model.Reason{Text: "The database file is read-only. Nothing was changed.", Remedy: "give this user the right to write it", Kind: model.ErrReadOnly}
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return unavailable("The database is damaged: run patrol check, or restore a backup.")
	case sqlite3.SQLITE_IOERR:
		return unavailable("The disk can't be read or written (full, or failing).")
	case sqlite3.SQLITE_CANTOPEN:
		return unavailable("The database can't be opened.")
	}
	return err
}

// code is SQLite's primary result code of an error, 0 if it isn't SQLite's.
func code(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// isTaken tells whether a row broke a UNIQUE constraint.
func isTaken(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// isBusy tells whether another process held the database for too long.
func isBusy(err error) bool { return code(err) == sqlite3.SQLITE_BUSY }

// isDamage tells whether SQLite found the file itself broken.
func isDamage(err error) bool {
	return code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_NOTADB
}

// lost tells whether an error ended the whole transaction, other people's use
// cases with it: disk full, I/O error, out of memory, interrupted.
func lost(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CORRUPT:
		return true
	}
	return false
}

func vanished(path string) error {
	return &model.Reason{Text: fmt.Sprintf("The database %s is gone.", path), Remedy: "put it back, or start again", Kind: model.ErrUnavailable}
}

// walIndex looks at the head of the write-ahead log's index, the -shm file. It
// is what SQLite's own readers compare to see whether anything was committed,
// by whatever process, and its form is fixed (sqlite.org/walformat.html §2.1):
// a change counter, the log's length, checksums and salts. Reading it takes a
// microsecond where PRAGMA data_version takes eight.
//
// The file stays open as long as the database: closing it would drop the locks
// that SQLite holds on it for this process.
type walIndex struct {
	file *os.File
	seed maphash.Seed
}

const walIndexHead = 40 // up to the checksum of the head itself

func openWALIndex(path string) (*walIndex, error) {
	f, err := os.Open(path + "-shm")
	if err != nil {
		return nil, err
	}
	return &walIndex{file: f, seed: maphash.MakeSeed()}, nil
}

func (w *walIndex) version() (uint64, error) {
	var head [walIndexHead]byte
	if _, err := w.file.ReadAt(head[:], 0); err != nil {
		return 0, err
	}
	// Readers may see the head while it is being written: then it equals neither
	// the old nor the new one, which is as good as a change.
	return maphash.Bytes(w.seed, head[:]) ^ uint64(binary.NativeEndian.Uint32(head[8:])), nil
}

func (w *walIndex) close() error { return w.file.Close() }
