package server

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"patrol/git"
	"patrol/model"
	"patrol/server/door"
)

// G24 to G29: the ways to push, what is refused, and the record of each push.
func TestGitPush(t *testing.T) {
	w := newWorld(t)
	p, made, c := w.pushed()
	remote := w.remote("acme/web", made.Secret.Reveal())
	c.run("remote", "add", "origin", remote)

	c.run("commit", "-q", "--amend", "-m", "other")
	c.refuse("[rejected]", "push", "origin", "main")
	c.run("push", "-q", "--force", "origin", "main")
	now := c.run("rev-parse", "HEAD")
	if got := w.bare(p).run("rev-parse", "main"); got != now {
		t.Errorf("G24: forced: %s", got)
	}
	c.run("push", "-q", "-o", "ci.skip", "-o", "x=y", "origin", "main:one", "main:two", "main:refs/notes/odd") // G25
	c.run("push", "-q", "--atomic", "origin", "main:three", ":one")
	c.run("tag", "v1")
	c.run("push", "-q", "origin", "v1")
	c.run("push", "-q", "origin", "main:gone")
	c.run("push", "-q", "origin", ":gone", ":main") // G28: no branch is protected
	c.run("push", "-q", "origin", "main")

	t.Run("atomic", func(t *testing.T) {
		stale := w.checkout("stale")
		stale.run("clone", "-q", remote, ".")
		stale.commit("more", "more")
		c.commit("newer", "newer")
		c.run("push", "-q", "origin", "main")
		if out, err := stale.try("push", "--atomic", "origin", "main", "main:four"); err == nil {
			t.Error(out)
		}
		if got := c.run("ls-remote", "origin", "four"); got != "" {
			t.Errorf("G24: half of an atomic push: %s", got)
		}
	})
	t.Run("refused", func(t *testing.T) {
		reporter := w.bot("acme/web", model.Reporter, model.ScopeAPI).Secret.Reveal()
		reader := w.bot("acme/web", model.Developer, model.ScopeReadRepository).Secret.Reveal()
		c.refuse("remote: You are not allowed to push code to this project.", "push", w.remote("acme/web", reporter), "main")
		c.refuse("remote: You are not allowed to upload code.", "push", w.remote("acme/web", reader), "main")
		c.refuse("remote: The project you were looking for could not be found", "push", w.remote("acme/nothing", made.Secret.Reveal()), "main")
		c.refuse("HTTP Basic: Access denied.", "ls-remote", w.remote("acme/web", "nonsense"))
	})
	t.Run("large and zipped", func(t *testing.T) { // chunked, behind a probe; G21, G22
		c.run("config", "http.postBuffer", "1024")
		for i := range 40 {
			c.commit(fmt.Sprint("big", i%4), strings.Repeat(fmt.Sprint(i), 20000))
		}
		c.run("push", "-q", "origin", "main")
		again := w.checkout("again")
		again.run("clone", "-q", remote, ".")
		for i := range 30 { // many haves: their request is zipped
			again.run("commit", "-q", "--allow-empty", "-m", fmt.Sprint(i))
		}
		c.commit("last", "last")
		c.run("push", "-q", "origin", "main")
		again.run("fetch", "-q")
		if got := again.run("rev-parse", "origin/main"); got != c.run("rev-parse", "main") {
			t.Errorf("G21: fetched %s", got)
		}
	})
	t.Run("no hook, no leftovers", func(t *testing.T) { // G27
		bare := w.bare(p)
		hooks := filepath.Join(bare.dir, "hooks")
		if err := os.MkdirAll(hooks, 0o700); err != nil {
			t.Fatal(err)
		}
		marker := filepath.Join(w.dir, "hook-was-run")
		for _, hook := range []string{"pre-receive", "update", "post-receive", "post-update", "reference-transaction", "proc-receive", "push-to-checkout"} {
			script := "#!/bin/sh\necho " + hook + " >> " + marker + "\nexit 1\n"
			if err := os.WriteFile(filepath.Join(hooks, hook), []byte(script), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		c.commit("hooked", "hooked")
		c.run("push", "-q", "origin", "main")
		if text, err := os.ReadFile(marker); err == nil {
			t.Errorf("G27: these hooks ran:\n%s", text)
		}
		bare.run("fsck", "--strict")
	})
	t.Run("recorded", func(t *testing.T) { // G29, through what the store shows of it
		history, err := w.db.TokenHistory(context.Background(), root, made.ID, model.Page{Limit: 100})
		do(w, history, err)
		var pushes []string
		for _, event := range slices.Backward(history.Rows) {
			if event.Action == "git push" {
				pushes = append(pushes, event.Text)
			}
		}
		want := []string{"main", "main", "one two refs/notes/odd", "one three", "refs/tags/v1", "gone", "gone main", "main", "main", "main", "main", "main"}
		for i := range want {
			want[i] = "acme/web, " + want[i]
		}
		if !slices.Equal(pushes, want) {
			t.Errorf("G29:\n got %q\nwant %q", pushes, want)
		}
	})
}

// G29: clients that ask Git for no report, or that don't wait for it, are
// recorded too.
func TestUnreportedPush(t *testing.T) {
	w := newWorld(t)
	p, made, c := w.pushed()
	head := c.run("rev-parse", "HEAD")
	pushes := func() (n int) {
		history, err := w.db.TokenHistory(context.Background(), root, made.ID, model.Page{Limit: 100})
		for _, event := range do(w, history, err).Rows {
			if event.Action == "git push" {
				n++
			}
		}
		return n
	}
	command := func(ref, abilities string) string { // a ref to a commit that is there: an empty pack does
		const emptyPack = "PACK\x00\x00\x00\x02\x00\x00\x00\x00\x02\x9d\x08\x82\x3b\xd8\xa8\xea\xb5\x10\xad\x6a\xc7\x5c\x82\x3c\xfd\x3e\xd3\x1e"
		return git.PktLine(idZero+" "+head+" refs/heads/"+ref+"\x00"+abilities) + "0000" + emptyPack
	}
	got := w.git("POST", "/acme/web.git/git-receive-pack", "x", made.Secret.Reveal(), "Content-Type: application/x-git-receive-pack-request", command("silent", "agent=x"))
	w.expect("no report asked", got, 200, "")
	if n := pushes(); n != 2 {
		t.Errorf("G29: %d pushes are recorded", n)
	}
	got = w.git("POST", "/acme/web.git/git-receive-pack", "x", made.Secret.Reveal(), "Content-Type: application/x-git-receive-pack-request", command("silent", "agent=x"))
	w.expect("one that Git refuses", got, 200, "")
	if n := pushes(); n != 2 {
		t.Errorf("G29: %d pushes are recorded", n)
	}

	conn := w.dial()
	body := command("hasty", "report-status side-band-64k")
	fmt.Fprintf(conn, "POST /acme/web.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\n"+
		"Content-Type: application/x-git-receive-pack-request\r\nContent-Length: %d\r\n\r\n%s", basic("x", made.Secret.Reveal()), len(body), body)
	conn.Close()
	w.await("the push is recorded", func() bool { return pushes() == 3 })
	if got := w.bare(p).run("rev-parse", "hasty"); got != head {
		t.Errorf("recorded, but %s", got)
	}
}

// G26: of two pushes to one ref at the same time exactly one wins; pushes to
// different refs all do.
func TestConcurrentPushes(t *testing.T) {
	w := newWorld(t)
	p, made, _ := w.pushed()
	remote := w.remote("acme/web", made.Secret.Reveal())
	const n = 6
	clones := make([]checkout, n)
	for i := range clones {
		clones[i] = w.checkout(fmt.Sprint("clone", i))
		clones[i].run("clone", "-q", remote, ".")
		clones[i].commit("mine", fmt.Sprint(i))
	}
	var wins, own sync.Map
	var all sync.WaitGroup
	for i, c := range clones {
		all.Go(func() {
			if _, err := c.try("push", "-q", "origin", "main"); err == nil {
				wins.Store(i, true)
			}
			if out, err := c.try("push", "-q", "origin", fmt.Sprint("main:own", i)); err == nil {
				own.Store(i, true)
			} else {
				t.Errorf("G26: to its own ref: %s", out)
			}
		})
	}
	all.Wait()
	won := 0
	wins.Range(func(any, any) bool { won++; return true })
	if won != 1 {
		t.Errorf("G26: %d pushes to one ref won", won)
	}
	w.bare(p).run("fsck", "--strict")
}

// G23, G26: a push that is cut off in the middle changes no ref and leaves
// nothing behind, neither a lock nor what Git has unpacked of it; so does one
// whose client goes away.
func TestCutPush(t *testing.T) {
	w := newWorld(t)
	p, made, c := w.pushed()
	secret := made.Secret.Reveal()
	old := c.run("rev-parse", "HEAD")
	now := c.commit("cut", strings.Repeat("never seen again ", 5000))
	pack := exec.Command("git", "pack-objects", "--revs", "--stdout", "--thin", "-q")
	pack.Dir = c.dir
	pack.Stdin = strings.NewReader(now + "\n^" + old + "\n")
	data, err := pack.Output()
	if err != nil {
		t.Fatal(err)
	}
	body := git.PktLine(old+" "+now+" refs/heads/main\x00report-status side-band-64k") + git.PktLine(idZero+" "+old+" refs/heads/new") + "0000" + string(data)
	refs := func() string { return w.bare(p).run("for-each-ref") }
	before := refs()

	send := func(body io.Reader, length int64) {
		r, err := http.NewRequest("POST", w.url+"/acme/web.git/git-receive-pack", body)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = length
		r.SetBasicAuth("any", secret)
		r.Header.Set("Content-Type", "application/x-git-receive-pack-request")
		response, err := client.Do(r)
		if err == nil {
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
	}
	for _, at := range []int{10, 150, len(body) - len(data) - 2, len(body) - len(data), len(body) - len(data)/2, len(body) - 1} {
		for _, length := range []int64{-1, int64(len(body))} { // chunked, or of a length that isn't kept
			send(io.MultiReader(strings.NewReader(body[:at]), broken{}), length)
			w.await("git has ended", func() bool { return !gitRunning(w.bare(p).dir) })
			if got := refs(); got != before {
				t.Errorf("G26: cut at %d of %d: %s", at, len(body), got)
			}
		}
	}
	unpacked := func() []string {
		files, _ := filepath.Glob(filepath.Join(w.bare(p).dir, "objects", "tmp_*"))
		return files
	}
	slow, feed := io.Pipe()
	ended := make(chan bool)
	go func() {
		send(slow, -1)
		close(ended)
	}()
	fmt.Fprint(feed, body[:len(body)-1])
	w.await("git has unpacked something", func() bool { return unpacked() != nil })
	feed.CloseWithError(io.ErrClosedPipe)
	<-ended
	w.await("git has ended and taken away what it has unpacked", func() bool { return !gitRunning(w.bare(p).dir) && unpacked() == nil })
	if got := refs(); got != before {
		t.Errorf("G26: %s", got)
	}
	send(strings.NewReader(zipped(body)[:40]), -1)
	if got := refs(); got != before {
		t.Errorf("G26: %s", got)
	}
	c.run("push", "-q", w.remote("acme/web", secret), "main") // nothing is locked
	if got := w.bare(p).run("rev-parse", "main"); got != now {
		t.Errorf("pushed %s, main is %s", now, got)
	}
	w.bare(p).run("fsck", "--strict")
}

// broken is a body that ends in an error: the client closes the connection.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// After a push into a repository of many packs they are put together, and it is
// still what it was.
func TestHousekeeping(t *testing.T) {
	w := newWorld(t)
	p, made, c := w.pushed()
	bare := w.bare(p)
	for i := range 51 {
		file := filepath.Join(t.TempDir(), "import")
		text := fmt.Sprintf("commit refs/heads/b%d\ncommitter a <a@b> 1 +0000\ndata 1\nx\nM 644 inline f\ndata 2\n%02d\n", i, i%100)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		stream, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("git", "-C", bare.dir, "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet")
		cmd.Stdin = stream
		out, err := cmd.CombinedOutput()
		stream.Close()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	refs := func() string {
		return bare.run("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads/b*", "refs/heads/main")
	}
	before := refs()
	c.commit("new", "new")
	c.run("push", "-q", w.remote("acme/web", made.Secret.Reveal()), "main:after")
	w.hears("repository packed")
	if packs, err := filepath.Glob(filepath.Join(bare.dir, "objects", "pack", "*.pack")); err != nil || len(packs) > 2 {
		t.Errorf("%d packs, %v", len(packs), err)
	}
	bare.run("fsck", "--strict")
	if after := refs(); after != before {
		t.Errorf("refs:\n%s\nbefore:\n%s", after, before)
	}
	again := w.checkout("again")
	again.run("clone", "-q", w.remote("acme/web", made.Secret.Reveal()), ".")
}

// A80: a project whose branches are all deleted is empty again.
func TestAllBranchesDeleted(t *testing.T) {
	w := newWorld(t)
	p, made, c := w.pushed()
	remote := w.remote("acme/web", made.Secret.Reveal())
	branch := func() any {
		return w.ask("GET", fmt.Sprintf("/api/v4/projects/%d", p.ID), token(w.rootToken())).object(t)["default_branch"]
	}
	c.run("push", "-q", remote, "main:other", ":main")
	if got := branch(); got != "other" {
		t.Errorf("%v", got)
	}
	w.bare(p).run("pack-refs", "--all")
	c.run("push", "-q", remote, "main:zoo", ":other")
	if got := branch(); got != "zoo" {
		t.Errorf("%v", got)
	}
	c.run("push", "-q", remote, ":zoo")
	if got := branch(); got != nil {
		t.Errorf("%v", got)
	}
}

// Garbage of any size, of which Git reads a part, gets an answer and leaves a
// connection that is good or closed; nothing of it is taken for a request (G11).
func TestGarbageBodies(t *testing.T) {
	w := newWorld(t)
	_, made, _ := w.pushed()
	for _, size := range []int{1, 4 << 10, 70 << 10, 300 << 10, 2 << 20} {
		for _, service := range []*door.Service{door.Fetching, door.Pushing} {
			garbage := strings.Repeat("\nGET /-/readiness HTTP/1.1\r\nHost: x\r\n\r\n", size/38+1)[:size]
			for range 3 {
				a := w.git("POST", "/acme/web.git/"+string(service.Name), "any", made.Secret.Reveal(),
					"Content-Type: "+requestType(service), garbage)
				if a.status != http.StatusBadRequest && a.status != http.StatusOK {
					t.Errorf("%d bytes of garbage for %s: %d %s", size, service.Name, a.status, a.body)
				}
			}
		}
	}
	if log := w.logged(); strings.Contains(log, "panic") || strings.Contains(log, "readiness") {
		t.Errorf("the log of garbage: %s", log)
	}
}

// A push that Git refuses while the client still sends keeps its report.
func TestRefusedWhileSending(t *testing.T) {
	w := newWorld(t)
	_, made, _ := w.pushed()
	conn := w.dial()
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	commands := git.PktLine(idZero+" "+strings.Repeat("1", 40)+" refs/heads/x\x00report-status") + "0000"
	fmt.Fprintf(conn, "POST /acme/web.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\n"+
		"Content-Type: application/x-git-receive-pack-request\r\nContent-Length: 1000000\r\n\r\n%sPACK not a pack", basic("x", made.Secret.Reveal()), commands)
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(answer), "unpack ") || !strings.Contains(string(answer), "ng refs/heads/x") {
		t.Errorf("the answer to a push that was refused: %q, %v", answer, err)
	}
	if !strings.Contains(string(answer), "\r\n0\r\n\r\n") {
		t.Errorf("the answer looks cut off: %q", answer)
	}
}
