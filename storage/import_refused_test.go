package storage

import (
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
	"testing/iotest"

	"patrol/model"
)

// token is a token's line of acme/web with some fields changed or added; an
// empty value leaves a field out.
func tokenWith(fields ...string) string {
	all := []string{"project", `"acme/web"`, "name", `"n"`, "scopes", `["api"]`, "expires_at", `"2027-01-01"`, "sha256", `"` + hexOf("n") + `"`}
	for i := 0; i < len(fields); i += 2 {
		if at := slices.Index(all, fields[i]); at >= 0 && at%2 == 0 {
			all[at+1] = fields[i+1]
		} else {
			all = append(all, fields[i], fields[i+1])
		}
	}
	text := `{"type":"token"`
	for i := 0; i < len(all); i += 2 {
		if all[i+1] != "" {
			text += `,"` + all[i] + `":` + all[i+1]
		}
	}
	return text + "}"
}

// badLines are lines that can't follow the story, and what is said of each.
var badLines = []struct{ name, line, says string }{
	{"broken JSON", `{"type":"user","username":"dan",}`, "breaks at byte"},
	{"cut file", `{"type":"user","usern`, "its end is missing"},
	{"not JSON", `user dan`, "breaks at byte 1"},
	{"not an object", `["user"]`, "not a JSON object"},
	{"two objects", `{"type":"user","username":"dan"}{"type":"user","username":"eve"}`, "breaks at byte"},
	{"empty line", "\n" + `{"type":"user","username":"dan"}`, "it is empty"},
	{"blank line", " \t\r\n" + `{"type":"user","username":"dan"}`, "it is empty"},
	{"NUL", "{\"type\":\"user\",\x00\"username\":\"dan\"}", "not valid JSON"},
	{"NUL in a name", `{"type":"user","username":"dan","name":"D\u0000an"}`, "control characters"},
	{"NUL in a description", tokenWith("description", `"a\u0000"`), "control characters"},
	{"byte order mark", "\ufeff" + `{"type":"user","username":"dan"}`, "byte order mark"},
	{"not UTF-8", "{\"type\":\"user\",\"username\":\"d\xffn\"}", "UTF-8"},
	{"huge line", `{"type":"user","username":"dan","name":"` + strings.Repeat("x", maxLine) + `"}`, "too long"},
	{"deep line", strings.Repeat(`[`, 100_000), "not valid JSON"},
	{"no type", `{"username":"dan"}`, "no type that is known"},
	{"unknown type", `{"type":"issue","title":"x"}`, "no type that is known"},
	{"type of another type", `{"type":1,"username":"dan"}`, "no type that is known"},
	{"type twice", `{"type":"user","username":"dan","type":"user"}`, "a field twice: type"},
	{"field twice", `{"type":"user","username":"dan","username":"dan"}`, "a field twice: username"},
	{"unknown field", `{"type":"user","username":"dan","password":"x"}`, "has not: password"},
	{"field of another case", `{"type":"user","Username":"dan"}`, "a field that a user has not"},
	{"field of another type", `{"type":"user","username":"dan","role":"owner"}`, "has not: role"},
	{"a secret as a field", tokenWith("glpat-abcdefghij0123456789", `1`), "isn't repeated"},
	{"number for text", `{"type":"user","username":5}`, "username must be a text"},
	{"text for truth", `{"type":"user","username":"dan","admin":"yes"}`, "admin must be true or false"},
	{"text for list", tokenWith("scopes", `"api"`), "scopes must be a list of texts"},
	{"numbers in list", tokenWith("scopes", `[1]`), "scopes must be a list of texts"},
	{"object for text", tokenWith("name", `{"a":"b"}`), "name must be a text"},

	{"unknown setting", `{"type":"setting","key":"colour","value":"red"}`, "no setting is called"},
	{"setting out of range", `{"type":"setting","key":"bot_retention_days","value":"-1"}`, "greater than or equal"},
	{"setting that differs", `{"type":"setting","key":"host","value":"other.example.org"}`, "another value"},
	{"flag that differs", `{"type":"setting","key":"resource_access_token","value":"on"}`, "another value"},
	{"flag out of range", `{"type":"setting","key":"resource_access_token","value":"maybe"}`, "on or off"},

	{"no username", `{"type":"user","name":"Dan"}`, "Username can't be blank"},
	{"hostile username", `{"type":"user","username":"../dan"}`, "Username can contain only"},
	{"escape in a name", `{"type":"user","username":"dan","name":"\u001b[31mDan"}`, "control characters"},
	{"turned name", `{"type":"user","username":"dan","name":"a\u202eb"}`, "direction marks"},
	{"long name", `{"type":"user","username":"dan","name":"` + strings.Repeat("n", 256) + `"}`, "too long"},
	{"the ghost", `{"type":"user","username":"ghost"}`, "Ghost User"},
	{"person named like a bot", `{"type":"user","username":"project_1_bot"}`, "reserved for bots"},
	{"bad e-mail", `{"type":"user","username":"dan","email":"dan"}`, "Email is invalid"},
	{"e-mail taken", `{"type":"user","username":"dan","email":"BOB@example.com"}`, "Email has already been taken"},
	{"user that differs", `{"type":"user","username":"ann","name":"Ann Lee","admin":false,"ssh_keys":["` + annKey + `"]}`, "another admin"},
	{"user in another case", `{"type":"user","username":"Cat","name":"Ĉat <&> 猫","auditor":true}`, "another username"},
	{"root that leaves nobody", `{"type":"user","username":"root","email":"root@localhost","blocked":true,"admin":true,"auditor":true,"name":"R","ssh_keys":["` + annKey + `"]}`, "has already been taken"},
	{"key that isn't one", `{"type":"user","username":"dan","ssh_keys":["ssh-ed25519 AAAA"]}`, "public SSH keys"},
	{"key taken", `{"type":"user","username":"dan","ssh_keys":["` + annKey + `"]}`, "already been taken"},

	{"group without a parent", `{"type":"group","path":"missing/sub"}`, `no group "missing"`},
	{"group in a project", `{"type":"group","path":"acme/web/sub"}`, `no group "acme/web"`},
	{"group at a project's path", `{"type":"group","path":"acme/web"}`, "is there already"},
	{"group that differs", `{"type":"group","path":"acme","name":"Acme","visibility":"public","plan":"free","token_creation":true}`, "another plan and token_creation"},
	{"group wider than its parent", `{"type":"group","path":"acme/infra/wide","visibility":"public"}`, "can't be wider"},
	{"reserved path", `{"type":"group","path":"api"}`, "reserved"},
	{"hostile path", `{"type":"group","path":"acme/../etc"}`, "no group"},
	{"path with a blank", `{"type":"group","path":"a b"}`, "can contain only"},
	{"no path", `{"type":"group"}`, "can't be blank"},
	{"unknown visibility", `{"type":"group","path":"new","visibility":"secret"}`, "private, internal or public"},
	{"unknown plan", `{"type":"group","path":"new","plan":"gold"}`, "not a plan"},
	{"plan of a subgroup", `{"type":"group","path":"acme/new","plan":"free"}`, "top-level"},
	{"switch of a subgroup", `{"type":"group","path":"acme/new","token_creation":true}`, "top-level"},
	{"project without a parent", `{"type":"project","path":"missing/web"}`, `no group "missing"`},
	{"project without a group", `{"type":"project","path":"web"}`, "inside a group"},
	{"project that differs", `{"type":"project","path":"acme/web","visibility":"internal"}`, "another flag"},
	{"project ending in .git", `{"type":"project","path":"acme/x.git"}`, "cannot end in"},

	{"member of nothing", `{"type":"member","path":"missing","username":"ann","role":"guest"}`, `no project or group "missing"`},
	{"unknown member", `{"type":"member","path":"acme","username":"dan","role":"guest"}`, `no user "dan"`},
	{"a bot as member", `{"type":"member","path":"acme","username":"project_7_bot","role":"guest"}`, "is no person"},
	{"the ghost as member", `{"type":"member","path":"acme","username":"ghost","role":"guest"}`, "is no person"},
	{"unknown role", `{"type":"member","path":"acme","username":"cat","role":"king"}`, "Role must be"},
	{"member without a role", `{"type":"member","path":"acme","username":"cat"}`, "Role must be"},
	{"member that differs", `{"type":"member","path":"acme","username":"ann","role":"guest"}`, "another role"},
	{"bad end of a membership", `{"type":"member","path":"acme","username":"cat","role":"guest","expires_at":"2026-02-30"}`, "is not a date"},

	{"token of nothing", tokenWith("project", ""), "one of them only"},
	{"token of two things", tokenWith("user", `"ann"`), "one of them only"},
	{"token of an unknown project", tokenWith("project", `"acme/missing"`), `no project "acme/missing"`},
	{"token of an unknown group", tokenWith("project", "", "group", `"acme/web"`), `no group "acme/web"`},
	{"token of an unknown person", tokenWith("project", "", "user", `"dan"`), `no user "dan"`},
	{"personal token of a bot", tokenWith("project", "", "user", `"project_7_bot"`), "is no person"},
	{"personal token with a role", tokenWith("project", "", "user", `"ann"`, "role", `"guest"`), "for the bots"},
	{"no name", tokenWith("name", `" "`), "Name can't be blank"},
	{"hostile name", tokenWith("name", `"a\u0007b"`), "control characters"},
	{"no scope", tokenWith("scopes", `[]`), "Scopes can't be blank"},
	{"unknown scope", tokenWith("scopes", `["sudo"]`), "valid value"},
	{"scope of persons", tokenWith("scopes", `["read_user"]`), "valid value"},
	{"unknown token role", tokenWith("role", `"root"`), "Role must be"},
	{"date with a time", tokenWith("expires_at", `"2027-01-01T00:00:00Z"`), "is not a date"},
	{"date of no calendar", tokenWith("expires_at", `"2027-02-29"`), "is not a date"},
	{"date as text", tokenWith("expires_at", `"never"`), "is not a date"},
	{"empty date", tokenWith("expires_at", `""`), "is not a date"},
	{"bad time", tokenWith("created_at", `"yesterday"`), "is not a time"},
	{"time of the future", tokenWith("created_at", `"2027-01-01T00:00:00Z"`), "not in the future"},
	{"time before all time", tokenWith("last_used_at", `"1969-12-31T23:59:59Z"`), "after 1970"},
	{"bad hex", tokenWith("sha256", `"`+strings.Repeat("g", 64)+`"`), "64 hexadecimal"},
	{"short hex", tokenWith("sha256", `"`+strings.Repeat("a", 62)+`"`), "64 hexadecimal"},
	{"secret for a digest", tokenWith("sha256", `"glpat-abcdefghij0123456789"`), "64 hexadecimal"},
	{"no secret at all", tokenWith("sha256", ""), "one of them only"},
	{"secret and digest", tokenWith("secret", `"glpat-abcdefghij0123456789"`), "one of them only"},
	{"secret with a blank", tokenWith("sha256", "", "secret", `"glpat-abcdefghij 0123456789"`), "printable"},
	{"long secret", tokenWith("sha256", "", "secret", `"glpat-abcdefghij`+strings.Repeat("0", 512)+`"`), "512"},
	{"one digest, two tokens", tokenWith("sha256", `"`+hexOf("second")+`"`), "is there already with another"},
	{"one digest, twice in the file", tokenWith() + "\n" + tokenWith("name", `"other"`), "is there already with another"},
	{"a date where none was", tokenWith("name", `"endless"`, "username", `"project_7_bot"`, "sha256", `"`+hexOf("endless")+`"`), "another expires_at"},
	{"no date where one was", tokenWith("name", `"second"`, "username", `"project_7_bot1"`, "role", `"guest"`, "external", "true", "scopes", `["read_api"]`, "expires_at", "null", "sha256", `"`+hexOf("second")+`"`), "another expires_at"},
	{"username of a person", tokenWith("username", `"ann"`), "Username must be project_ID_bot"},
	{"bot named like a human", tokenWith("username", `"deploy"`), "Username must be project_ID_bot"},
	{"username of a living bot", tokenWith("username", `"project_7_bot"`), "belongs to a bot"},
	{"username of a deleted bot", tokenWith("project", "", "group", `"acme"`, "username", `"group_8_bot"`), "belongs to a bot"},
	{"username of a group's bot", tokenWith("username", `"group_7_bot"`), "a group's bot"},
	{"one bot, two roles", tokenWith("username", `"project_70_bot"`) + "\n" + tokenWith("username", `"project_70_bot"`, "role", `"guest"`, "sha256", `"`+hexOf("n2")+`"`), "on an earlier line"},
	{"one bot, two places", tokenWith("username", `"project_70_bot"`) + "\n" + tokenWith("username", `"project_70_bot"`, "project", `"acme/infra/dns"`, "sha256", `"`+hexOf("n2")+`"`), "on an earlier line"},
}

