package storage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"patrol/model"
)

// Check finds each thing that breaks a rule, and nothing where all is well.
func TestCheck(t *testing.T) {
	for _, broken := range []struct{ statement, want string }{
		{``, ``},
		{`DELETE FROM members WHERE user_id = (SELECT user_id FROM tokens WHERE id = 1)`, `token 1 is live without its bot as a member of its place (R100)|bot 3 doesn't have exactly one membership (R100)`},
		{`UPDATE tokens SET revoked_at = 1, user_id = 1 WHERE id = 1`, `bot 3 has no token (R120)`},
		{`UPDATE tokens SET kind = 'personal', project_id = NULL`, `token 1 is live without its owner (R152)`},
		{`UPDATE users SET deleted_at = 1 WHERE id = 1`, `user 1 is deleted and still a member (R120, R132)`},
		{`UPDATE users SET kind = 1 WHERE id = 2`, `the Ghost User is missing or not alone (R130)`},
		{`DELETE FROM routes WHERE project_id = 1`, `project 1 has no path (R7)`},
		{`DELETE FROM routes WHERE group_id = 2`, `group 2 has no path (R7)`},
		{`UPDATE routes SET path = 'web' WHERE project_id = 1`, `the path web isn't one part below its parent's (R7)`},
		{`UPDATE routes SET path = 'acme/infra/x/y' WHERE project_id = 1`, `the path acme/infra/x/y isn't one part below its parent's (R7)`},
		{`UPDATE routes SET name = 'x' WHERE project_id = 1`, `the full name of acme/infra/web doesn't fit its parent's (R2)`},
		{`UPDATE groups SET top_id = 2 WHERE id = 2`, `group 2 names the wrong top-level group (R2)|project 1 names the wrong top-level group (R2)`},
		{`UPDATE groups SET visibility = 2 WHERE id = 2`, `group 2 is wider than its parent (R4)`},
		{`UPDATE projects SET visibility = 1`, `project 1 is wider than its group (R4)`},
		{`UPDATE sqlite_sequence SET seq = 0 WHERE name = 'tokens'`, `numbers of tokens may be given twice (R6)`},
		{`UPDATE audit SET door = 'api' WHERE number = 2`, `audit log: entry 2 was changed: its hash doesn't fit`},
		{`DELETE FROM audit WHERE number = (SELECT max(number) FROM audit)`, `audit log: entry 5 is missing: the log once reached 5`},
		{`DELETE FROM audit WHERE number = 5; UPDATE chain_end SET number = 4`, `audit log: entry 4 isn't the one that the log ended with`},
		{`PRAGMA foreign_keys = 0; UPDATE projects SET creator_id = 99; PRAGMA foreign_keys = 1`, `database: row 1 of projects names something that isn't in users`},
	} {
		t.Run(broken.statement, func(t *testing.T) {
			if strings.Contains(broken.statement, "PRAGMA") || strings.Contains(broken.statement, "sqlite_") {
				onFile(t)
			}
			db := open(t, Options{})
			p := addProject(t, db, "acme/infra/web")
			addToken(t, db, root, p.Ref(), "deploy")
			if _, err := db.writer.conn.c.ExecContext(t.Context(), broken.statement); err != nil {
				t.Fatal(err)
			}
			problems, err := db.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range strings.Split(broken.want, "|") {
				if !strings.Contains(strings.Join(problems, "\n"), want) || want == "" && len(problems) > 0 {
					t.Errorf("found %q, not %q", problems, want)
				}
			}
		})
	}
}

// A file that is broken inside is found and said in lines, wherever it is
// broken.
func TestCheckDamagedFile(t *testing.T) {
	onFile(t)
	folder := t.TempDir()
	db := open(t, Options{Path: filepath.Join(folder, "patrol.db")})
	for i := range 20 {
		addToken(t, db, root, addProject(t, db, fmt.Sprint("acme/p", i)).Ref(), "deploy")
	}
	file := filepath.Join(folder, "copy.db")
	if err := db.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for page := 2; (page+1)*4096 <= len(sound); page += 3 {
		broken := append([]byte{}, sound...)
		for i := range 200 {
			broken[page*4096+i] ^= 0x5a
		}
		path := filepath.Join(folder, fmt.Sprint("broken", page, ".db"))
		if err := os.WriteFile(path, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		copied, err := OpenForTests(t.Context(), Options{Path: path, Repositories: string(db.repositories)})
		if err != nil {
			continue // refused at once: TestOpenRefuses
		}
		problems, err := copied.Check(t.Context())
		if err != nil || len(problems) == 0 || strings.Contains(strings.Join(problems, ""), "\n") {
			t.Errorf("page %d: %q, %v", page, problems, err)
		}
		found++
		if err := copied.Close(); err != nil {
			t.Error(err)
		}
	}
	if found < 5 {
		t.Errorf("only %d broken files were opened", found)
	}
}

// Check looks at the repositories, too.
func TestCheckRepositories(t *testing.T) {
	db := open(t, Options{})
	for _, path := range []string{"acme/a", "acme/b", "acme/c"} {
		addProject(t, db, path)
	}
	for _, err := range []error{
		os.RemoveAll(db.repositories.Folder(1)),
		os.WriteFile(filepath.Join(db.repositories.Folder(2), "HEAD"), []byte("rubbish"), 0o600),
		os.Mkdir(db.repositories.Folder(99), 0o700), // left by a project whose making was cut off: the one with that number gets it
		os.Mkdir(filepath.Join(string(db.repositories), "stray"), 0o700),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	problems, err := db.Check(t.Context())
	all := strings.Join(problems, "\n")
	for _, want := range []string{"1.git of project 1 has no folder objects", "2.git of project 2 has no HEAD that names a branch", "stray belongs to no project"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q isn't in %q", want, all)
		}
	}
	if err != nil || len(problems) != 3 {
		t.Errorf("%q, %v", problems, err)
	}
	if err := os.RemoveAll(string(db.repositories)); err != nil {
		t.Fatal(err)
	}
	if problems, err = db.Check(t.Context()); err != nil || len(problems) != 3 {
		t.Errorf("without the folder: %q, %v", problems, err)
	}
}

// A backup is one moment's copy, made while others write; it opens, verifies,
// and is nobody else's to read.
func TestBackup(t *testing.T) {
	onFile(t)
	folder := t.TempDir()
	db := open(t, Options{Path: filepath.Join(folder, "patrol.db")})
	p := addProject(t, db, "acme/web")
	token := addToken(t, db, root, p.Ref(), "deploy")
	ctx, stop := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	busy.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			if _, err := db.AddUser(context.Background(), root, model.NewUser{Username: fmt.Sprint("u", i)}); err != nil {
				t.Error(err)
			}
		}
	})
	file := filepath.Join(folder, "a backup.db")
	err := db.Backup(t.Context(), file)
	stop()
	busy.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := db.Backup(t.Context(), file); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a second one: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Backup(cancelled, filepath.Join(folder, "half.db")); err == nil {
		t.Error("a cancelled backup succeeded")
	}
	if err := db.Backup(t.Context(), filepath.Join(folder, "no", "where.db")); err == nil {
		t.Error("a backup into no folder succeeded")
	}
	if _, err := os.Stat(filepath.Join(folder, "half.db")); !os.IsNotExist(err) {
		t.Errorf("half a backup was left: %v", err)
	}
	copied := open(t, Options{Path: file, Repositories: string(db.repositories)})
	if problems, err := copied.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("the copy: %v, %v", problems, err)
	}
	if err := admitted(t, copied, token.Secret); err != nil {
		t.Errorf("a token in the copy: %v", err)
	}
}
