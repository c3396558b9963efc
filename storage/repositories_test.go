package storage

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"patrol/git"
	"patrol/model"
)

// runGit runs the real git in a folder, away from anybody's configuration.
func runGit(t *testing.T, folder string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// R3: a new project's repository is what git itself calls a sound bare one.
func TestRepositoryIsGits(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	folder := db.repositories.Folder(p.ID)
	runGit(t, folder, "fsck", "--strict")
	if got := runGit(t, folder, "rev-parse", "--is-bare-repository"); got != "true" {
		t.Errorf("bare: %s", got)
	}
	work := t.TempDir()
	runGit(t, work, "clone", "-q", folder, "w")
	w := filepath.Join(work, "w")
	for _, args := range []string{"checkout -q -b topic", "commit -q --allow-empty -m one", "push -q origin topic topic:side"} {
		runGit(t, w, strings.Fields(args)...)
	}
	for name, mode := range map[string]os.FileMode{folder: 0o700, filepath.Join(folder, "HEAD"): 0o600, string(db.repositories): 0o700, filepath.Join(folder, "objects"): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("mode of %s: %v, %v", name, info.Mode(), err)
		}
	}
	for _, branch := range []string{"none", "", "..", "../../config", "topic/x"} {
		_, err := db.ChangeProject(t.Context(), root, p.Ref(), model.PlaceChange{DefaultBranch: &branch})
		refused(t, "G28 no branch "+branch, err, model.ErrInvalid, "G28")
	}
	runGit(t, folder, "pack-refs", "--all")
	p, err := db.ChangeProject(t.Context(), root, p.Ref(), model.PlaceChange{DefaultBranch: ptr("side")})
	if err != nil || p.DefaultBranch != "side" || runGit(t, folder, "symbolic-ref", "HEAD") != "refs/heads/side" {
		t.Errorf("A84: %+v, %v", p, err)
	}
	runGit(t, folder, "fsck", "--strict")
}

