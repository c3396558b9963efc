package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"patrol/model"
	"patrol/storage"
	"patrol/storage/sqlite"
)

var root = model.Actor{UserID: model.RootID, Door: model.CLIDoor, Address: "test"}

const stressProject = "acme/web"

// newStressDB makes a database with one project.
func newStressDB(t *testing.T) (path string) {
	path = filepath.Join(t.TempDir(), "patrol.db")
	db := openStore(t, path)
	defer closeStore(t, db)
	if _, err := db.AddProject(t.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: stressProject, Parents: true}); err != nil {
		t.Fatal(err)
	}
	return path
}

func openStore(t *testing.T, path string) *storage.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), storage.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func closeStore(t *testing.T, db *storage.DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func createToken(ctx context.Context, db *storage.DB, place model.Ref) (model.IssuedToken, error) {
	return db.CreateToken(ctx, root, model.NewToken{Place: place, Name: "stress", Scopes: model.Scopes{model.ScopeReadAPI}, Role: model.Developer})
}

// admits tells whether a process lets a secret in, and as which token.
func admits(ctx context.Context, db *storage.DB, secret string) (tokenID int64, admitted bool, err error) {
	pass, err := db.Authenticate(ctx, model.NewSecret(secret))
	if err != nil {
		return 0, false, err
	}
	return pass.Token.ID, model.Admit(pass.Caller, model.RESTRead, model.DateOf(db.Now())).Allowed, nil
}

// checkStore checks what must hold whatever happened: the chain (R163), the
// integrity check, and that each live token has one bot with one membership
// (R100), and no bot is without a token (R120).
func checkStore(t *testing.T, db *storage.DB) {
	t.Helper()
	ctx := t.Context()
	if report, err := db.VerifyAudit(ctx, root); err != nil || report.Broken != 0 {
		t.Errorf("R163: audit: %+v, %v", report, err)
	}
	if problems, err := db.Check(ctx); err != nil || len(problems) > 0 {
		t.Errorf("check: %q, %v", problems, err)
	}
	live := map[int64]int64{} // bot → token
	each(t, func(p model.Page) (model.List[model.Token], error) {
		return db.Tokens(ctx, root, model.TokenQuery{}, p)
	},
		func(token model.Token) {
			if token.RevokedAt.IsZero() {
				live[token.User.ID] = token.ID
			}
		})
	for _, place := range []model.Ref{model.ProjectRef("acme/web"), model.GroupRef("acme")} {
		each(t, func(p model.Page) (model.List[model.Member], error) {
			return db.Members(ctx, root, place, false, "", p)
		},
			func(m model.Member) {
				if m.User.Kind != model.Bot {
					return
				}
				if live[m.User.ID] == 0 || live[m.User.ID] != m.TokenID {
					t.Errorf("R120: member %s of %s has no live token", m.User.Username, place.Path)
				}
				delete(live, m.User.ID)
			})
	}
	for bot, token := range live {
		t.Errorf("R100: bot %d of token %d is no member", bot, token)
	}
}

func each[T any](t *testing.T, fetch func(model.Page) (model.List[T], error), do func(T)) {
	t.Helper()
	for p := (model.Page{Limit: model.MaxPage}); ; {
		list, err := fetch(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range list.Rows {
			do(row)
		}
		if p.After = list.Next; p.After == "" {
			return
		}
	}
}

// A creator is a process that makes tokens as fast as it can, prints each one's
// number and secret once it is committed, and goes on until it is killed.
func creator() {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, storage.Options{Path: os.Args[1]})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for {
				token, err := createToken(ctx, db, model.ProjectRef(stressProject))
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				fmt.Printf("%d %s\n", token.ID, token.Secret.Reveal())
			}
		})
	}
	workers.Wait()
}

// Every token that was acknowledged before a kill -9 works afterwards, the chain
// verifies and the check is clean: 50 times on the same database.
func TestKilledWhileCreating(t *testing.T) {
	path := newStressDB(t)
	for round := range 50 {
		acknowledged := killCreator(t, path, 1+rand.IntN(40))
		db := openStore(t, path)
		for id, secret := range acknowledged {
			if got, admitted, err := admits(t.Context(), db, secret); got != id || !admitted || err != nil {
				t.Errorf("round %d: acknowledged token %d: found %d, admitted %v, %v", round, id, got, admitted, err)
			}
		}
		if round%10 == 9 {
			checkStore(t, db)
		} else if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
			t.Errorf("round %d: check: %q, %v", round, problems, err)
		}
		closeStore(t, db)
		if t.Failed() {
			return
		}
	}
}

