package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"patrol/model"
)

const (
	branchSample = `{"name":"main","merged":false,"protected":false,"developers_can_push":false,"developers_can_merge":false,"can_push":true,"default":true,"web_url":"https://patrol.example/acme/web/-/tree/main","commit":{}}`
	commitSample = `{"id":"","short_id":"","created_at":"","parent_ids":[],"title":"First","message":"First\n","author_name":"Dave","author_email":"d@example.com","authored_date":"","committer_name":"Dave","committer_email":"d@example.com","committed_date":"","trailers":{},"web_url":"","stats":{"additions":1,"deletions":0,"total":1},"status":null}`
	entrySample  = `{"id":"ce013625030ba8dba906f756967f9e9ca394464a","name":"README.md","type":"blob","path":"README.md","mode":"100644"}`
	fileSample   = `{"file_name":"README.md","file_path":"README.md","size":6,"encoding":"base64","content":"aGVsbG8K","content_sha256":"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03","ref":"main","blob_id":"ce013625030ba8dba906f756967f9e9ca394464a","commit_id":"","last_commit_id":"","execute_filemode":false}`
)

// code is a project with one commit of a README.md, pushed with the bot's token.
func (w *world) code(path string, v model.Visibility) (p model.Project, secret string, c checkout, head string) {
	w.Helper()
	p = w.project(path, v)
	secret = w.bot(path, model.Developer, model.ScopeAPI).Secret.Reveal()
	c = w.checkout(strings.ReplaceAll(path, "/", "-"))
	c.run("init", "-q")
	if err := os.WriteFile(filepath.Join(c.dir, "README.md"), []byte("hello\n"), 0o600); err != nil {
		w.Fatal(err)
	}
	c.run("add", ".")
	c.run("commit", "-q", "-m", "First")
	c.run("push", "-q", w.remote(path, secret), "main")
	return p, secret, c, c.run("rev-parse", "HEAD")
}

