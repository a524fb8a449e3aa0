package pacing

import (
	"math"

	"github.com/freiton/freiton/campaign"
)

// When another mode is worth a word. Between the two nothing is said: the
// figures are estimates, and a change of mode is work.
const (
	littleGain  = 0.035 // of the agents' time: dialling ahead adds less than that
	plentyGain  = 0.08  // or more than that
	adviceAfter = 30    // dials and calls that must be known
)

// Advice says whether dialling one to one or ahead would serve a campaign
// better, from the answers and lengths of its calls; nil: its mode is right, or
// too little is known.
func (p *Pacer) Advice(name string, mode campaign.Mode, agents int) *campaign.Advice {
	c := p.camps[name]
	if c == nil || agents == 0 {
		return nil
	}
	if c.advised == nil || c.stale(c.advisedAt) {
		n := newNeed(c.stats)
		c.advised, c.advisedAt = &n, c.news
	}
	return c.advised.advice(mode, agents)
}

// need is what a campaign's calls ask of its agents.
type need struct {
	rate     float64 // chance that a dial is answered by a person
	handling float64 // seconds of talking and wrapping up
	search   float64 // seconds from one call to the next when an agent is dialled for one to one
}

func newNeed(s *Stats) need {
	ended := sum(s.Talk.Ended)
	if ended < adviceAfter || s.Answers.Slow.Of < adviceAfter {
		return need{}
	}
	n := need{rate: s.Answers.rate(), handling: s.Talk.mean() + s.Wrap.mean()}
	n.search = meanAge(s.Answers.Answered) + meanAge(s.Answers.Missed)*(1-n.rate)/n.rate
	return n
}

func (n need) advice(mode campaign.Mode, agents int) *campaign.Advice {
	if n.handling <= 0 || n.search <= 0 {
		return nil
	}
	odds := n.handling / n.search
	one, ahead := share(odds), share(odds+ahead(agents))
	a := &campaign.Advice{
		Answered: percent(n.rate), Handling: int(math.Round(n.handling/10)) * 10, Agents: agents,
		OneToOne: percent(one), Ahead: percent(ahead),
	}
	switch gain := ahead - one; {
	case mode == campaign.ModePredictive && gain < littleGain:
		a.Mode = campaign.ModeProgressive
	case mode == campaign.ModeProgressive && gain >= plentyGain:
		a.Mode = campaign.ModePredictive
	default:
		return nil
	}
	return a
}

// ahead is how much busy time for one of waiting rises when so many agents are
// dialled ahead for. It was fitted to what this package reaches in the pacing
// benchmark: there the rise is nearly the same for every kind of list.
func ahead(agents int) float64 { return 0.4 * math.Pow(float64(agents), 0.85) }

func share(odds float64) float64 { return odds / (1 + odds) }
func percent(share float64) int  { return int(math.Round(100 * share)) }
func (l *Lengths) mean() float64 { return ratio(sum(l.Seconds), sum(l.Ended)) }
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func sum(xs []float64) float64 {
	total := 0.0
	for _, x := range xs {
		total += x
	}
	return total
}

// meanAge is the mean of ages counted by bin.
func meanAge(counts []float64) float64 {
	seconds, from := 0.0, 0.0
	for i, n := range counts {
		seconds += n * (from + ringEdge(i)) / 2
		from = ringEdge(i)
	}
	return ratio(seconds, sum(counts))
}
