package media

import (
	"slices"
	"sync"
	"time"
)

// Clock calls many players every 20 ms from one goroutine. It is shared: one
// goroutine that wakes 200 times a second serves all calls, where a goroutine
// and a timer for each would wake 50 times a second per call. With 1,000 players
// that was 19 ms of processor time a second against 84, and with 100 no
// difference (BenchmarkClock, two cores). Players are spread over phases 5 ms
// apart, so that a thousand calls do not send in one burst.
//
//	   0 ms     5 ms     10 ms    15 ms    20 ms
//	───┴────────┴────────┴────────┴────────┴───
//	 phase 0  phase 1  phase 2  phase 3  phase 0
//
// It runs only while it has players. The zero value is not usable; see NewClock.
type Clock struct {
	mu      sync.Mutex
	phases  [clockPhases][]*clockEntry
	running bool
	stop    chan struct{} // closed when the last player left
	done    chan struct{} // closed when the goroutine has ended
}

const (
	clockPhases = 4
	phaseTime   = FrameTime / clockPhases
	// maxCatchUp is how far behind the clock may fall before ticks are given up:
	// after a stopped machine nobody wants to hear a burst.
	maxCatchUp = 10 * FrameTime
)

// clockEntry is one player. busy is held while tick runs, so that leaving the
// clock can wait for it.
type clockEntry struct {
	tick func(now time.Time)
	busy sync.Mutex
	gone bool
}

// NewClock makes a clock; nothing runs yet.
func NewClock() *Clock { return &Clock{} }

// add has tick called every FrameTime until remove is called. After remove has
// returned, tick does not run and is not called again; remove must not be
// called from within tick, nor under a lock that tick takes.
func (c *Clock) add(tick func(now time.Time)) (remove func()) {
	e := &clockEntry{tick: tick}
	c.mu.Lock()
	defer c.mu.Unlock()
	phase := 0
	for i := range c.phases {
		if len(c.phases[i]) < len(c.phases[phase]) {
			phase = i
		}
	}
	// The list is copied on write: the goroutine walks an old one without the lock.
	c.phases[phase] = append(slices.Clone(c.phases[phase]), e)
	if !c.running {
		c.running = true
		c.stop, c.done = make(chan struct{}), make(chan struct{})
		// Owned by the clock, ends when the last player leaves.
		go c.run(c.stop, c.done)
	}
	return sync.OnceFunc(func() { c.remove(phase, e) })
}

func (c *Clock) remove(phase int, e *clockEntry) {
	c.mu.Lock()
	list := slices.Clone(c.phases[phase])
	c.phases[phase] = slices.DeleteFunc(list, func(x *clockEntry) bool { return x == e })
	var done chan struct{}
	if c.empty() {
		close(c.stop)
		c.running, done = false, c.done
	}
	c.mu.Unlock()
	e.busy.Lock()
	e.gone = true
	e.busy.Unlock()
	if done != nil {
		<-done
	}
}

func (c *Clock) empty() bool {
	for i := range c.phases {
		if len(c.phases[i]) > 0 {
			return false
		}
	}
	return true
}

func (c *Clock) run(stop, done chan struct{}) {
	defer close(done)
	next := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for phase := 0; ; phase = (phase + 1) % clockPhases {
		next = next.Add(phaseTime)
		now := time.Now()
		if wait := next.Sub(now); wait > 0 {
			timer.Reset(wait)
			select {
			case <-stop:
				return
			case now = <-timer.C:
			}
		} else if -wait > maxCatchUp {
			next = now
		}
		select {
		case <-stop:
			return
		default:
		}
		c.mu.Lock()
		list := c.phases[phase]
		c.mu.Unlock()
		for _, e := range list {
			e.busy.Lock()
			if !e.gone {
				e.tick(now)
			}
			e.busy.Unlock()
		}
	}
}