// A130 to A136: the objects as clients get them.
func TestRepositoryObjects(t *testing.T) {
	w := newWorld(t)
	_, secret, c, head := w.code("acme/web", model.Private)
	at := "/api/v4/projects/acme%2Fweb/repository/"
	get := func(path string) answer { t.Helper(); return w.ask("GET", at+path, token(secret)) }
	one := func(got answer) answer {
		t.Helper()
		if list := got.list(t); len(list) != 1 || got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
		got.body = strings.TrimSuffix(strings.TrimPrefix(got.body, "["), "]")
		return got
	}
	w.like("A130", one(get("branches")), 200, branchSample, "web_url", "commit")
	w.like("A130", get("branches/main"), 200, branchSample, "web_url", "commit")
	w.like("A132", one(get("tree")), 200, entrySample)
	w.like("A132", one(get("tree?recursive=true&ref="+head)), 200, entrySample)
	w.like("A133", get("files/README.md?ref=main"), 200, fileSample, "commit_id", "last_commit_id")
	w.like("A136", get("commits/main"), 200, commitSample, "id", "short_id", "created_at", "authored_date", "committed_date", "web_url")
	commit := one(get("commits"))
	w.like("A136", commit, 200, commitSample[:strings.Index(commitSample, `,"stats"`)]+"}", "id", "short_id", "created_at", "authored_date", "committed_date", "web_url")
	w.expect("A130", get("branches/main"), 200, strings.Replace(strings.Replace(branchSample, "https://patrol.example", w.url, 1), `"commit":{}`, `"commit":`+commit.body, 1))
	if h := commit.header; h.Get("X-Total") != "" || h.Get("X-Next-Page") != "" || commit.object(t)["id"] != head || commit.object(t)["web_url"] != w.url+"/acme/web/-/commit/"+head {
		t.Errorf("A136: %s %v", commit.body, h)
	}
	file := w.ask("HEAD", at+"files/README.md?ref=main", token(secret))
	for name, want := range map[string]string{"Blob-Id": "ce013625030ba8dba906f756967f9e9ca394464a", "Commit-Id": head, "Last-Commit-Id": head, "Encoding": "base64", "Execute-Filemode": "false",
		"Content-Sha256": "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03", "File-Name": "README.md", "File-Path": "README.md", "Ref": "main", "Size": "6"} {
		if got := file.header.Get("X-Gitlab-" + name); got != want {
			t.Errorf("A135: %s is %q, not %q", name, got, want)
		}
	}
	for _, path := range []string{"files/README.md/raw", "blobs/ce013625030ba8dba906f756967f9e9ca394464a/raw"} {
		got := get(path)
		w.expect("A134", got, 200, "hello\n")
		if h := got.header; h.Get("Content-Type") != "text/plain; charset=utf-8" || h.Get("Content-Disposition") != "inline" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("A134: %v", h)
		}
		if h := w.ask("HEAD", at+path, token(secret)); h.status != 200 || h.header.Get("Content-Length") != "6" {
			t.Errorf("A8: %d %v", h.status, h.header)
		}
	}

	c.commit("page.html", "<script>alert(1)</script>\n")
	c.commit("binary", "a\x00b")
	c.run("tag", "-a", "-m", "Release", "v1", head)
	c.run("tag", "light", head)
	c.run("branch", "feat/x")
	c.run("push", "-q", w.remote("acme/web", secret), "--all")
	c.run("push", "-q", w.remote("acme/web", secret), "--tags")
	if h := get("files/page.html/raw").header.Get("Content-Type"); h != "text/plain; charset=utf-8" {
		t.Errorf("A134: %s", h)
	}
	if h := get("files/binary/raw").header.Get("Content-Type"); h != "application/octet-stream" {
		t.Errorf("A134: %s", h)
	}
	if got := get("branches?search=FEAT").list(t); len(got) != 1 || got[0]["name"] != "feat/x" || got[0]["default"] != false {
		t.Errorf("A130: %v", got)
	}
	w.like("A130", get("branches/feat%2Fx"), 200, branchSample, "name", "default", "web_url", "commit")
	tags := get("tags").list(t)
	if len(tags) != 2 {
		t.Fatalf("A131: %v", tags)
	}
	for _, tag := range tags {
		light := tag["name"] == "light"
		if commit := tag["commit"].(map[string]any); commit["id"] != head || (tag["message"] == nil) != light || light != (tag["target"] == head) || tag["release"] != nil || tag["protected"] != false {
			t.Errorf("A131: %v", tag)
		}
	}
	page := get("tree?per_page=2&page=1")
	if h := page.header; len(page.list(t)) != 2 || h.Get("X-Total") != "3" || h.Get("X-Next-Page") != "2" || !strings.Contains(h.Get("Link"), `rel="last"`) {
		t.Errorf("A31: %s %v", page.body, page.header)
	}
	if got := get("tree?recursive=True&path="); len(got.list(t)) != 3 { // as python-gitlab writes it
		t.Errorf("A132: %d %s", got.status, got.body)
	}
	w.expect("A23", get("tree?recursive=perhaps"), 400, `{"error":"recursive is invalid"}`)
	page = get("commits?per_page=2&page=1")
	if h := page.header; len(page.list(t)) != 2 || h.Get("X-Total") != "" || h.Get("X-Next-Page") != "2" || strings.Contains(h.Get("Link"), `rel="last"`) {
		t.Errorf("A136: %s %v", page.body, page.header)
	}
	for query, want := range map[string]int{"path=binary": 1, "ref_name=v1": 1, "since=2100-01-01": 0, "until=2000-01-01": 0, "all=true": 3, "path=..%2Fx": 0, "per_page=2&page=9": 0} {
		if got := get("commits?" + query); got.status != 200 || len(got.list(t)) != want {
			t.Errorf("A136: %s: %d %s", query, got.status, got.body)
		}
	}
	w.expect("A133", get("files/README.md"), 400, `{"error":"ref is missing"}`)
	w.expect("A34", get("tree?pagination=keyset"), 405, `{"error":"Keyset pagination is not yet available for this type of request"}`)
}

