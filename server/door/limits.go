package door

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"patrol/model"
)

// Limit is one of the limits on how often somebody may ask: the setting that
// says how often in a minute (R190). Without a value there is none.
type Limit string

// The limits.
const (
	TokenLimit   Limit = model.SettingTokenLimit   // requests with one token
	AddressLimit Limit = model.SettingAddressLimit // requests from one address
	LoginLimit   Limit = model.SettingLoginLimit   // credentials from one address that let nobody in
)

// TooMany is the error where a limit is reached.
type TooMany struct {
	Limit Limit
	After time.Duration // until the next one is taken
}

func (e *TooMany) Error() string {
	return fmt.Sprintf("too many requests: try again in %d s", e.seconds())
}

func (e *TooMany) seconds() int { return int((e.After + time.Second - 1) / time.Second) }

// limits are the limits of a house. They are asked for at each request, and
// read from the settings once a second.
type limits struct {
	tokens, addresses, logins limit
	reached                   [3]atomic.Uint64 // how often, in that order

	mu   sync.Mutex
	read time.Time
}

const limitsRead = time.Second

// refresh reads the settings, if that is due.
func (h *House) refresh(ctx context.Context, now time.Time) {
	l := &h.limits
	l.mu.Lock()
	due := now.Sub(l.read) >= limitsRead || now.Before(l.read)
	if due {
		l.read = now
	}
	l.mu.Unlock()
	if !due {
		return
	}
	for _, one := range []struct {
		key Limit
		*limit
	}{{TokenLimit, &l.tokens}, {AddressLimit, &l.addresses}, {LoginLimit, &l.logins}} {
		value, err := h.Store.Setting(ctx, string(one.key))
		if err != nil {
			return // all stay as they are: the next would wait as long for a database that is silent
		}
		n, _ := strconv.ParseInt(value, 10, 64) // empty: 0
		one.most.Store(n)
	}
}

// Reached is how often a limit has been.
func (h *House) Reached(l Limit) uint64 { return h.limits.counter(l).Load() }

func (l *limits) counter(of Limit) *atomic.Uint64 {
	switch of {
	case TokenLimit:
		return &l.reached[0]
	case AddressLimit:
		return &l.reached[1]
	}
	return &l.reached[2]
}

// tooMany is the error of a limit that is reached.
func (h *House) tooMany(l Limit, after time.Duration) error {
	h.limits.counter(l).Add(1)
	return &TooMany{l, after}
}

// Arrived counts a request from an address; *TooMany: there are too many.
func (h *House) Arrived(ctx context.Context, address string) error {
	now := h.Store.Now()
	h.refresh(ctx, now)
	if after := h.limits.addresses.take(network(address), now); after > 0 {
		return h.tooMany(AddressLimit, after)
	}
	return nil
}

// network is whose an address is: with IPv6 one customer has 2^64 of them.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Is4() {
		return address
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}

// limit is how often each key may do something in a minute. Keys that aren't
// seen for a minute are forgotten.
type limit struct {
	most atomic.Int64 // in a minute; 0: any number

	mu          sync.Mutex
	now, before map[string]*rate.Limiter // those seen in this minute, and in the one before
	turned      time.Time
}

// maxKeys bounds the memory of a limit: with more, the oldest are forgotten.
const maxKeys = 50_000

// take counts one; if it is too many, it tells how long until the next isn't.
func (l *limit) take(key string, now time.Time) (after time.Duration) { return l.ask(key, now, true) }

// full tells what take would, and counts nothing.
func (l *limit) full(key string, now time.Time) (after time.Duration) { return l.ask(key, now, false) }

func (l *limit) ask(key string, now time.Time, take bool) (after time.Duration) {
	most := l.most.Load()
	if most == 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.of(key, now, most).ReserveN(now, 1)
	if after = r.DelayFrom(now); after > 0 || !take {
		r.CancelAt(now)
	}
	return after
}

// of is the limiter of a key. l.mu is held.
func (l *limit) of(key string, now time.Time, most int64) *rate.Limiter {
	if since := now.Sub(l.turned); since >= time.Minute || since < 0 || len(l.now) >= maxKeys {
		l.now, l.before, l.turned = map[string]*rate.Limiter{}, l.now, now
	}
	one := l.now[key]
	if one == nil {
		one = l.before[key]
	}
	if one == nil || one.Burst() != int(most) { // or the setting was changed
		one = rate.NewLimiter(rate.Limit(float64(most)/60), int(most))
	}
	l.now[key] = one
	return one
}
