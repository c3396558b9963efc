package git

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// TagPrefix is what the full names of tags begin with.
const TagPrefix = "refs/tags/"

// Signature is who made a commit or a tag, and when.
type Signature struct {
	Name, Email string
	At          time.Time
}

// Commit is one commit. Its texts are as somebody wrote them, whatever they hold.
type Commit struct {
	ID        string
	Tree      string
	Parents   []string
	Author    Signature
	Committer Signature
	Message   string // cut where the commit is longer than 64 KiB
}

// Title is the first line of the message.
func (c *Commit) Title() string {
	title, _, _ := strings.Cut(strings.TrimLeft(c.Message, "\n"), "\n")
	return strings.TrimSpace(title)
}

// Resolve finds the commit that a revision names: HEAD, a branch, a tag, or a
// commit's id, of which seven digits are enough. Never an option or an expression
// (A137): what isn't a name or an id is ErrNotThere.
func (v *View) Resolve(revision string) (*Commit, error) {
	if revision == "HEAD" {
		return v.Branch(Head(v.repository))
	}
	for _, prefix := range []string{BranchPrefix, TagPrefix} {
		if c, err := v.commitAt(prefix, revision); !errors.Is(err, ErrNotThere) {
			return c, err
		}
	}
	if len(revision) < 7 || len(revision) > idLength || !isHex(revision) {
		return nil, ErrNotThere
	}
	return v.commitNamed(revision)
}

// Branch is the commit that a branch points to.
func (v *View) Branch(name string) (*Commit, error) { return v.commitAt(BranchPrefix, name) }

func (v *View) commitAt(prefix, name string) (*Commit, error) {
	if !plainName(name) {
		return nil, ErrNotThere
	}
	return v.commitNamed(prefix + name)
}

