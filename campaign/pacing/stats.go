package pacing

import (
	"slices"

	"github.com/freiton/freiton/campaign"
)

// Stats is what a campaign's past has taught. It is plain data: written as
// JSON and read back it is the same.
type Stats struct {
	Talk    Lengths `json:"talk"`
	Wrap    Lengths `json:"wrap"`
	Answers Answers `json:"answers"`
	Joined  float64 `json:"joined"` // live answers that found an agent, ever
	Lost    float64 `json:"lost"`   // live answers that were abandoned, ever
	Theta   float64 `json:"theta"`  // learned threshold of risk; 0 = not yet
	Closed  bool    `json:"closed,omitempty"`
}

// The learning of θ, by each live answer.
const (
	firstTheta = 0.02
	leastTheta = 0.005
	mostTheta  = 0.15
	aim        = 0.97 // of the limit: the abandonment that θ is led to
	learning   = 0.01 // change of log θ by one abandoned call
)

// Learn takes in what happened. limit is the abandonment allowed, 0 to 1.
func (s *Stats) Learn(e campaign.PacingEvent, limit float64) {
	switch e.Kind {
	case campaign.PacingDialled:
		s.Answers.dialled(e.Dial)
	case campaign.PacingAnswered:
		s.Answers.ended(e.Dial, true, e.After.Seconds())
	case campaign.PacingMissed:
		s.Answers.ended(e.Dial, false, e.After.Seconds())
	case campaign.PacingJoined:
		s.Joined++
		s.lead(aim*limit, 0)
	case campaign.PacingAbandoned:
		s.Lost++
		s.lead(aim*limit, 1)
	case campaign.PacingTalked:
		s.Talk.add(e.After.Seconds())
	case campaign.PacingWrappedUp:
		s.Wrap.add(e.After.Seconds())
	}
}

// lead moves θ towards the aim. While the gate is closed nothing is risked, and
// nothing can be learned from that.
func (s *Stats) lead(aim, abandoned float64) {
	if s.Theta == 0 {
		s.Theta = firstTheta
	}
	if s.Closed {
		return
	}
	s.Theta *= 1 + learning*(aim-abandoned)
	s.Theta = min(max(s.Theta, leastTheta), mostTheta)
}

func (s *Stats) clone() Stats {
	c := *s
	c.Talk = Lengths{slices.Clone(s.Talk.Ended), slices.Clone(s.Talk.Seconds)}
	c.Wrap = Lengths{slices.Clone(s.Wrap.Ended), slices.Clone(s.Wrap.Seconds)}
	c.Answers.Open = slices.Clone(s.Answers.Open)
	c.Answers.Answered, c.Answers.Missed = slices.Clone(s.Answers.Answered), slices.Clone(s.Answers.Missed)
	return c
}
