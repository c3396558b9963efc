package server

import (
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"
)

// overheard is the store, and what doors told it of refusals and uses.
type overheard struct {
	*storage.DB
	mu   sync.Mutex
	told []string
}

func (o *overheard) Refused(n model.Refusal) {
	o.tell(fmt.Sprintf("%d %s %q %s from %s", n.TokenID, n.Door, n.Asked, n.Rule, n.Address))
	o.DB.Refused(n)
}

func (o *overheard) Used(token int64, door model.Door, address string) {
	o.tell(fmt.Sprintf("%d %s used", token, door))
	o.DB.Used(token, door, address)
}

func (o *overheard) tell(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told = append(o.told, text)
}

// taken gives what was told since the last time.
func (o *overheard) taken() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := strings.Join(o.told, "; ")
	o.told = nil
	return text
}

// R99: every request that a door refuses is noted if its token is known, with
// what was asked and the deciding rule; no other is.
func TestRefusalsAreNoted(t *testing.T) {
	var o *overheard
	w := newWorld(t, func(c *Config) {
		o = &overheard{DB: c.Store.(*storage.DB)}
		c.Store = o
	})
	w.project("acme/web", model.Private)
	w.project("acme/secret", model.Private)
	reads := w.bot("acme/web", model.Guest, model.ScopeReadAPI)
	expires := w.bot("acme/web", model.Developer, model.ScopeAPI)
	revoked := w.bot("acme/web", model.Developer, model.ScopeAPI)
	w.revoke(revoked.ID)
	zed := w.person(model.NewUser{Username: "zed"}, "acme/web", model.Maintainer)
	made, err := w.db.CreateToken(t.Context(), root, model.NewToken{UserID: zed.ID, Name: "own", Scopes: model.Scopes{model.ScopeAPI}})
	own := w.keep(do(w, made, err))
	ask := func(rule, method, path, secret, want string) {
		t.Helper()
		header := token(secret)
		if !strings.HasPrefix(path, "/api") {
			header = "Authorization: Basic " + basic("any", secret)
		}
		if secret == "" {
			header = "Accept: */*"
		}
		w.ask(method, path, header)
		if got := o.taken(); got != want {
			t.Errorf("%s: %s %s: noted %q, want %q", rule, method, path, got, want)
		}
	}
	text := reads.Secret.Reveal()
	of := func(id int64, door, asked, rule string) string {
		return fmt.Sprintf("%d %s %q %s from 127.0.0.1", id, door, asked, rule)
	}
	ask("R95 let through", "GET", "/api/v4/projects/1", text, fmt.Sprint(reads.ID, " api used"))
	ask("R60 scope", "DELETE", "/api/v4/projects/1/access_tokens/1", text, of(reads.ID, "api", "DELETE /api/v4/projects/1/access_tokens/1", "R60"))
	ask("R44 role", "GET", "/api/v4/projects/acme%2Fweb/access_tokens?search=x", text, of(reads.ID, "api", "GET /api/v4/projects/acme%2Fweb/access_tokens", "R44"))
	ask("R35 unseen", "GET", "/api/v4/projects/2", text, of(reads.ID, "api", "GET /api/v4/projects/2", "R35"))
	ask("R92 revoked", "GET", "/api/v4/projects/1", revoked.Secret.Reveal(), of(revoked.ID, "api", "GET /api/v4/projects/1", "R92"))
	ask("R99 unknown secret", "GET", "/api/v4/projects/1", "glpat-"+strings.Repeat("x", 20), "")
	ask("R99 no secret", "GET", "/api/v4/projects/1/access_tokens", "", "")
	ask("R99 no such address", "GET", "/api/v4/nothing", text, "")
	ask("R99 a wrong value is no refusal", "GET", "/api/v4/projects/1/access_tokens?state=odd", w.rootToken(), "")

	push, fetch := "/acme/web.git/info/refs?service=git-receive-pack", "/acme/web.git/info/refs?service=git-upload-pack"
	ask("G11 scope", "GET", push, text, of(reads.ID, "git", "git push acme/web", "G14"))
	ask("G11 role", "GET", fetch, text, of(reads.ID, "git", "git fetch acme/web", "R21"))
	ask("G11 unseen", "GET", strings.Replace(fetch, "web", "secret", 1), text, of(reads.ID, "git", "git fetch acme/secret", "R35"))
	ask("G11 revoked", "GET", fetch, revoked.Secret.Reveal(), of(revoked.ID, "git", "git fetch acme/web", "R92"))
	ask("G11 let through", "GET", push, expires.Secret.Reveal(), fmt.Sprint(expires.ID, " git used"))
	ask("R99 unknown at Git", "GET", fetch, "wrong", "")
	ask("R99 nobody at Git", "GET", fetch, "", "")
	w.setClock(expires.ExpiresOn.Time())
	ask("R91 expired", "POST", "/acme/web.git/git-receive-pack", expires.Secret.Reveal(), of(expires.ID, "git", "git push acme/web", "R91"))
	ask("R91 expired", "GET", "/api/v4/version", expires.Secret.Reveal(), of(expires.ID, "api", "GET /api/v4/version", "R91"))
	w.setClock(expires.CreatedAt.Add(time.Minute))
	if _, err := w.db.ChangeUser(t.Context(), root, zed.ID, model.UserChange{Blocked: new(true)}); err != nil {
		t.Fatal(err)
	}
	ask("R153 blocked", "GET", "/api/v4/user", own.Secret.Reveal(), of(own.ID, "api", "GET /api/v4/user", "R153"))
	ask("R153 blocked", "GET", fetch, own.Secret.Reveal(), of(own.ID, "git", "git fetch acme/web", "R153"))
}

