package git

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"patrol/model"
)

// FirstCommit is a commit of a README.md, which makes a new repository one that
// can be cloned and worked on at once (A83).
type FirstCommit struct {
	Branch, Text  string
	Author, Email string
	At            time.Time
}

// FirstBranch is HEAD's branch in a new repository where none is asked for.
const FirstBranch = "main"

// Write writes the file, its folder and the commit, points the branch to it, and
// gives the commit's id.
func (c FirstCommit) Write(repository string) (id string, err error) {
	if id, err = c.write(repository); err != nil {
		return "", err
	}
	ref := filepath.Join(repository, filepath.FromSlash(BranchPrefix+c.Branch))
	if err := os.MkdirAll(filepath.Dir(ref), 0o700); err != nil {
		return "", err
	}
	return id, replaceFile(ref, id+"\n")
}

func (c FirstCommit) write(repository string) (string, error) {
	file, err := writeObject(repository, "blob", []byte(c.Text))
	if err != nil {
		return "", err
	}
	id, err := hex.DecodeString(file)
	if err != nil {
		return "", err
	}
	tree, err := writeObject(repository, "tree", append([]byte("100644 README.md\x00"), id...))
	if err != nil {
		return "", err
	}
	who := fmt.Sprintf("%s <%s> %d +0000", withoutBrackets(c.Author), withoutBrackets(c.Email), c.At.Unix())
	return writeObject(repository, "commit", fmt.Appendf(nil, "tree %s\nauthor %s\ncommitter %s\n\nInitial commit\n", tree, who, who))
}

// withoutBrackets leaves out what would end a name or an address in a commit.
func withoutBrackets(s string) string {
	return strings.NewReplacer("<", "", ">", "", "\n", "").Replace(s)
}

// writeObject writes a loose object (gitformat-loose) and gives its id.
func writeObject(repository, kind string, content []byte) (string, error) {
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
	path := filepath.Join(repository, "objects", id[:2], id[2:])
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	return id, replaceFile(path, packed.String())
}

// ValidBranch tells whether Git takes a name for a branch (git check-ref-format).
func ValidBranch(name string) bool {
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
