package sim

import (
	"hash/fnv"
	"time"

	"github.com/freiton/freiton/campaign"
)

// Cell is what a policy reaches in a world with so many agents: means over
// shifts. Shares are from 0 to 1. The keys of its JSON are a contract.
type Cell struct {
	World           string   `json:"world"`
	Agents          int      `json:"agents"`
	Policy          Policy   `json:"policy"`
	Utilisation     float64  `json:"utilisation"` // of logged-in time, talking or wrapping up
	Abandoned       float64  `json:"abandoned"`   // of live answers
	WorstShift      float64  `json:"worst_shift"` // the same in the worst shift
	WaitS           float64  `json:"wait_s"`      // an agent waits so long for a contact
	TalkMinPerHour  float64  `json:"talk_min_per_hour"`
	DialsPerConnect float64  `json:"dials_per_connect"`
	Optimum         *float64 `json:"optimum,omitempty"` // of utilisation, where it is known
}

// Policy is how calls are paced.
type Policy string

// The policies.
const (
	Progressive Policy = "progressive"
	Predictive  Policy = "predictive"
)

// Trial says what a cell is worked out from.
type Trial struct {
	World  World
	Agents int
	Policy Policy
	Shifts int
	Seed   uint64
	Limit  float64 // abandoned of live answers in a shift; 0 = 3 %
}

// Run plays the shifts of a trial, each with a new pacer. Shifts of the same
// world, agents, number and seed meet the same callees whatever the policy.
func Run(t Trial, pacer func() Pacer) Cell {
	var all Tally
	worst := 0.0
	for i := range t.Shifts {
		mode := campaign.ModeProgressive
		if t.Policy == Predictive {
			mode = campaign.ModePredictive
		}
		one := Play(Shift{
			World: t.World, Agents: t.Agents, Mode: mode, Limit: t.Limit, Seed: shiftSeed(t, i),
		}, pacer())
		worst = max(worst, one.lost())
		all.add(one)
	}
	c := Cell{
		World: t.World.Name, Agents: t.Agents, Policy: t.Policy,
		Utilisation: ratio(all.Busy, all.LoggedIn), Abandoned: all.lost(), WorstShift: worst,
		TalkMinPerHour: 60 * ratio(all.Talking, all.LoggedIn),
	}
	if joined := all.Answered - all.Abandoned; joined > 0 {
		c.WaitS = (all.LoggedIn - all.Busy).Seconds() / float64(joined)
		c.DialsPerConnect = float64(all.Dials) / float64(joined)
	}
	return c
}

func (t *Tally) add(o Tally) {
	t.Dials += o.Dials
	t.Answered += o.Answered
	t.Abandoned += o.Abandoned
	t.LoggedIn += o.LoggedIn
	t.Busy += o.Busy
	t.Talking += o.Talking
}

// lost is the share of live answers that were abandoned.
func (t Tally) lost() float64 {
	if t.Answered == 0 {
		return 0
	}
	return float64(t.Abandoned) / float64(t.Answered)
}

func ratio(a, b time.Duration) float64 {
	if b <= 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// shiftSeed mixes what names a shift.
func shiftSeed(t Trial, shift int) uint64 {
	h := fnv.New64a()
	h.Write([]byte(t.World.Name))
	for _, n := range []uint64{t.Seed, uint64(t.Agents), uint64(shift)} {
		for range 8 {
			h.Write([]byte{byte(n)})
			n >>= 8
		}
	}
	return h.Sum64()
}
