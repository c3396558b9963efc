package bench

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"patrol/model"
)

// logText is a part of a log as servers write them: access lines, JSON with a
// time and a request id of its own each, Patrol's own lines, and shell output.
func logText(size int, secret string) string {
	r := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		at = at.Add(time.Duration(r.IntN(2_000)) * time.Microsecond)
		switch i % 4 {
		case 0:
			fmt.Fprintf(&b, "10.0.%d.%d - - [%s] \"GET /api/v4/projects/%d/repository/files/README.md?ref=main HTTP/1.1\" 200 %d \"-\" \"curl/8.5.0\"\n",
				r.IntN(256), r.IntN(256), at.Format("02/Jan/2006:15:04:05 -0700"), r.IntN(1e6), r.IntN(1e5))
		case 1:
			fmt.Fprintf(&b, `{"time":"%s","level":"info","request_id":"%016x%016x","user":"project_%d_bot_%016x","msg":"pushed to main","bytes":%d}`+"\n",
				at.Format(time.RFC3339Nano), r.Uint64(), r.Uint64(), r.IntN(1e6), r.Uint64(), r.IntN(1e9))
		case 2:
			fmt.Fprintf(&b, "time=%s level=INFO msg=request id=%016x-%x method=POST path=/acme/web.git/git-upload-pack status=200 took=%dms\n",
				at.Format(time.RFC3339Nano), r.Uint64(), i, r.IntN(900))
		default:
			fmt.Fprintf(&b, "  Compiling object %d of 2412 (the usual warning: nothing to see in here)\n", i)
		}
		if i%10_000 == 0 {
			fmt.Fprintf(&b, "git clone https://any:%s@git.example.org/acme/web.git\n", secret)
		}
	}
	return b.String()
}

// endless repeats a text until so many bytes were read.
type endless struct {
	text string
	at   int
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), e.left)], e.text[e.at:])
	e.at, e.left = (e.at+n)%len(e.text), e.left-n
	return n, nil
}

// processorTime is what this process has used of all processors so far.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkWhois reads a log of 1 GB and finds one leaked token in it (R146).
func BenchmarkWhois(b *testing.B) {
	db, p := open(b)
	made, err := db.CreateToken(b.Context(), root, model.NewToken{Place: p.Ref(), Name: "leaked", Scopes: model.Scopes{model.ScopeAPI}})
	if err != nil {
		b.Fatal(err)
	}
	const size = 1 << 30
	text := logText(64<<20, made.Secret.Reveal())
	b.SetBytes(size)
	var before, after runtime.MemStats
	var used time.Duration
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		used -= processorTime(b)
		hits, err := db.Whois(b.Context(), root, &endless{text: text, left: size})
		if err != nil || len(hits) != 1 || hits[0].Token.ID != made.ID {
			b.Fatal(len(hits), err)
		}
		used += processorTime(b)
		runtime.ReadMemStats(&after)
	}
	b.ReportMetric(size/1e6*float64(b.N)/used.Seconds(), "MB/processor-s")
	b.ReportMetric(float64(after.Sys-before.Sys)/(1<<20), "MB-grown")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/(1<<20), "MB-allocated")
}
