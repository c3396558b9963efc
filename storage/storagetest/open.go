// Package storagetest opens stores for tests, with the engine that they are run
// on: SQLite, or PostgreSQL where PATROL_TEST_POSTGRES is the address of a server
// on which databases may be made.
package storagetest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"patrol/storage"
	"patrol/storage/postgres"
	"patrol/storage/sqlite"
)

// Server is the address of the tests' PostgreSQL; empty: they run on SQLite.
func Server() string { return os.Getenv("PATROL_TEST_POSTGRES") }

// Open opens the database that belongs to o.Path: its file, or a database of the
// server that is made when its path is first named.
func Open(ctx context.Context, o storage.Options) (*storage.DB, error) {
	if Server() == "" {
		return sqlite.Open(ctx, o)
	}
	o.Repositories = cmp.Or(o.Repositories, filepath.Join(filepath.Dir(o.Path), "repositories"))
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o700); err != nil {
		return nil, err
	}
	address, err := Address(ctx, o.Path)
	if err != nil {
		return nil, err
	}
	return postgres.Open(ctx, address, o)
}

// Address is that of the server's database for a path. It is made empty where it
// isn't there.
func Address(ctx context.Context, path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256([]byte(path))
	name := "test_" + hex.EncodeToString(digest[:8])
	address, err := url.Parse(Server())
	if err != nil {
		return "", err
	}
	if err := create(ctx, name); err != nil {
		return "", err
	}
	address.Path = "/" + name
	return address.String(), nil
}

var mu sync.Mutex // the server copies its template for one at a time

// create makes an empty database, unless it is there.
func create(ctx context.Context, name string) error {
	mu.Lock()
	defer mu.Unlock()
	c, err := pgx.Connect(ctx, Server())
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	var there bool
	if err := c.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return err
	}
	_, err = c.Exec(ctx, "CREATE DATABASE "+name)
	if err != nil && strings.Contains(err.Error(), "already exists") { // another process was faster
		return nil
	}
	return err
}
