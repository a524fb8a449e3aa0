package sqlite

import (
	"context"
	"sync"
)

// hub tells everybody who watches that something has changed.
type hub struct {
	mu   sync.Mutex
	subs map[chan struct{}]bool
}

func (h *hub) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for told := range h.subs {
		select {
		case told <- struct{}{}:
		default: // it will look anyway
		}
	}
}

// Watch implements campaign.Store.
func (s *Store) Watch(ctx context.Context, changed func()) {
	h, told := &s.db.hub, make(chan struct{}, 1)
	h.mu.Lock()
	if h.subs == nil {
		h.subs = map[chan struct{}]bool{}
	}
	h.subs[told] = true
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subs, told)
	}()
	for ctx.Err() == nil {
		changed()
		select {
		case <-told:
		case <-ctx.Done():
		}
	}
}