// plainName tells whether the rest of a ref's name is one that Git takes for
// nothing else (git check-ref-format).
func plainName(name string) bool {
	const longest = 1024
	if name == "" || len(name) > longest || name[0] == '-' || strings.Contains(name, "..") || strings.Contains(name, "@{") {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7F || strings.ContainsRune(`~^:?*[\`, r) })
}

// commitNamed reads the commit that an id or a ref leads to. What doesn't lead to
// one is ErrNotThere.
func (v *View) commitNamed(name string) (*Commit, error) {
	o, err := v.object(name + "^{commit}")
	if err != nil {
		return nil, err
	}
	text, err := readStart(o)
	if err != nil {
		return nil, err
	}
	c, ok := parseCommit(text)
	if !ok {
		return nil, ErrNotThere
	}
	c.ID = o.ID
	return c, nil
}

// readStart reads an object's first 64 KiB.
func readStart(o *object) ([]byte, error) {
	const longest = 64 << 10
	text := make([]byte, min(o.Size, longest))
	_, err := io.ReadFull(o, text)
	return text, err
}

// headers are the lines of a commit or a tag up to its message. Lines that begin
// with a blank go on with the header before: nobody asks for those.
func headers(text []byte, each func(key, value string)) (message string) {
	for {
		line, rest, more := bytes.Cut(text, []byte("\n"))
		if len(line) == 0 || !more {
			return string(rest)
		}
		if key, value, ok := bytes.Cut(line, []byte(" ")); ok && len(key) > 0 {
			each(string(key), string(value))
		}
		text = rest
	}
}

// parseCommit reads a commit's content. What it lacks a commit can't be without.
func parseCommit(text []byte) (*Commit, bool) {
	c := new(Commit)
	c.Message = headers(text, func(key, value string) {
		switch {
		case key == "tree" && c.Tree == "":
			c.Tree = value
		case key == "parent" && isID(value):
			c.Parents = append(c.Parents, value)
		case key == "author" && c.Author.At.IsZero():
			c.Author = parseSignature(value)
		case key == "committer" && c.Committer.At.IsZero():
			c.Committer = parseSignature(value)
		}
	})
	return c, isID(c.Tree) && !c.Author.At.IsZero() && !c.Committer.At.IsZero()
}

// parseSignature reads "Name <address> seconds zone". A time that no calendar has
// is the first one: others have written it.
func parseSignature(text string) (s Signature) {
	name, rest, _ := strings.Cut(text, "<")
	address, when, _ := strings.Cut(rest, ">")
	seconds, _, _ := strings.Cut(strings.TrimSpace(when), " ")
	at, err := strconv.ParseInt(seconds, 10, 64)
	const endOf9999 = 253402300799
	if err != nil || at < 0 || at > endOf9999 {
		at = 0
	}
	return Signature{Name: strings.TrimSpace(name), Email: address, At: time.Unix(at, 0).UTC()}
}

// Branch is one branch, without refs/heads/.
type Branch struct {
	Name   string
	Commit *Commit
}

// Tag is one tag, without refs/tags/. A light one has no message and no object of
// its own.
type Tag struct {
	Name    string
	Target  string // id of the tag's object, or of what a light tag points to
	Message string
	Commit  *Commit // nil: it is none
}

// NamedRefs say which branches or tags are wanted. Search is a part of the name
// without regard to case; "^" before it or "$" behind it hold it to that end.
// Order is one of git for-each-ref; empty: by name.
type NamedRefs struct {
	Part
	Search string
	Order  string
}

// ref is a line of for-each-ref.
type ref struct{ id, name string }

// refs lists what is below refs/heads/ or refs/tags/.
func (v *View) refs(prefix string, q NamedRefs) (*Rows[ref], error) {
	rows := &Rows[ref]{Part: q.Part}
	args := []string{"for-each-ref", "--format=%(objectname) %(refname)", "--sort=refname"}
	if q.Order != "" {
		args = append(args, "--sort="+q.Order)
	}
	matches := nameMatcher(q.Search)
	err := v.each('\n', func(line []byte) bool {
		id, name, _ := strings.Cut(string(line), " ")
		name, ok := strings.CutPrefix(name, prefix)
		return !ok || !matches(name) || rows.take(ref{id, name})
	}, append(args, strings.TrimSuffix(prefix, "/"))...)
	return rows, err
}

func nameMatcher(search string) func(name string) bool {
	search = strings.ToLower(search)
	text, atStart := strings.CutPrefix(search, "^")
	text, atEnd := strings.CutSuffix(text, "$")
	return func(name string) bool {
		name = strings.ToLower(name)
		switch {
		case atStart && atEnd:
			return name == text
		case atStart:
			return strings.HasPrefix(name, text)
		case atEnd:
			return strings.HasSuffix(name, text)
		}
		return strings.Contains(name, text)
	}
}

// Branches lists branches.
func (v *View) Branches(q NamedRefs) (*Rows[Branch], error) {
	return readRefs(v, BranchPrefix, q, func(r ref) (b Branch, err error) {
		b.Name = r.name
		b.Commit, err = v.commitNamed(r.id)
		return b, err
	})
}

// Tags lists tags.
func (v *View) Tags(q NamedRefs) (*Rows[Tag], error) {
	return readRefs(v, TagPrefix, q, func(r ref) (Tag, error) { return v.tag(r.name, r.id) })
}

// readRefs reads what the refs of a part lead to. One that was deleted meanwhile, or
// leads to nothing, is left out.
func readRefs[T any](v *View, prefix string, q NamedRefs, read func(ref) (T, error)) (*Rows[T], error) {
	refs, err := v.refs(prefix, q)
	if err != nil {
		return nil, err
	}
	rows := &Rows[T]{Part: refs.Part, Total: refs.Total}
	for _, r := range refs.Rows {
		row, err := read(r)
		if errors.Is(err, ErrNotThere) {
			continue
		}
		if err != nil {
			return nil, err
		}
		rows.Rows = append(rows.Rows, row)
	}
	return rows, nil
}

// Tag is one tag by its name.
func (v *View) Tag(name string) (t Tag, err error) {
	if !plainName(name) {
		return t, ErrNotThere
	}
	return v.tag(name, TagPrefix+name)
}

// tag reads what an id or a ref is, as a tag of that name.
func (v *View) tag(name, at string) (Tag, error) {
	o, err := v.object(at)
	if err != nil {
		return Tag{}, err
	}
	t := Tag{Name: name, Target: o.ID}
	if o.Kind == "tag" {
		text, err := readStart(o)
		if err != nil {
			return Tag{}, err
		}
		t.Message = strings.TrimRight(headers(text, func(string, string) {}), "\n")
	}
	t.Commit, err = v.commitNamed(t.Target)
	if errors.Is(err, ErrNotThere) { // of a tree or a blob
		err = nil
	}
	return t, err
}

// Log says which commits are wanted.
type Log struct {
	Part
	From         string    // a commit's id; empty: all that any ref leads to
	Path         string    // only those that change it; empty: all
	Since, Until time.Time // zero: no limit
}

// Commits lists commits, the newest first. They aren't counted: Total says no
// more than whether there are more.
func (v *View) Commits(q Log) (*Rows[*Commit], error) {
	skip := min(q.Offset, math.MaxInt32)
	args := []string{"rev-list", "--skip=" + strconv.Itoa(skip), "--max-count=" + strconv.Itoa(q.Limit+1)}
	if !q.Since.IsZero() {
		args = append(args, "--max-age="+strconv.FormatInt(max(q.Since.Unix(), 0), 10))
	}
	if !q.Until.IsZero() {
		args = append(args, "--min-age="+strconv.FormatInt(max(q.Until.Unix(), 0), 10))
	}
	if q.From == "" {
		args = append(args, "--all")
	} else {
		args = append(args, q.From)
	}
	if args = append(args, "--"); q.Path != "" {
		args = append(args, q.Path)
	}
	ids, err := v.words(args...)
	if err != nil {
		return nil, err
	}
	rows := &Rows[*Commit]{Part: q.Part, Total: q.Offset + len(ids)}
	for _, id := range ids[:min(len(ids), q.Limit)] {
		c, err := v.commitNamed(id)
		if err != nil {
			return nil, err
		}
		rows.Rows = append(rows.Rows, c)
	}
	return rows, nil
}

// words are the lines that git prints.
func (v *View) words(args ...string) (lines []string, err error) {
	err = v.each('\n', func(line []byte) bool {
		lines = append(lines, string(line))
		return true
	}, args...)
	return lines, err
}

// LastChange is the id of the last commit, up to one, that changes a path.
func (v *View) LastChange(commit, path string) (id string, err error) {
	ids, err := v.words("rev-list", "--max-count=1", commit, "--", path)
	if err != nil || len(ids) == 0 {
		return commit, err
	}
	return ids[0], nil
}

// Lines are how many a commit has added and deleted.
type Lines struct{ Added, Deleted int64 }

// emptyTree is Git's id of a tree with nothing in it, which it knows without
// having it.
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

// Changed counts the lines in which a commit differs from its first parent.
func (v *View) Changed(c *Commit) (n Lines, err error) {
	before := emptyTree
	if len(c.Parents) > 0 {
		before = c.Parents[0]
	}
	err = v.each('\n', func(line []byte) bool {
		added, rest, _ := strings.Cut(string(line), "\t")
		deleted, _, _ := strings.Cut(rest, "\t")
		more, _ := strconv.ParseInt(added, 10, 64) // "-": not a text
		less, _ := strconv.ParseInt(deleted, 10, 64)
		n.Added, n.Deleted = n.Added+more, n.Deleted+less
		return true
	}, "diff-tree", "-r", "-M", "--numstat", "--no-ext-diff", "--no-textconv", before, c.ID)
	return n, err
}
