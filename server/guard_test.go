package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"patrol/model"
)

// guarded is a project, a token whose secret is live, and a checkout of what was
// pushed by somebody who may see and revoke it.
func (w *world) guarded() (p model.Project, live model.IssuedToken, c checkout, remote string) {
	w.Helper()
	p = w.project("acme/web", model.Private)
	live = w.bot("acme/web", model.Reporter, model.ScopeReadAPI)
	pusher := w.bot("acme/web", model.Maintainer, model.ScopeAPI)
	c = w.checkout("guarded")
	c.run("init", "-q")
	c.commit("README", "hello")
	remote = w.remote("acme/web", pusher.Secret.Reveal())
	c.run("push", "-q", remote, "main")
	return p, live, c, remote
}

func (w *world) published(id int64) bool {
	w.Helper()
	token, err := w.db.Token(w.Context(), root, model.Ref{}, id)
	return !do(w, token, err).PublishedAt.IsZero()
}

// tokens, and of them the last number of the audit entries with an action.
func (w *world) audited(action string) (last string, count int) {
	w.Helper()
	list, err := w.db.Entries(w.Context(), root, model.AuditQuery{}, model.Page{})
	for _, e := range do(w, list, err).Rows {
		if e.Action == action {
			if count++; count == 1 {
				last = e.Change
			}
		}
	}
	return last, count
}

