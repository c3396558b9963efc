package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// postgresServer is a PostgreSQL of the test's own, in a folder that is removed.
type postgresServer struct {
	bin, folder string
	as          *syscall.Credential // nil: as whoever runs the test
}

// startPostgres starts one, as the user postgres where root runs the test:
// PostgreSQL refuses root.
func startPostgres(t *testing.T) *postgresServer {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		t.Fatal("PostgreSQL is missing: install Debian's postgresql")
	}
	folder, err := os.MkdirTemp("", "patrol-postgres-") // its path must be short: a socket stands in it
	if err != nil {
		t.Fatal(err)
	}
	s := &postgresServer{bin: filepath.Dir(found[len(found)-1]), folder: folder}
	t.Cleanup(func() { os.RemoveAll(folder) })
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32) // numbers, on every system with initdb
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(folder, int(uid), int(gid)); err != nil {
			t.Fatal(err)
		}
	}
	s.run(t, "initdb", "-D", s.data(), "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-U", "patrol")
	s.begin(t)
	t.Cleanup(func() { s.run(t, "pg_ctl", "-D", s.data(), "-m", "immediate", "-w", "stop") })
	return s
}

func (s *postgresServer) data() string { return filepath.Join(s.folder, "data") }

// address is that of one of its databases, over a Unix socket.
func (s *postgresServer) address(database string) string {
	return "postgres://patrol@/" + database + "?host=" + s.folder
}

func (s *postgresServer) begin(t *testing.T) {
	t.Helper()
	s.run(t, "pg_ctl", "-D", s.data(), "-l", filepath.Join(s.folder, "log"), "-w", "-o", "-c listen_addresses= -k "+s.folder, "start")
}

func (s *postgresServer) run(t *testing.T, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir = s.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// startNodes starts some on one database and one folder of repositories, at once.
func startNodes(t *testing.T, s *postgresServer, n int) []*patrol {
	t.Helper()
	t.Setenv("PATROL_REPOS", filepath.Join(t.TempDir(), "repositories"))
	first := build(t)
	first.database = s.address("postgres")
	nodes := make([]*patrol, n)
	var all sync.WaitGroup
	for i := range nodes {
		nodes[i] = &patrol{program: first.program, database: first.database}
		all.Go(func() { nodes[i].serve(t) })
	}
	all.Wait()
	admin := first.run(t, "token", "create", "--user", "root", "--name", "admin", "--scope", "api")
	for _, p := range nodes {
		p.admin = admin
		t.Cleanup(func() {
			p.server.Process.Signal(syscall.SIGTERM)
			p.wait() // one of them may have been killed
		})
	}
	return nodes
}

// ask asks a node something. An answer of 0 is none: the node is gone.
func (p *patrol) ask(method, path, token string, body any) (status int, header http.Header, answer map[string]any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // the test's own
	}
	request, err := http.NewRequest(method, p.url+"/api/v4"+path, bytes.NewReader(text))
	if err != nil {
		panic(err)
	}
	request.Header.Set("PRIVATE-TOKEN", token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, nil
	}
	defer response.Body.Close()
	if text, err = io.ReadAll(response.Body); err != nil {
		return 0, nil, nil
	}
	json.Unmarshal(text, &answer) // a list, or nothing, is none
	return response.StatusCode, response.Header, answer
}

// create makes a project token, and gives its number and its secret.
func (p *patrol) create(name string) (status int, header http.Header, id int64, secret string) {
	status, header, made := p.ask("POST", "/projects/acme%2Fweb/access_tokens", p.admin, map[string]any{
		"name": name, "scopes": []string{"api"}, "access_level": 30, "expires_at": time.Now().UTC().AddDate(0, 0, 30).Format(time.DateOnly)})
	number, _ := made["id"].(float64)
	secret, _ = made["token"].(string)
	return status, header, int64(number), secret
}

func tokenPath(id int64) string { return fmt.Sprintf("/projects/acme%%2Fweb/access_tokens/%d", id) }

// P4, R92: what one node has revoked every other refuses at the next request, a
// thousand times. P10: three nodes start at once on an empty database.
func TestRevokedOnEveryNode(t *testing.T) {
	nodes := startNodes(t, startPostgres(t), 3)
	nodes[0].run(t, "project", "add", "acme/web")
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 125 {
				a, b, c := nodes[i%3], nodes[(i+1)%3], nodes[(i+2)%3]
				status, _, id, secret := a.create(fmt.Sprintf("w%d-%d", worker, i))
				if status != 201 {
					t.Errorf("make a token: %d", status)
					return
				}
				if status, _, _ := b.ask("GET", "/personal_access_tokens/self", secret, nil); status != 200 {
					t.Errorf("a new token at another node: %d", status)
				}
				if status, _, _ := c.ask("DELETE", tokenPath(id), c.admin, nil); status != 204 {
					t.Errorf("revoke: %d", status)
				}
				for _, p := range []*patrol{a, b} {
					if status, _, _ := p.ask("GET", "/personal_access_tokens/self", secret, nil); status != 401 {
						t.Errorf("P4: revoked elsewhere, and let in: %d", status)
					}
				}
			}
		})
	}
	all.Wait()
	for _, p := range nodes {
		if problems := p.run(t, "check"); problems != "No problem found." && problems != "" {
			t.Error(problems)
		}
	}
	if said := nodes[1].run(t, "audit", "--verify"); !strings.Contains(said, "each in its place") {
		t.Errorf("P5: %s", said)
	}
}