// imageOf is everything that a database and its repositories hold.
func imageOf(t *testing.T, db *DB) string {
	t.Helper()
	var b strings.Builder
	err := db.view(t.Context(), root, func(tx *tx) error {
		for _, table := range []string{"settings", "features", "users", "keys", "groups", "projects", "routes", "members", "tokens", "audit", "sqlite_sequence"} {
			n, err := tx.int(`SELECT count(*) FROM ` + table)
			if err != nil {
				return err
			}
			fmt.Fprintln(&b, table, n)
		}
		return tx.rows(`SELECT name, seq FROM sqlite_sequence ORDER BY name`, nil, func(scan func(...any) error) error {
			var name string
			var seq int64
			err := scan(&name, &seq)
			fmt.Fprintln(&b, name, seq)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(string(db.repositories))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	files, err := os.ReadDir(filepath.Dir(db.path))
	if err != nil {
		t.Fatal(err)
	}
	return b.String() + exported(t, db) + fmt.Sprint(entries, files)
}

// R98, R59: a line that is wrong stops the whole import, with its number, and
// leaves nothing: no row, no number, no repository, no file.
func TestImportRefused(t *testing.T) {
	onFile(t)
	db := open(t, Options{Clock: noon().read})
	importText(t, db, story...)
	before := imageOf(t, db)
	first := []string{
		`{"type":"user","username":"zoe","ssh_keys":[]}`,
		`{"type":"group","path":"fresh"}`,
		`{"type":"project","path":"fresh/one"}`,
		tokenWith("project", `"fresh/one"`, "sha256", `"`+hexOf("fresh")+`"`, "expires_at", "null"),
	}
	for _, bad := range badLines {
		t.Run(bad.name, func(t *testing.T) {
			text := strings.Join(first, "\n") + "\n" + bad.line + "\n" + `{"type":"user","username":"last"}` + "\n"
			_, err := db.Import(t.Context(), root, strings.NewReader(text), nil)
			if err == nil {
				t.Fatal("R98: it was imported")
			}
			number := len(first) + 1
			if n := strings.Count(bad.line, "\n"); n > 0 && !strings.Contains(bad.says, "empty") {
				number += n
			}
			if got := err.Error(); !strings.HasPrefix(got, fmt.Sprintf("line %d: ", number)) || !strings.Contains(got, bad.says) ||
				!strings.Contains(got, "nothing was imported") || len(got) > 600 {
				t.Errorf("R98: want line %d, %q: %s", number, bad.says, got)
			}
			if strings.Contains(err.Error(), "glpat-") {
				t.Errorf("R143: %v", err)
			}
			if _, ok := errors.AsType[*model.Reason](err); !ok {
				t.Errorf("a refusal without a reason: %T", err)
			}
		})
	}
	if after := imageOf(t, db); after != before {
		t.Errorf("R59: something stayed of refused imports:\n%s\nbefore:\n%s", after, before)
	}
}

// R98: what is no line at all.
func TestImportOfNothing(t *testing.T) {
	onFile(t)
	db := open(t, Options{Clock: noon().read})
	before := imageOf(t, db)
	for name, in := range map[string]io.Reader{
		"an empty file":   strings.NewReader(""),
		"a broken reader": io.MultiReader(strings.NewReader(story[0]+"\n"), iotest.ErrReader(errors.New("the disk is on fire"))),
	} {
		if _, err := db.Import(t.Context(), root, in, nil); err == nil {
			t.Errorf("R98: %s was imported", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := db.Import(ctx, root, io.MultiReader(strings.NewReader(story[0]+"\n"), readerFunc(func() { cancel() }), strings.NewReader(story[2])), nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("an import that was broken off: %v", err)
	}
	if after := imageOf(t, db); after != before {
		t.Errorf("R59: something stayed:\n%s\nbefore:\n%s", after, before)
	}
}

// readerFunc does something when it is read, and is empty.
type readerFunc func()

func (f readerFunc) Read([]byte) (int, error) { f(); return 0, io.EOF }

// R98: lines may end as they do elsewhere, and the last need not end.
func TestLineEnds(t *testing.T) {
	for _, end := range []string{"\n", "\r\n"} {
		db := open(t, Options{Clock: noon().read})
		for _, last := range []string{"", end} {
			report, err := db.Import(t.Context(), root, strings.NewReader(strings.Join(story, end)+last), nil)
			if err != nil || report.Lines != len(story) {
				t.Errorf("R98: %q: %+v %v", end, report, err)
			}
		}
	}
}

// R174: with a clock that is set nothing is imported, but exported.
func TestImportWhileRehearsing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "patrol.db")
	db := open(t, Options{Path: path, Clock: noon().read})
	importText(t, db, story...)
	rehearsing := open(t, Options{Path: path, Clock: noon().read, ReadOnly: true})
	if _, err := rehearsing.Import(t.Context(), root, strings.NewReader(story[0]), nil); !errors.Is(err, model.ErrReadOnly) {
		t.Errorf("R174: %v", err)
	}
	if exported(t, rehearsing) != exported(t, db) {
		t.Error("R174: an export differs")
	}
}

func init() {
	children["import"] = func(args []string) {
		db, err := OpenForTests(context.Background(), Options{Path: args[0]})
		if err == nil {
			_, err = db.Import(context.Background(), root, os.Stdin, func(int) { fmt.Println("under way") })
		}
		if err != nil {
			fmt.Println(err)
		}
	}
}

// R98: a process that dies in the middle of an import leaves what was there.
func TestKilledImport(t *testing.T) {
	onFile(t)
	path := filepath.Join(t.TempDir(), "patrol.db")
	db := open(t, Options{Path: path, Clock: noon().read})
	importText(t, db, story...)
	before := imageOf(t, db)
	for i := range 3 {
		cmd := child(t, "import", path)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for n := range 40_000 {
			fmt.Fprintln(in, tokenWith("sha256", `"`+hexOf(fmt.Sprint(i, n))+`"`))
		}
		in.Close()
		said := make([]byte, len("under way\n"))
		if _, err := io.ReadFull(out, said); err != nil || string(said) != "under way\n" {
			t.Fatalf("%q %v", said, err)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		var died *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &died) {
			t.Fatalf("the import wasn't cut off: %v", err)
		}
		if after := imageOf(t, db); after != before {
			t.Fatalf("R98: something stayed of a killed import:\n%s\nbefore:\n%s", after, before)
		}
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %q %v", problems, err)
	}
	importText(t, db, tokenWith("sha256", `"`+hexOf("afterwards")+`"`))
}
