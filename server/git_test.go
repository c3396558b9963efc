package server

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"patrol/git"
	"patrol/model"
	"patrol/server/door"
)

// git asks as Git does, with Basic authentication if user or secret is given.
func (w *world) git(method, path, user, secret string, options ...string) answer {
	w.Helper()
	if user != "" || secret != "" {
		options = append(options, "Authorization: Basic "+basic(user, secret))
	}
	return w.ask(method, path, options...)
}

const (
	idZero    = "0000000000000000000000000000000000000000"
	idA       = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	fetchRefs = ".git/info/refs?service=git-upload-pack"
	pushRefs  = ".git/info/refs?service=git-receive-pack"
)

// G10 to G16: every step of G11's table, its status and its text.
func TestGitAccess(t *testing.T) {
	w := newWorld(t)
	w.project("acme/open", model.Public) // first: its group is as wide
	w.project("acme/in", model.Internal)
	w.project("acme/web", model.Private)
	w.project("other/web", model.Private)
	bot := func(role model.Role, scopes ...model.Scope) string {
		return w.bot("acme/web", role, scopes...).Secret.Reveal()
	}
	good := bot(model.Developer, model.ScopeWriteRepository)
	dead := w.bot("acme/web", model.Developer, model.ScopeAPI)
	w.revoke(dead.ID)
	mona := w.person(model.NewUser{Username: "mona", Name: "Mona"}, "acme/web", model.Owner)
	monas := w.personal(mona)
	if _, err := w.db.ChangeUser(t.Context(), root, mona.ID, model.UserChange{Blocked: new(true)}); err != nil {
		t.Fatal(err)
	}
	strange := w.caller("nora", "", 0)

	const (
		ok           = ""
		denied       = door.TextAccessDenied
		noFetchScope = "You are not allowed to download code."
		noPushScope  = "You are not allowed to upload code."
		noProject    = door.TextNoProject
		noFetchRole  = "You are not allowed to download code from this project."
		noPushRole   = "You are not allowed to push code to this project."
	)
	for _, c := range []struct {
		rule, user, secret, path string
		want                     string
	}{
		{"G11/2 public fetch", "", "", "/acme/open" + fetchRefs, ok},
		{"G11/2 public push", "", "", "/acme/open" + pushRefs, denied},
		{"G11/2 private", "", "", "/acme/web" + fetchRefs, denied},
		{"G11/2 internal", "", "", "/acme/in" + fetchRefs, denied},
		{"G11/2 not existing", "", "", "/acme/nothing" + fetchRefs, denied},
		{"G11/3 unknown", "any", "nonsense", "/acme/web" + fetchRefs, denied},
		{"G11/3 unknown, public, R173", "any", "nonsense", "/acme/open" + fetchRefs, denied},
		{"G11/3 revoked", "any", dead.Secret.Reveal(), "/acme/web" + fetchRefs, denied},
		{"G11/3 blocked, R153", "mona", monas, "/acme/web" + fetchRefs, denied},
		{"G10 empty user", "", good, "/acme/web" + fetchRefs, denied},
		{"G10 blank user", "   ", good, "/acme/web" + fetchRefs, denied},
		{"G10 blank user, public", " ", good, "/acme/open" + fetchRefs, denied},
		{"G10 token as user", good, "", "/acme/web" + fetchRefs, denied},
		{"G10 another's name", "root", good, "/acme/web" + fetchRefs, ok},
		{"G10 path without case", "x", good, "/ACME/Web" + fetchRefs, ok},
		{"G14 api", "x", bot(model.Developer, model.ScopeAPI), "/acme/web" + pushRefs, ok},
		{"G14 read_api", "x", bot(model.Reporter, model.ScopeReadAPI), "/acme/web" + fetchRefs, ok},
		{"G14 read_api pushes", "x", bot(model.Developer, model.ScopeReadAPI), "/acme/web" + pushRefs, noPushScope},
		{"G14 read_repository", "x", bot(model.Reporter, model.ScopeReadRepository), "/acme/web" + fetchRefs, ok},
		{"G14 read_repository pushes", "x", bot(model.Developer, model.ScopeReadRepository), "/acme/web" + pushRefs, noPushScope},
		{"G14 write_repository pushes", "x", good, "/acme/web" + pushRefs, ok},
		{"G11/4", "x", bot(model.Owner, model.ScopeReadRegistry), "/acme/web" + fetchRefs, noFetchScope},
		{"G14 add up", "x", bot(model.Developer, model.ScopeReadRegistry, model.ScopeWriteRepository), "/acme/web" + pushRefs, ok},
		{"G15 public", "x", bot(model.Owner, model.ScopeReadRegistry), "/acme/open" + fetchRefs, noFetchScope},
		{"G11/4 before 5", "x", bot(model.Owner, model.ScopeReadRegistry), "/acme/nothing" + fetchRefs, noFetchScope},
		{"G11/5 not there", "x", good, "/acme/nothing" + fetchRefs, noProject},
		{"G11/5 unseen", "x", good, "/other/web" + fetchRefs, noProject},
		{"G11/5 unseen push", "x", good, "/other/web" + pushRefs, noProject},
		{"G11/5 human", "x", strange, "/acme/web" + fetchRefs, noProject},
		{"R113 internal", "x", good, "/acme/in" + fetchRefs, ok},
		{"G16 public", "x", good, "/acme/open" + fetchRefs, ok},
		{"G16 push elsewhere", "x", good, "/acme/open" + pushRefs, noPushRole},
		{"G11/7 Guest", "x", bot(model.Guest, model.ScopeAPI), "/acme/web" + fetchRefs, noFetchRole},
		{"G11/7 Reporter", "x", bot(model.Reporter, model.ScopeAPI), "/acme/web" + pushRefs, noPushRole},
		{"bad path", "x", good, "/acme/../acme/web" + fetchRefs, noProject},
		{"bad path", "x", good, "/acme/%2e%2e/acme/web" + fetchRefs, noProject},
		{"bad path", "x", good, "/acme/web.git" + fetchRefs, noProject},
		{"bad path", "x", good, "/acme/web%00" + fetchRefs, noProject},
		{"bad path", "x", good, "/acme/web%ff" + fetchRefs, noProject},
		{"digits are no number", "x", good, "/1" + fetchRefs, noProject},
	} {
		t.Run(c.rule, func(t *testing.T) {
			status, contentType := map[string]int{ok: 200, denied: 401, noProject: 404}[c.want], "text/plain"
			if status == 0 {
				status = 403
			}
			service := "git-upload-pack"
			if strings.HasSuffix(c.path, pushRefs) {
				service = "git-receive-pack"
			}
			if c.want == ok {
				contentType = "application/x-" + service + "-advertisement"
			}
			challenge := ""
			if status == 401 {
				challenge = `Basic realm="GitLab"`
			}
			check := func(got answer) {
				t.Helper()
				if got.status != status || c.want != ok && got.body != c.want+"\n" {
					t.Errorf("%d %q, want %d %q", got.status, got.body, status, c.want)
				}
				if got.header.Get("WWW-Authenticate") != challenge {
					t.Errorf("G12, G13: challenge %q", got.header.Get("WWW-Authenticate"))
				}
				if got.header.Get("Content-Type") != contentType {
					t.Errorf("G4: %s", got.header.Get("Content-Type"))
				}
			}
			check(w.git("GET", c.path, c.user, c.secret))
			// The POST is decided in the same way, before its body.
			contentType = strings.Replace(contentType, "advertisement", "result", 1)
			path, _, _ := strings.Cut(c.path, "info/refs")
			check(w.git("POST", path+service, c.user, c.secret, "Content-Type: application/x-"+service+"-request", "0000"))
		})
	}

	t.Run("other schemes", func(t *testing.T) {
		for _, header := range []string{"Authorization: Bearer " + good, "Authorization: Basic !", token(good)} {
			w.expect("G10", w.ask("GET", "/acme/web"+fetchRefs, header), 401, door.TextAccessDenied+"\n")
		}
		w.expect("G10 query", w.ask("GET", "/acme/web"+fetchRefs+"&private_token="+good), 401, door.TextAccessDenied+"\n")
		w.expect("G10 on a public one", w.ask("GET", "/acme/open"+fetchRefs, "Authorization: Bearer "+good), 401, door.TextAccessDenied+"\n")
	})
	t.Run("step 6", func(t *testing.T) {
		gone := w.project("acme/gone", model.Public)
		if err := os.RemoveAll(filepath.Join(w.dir, "repositories", fmt.Sprint(gone.ID, ".git"))); err != nil {
			t.Fatal(err)
		}
		guest := w.bot("acme/gone", model.Guest, model.ScopeAPI).Secret.Reveal()
		w.expect("G11/6", w.git("GET", "/acme/gone"+fetchRefs, "", ""), 404, door.TextNoRepository+"\n")
		w.expect("G11/6 before 7", w.git("GET", "/acme/gone"+pushRefs, "x", guest), 404, door.TextNoRepository+"\n")
	})
	t.Run("used", func(t *testing.T) { // G18, R95: refusals don't count
		w.await("a use is noted", func() bool {
			pass, err := w.db.Authenticate(t.Context(), model.NewSecret(good))
			return err == nil && !pass.Token.LastUsedAt.IsZero() && len(pass.Token.LastUsedIPs) == 1
		})
		pass, err := w.db.Authenticate(t.Context(), model.NewSecret(strange))
		if err != nil || !pass.Token.LastUsedAt.IsZero() {
			t.Errorf("R95: a refused token was used at %v, %v", pass.Token.LastUsedAt, err)
		}
	})
	t.Run("expired", func(t *testing.T) {
		w.setClock(time.Date(2027, 11, 25, 0, 0, 0, 0, time.UTC))
		w.expect("R91", w.git("GET", "/acme/web"+fetchRefs, "x", good), 401, door.TextAccessDenied+"\n")
	})
}