// P4, P5, P7, P9: one node is killed and PostgreSQL restarted while 16 clients
// make, rotate and revoke through all three. Nothing acknowledged is lost, nobody
// is told 500, and all goes on without a restart.
func TestNodesUnderLoad(t *testing.T) {
	s := startPostgres(t)
	nodes := startNodes(t, s, 3)
	nodes[0].run(t, "project", "add", "acme/web")
	var (
		mu      sync.Mutex
		live    = map[int64]string{} // by number: the secret that was acknowledged last
		revoked = map[string]bool{}
		away    int
	)
	end := make(chan struct{})
	// settled tells whether an answer says that something was done. 503 says when to
	// ask again; no answer is that of the node that was killed.
	settled := func(p *patrol, what string, status, want int, header http.Header) bool {
		switch {
		case status == want:
			return true
		case status == 503 && header.Get("Retry-After") != "":
			mu.Lock()
			away++
			mu.Unlock()
		case status == 0 && p == nodes[2]:
		default:
			t.Errorf("%s: %d", what, status)
		}
		return false
	}
	var all sync.WaitGroup
	for worker := range 16 {
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-end:
					return
				default:
				}
				p := nodes[(worker+i)%3]
				status, header, id, secret := p.create(fmt.Sprintf("w%d-%d", worker, i))
				if !settled(p, "make", status, 201, header) {
					time.Sleep(20 * time.Millisecond) // a client's own patience
					continue
				}
				mu.Lock()
				live[id] = secret
				mu.Unlock()
				q := nodes[(worker+i+1)%3]
				if i%2 == 0 {
					status, header, _ = q.ask("DELETE", tokenPath(id), q.admin, nil)
					done := settled(q, "revoke", status, 204, header)
					mu.Lock()
					delete(live, id) // not acknowledged: it may be either
					if done {
						revoked[secret] = true
					}
					mu.Unlock()
				} else if i%3 == 0 {
					status, header, made := q.ask("POST", tokenPath(id)+"/rotate", q.admin, nil)
					done := settled(q, "rotate", status, 200, header)
					mu.Lock()
					delete(live, id)
					if done {
						revoked[secret] = true
						number, _ := made["id"].(float64)
						live[int64(number)], _ = made["token"].(string)
					}
					mu.Unlock()
				}
			}
		})
	}
	time.Sleep(2 * time.Second)
	nodes[2].server.Process.Kill()
	time.Sleep(time.Second)
	s.run(t, "pg_ctl", "-D", s.data(), "-m", "immediate", "-w", "stop") // as if its machine had lost power
	if answer, err := http.Get(nodes[0].url + "/-/readiness"); err != nil || answer.StatusCode != 503 {
		t.Errorf("P9: readiness without a database: %v, %v", answer, err)
	}
	if answer, err := http.Get(nodes[0].url + "/-/liveness"); err != nil || answer.StatusCode != 200 {
		t.Errorf("P9: liveness without a database: %v, %v", answer, err)
	}
	s.begin(t)
	mu.Lock()
	before := len(live)
	mu.Unlock()
	time.Sleep(3 * time.Second)
	close(end)
	all.Wait()
	if len(live) <= before {
		t.Errorf("nothing was made after PostgreSQL came back: %d and %d", before, len(live))
	}
	if away == 0 {
		t.Error("nobody noticed that PostgreSQL was away")
	}
	for i, secret := range live {
		if status, _, _ := nodes[int(i)%2].ask("GET", "/personal_access_tokens/self", secret, nil); status != 200 {
			t.Errorf("token %d was acknowledged and answers %d", i, status)
		}
	}
	for secret := range revoked {
		if status, _, _ := nodes[0].ask("GET", "/personal_access_tokens/self", secret, nil); status != 401 {
			t.Errorf("a revoked token answers %d", status)
		}
	}
	if said := nodes[0].run(t, "audit", "--verify"); !strings.Contains(said, "each in its place") {
		t.Errorf("P5: %s", said)
	}
	if problems := nodes[1].run(t, "check"); problems != "No problem found." && problems != "" {
		t.Error(problems)
	}
	t.Logf("%d live, %d revoked, %d times told to come again", len(live), len(revoked), away)
}

// P8: a node whose folder of repositories isn't the one that the others share says
// so at its start, serves no Git and makes no project; all else works on it.
func TestForeignRepositories(t *testing.T) {
	nodes := startNodes(t, startPostgres(t), 1)
	nodes[0].run(t, "project", "add", "acme/web")
	t.Setenv("PATROL_REPOS", filepath.Join(t.TempDir(), "repositories"))
	lost := &patrol{program: nodes[0].program, database: nodes[0].database, admin: nodes[0].admin}
	lost.serve(t)
	t.Cleanup(func() {
		lost.server.Process.Signal(syscall.SIGTERM)
		lost.wait()
	})
	refs := func(p *patrol) int {
		request, err := http.NewRequest("GET", p.url+"/acme/web.git/info/refs?service=git-upload-pack", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("x", p.admin)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	if at, away := refs(nodes[0]), refs(lost); at != 200 || away != 503 {
		t.Errorf("Git is answered %d, and on the other node %d", at, away)
	}
	if status, _, _, _ := lost.create("deploy"); status != 201 {
		t.Errorf("a token: %d", status)
	}
	if status, _, _ := lost.ask("POST", "/projects", lost.admin, map[string]any{"name": "two", "namespace_id": 1}); status != 503 {
		t.Errorf("a project: %d", status)
	}
	if out, err := exec.Command(lost.program, "--db", lost.database, "check").CombinedOutput(); err == nil || !strings.Contains(string(out), "lacks the database's marker") {
		t.Errorf("check: %v, %s", err, out)
	}
}
