package bench

import (
	"io"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkLog writes with 32 clients while exports that overlap read without a
// pause: the write-ahead log, which can't begin anew below a reader, stays short.
func BenchmarkLog(b *testing.B) {
	db, p := open(b)
	path, err := fixture()
	if err != nil {
		b.Fatal(err)
	}
	const lasts = 60 * time.Second
	var written, exports, longest int64
	for b.Loop() {
		var all sync.WaitGroup
		var done atomic.Bool
		var exported atomic.Int64
		for range 2 {
			all.Go(func() {
				for !done.Load() {
					if err := db.Export(b.Context(), root, io.Discard); err != nil {
						b.Error(err)
						return
					}
					exported.Add(1)
				}
			})
		}
		var made atomic.Int64
		for range 32 {
			all.Go(func() {
				for !done.Load() {
					if _, err := create(b.Context(), db, p); err != nil {
						b.Error(err)
						return
					}
					made.Add(1)
				}
			})
		}
		look := time.NewTicker(50 * time.Millisecond)
		for began := time.Now(); time.Since(began) < lasts; <-look.C {
			if info, err := os.Stat(path + "-wal"); err == nil {
				longest = max(longest, info.Size())
			}
		}
		look.Stop()
		done.Store(true)
		all.Wait()
		written, exports = made.Load(), exported.Load()
	}
	b.ReportMetric(float64(longest)/(1<<20), "MB-log")
	b.ReportMetric(float64(written)/lasts.Seconds(), "creates/s")
	b.ReportMetric(float64(exports), "exports")
	b.ReportMetric(0, "ns/op")
}
