package server

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"patrol/git"
	"patrol/model"
	"patrol/server/door"
)

// zipped is a body for Content-Encoding: gzip.
func zipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.String()
}

// checkout is a folder in which the real git works, with an empty home.
type checkout struct {
	*world
	dir string
}

func (w *world) checkout(name string) checkout {
	w.Helper()
	dir := filepath.Join(w.dir, "work", name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		w.Fatal(err)
	}
	return checkout{w, dir}
}

// remote is a repository's address with a token in it.
func (w *world) remote(path, secret string) string {
	u, _ := url.Parse(w.url + "/" + path + ".git")
	u.User = url.UserPassword("any", secret)
	return u.String()
}

// try runs git and gives all that it says.
func (c checkout) try(args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "user.name=Dave", "-c", "user.email=d@example.com", "-c", "init.defaultBranch=main",
		"-c", "commit.gpgsign=false", "-c", "gc.auto=0"}, args...)...)
	cmd.Dir = c.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.world.dir, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C", "GIT_TERMINAL_PROMPT=0"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// run runs git, which must work.
func (c checkout) run(args ...string) string {
	c.Helper()
	out, err := c.try(args...)
	if err != nil {
		c.Errorf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(out)
}

// refuse runs git, which must fail and say something.
func (c checkout) refuse(says string, args ...string) {
	c.Helper()
	if out, err := c.try(args...); err == nil || !strings.Contains(out, says) {
		c.Errorf("git %s: %v, without %q\n%s", strings.Join(args, " "), err, says, out)
	}
}

// commit makes a commit with one file and gives its id.
func (c checkout) commit(file, text string) string {
	c.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, file), []byte(text), 0o600); err != nil {
		c.Fatal(err)
	}
	c.run("add", file)
	c.run("commit", "-q", "-m", file)
	return c.run("rev-parse", "HEAD")
}

// bare is a project's repository on the server.
func (w *world) bare(p model.Project) checkout {
	return checkout{w, filepath.Join(w.dir, "repositories", fmt.Sprint(p.ID, ".git"))}
}

// pushed is a project whose main has three commits, pushed with the token.
func (w *world) pushed() (p model.Project, made model.IssuedToken, c checkout) {
	w.Helper()
	p = w.project("acme/web", model.Private)
	made = w.bot("acme/web", model.Developer, model.ScopeWriteRepository)
	c = w.checkout("first")
	c.run("init", "-q")
	for i := range 3 {
		c.commit(fmt.Sprint("file", i), fmt.Sprint("text", i))
	}
	c.run("push", "-q", w.remote("acme/web", made.Secret.Reveal()), "main")
	return p, made, c
}

// G20, G24, G28: clone, fetch, push and ls-remote, in each protocol.
func TestGitProtocols(t *testing.T) {
	w := newWorld(t)
	p, made, first := w.pushed()
	remote := w.remote("acme/web", made.Secret.Reveal())
	head := first.run("rev-parse", "HEAD")
	if got := w.bare(p).run("symbolic-ref", "HEAD"); got != "refs/heads/main" {
		t.Errorf("G28: HEAD is %s", got)
	}
	if got := w.ask("GET", "/api/v4/projects/1", token(w.rootToken())).object(t); got["default_branch"] != "main" || got["empty_repo"] != false {
		t.Errorf("G28: %v %v", got["default_branch"], got["empty_repo"])
	}
	for _, version := range []string{"0", "1", "2"} {
		t.Run("protocol "+version, func(t *testing.T) {
			protocol := "protocol.version=" + version
			name := "v" + version
			at := w.checkout(name)
			if got := at.run("-c", protocol, "ls-remote", remote, "main"); got != head+"\trefs/heads/main" {
				t.Errorf("G20: ls-remote: %s", got)
			}
			at.run("-c", protocol, "clone", "-q", remote, "full")
			at.run("-c", protocol, "clone", "-q", "--depth", "1", "--single-branch", remote, "shallow")
			at.run("-c", protocol, "clone", "-q", "--filter=blob:none", remote, "partial")
			at.run("-c", protocol, "clone", "-q", "--bare", strings.TrimSuffix(remote, ".git"), "redirected") // G2
			full, shallow, partial := checkout{w, filepath.Join(at.dir, "full")}, checkout{w, filepath.Join(at.dir, "shallow")}, checkout{w, filepath.Join(at.dir, "partial")}
			if n := full.run("rev-list", "--count", "HEAD"); n != "3" {
				t.Errorf("G24: %s commits", n)
			}
			if n := shallow.run("rev-list", "--count", "HEAD"); n != "1" {
				t.Errorf("G24: --depth 1: %s commits", n)
			}
			if text, err := os.ReadFile(filepath.Join(partial.dir, "file2")); err != nil || string(text) != "text2" {
				t.Errorf("G24: partial clone: %q, %v", text, err)
			}
			full.run("checkout", "-q", "-b", name)
			id := full.commit(name, name)
			full.run("tag", "-a", "-m", name, "tag-"+name)
			full.run("-c", protocol, "push", "-q", "--follow-tags", "origin", name)
			shallow.run("-c", protocol, "fetch", "-q", "origin", name, "tag", "tag-"+name)
			if got := shallow.run("rev-parse", "tag-"+name+"^{commit}"); got != id {
				t.Errorf("G24: fetched %s, pushed %s", got, id)
			}
			shallow.commit("shallow", name)
			shallow.run("-c", protocol, "push", "-q", "origin", "HEAD:refs/heads/from-shallow-"+name)
			full.run("-c", protocol, "push", "-q", "--delete", "origin", name)
			if got := full.run("-c", protocol, "ls-remote", "origin", name); got != "" {
				t.Errorf("G24: deleted, but %s", got)
			}
		})
	}
	w.bare(p).run("fsck", "--strict")
}

