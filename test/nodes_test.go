package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

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

// probe is what a probe of a node answers.
func (p *patrol) probe(t *testing.T, name string) int {
	t.Helper()
	answer, err := http.Get(p.url + "/-/" + name)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// P4, P5, P7, P9: one node is killed and PostgreSQL stopped as if its machine had
// lost power, under load. Nothing acknowledged is lost, nobody is told 500, and
// all goes on without a restart.
func TestNodesUnderLoad(t *testing.T) {
	s := startPostgres(t)
	c := newLoad(t, startNodes(t, s, 3))
	c.nodes[0].run(t, "project", "add", "acme/web")
	end := c.run()
	c.until("some work", func() bool { return c.made > 100 })
	c.mu.Lock()
	c.dead = c.nodes[2]
	c.mu.Unlock()
	c.dead.server.Process.Kill()
	c.dead.wait()
	before := c.made
	c.until("work beside a dead node", func() bool { return c.made > before+100 })
	s.run(t, "pg_ctl", "-D", s.data(), "-m", "immediate", "-w", "stop")
	c.until("somebody is told to come again", func() bool { return c.away > 20 })
	if ready, live := c.nodes[0].probe(t, "readiness"), c.nodes[0].probe(t, "liveness"); ready != 503 || live != 200 {
		t.Errorf("P9: without a database: ready %d, live %d", ready, live)
	}
	s.begin(t)
	c.mu.Lock()
	before = c.made
	c.mu.Unlock()
	c.until("work after PostgreSQL came back", func() bool { return c.made > before+100 })
	end()
	c.check()
}

// P4, P9: one node's connections are cut, and then fall silent: it answers 503,
// soon, while the others go on, and lets nobody in who was revoked meanwhile.
func TestNodeCutOff(t *testing.T) {
	s := startPostgres(t)
	nodes := startNodes(t, s, 1)
	nodes[0].run(t, "project", "add", "acme/web")
	proxy, address := startCutter(t, s)
	far := &patrol{program: nodes[0].program, database: address, admin: nodes[0].admin}
	far.serve(t)
	t.Cleanup(func() {
		far.server.Process.Signal(syscall.SIGTERM)
		far.wait()
	})
	for name, away := range map[string]func() (back func()){
		"cut":    func() func() { proxy.end(); return proxy.heal },
		"silent": proxy.hush,
	} {
		status, _, id, secret := far.create("deploy")
		if status != 201 {
			t.Fatalf("%s: make: %d", name, status)
		}
		back := away()
		began := time.Now()
		status, header, _ := far.ask("GET", "/personal_access_tokens/self", secret, nil)
		if status != 503 || header.Get("Retry-After") == "" || time.Since(began) > 30*time.Second {
			t.Errorf("%s: verifying: %d after %s", name, status, time.Since(began))
		}
		if status, _, _, _ := far.create("more"); status != 503 {
			t.Errorf("%s: making: %d", name, status)
		}
		if ready, live := far.probe(t, "readiness"), far.probe(t, "liveness"); ready != 503 || live != 200 {
			t.Errorf("%s: ready %d, live %d", name, ready, live)
		}
		if status, _, _ := nodes[0].ask("DELETE", tokenPath(id), nodes[0].admin, nil); status != 204 {
			t.Errorf("%s: revoke elsewhere: %d", name, status)
		}
		back()
		if status, _, _ := far.ask("GET", "/personal_access_tokens/self", secret, nil); status != 401 {
			t.Errorf("%s: revoked meanwhile, and answered %d", name, status)
		}
		t.Logf("%s: %s", name, time.Since(began).Round(time.Millisecond))
	}
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
