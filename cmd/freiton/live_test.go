package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/pacing"
	"github.com/freiton/freiton/campaign/sim"
	"github.com/freiton/freiton/configs"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip/peer"
)

// shop is a floor of scripted agents on the practice exchange, the whole
// program in between: SIP, sound, store, journal.
type shop struct {
	app    *app
	agents int
	talk   sim.Spread
	wrap   sim.Spread
	dice   *rand.Rand
	ears   map[campaign.AgentID]*countingEar

	due    chan func()
	since  map[campaign.AgentID]time.Time // joined
	busy   time.Duration
	waits  []time.Duration // answer to joined, where an agent was free at the answer
	queued []time.Duration // and where the contact had to wait for one
	free   map[campaign.AgentID]time.Time
	events map[campaign.EventKind]int
}

// countingEar is a headset that counts what it hears, and hums.
type countingEar struct {
	*media.FileEndpoint
	frames *atomic.Int64
}

func (e *countingEar) WriteFrame(f *media.Frame) {
	e.frames.Add(1)
	e.FileEndpoint.WriteFrame(f)
}

// openShop makes a shop for a world of an exchange that is speed times faster
// than life; more is added to the campaign's document.
func openShop(t testing.TB, world *peer.World, speed float64, agents int, more string) *shop {
	t.Helper()
	_, cfg := practiceWith(t, peer.ExchangeConfig{Speed: speed, World: world})
	cfg.Dial.CallsPerSecond = 0
	a, err := openPaced(t.Context(), cfg, slog.New(slog.DiscardHandler), time.Duration(float64(graceOfLaw)/speed), forScripts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &shop{
		app: a, agents: agents, dice: rand.New(rand.NewPCG(1, 2)), ears: map[campaign.AgentID]*countingEar{},
		due: make(chan func(), 4*agents), since: map[campaign.AgentID]time.Time{}, free: map[campaign.AgentID]time.Time{}, events: map[campaign.EventKind]int{},
	}
	var rs []campaign.Record
	for i := range 4000 {
		n := fmt.Sprintf("+49305%07d", i)
		rs = append(rs, campaign.Record{ID: fmt.Sprint(i), Line: i + 1, Phone: n, Person: campaign.PersonOf("", "", n), Type: campaign.General, Status: campaign.Ready, Result: campaign.Unknown})
	}
	if err := a.store.Import(t.Context(), "people", rs); err != nil {
		t.Fatal(err)
	}
	doc, err := configs.ParseCampaign([]byte("name: live\ncountry: lab\nmode: predictive\nlists: [people]\nresults: [answer]\n"+more), "live.yaml")
	if err != nil {
		t.Fatal(err)
	}
	camp, err := campaignOf(doc, nil, cfg, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.do(t, campaign.ClickApply{Campaign: &camp, State: campaign.Running})
	if err := a.voice.registered(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	for i := range agents {
		name := campaign.AgentID(fmt.Sprintf("agent-%d", i+1))
		ear, err := media.NewFileEndpoint(media.FileOptions{Samples: media.Tone(300, time.Second, -40), Loop: true, Clock: a.voice.clock})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ear.Close() })
		s.ears[name] = &countingEar{ear, new(atomic.Int64)}
		a.voice.headsets.put(name, s.ears[name])
	}
	return s
}

func (s *shop) do(t testing.TB, c campaign.Click) {
	t.Helper()
	if err := s.app.control.Do(t.Context(), c); err != nil {
		t.Fatalf("%T: %v", c, err)
	}
}

func (s *shop) length(l sim.Spread) time.Duration {
	v := math.Log(1 + l.CV*l.CV)
	return time.Duration(math.Exp(math.Log(float64(l.Mean)) - v/2 + math.Sqrt(v)*s.dice.NormFloat64()))
}

// run opens the doors for so long, and gives the share of time in which the
// agents talked or wrapped up.
func (s *shop) run(t testing.TB, d time.Duration) (utilisation float64) {
	t.Helper()
	snap, err := s.app.control.Snapshot(t.Context(), campaign.Viewer{Role: campaign.RoleAdministrator})
	if err != nil {
		t.Fatal(err)
	}
	events, cancel := s.app.control.Subscribe(snap.N)
	defer cancel()
	for name := range s.ears {
		for _, c := range []campaign.Click{
			campaign.ClickLogin{Agent: name}, campaign.ClickJoin{Agent: name, Campaign: "live"},
			campaign.ClickStatus{Agent: name, Status: campaign.AgentReady},
		} {
			s.do(t, c)
		}
	}
	begin := time.Now()
	end := time.After(d)
	for {
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatal("the stream of events ended")
			}
			s.handle(e, begin.Add(d))
		case f := <-s.due:
			f()
		case <-end:
			for _, at := range s.since { // still busy
				s.busy += time.Until(at) * -1
			}
			return float64(s.busy) / float64(d*time.Duration(s.agents))
		}
	}
}

