package git

import (
	"bufio"
	"encoding/hex"
	"errors"
	"io"
	"strings"
)

// Entry is what a tree names: a file, a folder, or another repository's commit.
type Entry struct {
	ID   string
	Mode string // six octal digits
	Path string // from the top of the repository; any bytes but NUL
}

// Kind is "tree", "blob" or "commit".
func (e Entry) Kind() string {
	switch e.Mode {
	case "040000":
		return "tree"
	case "160000":
		return "commit"
	}
	return "blob"
}

// Name is the last part of the path.
func (e Entry) Name() string { return e.Path[strings.LastIndexByte(e.Path, '/')+1:] }

// Executable tells whether a file is a program.
func (e Entry) Executable() bool { return e.Mode == "100755" }

// ValidPath tells whether something in a repository can have such a path: parts
// with a name, none of them "." or "..", without NUL.
func ValidPath(path string) bool {
	const longest = 4096 // bytes, as in Linux
	if len(path) > longest || strings.Contains(path, "\x00") {
		return false
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." {
			return false
		}
	}
	return true
}

// Find finds what a path names in the tree of a commit; ErrNotThere: nothing.
func (v *View) Find(c *Commit, path string) (Entry, error) {
	if !ValidPath(path) {
		return Entry{}, ErrNotThere
	}
	at := Entry{ID: c.Tree, Mode: "040000"}
	for part := range strings.SplitSeq(path, "/") {
		if at.Kind() != "tree" {
			return Entry{}, ErrNotThere
		}
		found := false
		err := v.entries(at.ID, func(e Entry) (more bool) {
			if found = e.Path == part; found {
				at = e
			}
			return !found
		})
		if err != nil {
			return Entry{}, err
		}
		if !found {
			return Entry{}, ErrNotThere
		}
	}
	at.Path = path
	return at, nil
}

// entries reads a tree, until do wants no more. The path of an entry is its name.
func (v *View) entries(tree string, do func(Entry) (more bool)) error {
	o, err := v.object(tree)
	if err != nil {
		return err
	}
	if o.Kind != "tree" {
		return ErrNotThere
	}
	return parseTree(o, do)
}

// parseTree reads the content of a tree: "mode name", NUL, the id's 20 bytes.
func parseTree(from io.Reader, do func(Entry) (more bool)) error {
	in := bufio.NewReaderSize(from, 8<<10) // a name is shorter wherever it can be checked out
	for {
		head, err := in.ReadSlice(0)
		if err == io.EOF && len(head) == 0 {
			return nil
		}
		if err == io.EOF || errors.Is(err, bufio.ErrBufferFull) {
			return ErrNotThere
		}
		if err != nil {
			return err
		}
		mode, name, ok := strings.Cut(string(head[:len(head)-1]), " ")
		if !ok || name == "" || len(mode) < 5 || len(mode) > 6 || strings.Trim(mode, "01234567") != "" {
			return ErrNotThere
		}
		if len(mode) == 5 {
			mode = "0" + mode
		}
		var id [idLength / 2]byte
		if _, err := io.ReadFull(in, id[:]); err != nil {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return ErrNotThere
			}
			return err
		}
		if !do(Entry{ID: hex.EncodeToString(id[:]), Mode: mode, Path: name}) {
			return nil
		}
	}
}

// Folder lists what is in a folder of a commit; path empty: at the top. Folders
// come first, then files, then other repositories' commits, each kind in Git's
// order (A132).
func (v *View) Folder(c *Commit, path string, p Part) (*Rows[Entry], error) {
	tree, err := v.folder(c, path)
	if err != nil {
		return nil, err
	}
	kinds := []string{"tree", "blob", "commit"}
	seen := map[string]int{}
	err = v.entries(tree, func(e Entry) bool {
		seen[e.Kind()]++
		return true
	})
	if err != nil {
		return nil, err
	}
	next := map[string]int{} // where the next one of a kind comes in the list
	for i := 1; i < len(kinds); i++ {
		next[kinds[i]] = next[kinds[i-1]] + seen[kinds[i-1]]
	}
	total := seen["tree"] + seen["blob"] + seen["commit"]
	rows := &Rows[Entry]{Part: p, Total: total, Rows: make([]Entry, max(min(total-p.Offset, p.Limit), 0))}
	err = v.entries(tree, func(e Entry) bool { // once more: to hold it would cost more
		at := next[e.Kind()] - p.Offset
		next[e.Kind()]++
		if at >= 0 && at < len(rows.Rows) {
			e.Path = below(path, e.Path)
			rows.Rows[at] = e
		}
		return true
	})
	return rows, err
}

// folder is the id of a folder's tree.
func (v *View) folder(c *Commit, path string) (id string, err error) {
	if path == "" {
		return c.Tree, nil
	}
	e, err := v.Find(c, path)
	if err != nil {
		return "", err
	}
	if e.Kind() != "tree" {
		return "", ErrNotThere
	}
	return e.ID, nil
}

func below(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + "/" + name
}

// Everything lists all that is below a folder of a commit, in Git's order.
func (v *View) Everything(c *Commit, path string, p Part) (*Rows[Entry], error) {
	tree, err := v.folder(c, path)
	if err != nil {
		return nil, err
	}
	rows := &Rows[Entry]{Part: p}
	err = v.each(0, func(line []byte) bool {
		if !rows.wants() {
			return rows.take(Entry{})
		}
		head, name, _ := strings.Cut(string(line), "\t") // mode, kind, id
		fields := strings.Split(head, " ")
		return rows.take(Entry{Mode: fields[0], ID: fields[len(fields)-1], Path: below(path, name)})
	}, "ls-tree", "-r", "-t", "-z", tree)
	return rows, err
}

// Blob is a file's content, as it is read.
type Blob struct{ *object }

// Blob opens a file's content by its id; ErrNotThere: it is no file's.
func (v *View) Blob(id string) (Blob, error) {
	if !isID(id) {
		return Blob{}, ErrNotThere
	}
	o, err := v.object(id)
	if err != nil {
		return Blob{}, err
	}
	if o.Kind != "blob" {
		return Blob{}, ErrNotThere
	}
	return Blob{o}, nil
}
