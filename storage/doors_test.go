package storage

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

func init() {
	children["revoke"] = func(args []string) {
		db, err := OpenForTests(context.Background(), Options{Path: args[0]})
		if err != nil {
			panic(err)
		}
		id, _ := strconv.ParseInt(args[1], 10, 64)
		if err := db.RevokeTokens(context.Background(), root, model.Ref{}, id); err != nil {
			panic(err)
		}
		if err := db.Close(); err != nil {
			panic(err)
		}
	}
}

// R92: a revocation by another process counts at the very next request, also
// for a secret that was looked up a moment ago.
func TestRevokedElsewhere(t *testing.T) {
	db := open(t, Options{})
	p := addProject(t, db, "acme/web")
	for i := range 3 {
		made := addToken(t, db, root, model.ProjectRef("acme/web"), fmt.Sprint("deploy", i))
		for range 3 { // the second and third answer come from memory
			if err := admitted(t, db, made.Secret); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := child(t, "revoke", db.path, strconv.FormatInt(made.ID, 10)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		var r *model.Reason
		if err := admitted(t, db, made.Secret); !errors.As(err, &r) || r.Rule != "R92" {
			t.Errorf("R92: after another process revoked it: %v", err)
		}
	}
	_ = p
}

// R142, R144, R145: what matches and what doesn't.
func TestAuthenticate(t *testing.T) {
	db := open(t, Options{})
	addProject(t, db, "acme/web")
	made := addToken(t, db, root, model.ProjectRef("acme/web"), "deploy")
	text := made.Secret.Reveal()
	for name, secret := range map[string]string{
		"R144 blank before": " " + text, "R144 blank after": text + " ", "R144 line end": text + "\n", "R144 other case": strings.ToUpper(text),
		"R144 too long": text + strings.Repeat("x", 600), "R145 unknown": "glpat-" + strings.Repeat("x", 20), "R145 empty": "", "R142 part": text[:len(text)-1],
	} {
		var r *model.Reason
		if err := admitted(t, db, model.NewSecret(secret)); !errors.As(err, &r) || r.Rule != "R145" {
			t.Errorf("%s: %v", name, err)
		}
	}
	pass, err := db.Authenticate(t.Context(), made.Secret)
	if err != nil || pass.Token.ID != made.ID || pass.Caller.UserID != made.User.ID || pass.Caller.Kind != model.Bot {
		t.Errorf("Authenticate: %+v, %v", pass, err)
	}
}

// R91: dead from 00:00:00.000 UTC of its date, alive a millisecond before,
// without any job.
func TestExpiresAtMidnight(t *testing.T) {
	clock := noon()
	db := open(t, Options{Clock: clock.read})
	addProject(t, db, "acme/web")
	made := addToken(t, db, root, model.ProjectRef("acme/web"), "deploy")
	clock.at = made.ExpiresOn.Time().Add(-time.Millisecond)
	if err := admitted(t, db, made.Secret); err != nil {
		t.Errorf("R91: the day before: %v", err)
	}
	clock.at = made.ExpiresOn.Time()
	var r *model.Reason
	if err := admitted(t, db, made.Secret); !errors.As(err, &r) || r.Rule != "R91" {
		t.Errorf("R91: on the day: %v", err)
	}
	if err := db.RevokeTokens(t.Context(), root, model.Ref{}, made.ID); err != nil {
		t.Errorf("R94: revoking an expired token: %v", err)
	}
	if err := admitted(t, db, made.Secret); !errors.As(err, &r) || r.Rule != "R91" {
		t.Errorf("R93: expired and revoked says expired: %v", err)
	}
}

// R95: the first use is written always, later ones every ten minutes; the last
// five addresses, newest first, each for seven days; nothing is lost on a clean
// stop.
func TestUse(t *testing.T) {
	clock := noon()
	db, err := OpenForTests(t.Context(), Options{Path: t.TempDir() + "/patrol.db", Clock: clock.read})
	if err != nil {
		t.Fatal(err)
	}
	addProject(t, db, "acme/web")
	made := addToken(t, db, root, model.ProjectRef("acme/web"), "deploy")
	look := func() model.Token {
		t.Helper()
		db.traffic.flush(db)
		token, err := db.Token(t.Context(), root, model.Ref{}, made.ID)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	if !look().LastUsedAt.IsZero() {
		t.Error("R95: used before its first use")
	}
	first := clock.at
	db.Used(made.ID, model.APIDoor, "10.0.0.1")
	if got := look(); !got.LastUsedAt.Equal(first) || fmt.Sprint(got.LastUsedIPs) != "[10.0.0.1]" {
		t.Errorf("R95: first use: %v from %v", got.LastUsedAt, got.LastUsedIPs)
	}
	clock.at = first.Add(9 * time.Minute)
	db.Used(made.ID, model.APIDoor, "10.0.0.2")
	if got := look(); !got.LastUsedAt.Equal(first) || fmt.Sprint(got.LastUsedIPs) != "[10.0.0.2 10.0.0.1]" {
		t.Errorf("R95: within ten minutes: %v from %v", got.LastUsedAt, got.LastUsedIPs)
	}
	for i := range 6 {
		clock.at = first.Add(time.Duration(10+2*i) * time.Minute)
		db.Used(made.ID, model.APIDoor, fmt.Sprint("10.0.1.", i))
	}
	if got := look(); !got.LastUsedAt.Equal(first.Add(20*time.Minute)) || fmt.Sprint(got.LastUsedIPs) != "[10.0.1.5 10.0.1.4 10.0.1.3 10.0.1.2 10.0.1.1]" {
		t.Errorf("R95: five newest: %v from %v", got.LastUsedAt, got.LastUsedIPs)
	}
	clock.at = first.Add(7*24*time.Hour + 15*time.Minute)
	if got := look(); fmt.Sprint(got.LastUsedIPs) != "[10.0.1.5 10.0.1.4 10.0.1.3]" {
		t.Errorf("R95: after seven days: %v", got.LastUsedIPs)
	}
	db.Used(made.ID, model.APIDoor, "10.0.9.9")
	path := db.path
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, Options{Path: path, Clock: clock.read})
	if token, err := again.Token(t.Context(), root, model.Ref{}, made.ID); err != nil || !token.LastUsedAt.Equal(clock.at) {
		t.Errorf("R95: after a clean stop: %v, %v", token.LastUsedAt, err)
	}
}

// R173, R35 and §2 through the door that Git uses.
func TestEnter(t *testing.T) {
	db := open(t, Options{})
	addProject(t, db, "acme/web")
	ref := model.ProjectRef("ACME/Web") // R7: without case
	made := addToken(t, db, root, ref, "deploy")
	pass, err := db.Authenticate(t.Context(), made.Secret)
	if err != nil {
		t.Fatal(err)
	}
	e, err := db.Enter(t.Context(), pass.Caller, model.GitPush, model.PushCode, ref)
	if err != nil || e.Project.FullPath != "acme/web" || e.Repository == "" {
		t.Errorf("push: %+v, %v", e, err)
	}
	for _, path := range []string{"acme/none", "acme", "", "acme/web/x"} {
		if _, err := db.Enter(t.Context(), pass.Caller, model.GitPush, model.PushCode, model.ProjectRef(path)); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("R35: %q: %v", path, err)
		}
	}
	if _, err := db.Enter(t.Context(), model.Caller{}, model.GitFetch, model.ReadCode, ref); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("R35: nobody on a private project: %v", err)
	}
}

// What somebody makes up isn't remembered: it would fill the memory.
func TestSitesRemembered(t *testing.T) {
	onFile(t)
	db := open(t, Options{})
	if _, err := db.AddProject(t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: "acme/web", Parents: true}); err != nil {
		t.Fatal(err)
	}
	made, err := db.CreateToken(t.Context(), root, model.NewToken{Place: model.ProjectRef("acme/web"), Name: "x", Scopes: model.Scopes{model.ScopeAPI}})
	if err != nil {
		t.Fatal(err)
	}
	pass, err := db.Authenticate(t.Context(), made.Secret)
	if err != nil {
		t.Fatal(err)
	}
	for path, remembered := range map[string]int{strings.Repeat("x", 60_000): 0, "acme/none": 0, "acme/web": 1} {
		db.sites.found = nil
		_, err := db.EnterSite(t.Context(), pass.Caller, model.Site{Place: model.ProjectRef(path)})
		if (err == nil) != (remembered == 1) || len(db.sites.found) != remembered {
			t.Errorf("%.20s: %d are remembered, %v", path, len(db.sites.found), err)
		}
	}
}