// G1 to G5: routes, and what isn't one.
func TestGitRoutes(t *testing.T) {
	w := newWorld(t)
	w.project("acme/open", model.Public)
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()

	for _, path := range []string{"/acme/web", "/not/there", "/a/b/c/d"} {
		got := w.ask("GET", path+"/info/refs?service=git-upload-pack&x=%20y")
		if got.status != 301 || got.header.Get("Location") != path+".git/info/refs?service=git-upload-pack&x=%20y" {
			t.Errorf("G2: %d %s", got.status, got.header.Get("Location"))
		}
	}
	for _, path := range []string{"//evil.example/info/refs", "/%2Fevil.example/info/refs", "/info/refs", "/.git/info/refs", "/"} {
		r, _ := http.NewRequest("GET", w.url, nil)
		r.URL.Opaque = path
		if got := w.send(r); got.status != 404 {
			t.Errorf("G2: %s: %d %s", path, got.status, got.header.Get("Location"))
		}
	}
	for _, service := range []string{"", "?service=", "?service=git-upload-archive", "?service=upload-pack"} {
		w.expect("G3", w.git("GET", "/acme/web.git/info/refs"+service, "x", secret), 403, textNoCommand+"\n")
		w.expect("G3 public", w.git("GET", "/acme/open.git/info/refs"+service, "", ""), 403, textNoCommand+"\n")
		w.expect("G3 after authentication", w.git("GET", "/acme/web.git/info/refs"+service, "", ""), 401, door.TextAccessDenied+"\n")
		w.expect("G3 after authentication", w.git("GET", "/acme/web.git/info/refs"+service, "x", "y"), 401, door.TextAccessDenied+"\n")
	}
	w.expect("G3 HEAD", w.git("HEAD", "/acme/web"+fetchRefs, "x", secret), 403, "")
	for _, file := range []string{"HEAD", "objects/info/packs", "objects/00/00", "config", "hooks/x", "info/refs/x"} {
		w.expect("G3", w.git("GET", "/acme/web.git/"+file, "x", secret), 404, "Not Found\n")
	}
	w.expect("A8", w.git("GET", "/acme/web.git/git-upload-pack", "x", secret), 405, "Method Not Allowed\n")
	w.expect("A8", w.git("POST", "/acme/web"+fetchRefs, "x", secret), 405, "Method Not Allowed\n")

	got := w.git("POST", "/acme/web.git/info/lfs/objects/batch", "x", secret, jsonBody, "{}")
	w.expect("G5", got, 404, `{"message":"Git LFS is not enabled on this server"}`)
	if got.header.Get("Content-Type") != "application/vnd.git-lfs+json" {
		t.Errorf("G5: %s", got.header.Get("Content-Type"))
	}
	w.expect("G5 after the same checks", w.git("POST", "/acme/web.git/info/lfs/objects/batch", "", ""), 401, door.TextAccessDenied+"\n")

	for key, want := range map[string]string{"Cache-Control": "no-cache, max-age=0, must-revalidate", "Pragma": "no-cache", "Expires": "Fri, 01 Jan 1980 00:00:00 GMT"} {
		if got := w.git("GET", "/acme/web"+fetchRefs, "x", secret).header.Get(key); got != want {
			t.Errorf("G4: %s: %s", key, got)
		}
	}
	const upload = "Content-Type: application/x-git-upload-pack-request"
	const command = "/acme/web.git/git-upload-pack"
	for _, wrong := range []string{"Content-Type: application/x-git-receive-pack-request", jsonBody, "Accept: */*"} {
		if got := w.git("POST", command, "x", secret, wrong, "0000"); got.status != 415 {
			t.Errorf("G4: %s: %d", wrong, got.status)
		}
	}
	if got := w.git("POST", command, "x", secret, upload, "Content-Encoding: deflate", "0000"); got.status != 415 {
		t.Errorf("G21: %d", got.status)
	}
	w.expect("G21", w.git("POST", command, "x", secret, upload, "Content-Encoding: gzip", "not gzip"), 400, textBadGzip+"\n")
	w.expect("G21", w.git("POST", command, "x", secret, upload, "Content-Encoding: gzip", ""), 400, textBadGzip+"\n")
	w.expect("G21 cut", w.git("POST", command, "x", secret, upload, "Content-Encoding: gzip", zipped("0000")[:15]), 400, textBadGzip+"\n")
	w.expect("G21", w.git("POST", command, "x", secret, upload, "Content-Encoding: gzip", zipped("0000")), 200, "")
	bomb := git.PktLine("command=fetch") + "0001" + strings.Repeat(git.PktLine("have "+idA+"\n"), (16<<20)/50)
	w.expect("G21, G23 a small body that unpacks to a long list", w.git("POST", command, "x", secret, upload, "Git-Protocol: version=2", "Content-Encoding: gzip", zipped(bomb)),
		400, "There are too many refs in one request: ask for them in parts.\n")
	w.expect("garbage", w.git("POST", command, "x", secret, upload, "garbage"), 400, textGarbage+"\n")
	w.expect("garbage", w.git("POST", "/acme/web.git/git-receive-pack", "x", secret, "Content-Type: application/x-git-receive-pack-request", "garbage"), 400, textGarbage+"\n")
}

