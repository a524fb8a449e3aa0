package sip_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

// TestLoad makes 500 calls at 20 a second from one agent to another: all are
// answered and ended once, and nothing is left.
func TestLoad(t *testing.T) {
	const calls, every = 500, time.Second / 20
	callee := newAgent(t, trusting)
	var taken atomic.Int64
	callee.OnCall(func(c *sip.Call) {
		taken.Add(1)
		c.Accept(newBody(), func(sip.Event) {})
		c.Ring()
		time.AfterFunc(100*time.Millisecond, c.Answer)
	})
	open(t, callee)
	caller := start(t, nil)
	before := runtime.NumGoroutine()
	var answered, ended, most atomic.Int64
	var wg sync.WaitGroup
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := range calls {
		<-tick.C
		wg.Add(1)
		b := newBody()
		_, err := caller.Dial(context.Background(), sip.DialOptions{Account: "trunk", URI: uri(t, callee), Body: b,
			Events: func(e sip.Event) {
				switch e.Kind {
				case sip.Answered:
					answered.Add(1)
					c := e.Call
					if i%2 == 0 {
						c.Reinvite()
					}
					time.AfterFunc(400*time.Millisecond, func() { c.Hangup(sip.Reason{Q850: 16}) })
				case sip.Ended:
					ended.Add(1)
					if e.Cause.Status != 200 {
						t.Errorf("call %d: %+v", i, e.Cause)
					}
					wg.Done()
				}
			}})
		if err != nil {
			t.Fatal(err)
		}
		most.Store(max(most.Load(), int64(runtime.NumGoroutine())))
	}
	wg.Wait()
	if taken.Load() != calls || answered.Load() != calls || ended.Load() != calls {
		t.Errorf("%d taken, %d answered, %d ended of %d", taken.Load(), answered.Load(), ended.Load(), calls)
	}
	eventually(t, 5*time.Second, "no call left", func() bool { return caller.Stats().Calls == 0 && callee.Stats().Calls == 0 })
	eventually(t, 70*t1, "no transaction left", func() bool {
		return caller.Stats().ServerTransactions == 0 && callee.Stats().ServerTransactions == 0 && callee.Stats().ClientTransactions == 0
	})
	eventually(t, 70*t1, "goroutines back", func() bool { return runtime.NumGoroutine() <= before+4 })
	t.Logf("most goroutines %d, at the start %d", most.Load(), before)
}

// BenchmarkCall is one whole call between two agents of this process.
func BenchmarkCall(b *testing.B) {
	callee := newAgent(b, trusting)
	callee.OnCall(func(c *sip.Call) { c.Accept(newBody(), func(sip.Event) {}); c.Answer() })
	open(b, callee)
	caller := start(b, nil)
	target := uri(b, callee)
	b.ReportAllocs()
	for b.Loop() {
		done := make(chan struct{})
		_, err := caller.Dial(context.Background(), sip.DialOptions{Account: "trunk", URI: target, Body: newBody(),
			Events: func(e sip.Event) {
				switch e.Kind {
				case sip.Answered:
					e.Call.Hangup(sip.Reason{})
				case sip.Ended:
					close(done)
				}
			}})
		if err != nil {
			b.Fatal(err)
		}
		<-done
	}
}

// TestSippHolds runs a scripted callee that puts us on hold, takes us back and
// hangs up; SIPp judges our answers.
func TestSippHolds(t *testing.T) {
	t.Parallel()
	s := startSipp(t, "-sf", scenario(t, "hold.xml"), "-m", "5")
	s.bound(t)
	a := start(t, nil)
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			p := dial(t, a, fmt.Sprintf("sip:%d@127.0.0.1:%d", i, s.port))
			p.body.change(func(b *body) { b.answer = peer.PlainSDP(4000+i, "a=recvonly") })
			p.until(sip.Answered)
			p.expect(sip.Updated)
			p.expect(sip.Updated)
			if c := p.expect(sip.Ended).Cause; c.By != sip.Remote || c.Q850 != 16 {
				t.Errorf("call %s: %+v", strconv.Itoa(i), c)
			}
		})
	}
	wg.Wait()
	s.wait(t, 10*time.Second)
}
