package storage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"patrol/model"
)

func as(user int64) model.Actor {
	return model.Actor{UserID: user, Door: model.CLIDoor, Address: "tester"}
}

// found gives the numbers of the tokens found and how often: "1×2 3×1".
func found(t *testing.T, db *DB, a model.Actor, text string) string {
	t.Helper()
	hits, err := db.Whois(t.Context(), a, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, h := range hits {
		if h.Refusal == nil {
			list = append(list, fmt.Sprintf("%d×%d", h.Token.ID, h.Times))
		} else {
			list = append(list, fmt.Sprintf("%d refused %s ×%d", h.Token.ID, h.Refusal.Asked, h.Times))
		}
	}
	return strings.Join(list, " ")
}

// R146: secrets in what people paste and servers log, in each state.
func TestWhois(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	one := addToken(t, db, root, p.Ref(), "one").Secret.Reveal()
	two := addToken(t, db, root, p.Ref(), "two").Secret.Reveal()
	for text, want := range map[string]string{
		one: "1×1", one + "\n": "1×1", "": "", "nothing": "", one + " " + two + " " + one: "1×2 2×1",
		`{"token":"` + one + `","other":["` + two + `"]}`:                         "1×1 2×1",
		"git clone https://any:" + one + "@git.example.org/acme/web.git":          "1×1",
		"export TOKEN=" + one + "; curl -H \"PRIVATE-TOKEN: " + two + "\" x":      "1×1 2×1",
		"a mail that breaks its lines before it:\n" + one + "\nand behind it":     "1×1",
		one[:12] + "\n" + one[12:]:                                                "", // a secret can't hold a line end
		one[:len(one)-1]:                                                          "",
		one + "x":                                                                 "1×1",
		strings.ToUpper(one):                                                      "", // R144
		"glpat-glpat-" + one:                                                      "1×1",
		"\x1b[31m" + one + "\x1b[0m" + "\x00" + two:                               "1×1 2×1",
		strings.Repeat("GET /x HTTP/1.1 200\n", 60_000) + one:                     "1×1",
		"password " + one[len("glpat-"):]:                                         "",
		"glpat-" + strings.Repeat("x", 20) + " sha256:" + strings.Repeat("0", 64): "",
	} {
		if got := found(t, db, root, text); got != want {
			t.Errorf("%.90q: %q, want %q", text, got, want)
		}
	}
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, 1); err != nil {
		t.Fatal(err)
	}
	hits, err := db.Whois(t.Context(), root, strings.NewReader(one))
	if err != nil || len(hits) != 1 || hits[0].Token.State(model.DateOf(db.Now())) != model.Revoked || !hits[0].Token.BotDeleted {
		t.Errorf("R123: a revoked secret is known as one: %+v, %v", hits, err)
	}
}

// R146: every prefix that was ever in use is searched for; with the empty one a
// piece must be whole.
func TestWhoisPrefixes(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	var secrets []string
	for i, prefix := range []string{"glpat-", "a", "gl", "", "x:y/z=@+._-"} {
		if _, err := db.ChangeSetting(t.Context(), root, model.SettingPrefix, prefix); err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, addToken(t, db, root, p.Ref(), fmt.Sprint("token", i)).Secret.Reveal())
	}
	for i, secret := range secrets {
		want := fmt.Sprintf("%d×1", i+1)
		if got := found(t, db, root, "token: "+secret+",\n"); got != want {
			t.Errorf("R141: %d alone: %q", i+1, got)
		}
		if i == 3 {
			want = ""
		}
		if got := found(t, db, root, "https://u:"+secret+"@h/p"); got != want {
			t.Errorf("R146: %d within a piece: %q, want %q", i+1, got, want)
		}
	}
	if _, err := db.ChangeSetting(t.Context(), root, model.SettingPrefix, "new-"); err != nil {
		t.Fatal(err)
	}
	if got, want := found(t, db, root, strings.Join(secrets, " ")), "1×1 2×1 3×1 4×1 5×1"; got != want {
		t.Errorf("R141: after the prefix changed: %q", got)
	}
}

