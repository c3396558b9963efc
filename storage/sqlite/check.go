package sqlite

import (
	"context"
	"database/sql"
	"strings"
)

// CheckFile looks at every page, and at every reference if the file is sound.
func (e *engine) CheckFile(ctx context.Context, c *sql.Conn, report func(string, ...any)) error {
	sound := true
	var line string
	err := each(ctx, c, `PRAGMA integrity_check(10)`, []any{&line}, func() {
		if line != "ok" {
			sound = false
			report("database: %s", strings.ReplaceAll(line, "\n", " "))
		}
	})
	if isDamage(err) {
		report("database: the file is damaged: restore a backup")
		return nil
	}
	if err != nil || !sound {
		return err
	}
	var table, parent string
	var row, key any
	return each(ctx, c, `PRAGMA foreign_key_check`, []any{&table, &row, &parent, &key}, func() {
		report("database: row %v of %s names something that isn't in %s", row, table, parent)
	})
}

// each scans every row of a query, one after the other, into the same variables.
func each(ctx context.Context, c *sql.Conn, query string, into []any, do func()) error {
	rows, err := c.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		do()
	}
	return rows.Err()
}
