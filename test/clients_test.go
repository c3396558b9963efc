// Package test runs GitLab's own clients against a real `patrol serve`: what
// they need is not in the product's go.mod, and .ci/run installs the rest.
package test

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	gitlab "gitlab.com/gitlab-org/api/client-go"
)

// patrol is a server on a database of the test's own.
type patrol struct {
	program, database string
	url               string
	ssh               string // host:port
	admin             string // a personal token of root, scope api

	server *exec.Cmd
	ended  chan struct{} // closed once it has, with result
	result error
	mu     sync.Mutex
	log    strings.Builder
}

// start builds the program and serves with it.
func start(t *testing.T, flags ...string) *patrol {
	t.Helper()
	p := build(t)
	p.admin = p.run(t, "token", "create", "--user", "root", "--name", "admin", "--scope", "api")
	p.serve(t, flags...)
	t.Cleanup(func() {
		p.server.Process.Signal(syscall.SIGTERM) // one that has ended takes none
		if err := p.wait(); err != nil {
			t.Errorf("patrol serve: %v", err)
		}
	})
	return p
}

// build builds the program, whose database isn't there yet.
func build(t *testing.T) *patrol {
	t.Helper()
	dir := t.TempDir()
	p := &patrol{program: filepath.Join(dir, "patrol"), database: filepath.Join(dir, "patrol.db")}
	build := exec.Command("go", "build", "-o", p.program, ".")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return p
}

// serve starts the server and finds out where it listens.
func (p *patrol) serve(t *testing.T, flags ...string) {
	t.Helper()
	p.server = exec.Command(p.program, append([]string{"--db", p.database, "serve", "--http", "127.0.0.1:0", "--ssh", "127.0.0.1:0"}, flags...)...)
	stderr, err := p.server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.server.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for p.url == "" && lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "http: listening on "); ok {
			p.url = "http://" + address
		}
		if address, ok := strings.CutPrefix(lines.Text(), "ssh: listening on "); ok {
			p.ssh = address
		}
	}
	p.ended = make(chan struct{})
	go func() { // so that the server never waits for a reader of its log
		defer close(p.ended)
		for lines.Scan() {
			p.mu.Lock()
			p.log.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
		}
		p.result = p.server.Wait()
	}()
	if p.url == "" {
		t.Fatal("patrol serve did not say where it listens")
	}
}

// wait waits until the server has ended.
func (p *patrol) wait() error {
	<-p.ended
	return p.result
}

