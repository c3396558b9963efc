package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"patrol/git"
)

// TestMain makes this test binary stand in for the programs that tests start as
// processes of their own.
func TestMain(m *testing.M) {
	git.RunHook()
	testscript.Main(m, map[string]func(){
		"patrol":         func() { os.Exit(run()) },
		"patrol-creator": creator,
		"patrol-churner": churner,
	})
}

// imports are the arrows between the rooms, and what else each one may use:
// prefixes of import paths outside of the module. Tests may import more.
var imports = map[string]struct{ inside, outside []string }{
	"patrol":                {inside: []string{"patrol/cli", "patrol/git"}},
	"patrol/model":          {},
	"patrol/keys":           {},
	"patrol/config":         {inside: []string{"patrol/keys"}, outside: []string{"github.com/BurntSushi/toml"}},
	"patrol/git":            {inside: []string{"patrol/model"}},
	"patrol/sshkey":         {inside: []string{"patrol/model"}, outside: []string{"golang.org/x/crypto/ssh"}},
	"patrol/storage":        {inside: []string{"patrol/model", "patrol/git", "patrol/sshkey"}},
	"patrol/storage/sqlite": {inside: []string{"patrol/model", "patrol/storage"}, outside: []string{"modernc.org/sqlite"}},
	"patrol/storage/postgres": {inside: []string{"patrol/model", "patrol/storage"},
		outside: []string{"github.com/jackc/pgx/v5", "github.com/jackc/pgerrcode", "golang.org/x/sys/unix"}},
	"patrol/storage/storagetest": {inside: []string{"patrol/storage", "patrol/storage/postgres", "patrol/storage/sqlite"}, outside: []string{"github.com/jackc/pgx/v5"}}, // for tests
	"patrol/demo":                {inside: []string{"patrol/model", "patrol/storage"}},
	"patrol/plain":               {inside: []string{"patrol/model"}},
	"patrol/ui": {inside: []string{"patrol/model", "patrol/keys", "patrol/config"}, outside: []string{
		"charm.land/", "github.com/charmbracelet/", "github.com/atotto/clipboard", "github.com/mattn/go-runewidth", "github.com/muesli/cancelreader", "golang.org/x/sys/unix"}},
	"patrol/server": {inside: []string{"patrol/model", "patrol/git", "patrol/server/door", "patrol/server/rest", "patrol/server/metrics"},
		outside: []string{"github.com/golang-jwt/jwt/v5"}},
	"patrol/server/door":    {inside: []string{"patrol/model", "patrol/git"}, outside: []string{"golang.org/x/time/rate"}},
	"patrol/server/metrics": {inside: []string{"patrol/model"}, outside: []string{"github.com/prometheus/client_golang/prometheus"}},
	"patrol/server/rest":    {inside: []string{"patrol/model", "patrol/git", "patrol/server/door"}},
	"patrol/server/ssh": {inside: []string{"patrol/model", "patrol/git", "patrol/server/door"},
		outside: []string{"charm.land/wish/v2", "charm.land/ssh", "golang.org/x/crypto/ssh"}},
	"patrol/notices": {inside: []string{"patrol/model"}, outside: []string{"github.com/wneessen/go-mail"}},
	"patrol/bench":   {}, // tests only
	"patrol/cli": {inside: []string{"patrol/model", "patrol/keys", "patrol/config", "patrol/demo", "patrol/notices", "patrol/plain", "patrol/sshkey", "patrol/storage", "patrol/storage/postgres", "patrol/storage/sqlite", "patrol/server", "patrol/server/ssh", "patrol/ui"}, outside: []string{
		"github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/coreos/go-systemd/v22/", "github.com/charmbracelet/x/", "github.com/muesli/cancelreader"}},
}

// A package without a row fails, so that nobody adds one by accident.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		may, known := imports[p.ImportPath]
		if !known {
			t.Errorf("package %s has no row in the table of imports", p.ImportPath)
			continue
		}
		for _, path := range p.Imports {
			first, _, _ := strings.Cut(path, "/")
			switch {
			case first == "patrol" && !slices.Contains(may.inside, path),
				strings.Contains(first, ".") && !slices.ContainsFunc(may.outside, func(prefix string) bool { return strings.HasPrefix(path, prefix) }):
				t.Errorf("%s must not import %s", p.ImportPath, path)
			}
		}
	}
}
