package test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// hostileSeconds is how long the hostile clients go on; .ci/run gives them a
// minute.
func hostileSeconds(t *testing.T) time.Duration {
	text := os.Getenv("PATROL_HOSTILE_SECONDS")
	if text == "" {
		return 3 * time.Second
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 3600 {
		t.Fatalf("PATROL_HOSTILE_SECONDS is %q: use 1 to 3600", text)
	}
	return time.Duration(n) * time.Second
}

// heldOpen is how many connections each attacker leaves open and silent.
const heldOpen = 50

// attacker is one kind of hostile client: each call is one attack. held takes
// connections that are to stay open.
type attacker func(p *patrol, r *rand.Rand, held *[]net.Conn)

var attackers = map[string]attacker{
	"aborts requests": func(p *patrol, r *rand.Rand, _ *[]net.Conn) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(3000))*time.Microsecond)
		defer cancel()
		request, _ := http.NewRequestWithContext(ctx, "GET", p.url+"/api/v4/projects?search=web", nil)
		request.Header.Set("PRIVATE-TOKEN", p.admin)
		if answer, err := http.DefaultClient.Do(request); err == nil {
			io.CopyN(io.Discard, answer.Body, int64(r.IntN(200)))
			answer.Body.Close()
		}
	},
	"says half of a request": func(p *patrol, r *rand.Rand, held *[]net.Conn) {
		whole := "POST /api/v4/projects HTTP/1.1\r\nHost: x\r\nPRIVATE-TOKEN: " + p.admin + "\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"name\":\"x\""
		p.say(whole[:r.IntN(len(whole))], r, held)
	},
	"says nothing": func(p *patrol, r *rand.Rand, held *[]net.Conn) { p.say("", r, held) },
	"says garbage": func(p *patrol, r *rand.Rand, held *[]net.Conn) {
		noise := make([]byte, r.IntN(4096))
		for i := range noise {
			noise[i] = byte(r.Uint32())
		}
		p.say(string(noise), r, held)
	},
	"posts garbage to Git": func(p *patrol, r *rand.Rand, _ *[]net.Conn) {
		service := []string{"git-upload-pack", "git-receive-pack"}[r.IntN(2)]
		request, _ := http.NewRequest("POST", p.url+"/acme/web.git/"+service, bytes.NewReader(make([]byte, 300<<10)))
		request.SetBasicAuth("any", p.admin)
		request.Header.Set("Content-Type", "application/x-"+service+"-request")
		if answer, err := http.DefaultClient.Do(request); err == nil {
			io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		}
	},
	"begins a push and stops": func(p *patrol, r *rand.Rand, held *[]net.Conn) {
		p.say("POST /acme/web.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Basic "+base64.StdEncoding.EncodeToString([]byte("x:"+p.admin))+
			"\r\nContent-Type: application/x-git-receive-pack-request\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n00\r\n", r, nil)
	},
}

// say opens a connection, says something, and goes away without waiting, or
// stays and says nothing more.
func (p *patrol) say(text string, r *rand.Rand, held *[]net.Conn) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		return
	}
	io.WriteString(conn, text)
	if held != nil && len(*held) < heldOpen && r.IntN(4) == 0 {
		*held = append(*held, conn)
		return
	}
	if r.IntN(2) == 0 {
		conn.(*net.TCPConn).SetLinger(0) // reset
	}
	conn.Close()
}

// Clients that abort, stall and send rubbish spoil nothing for others: every
// answer to a good one is right, nothing panics, memory stays, and the server
// ends at once although many connections hang.
func TestHostileClients(t *testing.T) {
	p := start(t)
	p.run(t, "project", "add", "acme/web")
	until := time.Now().Add(hostileSeconds(t))
	held := make([][]net.Conn, 0, len(attackers))
	var all sync.WaitGroup
	for _, attack := range attackers {
		held = append(held, nil)
		mine := &held[len(held)-1]
		all.Go(func() {
			for r := rand.New(rand.NewPCG(1, uint64(len(attackers)))); time.Now().Before(until); {
				attack(p, r, mine)
			}
		})
	}
	good := &http.Client{Timeout: 20 * time.Second}
	answers := map[int]int{}
	for time.Now().Before(until) {
		for _, path := range []string{"/api/v4/projects", "/api/v4/projects/acme%2Fweb/access_tokens", "/-/readiness"} {
			request, _ := http.NewRequest("GET", p.url+path, nil)
			request.Header.Set("PRIVATE-TOKEN", p.admin)
			answer, err := good.Do(request)
			if err != nil {
				t.Fatalf("a good client: %v", err)
			}
			io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
			answers[answer.StatusCode]++
		}
	}
	all.Wait()
	if len(answers) != 1 || answers[200] == 0 {
		t.Errorf("answers by status: %v", answers)
	}
	if rss := p.memory(t); rss > 256 {
		t.Errorf("serve has %d MiB", rss)
	}
	began := time.Now()
	if err := p.server.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := p.wait(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
	if took := time.Since(began); took > 4*time.Second { // 5 s and more before silent connections were hurried
		t.Errorf("serve ended after %v", took)
	} else {
		t.Logf("%v good answers; serve ended after %v", answers, took)
	}
	for _, conns := range held {
		for _, c := range conns {
			c.Close()
		}
	}
	for _, bad := range []string{"panic", `"status":500`, "within a transaction", "invalid concurrent"} {
		if log := p.logged(); strings.Contains(log, bad) {
			i := strings.Index(log, bad)
			t.Errorf("the log says %q: %s", bad, log[max(0, i-300):min(len(log), i+300)])
		}
	}
}

// memory is what the server holds, in MiB.
func (p *patrol) memory(t *testing.T) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.server.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kib int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib / 1024
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
