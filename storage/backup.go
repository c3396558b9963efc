package storage

import (
	"context"
	"path/filepath"
)

// Backup writes a copy of the database, as of one moment, to a new file with
// mode 0600, while everybody goes on reading and writing. A file that is there
// already is refused. The repositories and the files of packages are not in it:
// copy their folders after the backup, so that whatever it names is there. If it fails, no file is left.
// The moment lasts until all is written, and what others write meanwhile gathers.
func (db *DB) Backup(ctx context.Context, file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	return db.engine.Backup(ctx, file)
}
