package postgres_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"

	"patrol/storage"
	"patrol/storage/sqlite"
	"patrol/storage/storagetest"
)

// Both engines' schemas have the same tables with the same columns, which may be
// NULL in the same places.
func TestSchemasAreEqual(t *testing.T) {
	if storagetest.Server() == "" {
		t.Skip("without a server: PATROL_TEST_POSTGRES names none")
	}
	path := filepath.Join(t.TempDir(), "patrol.db")
	file, err := sqlite.Open(t.Context(), storage.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	server, err := storagetest.Open(t.Context(), storage.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	var ofFile, ofServer []string
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT m.name || '.' || c.name || CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN '' ELSE ' NULL' END FROM sqlite_master m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'token_words%'`)
	if err != nil {
		t.Fatal(err)
	}
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
	address, err := storagetest.Address(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	found, err := c.Query(t.Context(), `SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'YES' THEN ' NULL' ELSE '' END FROM information_schema.columns
		WHERE table_schema = 'patrol' AND table_name NOT IN ('schema', 'token_words')`)
	if err != nil {
		t.Fatal(err)
	}
	if ofServer, err = pgx.CollectRows(found, pgx.RowTo[string]); err != nil {
		t.Fatal(err)
	}
	slices.Sort(ofFile)
	slices.Sort(ofServer)
	if len(ofFile) < 100 || fmt.Sprint(ofFile) != fmt.Sprint(ofServer) {
		t.Errorf("SQLite alone:\n%s\nPostgreSQL alone:\n%s", strings.Join(without(ofFile, ofServer), "\n"), strings.Join(without(ofServer, ofFile), "\n"))
	}
}

func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}
