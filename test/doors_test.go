package test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// deploy makes a project token and gives its secret.
func (p *patrol) deploy(t *testing.T, project, role, scopes string) string {
	t.Helper()
	return p.run(t, "token", "create", "--project", project, "--name", "deploy", "--role", role, "--scope", scopes)
}

// write makes a file in a test's folder.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// free is an address of this machine at which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// beside runs a server until the test ends, and waits until it listens.
func beside(t *testing.T, address, program string, args ...string) {
	t.Helper()
	var says bytes.Buffer
	c := exec.Command(program, args...)
	c.Stdout, c.Stderr = &says, &says
	c.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_DATA_HOME="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir())
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() {
		c.Process.Signal(syscall.SIGTERM)
		<-ended
		if t.Failed() {
			t.Logf("%s said:\n%s", program, says.String())
		}
	})
	for end := time.Now().Add(20 * time.Second); ; {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", program, err, says.String())
		default:
		}
		if time.Now().After(end) {
			t.Fatalf("%s doesn't listen at %s:\n%s", program, address, says.String())
		}
	}
}

// site is what stands behind a proxy: it tells who it was told that somebody is.
func site(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"User", "Project", "Role", "Scopes", "Token-Id"} {
			fmt.Fprintf(w, "%s=%s\n", name, strings.Join(r.Header.Values("X-Patrol-"+name), "|"))
		}
		for name := range r.Header {
			if strings.Contains(name, "_") { // CGI and WSGI take it for the real one
				fmt.Fprintf(w, "%s=%s\n", name, r.Header.Get(name))
			}
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s\n", r.Method, r.RequestURI, body)
		fmt.Fprintf(w, "secret=%s%s\n", r.Header.Get("Authorization"), r.Header.Get("Private-Token"))
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// guarded asks a site behind a proxy, as various people.
func guarded(t *testing.T, p *patrol, proxy string) {
	t.Helper()
	reads, writes, guest := p.deploy(t, "acme/web", "reporter", "read_api"), p.deploy(t, "acme/web", "developer", "api"), p.deploy(t, "acme/web", "guest", "api")
	for _, c := range []struct {
		what, method, secret string
		status               int
		role                 string
	}{
		{"no token", "GET", "", 401, ""},
		{"a wrong token", "GET", "glpat-aaaaaaaaaaaaaaaaaaaa", 401, ""},
		{"read_api reads", "GET", reads, 200, "reporter"},
		{"read_api writes", "POST", reads, 403, ""},
		{"api writes", "POST", writes, 200, "developer"},
		{"a Guest where a Reporter is asked for", "GET", guest, 403, ""},
	} {
		r, err := http.NewRequest(c.method, "http://"+proxy+"/page?x=hush", strings.NewReader("a body"))
		if err != nil {
			t.Fatal(err)
		}
		if c.secret != "" {
			r.Header.Set("Authorization", "Bearer "+c.secret)
		}
		for _, forged := range []string{"X-Patrol-User", "X-Patrol-Project", "X-Patrol-Role", "X-Patrol-Scopes", "X-Patrol-Token-Id", "X_Patrol_User", "X-Patrol_Role", "X-Patrol-Token_Id",
			"X-Original-Method", "X-Original-URI", "X-Forwarded-Method", "X-Forwarded-Uri"} {
			r.Header.Set(forged, "GET")
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("%s: %s %s", c.what, answer.Status, body)
		}
		if c.status == 401 && answer.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("G94: %s: the challenge doesn't arrive", c.what)
		}
		if hears := regexp.MustCompile(`^User=project_1_bot_\w+\nProject=acme/web\nRole=` + c.role + `\nScopes=\w+\nToken-Id=\d+\n` + c.method + ` /page\?x=hush a body\nsecret=\n$`); c.status == 200 && !hears.Match(body) {
			t.Errorf("G96: %s: the site hears\n%s", c.what, body)
		}
	}
	if log := p.logged(); !strings.Contains(log, `"msg":"site"`) || !strings.Contains(log, `"method":"POST","path":"/page"`) || strings.Contains(log, "hush") {
		t.Errorf("G93: the log is\n%s", log)
	}
}

