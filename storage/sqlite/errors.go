package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"patrol/model"
	"patrol/storage"
)

// openError is one line on why a database can't be opened.
func (e *engine) openError(err error) error {
	path := e.path
	var newer *storage.NewerSchema
	if errors.As(err, &newer) {
		return fmt.Errorf("%s was written by a newer patrol (schema %d, this one knows %d): use that version", path, newer.Found, migrations.Version())
	}
	if errors.Is(err, storage.ErrOlder) {
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
	return fmt.Errorf("cannot open %s: %w", path, e.Explain(err))
}

func (e *engine) Explain(err error) error {
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

func (e *engine) Taken(err error) bool {
	var broken *sqlite.Error
	return errors.As(err, &broken) && (broken.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || broken.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// Gone: a file doesn't go away with its connection.
func (e *engine) Gone(error) bool { return false }

func (e *engine) Locked(err error) bool { return code(err) == sqlite3.SQLITE_BUSY }

// isDamage tells whether SQLite found the file itself broken.
func isDamage(err error) bool {
	return code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_NOTADB
}

func (e *engine) Lost(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CORRUPT:
		return true
	}
	return false
}

func (e *engine) There() error {
	switch now, err := os.Stat(e.path); {
	case err == nil && !os.SameFile(e.file, now): // what is written here goes to a file without a name
		return &model.Reason{Text: fmt.Sprintf("Another database has taken the place of %s.", e.path), Remedy: "put the former one back, or start again", Kind: model.ErrUnavailable}
	case err != nil:
		return &model.Reason{Text: fmt.Sprintf("The database %s is gone.", e.path), Remedy: "put it back, or start again", Kind: model.ErrUnavailable}
	}
	return nil
}
