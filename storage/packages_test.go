package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"patrol/model"
)

// publish publishes a file of the package tool 1.0.
func publish(t *testing.T, db *DB, a model.Actor, in model.Ref, file, text string) model.PackageFile {
	t.Helper()
	made, err := db.PublishFile(t.Context(), a, in, model.NewPackageFile{Name: "tool", Version: "1.0", File: file, Body: strings.NewReader(text)})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// stored are the paths of the files in the packages' folder.
func stored(db *DB) (paths []string) {
	for _, name := range db.packageFiles() {
		paths = append(paths, db.packageFile(name))
	}
	return paths
}

func leftovers(t *testing.T, db *DB) int64 {
	t.Helper()
	n, err := db.writer.conn.queryInt(t.Context(), `SELECT count(*) FROM package_trash`)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func sound(t *testing.T, db *DB) {
	t.Helper()
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %q, %v", problems, err)
	}
}

// download reads the newest file of the package tool 1.0.
func download(t *testing.T, db *DB, a model.Actor, in model.Ref, file string) string {
	t.Helper()
	f, err := db.PackageFile(t.Context(), a, in, "tool", "1.0", file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// G70, G71, G74, R114, R131: what is published can be had again, the newest of
// its name; its bot's place is the ghost's once the bot is gone; nobody else may
// read the file.
func TestPublish(t *testing.T) {
	db := open(t, Options{Clock: noon().read})
	p := addProject(t, db, "acme/web")
	token := addToken(t, db, root, p.Ref(), "deploy")
	bot := model.Actor{UserID: token.User.ID, TokenID: token.ID, Door: model.APIDoor}
	first := publish(t, db, bot, p.Ref(), "tool.bin", "one")
	second := publish(t, db, bot, p.Ref(), "tool.bin", "two!")
	if first.Creator.ID != token.User.ID || first.Size != 3 || first.SHA256 != sha256.Sum256([]byte("one")) || second.PackageID != first.PackageID {
		t.Errorf("G70: %+v, %+v", first, second)
	}
	if got := download(t, db, bot, p.Ref(), "tool.bin"); got != "two!" {
		t.Errorf("G74: not the newest: %q", got)
	}
	file := stored(db)[0]
	for _, path := range []string{db.packages, filepath.Dir(file), file} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	sound(t, db)
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, token.ID); err != nil {
		t.Fatal(err)
	}
	list, err := db.Packages(t.Context(), root, p.Ref(), model.PackageQuery{}, model.Page{})
	if err != nil || len(list.Rows) != 1 || list.Rows[0].Creator.ID != model.GhostID || list.Rows[0].ID != first.PackageID {
		t.Errorf("R131: %+v, %v", list.Rows, err)
	}
	files, err := db.PackageFiles(t.Context(), root, p.Ref(), first.PackageID, model.Page{})
	if err != nil || len(files.Rows) != 2 || files.Rows[1].Creator.ID != model.GhostID || files.Rows[1].SHA256 != second.SHA256 || !files.Rows[1].CreatedAt.Equal(second.CreatedAt) {
		t.Errorf("R131: %+v, %v", files.Rows, err)
	}
	moved, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.RecordsMoved}, model.Page{})
	if err != nil || len(moved.Rows) != 1 || !strings.Contains(moved.Rows[0].Change, `"records":3`) {
		t.Errorf("R162: %+v, %v", moved.Rows, err)
	}
}