// nginx before a site, with the configuration of docs/forward-auth.md.
func TestNginx(t *testing.T) {
	p := start(t)
	p.run(t, "project", "add", "acme/web")
	dir, proxy := t.TempDir(), free(t)
	var folders strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&folders, "%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	beside(t, proxy, "nginx", "-e", "stderr", "-c", write(t, dir, "nginx.conf", `
daemon off;
pid `+dir+`/nginx.pid;
events {}
http {
	access_log off;
	`+folders.String()+`
	server {
		listen `+proxy+`;
		location = /_patrol {
			internal;
			proxy_pass `+p.url+`/auth?project=acme/web&role=reporter&via=nginx;
			proxy_pass_request_body off;
			proxy_set_header Content-Length "";
			proxy_set_header X-Original-Method $request_method;
			proxy_set_header X-Original-URI $request_uri;
		}
		location / {
			auth_request /_patrol;
			auth_request_set $patrol_user $upstream_http_x_patrol_user;
			auth_request_set $patrol_project $upstream_http_x_patrol_project;
			auth_request_set $patrol_role $upstream_http_x_patrol_role;
			auth_request_set $patrol_scopes $upstream_http_x_patrol_scopes;
			auth_request_set $patrol_token $upstream_http_x_patrol_token_id;
			proxy_set_header X-Patrol-User $patrol_user;
			proxy_set_header X-Patrol-Project $patrol_project;
			proxy_set_header X-Patrol-Role $patrol_role;
			proxy_set_header X-Patrol-Scopes $patrol_scopes;
			proxy_set_header X-Patrol-Token-Id $patrol_token;
			proxy_set_header Authorization "";
			proxy_set_header PRIVATE-TOKEN "";
			proxy_pass http://`+site(t)+`;
		}
	}
}
`))
	guarded(t, p, proxy)
}

// Caddy before a site, with the configuration of docs/forward-auth.md.
func TestCaddy(t *testing.T) {
	p := start(t)
	p.run(t, "project", "add", "acme/web")
	proxy := free(t)
	beside(t, proxy, "caddy", "run", "--adapter", "caddyfile", "--config", write(t, t.TempDir(), "Caddyfile", `
{
	admin off
	auto_https off
}
http://`+proxy+` {
	forward_auth `+strings.TrimPrefix(p.url, "http://")+` {
		uri /auth?project=acme/web&role=reporter&via=forwarded
		copy_headers X-Patrol-User X-Patrol-Project X-Patrol-Role X-Patrol-Scopes X-Patrol-Token-Id
	}
	request_header -Authorization
	request_header -PRIVATE-TOKEN
	request_header -*_*
	reverse_proxy `+site(t)+`
}
`))
	guarded(t, p, proxy)
}

// image makes an OCI image of one small file.
func image(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "blobs", "sha256"), 0o700); err != nil {
		t.Fatal(err)
	}
	blob := func(kind string, content []byte) map[string]any {
		digest := fmt.Sprintf("%x", sha256.Sum256(content))
		write(t, dir, "blobs/sha256/"+digest, string(content))
		return map[string]any{"mediaType": "application/vnd.oci.image." + kind, "digest": "sha256:" + digest, "size": len(content)}
	}
	object := func(kind string, v any) map[string]any {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return blob(kind, text)
	}
	var layer, packed bytes.Buffer
	files := tar.NewWriter(&layer)
	files.WriteHeader(&tar.Header{Name: "hello", Mode: 0o644, Size: 5})
	files.Write([]byte("hello"))
	files.Close()
	z := gzip.NewWriter(&packed)
	z.Write(layer.Bytes())
	z.Close()
	config := object("config.v1+json", map[string]any{"architecture": "amd64", "os": "linux", "config": map[string]any{},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{fmt.Sprintf("sha256:%x", sha256.Sum256(layer.Bytes()))}}})
	manifest := object("manifest.v1+json", map[string]any{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": config, "layers": []any{blob("layer.v1.tar+gzip", packed.Bytes())}})
	manifest["annotations"] = map[string]string{"org.opencontainers.image.ref.name": "latest"}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []any{manifest}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "index.json", string(index))
	write(t, dir, "oci-layout", `{"imageLayoutVersion":"1.0.0"}`)
	return "oci:" + dir + ":latest"
}

// A distribution registry with the lines of patrol registry config, and skopeo
// pushing, pulling and being refused (G50–G62).
func TestRegistry(t *testing.T) {
	p := start(t)
	p.run(t, "project", "add", "acme/web")
	dir, address := t.TempDir(), free(t)
	beside(t, address, "docker-registry", "serve", write(t, dir, "registry.yml", `
version: 0.1
storage:
  filesystem:
    rootdirectory: `+dir+`/images
http:
  addr: `+address+`
