package test

import (
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"
)

// Both engines' schemas have the same tables with the same columns, which may be
// NULL in the same places: P1, and what patrol import takes from one to the other.
func TestSchemasAreEqual(t *testing.T) {
	t.Setenv("PATROL_REPOS", filepath.Join(t.TempDir(), "repositories"))
	file := build(t)
	file.run(t, "project", "list")
	server := &patrol{program: file.program, database: startPostgres(t).address("postgres")}
	server.run(t, "project", "list")

	db, err := sql.Open("sqlite", file.database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var ofFile []string
	rows, err := db.Query(`SELECT m.name || '.' || c.name || CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN '' ELSE ' NULL' END FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'token_words%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		ofFile = append(ofFile, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}

	c, err := pgx.Connect(t.Context(), server.database)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	found, err := c.Query(t.Context(), `SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'YES' THEN ' NULL' ELSE '' END FROM information_schema.columns
		WHERE table_schema = 'patrol' AND table_name NOT IN ('schema', 'token_words')`)
	if err != nil {
		t.Fatal(err)
	}
	ofServer, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	without := func(list, other []string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) }), "\n")
	}
	if fileOnly, serverOnly := without(ofFile, ofServer), without(ofServer, ofFile); len(ofFile) < 100 || fileOnly+serverOnly != "" {
		t.Errorf("SQLite alone:\n%s\nPostgreSQL alone:\n%s", fileOnly, serverOnly)
	}
}