// R21, R60, A20, A27, A137: who may read, and what isn't there.
func TestRepositoryAccess(t *testing.T) {
	w := newWorld(t)
	_, api, _, head := w.code("acme/web", model.Private)
	w.code("free/open", model.Public)
	w.project("acme/empty", model.Private)
	guest := w.caller("gus", "acme/web", model.Guest)
	reporter := w.caller("rita", "acme/web", model.Reporter)
	stranger := w.caller("sam", "", 0)
	files := w.bot("acme/web", model.Developer, model.ScopeReadRepository).Secret.Reveal()
	reads := map[string]string{"branches": "", "branches/main": "", "tags": "", "tree": "", "commits": "", "commits/" + head: "",
		"files/README.md?ref=main": "files", "files/README.md/raw": "files", "blobs/ce013625030ba8dba906f756967f9e9ca394464a/raw": ""}
	for path, kind := range reads {
		web, open := "/api/v4/projects/acme%2Fweb/repository/"+path, "/api/v4/projects/free%2Fopen/repository/"+path
		for _, secret := range []string{api, reporter} {
			if got := w.ask("GET", web, token(secret)); got.status != 200 {
				t.Errorf("R21: %s: %d %s", path, got.status, got.body)
			}
		}
		w.expect("R21 "+path, w.ask("GET", web, token(guest)), 403, `{"message":"403 Forbidden"}`)
		w.expect("R35 "+path, w.ask("GET", web, token(stranger)), 404, noProject)
		w.expect("A27 "+path, w.ask("GET", web), 404, noProject)
		if !strings.Contains(path, head) {
			if got := w.ask("GET", open); got.status != 200 {
				t.Errorf("A27: %s: %d %s", path, got.status, got.body)
			}
		}
		switch got := w.ask("GET", web, token(files)); {
		case kind == "files" && got.status != 200:
			t.Errorf("R60: %s: %d %s", path, got.status, got.body)
		case kind == "":
			w.expect("A22 "+path, got, 403, `{"error":"insufficient_scope","error_description":"The request requires higher privileges than provided by the access token.","scope":"api read_api"}`)
		}
	}
	can := func(project, secret string) any {
		return w.ask("GET", "/api/v4/projects/"+project+"/repository/branches/main", token(secret)).object(t)["can_push"]
	}
	if can("acme%2Fweb", api) != true || can("acme%2Fweb", reporter) != false || can("free%2Fopen", api) != false {
		t.Error("A130: can_push isn't the caller's own right")
	}
	if got := w.ask("GET", "/api/v4/projects/free%2Fopen/repository/branches/main").object(t)["can_push"]; got != false {
		t.Error("A130: nobody can push")
	}
	root := w.rootToken()
	empty := "/api/v4/projects/acme%2Fempty/repository/"
	for _, path := range []string{"branches", "tags", "commits", "commits?all=true"} {
		w.expect("A130 "+path, w.ask("GET", empty+path, token(root)), 200, "[]")
	}
	w.expect("A132", w.ask("GET", empty+"tree", token(root)), 404, `{"message":"404 Tree Not Found"}`)
	if got := w.ask("GET", "/api/v4/projects/acme%2Fempty", token(root)).object(t); got["empty_repo"] != true || got["default_branch"] != nil {
		t.Errorf("A80: %v", got)
	}

	// What an attacker asks for.
	web := "/api/v4/projects/acme%2Fweb/repository/"
	for _, bad := range []string{"..", "%2e%2e%2f", "%2e%2e%2fHEAD", "%252e%252e%252fHEAD", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e%5cHEAD", "README.md%00", "%00", "README.md%2f", "%2fREADME.md", "README.md%2f..%2fREADME.md",
		"-oProxyCommand=touch%20x", "--help", "-", "main%3aREADME.md", "%3a%2fFirst", "HEAD%5e%7btree%7d", "main..main", "main%40%7b0%7d", "%40", "%0amain", "main%0d%0aX-Evil%3a%201", "%ff%fe", "%e2%80%ae", "*", "objects", "config", strings.Repeat("x", 5000)} {
		for _, check := range []struct{ path, want string }{
			{"branches/" + bad, "404 Branch Not Found"}, {"tags/" + bad, "404 Tag Not Found"}, {"commits/" + bad, "404 Commit Not Found"}, {"files/" + bad + "/raw", "404 File Not Found"},
			{"files/" + bad + "?ref=main", "404 File Not Found"}, {"files/README.md/raw?ref=" + bad, "404 File Not Found"}, {"tree?ref=" + bad, "404 Tree Not Found"}, {"tree?path=" + bad, "404 Tree Not Found"},
			{"blobs/" + bad + "/raw", "404 Blob Not Found"}, {"commits?ref_name=" + bad, "404 Commit Not Found"},
		} {
			got := w.ask("GET", web+check.path, token(api))
			if bad == "%ff%fe" && strings.Contains(check.path, "=%ff") {
				if got.status != 400 {
					t.Errorf("A23: %s: %d %s", check.path, got.status, got.body)
				}
				continue
			}
			if got.status != 404 || got.body != `{"message":"`+check.want+`"}` {
				t.Errorf("A137: %s: %d %s", check.path, got.status, got.body)
			}
		}
	}
	if got := w.ask("GET", web+"tree?path=README.md", token(api)); got.status != 404 {
		t.Errorf("A132: a file is no folder: %d", got.status)
	}
	if strings.Contains(w.logged(), "level=ERROR") {
		t.Error("A9: somebody's mistake is a failure of ours")
	}
}

