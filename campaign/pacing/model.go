package pacing

import (
	"math"

	"github.com/freiton/freiton/campaign"
)

// points is at how many ages of a new dial the future is looked at: the middles
// of as many equally likely parts of the time to answer.
const points = 8

// Model is what is foreseen, worked out from statistics; it holds for a while.
type Model struct {
	times    [points]float64
	rate     float64 // chance that a person answers a dial
	answered law
	missed   law
	grace    float64

	// By age of talk or wrap-up: the chance to be free in time for an answer at
	// times[k]. Worked out when first asked for.
	talk, wrap        *curve
	talking, wrapping [bins]*[points]float64
}

const (
	within = 6   // steps of the sum over the end of talk
	cells  = 400 // of the grid of ages of calls
)

// NewModel works out what the statistics foresee. agents are those now at work:
// what they have not finished yet counts too.
func NewModel(s *Stats, agents []campaign.PacingAgent, grace float64) *Model {
	m := &Model{grace: grace}
	m.answerLaws(&s.Answers)
	var talking, wrapping []float64
	for _, a := range agents {
		switch a.Phase {
		case campaign.PacingTalks:
			talking = append(talking, a.For.Seconds())
		case campaign.PacingWrapsUp:
			wrapping = append(wrapping, a.For.Seconds())
		}
	}
	m.talk = newCurve(s.Talk.hazards(talking, usualTalk))
	m.wrap = newCurve(s.Wrap.hazards(wrapping, usualWrap))
	return m
}

// Means taken as long as nothing is known, seconds.
const (
	usualTalk = 180
	usualWrap = 30
)

// bothWithin is the chance that talk of an age ends, and wrap-up after it,
// within t seconds.
func bothWithin(talk, wrap *curve, age, t float64) float64 {
	sum, before := 0.0, 0.0
	for i := range within {
		u := t * float64(i+1) / within
		ended := talk.within(age, u)
		left := t - t*(float64(i)+0.5)/within
		sum += (ended - before) * wrap.within(0, left)
		before = ended
	}
	return sum
}

// answerLaws lays out when dials are answered and when they end otherwise. A
// few made-up dials (answers between 3 and 15 s, none after 30 s) stand for the
// time when nothing is known.
func (m *Model) answerLaws(a *Answers) {
	answered, missed := make([]float64, ringBins), make([]float64, ringBins)
	copy(answered, a.Answered)
	copy(missed, a.Missed)
	known := 0.0
	for _, n := range a.Answered {
		known += n
	}
	if known < 10 {
		for at := 3.0; at < 15; at++ {
			answered[ringBin(at)] += 0.5
			missed[ringBin(at*2)] += 0.5
		}
	}
	last := 0
	for i := range answered {
		if answered[i]+missed[i] > 0 {
			last = i
		}
	}
	until := ringEdge(last)
	m.answered, m.missed = newLaw(answered, until, cells), newLaw(missed, until, cells)
	for k := range m.times {
		m.times[k] = m.answered.quantile((float64(k) + 0.5) / points)
	}
	m.rate = a.rate()
}

// free gives the chances that an agent at work is free in time for an answer at
// each of the model's times.
func (m *Model) free(a campaign.PacingAgent) *[points]float64 {
	i := binOf(a.For.Seconds())
	rows := &m.wrapping
	if a.Phase == campaign.PacingTalks {
		rows = &m.talking
	}
	if rows[i] == nil {
		rows[i] = m.row(a.Phase, i)
	}
	return rows[i]
}

// row works out the chances for the middle of a bin of ages.
func (m *Model) row(phase campaign.PacingPhase, bin int) *[points]float64 {
	age := 0.0
	if bin > 0 {
		age = (edge(bin-1) + edge(bin)) / 2
	}
	var row [points]float64
	for k, t := range m.times {
		if phase == campaign.PacingTalks {
			row[k] = bothWithin(m.talk, m.wrap, age, t+m.grace)
		} else {
			row[k] = m.wrap.within(age, t+m.grace)
		}
	}
	return &row
}

// answers writes the chances that a call of an age has been answered by a
// person by each of the model's times.
func (m *Model) answers(age float64, into *[points]float64) {
	a := m.answered.at(age)
	live, dead := m.rate*(1-a), (1-m.rate)*(1-m.missed.at(age))
	if live+dead < 1e-9 {
		*into = [points]float64{}
		return
	}
	scale := m.rate / (live + dead)
	for k, t := range m.times {
		into[k] = scale * (m.answered.at(age+t) - a)
	}
}

// normal is the standard normal distribution function.
func normal(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
