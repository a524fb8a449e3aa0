package desk

import (
	"net/netip"
	"sync"
	"time"
)

// throttle slows down who guesses passwords: by user and by address. After
// some free attempts each further failure doubles the wait, up to a limit that
// no honest user takes for a lock-out.
type throttle struct {
	mu   sync.Mutex
	by   map[string]*failures
	free int
	max  time.Duration
}

type failures struct {
	n     int
	until time.Time // no attempt before
	last  time.Time
}

const (
	throttleForgets = 15 * time.Minute
	throttleKeeps   = 10_000 // names; more are the work of a machine
)

func newThrottle(free int, longest time.Duration) *throttle {
	return &throttle{by: map[string]*failures{}, free: free, max: longest}
}

// wait is how long a name has to wait before its next attempt; 0: none. An
// attempt that may be made counts as failed until it has succeeded, so that
// many at once do not slip through together.
func (t *throttle) wait(name string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.by[name]
	if f != nil && now.Sub(f.last) > throttleForgets {
		f = nil
	}
	if f == nil {
		t.forget(now)
		f = &failures{}
		t.by[name] = f
	}
	if now.Before(f.until) {
		return f.until.Sub(now)
	}
	f.n, f.last = f.n+1, now
	if over := f.n - t.free; over >= 0 {
		f.until = now.Add(min(time.Second<<min(over, 20), t.max))
	}
	return 0
}

// forget makes room: what is old, and when that is not enough, everything.
func (t *throttle) forget(now time.Time) {
	if len(t.by) < throttleKeeps {
		return
	}
	for name, f := range t.by {
		if now.Sub(f.last) > throttleForgets {
			delete(t.by, name)
		}
	}
	if len(t.by) >= throttleKeeps {
		clear(t.by)
	}
}

// succeeded forgets a name's failures.
func (t *throttle) succeeded(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.by, name)
}

// addressOf is what of an address is throttled: an IPv6 customer has a whole
// /64.
func addressOf(remote string) string {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	a := ap.Addr().Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	p, _ := a.Prefix(64)
	return p.String()
}