// A repository that is removed while a process is warm in it, one of a project
// that is deleted, and what A133 says of large files.
func TestRepositoryRemoved(t *testing.T) {
	w := newWorld(t)
	p, _, c, _ := w.code("acme/web", model.Private)
	root := w.rootToken()
	at := fmt.Sprintf("/api/v4/projects/%d/repository/", p.ID)
	noise := make([]byte, 11<<20)
	rand.NewChaCha8([32]byte{}).Read(noise)
	c.commit("noise", string(noise))
	c.run("push", "-q", w.remote("acme/web", root), "main")
	for _, method := range []string{"GET", "HEAD"} {
		if got := w.ask(method, at+"files/noise?ref=main", token(root)); got.status != 400 || !strings.Contains(got.header.Get("X-Patrol-Reason"), "/raw") {
			t.Errorf("A133: %d %s", got.status, got.body)
		}
	}
	if got := w.ask("GET", at+"files/noise/raw", token(root)); got.status != 200 || got.body != string(noise) {
		t.Errorf("A134: %d, %d bytes", got.status, len(got.body))
	}
	small := noise[:9<<20]
	c.commit("small", string(small))
	c.run("push", "-q", w.remote("acme/web", root), "main")
	var file struct{ Content string }
	got := w.ask("GET", at+"files/small?ref=main", token(root))
	if err := json.Unmarshal([]byte(got.body), &file); err != nil || file.Content != base64.StdEncoding.EncodeToString(small) {
		t.Errorf("A133: %d bytes, %v", len(got.body), err)
	}
	bare := w.bare(p).dir
	if !gitRunning(bare) {
		t.Error("no process is warm")
	}
	if err := os.Rename(bare, bare+".gone"); err != nil {
		t.Fatal(err)
	}
	w.expect("no repository", w.ask("GET", at+"branches", token(root)), 404, `{"message":"404 Repository Not Found"}`)
	if err := os.CopyFS(bare, os.DirFS(bare+".gone")); err != nil {
		t.Fatal(err)
	}
	if got := w.ask("GET", at+"branches/main", token(root)); got.status != 200 {
		t.Errorf("a repository that was put back: %d %s", got.status, got.body)
	}
	if gitRunning(bare + ".gone") {
		t.Error("a process lives on in a repository that was removed")
	}
	w.ask("DELETE", fmt.Sprint("/api/v4/projects/", p.ID), token(root))
	w.expect("R115", w.ask("GET", at+"branches/main", token(root)), 404, noProject)
}

