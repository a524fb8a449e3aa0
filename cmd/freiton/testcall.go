package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/desk"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/browser"
)

// testCalls join agents' headsets with an echo. A real call ends a test call:
// the line asks for the headset, and it is taken from the echo first.
type testCalls struct {
	sound  *browser.Headsets
	worn   func(campaign.AgentID) (media.Endpoint, bool) // headsets that are no browser's
	clock  *media.Clock
	listen time.Duration

	mu     sync.Mutex
	by     map[campaign.AgentID]*testCall
	ending sync.WaitGroup
	closed bool
}

type testCall struct {
	headset media.Endpoint
	echo    *media.Echo
	join    *media.Junction
	end     func() // once
}

// testListen is how long a test call listens, and then plays.
const testListen = 4 * time.Second

func newTestCalls(sound *browser.Headsets, worn func(campaign.AgentID) (media.Endpoint, bool), clock *media.Clock) *testCalls {
	return &testCalls{sound: sound, worn: worn, clock: clock, listen: testListen, by: map[campaign.AgentID]*testCall{}}
}

// Begin implements desk.TestCalls. One that runs begins anew.
func (t *testCalls) Begin(a campaign.AgentID) (desk.TestCall, error) {
	t.End(a)
	headset := t.headset(a)
	if headset == nil {
		return desk.TestCall{}, fmt.Errorf("no sound comes from your headset: connect it first")
	}
	c := &testCall{headset: headset, echo: media.NewEcho(headset.Codec(), t.clock, t.listen)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return desk.TestCall{}, fmt.Errorf("the program is being stopped")
	}
	c.join = media.Join(headset, c.echo)
	c.end = sync.OnceFunc(func() {
		c.join.Close()
		_ = c.echo.Close() // has no error of its own
	})
	t.by[a] = c
	// Owned by testCalls, ends with the echo, which End and Close close.
	t.ending.Go(func() {
		<-c.echo.Done()
		c.end()
	})
	return t.told(c), nil
}

// Now implements desk.TestCalls.
func (t *testCalls) Now(a campaign.AgentID) (desk.TestCall, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.by[a]
	if c == nil {
		return desk.TestCall{}, false
	}
	return t.told(c), true
}

func (t *testCalls) told(c *testCall) desk.TestCall {
	r := c.echo.Result()
	out := desk.TestCall{
		Stage: string(r.Stage), ListenMS: int(t.listen.Milliseconds()), BeepMS: int((c.echo.Length() - 2*t.listen).Milliseconds()),
		Level: r.LevelDBFS, Floor: r.FloorDBFS, Missing: 100 * r.Missing, Clipped: r.Clipped,
	}
	if h, ok := c.headset.(interface{ Quality() (media.Stats, bool) }); ok {
		st, _ := h.Quality()
		out.RTTMS = st.RTTMS
	}
	return out
}

// headset is an agent's, if it is connected; else nil.
func (t *testCalls) headset(a campaign.AgentID) media.Endpoint {
	if e, ok := t.worn(a); ok {
		if p, is := e.(*plug); is && p.ear.Load() == nil {
			return nil
		}
		return e
	}
	headset, ok := t.sound.Endpoint(string(a))
	if st, live := t.sound.Stats(string(a)); !ok || !live || st.State != browser.Connected {
		return nil
	}
	return headset
}

// End implements desk.TestCalls. What was found out is kept.
func (t *testCalls) End(a campaign.AgentID) {
	t.mu.Lock()
	c := t.by[a]
	t.mu.Unlock()
	if c != nil {
		c.end()
	}
}

// Close ends all test calls.
func (t *testCalls) Close() {
	t.mu.Lock()
	t.closed = true
	for _, c := range t.by {
		c.end()
	}
	t.mu.Unlock()
	t.ending.Wait()
}
