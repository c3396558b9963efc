package bench

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"patrol/model"
	"patrol/server"
)

// How benchmarks load: in turns of the baseline and of the product. Those over
// HTTP go a b b a, over connections that stay open.
const (
	turns       = 10
	turnTime    = 500 * time.Millisecond
	connections = 8
)

// serve is the product on a listener.
func serve(b *testing.B, c server.Config) *httptest.Server {
	s, err := server.New(c)
	if err != nil {
		b.Fatal(err)
	}
	product := httptest.NewServer(s.Handler())
	b.Cleanup(product.Close)
	return product
}

// A token that looks itself up, next to a bare net/http handler that answers
// with the same bytes.
func BenchmarkSelf(b *testing.B) {
	db, p := open(b)
	made, err := create(b.Context(), db, p)
	if err != nil {
		b.Fatal(err)
	}
	product := serve(b, server.Config{Store: db, Log: slog.New(slog.NewJSONHandler(io.Discard, nil))})
	const path = "/api/v4/personal_access_tokens/self"
	header := "PRIVATE-TOKEN: " + made.Secret.Reveal()
	body := get(b, product.URL, path, header)
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, body)
	}))
	b.Cleanup(bare.Close)
	compare(b, bare.URL, product.URL, path, header, connections)
}

// info/refs of the same repository, next to git http-backend behind net/http.
// One connection: what counts is how long one answer takes.
func BenchmarkInfoRefs(b *testing.B) {
	db, p := open(b)
	made, err := db.CreateToken(b.Context(), root, model.NewToken{Place: p.Ref(), Name: "fetch", Scopes: model.Scopes{model.ScopeReadRepository}, Role: model.Reporter})
	if err != nil {
		b.Fatal(err)
	}
	pass, err := db.Authenticate(b.Context(), made.Secret)
	if err != nil {
		b.Fatal(err)
	}
	at, err := db.Enter(b.Context(), pass.Caller, model.GitFetch, model.ReadCode, p.Ref())
	if err != nil {
		b.Fatal(err)
	}
	libexec, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		b.Fatal(err)
	}
	product := serve(b, server.Config{Store: db})
	backend := httptest.NewServer(&cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(libexec)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + at.Repository, "GIT_HTTP_EXPORT_ALL=1", "HOME=" + b.TempDir()}, Stderr: io.Discard,
	})
	b.Cleanup(backend.Close)
	const tail = "/info/refs?service=git-upload-pack"
	header := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("any:"+made.Secret.Reveal())) + "\r\nGit-Protocol: version=2"
	compareAt(b, backend.URL, tail, product.URL, "/"+p.FullPath+".git"+tail, header, 1)
}

// get asks once and checks that the answer is 200, so that no redirect or
// refusal is measured by mistake.
func get(b *testing.B, url, path, header string) string {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), "GET", url+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.SplitSeq(header, "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%s%s: %s, %v", url, path, answer.Status, err)
	}
	return string(body)
}

func compare(b *testing.B, a, product, path, header string, connections int) {
	compareAt(b, a, path, product, path, header, connections)
}

// compareAt reports the product's requests a second, and the median of the
// turns' ratios to the baseline's.
func compareAt(b *testing.B, a, pathA, product, pathProduct, header string, connections int) {
	get(b, a, pathA, header)
	get(b, product, pathProduct, header)
	var rates, ratios []float64
	for i := range turns {
		var base, ours float64
		if i%2 == 0 {
			base = load(b, a, pathA, header, connections)
			ours = load(b, product, pathProduct, header, connections)
		} else {
			ours = load(b, product, pathProduct, header, connections)
			base = load(b, a, pathA, header, connections)
		}
		rates, ratios = append(rates, ours), append(ratios, ours/base)
	}
	b.ReportMetric(median(rates), "requests/s")
	b.ReportMetric(median(ratios), "×baseline")
	b.ReportMetric(0, "ns/op") // the figures above say it better
}

func median(list []float64) float64 { return slices.Sorted(slices.Values(list))[len(list)/2] }

// load is one turn: requests a second. The client writes and reads bytes, so
// that it costs little beside the server.
func load(b *testing.B, url, path, header string, connections int) float64 {
	host := strings.TrimPrefix(url, "http://")
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + header + "\r\n\r\n")
	var done sync.WaitGroup
	var mu sync.Mutex
	total := 0
	start := time.Now()
	for range connections {
		done.Go(func() {
			n, err := drive(host, request, start.Add(turnTime))
			if err != nil {
				b.Error(err)
			}
			mu.Lock()
			total += n
			mu.Unlock()
		})
	}
	done.Wait()
	return float64(total) / time.Since(start).Seconds()
}

func drive(host string, request []byte, until time.Time) (n int, err error) {
	link, err := net.Dial("tcp", host)
	if err != nil {
		return 0, err
	}
	defer link.Close()
	in := bufio.NewReader(link)
	for time.Now().Before(until) {
		if _, err := link.Write(request); err != nil {
			return n, err
		}
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			return n, err
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return n, err
		}
		if answer.StatusCode != http.StatusOK {
			return n, fmt.Errorf("%s answered %s", host, answer.Status)
		}
		n++
	}
	return n, nil
}

// What a proxy asks before each request, next to a bare net/http handler that
// answers with the same headers.
func BenchmarkAuth(b *testing.B) {
	db, p := open(b)
	made, err := create(b.Context(), db, p)
	if err != nil {
		b.Fatal(err)
	}
	product := serve(b, server.Config{Store: db, Log: slog.New(slog.NewJSONHandler(io.Discard, nil))})
	path := "/auth?role=developer&via=nginx&project=" + p.FullPath
	header := "X-Original-Method: GET\r\nX-Original-URI: /page?x=1\r\nPRIVATE-TOKEN: " + made.Secret.Reveal()
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"User", "Project", "Role", "Scopes", "Token-Id"} {
			w.Header().Set("X-Patrol-"+name, "acme/web")
		}
	}))
	b.Cleanup(bare.Close)
	compare(b, bare.URL, product.URL, path, header, connections)
}
