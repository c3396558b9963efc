package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"patrol/model"
)

// markerName is a file in a folder of repositories that several nodes share: it
// holds the number of the database that they belong to (P8).
const markerName = ".patrol-database"

// claimRepositories finds out whether the folder of repositories is the database's,
// and makes it so while there is no project. Where it isn't, no repository is made
// or served: another node's would be missing here, or be another one's.
func (db *DB) claimRepositories(ctx context.Context) error {
	id := db.engine.ID()
	if id == "" { // a file's, which stands beside it
		return nil
	}
	marker := filepath.Join(string(db.repositories), markerName)
	found, err := os.ReadFile(marker)
	if errors.Is(err, fs.ErrNotExist) && !db.readOnly {
		if found, err = db.mark(ctx, marker, id); err != nil {
			return err
		}
	}
	if strings.TrimSpace(string(found)) == id {
		return nil
	}
	what := "lacks the database's marker"
	if len(found) > 0 {
		what = "belongs to another database"
	}
	db.foreign = &model.Reason{Rule: "P8", Kind: model.ErrUnavailable,
		Text:   fmt.Sprintf("The folder of repositories %s %s: no Git is served from it.", db.repositories, what),
		Remedy: fmt.Sprintf("give this node the folder that the others have (--repos); if it is that one, write %s into %s and start again", id, marker)}
	return nil
}

// mark writes the marker while the database has no project, and gives what is in
// it then: another node may have been faster.
func (db *DB) mark(ctx context.Context, marker, id string) ([]byte, error) {
	projects := int64(0)
	err := db.view(ctx, model.Actor{Door: model.SystemDoor}, func(t *tx) (err error) {
		projects, err = t.int(lastIDSQL, "projects")
		return err
	})
	if err != nil || projects > 0 {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(marker), 0o700); err != nil {
		return nil, err
	}
	aside, err := os.CreateTemp(filepath.Dir(marker), markerName+"-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(aside.Name())
	if _, err := aside.WriteString(id + "\n"); err != nil {
		return nil, errors.Join(err, aside.Close())
	}
	if err := errors.Join(aside.Sync(), aside.Close()); err != nil {
		return nil, err
	}
	if err := os.Link(aside.Name(), marker); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(marker)
}

// atHome is nil where the folder of repositories is the database's (P8).
func (db *DB) atHome() error {
	if db.foreign == nil {
		return nil
	}
	return db.foreign
}