// killCreator runs a creator until it has acknowledged that many tokens, kills
// it, and gives all that it had acknowledged by then.
func killCreator(t *testing.T, path string, after int) map[int64]string {
	t.Helper()
	cmd := exec.Command("patrol-creator", path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[int64]string{}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // the last line may have been cut: then nobody has read it either
			break
		}
		var id int64
		var secret string
		if _, err := fmt.Sscan(line, &id, &secret); err != nil {
			t.Fatalf("creator said %q: %v", line, err)
		}
		acknowledged[id] = secret
		if len(acknowledged) == after {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()
	if len(acknowledged) < after {
		t.Fatalf("creator ended by itself after %d tokens", len(acknowledged))
	}
	return acknowledged
}

// A churn is one of two processes on the same file. Its workers make tokens, use
// them and revoke them; every second one they hand to the other process, which
// uses and revokes it. Whatever one revokes, the other must refuse at once.
type churn struct {
	db     *storage.DB
	mu     sync.Mutex
	out    io.Writer
	errors []error
}

const (
	churnWorkers = 8
	churnRounds  = 25
)

func (c *churn) fail(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errors = append(c.errors, fmt.Errorf(format, args...))
}

// tell sends the other process a line. All lines of a run fit into the pipe, so
// that neither ever waits for the other to read.
func (c *churn) tell(words ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintln(c.out, words...)
}

func (c *churn) run(in io.Reader) {
	var all sync.WaitGroup
	all.Go(func() { c.listen(in) })
	var workers sync.WaitGroup
	for n := range churnWorkers {
		workers.Go(func() { c.work(n) })
	}
	workers.Wait()
	c.tell("done")
	all.Wait()
}

func (c *churn) work(n int) {
	place := model.ProjectRef(stressProject)
	if n%2 == 1 {
		place = model.GroupRef("acme")
	}
	for i := range churnRounds {
		token, err := createToken(context.Background(), c.db, place)
		if err != nil {
			c.fail("create: %w", err)
			return
		}
		secret := token.Secret.Reveal()
		switch i % 4 {
		case 0: // stays
			c.expect(token.ID, secret, true)
		case 1:
			c.expect(token.ID, secret, true)
			c.revoke(token.ID, secret)
		default:
			c.tell("live", token.ID, secret)
		}
	}
}

func (c *churn) revoke(id int64, secret string) {
	if err := c.db.RevokeTokens(context.Background(), root, model.Ref{}, id); err != nil {
		c.fail("revoke %d: %w", id, err)
	}
	c.expect(id, secret, false)
	c.tell("revoked", id, secret)
}

// expect uses a token, which must be let in or refused (R92).
func (c *churn) expect(id int64, secret string, live bool) {
	if got, admitted, err := admits(context.Background(), c.db, secret); err != nil || admitted != live || live && got != id {
		c.fail("R92: token %d: found %d, admitted %v instead of %v, %v", id, got, admitted, live, err)
	}
}

// listen does what the other process says, until the other is done and has done
// all that it was told.
func (c *churn) listen(in io.Reader) {
	done, bye := false, false
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var word, secret string
		var id int64
		fmt.Sscan(lines.Text(), &word, &id, &secret)
		switch word {
		case "live":
			c.expect(id, secret, true)
			c.revoke(id, secret)
		case "revoked":
			c.expect(id, secret, false)
		case "done":
			c.tell("bye")
			done = true
		case "bye":
			bye = true
		default:
			c.fail("the other process said %q", lines.Text())
		}
		if done && bye {
			return
		}
	}
	c.fail("the other process ended early")
}

// A churner is the second process.
func churner() {
	db, err := sqlite.Open(context.Background(), storage.Options{Path: os.Args[1]})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	c := churn{db: db, out: os.Stdout}
	c.run(os.Stdin)
	for _, err := range append(c.errors, db.Close()) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "churner:", err)
			defer os.Exit(1)
		}
	}
}

// 16 goroutines in two processes create, use and revoke tokens; no invariant breaks.
func TestTwoProcesses(t *testing.T) {
	path := newStressDB(t)
	db := openStore(t, path)
	defer closeStore(t, db)
	cmd := exec.Command("patrol-churner", path)
	var said strings.Builder
	cmd.Stderr = &said
	in, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := churn{db: db, out: out}
	c.run(in)
	if err := cmd.Wait(); err != nil {
		t.Errorf("the other process: %v: %s", err, said.String())
	}
	for _, err := range c.errors {
		t.Error(err)
	}
	checkStore(t, db)
}
