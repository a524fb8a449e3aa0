package campaign

import (
	"slices"
	"sync"
)

const (
	hubKeeps = 8192 // events a subscriber may be behind when it comes back
	hubSlack = 1024 // and while it is connected
)

// hub gives published events to subscribers. It never waits for one: who lags
// is disconnected and takes a snapshot.
type hub struct {
	mu     sync.Mutex
	recent []Event // the last hubKeeps, oldest first
	base   uint64  // everything after this number is in recent
	last   uint64  // number of the last event published
	subs   map[chan Event]struct{}
	closed bool
}

func newHub(last uint64) *hub {
	return &hub{base: last, last: last, subs: map[chan Event]struct{}{}}
}

// publish numbers as far as n; events are those among them that are shown.
func (h *hub) publish(events []Event, n uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = max(h.last, n)
	for _, e := range events {
		if e.Kind == EventStored {
			continue
		}
		if e.Kind == EventForgotten {
			h.recent, h.base = nil, e.N
		}
		e.Keep = nil // the journal's own
		h.recent = append(h.recent, e)
		for ch := range h.subs {
			select {
			case ch <- e:
			default:
				delete(h.subs, ch)
				close(ch)
			}
		}
	}
	if over := len(h.recent) - hubKeeps; over > 0 {
		h.base = h.recent[over-1].N
		h.recent = slices.Clone(h.recent[over:])
	}
}

func (h *hub) subscribe(since uint64) (<-chan Event, func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || since < h.base || since > h.last {
		ch := make(chan Event)
		close(ch)
		return ch, func() {}
	}
	i, _ := slices.BinarySearchFunc(h.recent, since+1, func(e Event, n uint64) int {
		switch {
		case e.N < n:
			return -1
		case e.N > n:
			return 1
		}
		return 0
	})
	ch := make(chan Event, len(h.recent)-i+hubSlack)
	for _, e := range h.recent[i:] {
		ch <- e
	}
	h.subs[ch] = struct{}{}
	return ch, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if _, there := h.subs[ch]; there {
			delete(h.subs, ch)
			close(ch)
		}
	}
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for ch := range h.subs {
		close(ch)
	}
	clear(h.subs)
}
