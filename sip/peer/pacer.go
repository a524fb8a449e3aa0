package peer

import (
	"sync"
	"time"
)

// pacer sends for many streams from one goroutine.
type pacer struct {
	mu      sync.Mutex
	streams map[*stream]struct{}
}

func (p *pacer) add(s *stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.streams[s] = struct{}{}
}

func (p *pacer) remove(s *stream) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.streams, s)
}

// run ends when done is closed.
func (p *pacer) run(done <-chan struct{}) {
	t := time.NewTicker(10 * time.Millisecond)
	defer t.Stop()
	buf := make([]byte, 2048)
	var list []*stream
	for {
		select {
		case <-done:
			return
		case now := <-t.C:
			list = list[:0]
			p.mu.Lock()
			for s := range p.streams {
				list = append(list, s)
			}
			p.mu.Unlock()
			for _, s := range list {
				s.tick(now, buf)
			}
		}
	}
}
