package ui

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"patrol/model"
)

// The page acts on what it lists: what is left out stays, what somebody else has
// revoked meanwhile leaves the page, and all of the rest or none goes (A9).
func TestBulkRevoke(t *testing.T) {
	s, ids, d := fleet(t, 5)
	s.clock = now
	d.keys("g t a x").shows("Revoke 5 tokens", "patrol token revoke 1 2 3 4 5", "nothing, ever")
	d.keys("space").shows("Revoke 4 tokens", "enter revoke 4").keys("y")
	if got := d.copied[len(d.copied)-1]; !strings.HasPrefix(got, "patrol token revoke ") || strings.Count(got, " ") != 6 {
		t.Errorf("copied %q", got)
	}
	gone := d.app.front().(*bulk).only[0]
	if err := s.db.RevokeTokens(t.Context(), root, model.Ref{}, gone); err != nil {
		t.Fatal(err)
	}
	d.poll().shows("Revoke 3 tokens", "left out: revoked already")
	d.keys("enter").shows("Type revoke 3").pass(confirmSleeps).text("revoke 4").keys("enter").shows("Type revoke 3").keys("backspace").text("3").keys("enter")
	d.shows("3 tokens revoked", "All tokens").hides("marked")
	if left := must(s.db.Tokens(t.Context(), root, model.TokenQuery{Active: new(true)}, model.Page{})); len(left.Rows) != 1 || !slices.Contains(ids, left.Rows[0].ID) {
		t.Errorf("%d are left", len(left.Rows))
	}
}

// A bulk rotation is one step; each new end has its day; each secret is ticked by
// itself, and leaving with one that isn't stored asks and is audited (R64, R69,
// R162).
func TestBulkRotate(t *testing.T) {
	s, _, d := fleet(t, 3)
	d.app.env["HOME"] = t.TempDir()
	d.keys("g t a r").shows("Rotate 3 tokens", "patrol token rotate").keys("enter").shows("ctrl+s rotate 3", "‹24 h›", "3 secrets, which end on 2026-12-22")
	d.keys("down down").text("2026-12-24").shows("3 secrets, which end from 2026-12-22 to 2026-12-24").keys("ctrl+s")
	d.shows("3 tokens rotated, all in one step", "0 of 3 stored", "2026-12-22", "2026-12-23", "2026-12-24").hides("glpat-")
	page := d.app.front().(*secrets)
	text := page.kept[0].Secret.Reveal()
	d.keys("v").shows(text).pass(showFor).hides(text)
	d.keys("c").shows("clipboard").keys("space").shows("1 of 3 stored", "[✓]")
	if d.copied[len(d.copied)-1] != text {
		t.Error("the secret wasn't copied")
	}
	d.keys("f").shows("only who sits there") // over SSH
	d.keys("esc").shows("Leave without storing 2 secrets?").yes().shows("All tokens").hides("marked")
	if n := audited(t, s.db, model.TokenNotAcknowledged); n != 2 {
		t.Errorf("R162: %d audited", n)
	}
	if where := holds(reflect.ValueOf(d.app), text, nil); where != "" {
		t.Errorf("the secret is still in %s", where)
	}
}

// At the machine itself all go into a file that nobody else can read.
func TestBulkSecretsFile(t *testing.T) {
	s, _, _ := fleet(t, 2)
	home := t.TempDir()
	c := config(s.db)
	c.Env = []string{"TERM=xterm-256color", "LANG=en_US.UTF-8", "HOME=" + home}
	d := drive(t, c, 80, 24)
	d.keys("g t a r enter ctrl+s").shows("0 of 2 stored").keys("f").shows("2 of 2 stored", "only you can read it: ")
	files := must(filepath.Glob(home + "/patrol-secrets-*.tsv"))
	if len(files) != 1 {
		t.Fatal(files)
	}
	if mode := must(os.Stat(files[0])).Mode(); mode != 0o600 {
		t.Errorf("mode %o", mode)
	}
	for _, k := range d.app.front().(*secrets).kept {
		if !strings.Contains(string(must(os.ReadFile(files[0]))), "\ttok-") || !strings.Contains(string(must(os.ReadFile(files[0]))), k.Secret.Reveal()) {
			t.Error("a secret is missing")
		}
	}
	d.keys("f").shows("cannot write the secrets") // it never overwrites
	d.keys("esc").hides("Leave without")
}
