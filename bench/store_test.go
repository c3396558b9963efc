// Package bench measures what the design promises, side by side in one run. It
// holds nothing but benchmarks: see README.md in this folder.
package bench

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"patrol/model"
	"patrol/storage"
)

var (
	tokens   = flag.Int("tokens", 1_000_000, "tokens in the database that is measured")
	database = flag.String("database", "", "a database made before with `patrol demo`'s generator; empty: make one")
)

var root = model.Actor{UserID: model.RootID, Door: model.CLIDoor, Address: "bench"}

var fixture = sync.OnceValues(func() (string, error) {
	if *database != "" {
		return *database, nil
	}
	dir, err := os.MkdirTemp("", "patrol-bench-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "patrol.db")
	start := time.Now()
	err = storage.Demo(context.Background(), path, "", start, *tokens, nil)
	fmt.Printf("made %d tokens in %.1f s: %s\n", *tokens, time.Since(start).Seconds(), path)
	return path, err
})

// open opens the fixture with one project of its own.
func open(b *testing.B) (*storage.DB, model.Project) {
	b.Helper()
	path, err := fixture()
	if err != nil {
		b.Fatal(err)
	}
	db, err := storage.Open(context.Background(), storage.Options{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	p, err := db.AddProject(b.Context(), root, model.NewPlace{Kind: model.ProjectPlace, FullPath: fmt.Sprintf("bench/p%d", time.Now().UnixNano()), Parents: true})
	if err != nil {
		b.Fatal(err)
	}
	return db, p
}

func create(ctx context.Context, db *storage.DB, p model.Project) (model.IssuedToken, error) {
	return db.CreateToken(ctx, root, model.NewToken{Place: p.Ref(), Name: "bench", Scopes: model.Scopes{model.ScopeReadAPI}, Role: model.Developer})
}

// A secret is found by its digest among all tokens: when nothing was committed
// since it was last asked for, and when something was.
func BenchmarkLookup(b *testing.B) {
	db, p := open(b)
	made, err := create(b.Context(), db, p)
	if err != nil {
		b.Fatal(err)
	}
	look := func(b *testing.B, secret model.Secret) {
		if _, err := db.Authenticate(b.Context(), secret); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("remembered", func(b *testing.B) {
		for b.Loop() {
			look(b, made.Secret)
		}
	})
	b.Run("unknown", func(b *testing.B) {
		secret := model.NewSecret("glpat-00000000000000000000")
		for b.Loop() {
			look(b, secret)
		}
	})
}

// Creates by one client, each its own commit, and by 32 at once, whose commits
// are shared.
func BenchmarkCreate(b *testing.B) {
	db, p := open(b)
	rates := map[int]float64{}
	for _, clients := range []int{1, 32} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			var left atomic.Int64
			left.Store(int64(b.N))
			var done sync.WaitGroup
			for range clients {
				done.Go(func() {
					for left.Add(-1) >= 0 {
						if _, err := create(b.Context(), db, p); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			done.Wait()
			rates[clients] = float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(rates[clients], "creates/s")
			if clients == 32 {
				b.ReportMetric(rates[32]/rates[1], "×one-a-commit")
			}
		})
	}
}
