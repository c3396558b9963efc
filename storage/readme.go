package storage

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"patrol/model"
)

// readme is the first commit of a project that asks for one (A83): a README.md,
// which makes the repository one that can be cloned and worked on at once.
type readme struct {
	branch, text  string
	author, email string
	at            time.Time
}

// firstBranch is HEAD's branch in a new repository where none is asked for.
const firstBranch = "main"

// readme is the one of a new project, written by the actor.
func (t *tx) readme(n model.NewPlace) (r readme, err error) {
	r = readme{branch: n.DefaultBranch, text: "# " + n.Name + "\n", at: t.now}
	if n.Description != "" {
		r.text += "\n" + n.Description + "\n"
	}
	author, _, err := t.user(`u.id = ?`, t.actor.ID())
	r.author, r.email = author.Name, author.Email
	return r, err
}

// commitReadme writes the commit into a new repository and records it as a push
// of the actor (G29).
func (db *DB) commitReadme(ctx context.Context, a model.Actor, project int64, r readme) error {
	folder := db.repository(project)
	commit, err := r.commit(folder)
	if err != nil {
		return repositoryError(err)
	}
	ref := filepath.Join(folder, filepath.FromSlash(branchPrefix+r.branch))
	if err := os.MkdirAll(filepath.Dir(ref), 0o700); err != nil {
		return repositoryError(err)
	}
	if err := replaceFile(ref, commit+"\n"); err != nil {
		return repositoryError(err)
	}
	none := strings.Repeat("0", len(commit))
	return db.Pushed(ctx, a, model.Push{ProjectID: project, Refs: []model.RefUpdate{{Name: branchPrefix + r.branch, Old: none, New: commit}}})
}

// commit writes the file, its folder and the commit, and gives its id.
func (r readme) commit(folder string) (string, error) {
	file, err := writeObject(folder, "blob", []byte(r.text))
	if err != nil {
		return "", err
	}
	id, err := hex.DecodeString(file)
	if err != nil {
		return "", err
	}
	tree, err := writeObject(folder, "tree", append([]byte("100644 README.md\x00"), id...))
	if err != nil {
		return "", err
	}
	who := fmt.Sprintf("%s <%s> %d +0000", withoutBrackets(r.author), withoutBrackets(r.email), r.at.Unix())
	return writeObject(folder, "commit", fmt.Appendf(nil, "tree %s\nauthor %s\ncommitter %s\n\nInitial commit\n", tree, who, who))
}

// withoutBrackets leaves out what would end a name or an address in a commit.
func withoutBrackets(s string) string {
	return strings.NewReplacer("<", "", ">", "", "\n", "").Replace(s)
}

// writeObject writes a loose object (gitformat-loose) and gives its id.
func writeObject(folder, kind string, content []byte) (string, error) {
	whole := append(fmt.Appendf(nil, "%s %d\x00", kind, len(content)), content...)
	sum := sha1.Sum(whole)
	id := hex.EncodeToString(sum[:])
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(whole); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	path := filepath.Join(folder, "objects", id[:2], id[2:])
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	return id, replaceFile(path, packed.String())
}

// validBranch tells whether Git takes a name for a branch (git check-ref-format).
func validBranch(name string) bool {
	if name == "" || len(name) > model.MaxName || name == "@" || name == "HEAD" || strings.HasPrefix(name, "-") || strings.HasSuffix(name, ".") ||
		strings.Contains(name, "..") || strings.Contains(name, "@{") || strings.ContainsAny(name, ` ~^:?*[\`) || model.Clean(name) != name {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasSuffix(part, ".lock") {
			return false
		}
	}
	return true
}
