// Package git is the bare repositories and the git program: it makes and removes
// repositories, runs Git's services and watches what they do. It knows neither
// the database nor HTTP, nor who asks.
package git

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Repositories is the folder that holds an instance's bare repositories. They
// are plain files, and no Git process is needed to make or remove one. A
// project's folder is ID.git, so that renaming the project touches no file.
type Repositories string

// Folder is where a project's repository is, or would be.
func (r Repositories) Folder(id int64) string {
	return filepath.Join(string(r), strconv.FormatInt(id, 10)+".git")
}

// TrashName is the folder, among the repositories, of those that are to go.
const TrashName = "trash"

func (r Repositories) trash(id int64) string {
	return filepath.Join(string(r), TrashName, strconv.FormatInt(id, 10))
}

// ErrTaken is Make's error where a repository with something in it is there
// already.
var ErrTaken = errors.New("a repository is there already")

const emptyConfig = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"

var emptyFolders = []string{"objects/info", "objects/pack", "refs/heads", "refs/tags"}

// Make makes an empty repository (0700), whose HEAD is a branch to come. An
// empty one that is there already is taken; one that holds objects belongs to
// somebody else: ErrTaken.
func (r Repositories) Make(id int64, branch string) error {
	folder := r.Folder(id)
	if holdsObjects(folder) {
		return fmt.Errorf("%s: %w", folder, ErrTaken)
	}
	for _, name := range emptyFolders {
		if err := os.MkdirAll(filepath.Join(folder, filepath.FromSlash(name)), 0o700); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "config"), []byte(emptyConfig), 0o600); err != nil {
		return err
	}
	return PointHead(folder, branch)
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

// Exists tells whether a folder is a bare repository, by what Git itself looks
// for.
func Exists(folder string) bool { return Problem(folder) == "" }

// Problem is what keeps a folder from being a bare repository, or empty.
func Problem(folder string) string {
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || !info.IsDir() {
			return "has no folder " + name
		}
	}
	if Head(folder) == "" {
		return "has no HEAD that names a branch"
	}
	return ""
}

// Mark marks a repository to be removed once its project's deletion is
// committed. The mark is a folder, which Remove moves the repository into.
func (r Repositories) Mark(id int64) error { return os.MkdirAll(r.trash(id), 0o700) }

// IsMarked tells whether a repository is marked.
func (r Repositories) IsMarked(id int64) bool {
	_, err := os.Stat(r.trash(id))
	return err == nil
}

// Marked are the numbers of those that are; none if there is no such folder.
func (r Repositories) Marked() (ids []int64) {
	marks, _ := os.ReadDir(filepath.Join(string(r), TrashName)) // none: nothing was ever deleted
	for _, mark := range marks {
		if id, err := strconv.ParseInt(mark.Name(), 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// Remove removes a marked repository. It moves the folder away first: half a
// repository is never seen under its name.
func (r Repositories) Remove(id int64) error {
	err := os.Rename(r.Folder(id), filepath.Join(r.trash(id), "repository.git"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // moved already, by a removal that died or by another process
		return err
	}
	return os.RemoveAll(r.trash(id))
}

// incomingLeft is how long a push may take before what it has received so far is
// taken for the leftovers of one that was killed.
const incomingLeft = 24 * time.Hour

// SweepIncoming removes such leftovers: Git keeps what it receives in a folder
// among the objects, and nobody else ever looks at it.
func SweepIncoming(folder string) (err error) {
	objects := filepath.Join(folder, "objects")
	entries, _ := os.ReadDir(objects) // none: nothing to sweep
	for _, e := range entries {
		info, gone := e.Info()
		if gone != nil || !strings.HasPrefix(e.Name(), "tmp_objdir-") || time.Since(info.ModTime()) < incomingLeft {
			continue
		}
		if e := os.RemoveAll(filepath.Join(objects, e.Name())); err == nil {
			err = e
		}
	}
	return err
}