// R142, R143: a secret that stands where it doesn't belong is kept nowhere: not
// in the log, not among the refusals, percent-encoded or not, ours or another's.
func TestSecretsInPaths(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	mine, other := w.bot("acme/web", model.Developer, model.ScopeAPI), w.bot("acme/web", model.Developer, model.ScopeAPI)
	secret, another := mine.Secret.Reveal(), other.Secret.Reveal()
	encoded := strings.ReplaceAll(secret, "glpat", "%67lpat")
	for _, path := range []string{"/api/v4/projects/" + secret, "/api/v4/personal_access_tokens/" + another, "/api/v4/projects/" + encoded, "/api/v4/projects/a%2F" + secret} {
		w.ask("GET", path, token(secret))
		w.ask("GET", path)
	}
	for _, secret := range []string{secret, another} {
		w.ask("GET", "/x:"+secret+"@acme/web.git/info/refs?service=git-upload-pack", "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte("x:"+mine.Secret.Reveal())))
	}
	kept := w.logged()
	for _, id := range []int64{mine.ID, other.ID} {
		list, err := w.db.Refusals(t.Context(), root, id)
		if err != nil {
			t.Fatal(err)
		}
		kept += fmt.Sprint(list)
	}
	if !strings.Contains(kept, "glpat-[hidden]") && !strings.Contains(kept, "[hidden]") {
		t.Error("nothing was kept at all")
	}
	for _, secret := range []string{secret, another} {
		if random := strings.TrimPrefix(secret, "glpat-"); strings.Contains(kept, random) {
			t.Errorf("%s is kept:\n%s", random, kept)
		}
	}
}

// R160: every refused change of what is managed leaves an entry, whatever the
// door looked at first; a refused door request leaves none.
func TestRefusedChangesAreAudited(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	other := w.project("labs/other", model.Public)
	bot := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	zed := w.person(model.NewUser{Username: "zed"}, "acme/web", model.Developer)
	dev := w.personal(zed)
	last := func() model.Entry {
		t.Helper()
		list, err := w.db.Entries(t.Context(), root, model.AuditQuery{}, model.Page{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		return list.Rows[0]
	}
	for _, c := range []struct {
		path, body, secret string
		status             int
		rule               string // empty: no entry
	}{
		{"/api/v4/features/resource_access_token", `{"value":false}`, dev, 403, "R33"},
		{fmt.Sprintf("/api/v4/users/%d/personal_access_tokens", zed.ID), `{"name":"x","scopes":["api"]}`, dev, 403, "R33"},
		{fmt.Sprintf("/api/v4/projects/%d/access_tokens/self/rotate", other.ID), `{}`, bot, 401, "A46"},
		{fmt.Sprintf("/api/v4/projects/%d/issues", other.ID), `{"title":"x"}`, bot, 403, ""},
	} {
		before := last()
		got := w.ask("POST", c.path, token(c.secret), jsonBody, c.body)
		after := last()
		if got.status != c.status || (after.Number != before.Number) != (c.rule != "") || c.rule != "" && (!after.Refused || after.Rule != c.rule || after.Action == "") {
			t.Errorf("%s: %d %s, %+v", c.path, got.status, got.body, after)
		}
	}
}

// R35, A45: who can't see tokens isn't told whether there is one of that number.
func TestRotationTellsNothing(t *testing.T) {
	w := newWorld(t)
	p := w.project("acme/web", model.Private)
	made := w.bot("acme/web", model.Developer, model.ScopeAPI)
	dev := token(w.personal(w.person(model.NewUser{Username: "zed"}, "acme/web", model.Developer)))
	path := fmt.Sprintf("/api/v4/projects/%d/access_tokens/", p.ID)
	there, absent := w.ask("POST", fmt.Sprint(path, made.ID, "/rotate"), dev), w.ask("POST", path+"99/rotate", dev)
	for _, got := range []answer{there, absent} {
		got.header.Del("X-Request-Id")
		got.header.Del("Date")
	}
	if there.status != 401 || fmt.Sprint(there.status, there.body, there.header) != fmt.Sprint(absent.status, absent.body, absent.header) {
		t.Errorf("%d %s %v\n%d %s %v", there.status, there.body, there.header, absent.status, absent.body, absent.header)
	}
	w.expect("A44", w.ask("DELETE", fmt.Sprint(path, made.ID), dev), 400, `{"message":"400 Bad request - zed cannot delete deploy"}`)
}

// R141: a prefix of the instance's own is known once a secret with it was let in.
func TestMaskedPrefix(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	if _, err := w.db.ChangeSetting(t.Context(), root, model.SettingPrefix, "corp_"); err != nil {
		t.Fatal(err)
	}
	mine, other := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal(), w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	w.ask("GET", "/api/v4/user", token(mine))
	w.ask("GET", "/api/v4/projects/"+other)
	if random := strings.TrimPrefix(other, "corp_"); strings.Contains(w.logged(), random) || !strings.Contains(w.logged(), "corp_[hidden]") {
		t.Error(w.logged())
	}
}
