package server

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

// stored are the files of packages on the disk.
func (w *world) stored() (files []string) {
	filepath.WalkDir(filepath.Join(w.dir, "packages"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return nil // no folder: nothing is stored
	})
	return files
}

const packagePath = "/api/v4/projects/1/packages/generic/tool/1.0/tool.bin"

// A file goes in as it is and comes out again, whole or in parts (G70, G71).
func TestPackages(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	made := w.bot("acme/web", model.Developer, model.ScopeAPI)
	auth := token(made.Secret.Reveal())
	w.expect("G70", w.ask("PUT", packagePath, auth, "Content-Type: application/json", "not JSON at all"), 201, `{"message":"201 Created"}`)
	text := strings.Repeat("0123456789", 1000)
	digest := fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
	w.expect("G70", w.ask("PUT", "/api/v4/projects/acme%2Fweb/packages/generic/tool/1.0/tool.bin?select=package_file", auth, text), 201,
		`{"id":2,"package_id":1,"created_at":"2026-11-24T12:00:00.000Z","updated_at":"2026-11-24T12:00:00.000Z","size":10000,"file_name":"tool.bin","file_sha256":"`+digest+`","file_store":1}`)
	got := w.ask("GET", packagePath, auth)
	if got.status != 200 || got.body != text || got.header.Get("X-Checksum-Sha256") != digest || got.header.Get("Content-Type") != "application/octet-stream" ||
		got.header.Get("Content-Disposition") != `attachment; filename="tool.bin"` || got.header.Get("Content-Length") != "10000" {
		t.Errorf("G71: %d %v, %d bytes", got.status, got.header, len(got.body))
	}
	if part := w.ask("GET", packagePath, auth, "Range: bytes=9995-", "If-Range: "+got.header.Get("Etag")); part.status != 206 || part.body != "56789" {
		t.Errorf("G71: a part: %d %q", part.status, part.body)
	}
	if whole := w.ask("GET", packagePath, auth, "Range: bytes=9995-", `If-Range: "other"`); whole.status != 200 || len(whole.body) != len(text) {
		t.Errorf("G71: a part of another file: %d", whole.status)
	}
	if head := w.ask("HEAD", packagePath, auth); head.status != 200 || head.body != "" || head.header.Get("Content-Length") != "10000" {
		t.Errorf("G71: HEAD: %d %v", head.status, head.header)
	}
	w.expect("G72", w.ask("GET", "/api/v4/projects/1/packages?package_name=tool", auth), 200,
		`[{"id":1,"name":"tool","version":"1.0","package_type":"generic","status":"default","created_at":"2026-11-24T12:00:00.000Z","_links":{},"tags":[],"pipelines":[]}]`)
	if files := w.ask("GET", "/api/v4/projects/1/packages/1/package_files", auth).list(t); len(files) != 2 {
		t.Errorf("G72: %v", files)
	}
	w.ask("PUT", "/api/v4/projects/1/packages/generic/secret/1/x?status=hidden", auth, "x")
	if list := w.ask("GET", "/api/v4/projects/1/packages", auth).list(t); len(list) != 1 {
		t.Errorf("G72: a hidden package is listed: %v", list)
	}
	for _, missing := range []string{"/generic/tool/1.0/other", "/generic/tool/2.0/tool.bin", "/generic/other/1.0/tool.bin", "/9/package_files"} {
		w.expect("G71", w.ask("GET", "/api/v4/projects/1/packages"+missing, auth), 404, `{"message":"404 Not found"}`)
	}
	for path, key := range map[string]string{"a%20b/1/x": "package_name", "../1/x": "package_name", "a/..%2f/x": "package_version", "a/%2e%2e/x": "package_version", "a/1/%2e": "file_name",
		"a/1/x%2fy": "file_name", "a/1/x%00": "file_name", "a/1~/x": "package_version", strings.Repeat("a", 256) + "/1/x": "package_name"} {
		got := w.ask("PUT", "/api/v4/projects/1/packages/generic/"+path, auth, "x")
		if got.status != 400 || got.body != `{"error":"`+key+` is invalid"}` {
			t.Errorf("G74: %s: %d %s", path, got.status, got.body)
		}
	}
	w.revoke(made.ID)
	var author int64
	list, err := w.db.Packages(t.Context(), root, model.ProjectRef("acme/web"), model.PackageQuery{}, model.Page{})
	if author = do(w, list, err).Rows[0].Creator.ID; author != model.GhostID {
		t.Errorf("R130: the package's author is %d", author)
	}
	if problems, err := w.db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("check: %v %v", problems, err)
	}
	rootAuth := token(w.rootToken())
	w.expect("G73", w.ask("DELETE", "/api/v4/projects/1/packages/1", rootAuth), 204, "")
	if files := w.stored(); len(files) != 1 {
		t.Errorf("G73: it left %v", files)
	}
	w.ask("DELETE", "/api/v4/projects/1", rootAuth)
	if _, err := w.db.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if files := w.stored(); len(files) > 0 {
		t.Errorf("R115: the project's packages stay: %v", files)
	}
}

