package pacing

import (
	"time"

	"github.com/freiton/freiton/campaign"
)

// Config is how a pacer is set.
type Config struct {
	Grace time.Duration // an answered person waits so long for an agent, at most
	Limit float64       // abandonment that θ is led below; 0 = 3 %
}

func (c Config) complete() Config {
	if c.Limit <= 0 {
		c.Limit = 0.03
	}
	return c
}

// Decision is how many calls may begin, and why not more.
type Decision struct {
	Dials  int
	Why    *campaign.Reason // nil: nothing holds pacing back
	Theta  float64          // threshold of risk used
	Risk   float64          // abandoned calls expected of those on their way
	AtRisk int              // calls that may find no agent, of those on their way and the new ones; 0: none of them goes beyond one-to-one
	Closed bool             // the budget allows no more calls than these
}

// The reasons of pacing.
const (
	ReasonNoAgents campaign.ReasonCode = "no-agents"
	ReasonBudget   campaign.ReasonCode = "abandonment-budget"
	ReasonHistory  campaign.ReasonCode = "pacing-history"
	ReasonUnknown  campaign.ReasonCode = "budget-unknown" // nothing was heard of the budget yet
	ReasonLimit    campaign.ReasonCode = "no-abandonment-allowed"
)

// Preview begins no call: agents do.
func Preview(campaign.PacingState) Decision { return Decision{} }

// Progressive gives every free agent one call.
func Progressive(s campaign.PacingState) Decision {
	return Decision{Dials: s.Idle}
}

// The rules of the look-ahead.
const (
	exactAgents  = 20 // up to so many the counts are convolved exactly
	linesAnAgent = 30 // calls on their way for one agent, at most

	// What may happen to the calls on their way is whatever is likelier than
	// this. Were it 0, all of them would be at risk; docs/architecture.md has
	// what that costs.
	unlikely = 1e-4
)

// Predictive dials one more while the chance that its answer finds no agent in
// time is at most θ, as far as the budget allows.
func Predictive(s campaign.PacingState, stats *Stats, m *Model, cfg Config) Decision {
	if len(s.Agents) == 0 {
		return Decision{Closed: true, Why: &campaign.Reason{Code: ReasonNoAgents, Text: "nobody is there to talk: nothing is dialled"}}
	}
	f := newForecast(s, m)
	oneToOne := max(f.free-len(s.Calls), 0)
	d := Decision{Dials: oneToOne, Risk: f.expected()}
	room, why := room(s.Budgets)
	if room < 1 {
		d.Closed, d.Why = true, why
		return d
	}
	d.Theta = threshold(stats, room-d.Risk, s)
	d.Closed = d.Theta <= 0
	most := linesAnAgent*len(s.Agents) - len(s.Calls)
	for n := 1; n <= most && f.risk() <= d.Theta; n++ {
		f.dial()
		if n <= oneToOne {
			continue
		}
		atRisk := f.atRisk(max(d.AtRisk, f.waiting+1))
		if float64(atRisk) > room {
			d.Closed = true
			break
		}
		d.Dials, d.AtRisk = n, atRisk
	}
	if d.Closed && len(s.Calls)+d.Dials <= f.free {
		d.Why = why
	}
	return d
}

// AtRisk is how many of the calls on their way may find no agent in time: who
// waits for one, one more at least, and as many together as is not unlikely.
func AtRisk(s campaign.PacingState, m *Model) int {
	f := newForecast(s, m)
	return f.atRisk(f.waiting + 1)
}

// forecast is how many agents will be free and how many calls answered, at the
// model's times.
type forecast struct {
	m       *Model
	idle    int // free now, less people who wait
	free    int
	waiting int
	gains   [points]count
	loss    [points]count
	fresh   [points]float64 // of a new dial
}

func newForecast(s campaign.PacingState, m *Model) *forecast {
	f := &forecast{m: m}
	exact := len(s.Agents) <= exactAgents
	for k := range points {
		f.gains[k].reset(exact)
		f.loss[k].reset(exact)
	}
	for _, a := range s.Agents {
		if a.Phase == campaign.PacingFree {
			f.idle++
			f.free++
			continue
		}
		for k, x := range m.free(a) {
			f.gains[k].add(x)
		}
	}
	for _, c := range s.Calls {
		if c.Answered {
			f.idle--
			f.waiting++
			continue
		}
		f.add(c.Age.Seconds())
	}
	m.answers(0, &f.fresh)
	return f
}

func (f *forecast) add(age float64) {
	var x [points]float64
	f.m.answers(age, &x)
	for k := range points {
		f.loss[k].add(x[k])
	}
}

// dial adds one new call.
func (f *forecast) dial() {
	for k := range points {
		f.loss[k].add(f.fresh[k])
	}
}

// risk is the chance that the answer to one more dial finds no agent.
func (f *forecast) risk() float64 {
	sum := 0.0
	for k := range points {
		sum += reached(f.idle, &f.gains[k], &f.loss[k])
	}
	return sum / points
}

// expected is how many of the calls on their way will be abandoned.
func (f *forecast) expected() float64 {
	sum, last := float64(f.waiting), 0.0
	for k := range points {
		arrive := f.loss[k].mean
		sum += (arrive - last) * reached(f.idle-1, &f.gains[k], &f.loss[k])
		last = arrive
	}
	return sum
}

// atRisk is the least number, from n on, that are without an agent at a time
// but for a chance of less than unlikely.
func (f *forecast) atRisk(n int) int {
	for k := range points {
		for reached(f.idle+n+1, &f.gains[k], &f.loss[k]) >= unlikely {
			n++
		}
	}
	return n
}