// G22: a refusal comes instead of 100 Continue.
func TestExpectContinue(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	for shown, want := range map[string]string{secret: "HTTP/1.1 100 Continue", "nonsense": "HTTP/1.1 401 Unauthorized"} {
		conn := w.dial()
		fmt.Fprintf(conn, "POST /acme/web.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\n"+
			"Content-Type: application/x-git-receive-pack-request\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n", basic("x", shown))
		answer := bufio.NewReader(conn)
		if line, err := answer.ReadString('\n'); strings.TrimSpace(line) != want {
			t.Errorf("G22: %q, %v", line, err)
		}
		conn.Close()
	}
}

func (w *world) dial() net.Conn {
	w.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	return do(w, conn, err)
}

func basic(user, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + secret))
}

// G17: each request is decided anew; what was allowed for info/refs says
// nothing about the POST after it.
func TestRevokedBetween(t *testing.T) {
	w := newWorld(t)
	_, made, c := w.pushed()
	secret := made.Secret.Reveal()
	if got := w.git("GET", "/acme/web"+pushRefs, "x", secret); got.status != 200 {
		t.Fatalf("%d", got.status)
	}
	w.revoke(made.ID)
	w.expect("G17", w.git("POST", "/acme/web.git/git-receive-pack", "x", secret, "Content-Type: application/x-git-receive-pack-request", "0000"), 401, door.TextAccessDenied+"\n")
	c.refuse("Access denied", "fetch", w.remote("acme/web", secret))
}

// G23: the client going away ends the Git process of a fetch.
func TestClientGone(t *testing.T) {
	w := newWorld(t)
	p, made, c := w.pushed()
	noise := make([]byte, 16<<20) // a pack that no socket buffer holds
	rand.NewChaCha8([32]byte{}).Read(noise)
	for _, key := range []string{"core.compression", "pack.compression"} {
		c.run("config", key, "0") // for speed: it doesn't pack anyway
	}
	c.commit("noise", string(noise))
	c.run("push", "-q", w.remote("acme/web", made.Secret.Reveal()), "main")
	head := c.run("rev-parse", "HEAD")
	ctx, cancel := context.WithCancel(context.Background())
	request := git.PktLine("want "+head+" side-band-64k no-progress\n") + "0000" + git.PktLine("done\n")
	r, _ := http.NewRequestWithContext(ctx, "POST", w.url+"/acme/web.git/git-upload-pack", strings.NewReader(request))
	r.SetBasicAuth("any", made.Secret.Reveal())
	r.Header.Set("Content-Type", "application/x-git-upload-pack-request")
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.ReadFull(response.Body, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if !gitRunning(w.bare(p).dir) {
		t.Fatal("the pack is too small for this test")
	}
	cancel()
	w.await("Git has ended", func() bool { return !gitRunning(w.bare(p).dir) })
}

// A83: default_branch is where HEAD points, and with initialize_with_readme the
// project can be cloned at once.
func TestProjectWithReadme(t *testing.T) {
	w := newWorld(t)
	w.pushed()
	auth := token(w.rootToken())
	group := w.ask("GET", "/api/v4/groups/acme", auth).object(t)["id"]
	got := w.ask("POST", "/api/v4/projects", auth, fmt.Sprintf(`{"name":"Shop","namespace_id":%v,"default_branch":"trunk","initialize_with_readme":true}`, group), jsonBody)
	p := got.object(t)
	if got.status != 201 || p["default_branch"] != "trunk" || p["empty_repo"] != false {
		t.Fatalf("%d %s", got.status, got.body)
	}
	c := w.checkout("readme")
	c.run("clone", "-q", w.remote("acme/shop", w.rootToken()), "shop")
	if text := c.run("-C", "shop", "show", "trunk:README.md"); text != "# Shop" {
		t.Errorf("%q", text)
	}
	got = w.ask("POST", "/api/v4/projects", auth, fmt.Sprintf(`{"name":"Bad","namespace_id":%v,"default_branch":"a..b"}`, group), jsonBody)
	w.expect("A83", got, 400, `{"message":{"default_branch":["is not a name for a branch"]}}`)
}
