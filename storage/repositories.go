package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"patrol/model"
)

// Bare repositories are plain files beside the database: no other room makes or
// removes one, and no Git process is needed for it. A project's folder is
// ID.git, so that renaming the project touches no file.

// repository is the folder of a project's repository.
func (db *DB) repository(id int64) string {
	return filepath.Join(db.repositories, strconv.FormatInt(id, 10)+".git")
}

// trashName is the folder, among the repositories, of those that are to go.
const trashName = "trash"

func (db *DB) trash(id int64) string {
	return filepath.Join(db.repositories, trashName, strconv.FormatInt(id, 10))
}

const repositoryConfig = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"

var repositoryFolders = []string{"objects/info", "objects/pack", "refs/heads", "refs/tags"}

// makeRepository makes an empty repository, whose HEAD is a branch to come. It is the last step of a use case:
// if the commit fails all the same, the folder stays, and the next project gets
// the same number and the same, still empty, folder. A folder that isn't empty
// belongs to somebody else and is refused.
func (db *DB) makeRepository(id int64, branch string) error {
	folder := db.repository(id)
	if holdsObjects(folder) {
		return &model.Reason{Rule: "R3", Kind: model.ErrConflict,
			Text:   fmt.Sprintf("The new project's folder %s is there already and holds a repository.", folder),
			Remedy: "give this database a repositories' folder of its own"}
	}
	for _, name := range repositoryFolders {
		if err := os.MkdirAll(filepath.Join(folder, filepath.FromSlash(name)), 0o700); err != nil {
			return repositoryError(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "config"), []byte(repositoryConfig), 0o600); err != nil {
		return repositoryError(err)
	}
	return repositoryError(pointHead(folder, branch))
}

func repositoryError(err error) error {
	if err == nil {
		return nil
	}
	return &model.Reason{Text: fmt.Sprintf("The repository can't be written: %v. Nothing was changed.", err), Kind: model.ErrUnavailable}
}

// holdsObjects tells whether anything was ever pushed there.
func holdsObjects(folder string) bool {
	entries, _ := os.ReadDir(filepath.Join(folder, "objects")) // none if there is no such folder
	for _, e := range entries {
		if e.Name() != "info" && e.Name() != "pack" {
			return true
		}
	}
	packs, _ := os.ReadDir(filepath.Join(folder, "objects", "pack"))
	return len(packs) > 0
}

// repositoryExists tells whether a folder is a bare repository, by what Git
// itself looks for.
func repositoryExists(folder string) bool { return repositoryProblem(folder) == "" }

// repositoryProblem is what keeps a folder from being a bare repository, or
// empty.
func repositoryProblem(folder string) string {
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || !info.IsDir() {
			return "has no folder " + name
		}
	}
	if headBranch(folder) == "" {
		return "has no HEAD that names a branch"
	}
	return ""
}

// headBranch is the branch that HEAD names, whether it is there or not; empty
// if HEAD doesn't name one.
func headBranch(folder string) string {
	text, err := os.ReadFile(filepath.Join(folder, "HEAD"))
	if err != nil {
		return ""
	}
	branch, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "ref: "+branchPrefix)
	if !ok {
		return ""
	}
	return branch
}

// trashRepository marks a repository to be removed once its project's deletion
// is committed. The mark is a folder, which the repository is then moved into.
func (db *DB) trashRepository(id int64) error {
	return repositoryError(os.MkdirAll(db.trash(id), 0o700))
}

// maxSweep bounds what one sweep removes, so that opening stays quick.
const maxSweep = 100

const projectThereSQL = `SELECT EXISTS (SELECT 1 FROM projects WHERE id = ?)`

// sweepRepositories removes the repositories that are marked and whose project
// is gone: after a deletion, and at the next start if the process died in
// between. Where the project is still there its deletion isn't committed yet,
// or failed.
func (db *DB) sweepRepositories() {
	marks, err := os.ReadDir(filepath.Join(db.repositories, trashName))
	if err != nil || len(marks) == 0 {
		return // nothing was ever deleted
	}
	var gone []int64
	err = db.view(context.Background(), model.Actor{Door: model.SystemDoor}, func(t *tx) error {
		for _, mark := range marks {
			id, ok := model.ParseID(mark.Name())
			if !ok {
				continue
			}
			there, err := t.int(projectThereSQL, id)
			if err != nil || len(gone) == maxSweep {
				return err
			}
			if there == 0 {
				gone = append(gone, id)
			}
		}
		return nil
	})
	for _, id := range gone {
		if e := db.removeRepository(id); err == nil {
			err = e
		}
	}
	if err != nil {
		db.log.Warn("cannot remove deleted repositories", "error", err)
	}
}

// removeRepository moves the folder away first: half a repository is never seen
// under its name.
func (db *DB) removeRepository(id int64) error {
	err := os.Rename(db.repository(id), filepath.Join(db.trash(id), "repository.git"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // moved already, by a sweep that died or by another process
		return err
	}
	return os.RemoveAll(db.trash(id))
}

// incomingLeft is how long a push may take before what it has received so far is
// taken for the leftovers of one that was killed.
const incomingLeft = 24 * time.Hour

// sweepIncoming removes such leftovers: Git keeps what it receives in a folder
// among the objects, and nobody else ever looks at it.
func (db *DB) sweepIncoming(folder string) {
	objects := filepath.Join(folder, "objects")
	entries, _ := os.ReadDir(objects) // none: nothing to sweep
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !strings.HasPrefix(e.Name(), "tmp_objdir-") || time.Since(info.ModTime()) < incomingLeft {
			continue
		}
		if err := os.RemoveAll(filepath.Join(objects, e.Name())); err != nil {
			db.log.Warn("cannot remove what a killed push has left", "error", err)
		}
	}
}

// branchExists tells whether a repository has a branch of that name.
func branchExists(folder, branch string) bool {
	return filepath.IsLocal(branch) && refExists(folder, branchPrefix+branch)
}

// pointHead points HEAD to a branch.
func pointHead(folder, branch string) error {
	return replaceFile(filepath.Join(folder, "HEAD"), "ref: "+branchPrefix+branch+"\n")
}