`+p.run(t, "registry", "config")+"\n"))
	skopeo := func(args ...string) (string, error) {
		c := exec.Command("skopeo", append([]string{"--insecure-policy"}, args...)...)
		c.Env = append(os.Environ(), "HOME="+dir, "REGISTRY_AUTH_FILE="+filepath.Join(dir, "auth.json"))
		out, err := c.CombinedOutput()
		return string(out), err
	}
	login := func(secret string) (string, error) {
		c := exec.Command("skopeo", "login", "--tls-verify=false", "-u", "any", "--password-stdin", address)
		c.Env = append(os.Environ(), "HOME="+dir, "REGISTRY_AUTH_FILE="+filepath.Join(dir, "auth.json"))
		c.Stdin = strings.NewReader(secret)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	works := func(what string) func(string, error) {
		return func(out string, err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s: %v\n%s", what, err, out)
			}
		}
	}
	fails := func(what string) func(string, error) {
		return func(out string, err error) {
			t.Helper()
			if err == nil {
				t.Errorf("%s: it works\n%s", what, out)
			}
		}
	}
	from, web := image(t), "docker://"+address+"/acme/web/api:1"
	push := func() (string, error) { return skopeo("copy", "--dest-tls-verify=false", from, web) }
	pull := func() (string, error) {
		return skopeo("copy", "--src-tls-verify=false", web, "oci:"+filepath.Join(t.TempDir(), "pulled")+":latest")
	}
	both := p.deploy(t, "acme/web", "developer", "read_registry,write_registry")
	reads := p.deploy(t, "acme/web", "reporter", "read_registry")
	fails("login with a wrong token")(login("glpat-aaaaaaaaaaaaaaaaaaaa"))
	works("login")(login(both))
	works("push")(push())
	works("pull")(pull())
	works("login")(login(reads))
	works("pull with read_registry")(pull())
	fails("push with read_registry")(push())
	p.run(t, "project", "add", "other/web")
	works("login")(login(p.deploy(t, "other/web", "owner", "read_registry,write_registry")))
	fails("pull of another project")(pull())
	fails("login without a scope for it")(login(p.deploy(t, "acme/web", "owner", "read_repository")))
	works("login")(login(both))
	p.run(t, "token", "revoke", "2") // behind the administrator's
	fails("push with a revoked token")(push())
}

// Git and the console by OpenSSH: a token as the password, a key as the person.
func TestSSH(t *testing.T) {
	p := start(t)
	p.run(t, "project", "add", "acme/web")
	dir := t.TempDir()
	host, port, _ := net.SplitHostPort(p.ssh)
	secret := write(t, dir, "secret", p.deploy(t, "acme/web", "developer", "write_repository")+"\n")
	key := filepath.Join(dir, "id")
	run := func(c *exec.Cmd) string {
		t.Helper()
		c.Env = append(os.Environ(), "HOME="+dir, "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_SSH_COMMAND=ssh -F "+filepath.Join(dir, "config"))
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", c.Args, err, out)
		}
		return string(out)
	}
	run(exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key))
	p.run(t, "user", "add", "ann", "--ssh-key", key+".pub")
	p.run(t, "member", "add", "acme/web", "ann", "--role", "maintainer")
	common := "\tHostName " + host + "\n\tPort " + port + "\n\tIdentitiesOnly yes\n\tStrictHostKeyChecking accept-new\n\tUserKnownHostsFile " + filepath.Join(dir, "known") + "\n\tLogLevel ERROR\n"
	write(t, dir, "config", "Host token\n\tPubkeyAuthentication no\n"+common+"Host person\n\tIdentityFile "+key+"\n"+common)
	work := filepath.Join(dir, "work")
	run(exec.Command("git", "init", "-q", "-b", "main", work))
	run(exec.Command("git", "-C", work, "commit", "-q", "--allow-empty", "-m", "first"))
	run(exec.Command("sshpass", "-f", secret, "git", "-C", work, "push", "-q", "ssh://any@token/acme/web.git", "main"))
	run(exec.Command("git", "clone", "-q", "person:acme/web", filepath.Join(dir, "clone")))
	if got := run(exec.Command("git", "-C", filepath.Join(dir, "clone"), "log", "--format=%s")); got != "first\n" {
		t.Errorf("G44: %q", got)
	}
	if known, shown := run(exec.Command("ssh-keygen", "-lf", filepath.Join(dir, "known"))), p.run(t, "settings", "ssh_host_key"); !strings.Contains(known, shown) {
		t.Errorf("G45: the settings show %s, the client knows %s", shown, known)
	}

	console := exec.Command("ssh", "-F", filepath.Join(dir, "config"), "-tt", "person")
	console.Env = append(os.Environ(), "TERM=xterm-256color")
	keys, err := console.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := console.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := console.Start(); err != nil {
		t.Fatal(err)
	}
	var screen bytes.Buffer
	shows := func(what string) {
		t.Helper()
		for piece := make([]byte, 4096); !strings.Contains(screen.String(), what); {
			n, err := out.Read(piece)
			if screen.Write(piece[:n]); err != nil {
				t.Fatalf("the console ends before it shows %q: %q", what, screen.String())
			}
		}
		screen.Reset()
	}
	shows("ann")
	io.WriteString(keys, "gp")
	shows("VISIBLE")
	io.WriteString(keys, "?")
	shows("filter")
	began := time.Now()
	p.run(t, "user", "block", "ann")
	rest, _ := io.ReadAll(out)
	if err := console.Wait(); err == nil {
		t.Error("the console of a blocked user ends as if all were well")
	}
	if took := time.Since(began); took > 3*time.Second { // a second is the goal, without the command's own time
		t.Errorf("it ended after %v", took)
	}
	if !strings.Contains(string(screen.String())+string(rest), "\x1b[?1049l") {
		t.Errorf("the terminal isn't as it was: %q", rest)
	}
}
