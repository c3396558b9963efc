package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"patrol/model"
)

// R143's files are nobody else's: 0600, the folders 0700, also -wal and -shm.
func TestFileModes(t *testing.T) {
	onFile(t)
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	folder := filepath.Join(t.TempDir(), "a b?c#%41", "deeper")
	path := filepath.Join(folder, "patrol.db")
	db := open(t, Options{Path: path})
	addProject(t, db, "acme/web")
	for name, want := range map[string]os.FileMode{folder: 0o700, filepath.Dir(folder): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600,
		string(db.repositories): 0o700, db.repositories.Folder(1): 0o700} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// A new database holds root, 1, and the ghost, 2 (R5, R130).
func TestNewDatabase(t *testing.T) {
	db := open(t, Options{})
	for id, want := range map[int64]model.User{1: {Kind: model.Human, Username: "root", Admin: true}, 2: {Kind: model.Ghost, Username: "ghost", Name: "Ghost User"}} {
		u, err := db.User(t.Context(), root, id, "")
		if err != nil || u.Kind != want.Kind || u.Username != want.Username || u.Admin != want.Admin || u.Name != want.Name {
			t.Errorf("%+v, %v", u, err)
		}
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	if err := db.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// What can't be opened says so in one line that names the file.
func TestOpenRefuses(t *testing.T) {
	onFile(t)
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	write := func(name, text string) {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	made := func(name, statement string) {
		db, err := OpenForTests(t.Context(), Options{Path: at(name)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.writer.conn.c.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write("text.db", strings.Repeat("this is no database. ", 500))
	write("file", "")
	if err := os.Mkdir(at("folder.db"), 0o700); err != nil {
		t.Fatal(err)
	}
	made("newer.db", "PRAGMA user_version = 999")
	made("older.db", "PRAGMA user_version = 0")
	made("damaged.db", "SELECT 1")
	if f, err := os.OpenFile(at("damaged.db"), os.O_WRONLY, 0); err != nil {
		t.Fatal(err)
	} else if _, err := f.WriteAt([]byte(strings.Repeat("\xff", 8192)), 100); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path     string
		readOnly bool
		want     string
	}{
		{"text.db", false, "is not a database, or is damaged: restore a backup"},
		{"damaged.db", false, "damaged"},
		{"newer.db", false, "was written by a newer patrol"},
		{"newer.db", true, "was written by a newer patrol"},
		{"older.db", true, "must be brought up to date first: open it once without --at"},
		{"folder.db", false, "check that it is a file"},
		{"file/patrol.db", false, "cannot make the folder of the database"},
		{"missing.db", true, "no database at"},
		{"text.db", true, "is not a database, or is damaged"},
	} {
		db, err := OpenForTests(t.Context(), Options{Path: at(c.path), ReadOnly: c.readOnly})
		if err == nil {
			t.Errorf("%s was opened: %v", c.path, db.Close())
			continue
		}
		if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), folder) {
			t.Errorf("%s (read-only %t): %v", c.path, c.readOnly, err)
		}
	}
	if _, err := os.Stat(at("missing.db")); !os.IsNotExist(err) {
		t.Error("R174: a file was made")
	}
}

// R174: with the clock set by --at everything is read and nothing written.
func TestRehearsal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "patrol.db")
	db := open(t, Options{Path: path})
	p := addProject(t, db, "acme/web")
	token := addToken(t, db, root, p.Ref(), "deploy")
	at := noon()
	at.at = token.ExpiresOn.Time()
	rehearsal := open(t, Options{Path: path, ReadOnly: true, Clock: at.read})
	if err := admitted(t, rehearsal, token.Secret); !errors.Is(err, model.ErrUnauthenticated) {
		t.Errorf("R174: on the day the token expires: %v", err)
	}
	rehearsal.Used(token.ID, model.APIDoor, "10.0.0.1")
	_, err := rehearsal.AddUser(t.Context(), root, model.NewUser{Username: "mara"})
	refused(t, "a change", err, model.ErrReadOnly, "R174")
	refused(t, "a push", rehearsal.Pushed(t.Context(), root, model.Push{ProjectID: p.ID}), model.ErrReadOnly, "R174")
	for _, statement := range []string{`DELETE FROM tokens`, `CREATE TABLE more (id INTEGER)`} {
		c, err := rehearsal.engine.Connect(t.Context(), Reader)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("R174: %s was done", statement)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if problems, err := rehearsal.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
	if _, err := db.AddUser(t.Context(), root, model.NewUser{Username: "mara"}); err != nil {
		t.Errorf("the others go on: %v", err)
	}
	if _, err := rehearsal.User(t.Context(), root, 0, "mara"); err != nil {
		t.Errorf("and are seen: %v", err)
	}
}

func init() {
	// full fills a disk that holds a megabyte: files can't grow beyond it.
	children["full"] = func(args []string) {
		if err := fillDisk(args[0]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func fillDisk(path string) error {
	db, err := OpenForTests(context.Background(), Options{Path: path})
	if err != nil {
		return err
	}
	const most = 1 << 20
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
		return err
	}
	for i := range 10_000 {
		n := model.NewUser{Username: fmt.Sprint("u", i), Name: strings.Repeat("x", 255)}
		if _, err = db.AddUser(context.Background(), root, n); err != nil {
			break
		}
		fmt.Println(n.Username)
	}
	if !errors.Is(err, model.ErrUnavailable) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "Nothing was changed.") {
		return fmt.Errorf("on a full disk: %v", err)
	}
	if _, err := db.User(context.Background(), root, 0, "u0"); err != nil {
		return fmt.Errorf("reading on a full disk: %w", err)
	}
	fmt.Println("full")
	return nil // the process ends as if it were killed
}

// A full disk: one clear sentence, nothing half-written, reading goes on, and
// with space again all that was acknowledged is there.
func TestFullDisk(t *testing.T) {
	onFile(t)
	path := filepath.Join(t.TempDir(), "patrol.db")
	out, err := child(t, "full", path).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	added := strings.Fields(string(out))
	if len(added) < 2 || added[len(added)-1] != "full" {
		t.Fatalf("the disk wasn't full after %d users", len(added))
	}
	db := open(t, Options{Path: path})
	for _, name := range added[:len(added)-1] {
		if _, err := db.User(t.Context(), root, 0, name); err != nil {
			t.Errorf("%s was acknowledged: %v", name, err)
		}
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v, %v", problems, err)
	}
}

func init() {
	// stranger opens a database as a user who owns nothing.
	children["stranger"] = func(args []string) {
		if os.Getuid() == 0 {
			if err := syscall.Setuid(65534); err != nil {
				panic(err)
			}
		}
		db, err := OpenForTests(context.Background(), Options{Path: args[0]})
		if err == nil {
			_, err = db.AddUser(context.Background(), root, model.NewUser{Username: "mara"})
		}
		fmt.Println(err)
	}
}

// A file or folder that this user may not write: one clear line.
func TestNotWritable(t *testing.T) {
	onFile(t)
	folder := t.TempDir()
	for _, way := range []string{folder, filepath.Dir(folder)} { // the stranger must get there
		if err := os.Chmod(way, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, modes := range map[string]struct {
		file, folder os.FileMode
		want         string
	}{
		"file":    {0o444, 0o777, "is read-only"},
		"folder":  {0o666, 0o555, "is read-only"},
		"unread":  {0o000, 0o777, "is read-only"},
		"nothing": {0, 0o555, "cannot make the database"},
	} {
		path := filepath.Join(folder, name, "patrol.db")
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if name != "nothing" {
			db, err := OpenForTests(t.Context(), Options{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(db.Close(), os.Chmod(path, modes.file)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(filepath.Dir(path), modes.folder); err != nil {
			t.Fatal(err)
		}
		out, err := child(t, "stranger", path).Output()
		if err := os.Chmod(filepath.Dir(path), 0o700); err != nil { // for the test's own cleaning up
			t.Fatal(err)
		}
		line := strings.TrimSuffix(string(out), "\n")
		if err != nil || !strings.Contains(line, modes.want) || strings.Contains(line, "\n") || !strings.Contains(line, path) {
			t.Errorf("%s: %q, %v", name, line, err)
		}
	}
}

// While the file is away nobody makes an empty one in its place: what stands in
// the write-ahead log alone would be lost.
func TestFileAway(t *testing.T) {
	onFile(t)
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	made := addToken(t, db, root, p.Ref(), "deploy")
	away := db.path + ".away"
	if err := os.Rename(db.path, away); err != nil {
		t.Fatal(err)
	}
	var asking sync.WaitGroup
	for range 2 * cap(db.readers) { // more connections than there are
		asking.Go(func() {
			db.view(t.Context(), root, func(x *tx) error {
				_, err := x.int("SELECT count(*) FROM tokens")
				return err
			})
		})
	}
	asking.Wait()
	if _, err := os.Stat(db.path); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("there is a new file: %v", err)
	}
	if err := os.Rename(away, db.path); err != nil {
		t.Fatal(err)
	}
	if err := admitted(t, db, made.Secret); err != nil {
		t.Error(err)
	}
	other := open(t, Options{Path: db.path})
	if problems, err := other.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}