func (s *shop) later(d time.Duration, f func()) {
	time.AfterFunc(d, func() {
		select {
		case s.due <- f:
		default: // the doors are closed
		}
	})
}

func (s *shop) handle(e campaign.Event, _ time.Time) {
	s.events[e.Kind]++
	v, ctx := e.InteractionView, context.Background()
	if v == nil || v.Agent == "" {
		return
	}
	switch {
	case e.Kind == campaign.EventJoined:
		if wait := v.JoinedAt.Sub(v.AnsweredAt); s.free[v.Agent].Before(v.AnsweredAt) {
			s.waits = append(s.waits, wait)
		} else {
			s.queued = append(s.queued, wait)
		}
		s.since[v.Agent] = v.JoinedAt
		s.later(s.length(s.talk), func() {
			_ = s.app.control.Do(ctx, campaign.ClickHangup{Agent: v.Agent, Interaction: v.ID}) // the contact may have been first
		})
	case e.Kind == campaign.EventEnded && v.State == campaign.StateWrapUp:
		s.later(s.length(s.wrap), func() {
			result := campaign.Answer
			_ = s.app.control.Do(ctx, campaign.ClickResult{Agent: v.Agent, Interaction: v.ID, Entry: campaign.Entry{Result: &result}})
			_ = s.app.control.Do(ctx, campaign.ClickDone{Agent: v.Agent, Interaction: v.ID})
		})
	case e.Kind == campaign.EventDone:
		s.free[v.Agent] = e.At
		if at, ok := s.since[v.Agent]; ok {
			s.busy += e.At.Sub(at)
			delete(s.since, v.Agent)
		}
	}
}

