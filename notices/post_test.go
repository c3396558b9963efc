package notices

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// post is an SMTP server of one dialogue after another.
type post struct {
	address, ca string
	said        chan string // each whole dialogue
	refuse      string      // the answer to RCPT, if it isn't 250
	unknown     string      // an address that it says it doesn't have
	leaves      bool        // as soon as it has taken a mail
	noTLS       bool
	implicit    bool // TLS from the first byte on
}

func newPost(t *testing.T, p *post) *post {
	t.Helper()
	web := httptest.NewTLSServer(nil) // for its certificate
	t.Cleanup(web.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p.address, p.ca, p.said = l.Addr().String(), writePEM(t, web), make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.said <- p.talk(c, &tls.Config{Certificates: web.TLS.Certificates})
		}
	}()
	return p
}

// talk answers one client and gives all that it said.
func (p *post) talk(c net.Conn, config *tls.Config) string {
	defer func() { c.Close() }()
	c.SetDeadline(time.Now().Add(MostTime))
	var all strings.Builder
	r := bufio.NewReader(c)
	say := func(text string) { fmt.Fprint(c, text, "\r\n") }
	secure, data := p.implicit, false
	if secure {
		c = tls.Server(c, config)
		r = bufio.NewReader(c)
	}
	say("220 post.example.org ESMTP")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return all.String()
		}
		all.WriteString(line)
		verb, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case data:
			if line == ".\r\n" {
				data = false
				say("250 taken")
				if p.leaves {
					return all.String()
				}
			}
		case verb == "EHLO" && (secure || p.noTLS):
			say("250-post.example.org\r\n250 AUTH PLAIN")
		case verb == "EHLO":
			say("250-post.example.org\r\n250 STARTTLS")
		case verb == "STARTTLS":
			say("220 go ahead")
			c, secure = tls.Server(c, config), true
			r = bufio.NewReader(c)
			all.WriteString("[secure]\r\n")
		case verb == "AUTH":
			say("235 welcome")
		case verb == "RCPT" && p.unknown != "" && strings.Contains(line, p.unknown):
			say("550-5.1.1 there is nobody\r\n550 5.1.1 of that name")
		case verb == "RCPT" && p.refuse != "":
			say(p.refuse)
		case verb == "DATA":
			data = true
			say("354 go on")
		case verb == "QUIT":
			say("221 bye")
			return all.String()
		default:
			say("250 well")
		}
	}
}