// A repository that is there already is never taken over; what the making of a
// project left behind is.
func TestRepositoryFolderTaken(t *testing.T) {
	onFile(t)
	db := open(t, Options{})
	for id, file := range map[int64]string{1: "objects/ab/cdef", 2: "objects/pack/x.pack"} {
		name := filepath.Join(db.repositories.Folder(id), file)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	unchanged(t, db, "taken", func() error {
		_, err := db.AddProject(t.Context(), root, newProject("acme/web"))
		refused(t, "R3", err, model.ErrConflict, "R3")
		return err
	})
	if err := os.RemoveAll(filepath.Join(db.repositories.Folder(1), "objects")); err != nil {
		t.Fatal(err)
	}
	p := addProject(t, db, "acme/web")
	if !git.Exists(db.repositories.Folder(p.ID)) || p.ID != 1 {
		t.Errorf("project %d's folder wasn't used", p.ID)
	}
	if data, err := os.ReadFile(filepath.Join(db.repositories.Folder(2), "objects/pack/x.pack")); err != nil || string(data) != "precious" {
		t.Errorf("another's repository: %s, %v", data, err)
	}
}

// Deletion that died after its commit is finished at the next start; one that
// was not committed is not.
func TestSweep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "patrol.db")
	db, err := OpenForTests(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	gone, kept := addProject(t, db, "acme/gone"), addProject(t, db, "acme/kept")
	err = db.change(t.Context(), root, func(t *tx) error { // RemoveProject without what it does after its commit
		p, err := t.findKind(model.ProjectPlace, gone.Ref())
		if err != nil {
			return err
		}
		return t.removeProject(p)
	})
	if err != nil {
		t.Fatal(err)
	}
	failed := errors.New("failed")
	err = db.change(t.Context(), root, func(t *tx) error {
		p, err := t.findKind(model.ProjectPlace, kept.Ref())
		if err != nil {
			return err
		}
		return errors.Join(t.removeProject(p), failed)
	})
	if !errors.Is(err, failed) || !git.Exists(db.repositories.Folder(gone.ID)) {
		t.Fatal(err)
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check before: %v, %v", problems, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = open(t, Options{Path: path})
	if _, err := os.Stat(db.repositories.Folder(gone.ID)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the deleted project's repository: %v", err)
	}
	if db.repositories.IsMarked(gone.ID) {
		t.Error("its mark is there")
	}
	if !git.Exists(db.repositories.Folder(kept.ID)) {
		t.Error("a project that wasn't deleted lost its repository")
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check after: %v, %v", problems, err)
	}
}

// A83: a project that asks for a README begins with a commit that Git takes for
// sound, on the branch asked for; one that asks for a branch alone is empty, and
// its HEAD points there.
func TestReadme(t *testing.T) {
	db := open(t, Options{})
	mara, asMara := addPerson(t, db, model.NewUser{Username: "mara", Name: "Mara <Lind>"})
	addProject(t, db, "acme/first")
	if _, err := db.AddMember(t.Context(), root, model.GroupRef("acme"), mara.ID, model.Owner, 0); err != nil {
		t.Fatal(err)
	}
	p, err := db.AddProject(t.Context(), asMara, model.NewPlace{FullPath: "acme/web", Name: "Web", Description: "The shop", DefaultBranch: "trunk/one", Readme: true})
	if err != nil {
		t.Fatal(err)
	}
	if p.DefaultBranch != "trunk/one" || p.PushedAt.IsZero() {
		t.Errorf("%+v", p)
	}
	run := func(args ...string) string { return runGit(t, db.repositories.Folder(p.ID), args...) }
	run("fsck", "--strict")
	for want, args := range map[string][]string{
		"# Web\n\nThe shop\n":        {"show", "HEAD:README.md"},
		"Mara Lind|Initial commit\n": {"log", "--format=%an|%s", "trunk/one"},
		"refs/heads/trunk/one\n":     {"symbolic-ref", "HEAD"},
	} {
		if got := run(args...); strings.TrimSpace(got) != strings.TrimSpace(want) {
			t.Errorf("git %v: %q", args, got)
		}
	}
	empty, err := db.AddProject(t.Context(), root, model.NewPlace{FullPath: "acme/empty", DefaultBranch: "trunk"})
	if err != nil || !empty.PushedAt.IsZero() || git.Head(db.repositories.Folder(empty.ID)) != "trunk" {
		t.Errorf("%+v, %v", empty, err)
	}
	_, err = db.AddProject(t.Context(), root, model.NewPlace{FullPath: "acme/wrong", DefaultBranch: "a..b", Readme: true})
	if !errors.Is(err, model.ErrInvalid) {
		t.Error(err)
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// What is taken for a branch's name is what Git takes for one.
func TestBranchNames(t *testing.T) {
	for _, name := range []string{"main", "a/b", "ä", "feature/1.2", "a@b", "a@{b", "", ".a", "a/.b", "a.lock", "a.lock/b", "a.locks", "a..b", "a.", "a/", "/a", "a//b",
		"a b", "a~", "a^", "a:", "a?", "a*", "a[", "a\\", "-a", "a\x01", "a\x7f", "HEAD", "{a}", "refs/heads/x"} {
		err := exec.Command("git", "check-ref-format", "--branch", name).Run()
		if got := git.ValidBranch(name); got != (err == nil) {
			t.Errorf("%q: %v, Git says %v", name, got, err)
		}
	}
}

// What a killed push has left goes with a later one; what may be of one that is
// under way stays.
func TestIncomingLeft(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	objects := filepath.Join(db.repositories.Folder(p.ID), "objects")
	for name, age := range map[string]time.Duration{"tmp_objdir-incoming-old": 25 * time.Hour, "tmp_objdir-incoming-new": time.Hour, "ab": 48 * time.Hour} {
		path := filepath.Join(objects, name)
		if err := os.MkdirAll(filepath.Join(path, "pack"), 0o700); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Pushed(t.Context(), root, model.Push{ProjectID: p.ID}); err != nil {
		t.Fatal(err)
	}
	for name, there := range map[string]bool{"tmp_objdir-incoming-old": false, "tmp_objdir-incoming-new": true, "ab": true} {
		if _, err := os.Stat(filepath.Join(objects, name)); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
}
