package sim_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/pacing"
	"github.com/freiton/freiton/campaign/sim"
)

func run(t *testing.T, world string, agents int, p sim.Policy, shifts int) sim.Cell {
	t.Helper()
	w, ok := sim.Named(world)
	if !ok {
		t.Fatalf("no world %s", world)
	}
	return sim.Run(sim.Trial{World: w, Agents: agents, Policy: p, Shifts: shifts, Seed: 1}, func() sim.Pacer {
		return pacing.New(pacing.Config{Grace: w.Grace})
	})
}

// Two cells of PB-1; `make pb1` runs them all.
func TestBenchmark(t *testing.T) {
	for _, c := range []struct {
		world  string
		agents int
		shifts int
	}{{"S1", 5, 3}, {"S3", 10, 1}} {
		got := run(t, c.world, c.agents, sim.Predictive, c.shifts)
		b, _ := sim.PB1(c.world, c.agents)
		t.Logf("%s with %d: %.1f %% (G %.1f, U %.1f), abandoned %.2f %%, worst %.2f %%", c.world, c.agents,
			100*got.Utilisation, 100*b.G, 100*b.U, 100*got.Abandoned, 100*got.WorstShift)
		if why := got.Fails(); why != "" {
			t.Error(why)
		}
	}
}

// What progressive reaches can be worked out by hand: handling over handling
// plus the time to the next answer. A shift begins empty, so a little less.
func TestProgressiveAsGiven(t *testing.T) {
	for world, want := range map[string]float64{"S1": 70.2, "S2": 31.7, "S3": 46.0, "S4": 90.2, "M1": 76.2} {
		got := run(t, world, 10, sim.Progressive, 5)
		if math.Abs(100*got.Utilisation-want) > 1 {
			t.Errorf("%s: progressive reaches %.2f, want %.1f", world, 100*got.Utilisation, want)
		}
		if got.Abandoned != 0 {
			t.Errorf("%s: progressive abandoned %v", world, got.Abandoned)
		}
	}
}

func TestSameSeedSameShift(t *testing.T) {
	w, _ := sim.Named("S5")
	play := func(seed uint64) sim.Tally {
		shift := sim.Shift{World: w, Agents: 8, Length: 2 * time.Hour, Mode: campaign.ModePredictive, Seed: seed}
		return sim.Play(shift, pacing.New(pacing.Config{Grace: w.Grace}))
	}
	if a, b := play(1), play(1); a != b {
		t.Errorf("one seed, two results: %+v, %+v", a, b)
	}
	if play(1) == play(2) {
		t.Error("another seed changed nothing")
	}
}

// reckless dials five lines for every agent, whatever happens.
type reckless struct{}

func (reckless) Dials(s campaign.PacingState) (int, *campaign.Reason) {
	return 5*len(s.Agents) - len(s.Calls), nil
}
func (reckless) Observe(campaign.PacingEvent) {}

// A pacer that does not care is told on.
func TestRecklessFails(t *testing.T) {
	w, _ := sim.Named("S1")
	got := sim.Run(sim.Trial{World: w, Agents: 5, Policy: sim.Predictive, Shifts: 1, Seed: 1}, func() sim.Pacer { return reckless{} })
	if got.Abandoned < 0.2 || !strings.Contains(got.Fails(), "abandoned") {
		t.Errorf("abandoned %.2f, says %q", got.Abandoned, got.Fails())
	}
}

// watcher checks what a pacer is shown and told, whatever it decides.
type watcher struct {
	sim.Pacer
	t       *testing.T
	open    map[int64]bool
	waiting map[int64]bool
	ended   int
}

func (w *watcher) Dials(s campaign.PacingState) (int, *campaign.Reason) {
	free, waiting := 0, 0
	for _, a := range s.Agents {
		if a.Phase == campaign.PacingFree {
			free++
		}
		if a.For < 0 {
			w.t.Errorf("an agent for %v", a.For)
		}
	}
	for i, c := range s.Calls {
		if c.Answered {
			waiting++
		}
		if i > 0 && !c.Answered && !s.Calls[i-1].Answered && c.Age > s.Calls[i-1].Age {
			w.t.Error("calls are not in dialling order")
		}
	}
	if free > 0 && waiting > 0 {
		w.t.Errorf("%d people wait while %d agents are free", waiting, free)
	}
	if len(w.open)+len(w.waiting) != len(s.Calls) {
		w.t.Errorf("%d calls shown, %d told of", len(s.Calls), len(w.open)+len(w.waiting))
	}
	return w.Pacer.Dials(s)
}

func (w *watcher) Observe(e campaign.PacingEvent) {
	switch e.Kind {
	case campaign.PacingDialled:
		w.open[e.Dial] = true
	case campaign.PacingAnswered, campaign.PacingMissed:
		if !w.open[e.Dial] {
			w.t.Errorf("dial %d ended twice, or never began", e.Dial)
		}
		delete(w.open, e.Dial)
		if e.Kind == campaign.PacingAnswered {
			w.waiting[e.Dial] = true
		}
	case campaign.PacingJoined, campaign.PacingAbandoned:
		if !w.waiting[e.Dial] {
			w.t.Errorf("dial %d was not answered", e.Dial)
		}
		delete(w.waiting, e.Dial)
		w.ended++
	}
	w.Pacer.Observe(e)
}

func TestShiftIsWellFormed(t *testing.T) {
	for _, w := range sim.Worlds() {
		watch := &watcher{t: t, open: map[int64]bool{}, waiting: map[int64]bool{}, Pacer: pacing.New(pacing.Config{Grace: w.Grace})}
		got := sim.Play(sim.Shift{World: w, Agents: 7, Length: 2 * time.Hour, Mode: campaign.ModePredictive, Seed: 3}, watch)
		if got.Answered != watch.ended || got.Busy > got.LoggedIn || got.Talking > got.Busy {
			t.Errorf("%s: %+v, %d ends seen", w.Name, got, watch.ended)
		}
		if w.Breaks.Every > 0 == (got.LoggedIn == 7*2*time.Hour) {
			t.Errorf("%s: logged in %v", w.Name, got.LoggedIn)
		}
	}
}