func (p *patrol) logged() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// run is a command of patrol's; it gives the standard output without the line
// end.
func (p *patrol) run(t *testing.T, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(p.program, append([]string{"--db", p.database}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("patrol %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

func client(t *testing.T, p *patrol, token string) *gitlab.Client {
	t.Helper()
	c, err := gitlab.NewClient(token, gitlab.WithBaseURL(p.url), gitlab.WithCustomRetryMax(0))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func status(err error) int {
	var r *gitlab.ErrorResponse
	if errors.As(err, &r) {
		return r.Response.StatusCode
	}
	return 0
}

// A151: GitLab's Go client makes, lists, rotates and revokes tokens unchanged.
func TestGoClient(t *testing.T) {
	p := start(t)
	admin := client(t, p, p.admin)
	version, _, err := admin.Version.GetVersion()
	if err != nil || version.Version == "" {
		t.Fatalf("A140: %+v, %v", version, err)
	}
	me, _, err := admin.Users.CurrentUser()
	if err != nil || me.Username != "root" || !me.IsAdmin {
		t.Fatalf("A71: %+v, %v", me, err)
	}
	group, _, err := admin.Groups.CreateGroup(&gitlab.CreateGroupOptions{Name: gitlab.Ptr("Acme"), Path: gitlab.Ptr("acme")})
	if err != nil {
		t.Fatalf("A94: %v", err)
	}
	project, _, err := admin.Projects.CreateProject(&gitlab.CreateProjectOptions{Name: gitlab.Ptr("web"), NamespaceID: gitlab.Ptr(group.ID)})
	if err != nil || project.PathWithNamespace != "acme/web" {
		t.Fatalf("A83: %+v, %v", project, err)
	}
	expires := gitlab.ISOTime(time.Now().UTC().AddDate(0, 0, 20))
	made, answer, err := admin.ProjectAccessTokens.CreateProjectAccessToken("acme/web", &gitlab.CreateProjectAccessTokenOptions{
		Name: gitlab.Ptr("deploy"), Scopes: gitlab.Ptr([]string{"api", "read_repository"}), ExpiresAt: &expires, AccessLevel: gitlab.Ptr(gitlab.DeveloperPermissions),
	})
	if err != nil || answer.StatusCode != http.StatusCreated || made.Token == "" || made.AccessLevel != gitlab.DeveloperPermissions || made.ExpiresAt.String() != expires.String() {
		t.Fatalf("A43: %+v, %v", made, err)
	}
	for range 25 {
		if _, _, err := admin.ProjectAccessTokens.CreateProjectAccessToken(project.ID, &gitlab.CreateProjectAccessTokenOptions{Name: gitlab.Ptr("more"), Scopes: gitlab.Ptr([]string{"read_api"})}); err != nil {
			t.Fatal(err)
		}
	}
	seen := 0
	for page := int64(1); page != 0; {
		list, answer, err := admin.ProjectAccessTokens.ListProjectAccessTokens(project.ID, &gitlab.ListProjectAccessTokensOptions{ListOptions: gitlab.ListOptions{Page: page, PerPage: 10}})
		if err != nil {
			t.Fatalf("A41: %v", err)
		}
		seen, page = seen+len(list), answer.NextPage
	}
	if seen != 26 {
		t.Errorf("A31: %d tokens over the pages, want 26", seen)
	}

	bot := client(t, p, made.Token)
	self, _, err := bot.PersonalAccessTokens.GetSinglePersonalAccessToken()
	if err != nil || self.ID != made.ID {
		t.Errorf("A59: %+v, %v", self, err)
	}
	if _, _, err := bot.ProjectAccessTokens.ListProjectAccessTokens(project.ID, nil); status(err) != http.StatusUnauthorized {
		t.Errorf("A49: a Developer bot lists: %v", err)
	}
	issue, _, err := bot.Issues.CreateIssue(project.ID, &gitlab.CreateIssueOptions{Title: gitlab.Ptr("Disk almost full")})
	if err != nil || issue.Author.ID != made.UserID {
		t.Errorf("A111: %+v, %v", issue, err)
	}
	next, _, err := bot.ProjectAccessTokens.RotateProjectAccessTokenSelf(project.ID, nil)
	if err != nil || next.ID == made.ID || next.Token == "" {
		t.Fatalf("A46: %+v, %v", next, err)
	}
	if _, _, err := bot.Users.CurrentUser(); status(err) != http.StatusUnauthorized {
		t.Errorf("R66: the old secret: %v", err)
	}
	again, _, err := admin.ProjectAccessTokens.RotateProjectAccessToken(project.ID, next.ID, nil)
	if err != nil {
		t.Fatalf("A45: %v", err)
	}
	if answer, err := admin.ProjectAccessTokens.RevokeProjectAccessToken(project.ID, again.ID); err != nil || answer.StatusCode != http.StatusNoContent {
		t.Fatalf("A44: %v", err)
	}
	if _, _, err := client(t, p, again.Token).Users.CurrentUser(); status(err) != http.StatusUnauthorized {
		t.Errorf("R92: %v", err)
	}
	ghost, _, err := admin.Issues.GetIssue(project.ID, issue.IID)
	if err != nil || ghost.Author.Username != "ghost" {
		t.Errorf("A115: %+v, %v", ghost, err)
	}
	flag, _, err := admin.Features.SetFeatureFlag("resource_access_token", &gitlab.SetFeatureFlagOptions{Value: true, Project: "acme/web"})
	if err != nil || flag.Name != "resource_access_token" {
		t.Errorf("A145: %+v, %v", flag, err)
	}
	groupToken, _, err := admin.GroupAccessTokens.CreateGroupAccessToken(group.ID, &gitlab.CreateGroupAccessTokenOptions{Name: gitlab.Ptr("fleet"), Scopes: gitlab.Ptr([]string{"api"}), AccessLevel: gitlab.Ptr(gitlab.ReporterPermissions)})
	if err != nil || groupToken.Token == "" {
		t.Fatalf("A50: %v", err)
	}
	if reached, _, err := client(t, p, groupToken.Token).Projects.GetProject("acme/web", nil); err != nil || reached.ID != project.ID {
		t.Errorf("R111: a group token reaches the group's projects: %v", err)
	}
}

// A150 and A153: python-gitlab and ruby-gitlab, as scripts of their own.
func TestScriptClients(t *testing.T) {
	for _, command := range [][]string{{"/usr/bin/python3", "client.py"}, {"/usr/bin/ruby", "client.rb"}} {
		t.Run(command[1], func(t *testing.T) {
			p := start(t)
			p.run(t, "project", "add", "acme/web")
			cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
			cmd.Env = append(os.Environ(), "PATROL_URL="+p.url, "PATROL_ADMIN="+p.admin)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.HasSuffix(string(out), "all of it works\n") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
