package pacing

import (
	"fmt"
	"math"

	"github.com/freiton/freiton/campaign"
)

// room is how many calls may still be abandoned, in the tightest window, and
// what to say where that is none.
func room(windows []campaign.PacingBudget) (left float64, why *campaign.Reason) {
	if len(windows) == 0 {
		return 0, &campaign.Reason{Code: ReasonUnknown, Text: "one call for each free agent until it is known how many calls were abandoned"}
	}
	left = math.Inf(1)
	for _, w := range windows {
		l := w.Room()
		if l >= left {
			continue
		}
		left = l
		switch {
		case w.Limit <= 0:
			why = &campaign.Reason{Code: ReasonLimit, Text: "one call for each free agent: no abandoned call is allowed"}
		case !(campaign.PacingBudget{Answered: w.Answered, Limit: w.Limit}).Bears(1):
			why = &campaign.Reason{Code: ReasonHistory, Text: fmt.Sprintf(
				"one call for each free agent until %.0f people have answered: so far %d", 1/w.Limit, w.Answered)}
		default:
			why = &campaign.Reason{Code: ReasonBudget, Text: fmt.Sprintf(
				"one call for each free agent until the abandonment budget recovers: %d of %d answers abandoned, %.1f %% allowed",
				w.Abandoned, w.Answered, 100*w.Limit)}
		}
	}
	return left, why
}

// The reserve is what θ is led to leave of the budget: with less it fades out,
// with more it grows, so that in the end the budget is used and never broken.
// Abandoned calls come in bursts, the longer the more agents there are, and
// what chance takes grows as the root of what was granted.
const (
	reserveBase  = 2.0 // calls
	reserveAgent = 0.2 // calls for each agent
	reserveShare = 1.0 // of the root of all that was granted
	mostGrowth   = 4.0
)

// threshold is θ for what is left of the budget. At one call left it is 0: the
// next abandoned call would close the gate for long.
func threshold(s *Stats, left float64, state campaign.PacingState) float64 {
	theta := s.Theta
	if theta == 0 {
		theta = firstTheta
	}
	granted := 0.0
	for _, w := range state.Budgets {
		granted = max(granted, w.Limit*float64(w.Answered))
	}
	reserve := max(reserveBase+reserveAgent*float64(len(state.Agents)), reserveShare*math.Sqrt(granted))
	return min(theta*min((left-1)/(reserve-1), mostGrowth), mostTheta)
}
