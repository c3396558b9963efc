package storage

import (
	"errors"
	"fmt"
	"io/fs"
)

// Migrations are an engine's schema in steps: files of which the first, in the
// order of their names, leads to version 1.
type Migrations struct{ Files fs.FS }

// Names are the files of the steps.
func (m Migrations) Names() []string {
	names, err := fs.Glob(m.Files, "migrations/*.sql") // sorted
	if err != nil {
		panic(err) // the pattern is a constant
	}
	return names
}

// Version is the schema's after all steps.
func (m Migrations) Version() int { return len(m.Names()) }

// After runs the steps that come after a version.
func (m Migrations) After(version int, run func(statements string) error) error {
	for _, name := range m.Names()[version:] {
		text, err := fs.ReadFile(m.Files, name)
		if err != nil {
			return err
		}
		if err := run(string(text)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// BornSQL: root and the ghost are as old as the database (R130).
const BornSQL = `UPDATE users SET created_at = ? WHERE id IN (1, 2)`

// NewerSchema refuses a database that a later program has written.
type NewerSchema struct{ Found int }

func (e *NewerSchema) Error() string {
	return fmt.Sprintf("schema %d is newer than this program", e.Found)
}

// ErrOlder refuses to read a database that must be changed first.
var ErrOlder = errors.New("the database is older than this program")
