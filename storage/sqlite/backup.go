package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Backup lets SQLite write the copy, which reads all on one snapshot. If it fails
// no file is left.
func (e *engine) Backup(ctx context.Context, file string) (err error) {
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
	source, err := sql.Open("sqlite", dsn(e.path))
	if err != nil {
		return err
	}
	defer source.Close() // it has written nothing
	if _, err := source.ExecContext(ctx, `VACUUM INTO ?`, file); err != nil {
		return fmt.Errorf("cannot write the backup %s: %w", file, e.Explain(err))
	}
	return f.Sync()
}
