package git

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"patrol/model"
)

// BranchPrefix is what the full names of branches begin with.
const BranchPrefix = "refs/heads/"

// Head is the branch that HEAD names, whether it is there or not; empty if HEAD
// doesn't name one.
func Head(repository string) string {
	text, err := os.ReadFile(filepath.Join(repository, "HEAD"))
	if err != nil {
		return ""
	}
	branch, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "ref: "+BranchPrefix)
	if !ok {
		return ""
	}
	return branch
}

// PointHead points HEAD to a branch.
func PointHead(repository, branch string) error {
	return replaceFile(filepath.Join(repository, "HEAD"), "ref: "+BranchPrefix+branch+"\n")
}

// HasBranch tells whether a repository has a branch of that name.
func HasBranch(repository, branch string) bool {
	return filepath.IsLocal(branch) && refExists(repository, BranchPrefix+branch)
}

// SettleHead points a repository's HEAD to one of its branches if it points to
// nothing: main, else master, else the first by name; of those just pushed, if
// any was (G28). It gives the branch that HEAD points to, empty if there is none.
func SettleHead(repository string, pushed []model.RefUpdate) (branch string, err error) {
	branch = Head(repository)
	if refExists(repository, BranchPrefix+branch) {
		return branch, nil
	}
	var branches []string
	for _, r := range pushed {
		if name, ok := strings.CutPrefix(r.Name, BranchPrefix); ok && strings.Trim(r.New, "0") != "" {
			branches = append(branches, name)
		}
	}
	if len(branches) == 0 {
		branches = allBranches(repository)
	}
	if len(branches) == 0 {
		return "", nil
	}
	branch = slices.Min(branches)
	for _, first := range []string{"master", "main"} {
		if slices.Contains(branches, first) {
			branch = first
		}
	}
	return branch, PointHead(repository, branch)
}

// allBranches are the branches of a repository, as files of their own or packed.
func allBranches(repository string) (names []string) {
	root := filepath.Join(repository, filepath.FromSlash(BranchPrefix))
	filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error { // what can't be read isn't there
		if err == nil && e.Type().IsRegular() && !strings.HasSuffix(path, ".lock") {
			name, _ := filepath.Rel(root, path)
			names = append(names, filepath.ToSlash(name))
		}
		return nil
	})
	packed, _ := os.ReadFile(filepath.Join(repository, "packed-refs")) // none: nothing is packed
	for line := range strings.Lines(string(packed)) {
		if _, ref, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasPrefix(ref, BranchPrefix) {
			names = append(names, strings.TrimPrefix(ref, BranchPrefix))
		}
	}
	return names
}

// refExists looks for a ref as a file of its own, then among the packed ones.
func refExists(repository, ref string) bool {
	if info, err := os.Stat(filepath.Join(repository, filepath.FromSlash(ref))); err == nil && info.Mode().IsRegular() {
		return true
	}
	packed, err := os.ReadFile(filepath.Join(repository, "packed-refs"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(packed)) {
		if strings.HasSuffix(strings.TrimSpace(line), " "+ref) {
			return true
		}
	}
	return false
}

// replaceFile changes a file at once or not at all.
func replaceFile(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name()) // what failed is what matters
	}
	return err
}
