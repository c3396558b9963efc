package storage

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"patrol/model"
)

// children are what this test binary does when it runs itself as another
// process: name → body.
var children = map[string]func(args []string){}

const childVariable = "PATROL_TEST_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		children[name](os.Args[1:])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child is a command that runs one of children with arguments.
func child(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), childVariable+"="+name)
	return cmd
}

var root = model.Actor{UserID: model.RootID, Door: model.CLIDoor, Address: "tester"}

// testClock is a clock that a test sets.
type testClock struct{ at time.Time }

func (c *testClock) read() time.Time { return c.at }

func noon() *testClock { return &testClock{time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)} }

// OpenForTests opens a store with the engine that the tests run on.
var OpenForTests func(context.Context, Options) (*DB, error)

// open opens a new store in a folder of the test's own.
func open(t *testing.T, o Options) *DB {
	t.Helper()
	if o.Path == "" {
		o.Path = filepath.Join(t.TempDir(), "data", "patrol.db")
	}
	db, err := OpenForTests(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// addProject makes a private project and its groups.
func addProject(t *testing.T, db *DB, path string) model.Project {
	t.Helper()
	p, err := db.AddProject(t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: path, Parents: true})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// addToken makes a token with the scope api and the role Developer.
func addToken(t *testing.T, db *DB, a model.Actor, in model.Ref, name string) model.IssuedToken {
	t.Helper()
	made, err := db.CreateToken(t.Context(), a, model.NewToken{Place: in, Name: name, Scopes: model.Scopes{model.ScopeAPI}, Role: model.Developer})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// admitted tells whether a secret would be let through a door now.
func admitted(t *testing.T, db *DB, secret model.Secret) error {
	t.Helper()
	pass, err := db.Authenticate(t.Context(), secret)
	if err != nil {
		t.Fatal(err)
	}
	return model.Admit(pass.Caller, model.RESTRead, model.DateOf(db.Now())).Err()
}

// onFile runs a test on SQLite whatever the others run on: it looks at SQLite's
// files, plans or own words.
func onFile(t *testing.T) {
	t.Helper()
	t.Setenv(postgresVariable, "")
}

// postgresVariable names the server that tests run on (package storagetest).
const postgresVariable = "PATROL_TEST_POSTGRES"
