// Package door is one request at one door: its number, its address, who asks,
// its limits of time, the refusals that are noted of it, its line in the log and
// its plain answers. Every door of the server is built on it.
package door

import (
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"patrol/model"
)

// House is what all doors of a server share. Store and Log are required.
type House struct {
	Store          model.Store
	Log            *slog.Logger   // one line a request, never a secret
	URL            *url.URL       // that people reach the server at (A32); nil: taken from each request
	TrustedProxies []netip.Prefix // whose X-Forwarded-For, -Proto and -Host are believed (G100)
	Counts         Counts         // told what comes of requests; nil: nobody
	Stall          time.Duration  // ends the moving of a file in which no byte moves
	BodyTime       time.Duration  // what a client gets to send a body, but a fetch's or push's

	ids        requestIDs
	limits     limits
	usedPrefix atomic.Pointer[string] // of the last secret that was let in (R141)
}

// Open makes a house ready to take requests.
func (h *House) Open() *House {
	h.ids = newRequestIDs()
	return h
}

// Prefix is the path that every route is under, without a slash at its end.
func (h *House) Prefix() string {
	if h.URL == nil {
		return ""
	}
	return strings.TrimRight(h.URL.Path, "/")
}

// requestIDs gives each request of this process a name of its own (A6).
type requestIDs struct {
	start string
	count *atomic.Uint64
}

func newRequestIDs() requestIDs {
	var start [8]byte
	rand.Read(start[:])
	return requestIDs{hex.EncodeToString(start[:]), new(atomic.Uint64)}
}

func (ids requestIDs) next() string {
	return ids.start + "-" + strconv.FormatUint(ids.count.Add(1), 36)
}
