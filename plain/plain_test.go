package plain

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"
	"patrol/storage/sqlite"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

var root = model.Actor{UserID: model.RootID, Door: model.ConsoleDoor, Address: "test"}

// script is a terminal whose person has written down what to type.
type script struct {
	bytes.Buffer
	lines  []string
	hidden int
}

func (s *script) ReadLine(hidden bool) (string, error) {
	if len(s.lines) == 0 {
		return "", io.EOF
	}
	line := s.lines[0]
	s.lines = s.lines[1:]
	if hidden {
		s.hidden++
		s.WriteString("\n")
	} else {
		s.WriteString(line + "\n")
	}
	return line, nil
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func openAt(t *testing.T, path string) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), storage.Options{Path: path, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func open(t *testing.T) *storage.DB {
	t.Helper()
	db := openAt(t, filepath.Join(t.TempDir(), "patrol.db"))
	t.Cleanup(func() { db.Close() })
	return db
}

// talk plays a script as somebody, and gives what was said.
func talk(t *testing.T, db *storage.DB, a model.Actor, lines ...string) string {
	t.Helper()
	s := &script{lines: lines}
	if err := Run(t.Context(), Config{Store: db, Actor: a, Terminal: s}); err != nil {
		t.Fatalf("%v after:\n%s", err, s)
	}
	for i, b := range s.Bytes() {
		if b < ' ' && b != '\n' {
			t.Fatalf("a control character at %d:\n%q", i, s)
		}
	}
	return s.String()
}

func shows(t *testing.T, said string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(said, text) {
			t.Errorf("%q is missing:\n%s", text, said)
		}
	}
}

func world(t *testing.T) (*storage.DB, model.IssuedToken) {
	t.Helper()
	db := open(t)
	must(db.AddUser(t.Context(), root, model.NewUser{Username: "sam"}))
	must(db.AddUser(t.Context(), root, model.NewUser{Username: "ines", Auditor: true}))
	p := must(db.AddProject(t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: "acme/web", Parents: true}))
	return db, must(db.CreateToken(t.Context(), root, model.NewToken{Place: p.Ref(), Name: "deploy", Role: model.Developer,
		Scopes: model.Scopes{model.ScopeWriteRepository}, ExpiresOn: model.DateOf(now) + 3}))
}

// From an empty database to a token, by questions.
func TestFirstToken(t *testing.T) {
	db := open(t)
	said := talk(t, db, root, "2", "n", "acme/web", "n", "deploy", "Developer", "6", "30d", "", "yes", "stored", "b", "b", "q")
	shows(t, said, "There are none.", "Made acme/web.", "30d is not a date", "Its secret, shown now and never again:\nglpat-")
	list := must(db.Tokens(t.Context(), root, model.TokenQuery{}, model.Page{}))
	if len(list.Rows) != 1 || list.Rows[0].Role != model.Developer || list.Rows[0].Scopes.String() != "write_repository" {
		t.Errorf("made %+v", list.Rows)
	}
}

// A leaked secret isn't shown while it is typed, and is killed; no is the default.
func TestLeaked(t *testing.T) {
	db, made := world(t)
	secret := made.Secret.Reveal()
	said := talk(t, db, root, "w", secret, "x", "no", "x", "yes", "b", "q")
	if strings.Contains(said, secret) {
		t.Errorf("R143: the secret was repeated:\n%s", said)
	}
	shows(t, said, "The secret of token 1 deploy of acme/web (Developer).", "Nothing was changed.", "Revoked: 1 token.")
	if got := must(db.Token(t.Context(), root, model.Ref{}, made.ID)); got.State(model.DateOf(now)) != model.Revoked {
		t.Error("R94: it works on")
	}
}

// Rotating chooses nothing for the person; who loses the line has revoked nothing,
// and a secret that nobody stored is audited.
func TestRotate(t *testing.T) {
	db, made := world(t)
	said := talk(t, db, root, "1", "1", "r", "", "3", "", "yes")
	shows(t, said, "It was never used.", "Type a number from 1 to 4", "works for 24 hours more; the new one works until", "Its secret, shown now and never again:")
	got := must(db.Token(t.Context(), root, model.Ref{}, made.ID))
	if !got.Replaced() {
		t.Errorf("R69: %+v", got)
	}
	entries := must(db.Entries(t.Context(), root, model.AuditQuery{}, model.Page{Limit: 1}))
	if entries.Rows[0].Action != model.TokenNotAcknowledged {
		t.Errorf("the last entry is %s", entries.Rows[0].Action)
	}
	before := talk(t, db, root, "1", "1", "r", "1", "", "no", "b", "b", "q")
	shows(t, before, "Nothing was changed.")
}

// Three or more need their words; all or none.
func TestRevokeMany(t *testing.T) {
	db, _ := world(t)
	for _, name := range []string{"b", "c"} {
		must(db.CreateToken(t.Context(), root, model.NewToken{Place: model.ProjectRef("acme/web"), Name: name, Role: model.Guest, Scopes: model.Scopes{model.ScopeAPI}}))
	}
	said := talk(t, db, root, "1", "x 9", "x all", "yes", "x all", "revoke 3", "/state:revoked", "b", "q")
	shows(t, said, "Say which, by their numbers: x 2 5", "Type revoke 3 to do it", "Nothing was changed.", "Revoked: 3 tokens.", "3 ")
}

