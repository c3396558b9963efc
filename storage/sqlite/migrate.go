package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"time"

	"patrol/storage"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

var migrations = storage.Migrations{Files: migrationFiles}

// upToDate refuses, for reading only, what migrate would change: an older
// schema, or a file that has no write-ahead log yet, such as a backup.
func upToDate(ctx context.Context, c *sql.Conn) error {
	found, err := queryInt(ctx, c, "PRAGMA user_version")
	if err != nil {
		return err
	}
	if int(found) > migrations.Version() {
		return &storage.NewerSchema{Found: int(found)}
	}
	var mode string
	if err := c.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if int(found) < migrations.Version() || mode != "wal" {
		return storage.ErrOlder
	}
	return nil
}

// migrate runs the steps that are missing, all or none.
func migrate(ctx context.Context, c *sql.Conn, now time.Time) error {
	found, err := queryInt(ctx, c, "PRAGMA user_version")
	if err != nil {
		return err
	}
	if int(found) == migrations.Version() {
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

func runMigrations(ctx context.Context, c *sql.Conn, now time.Time) error {
	found, err := queryInt(ctx, c, "PRAGMA user_version") // again: another process may have been faster
	if err != nil {
		return err
	}
	if int(found) > migrations.Version() {
		return &storage.NewerSchema{Found: int(found)}
	}
	err = migrations.After(int(found), func(statements string) error {
		_, err := c.ExecContext(ctx, statements)
		return err
	})
	if err != nil {
		return err
	}
	if found == 0 {
		if _, err := c.ExecContext(ctx, storage.BornSQL, now.UnixMilli()); err != nil {
			return err
		}
	}
	_, err = c.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", migrations.Version()))
	return err
}