// A push that would publish a live secret changes nothing, wherever the secret
// stands, and says what it is about to who may know (G110, G113).
func TestPushProtection(t *testing.T) {
	w := newWorld(t)
	p, live, c, remote := w.guarded()
	secret := live.Secret.Reveal()
	head := c.run("rev-parse", "HEAD")
	where := map[string]func() (ref, says string){
		"a file": func() (string, string) {
			os.Mkdir(filepath.Join(c.dir, "config"), 0o700)
			id := c.commit("config/prod.env", "A=1\nTOKEN="+secret+"\n")
			return "main", fmt.Sprintf("remote: a live token would be published: %d deploy of acme/web, in config/prod.env (commit %s). Revoke it, or take it out of the history.", live.ID, id[:7])
		},
		"a file that a later commit removes": func() (string, string) {
			id := c.commit("env", secret)
			c.run("rm", "-q", "env")
			c.run("commit", "-q", "-m", "oops")
			return "main", "in env (commit " + id[:7] + ")"
		},
		"a message": func() (string, string) {
			c.run("commit", "-q", "--allow-empty", "-m", "use "+secret)
			return "main", "in the message of commit " + c.run("rev-parse", "HEAD")[:7]
		},
		"a tag's message": func() (string, string) {
			c.run("tag", "-a", "-m", "use "+secret, "v1")
			return "v1", "in the message of a tag"
		},
		"many files": func() (string, string) { // Git keeps them in a pack
			for i := range 150 {
				if err := os.WriteFile(filepath.Join(c.dir, fmt.Sprint("f", i)), fmt.Appendf(nil, "%d", i), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			c.run("add", ".")
			c.commit("other", "x"+secret+"y")
			return "main", "in other (commit "
		},
	}
	for name, make := range where {
		c.run("reset", "-q", "--hard", head)
		ref, says := make()
		c.refuse(says, "push", "-q", remote, ref)
		c.refuse(says, "push", "-q", remote, ref, "main:refs/heads/another")
		c.refuse(says, "push", "-q", "-o", "x=y", remote, ref)
		if out, _ := c.try("push", remote, ref); strings.Contains(out, secret) {
			t.Errorf("G110: %s: the secret is told: %s", name, out)
		}
		if got := w.bare(p).run("for-each-ref", "--format=%(refname) %(objectname)"); got != "refs/heads/main "+head {
			t.Errorf("G110: %s: the refs are %s", name, got)
		}
	}
	if last, count := w.audited(model.PushRefused); count == 0 || !strings.Contains(last, fmt.Sprintf(`"tokens":[%d]`, live.ID)) {
		t.Errorf("G113: %d entries, %s", count, last)
	}
	left, _ := filepath.Glob(filepath.Join(w.bare(p).dir, "objects", "tmp_*"))
	if len(left) > 0 {
		t.Errorf("G110: it left %v", left)
	}
	w.bare(p).run("fsck", "--strict")
}

// What a push doesn't publish doesn't stop it: dead secrets (G111), what looks
// like one, what the repository holds already, what nothing leads to.
func TestPushLetThrough(t *testing.T) {
	w := newWorld(t)
	p, live, c, remote := w.guarded()
	dead := w.bot("acme/web", model.Reporter, model.ScopeReadAPI)
	w.revoke(dead.ID)
	c.commit("dead", dead.Secret.Reveal()+"\nglpat-aaaaaaaaaaaaaaaaaaaa\n"+strings.Repeat("0123456789abcdef", 20))
	c.run("push", "-q", remote, "main")
	w.set(model.SettingPushProtection, "false")
	c.commit("live", live.Secret.Reveal())
	c.run("push", "-q", remote, "main")
	w.set(model.SettingPushProtection, "true")
	c.commit("live", live.Secret.Reveal()+" ") // a delta of what is there, which Git sends without it
	c.refuse("in live (commit", "push", "-q", remote, "main")
	c.run("reset", "-q", "--hard", "HEAD~1")
	c.run("push", "-q", remote, "main:refs/heads/again")
	c.run("mv", "live", "moved")
	c.run("commit", "-q", "-m", "moved")
	c.run("push", "-q", remote, "main", ":again")
	large := strings.Repeat("x", 33<<20)
	if err := os.WriteFile(filepath.Join(c.dir, "large"), []byte(live.Secret.Reveal()+"\n"+large), 0o600); err != nil {
		t.Fatal(err)
	}
	c.run("add", "large")
	c.run("commit", "-q", "-m", "large")
	c.run("push", "-q", remote, "main")
	pushes, err := w.db.TokenHistory(t.Context(), root, 2, model.Page{})
	if rows := do(w, pushes, err).Rows; !strings.Contains(rows[0].Text, "1 object of 33 MiB unseen") {
		t.Errorf("G111: the record says %q", rows[0].Text)
	}
	if w.published(live.ID) {
		t.Error("G112: it counts as published")
	}
	w.bare(p).run("fsck", "--strict")
}

// Who may revoke the token may publish it, and it is known from then on (G112).
func TestPublish(t *testing.T) {
	w := newWorld(t)
	_, live, c, remote := w.guarded()
	developer := w.bot("acme/web", model.Developer, model.ScopeAPI)
	c.commit("env", live.Secret.Reveal())
	c.refuse("a live token of this server would be published, in env", "push", "-q", "-o", "patrol.publish", w.remote("acme/web", developer.Secret.Reveal()), "main")
	if w.published(live.ID) {
		t.Error("G112: a Developer published it")
	}
	c.run("push", "-q", "-o", "patrol.publish", remote, "main")
	if !w.published(live.ID) {
		t.Error("G112: it doesn't read as published")
	}
	if last, count := w.audited(model.TokenPublished); count != 1 || !strings.Contains(last, `"path":"env"`) {
		t.Errorf("G112: %d entries, %s", count, last)
	}
	filter, wrong := model.ParseFilter("state:published")
	found, err := w.db.Tokens(t.Context(), root, model.TokenQuery{Filter: filter}, model.Page{})
	if rows := do(w, found, err).Rows; wrong != nil || len(rows) != 1 || rows[0].ID != live.ID {
		t.Errorf("G112: the filter finds %v", rows)
	}
	own := w.bot("acme/web", model.Developer, model.ScopeWriteRepository)
	c.commit("own", own.Secret.Reveal())
	c.refuse(fmt.Sprintf("%d deploy of acme/web, in own", own.ID), "push", "-q", w.remote("acme/web", own.Secret.Reveal()), "main")
}
