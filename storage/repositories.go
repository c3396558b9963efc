package storage

import (
	"context"
	"errors"
	"fmt"

	"patrol/git"
	"patrol/model"
)

// makeRepository makes an empty repository, whose HEAD is a branch to come. It is
// the last step of a use case: if the commit fails all the same, the folder
// stays, and the next project gets the same number and the same, still empty,
// folder.
func (db *DB) makeRepository(id int64, branch string) error {
	if err := db.atHome(); err != nil {
		return err
	}
	err := db.repositories.Make(id, branch)
	if errors.Is(err, git.ErrTaken) {
		return &model.Reason{Rule: "R3", Kind: model.ErrConflict,
			Text:   fmt.Sprintf("The new project's folder %s is there already and holds a repository.", db.repositories.Folder(id)),
			Remedy: "give this database a repositories' folder of its own"}
	}
	return repositoryError(err)
}

func repositoryError(err error) error {
	if err == nil {
		return nil
	}
	return &model.Reason{Text: fmt.Sprintf("The repository can't be written: %v. Nothing was changed.", err), Kind: model.ErrUnavailable}
}

// maxSweep bounds what one sweep removes, so that opening stays quick.
const maxSweep = 100

const projectThereSQL = `SELECT EXISTS (SELECT 1 FROM projects WHERE id = ?)`

// sweepRepositories removes the repositories that are marked and whose project
// is gone: after a deletion, and at the next start if the process died in
// between. Where the project is still there its deletion isn't committed yet,
// or failed.
func (db *DB) sweepRepositories() {
	marked := db.repositories.Marked()
	if len(marked) == 0 || db.foreign != nil {
		return
	}
	var gone []int64
	err := db.view(context.Background(), model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		for _, id := range marked {
			there, err := t.is(projectThereSQL, id)
			if err != nil || len(gone) == maxSweep {
				return err
			}
			if !there {
				gone = append(gone, id)
			}
		}
		return nil
	})
	for _, id := range gone {
		if e := db.repositories.Remove(id); err == nil {
			err = e
		}
	}
	if err != nil {
		db.log.Warn("cannot remove deleted repositories", "error", err)
	}
}
