package server

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// clientAddress is the IP that a request came from. A header is believed only
// as far as trusted proxies have written it: from its end, up to the first
// address that isn't one of theirs (G100).
func (s *Server) clientAddress(r *http.Request) string {
	peer, ok := peerOf(r)
	if !ok {
		return ""
	}
	if s.trusts(peer) {
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			ip, err := netip.ParseAddr(strings.TrimSpace(hop))
			if err != nil {
				break
			}
			if peer = ip.Unmap(); !s.trusts(peer) {
				break
			}
		}
	}
	return peer.String()
}

func peerOf(r *http.Request) (netip.Addr, bool) {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	return at.Addr().Unmap(), err == nil
}

func (s *Server) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// baseURL is what links start with: Config.URL, or else the address that the
// request was sent to (A32, G100).
func (c *call) baseURL() *url.URL {
	if c.s.base != nil {
		return c.s.base
	}
	base := &url.URL{Scheme: "http", Host: c.r.Host}
	if c.r.TLS != nil {
		base.Scheme = "https"
	}
	if peer, ok := peerOf(c.r); ok && c.s.trusts(peer) {
		if proto := c.r.Header.Get("X-Forwarded-Proto"); proto == "http" || proto == "https" {
			base.Scheme = proto
		}
		if host := c.r.Header.Get("X-Forwarded-Host"); plainHost(host) {
			base.Host = host
		}
	}
	return base
}

// plainHost tells whether s can stand in a link as host and port.
func plainHost(s string) bool {
	u, err := url.Parse("http://" + s)
	return err == nil && s != "" && u.Host == s
}

// link is the absolute address of a path below the base, such as acme/web.git.
func (c *call) link(path string) string {
	base := c.baseURL()
	return (&url.URL{Scheme: base.Scheme, Host: base.Host, Path: base.Path + "/" + path}).String()
}

// sshLink is the address of a path at the SSH door.
func (c *call) sshLink(path string) string {
	host := net.JoinHostPort(c.baseURL().Hostname(), strconv.Itoa(c.s.SSHPort))
	return (&url.URL{Scheme: "ssh", User: url.User("git"), Host: host, Path: "/" + path}).String()
}
