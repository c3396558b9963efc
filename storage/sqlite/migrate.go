package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrations are the schema's steps in order: 0001_….sql leads to version 1.
func migrations() []string {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted
	if err != nil {
		panic(err) // the pattern is a constant
	}
	return names
}

func schemaVersion() int { return len(migrations()) }

// newerSchema refuses a database that a later program has written.
type newerSchema struct{ found int }

func (e *newerSchema) Error() string {
	return fmt.Sprintf("schema %d is newer than this program", e.found)
}

// errOlder refuses to read a database that must be changed first.
var errOlder = errors.New("the database is older than this program")

// upToDate refuses, for reading only, what migrate would change: an older
// schema, or a file that has no write-ahead log yet, such as a backup.
func upToDate(ctx context.Context, c *sql.Conn) error {
	found, err := queryInt(ctx, c, "PRAGMA user_version")
	if err != nil {
		return err
	}
	if int(found) > schemaVersion() {
		return &newerSchema{int(found)}
	}
	var mode string
	if err := c.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if int(found) < schemaVersion() || mode != "wal" {
		return errOlder
	}
	return nil
}

// migrate runs the steps that are missing, all or none.
func migrate(ctx context.Context, c *sql.Conn, now time.Time) error {
	found, err := queryInt(ctx, c, "PRAGMA user_version")
	if err != nil {
		return err
	}
	if int(found) == schemaVersion() {
		return nil
	}
	if _, err := c.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	if err := runMigrations(ctx, c, now); err != nil {
		c.ExecContext(ctx, "ROLLBACK") // what failed is what matters
		return err
	}
	_, err = c.ExecContext(ctx, "COMMIT")
	return err
}

// bornSQL: root and the ghost are as old as the database (R130).
const bornSQL = `UPDATE users SET created_at = ? WHERE id IN (1, 2)`

func runMigrations(ctx context.Context, c *sql.Conn, now time.Time) error {
	found, err := queryInt(ctx, c, "PRAGMA user_version") // again: another process may have been faster
	if err != nil {
		return err
	}
	if int(found) > schemaVersion() {
		return &newerSchema{int(found)}
	}
	for i, name := range migrations() {
		if i < int(found) {
			continue
		}
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return err
		}
		if _, err := c.ExecContext(ctx, string(text)); err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
	}
	if found == 0 {
		if _, err := c.ExecContext(ctx, bornSQL, now.UnixMilli()); err != nil {
			return err
		}
	}
	_, err = c.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", schemaVersion()))
	return err
}
