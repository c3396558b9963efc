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

	"patrol/demo"
	"patrol/model"
	"patrol/storage"
	"patrol/storage/storagetest"
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
	err = demo.Make(context.Background(), storagetest.Open, storage.Options{Path: path}, start, *tokens, nil)
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
	db, err := storagetest.Open(context.Background(), storage.Options{Path: path})
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
// are shared; in turns, as the disk is quicker at one time than at another.
func BenchmarkCreate(b *testing.B) {
	db, p := open(b)
	var one, many, ratios []float64
	for range turns {
		alone := creates(b, db, p, 1)
		shared := creates(b, db, p, 32)
		one, many, ratios = append(one, alone), append(many, shared), append(ratios, shared/alone)
	}
	b.ReportMetric(median(one), "creates/s-by-1")
	b.ReportMetric(median(many), "creates/s-by-32")
	b.ReportMetric(median(ratios), "×one-a-commit")
	b.ReportMetric(0, "ns/op") // the figures above say it better
}

// creates is one turn: tokens made a second.
func creates(b *testing.B, db *storage.DB, p model.Project, clients int) float64 {
	var done sync.WaitGroup
	var made atomic.Int64
	start := time.Now()
	for range clients {
		done.Go(func() {
			for time.Since(start) < turnTime {
				if _, err := create(b.Context(), db, p); err != nil {
					b.Error(err)
					return
				}
				made.Add(1)
			}
		})
	}
	done.Wait()
	return float64(made.Load()) / time.Since(start).Seconds()
}
