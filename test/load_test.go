package test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// load is what nodes have to do: 16 clients make, rotate and revoke through all of
// them, until it ends.
type load struct {
	t     *testing.T
	nodes []*patrol
	dead  *patrol // may give no answer

	mu      sync.Mutex
	live    map[int64]string // by number: the secret that was acknowledged last
	revoked []string
	made    int
	away    int // how often somebody was told to come again
	news    *sync.Cond
}

func newLoad(t *testing.T, nodes []*patrol) *load {
	c := &load{t: t, nodes: nodes, live: map[int64]string{}}
	c.news = sync.NewCond(&c.mu)
	return c
}

// until waits for something that the load brings about.
func (c *load) until(what string, happened func() bool) {
	late := time.AfterFunc(time.Minute, func() {
		c.t.Errorf("%s: not within a minute", what)
		c.news.Broadcast()
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	for !happened() && !c.t.Failed() {
		c.news.Wait()
	}
	late.Stop()
}

// settled tells whether an answer says that something was done. 503 says when to
// ask again; no answer is that of the node that was killed.
func (c *load) settled(p *patrol, what string, status, want int, header http.Header) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.news.Broadcast()
	switch {
	case status == want:
		return true
	case status == 503 && header.Get("Retry-After") != "":
		c.away++
	case status == 0 && p == c.dead:
	default:
		c.t.Errorf("%s: %d", what, status)
	}
	return false
}

// work is one client's round: it makes a token, and rotates or revokes it through
// the next node. What isn't acknowledged may have been done or not.
func (c *load) work(worker, i int) {
	p, q := c.nodes[(worker+i)%len(c.nodes)], c.nodes[(worker+i+1)%len(c.nodes)]
	status, header, id, secret := p.create(fmt.Sprintf("w%d-%d", worker, i))
	if !c.settled(p, "make", status, 201, header) {
		return
	}
	gone, next, newer := false, int64(0), ""
	switch i % 3 {
	case 0:
		status, header, _ = q.ask("DELETE", tokenPath(id), q.admin, nil)
		gone = c.settled(q, "revoke", status, 204, header)
	case 1:
		var made map[string]any
		status, header, made = q.ask("POST", tokenPath(id)+"/rotate", q.admin, nil)
		if gone = c.settled(q, "rotate", status, 200, header); gone {
			number, _ := made["id"].(float64)
			next = int64(number)
			newer, _ = made["token"].(string)
		}
	default:
		next, newer = id, secret
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.news.Broadcast()
	c.made++
	if gone {
		c.revoked = append(c.revoked, secret)
	}
	if next != 0 {
		c.live[next] = newer
	}
}

// run works until it is told to end, and then waits for its clients.
func (c *load) run() (end func()) {
	stop := make(chan struct{})
	var all sync.WaitGroup
	for worker := range 16 {
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					c.work(worker, i)
				}
			}
		})
	}
	return func() { close(stop); all.Wait() }
}

// check looks whether all that was acknowledged is there.
func (c *load) check() {
	p := c.nodes[0]
	for id, secret := range c.live {
		if status, _, _ := p.ask("GET", "/personal_access_tokens/self", secret, nil); status != 200 {
			c.t.Errorf("token %d was acknowledged and answers %d", id, status)
		}
	}
	for _, secret := range c.revoked {
		if status, _, _ := p.ask("GET", "/personal_access_tokens/self", secret, nil); status != 401 {
			c.t.Errorf("a revoked token answers %d", status)
		}
	}
	if said := p.run(c.t, "audit", "--verify"); !strings.Contains(said, "each in its place") {
		c.t.Errorf("P5: %s", said)
	}
	if problems := p.run(c.t, "check"); problems != "No problem found." && problems != "" {
		c.t.Error(problems)
	}
	c.t.Logf("%d live, %d revoked, %d times told to come again", len(c.live), len(c.revoked), c.away)
}
