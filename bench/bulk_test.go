package bench

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"patrol/model"
	"patrol/storage"
	"patrol/storage/storagetest"
)

// BenchmarkRevoke ends a bot that has written 100,000 issues: they go to the
// ghost in the transaction of the revocation (R120, R131).
func BenchmarkRevoke(b *testing.B) {
	const records = 100_000
	db, p := open(b)
	for b.Loop() {
		b.StopTimer()
		made, err := db.CreateToken(b.Context(), root, model.NewToken{Place: p.Ref(), Name: "busy", Scopes: model.Scopes{model.ScopeAPI}, Role: model.Developer})
		if err != nil {
			b.Fatal(err)
		}
		write(b, db, p, model.Actor{UserID: made.User.ID, TokenID: made.ID, Door: model.APIDoor}, records)
		b.StartTimer()
		if err := db.RevokeTokens(b.Context(), root, model.Ref{}, made.ID); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(records*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// write makes issues by many at once, whose commits are shared.
func write(b *testing.B, db *storage.DB, p model.Project, by model.Actor, issues int) {
	const clients = 64
	var done sync.WaitGroup
	for c := range clients {
		done.Go(func() {
			for i := c; i < issues; i += clients {
				if _, err := db.AddIssue(b.Context(), by, p.Ref(), "Disk almost full", nil); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	done.Wait()
}

// BenchmarkImport reads a file of a million tokens, each with a bot, in 1,000
// projects, into an empty database (R98).
func BenchmarkImport(b *testing.B) {
	dir := b.TempDir()
	file := filepath.Join(dir, "lines")
	if err := writeLines(file, *tokens); err != nil {
		b.Fatal(err)
	}
	var grown float64
	for b.Loop() {
		before := peakMemory(b)
		path := filepath.Join(dir, "patrol.db")
		lines, err := importInto(b.Context(), path, file)
		if err != nil || lines.Made != lines.Lines {
			b.Fatalf("%+v, %v", lines, err)
		}
		grown = peakMemory(b) - before
		b.StopTimer()
		for _, end := range []string{"", "-wal", "-shm"} {
			os.Remove(path + end)
		}
		os.RemoveAll(filepath.Join(dir, "repositories"))
		b.StartTimer()
	}
	b.ReportMetric(float64(*tokens*b.N)/b.Elapsed().Seconds(), "tokens/s")
	b.ReportMetric(grown, "MiB-more-resident")
}

func importInto(ctx context.Context, path, file string) (report model.ImportReport, err error) {
	db, err := storagetest.Open(ctx, storage.Options{Path: path})
	if err != nil {
		return report, err
	}
	defer db.Close()
	lines, err := os.Open(file)
	if err != nil {
		return report, err
	}
	defer lines.Close()
	return db.Import(ctx, root, lines, nil)
}

func writeLines(file string, tokens int) error {
	const projects = 1_000
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, `{"type":"group","path":"acme"}`)
	for i := range projects {
		fmt.Fprintf(w, `{"type":"project","path":"acme/p%d"}`+"\n", i)
	}
	for i := range tokens {
		fmt.Fprintf(w, `{"type":"token","project":"acme/p%d","username":"project_%d_bot%d","name":"deploy %d","scopes":["api","read_repository"],`+
			`"role":"developer","expires_at":"2031-01-01","created_at":"2026-01-01T00:00:00Z","sha256":"%x"}`+"\n",
			i%projects, i%projects+1, i/projects+1, i, sha256.Sum256(strconv.AppendInt(nil, int64(i), 10)))
	}
	return w.Flush()
}

// peakMemory is the most memory, in MiB, that was resident since it was last
// asked for.
func peakMemory(b *testing.B) (mib float64) {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &mib); err == nil {
			break
		}
	}
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // proc(5): resets the peak
		b.Fatal(err)
	}
	return mib / 1024
}
