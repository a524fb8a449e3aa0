package sip

import "sync"

// group is a WaitGroup that may be waited for while others still come: after
// Wait has begun they are turned away.
type group struct {
	mu     sync.Mutex
	n      int
	closed bool
	idle   chan struct{}
}

// Go runs f in a goroutine; false when the group is closed.
func (g *group) Go(f func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.n++
	go func() {
		defer g.done()
		f()
	}()
	return true
}

func (g *group) done() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.n--; g.n == 0 && g.idle != nil {
		close(g.idle)
		g.idle = nil
	}
}

// Wait closes the group and returns when all its goroutines have ended.
func (g *group) Wait() {
	g.mu.Lock()
	g.closed = true
	if g.n == 0 {
		g.mu.Unlock()
		return
	}
	if g.idle == nil {
		g.idle = make(chan struct{})
	}
	idle := g.idle
	g.mu.Unlock()
	<-idle
}
