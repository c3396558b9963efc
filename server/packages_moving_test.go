package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"patrol/model"
)

// Whoever may not publish, and what is too large, is told instead of 100
// Continue: before the body is sent (G74).
func TestPublishBeforeBody(t *testing.T) {
	w := newWorld(t)
	w.project("acme/web", model.Private)
	developer := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	for _, c := range []struct {
		secret string
		length int64
		want   string
	}{
		{developer, 5, "HTTP/1.1 100 Continue"},
		{developer, model.MaxPackageFile + 1, "HTTP/1.1 400 Bad Request"},
		{w.bot("acme/web", model.Reporter, model.ScopeAPI).Secret.Reveal(), 5, "HTTP/1.1 403 Forbidden"},
		{w.bot("acme/web", model.Developer, model.ScopeReadAPI).Secret.Reveal(), 5, "HTTP/1.1 403 Forbidden"},
		{"glpat-aaaaaaaaaaaaaaaaaaaa", 5, "HTTP/1.1 401 Unauthorized"},
	} {
		conn := w.dial()
		fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", packagePath, c.secret, c.length)
		answer := bufio.NewReader(conn)
		line, err := answer.ReadString('\n')
		if err != nil || strings.TrimSpace(line) != c.want {
			t.Errorf("G74: %q, not %q, %v", line, c.want, err)
		}
		if c.length > 5 {
			if rest, _ := io.ReadAll(answer); !strings.HasSuffix(string(rest), `{"message":"400 Bad request - File is too large"}`) {
				t.Errorf("G74: %s", rest)
			}
		}
		conn.Close()
	}
}

// An upload that is cut off or stalls leaves nothing, and is ended; one that
// takes longer than a body may, but moves, comes in whole (G74).
func TestCutUploads(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.BodyTime, c.AnonymousStall, c.AnswerTime = 50*time.Millisecond, time.Second, 100*time.Millisecond
	})
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	head := fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: %s\r\n", packagePath, secret)
	left := func() int { return len(w.stored()) }
	for _, rest := range []string{"Content-Length: 100\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nrubbish"} {
		stalled := w.dial()
		fmt.Fprint(stalled, head, rest)
		stalled.SetDeadline(time.Now().Add(20 * time.Second))
		if answer, err := io.ReadAll(stalled); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
			t.Errorf("G74: stalled: %q, %v", answer, err)
		}
		stalled.Close()
		cut := w.dial()
		fmt.Fprint(cut, head, rest)
		w.await("the upload has begun", func() bool { return left() > 0 })
		cut.Close()
		w.await("nothing is left of it", func() bool { return left() == 0 })
	}
	body, feed := io.Pipe()
	r, err := http.NewRequest("PUT", w.url+packagePath, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Private-Token", secret)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		for range 10 { // longer than BodyTime and AnswerTime
			<-tick.C
			if _, err := feed.Write([]byte(".")); err != nil {
				return
			}
		}
		feed.Close()
	}()
	if got := w.send(r); got.status != 201 {
		t.Errorf("G74: slow, but moving: %d %s", got.status, got.body)
	}
	if problems, err := w.db.Check(context.Background()); err != nil || len(problems) > 0 {
		t.Errorf("check: %q, %v", problems, err)
	}
}

// A client that doesn't take its download is ended (no memory, no file is held).
func TestStalledDownload(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.AnonymousStall = 100 * time.Millisecond })
	w.project("acme/web", model.Private)
	secret := w.bot("acme/web", model.Developer, model.ScopeAPI).Secret.Reveal()
	r, err := http.NewRequest("PUT", w.url+packagePath, io.LimitReader(zeros{}, 64<<20))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Private-Token", secret)
	if got := w.send(r); got.status != 201 {
		t.Fatalf("G70: %d %s", got.status, got.body)
	}
	conn := w.dial()
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: %s\r\n\r\n", packagePath, secret)
	w.hears("method=GET") // it has ended although nobody reads
	if n, _ := io.Copy(io.Discard, conn); n >= 64<<20 {
		t.Error("G71: all of it was sent")
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