// R146, R164, R44, R48, R152: one learns of tokens that one may see or owns; any
// other secret is unknown text.
func TestWhoisSight(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	q := addProject(t, db, "labs/sim")
	people := map[string]int64{}
	for _, name := range []string{"mara", "dev", "ines"} {
		u, err := db.AddUser(t.Context(), root, model.NewUser{Username: name, Auditor: name == "ines"})
		if err != nil {
			t.Fatal(err)
		}
		people[name] = u.ID
	}
	for name, role := range map[string]model.Role{"mara": model.Maintainer, "dev": model.Developer} {
		if _, err := db.AddMember(t.Context(), root, p.Ref(), people[name], role, 0); err != nil {
			t.Fatal(err)
		}
	}
	text := addToken(t, db, root, p.Ref(), "web").Secret.Reveal() + " " + addToken(t, db, root, q.Ref(), "sim").Secret.Reveal()
	own, err := db.CreateToken(t.Context(), as(people["dev"]), model.NewToken{UserID: people["dev"], Name: "own", Scopes: model.Scopes{model.ScopeAPI}})
	if err != nil {
		t.Fatal(err)
	}
	text += " " + own.Secret.Reveal()
	for name, want := range map[string]string{"mara": "1×1", "dev": "3×1", "ines": "1×1 2×1 3×1"} {
		if got := found(t, db, as(people[name]), text); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if err := db.SetFeature(t.Context(), root, p.Ref(), new(bool)); err != nil {
		t.Fatal(err)
	}
	if got := found(t, db, as(people["mara"]), text); got != "" {
		t.Errorf("R70: with the flag off: %q", got)
	}
	if _, err := db.Whois(t.Context(), as(99), strings.NewReader(text)); !errors.Is(err, model.ErrUnauthenticated) {
		t.Errorf("nobody: %v", err)
	}
}

// R146, R99: a request id shows the refusal that it belongs to.
func TestWhoisRequest(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	addToken(t, db, root, p.Ref(), "deploy")
	dev, err := db.AddUser(t.Context(), root, model.NewUser{Username: "dev"})
	if err != nil {
		t.Fatal(err)
	}
	db.Refused(model.Refusal{TokenID: 1, Door: model.GitDoor, Asked: "git push acme/web", Rule: "G14", Text: "No.", Address: "10.0.0.1", RequestID: "5f0c81d09a3be647-d2"})
	db.traffic.flush(db)
	for text, want := range map[string]string{
		"5f0c81d09a3be647-d2": "1 refused git push acme/web ×1",
		"time=2026-11-24T00:00:00Z id=5f0c81d09a3be647-d2 status=403\nX-Request-Id:5f0c81d09a3be647-d2": "1 refused git push acme/web ×2",
		"5f0c81d09a3be647-d3": "", "5f0c81d09a3be647": "", "": "",
	} {
		if got := found(t, db, root, text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got := found(t, db, as(dev.ID), text); got != "" {
			t.Errorf("R164: %q: %q", text, got)
		}
	}
}

// R146: one audit entry names the ids found; the text is kept nowhere, whole or
// in part, nor is a secret in an answer (R143).
func TestWhoisKeepsNothing(t *testing.T) {
	onFile(t)
	path := filepath.Join(t.TempDir(), "data", "patrol.db")
	db := open(t, Options{Path: path})
	p := addProject(t, db, "acme/web")
	one, two := addToken(t, db, root, p.Ref(), "one").Secret.Reveal(), addToken(t, db, root, p.Ref(), "two").Secret.Reveal()
	const stray = "glpat-SomebodyElsesSecret1"
	text := one + " " + two + " " + stray + " a-sentence-of-more-than-twenty-characters"
	for _, c := range []struct{ text, change string }{{text, `{"found":[1,2]}`}, {one + one, `{"found":[1]}`}, {stray, `{"found":[]}`}} {
		hits, err := db.Whois(t.Context(), root, strings.NewReader(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if said := fmt.Sprintf("%+v", hits); strings.Contains(said, one[8:]) || strings.Contains(said, stray) {
			t.Errorf("R143: %s", said)
		}
		list, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.TokenLookedUp}, model.Page{Limit: 1, Count: true})
		if err != nil || len(list.Rows) != 1 || list.Rows[0].Change != c.change {
			t.Fatalf("R146: %+v, %v", list, err)
		}
	}
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{one, two, one[6:], stray, stray[6:], "a-sentence-of-more"} {
			if strings.Contains(string(data), word) {
				t.Errorf("R146: %s holds a part of the text", filepath.Base(file))
			}
		}
	}
}

// R174: with the clock set nothing can be written, so nothing is looked up.
func TestWhoisRehearsing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "patrol.db")
	made, err := OpenForTests(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	db := open(t, Options{Path: path, ReadOnly: true})
	if _, err := db.Whois(t.Context(), root, strings.NewReader("x")); !errors.Is(err, model.ErrReadOnly) {
		t.Errorf("R174: %v", err)
	}
}

// A long text goes through the sieve, which lets everything through that is there.
func TestWhoisSieve(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	var text strings.Builder
	var want []string
	for i := range 60 {
		secret := addToken(t, db, root, p.Ref(), fmt.Sprint("token", i)).Secret.Reveal()
		id := fmt.Sprintf("%016x-%d", i, i)
		db.Refused(model.Refusal{TokenID: int64(i + 1), Door: model.APIDoor, Asked: id, Rule: "R60", Text: "No.", RequestID: id})
		for j := range lookupBatch {
			fmt.Fprintf(&text, "a/word/that/is/unknown/%d/%d ffffffffffffffff-%d\n", i, j, i*lookupBatch+j)
		}
		fmt.Fprintf(&text, "%s %s %s\n", secret, id, secret)
		want = append(want, fmt.Sprintf("%d×2", i+1))
	}
	for i := range 60 {
		want = append(want, fmt.Sprintf("%d refused %016x-%d ×1", i+1, i, i))
	}
	db.traffic.flush(db)
	if got := found(t, db, root, text.String()); got != strings.Join(want, " ") {
		t.Errorf("got  %s\nwant %s", got, strings.Join(want, " "))
	}
}
