package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// workbench is a bare repository beside a folder in which the real git works.
type workbench struct {
	*testing.T
	bare, work string
}

func newWorkbench(t *testing.T) workbench {
	t.Helper()
	w := workbench{t, filepath.Join(t.TempDir(), "1.git"), t.TempDir()}
	w.git("init", "-q", "--bare", w.bare)
	w.git("init", "-q")
	w.git("remote", "add", "origin", w.bare)
	return w
}

// git runs git in the folder, as somebody and at a time that are always the same.
func (w workbench) git(args ...string) string {
	w.Helper()
	cmd := exec.Command("git", append([]string{"-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = w.work
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.work, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Dave", "GIT_AUTHOR_EMAIL=dave@example.com", "GIT_AUTHOR_DATE=1790000000 +0200",
		"GIT_COMMITTER_NAME=Mona", "GIT_COMMITTER_EMAIL=mona@example.com", "GIT_COMMITTER_DATE=1790000060 +0000"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (w workbench) commit(path, text string) string {
	w.Helper()
	file := filepath.Join(w.work, filepath.FromSlash(path))
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
		w.Fatal(err)
	}
	w.git("add", path)
	w.git("commit", "-q", "-m", "Change "+path, "-m", "And why.")
	return w.git("rev-parse", "HEAD")
}

func (w workbench) push(refs ...string) {
	w.Helper()
	w.git(append([]string{"push", "-q", "--force", "origin"}, refs...)...)
}

func newReader(t *testing.T, most int) *Reader {
	t.Helper()
	program, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(program, most)
	t.Cleanup(func() {
		r.Close()
		if r.alive != 0 {
			t.Errorf("%d processes are left", r.alive)
		}
	})
	return r
}

func open(t *testing.T, ctx context.Context, r *Reader, repository string) *View {
	t.Helper()
	v, ok := r.Open(ctx, ctx, "192.0.2.1", repository)
	if !ok {
		t.Fatal("no place to read")
	}
	t.Cleanup(v.Close)
	return v
}

// A137: a ref is HEAD, a branch, a tag or a commit's id, and nothing else.
func TestResolve(t *testing.T) {
	w := newWorkbench(t)
	first := w.commit("a", "1\n")
	w.git("tag", "light")
	w.git("tag", "-a", "-m", "Release\n\nNotes", "v1", first)
	w.git("tag", "-a", "-m", "of a file", "blob", "HEAD:a")
	second := w.commit("b", "2\n")
	w.git("branch", "feat/x", first)
	w.git("branch", "ünïcode", first)
	w.git("update-ref", "refs/hidden/deep", first)
	w.push("--all")
	w.push("--tags", "refs/hidden/deep")
	v := open(t, t.Context(), newReader(t, 1), w.bare)
	for revision, want := range map[string]string{
		"HEAD": second, "main": second, "feat/x": first, "ünïcode": first, "light": first, "v1": first, first: first, second[:7]: second, second[:12]: second,
		"": "", "nope": "", "blob": "", "feat": "", "heads/main": "", "refs/heads/main": "", "hidden/deep": "", "refs/hidden/deep": "", "HEAD~1": "", "main^": "", "main^{tree}": "",
		"main:a": "", ":a": "", "main..feat/x": "", "@": "", "@{-1}": "", "main@{0}": "", "-oProxyCommand=x": "", "--all": "", "main\nHEAD": "", "main\x00": "", "main ": "",
		"../heads/main": "", "./main": "", "main/": "", "/main": "", "main.lock": "", "*": "", "mai?": "", "[m]ain": "", `ma\in`: "", "\x7f": "", strings.Repeat("x", 5000): "",
		second[:6]: "", second + "0": "", strings.ToUpper(second): "", strings.Repeat("0", 40): "", w.git("rev-parse", "HEAD:a"): "", w.git("rev-parse", "HEAD^{tree}"): "",
	} {
		c, err := v.Resolve(revision)
		switch {
		case want == "" && !errors.Is(err, ErrNotThere):
			t.Errorf("A137: %q: %+v, %v", revision, c, err)
		case want != "" && (err != nil || c.ID != want):
			t.Errorf("A137: %q: %+v, %v", revision, c, err)
		}
	}
	c, err := v.Resolve("main")
	if err != nil || c.Title() != "Change b" || c.Message != "Change b\n\nAnd why.\n" || !slices.Equal(c.Parents, []string{first}) ||
		c.Author != (Signature{"Dave", "dave@example.com", time.Unix(1790000000, 0).UTC()}) || c.Committer != (Signature{"Mona", "mona@example.com", time.Unix(1790000060, 0).UTC()}) {
		t.Errorf("A136: %+v, %v", c, err)
	}
	tags, err := v.Tags(NamedRefs{Part: Part{Limit: 10}})
	if err != nil || tags.Total != 3 {
		t.Fatalf("A131: %+v, %v", tags, err)
	}
	for i, want := range []Tag{{"blob", w.git("rev-parse", "blob"), "of a file", nil}, {"light", first, "", c}, {"v1", w.git("rev-parse", "v1"), "Release\n\nNotes", c}} {
		if got := tags.Rows[i]; got.Name != want.Name || got.Target != want.Target || got.Message != want.Message || (got.Commit == nil) != (want.Commit == nil) || got.Commit != nil && got.Commit.ID != first {
			t.Errorf("A131: %+v, want %+v", got, want)
		}
	}
	for search, want := range map[string]string{"": "feat/x main ünïcode", "A": "feat/x main", "^m": "main", "n$": "main", "^main$": "main", "^ai": "", "ÜN": "ünïcode", "*": "", "--": ""} {
		rows, err := v.Branches(NamedRefs{Part: Part{Limit: 10}, Search: search})
		var names []string
		for _, b := range rows.Rows {
			names = append(names, b.Name)
		}
		if err != nil || strings.Join(names, " ") != want {
			t.Errorf("A130: %q: %v, %v", search, names, err)
		}
	}
}

// A132: folders first, then files, then other repositories' commits; pages; no
// path leads elsewhere.
func TestTree(t *testing.T) {
	w := newWorkbench(t)
	w.commit("z/deep/er/file", "1")
	w.commit("b.txt", "2")
	w.commit("a-b/file", "3")
	w.commit("a/new\nline\tand \"quotes\"", "4")
	w.git("update-index", "--add", "--cacheinfo", "160000,"+w.git("rev-parse", "HEAD")+",a0-module")
	w.git("commit", "-q", "-m", "module")
	w.push("main")
	v := open(t, t.Context(), newReader(t, 1), w.bare)
	c, err := v.Resolve("HEAD")
	if err != nil {
		t.Fatal(err)
	}
	paths := func(rows *Rows[Entry], err error) string {
		if err != nil {
			return err.Error()
		}
		var list []string
		for _, e := range rows.Rows {
			list = append(list, e.Kind()+":"+e.Path)
		}
		return fmt.Sprintf("%q of %d, more %v", list, rows.Total, rows.More())
	}
	for _, check := range []struct{ got, want string }{
		{paths(v.Folder(c, "", Part{0, 9, 99})), `["tree:a-b" "tree:a" "tree:z" "blob:b.txt" "commit:a0-module"] of 5, more false`},
		{paths(v.Folder(c, "", Part{2, 2, 99})), `["tree:z" "blob:b.txt"] of 5, more true`},
		{paths(v.Folder(c, "", Part{9, 2, 99})), `[] of 5, more false`},
		{paths(v.Folder(c, "z/deep", Part{0, 9, 99})), `["tree:z/deep/er"] of 1, more false`},
		{paths(v.Folder(c, "a", Part{0, 9, 99})), `["blob:a/new\nline\tand \"quotes\""] of 1, more false`},
		{paths(v.Everything(c, "", Part{0, 3, 99})), `["tree:a-b" "blob:a-b/file" "tree:a"] of 10, more true`},
		{paths(v.Everything(c, "", Part{3, 9, 99})), `["blob:a/new\nline\tand \"quotes\"" "commit:a0-module" "blob:b.txt" "tree:z" "tree:z/deep" "tree:z/deep/er" "blob:z/deep/er/file"] of 10, more false`},
		{paths(v.Everything(c, "z/deep", Part{0, 9, 99})), `["tree:z/deep/er" "blob:z/deep/er/file"] of 2, more false`},
		{paths(v.Everything(c, "", Part{0, 2, 4})), `["tree:a-b" "blob:a-b/file"] of 5, more true`},
	} {
		if check.got != check.want {
			t.Errorf("A132:\n got %s\nwant %s", check.got, check.want)
		}
	}
	for _, path := range []string{"..", ".", "/", "/b.txt", "b.txt/", "b.txt/x", "z//deep", "z/../b.txt", "./b.txt", "z/deep/..", "\x00", "b.txt\x00", "a0-module/x", "nope", ":/", ":(glob)*", "B.TXT", "%2e%2e", strings.Repeat("x/", 3000)} {
		if e, err := v.Find(c, path); !errors.Is(err, ErrNotThere) {
			t.Errorf("A137: %q: %+v, %v", path, e, err)
		}
		if rows, err := v.Folder(c, path, Part{0, 9, 9}); !errors.Is(err, ErrNotThere) {
			t.Errorf("A137: %q: %+v, %v", path, rows, err)
		}
	}
	// Trees that no honest Git writes.
	blob := w.git("rev-parse", "main:b.txt")
	odd := filepath.Join(w.work, "odd")
	var id []byte
	fmt.Sscanf(blob, "%x", &id)
	if err := os.WriteFile(odd, append([]byte("100644 ..\x00"), id...), 0o600); err != nil {
		t.Fatal(err)
	}
	w.git("update-ref", "refs/heads/odd", w.git("commit-tree", "-m", "odd", w.git("hash-object", "-t", "tree", "-w", "--literally", odd)))
	w.push("odd")
	if c, err := v.Resolve("odd"); err != nil {
		t.Error(err)
	} else if e, err := v.Find(c, ".."); !errors.Is(err, ErrNotThere) {
		t.Errorf("A137: %+v, %v", e, err)
	}
	log, err := v.Commits(Log{Part: Part{0, 9, 9}, From: c.ID, Path: ":(glob)*"}) // a name, no pattern
	if err != nil || len(log.Rows) != 0 {
		t.Errorf("A137: %+v, %v", log, err)
	}
	log, err = v.Commits(Log{Part: Part{1, 2, 9}, From: c.ID})
	if err != nil || len(log.Rows) != 2 || !log.More() || log.Rows[0].Title() != `Change a/new` {
		t.Errorf("A136: %+v, %v", log, err)
	}
	if id, err := v.LastChange(c.ID, "z"); err != nil || id != w.git("rev-parse", "HEAD~4") {
		t.Errorf("A133: %s, %v", id, err)
	}
	root, _ := v.Resolve(w.git("rev-parse", "HEAD~4"))
	if n, err := v.Changed(root); err != nil || n != (Lines{1, 0}) {
		t.Errorf("A136: %+v, %v", n, err)
	}
}

// A process serves one request after another. It is replaced where it has died,
// where a large object was left in the middle, and where its repository was
// removed, whatever stands there now.
func TestWarmProcesses(t *testing.T) {
	w := newWorkbench(t)
	w.commit("large", strings.Repeat("0123456789abcdef", 1<<18)) // 4 MiB
	w.push("main")
	r := newReader(t, 2)
	use := func(do func(*View)) (pid int) {
		t.Helper()
		v := open(t, t.Context(), r, w.bare)
		defer v.Close()
		if _, err := v.Resolve("main"); err != nil {
			t.Errorf("main: %v", err)
		}
		pid = v.cat.process.cmd.Process.Pid
		if do != nil {
			do(v)
		}
		return pid
	}
	first := use(nil)
	if use(nil) != first {
		t.Error("a second request has a process of its own")
	}
	r.age = 0
	use(nil)
	if len(r.idle) != 0 {
		t.Error("a process of any age stays warm")
	}
	r.age = time.Hour
	use(func(v *View) { v.cat.process.end() })
	second := use(nil)
	if second == first {
		t.Error("a process that was ended is used")
	}
	r.idle[0].process.end() // while nobody looks
	r.idle[0].process.cmd.Process.Wait()
	third := use(nil)
	if third == second {
		t.Error("a process that has died is used")
	}
	fourth := use(func(v *View) {
		c, _ := v.Resolve("main")
		e, err := v.Find(c, "large")
		if err != nil {
			t.Fatal(err)
		}
		b, err := v.Blob(e.ID)
		if err != nil || b.Size != 4<<20 {
			t.Fatal(b.Size, err)
		}
		io.CopyN(io.Discard, b, 100)
		if _, err := v.Resolve("main"); err != nil {
			t.Errorf("after a part of a large file: %v", err)
		}
	})
	if fourth != third {
		t.Error("a process was replaced without need")
	}
	// Another repository in its place: what is warm belongs to the one before.
	if err := os.Rename(w.bare, w.bare+".gone"); err != nil {
		t.Fatal(err)
	}
	v := open(t, t.Context(), r, w.bare)
	if _, err := v.Resolve("main"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a repository that was removed: %v", err)
	}
	v.Close()
	w.git("init", "-q", "--bare", w.bare)
	v = open(t, t.Context(), r, w.bare)
	if _, err := v.Resolve("main"); !errors.Is(err, ErrNotThere) {
		t.Errorf("an empty repository in the place of another: %v", err)
	}
	v.Close()
	ctx, cancel := context.WithCancel(t.Context())
	v = open(t, ctx, r, w.bare+".gone")
	if _, err := v.Resolve("main"); err != nil {
		t.Error(err)
	}
	cancel()
	if _, err := v.Resolve("main"); !errors.Is(err, context.Canceled) {
		t.Errorf("after the request's end: %v", err)
	}
	v.Close()
}

// Never more processes than Reader.most, and none for long.
func TestProcessesAreFew(t *testing.T) {
	r := newReader(t, 2)
	var benches []workbench
	for range 5 {
		w := newWorkbench(t)
		w.commit("a", "1")
		w.push("main")
		benches = append(benches, w)
		v := open(t, t.Context(), r, w.bare)
		if _, err := v.Resolve("main"); err != nil {
			t.Error(err)
		}
		v.Close()
		if r.alive > 2 {
			t.Errorf("%d processes", r.alive)
		}
	}
	if len(r.idle) != 2 || r.idle[1].repository != benches[4].bare {
		t.Errorf("%d are warm", len(r.idle))
	}
	over, stop := context.WithCancel(t.Context())
	stop()
	v := open(t, t.Context(), r, benches[0].bare)
	if _, ok := r.Open(t.Context(), over, "192.0.2.1", benches[0].bare); ok {
		t.Error("G30: one peer has all the places")
	}
	v.Close()
	v.Close() // more than once
	if n := r.slots.Taken(); n != 0 {
		t.Errorf("%d places are taken", n)
	}
	r.warmth = time.Millisecond
	v = open(t, t.Context(), r, benches[4].bare)
	v.Resolve("main")
	c := v.cat
	v.Close()
	c.process.cmd.Process.Wait() // it ends by itself
	r.walk = 0
	v = open(t, t.Context(), r, benches[4].bare)
	if _, err := v.Branches(NamedRefs{Part: Part{Limit: 1}}); !errors.Is(err, ErrTooLong) {
		t.Errorf("a list that takes too long: %v", err)
	}
}

// Whatever git cat-file says: no panic, and what is taken is an object.
func FuzzHeader(f *testing.F) {
	for _, s := range []string{idA + " blob 12\n", "x missing\n", idA + " commit -1\n", idA + " tree 99999999999999999999\n", "\n", idA + " blob 1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		o, err := parseHeader(line)
		if err == nil && fmt.Sprintf("%s %s %d\n", o.ID, o.Kind, o.Size) != string(line) && !bytes.Contains(line, []byte(" 0")) {
			t.Errorf("%q: %+v", line, o)
		}
	})
}

// Whatever a tree holds: no panic, and what is read prints to what was written.
func FuzzTree(f *testing.F) {
	f.Add([]byte("100644 a\x0001234567890123456789" + "40000 b\x0001234567890123456789"))
	f.Add([]byte("100644 a"))
	f.Add([]byte("100644 a\x00123"))
	f.Add([]byte(" \x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		var again []byte
		err := parseTree(bytes.NewReader(content), func(e Entry) bool {
			if e.Path == "" || len(e.Mode) != 6 || !isID(e.ID) {
				t.Errorf("%+v", e)
			}
			var id []byte
			fmt.Sscanf(e.ID, "%x", &id)
			again = append(fmt.Appendf(again, "%s %s\x00", e.Mode, e.Path), id...)
			return true
		})
		if err != nil && !errors.Is(err, ErrNotThere) {
			t.Error(err)
		}
		if err == nil && !bytes.Contains(content, []byte("40000 ")) && len(again) < len(content) {
			t.Errorf("%q became %q", content, again)
		}
	})
}

// Whatever a commit holds: no panic, and it has what others rely on.
func FuzzCommit(f *testing.F) {
	f.Add([]byte("tree " + idA + "\nparent " + idB + "\nauthor A <a@b> 1 +0000\ncommitter B <> 2 +0000\ngpgsig x\n y\n\nmessage\n"))
	f.Add([]byte("tree " + idA + "\nauthor <<>> 99999999999999 +0000\ncommitter\n\n"))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		c, ok := parseCommit(content)
		if !ok {
			return
		}
		if !isID(c.Tree) || c.Author.At.IsZero() || c.Committer.At.Year() > 9999 || strings.Contains(c.Title(), "\n") || !bytes.HasSuffix(content, []byte(c.Message)) {
			t.Errorf("%q: %+v", content, c)
		}
	})
}