// The other jobs: a group's switch, a member with an end, somebody blocked, a
// setting, the log.
func TestJobs(t *testing.T) {
	db, _ := world(t)
	said := talk(t, db, root,
		"3", "1", "c", "yes", "m", "n", "sam", "Maintainer", "2027-01-31", "b", "b", "b",
		"4", "/sam", "x 1", "yes", "b",
		"6", "b", "5", "b", "v", "q")
	shows(t, said, "Token creation in acme is off.", "sam is Maintainer now.", "sam is blocked.", "each in its place")
	if u := must(db.User(t.Context(), root, 0, "sam")); !u.Blocked {
		t.Error("sam isn't blocked")
	}
	if g := must(db.Group(t.Context(), root, model.GroupRef("acme"))); g.TokenCreation {
		t.Error("R75: the switch is on")
	}
}

// Why it was refused, and what would let it through (R99, R172).
func TestWhy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "patrol.db")
	db := openAt(t, path)
	p := must(db.AddProject(t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: "acme/web", Parents: true}))
	made := must(db.CreateToken(t.Context(), root, model.NewToken{Place: p.Ref(), Name: "deploy", Role: model.Developer, Scopes: model.Scopes{model.ScopeWriteRepository}}))
	db.Refused(model.Refusal{TokenID: made.ID, Door: model.APIDoor, Asked: "GET /api/v4/projects/1", Rule: "R60", Text: "No.", Address: "10.0.0.1"})
	if err := db.Close(); err != nil { // what is gathered is written then
		t.Fatal(err)
	}
	db = openAt(t, path)
	defer db.Close()
	said := talk(t, db, root, "1", "1", "w", "1", "b", "b", "b", "q")
	shows(t, said, "1 GET /api/v4/projects/1, 1 time, the last now from 10.0.0.1. R60: No.", "Passed:", "Refused: scope", "This would let it through: with read_api.")
}

// An auditor reads everything and changes nothing.
func TestReadOnly(t *testing.T) {
	db, made := world(t)
	ines := must(db.User(t.Context(), root, 0, "ines"))
	said := talk(t, db, model.Actor{UserID: ines.ID, Door: model.ConsoleDoor}, "1", "1", "r", "x", "w", "b", "u", "h", "b", "b", "2", "n", "b", "q")
	shows(t, said, "Auditor, read only", "Refused or failed: auditors only read", "Nothing in the last 14 days.")
	if got := must(db.Token(t.Context(), root, model.Ref{}, made.ID)); got.State(model.DateOf(now)) != model.Active {
		t.Error("it was revoked")
	}
}

// What others have written reaches the terminal as text only: here what a client
// asked for.
func TestHostileText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "patrol.db")
	db := openAt(t, path)
	p := must(db.AddProject(t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: "acme/web", Parents: true}))
	made := must(db.CreateToken(t.Context(), root, model.NewToken{Place: p.Ref(), Name: "deploy", Role: model.Developer, Scopes: model.Scopes{model.ScopeAPI}}))
	db.Refused(model.Refusal{TokenID: made.ID, Door: model.APIDoor, Asked: "GET /\x1b[2J\u202eevil\r\n1 fake", Rule: "R60", Text: "No.", Address: "10.0.0.1"})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openAt(t, path)
	defer db.Close()
	said := talk(t, db, root, "1", "1", "w", "b", "b", "b", "q") // which looks for control characters
	if strings.Contains(said, "\u202e") || strings.Contains(said, "\n1 fake") {
		t.Errorf("%q", said)
	}
}

// A session that must end doesn't wait for its person.
func TestEnds(t *testing.T) {
	db, _ := world(t)
	ctx, cancel := context.WithCancel(t.Context())
	in, _ := io.Pipe() // nothing ever comes
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, Config{Store: db, Actor: root, Terminal: &Raw{In: bufio.NewReader(in), Out: io.Discard}})
	}()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Over SSH the line is edited here.
func TestRaw(t *testing.T) {
	for typed, want := range map[string]string{
		"abc\r":                "abc",
		"abd\x7fc\r":           "abc",
		"xx\x15abc\n":          "abc",
		"one two\x17\r":        "one ",
		"a\x1b[Db\x1b[1;5Cc\r": "abc",
		"\x1bOAabc\r":          "abc",
		"a\x00\u202ebc\r":      "abc",
		"\x7f\x7fabc\r":        "abc",
	} {
		var out bytes.Buffer
		r := &Raw{In: bufio.NewReader(strings.NewReader(typed)), Out: &out}
		if got, err := r.ReadLine(false); err != nil || got != want {
			t.Errorf("%q: %q %v, want %q", typed, got, err, want)
		}
	}
	var out bytes.Buffer
	r := &Raw{In: bufio.NewReader(strings.NewReader("secret\r\nnext\r\n\x03\x04")), Out: &out}
	if got, _ := r.ReadLine(true); got != "secret" || strings.Contains(out.String(), "s") {
		t.Errorf("hidden: %q, shown %q", got, out.String())
	}
	if got, _ := r.ReadLine(false); got != "next" {
		t.Errorf("after it: %q", got)
	}
	if _, err := r.ReadLine(false); err != ErrInterrupted {
		t.Errorf("ctrl+c: %v", err)
	}
	if _, err := r.ReadLine(false); err != io.EOF {
		t.Errorf("ctrl+d: %v", err)
	}
	fmt.Fprint(r, "a\nb")
	if !strings.HasSuffix(out.String(), "a\r\nb") {
		t.Errorf("line ends: %q", out.String())
	}
}

func FuzzRaw(f *testing.F) {
	f.Add("abc\x7f\x1b[A\r")
	f.Fuzz(func(t *testing.T, typed string) {
		r := &Raw{In: bufio.NewReader(strings.NewReader(typed)), Out: io.Discard}
		for range len(typed) + 1 {
			line, err := r.ReadLine(false)
			if model.Clean(line) != line {
				t.Errorf("%q gives %q", typed, line)
			}
			if err == io.EOF {
				return
			}
		}
	})
}