// A client that goes away in the middle of a file ends the process; the place is
// free again. One that takes nothing is ended after a while, or when the server
// drains.
func TestRawClientGone(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.GitProcesses, c.AnonymousStall = 1, time.Second })
	p, secret, c, _ := w.code("acme/web", model.Private)
	noise := make([]byte, 16<<20)
	rand.NewChaCha8([32]byte{}).Read(noise)
	c.commit("noise", string(noise))
	c.run("push", "-q", w.remote("acme/web", secret), "main")
	raw := "/api/v4/projects/acme%2Fweb/repository/files/noise/raw"
	ctx, cancel := context.WithCancel(context.Background())
	r, _ := http.NewRequestWithContext(ctx, "GET", w.url+raw, nil)
	r.Header.Set("PRIVATE-TOKEN", secret)
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.ReadFull(response.Body, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	cancel()
	w.await("Git has ended", func() bool { return !gitRunning(w.bare(p).dir) })
	if got := w.ask("GET", raw, token(secret)); got.status != 200 || got.body != string(noise) {
		t.Errorf("the next one: %d, %d bytes", got.status, len(got.body))
	}
	c.commit("large", strings.Repeat("x", 10<<20))
	c.run("push", "-q", w.remote("acme/web", secret), "main")
	half := w.dial()
	defer half.Close()
	fmt.Fprintf(half, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nPRIVATE-TOKEN: %s\r\n\r\n", strings.Replace(raw, "noise/raw", "large?ref=main", 1), secret)
	if _, err := io.ReadFull(half, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	endGit(t, w.bare(p).dir)
	rest, _ := io.ReadAll(half)
	if strings.HasSuffix(string(rest), "\r\n0\r\n\r\n") {
		t.Error("a part of a file looks like the whole")
	}
	for _, end := range []func(){func() {}, w.stop} {
		silent := w.dial()
		defer silent.Close()
		fmt.Fprintf(silent, "GET %s HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: %s\r\n\r\n", raw, secret)
		if _, err := io.ReadFull(silent, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		end()
		w.await("what takes nothing has ended", func() bool { return !gitRunning(w.bare(p).dir) })
	}
}

// endGit kills the processes that work in a folder.
func endGit(t *testing.T, dir string) {
	t.Helper()
	processes, _ := filepath.Glob("/proc/[0-9]*")
	killed := false
	for _, process := range processes {
		if cwd, err := filepath.EvalSymlinks(process + "/cwd"); err == nil && cwd == dir {
			pid, _ := strconv.Atoi(filepath.Base(process))
			syscall.Kill(pid, syscall.SIGKILL)
			killed = true
		}
	}
	if !killed {
		t.Error("no process works in " + dir)
	}
}

// 200 clients at once have all their answers, with a few processes.
func TestManyReaders(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.GitProcesses = 4 })
	_, secret, c, head := w.code("acme/web", model.Private)
	for i := range 20 {
		c.run("branch", fmt.Sprint("b", i))
	}
	c.run("push", "-q", w.remote("acme/web", secret), "--all")
	at := w.url + "/api/v4/projects/acme%2Fweb/repository/"
	paths := []string{"branches", "branches/b7", "tree?recursive=true", "files/README.md?ref=main", "files/README.md/raw", "commits", "commits/" + head, "tags"}
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			r, _ := http.NewRequest("GET", at+paths[i%len(paths)], nil)
			r.Header.Set("PRIVATE-TOKEN", secret)
			response, err := client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			if text, err := io.ReadAll(response.Body); err != nil || response.StatusCode != 200 {
				t.Errorf("%s: %d %s %v", r.URL, response.StatusCode, text, err)
			}
		})
	}
	all.Wait()
	processes, _ := filepath.Glob("/proc/[0-9]*/cwd")
	running := 0
	for _, process := range processes {
		if cwd, err := filepath.EvalSymlinks(process); err == nil && strings.HasPrefix(cwd, filepath.Join(w.dir, "repositories")) {
			running++
		}
	}
	if running > 4 {
		t.Errorf("%d processes are warm", running)
	}
}