// A32: with a path in the server's address everything is under it.
func TestPrefix(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.URL = "https://patrol.example/git/" })
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	for path, want := range map[string]int{"/git/-/liveness": 200, "/-/liveness": 404, "/git/api/v4/user": 200, "/api/v4/user": 404, "/gitx/api/v4/user": 404, "/git": 404} {
		if got := w.ask("GET", path, token(secret)); got.status != want {
			t.Errorf("A32: %s: %d", path, got.status)
		}
	}
	if got := w.ask("GET", "/git/acme/web/info/refs").header.Get("Location"); got != "/git/acme/web.git/info/refs" {
		t.Errorf("G2: %s", got)
	}
	if got := w.git("GET", "/git/acme/web"+fetchRefs, "x", secret); got.status != 200 {
		t.Errorf("A32: %d", got.status)
	}
	if got := w.ask("GET", "/git/api/v4/projects/1", token(secret)).object(t)["http_url_to_repo"]; got != "https://patrol.example/git/acme/web.git" {
		t.Errorf("A32: %v", got)
	}
}

// G30: too many Git processes.
func TestGitLimit(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.GitProcesses, c.GitWait = 1, time.Millisecond })
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	release := w.holdPush("/acme/web.git", secret)
	got := w.git("GET", "/acme/web"+fetchRefs, "x", secret)
	if got.status != 503 || got.header.Get("Retry-After") != "5" {
		t.Errorf("G30: %d %v", got.status, got.header)
	}
	w.expect("G11 comes first", w.git("GET", "/acme/web"+fetchRefs, "x", "y"), 401, door.TextAccessDenied+"\n")
	release()
	w.await("the place is free again", func() bool { return w.git("GET", "/acme/web"+fetchRefs, "x", secret).status == 200 })
}

