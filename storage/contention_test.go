package storage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"patrol/model"
)

const (
	contested  = 12 // tokens that everybody rotates
	contenders = 8  // goroutines in each process
	rounds     = 15 // random changes of each
)

func init() {
	children["contender"] = func(args []string) {
		db, err := OpenForTests(context.Background(), Options{Path: args[0]})
		if err != nil {
			fmt.Println("failed", err)
			return
		}
		fmt.Println("ready")
		bufio.NewReader(os.Stdin).ReadString('\n') // go, or the other process is gone
		for _, line := range contend(db, 2) {
			fmt.Println(line)
		}
		if err := db.Close(); err != nil {
			fmt.Println("failed", err)
		}
	}
}

// contend lets goroutines rotate the same tokens, and then make, rotate and
// revoke at random. It tells what was done: "rotated OLD NEW SECRET", "made 0
// NEW SECRET", and "failed …" for an answer that no rule gives.
func contend(db *DB, seed uint64) (lines []string) {
	var mu sync.Mutex
	note := func(verb string, old int64, made model.IssuedToken, err error) {
		var refusal *model.Reason
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil && made.ID != 0:
			lines = append(lines, fmt.Sprintf("%s %d %d %s", verb, old, made.ID, made.Secret.Reveal()))
		case err != nil && (!errors.As(err, &refusal) || refusal.Rule != "R35" && refusal.Rule != "R67" && refusal.Rule != "R69"):
			lines = append(lines, fmt.Sprintf("failed %s %d: %v", verb, old, err))
		}
	}
	ctx := context.Background()
	rotate := func(id int64, hours int) {
		made, err := db.RotateTokens(ctx, root, model.Ref{}, model.Rotation{OverlapHours: hours}, id)
		note("rotated", id, append(made, model.IssuedToken{})[0], err)
	}
	var all sync.WaitGroup
	for n := range uint64(contenders) {
		all.Go(func() {
			r := rand.New(rand.NewPCG(seed, n))
			for _, id := range r.Perm(contested) {
				rotate(int64(id+1), id%2) // every second with an overlap
			}
			for range rounds {
				id := 1 + r.Int64N(4*contested)
				switch r.IntN(4) {
				case 0:
					made, err := db.CreateToken(ctx, root, model.NewToken{Place: model.ProjectRef("acme/web"), Name: "new", Scopes: model.Scopes{model.ScopeAPI}})
					note("made", 0, made, err)
				case 1:
					note("revoked", id, model.IssuedToken{}, db.RevokeTokens(ctx, root, model.Ref{}, id))
				default:
					rotate(id, r.IntN(3))
				}
			}
		})
	}
	all.Wait()
	return lines
}

// 16 goroutines in two processes rotate the same tokens, at once and with an
// overlap, and make and revoke others: each is rotated exactly once (R66, R69)
// and revoked at most once (R94), each acknowledged secret works exactly while
// its token lives (R92), and every invariant holds.
func TestContention(t *testing.T) {
	path := filepath.Join(t.TempDir(), "patrol.db")
	db := open(t, Options{Path: path})
	p := addProject(t, db, "acme/web")
	secrets := map[int64]model.Secret{}
	for range contested {
		made := addToken(t, db, root, p.Ref(), "contested")
		secrets[made.ID] = made.Secret
	}

	other := child(t, "contender", path)
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(out)
	if !said.Scan() || said.Text() != "ready" {
		t.Fatalf("the other process: %q", said.Text())
	}
	fmt.Fprintln(in, "go")
	lines := contend(db, 1)
	for said.Scan() {
		lines = append(lines, said.Text())
	}
	if err := other.Wait(); err != nil {
		t.Fatal(err)
	}

	rotated := map[int64]int{}
	for _, line := range lines {
		var verb, secret string
		var old, id int64
		if fmt.Sscan(line, &verb, &old, &id, &secret); verb == "failed" {
			t.Error(line)
			continue
		}
		if secrets[id] = model.NewSecret(secret); verb == "rotated" {
			rotated[old]++
		}
	}
	for id := range int64(contested) {
		if rotated[id+1] != 1 {
			t.Errorf("R66: token %d was rotated %d times", id+1, rotated[id+1])
		}
	}
	for id, n := range rotated {
		if n > 1 {
			t.Errorf("R66: token %d was rotated %d times", id, n)
		}
	}
	checkContention(t, db, secrets)
}

func checkContention(t *testing.T, db *DB, secrets map[int64]model.Secret) {
	rows := all(t, db, model.TokenQuery{Deleted: true})
	newest := map[int64]int64{}
	for _, k := range rows {
		newest[k.Family] = max(newest[k.Family], k.ID)
	}
	for _, k := range rows {
		secret, known := secrets[k.ID]
		if got := admitted(t, db, secret) == nil; !known || got != k.RevokedAt.IsZero() {
			t.Errorf("R92: token %d: acknowledged %v, admitted %v, revoked at %v", k.ID, known, got, k.RevokedAt)
		}
		if k.RevokedAt.IsZero() && !k.Replaced() && k.ID != newest[k.Family] {
			t.Errorf("R66: token %d of family %d lives beside its successor", k.ID, k.Family)
		}
	}
	if len(rows) != len(secrets) {
		t.Errorf("%d tokens, %d acknowledged", len(rows), len(secrets))
	}
	problems, err := db.Check(t.Context())
	if err != nil || len(problems) > 0 {
		t.Errorf("check: %s, %v", strings.Join(problems, "\n"), err)
	}
	err = db.view(t.Context(), root, func(t *tx) error {
		twice, err := t.int(`SELECT count(*) FROM (SELECT 1 FROM audit WHERE action = 'token.revoked' AND NOT refused GROUP BY target_id HAVING count(*) > 1) AS twice`)
		if err == nil && twice > 0 {
			err = fmt.Errorf("R94: %d tokens were revoked twice", twice)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A use case that panics while it reads is answered, and its connection works
// for the next.
func TestReaderPanics(t *testing.T) {
	db := open(t, Options{})
	for range cap(db.readers) + 1 {
		if err := db.view(t.Context(), root, func(*tx) error { panic("a secret") }); !errors.Is(err, errPanicked) {
			t.Fatal(err)
		}
	}
	if _, err := db.Users(t.Context(), root, model.UserQuery{}, model.Page{}); err != nil {
		t.Error(err)
	}
}