// Who may, and who is told what (G75, A22).
func TestPackagesRefused(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	w.project("open/web", model.Public)
	api := w.bot("acme/web", model.Maintainer, model.ScopeAPI).Secret.Reveal()
	w.ask("PUT", packagePath, token(api), "x")
	w.ask("PUT", strings.Replace(packagePath, "/1/", "/2/", 1), token(w.rootToken()), "x")
	const basicly = "Authorization: Basic "
	for _, c := range []struct {
		what, method, project, auth string
		status                      int
	}{
		{"Basic", "GET", "1", basicly + basic("x", api), 200},
		{"Basic", "PUT", "1", basicly + basic("x", api), 201},
		{"a blank user name", "GET", "1", basicly + basic(" ", api), 401},
		{"no token", "GET", "1", "", 401},
		{"no token, no project", "GET", "9", "", 401},
		{"no token", "PUT", "2", "", 401},
		{"public", "GET", "2", "", 200},
		{"a bad token", "GET", "2", token("glpat-aaaaaaaaaaaaaaaaaaaa"), 401},
		{"read_api", "GET", "1", token(w.bot("acme/web", model.Reporter, model.ScopeReadAPI).Secret.Reveal()), 200},
		{"read_api publishes", "PUT", "1", token(w.bot("acme/web", model.Owner, model.ScopeReadAPI).Secret.Reveal()), 403},
		{"read_repository", "GET", "1", token(w.bot("acme/web", model.Owner, model.ScopeReadRepository).Secret.Reveal()), 403},
		{"a Guest", "GET", "1", token(w.bot("acme/web", model.Guest, model.ScopeAPI).Secret.Reveal()), 403},
		{"a Reporter publishes", "PUT", "1", token(w.bot("acme/web", model.Reporter, model.ScopeAPI).Secret.Reveal()), 403},
		{"unseen", "GET", "1", token(w.bot("open/web", model.Owner, model.ScopeAPI).Secret.Reveal()), 404},
		{"elsewhere", "PUT", "2", token(api), 403},
	} {
		options := []string{}
		if c.auth != "" {
			options = append(options, c.auth)
		}
		if c.method == "PUT" {
			options = append(options, "content")
		}
		got := w.ask(c.method, strings.Replace(packagePath, "/1/", "/"+c.project+"/", 1), options...)
		if got.status != c.status {
			t.Errorf("G75: %s: %d %s, want %d", c.what, got.status, got.body, c.status)
		}
		if challenge := got.header.Get("WWW-Authenticate"); (challenge == `Basic realm="GitLab Packages Registry"`) != (c.status == 401) {
			t.Errorf("G75: %s: %d with %q", c.what, got.status, challenge)
		}
	}
	r, _ := http.NewRequest("PUT", w.url+packagePath, strings.NewReader("x"))
	r.Header.Set("PRIVATE-TOKEN", api)
	r.ContentLength = model.MaxPackageFile + 1
	if answer, err := client.Do(r); err == nil {
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != 400 || string(body) != `{"message":"400 Bad request - File is too large"}` {
			t.Errorf("G74: %d %s", answer.StatusCode, body)
		}
	}
}

// An upload that is cut off leaves nothing, and what a process that died has left
// goes after a day (G74).
func TestPackageCutOff(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	conn := w.dial()
	fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: %s\r\nContent-Length: 1000000\r\n\r\n%s", packagePath, secret, strings.Repeat("x", 100_000))
	w.await("the file that is being written", func() bool { return len(w.stored()) == 1 })
	conn.Close()
	w.await("its removal", func() bool { return len(w.stored()) == 0 })
	w.expect("G74", w.ask("GET", packagePath, token(secret)), 404, `{"message":"404 Not found"}`)

	conn = w.dial()
	defer conn.Close()
	fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: %s\r\nContent-Length: 1000000\r\n\r\n%s", packagePath, secret, strings.Repeat("x", 100_000))
	w.await("the file that is being written", func() bool { return len(w.stored()) == 1 })
	if _, err := w.db.Tidy(t.Context()); err != nil || len(w.stored()) != 1 {
		t.Errorf("G74: an upload is swept while it runs: %v", err)
	}
	w.setClock(w.clock().Add(25 * time.Hour))
	if _, err := w.db.Tidy(t.Context()); err != nil || len(w.stored()) != 0 {
		t.Errorf("G74: %v is still there: %v", w.stored(), err)
	}
}
