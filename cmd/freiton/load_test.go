package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip/peer"
)

// loadResult is what a load of calls was measured at.
type loadResult struct {
	answered, ended int
	setup           []time.Duration // INVITE sent to 200 received
}

// load makes n calls at a rate, each of which talks for a while.
func load(t testing.TB, v *voice, n int, perSecond float64, talk time.Duration) loadResult {
	t.Helper()
	ears := make([]*media.FileEndpoint, n)
	tone := media.Tone(1000, time.Second, -12)
	number := func(i int) string { return peer.Number("02", i%peer.Instances) }
	dialing := map[campaign.AttemptID]time.Time{}
	var r loadResult
	next := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
	defer next.Stop()
	hangup := make(chan campaign.AttemptID, n)
	deadline := time.After(time.Duration(float64(n)/perSecond*float64(time.Second)) + talk + 60*time.Second)
	for placed := 0; r.ended < n; {
		tick := next.C
		if placed == n {
			tick = nil
		}
		select {
		case <-tick:
			ear, err := media.NewFileEndpoint(media.FileOptions{Samples: tone, Loop: true, Clock: v.clock})
			if err != nil {
				t.Fatal(err)
			}
			ears[placed] = ear
			agent := campaign.AgentID(fmt.Sprint("agent-", placed))
			v.headsets.put(agent, ear)
			v.line.Do(campaign.Dial{Attempt: campaign.AttemptID(fmt.Sprint("call-", placed)), Agent: agent, Number: number(placed)})
			placed++
		case id := <-hangup:
			v.line.Do(campaign.Hangup{Attempt: id, By: campaign.ByAgent, Reason: "agent hung up"})
		case e := <-v.line.Events():
			switch e.Kind {
			case campaign.LineDialing:
				dialing[e.Attempt] = e.At
			case campaign.LineAnswered:
				r.answered++
				r.setup = append(r.setup, e.At.Sub(dialing[e.Attempt]))
				time.AfterFunc(talk, func() { hangup <- e.Attempt })
			case campaign.LineEnded:
				r.ended++
				if e.Result != campaign.Answer || e.By != campaign.ByAgent {
					t.Errorf("%s ended: %+v", e.Attempt, e)
				}
			}
		case <-deadline:
			t.Fatalf("%d of %d calls have ended", r.ended, n)
		}
	}
	for _, ear := range ears {
		if err := ear.Close(); err != nil {
			t.Error(err)
		}
	}
	slices.Sort(r.setup)
	return r
}

// loadVoice is the telephone side on an exchange, registered.
func loadVoice(t testing.TB, x *peer.Exchange) (*voice, configs.Config) {
	t.Helper()
	cfg, err := demoConfig(t.TempDir(), x)
	if err != nil {
		t.Fatal(err)
	}
	v, err := openVoice(t.Context(), cfg, string(cfg.Data), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := v.registered(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	return v, cfg
}

// inUse counts what could leak.
func inUse(t testing.TB) (goroutines, files int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return runtime.NumGoroutine(), len(fds)
}

// 500 calls at 20 a second with sound both ways: nothing is left over.
//
// It is a process of its own, so that it can wait for timer D beside others.
func TestLoad(t *testing.T) {
	if inOwnProcess(t) {
		return
	}
	const calls = 500
	x, err := peer.NewExchange(peer.ExchangeConfig{Accounts: map[string]string{demoUser: demoPassword}})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	v, _ := loadVoice(t, x)
	goroutines, files := inUse(t)
	r := load(t, v, calls, 20, 2*time.Second)
	if r.answered != calls {
		t.Errorf("%d calls answered", r.answered)
	}
	var state string
	defer func() {
		if t.Failed() {
			t.Log(state)
		}
	}()
	// A challenged INVITE is remembered for timer D, 32 s (RFC 3261 §17.1.1.2).
	until(t, 45*time.Second, "all is as before the calls", func() bool {
		s := v.agent.Stats()
		g, f := inUse(t)
		state = fmt.Sprintf("%+v, exchange %d calls; %d goroutines (%d before), %d files (%d before)", s, x.Live(), g, goroutines, f, files)
		return s.Calls == 0 && s.ClientTransactions == 0 && s.ServerTransactions == 0 && x.Live() == 0 && g <= goroutines+2 && f <= files
	})
	lost, silent := 0, 0
	for _, rec := range x.Records() {
		if len(rec.Violations) > 0 {
			t.Errorf("the exchange's record: %+v", rec)
		}
		lost += rec.Lost
		if rec.PacketsIn < 50 || rec.HeardHz < 990 || rec.HeardHz > 1010 {
			silent++
		}
	}
	if len(x.Records()) != calls || silent > 0 {
		t.Errorf("the exchange has %d records, in %d it heard no tone", len(x.Records()), silent)
	}
	t.Logf("%d calls: INVITE to 200 p50 %s, p99 %s; %d packets lost", calls, r.setup[calls/2], r.setup[calls*99/100], lost)
	ctx, cancel := context.WithTimeout(t.Context(), closeTime)
	defer cancel()
	if err := v.Close(ctx); err != nil {
		t.Error(err)
	}
}

// BenchmarkCalls measures the processor time of a call of two seconds with
// sound both ways, the practice exchange's share included, and how long an
// answer takes.
func BenchmarkCalls(b *testing.B) {
	x, err := peer.NewExchange(peer.ExchangeConfig{Accounts: map[string]string{demoUser: demoPassword}})
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	v, _ := loadVoice(b, x)
	const calls = 300
	for b.Loop() {
		before := cpu(b)
		r := load(b, v, calls, 20, 2*time.Second)
		b.ReportMetric(float64((cpu(b)-before).Microseconds())/calls/1000, "cpu-ms/call")
		b.ReportMetric(float64(r.setup[calls/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(r.setup[calls*99/100].Microseconds())/1000, "p99-ms")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.Context()), closeTime)
	defer cancel()
	if err := v.Close(ctx); err != nil {
		b.Error(err)
	}
}

// cpu is the processor time this process has used.
func cpu(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
