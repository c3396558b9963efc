package door

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

// A9: an answer that a panic breaks off doesn't look like a whole one.
func TestPanicMidway(t *testing.T) {
	var log bytes.Buffer
	house := (&House{Log: slog.New(slog.NewTextHandler(&log, nil))}).Open()
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("A9: the connection isn't ended")
		}
		if !strings.Contains(log.String(), "msg=request") {
			t.Error("the request isn't in the log")
		}
	}()
	house.Serve(httptest.NewRecorder(), httptest.NewRequest("GET", "/-/liveness", nil), func(q *Request) {
		q.W.WriteHeader(http.StatusOK)
		panic("midway")
	})
}

// G100: only a trusted proxy is believed, and only as far as it goes.
func TestProxies(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32")}
	for _, c := range []struct {
		peer, header string
		trusted      []netip.Prefix
		want         string
	}{
		{"127.0.0.1:5", "1.2.3.4", nil, "127.0.0.1"},
		{"127.0.0.1:5", "1.2.3.4", trusted, "1.2.3.4"},
		{"127.0.0.1:5", "6.6.6.6, 1.2.3.4, 10.1.1.1", trusted, "1.2.3.4"},
		{"127.0.0.1:5", "10.2.2.2,10.1.1.1", trusted, "10.2.2.2"},
		{"127.0.0.1:5", "6.6.6.6, nonsense, 10.1.1.1", trusted, "10.1.1.1"},
		{"127.0.0.1:5", "", trusted, "127.0.0.1"},
		{"[::ffff:10.0.0.9]:5", "2001:db8::1", trusted, "2001:db8::1"},
		{"9.9.9.9:5", "1.2.3.4", trusted, "9.9.9.9"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": {c.header}}}
		if got := (&House{TrustedProxies: c.trusted}).address(r); got != c.want {
			t.Errorf("G100: %s with %q: %s, want %s", c.peer, c.header, got, c.want)
		}
	}
}