// G72: hidden packages aren't listed, and can be had.
func TestHiddenPackage(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	names := func(q model.PackageQuery) (names []string) {
		list, err := db.Packages(t.Context(), root, p.Ref(), q, model.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range list.Rows {
			names = append(names, row.Name)
		}
		return names
	}
	put := func(name string, hidden *bool) {
		t.Helper()
		_, err := db.PublishFile(t.Context(), root, p.Ref(), model.NewPackageFile{Name: name, Version: "1.0", File: "f", Hidden: hidden, Body: strings.NewReader("x")})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("alpha", nil)
	put("beta", new(true))
	put("beta", nil)
	if got := names(model.PackageQuery{}); fmt.Sprint(got) != "[alpha]" {
		t.Errorf("G72: %v", got)
	}
	if _, err := db.PackageFile(t.Context(), root, p.Ref(), "beta", "1.0", "f"); err != nil {
		t.Errorf("G72: hidden: %v", err)
	}
	put("beta", new(false))
	for q, want := range map[model.PackageQuery]string{{}: "[alpha beta]", {Name: "BET"}: "[beta]", {Type: "generic"}: "[alpha beta]", {Type: "npm"}: "[]"} {
		if got := names(q); fmt.Sprint(got) != want {
			t.Errorf("G72: %+v: %v", q, got)
		}
	}
}

// G74, R25: what is refused, cut off or too large leaves nothing; who may not is
// told before a byte is read.
func TestPublishLeavesNothing(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	p := addProject(t, db, "acme/web")
	token := addToken(t, db, root, p.Ref(), "deploy")
	bot := model.Actor{UserID: token.User.ID, TokenID: token.ID, Door: model.APIDoor}
	elsewhere := addToken(t, db, root, addProject(t, db, "acme/other").Ref(), "other")
	stranger := model.Actor{UserID: elsewhere.User.ID, TokenID: elsewhere.ID, Door: model.APIDoor}
	db.mostPackageBytes = 10
	revoking := &whileReading{do: func() {
		if err := db.RevokeTokens(t.Context(), root, model.Ref{}, token.ID); err != nil {
			t.Error(err)
		}
	}}
	slow := &whileReading{do: func() { clock.at = clock.at.Add(uploadTime) }}
	unread := iotest.ErrReader(errors.New("the body was read"))
	file := func(name, version, file string, body io.Reader) model.NewPackageFile {
		return model.NewPackageFile{Name: name, Version: version, File: file, Body: body}
	}
	for _, c := range []struct {
		rule string
		a    model.Actor
		n    model.NewPackageFile
		want error
	}{
		{"R35 a bot from elsewhere", stranger, file("tool", "1.0", "f", unread), model.ErrNotFound},
		{"G74", bot, file("..", "1.0", "f", unread), model.ErrInvalid},
		{"G74", bot, file("tool", "1~0", "f", unread), model.ErrInvalid},
		{"G74", bot, file("tool", "1.0", "a/b", unread), model.ErrInvalid},
		{"G74", bot, file("tool", "1.0", "f", strings.NewReader("eleven bytes")), model.ErrTooLarge},
		{"G74", bot, file("tool", "1.0", "f", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF))), model.ErrCut},
		{"G74 longer than a day", bot, file("tool", "1.0", "f", slow), model.ErrConflict},
		{"R92 revoked meanwhile", bot, file("tool", "1.0", "f", revoking), model.ErrUnauthenticated},
	} {
		if _, err := db.PublishFile(t.Context(), c.a, p.Ref(), c.n); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, not %v", c.rule, err, c.want)
		}
		if files, rows := stored(db), leftovers(t, db); len(files) > 0 || rows > 0 {
			t.Errorf("%s: %d files and %d rows are left", c.rule, len(files), rows)
		}
	}
	if !revoking.done {
		t.Error("the body wasn't read")
	}
	publish(t, db, root, p.Ref(), "f", "ten bytes.")
	sound(t, db)
}

// whileReading does something when it is first read.
type whileReading struct {
	do   func()
	done bool
}

func (r *whileReading) Read(b []byte) (int, error) {
	if r.done {
		return 0, io.EOF
	}
	r.done = true
	r.do()
	return copy(b, "x"), nil
}

// G73, R115: with a package, a project or a group its files go.
func TestRemovedPackageFiles(t *testing.T) {
	db := open(t, Options{})
	for what, remove := range map[string]func(p model.Project, pack int64) error{
		"package": func(p model.Project, pack int64) error { return db.RemovePackage(t.Context(), root, p.Ref(), pack) },
		"project": func(p model.Project, _ int64) error { return db.RemoveProject(t.Context(), root, p.Ref()) },
		"group": func(p model.Project, _ int64) error {
			return db.RemoveGroup(t.Context(), root, model.GroupRef(p.TopPath))
		},
	} {
		p := addProject(t, db, what+"/sub/web")
		made := publish(t, db, root, p.Ref(), "f", "text")
		publish(t, db, root, p.Ref(), "g", "text")
		if err := remove(p, made.PackageID); err != nil {
			t.Fatal(err)
		}
		if files, rows := stored(db), leftovers(t, db); len(files) > 0 || rows > 0 {
			t.Errorf("G73: %s: %d files and %d rows are left", what, len(files), rows)
		}
		if _, err := db.PackageFile(t.Context(), root, p.Ref(), "tool", "1.0", "f"); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("G73: %s: %v", what, err)
		}
	}
	sound(t, db)
}