// A client without a token that lets a fetch stall is ended sooner than one that
// has shown who it is.
func TestAnonymousStall(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.AnonymousStall = 20 * time.Millisecond })
	w.project("acme/open", model.Public)
	secret := w.bot("acme/open", model.Developer, model.ScopeAPI).Secret.Reveal()
	release := w.holdPush("/acme/open.git", secret)
	conn := w.dial()
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(conn, "POST /acme/open.git/git-upload-pack HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: 9\r\n\r\n00", requestType(door.Fetching))
	if answer, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("it is held: %q", answer)
	}
	if got := release(); got.status != 200 {
		t.Errorf("a push with a token: %d %s", got.status, got.body)
	}
}

// Whatever the path: no panic; a project is named without its slash and .git;
// the address of a redirect stays on this host.
func FuzzGitPath(f *testing.F) {
	for _, path := range []string{"/acme/web.git/info/refs", "/acme/web/info/refs", "//evil/info/refs", "/a.git.git/git-upload-pack",
		"/a%2Fb.git/info/lfs/objects/batch", "/../a.git/HEAD", "/.git/info/refs", "/info/refs", "/%", "/%2Fevil/info/refs"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		g, ok := parseGitPath(path)
		if !ok {
			return
		}
		if g.project == "" || strings.HasPrefix(g.project, "/") || g.file == "" {
			t.Fatalf("%+v", g)
		}
		if g.bare && strings.HasPrefix(path, "//") {
			t.Fatalf("redirects to another host: %q", path)
		}
	})
}
