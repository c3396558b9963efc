package storage

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"patrol/git"
	"patrol/model"
)

const annKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8wl8C0X2n8nS0VnEwTl3yXj4m4Xf2Y8l7rT0lX2c5V ann@laptop"

// hexOf is the digest of a secret as a line has it.
func hexOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// importText imports lines, which must be taken.
func importText(t *testing.T, db *DB, lines ...string) model.ImportReport {
	t.Helper()
	report, err := db.Import(t.Context(), root, strings.NewReader(strings.Join(lines, "\n")), nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// exported is what a database holds, as lines.
func exported(t *testing.T, db *DB) string {
	t.Helper()
	var b bytes.Buffer
	if err := db.Export(t.Context(), root, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// story is a file of every type of line, in the ways that people write them.
var story = []string{
	`{"type":"setting","key":"host","value":"git.example.org"}`,
	`{"type":"setting","key":"resource_access_token","value":"off"}`,
	`{"type":"user","username":"ann","name":" Ann Lee ","admin":true,"ssh_keys":["` + annKey + `"]}`,
	`{"type":"user","username":"bob","email":"bob@example.com","auditor":false,"external":true,"blocked":true}`,
	`{"type":"user","username":"cat","name":"Ĉat <&> 猫","auditor":true}`,
	`{"type":"group","path":"acme","name":"Acme","visibility":"public","plan":"premium","token_creation":false}`,
	`{"type":"group","path":"acme/infra","description":"what runs\nthe rest"}`,
	`{"type":"project","path":"acme/web","visibility":"internal","flag":true}`,
	`{"type":"project","path":"acme/infra/dns","name":"DNS","flag":null}`,
	`{"type":"member","path":"acme","username":"ann","role":"owner"}`,
	`{"type":"member","path":"acme/web","username":"bob","role":"Developer","expires_at":"2026-01-01"}`,
	`{"type":"token","project":"acme/web","username":"project_7_bot","name":"endless","scopes":["api"],"expires_at":null,"created_at":"2020-05-01T10:00:00+02:00","sha256":"` + hexOf("endless") + `"}`,
	`{"type":"token","project":"acme/web","username":"project_7_bot1","name":"second","scopes":["read_api","read_api"],"role":"guest","expires_at":"2026-12-24","sha256":"` + strings.ToUpper(hexOf("second")) + `","external":true}`,
	`{"type":"token","project":"acme/infra/dns","username":"project_9_bot_0123456789abcdef","name":"zone","description":"","scopes":["write_repository"],"role":"owner","expires_at":"2030-01-01","secret":"glpat-zone-zone-zone-zone-1","last_used_at":"2026-11-23T08:00:00.5Z"}`,
	`{"type":"token","group":"acme","username":"group_7_bot","name":"audit","description":"reads","scopes":["read_api"],"role":"reporter","expires_at":"2026-12-01","revoked":true,"sha256":"` + hexOf("audit old") + `"}`,
	`{"type":"token","group":"acme","username":"group_7_bot","name":"audit","description":"reads","scopes":["read_api"],"role":"reporter","expires_at":"2026-12-31","sha256":"` + hexOf("audit new") + `"}`,
	`{"type":"token","group":"acme/infra","username":"group_8_bot","name":"gone","scopes":["api"],"expires_at":"2026-06-01","revoked":true,"sha256":"` + hexOf("gone") + `"}`,
	`{"type":"token","user":"ann","name":"mine","scopes":["read_user"],"expires_at":"2027-01-01","sha256":"` + hexOf("mine") + `"}`,
	`{"type":"token","project":"acme/web","name":"no bot named","scopes":["self_rotate"],"expires_at":"2027-01-01","sha256":"` + hexOf("unnamed") + `"}`,
}

// R98: all types of lines, and what is there already is skipped; R97: an endless
// token is given its date once.
func TestImport(t *testing.T) {
	db := open(t, Options{Clock: noon().read})
	report := importText(t, db, story...)
	if want := (model.ImportReport{Lines: len(story), Made: len(story), Dated: 1}); report != want {
		t.Errorf("R98: %+v, want %+v", report, want)
	}
	first := exported(t, db)
	entries := count(t, db, "audit")
	report = importText(t, db, story...)
	if want := (model.ImportReport{Lines: len(story), Skipped: len(story)}); report != want {
		t.Errorf("R98: again %+v, want %+v", report, want)
	}
	if again := exported(t, db); again != first || count(t, db, "audit") != entries {
		t.Errorf("R97: importing again changed something:\n%s\n%s", first, again)
	}
	problems, err := db.Check(t.Context())
	if err != nil || len(problems) > 0 {
		t.Errorf("check: %q %v", problems, err)
	}
	t.Run("what it made", func(t *testing.T) { checkStory(t, db) })
	t.Run("export, import, export", func(t *testing.T) { sameAgain(t, db) })
}

func checkStory(t *testing.T, db *DB) {
	tokens, err := db.Tokens(t.Context(), root, model.TokenQuery{Deleted: true}, model.Page{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]model.Token{}
	for _, token := range tokens.Rows { // newest last: of "audit" the live one
		if old, twice := byName[token.Name]; !twice || old.ID < token.ID {
			byName[token.Name] = token
		}
	}
	for name, want := range map[string]string{
		"endless":      "project_7_bot@noreply.git.example.org Maintainer false 2027-11-24 2020-05-01 false",
		"second":       "project_7_bot1@noreply.git.example.org Guest true 2026-12-24 2026-11-24 false",
		"zone":         "project_9_bot_0123456789abcdef@noreply.git.example.org Owner false 2030-01-01 2026-11-24 false",
		"audit":        "group_7_bot@noreply.git.example.org Reporter false 2026-12-31 2026-11-24 false",
		"gone":         "group_8_bot@noreply.git.example.org Maintainer false 2026-06-01 2026-11-24 true",
		"mine":         "ann@git.example.org no role false 2027-01-01 2026-11-24 false",
		"no bot named": "",
	} {
		u := byName[name]
		got := fmt.Sprint(u.User.Email, " ", u.Role, " ", u.User.External, " ", u.ExpiresOn, " ", model.DateOf(u.CreatedAt), " ", u.BotDeleted)
		if want != "" && got != want {
			t.Errorf("R97, R103, R104, R113, R120: %s is %s, want %s", name, got, want)
		}
	}
	if name := byName["no bot named"].User.Username; model.CheckBotUsername(model.ProjectPlace, name) != "" || !strings.Contains(name, "_bot_") {
		t.Errorf("R102: a bot without a username was called %q", name)
	}
	if token := byName["audit"]; token.Family == token.ID {
		t.Errorf("R68: tokens of one bot are no family")
	}
	for secret, admits := range map[string]bool{"endless": true, "glpat-zone-zone-zone-zone-1": true, "audit new": true, "audit old": false, "gone": false, "mine": true} {
		if err := admitted(t, db, model.NewSecret(secret)); errors.Is(err, model.ErrUnauthenticated) == admits {
			t.Errorf("R142: %q: %v", secret, err)
		}
	}
	for _, p := range []string{"acme/web", "acme/infra/dns"} {
		found, err := db.Project(t.Context(), root, model.ProjectRef(p))
		if err != nil || !git.Exists(db.repositories.Folder(found.ID)) {
			t.Errorf("R3: %s has no repository: %v", p, err)
		}
	}
	seats, err := db.Seats(t.Context(), root)
	if err != nil || seats != 3 { // root, ann, cat
		t.Errorf("R108: %d seats %v", seats, err)
	}
}

// sameAgain: what is exported, imported into an empty database and exported
// again is the same in every byte.
func sameAgain(t *testing.T, db *DB) string {
	t.Helper()
	first := exported(t, db)
	other := open(t, Options{Clock: noon().read})
	importText(t, other, strings.TrimSuffix(first, "\n"))
	if second := exported(t, other); second != first {
		t.Errorf("R98: an export differs after an import:\n%s\nthen:\n%s", first, second)
	}
	if problems, err := other.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %q %v", problems, err)
	}
	if strings.Contains(first, `"secret"`) {
		t.Error("R98: an export holds a secret")
	}
	return first
}

// count is the number of a table's rows.
func count(t *testing.T, db *DB, table string) (n int64) {
	t.Helper()
	err := db.view(t.Context(), root, func(tx *tx) (err error) {
		n, err = tx.int(`SELECT count(*) FROM ` + table)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// R98: what the use cases made is exported and imported too: rotated, replaced
// and revoked tokens, expired ones, and the tombstones of bots.
func TestExportOfAWorkingInstance(t *testing.T) {
	clock := noon()
	now := clock.at
	clock.at = now.Add(-100 * day)
	db := open(t, Options{Path: filepath.Join(t.TempDir(), "working.db"), Clock: clock.read})
	project := model.ProjectRef("acme/web")
	if _, err := db.AddProject(t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: "acme/web", Parents: true}); err != nil {
		t.Fatal(err)
	}
	addToken(t, db, root, project, "expired")
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, addToken(t, db, root, project, "revoked").ID); err != nil {
		t.Fatal(err)
	}
	clock.at = now
	old := addToken(t, db, root, project, "rotated")
	next, err := db.RotateTokens(t.Context(), root, project, model.Rotation{OverlapHours: 36}, old.ID)
	if err != nil {
		t.Fatal(err)
	}
	addToken(t, db, root, model.GroupRef("acme"), "a group's")
	mine, err := db.CreateToken(t.Context(), root, model.NewToken{UserID: model.RootID, Name: "a person's", Scopes: model.Scopes{model.ScopeAPI}})
	if err != nil {
		t.Fatal(err)
	}
	rotate(t, db, root, model.Rotation{OverlapHours: 12}, mine.ID)
	text := sameAgain(t, db)
	for _, s := range []struct {
		secret model.Secret
		until  string
	}{{old.Secret, "2026-11-26"}, {next[0].Secret, next[0].ExpiresOn.String()}, {mine.Secret, "2026-11-25"}} {
		if line := lineOf(text, s.secret); !strings.Contains(line, `"expires_at":"`+s.until+`"`) || strings.Contains(line, "revoked") {
			t.Errorf("R69: want until %s: %s", s.until, line)
		}
	}
	for _, hours := range []time.Duration{0, 13} { // the second time one overlap is over (R69)
		clock.at = clock.at.Add(hours * time.Hour)
		report := importText(t, db, strings.TrimSuffix(text, "\n"))
		if report.Made != 0 || report.Skipped != strings.Count(text, "\n") {
			t.Errorf("R98: an export into its own database after %d hours: %+v", hours, report)
		}
	}
	if line := lineOf(exported(t, db), mine.Secret); !strings.Contains(line, `"revoked":true`) {
		t.Errorf("R69: the overlap is over: %s", line)
	}
}

// lineOf is the line of an export that a secret's token has.
func lineOf(text string, secret model.Secret) string {
	sum := secret.Digest()
	for line := range strings.Lines(text) {
		if strings.Contains(line, hex.EncodeToString(sum[:])) {
			return line
		}
	}
	return ""
}

// R97: the endless get their date once, also when the day is another.
func TestEndlessTokensOnAnotherDay(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	importText(t, db, story...)
	text := exported(t, db)
	clock.at = clock.at.Add(40 * day)
	if report := importText(t, db, story...); report.Made != 0 || report.Dated != 0 {
		t.Errorf("R97: %+v", report)
	}
	if exported(t, db) != text {
		t.Error("R97: another day's import changed a date")
	}
	list, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.TokenExpiryAdded}, model.Page{})
	if err != nil || len(list.Rows) != 1 || list.Rows[0].Change != `{"expires_at":[null,"2027-11-24"]}` {
		t.Errorf("R97: %+v %v", list.Rows, err)
	}
}

// R98: a token that was used since, or expired and was cleaned up, is no other.
func TestImportAfterTimeHasPassed(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	importText(t, db, story...)
	err := db.change(t.Context(), root, func(tx *tx) error { return tx.exec(`UPDATE tokens SET last_used_at = ?`, clock.at.UnixMilli()) })
	if err != nil {
		t.Fatal(err)
	}
	clock.at = clock.at.Add(100 * day)
	if _, err := db.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if report := importText(t, db, story...); report.Made != 0 {
		t.Errorf("R98: %+v", report)
	}
}

// R33: only administrators; a refusal is audited, and nothing is read.
func TestImportIsForAdministrators(t *testing.T) {
	db := open(t, Options{Clock: noon().read})
	u, err := db.AddUser(t.Context(), root, model.NewUser{Username: "eve", Auditor: true})
	if err != nil {
		t.Fatal(err)
	}
	eve := model.Actor{UserID: u.ID, Door: model.CLIDoor}
	in := strings.NewReader(story[0])
	if _, err := db.Import(t.Context(), eve, in, nil); !errors.Is(err, model.ErrDenied) || in.Len() != len(story[0]) {
		t.Errorf("R33: %v", err)
	}
	if err := db.Export(t.Context(), eve, new(bytes.Buffer)); !errors.Is(err, model.ErrDenied) {
		t.Errorf("R33: %v", err)
	}
	list, err := db.Entries(t.Context(), root, model.AuditQuery{Action: model.TokenImported}, model.Page{})
	if err != nil || len(list.Rows) != 1 || !list.Rows[0].Refused {
		t.Errorf("R160: %+v %v", list.Rows, err)
	}
}

// R142, R143: a secret is digested and nowhere kept, not even in what is put
// aside, also when the import is refused.
func TestImportKeepsNoSecret(t *testing.T) {
	dir := t.TempDir()
	db := open(t, Options{Path: filepath.Join(dir, "patrol.db"), Clock: noon().read})
	importText(t, db, story...)
	_, err := db.Import(t.Context(), root, strings.NewReader(strings.Join(story, "\n")+"\n"+`{"type":"token","user":"ann","name":"x","scopes":["api"],"secret":"glpat-zone-refused","expires_at":"never"}`), nil)
	if err == nil || strings.Contains(err.Error(), "zone") {
		t.Errorf("R143: %v", err)
	}
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("glpat-zone")) {
			t.Errorf("R142: %s holds a secret", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