// counts are the answers by now, and those without an agent in time.
func (s *shop) counts(t testing.TB) campaign.AnswerCount {
	t.Helper()
	if err := s.app.control.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	n, err := s.app.store.Answers(t.Context(), "live", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return n.Day
}

// The pacer live: 20 agents, S1's fates, everything ten times faster than in
// life (but SIP's own timers), beside the simulation of the same world. S1's
// answering machines ring out in both: nothing here tells them from people.
// `make live` plays 3 minutes.
func TestLivePacing(t *testing.T) {
	const speed, agents = 10, 20
	length := 20 * time.Second
	full := os.Getenv("LIVE") == "full"
	if full {
		length = 3 * time.Minute
	}
	world, _ := sim.Named("S1")
	world.Machine = 0
	s := openShop(t, &peer.World{Seed: 1, Live: world.Live, Failed: world.Failed, Setup: world.Setup, Ring: world.Ring.Mean},
		speed, agents, "ring_timeout: 2700ms\npacing: {max_abandoned: 3%}\nown_failures: {pause_after: -1}\n")
	faster := func(l sim.Spread) sim.Spread { return sim.Spread{Mean: l.Mean / speed, CV: l.CV} }
	s.talk, s.wrap = faster(world.Talk), faster(world.Wrap)
	used := s.run(t, length)
	n := s.counts(t)

	simulated, progressive := 0.0, 0.0
	answered, abandoned := 0, 0
	const shifts = 10
	for seed := range uint64(shifts) {
		shift := sim.Shift{World: world, Agents: agents, Length: speed * length, Mode: campaign.ModePredictive, Limit: 0.03, Seed: seed}
		tally := sim.Play(shift, pacing.New(pacing.Config{Grace: world.Grace}))
		simulated += float64(tally.Busy) / float64(tally.LoggedIn) / shifts
		answered, abandoned = answered+tally.Answered, abandoned+tally.Abandoned
		shift.Mode = campaign.ModeProgressive
		tally = sim.Play(shift, pacing.New(pacing.Config{Grace: world.Grace}))
		progressive += float64(tally.Busy) / float64(tally.LoggedIn) / shifts
	}
	t.Logf("%s of %d agents, %dx: utilisation %.1f %%, abandoned %d of %d answers", length, agents, speed, 100*used, n.Abandoned, n.Answered)
	t.Logf("simulated:            utilisation %.1f %%, abandoned %d of %d; progressive %.1f %%", 100*simulated, abandoned, answered, 100*progressive)
	p50, p99 := s.delays()
	t.Logf("answer to joined, an agent being free: p50 %s, p99 %s of %d; %d waited for one; events %v", p50, p99, len(s.waits), len(s.queued), s.events)
	if full && (used < simulated-0.08 || used < progressive+0.05 || float64(n.Abandoned) > 0.03*float64(n.Answered)) {
		t.Errorf("dialling ahead does live not what it does simulated: utilisation %.1f %%, %d of %d answers abandoned", 100*used, n.Abandoned, n.Answered)
	}
	if n.Answered < agents/2 || used < simulated-0.25 || used > simulated+0.25 {
		t.Errorf("utilisation %.1f %% of %d answers; %.1f %% simulated", 100*used, n.Answered, 100*simulated)
	}
	if float64(n.Abandoned) > 0.03*float64(n.Answered)+2 {
		t.Errorf("%d of %d answers abandoned", n.Abandoned, n.Answered)
	}
}

// joined is 20 agents and about 5 answers a second: how long it takes from the
// answer to the agent's ear, and how much of what the contact says is lost.
func joined(t testing.TB, d time.Duration) (p50, p99 time.Duration, lost float64) {
	s := openShop(t, &peer.World{Seed: 1, Live: 1, Setup: 100 * time.Millisecond, Ring: 300 * time.Millisecond}, 1, 20, "")
	s.talk, s.wrap = sim.Spread{Mean: 3 * time.Second}, sim.Spread{Mean: 200 * time.Millisecond}
	s.run(t, d)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.app.control.Drain(ctx, 0); err != nil {
		t.Fatal(err)
	}
	heard := int64(0)
	for _, e := range s.ears {
		heard += e.frames.Load()
	}
	received, calls := int64(0), 0
	err := s.app.store.Attempts(ctx, "live", func(a campaign.Attempt) error {
		if a.RTP != nil && !a.JoinedAt.IsZero() {
			received += a.RTP.Received
			calls++
		}
		return nil
	})
	if err != nil || calls < 20 {
		t.Fatalf("%d calls, %v", calls, err)
	}
	p50, p99 = s.delays()
	t.Logf("%d found a free agent, %d waited for one", len(s.waits), len(s.queued))
	return p50, p99, float64(received-heard) / float64(calls)
}

// delays are those from the answer to the agent's ear that are ours: nobody
// had to be waited for.
func (s *shop) delays() (p50, p99 time.Duration) {
	slices.Sort(s.waits)
	return s.waits[len(s.waits)/2], s.waits[len(s.waits)*99/100]
}

// Whoever answers is with her agent at once, and nothing she says is lost. The
// bound here is for a machine that does much else besides; see BenchmarkJoin.
func TestJoinAtOnce(t *testing.T) {
	p50, p99, lost := joined(t, 6*time.Second)
	t.Logf("answer to joined: p50 %s, p99 %s; %.2f frames of 20 ms lost a call", p50, p99, lost)
	if p99 > time.Second || lost > 2 {
		t.Errorf("answer to joined: p50 %s, p99 %s; %.2f frames of 20 ms lost a call", p50, p99, lost)
	}
}

func BenchmarkJoin(b *testing.B) {
	for range b.N {
		p50, p99, lost := joined(b, 30*time.Second)
		b.ReportMetric(float64(p50)/1e6, "ms-p50")
		b.ReportMetric(float64(p99)/1e6, "ms-p99")
		b.ReportMetric(lost, "frames-lost/call")
	}
}
