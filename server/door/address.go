package door

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// address is the IP that a request came from. A header is believed only
// as far as trusted proxies have written it: from its end, up to the first
// address that isn't one of theirs (G100).
func (h *House) address(r *http.Request) string {
	peer, ok := peerOf(r)
	if !ok {
		return ""
	}
	if h.trusts(peer) {
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			ip, err := netip.ParseAddr(strings.TrimSpace(hop))
			if err != nil {
				break
			}
			if peer = ip.Unmap(); !h.trusts(peer) {
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

func (h *House) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(h.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// Base is what links start with: House.URL, or else the address that the
// request was sent to (A32, G100).
func (q *Request) Base() *url.URL {
	if q.House.URL != nil {
		return q.House.URL
	}
	base := &url.URL{Scheme: "http", Host: q.R.Host}
	if q.R.TLS != nil {
		base.Scheme = "https"
	}
	if peer, ok := peerOf(q.R); ok && q.House.trusts(peer) {
		if proto := q.R.Header.Get("X-Forwarded-Proto"); proto == "http" || proto == "https" {
			base.Scheme = proto
		}
		if host := q.R.Header.Get("X-Forwarded-Host"); plainHost(host) {
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

// Link is the absolute address of a path below the base, such as acme/web.git.
func (q *Request) Link(path string) string {
	base := q.Base()
	return (&url.URL{Scheme: base.Scheme, Host: base.Host, Path: base.Path + "/" + path}).String()
}

// FromHere tells whether the request comes from the machine itself, and not
// through a proxy on it (G99).
func (q *Request) FromHere() bool {
	for _, name := range []string{"Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"} {
		if _, sent := q.R.Header[name]; sent {
			return false
		}
	}
	peer, ok := peerOf(q.R)
	return ok && peer.IsLoopback()
}