// A process that dies while a file comes in leaves it; a day later it goes, at a
// start or with the upkeep. What a living process receives stays.
func TestPackageLeftovers(t *testing.T) {
	for _, way := range []string{"start", "upkeep"} {
		clock := noon()
		path := filepath.Join(t.TempDir(), "patrol.db")
		db := open(t, Options{Path: path, Clock: clock.read})
		p := addProject(t, db, "acme/web")
		publish(t, db, root, p.Ref(), "f", "stays")
		leave(t, db, "dead", "half")
		if err := db.writer.conn.exec(t.Context(), beginFileSQL, "dead", clock.at.UnixMilli()); err != nil {
			t.Fatal(err)
		}
		again := func() {
			if way == "upkeep" {
				if _, err := db.Tidy(t.Context()); err != nil {
					t.Fatal(err)
				}
				return
			}
			open(t, Options{Path: path, Clock: clock.read})
		}
		sound(t, db)
		again()
		if n := len(stored(db)); n != 2 {
			t.Errorf("G74: %s: %d files, while one may still come in", way, n)
		}
		clock.at = clock.at.Add(uploadTime)
		again()
		if n := len(stored(db)); n != 1 || leftovers(t, db) != 0 {
			t.Errorf("G74: %s: %d files and %d rows", way, n, leftovers(t, db))
		}
		sound(t, db)
	}
}

// leave writes a file that no package names.
func leave(t *testing.T, db *DB, name, text string) {
	t.Helper()
	path := db.packageFile(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Check finds files of packages that are missing or cut, and files of none.
func TestCheckPackages(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	for _, name := range []string{"a", "b"} {
		publish(t, db, root, p.Ref(), name, "text")
	}
	sound(t, db)
	files := stored(db)
	for _, err := range []error{os.Remove(files[0]), os.Truncate(files[1], 3)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	leave(t, db, "strange", "")
	problems, err := db.Check(t.Context())
	all := strings.Join(problems, "\n")
	if err != nil || len(problems) != 3 || !strings.Contains(all, "is missing") || !strings.Contains(all, "has 3 bytes instead of 4") || !strings.Contains(all, "strange belongs to no package") {
		t.Errorf("%q, %v", problems, err)
	}
}

func init() {
	// fullPackages publishes what doesn't fit on the disk: files can't grow beyond
	// a megabyte.
	children["fullPackages"] = func(args []string) {
		if err := publishTooMuch(args[0]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func publishTooMuch(path string) error {
	ctx := context.Background()
	db, err := OpenForTests(ctx, Options{Path: path})
	if err != nil {
		return err
	}
	p, err := db.AddProject(ctx, root, model.NewPlace{Kind: model.ProjectPlace, FullPath: "acme/web", Parents: true})
	if err != nil {
		return err
	}
	const most = 1 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
		return err
	}
	publish := func(size int) error {
		_, err := db.PublishFile(ctx, root, p.Ref(), model.NewPackageFile{Name: "tool", Version: "1", File: "f", Body: bytes.NewReader(make([]byte, size))})
		return err
	}
	if err := publish(2 * most); !errors.Is(err, model.ErrUnavailable) || err.Error() != "The file can't be stored: the server's disk is full. Nothing was kept." {
		return fmt.Errorf("on a full disk: %v", err)
	}
	if files := db.packageFiles(); len(files) > 0 {
		return fmt.Errorf("on a full disk %d files are left", len(files))
	}
	if err := publish(most / 2); err != nil {
		return fmt.Errorf("what fits: %w", err)
	}
	return db.Close()
}

// G74: a full disk refuses the file with one clear sentence and is as full as before.
func TestFullPackagesDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "patrol.db")
	if out, err := child(t, "fullPackages", path).CombinedOutput(); err != nil {
		t.Fatalf("G74: %v: %s", err, out)
	}
	sound(t, open(t, Options{Path: path}))
}

// With --at nothing is published (R174).
func TestPublishRehearsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "patrol.db")
	db := open(t, Options{Path: path})
	p := addProject(t, db, "acme/web")
	publish(t, db, root, p.Ref(), "f", "text")
	later := open(t, Options{Path: path, ReadOnly: true, Clock: func() time.Time { return time.Now().Add(time.Hour) }})
	_, err := later.PublishFile(t.Context(), root, p.Ref(), model.NewPackageFile{Name: "tool", Version: "1.0", File: "f", Body: strings.NewReader("x")})
	if !errors.Is(err, model.ErrReadOnly) {
		t.Errorf("R174: %v", err)
	}
	if got := download(t, later, root, p.Ref(), "f"); got != "text" {
		t.Errorf("R174: %q", got)
	}
}
