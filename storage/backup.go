package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup writes a copy of the database, as of one moment, to a new file with
// mode 0600, while everybody goes on reading and writing. A file that is there
// already is refused. The repositories are not in it: copy their folder after
// the backup, so that every project in it has one. If it fails, no file is left.
// The moment lasts until all is written, and the write-ahead log grows with it.
func (db *DB) Backup(ctx context.Context, file string) (err error) {
	file, err = filepath.Abs(file)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: choose another name", file)
	}
	if err != nil {
		return fmt.Errorf("cannot make the backup: %w", err)
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			os.Remove(file) // half a backup is none; what failed is what matters
		}
	}()
	source, err := sql.Open("sqlite", dsn(db.path))
	if err != nil {
		return err
	}
	defer source.Close() // it has written nothing
	if _, err := source.ExecContext(ctx, `VACUUM INTO ?`, file); err != nil {
		return fmt.Errorf("cannot write the backup %s: %w", file, storeError(err))
	}
	return f.Sync()
}
