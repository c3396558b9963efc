package postgres

import (
	"context"
	"embed"

	"github.com/jackc/pgx/v5"

	"patrol/storage"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

var migrations = storage.Migrations{Files: migrationFiles}

// oldestReader is the oldest program that can work with the schema as this one
// leaves it: migrations only add, so that an older node may run beside a newer
// one for the time of an upgrade (P10).
const oldestReader = 1

// oldestServer is the version of PostgreSQL that is needed (P2).
const oldestServer = 14

type oldServer struct{ version string }

func (e *oldServer) Error() string { return "PostgreSQL " + e.version + " is too old" }

func supported(ctx context.Context, c *pgx.Conn) error {
	var number int
	var version string
	err := c.QueryRow(ctx, "SELECT current_setting('server_version_num')::int, current_setting('server_version')").Scan(&number, &version)
	if err == nil && number < oldestServer*10_000 {
		return &oldServer{version}
	}
	return err
}

// migrateKey is the lock of those who change the schema.
const migrateKey = leadKey + 1

// migrate runs the steps that are missing, all or none, one node at a time. A
// schema that is newer by additions is good as it is.
func migrate(ctx context.Context, c *pgx.Conn, o storage.Options) error {
	found, err := schemaFound(ctx, c)
	if err != nil || found >= migrations.Version() {
		return err
	}
	var standby bool
	if err := c.QueryRow(ctx, "SELECT pg_is_in_recovery()").Scan(&standby); err != nil {
		return err
	}
	if o.ReadOnly || standby {
		return storage.ErrOlder
	}
	tx, err := c.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx) // unless it was committed
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", int64(migrateKey)); err != nil {
		return err
	}
	if found, err = schemaFound(ctx, c); err != nil || found >= migrations.Version() { // another node was faster
		return err
	}
	if found == 0 {
		if _, err := tx.Exec(ctx, beginSchema, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	err = migrations.After(found, func(statements string) error {
		_, err := tx.Exec(ctx, statements, pgx.QueryExecModeSimpleProtocol)
		return err
	})
	if err != nil {
		return err
	}
	if found == 0 {
		if _, err := tx.Exec(ctx, numbered(storage.BornSQL), o.Clock().UnixMilli()); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "UPDATE patrol.schema SET version = $1, oldest = $2", migrations.Version(), oldestReader); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// beginSchema makes what the steps stand in. The extensions come with
// PostgreSQL; a database's owner may make them.
const beginSchema = `
	CREATE SCHEMA IF NOT EXISTS patrol;
	CREATE EXTENSION IF NOT EXISTS citext;
	CREATE EXTENSION IF NOT EXISTS pg_trgm;
	CREATE TABLE patrol.schema (
		one     bigint PRIMARY KEY CHECK (one = 1),
		version bigint NOT NULL,
		oldest  bigint NOT NULL, -- the oldest program that may use it
		id      text NOT NULL    -- of this database, for the marker of its repositories (P8)
	);
	INSERT INTO patrol.schema VALUES (1, 0, 0, gen_random_uuid()::text)`

// schemaFound is the schema's version, 0 where there is none.
func schemaFound(ctx context.Context, c *pgx.Conn) (version int, err error) {
	var there bool
	if err := c.QueryRow(ctx, "SELECT to_regclass('patrol.schema') IS NOT NULL").Scan(&there); err != nil || !there {
		return 0, err
	}
	var oldest int
	err = c.QueryRow(ctx, "SELECT version, oldest FROM patrol.schema").Scan(&version, &oldest)
	if err == nil && oldest > migrations.Version() {
		return 0, &storage.NewerSchema{Found: version}
	}
	return version, err
}
