package sim

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/freiton/freiton/campaign"
)

// leastPeople is how many must have been reached for a history to tell a world.
const leastPeople = 20

// History reads a world out of what a campaign did: the report of `campaign
// report`. It does not tell wrap-up, which stays as in S1, nor breaks.
func History(report []byte) (World, error) {
	var r struct {
		Attempts []campaign.ReportAttempt `json:"attempts"`
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return World{}, fmt.Errorf("no report of a campaign: %w", err)
	}
	var machine, failed, all float64
	var setup, ring, talk sample
	timeout := time.Duration(0)
	for _, a := range r.Attempts {
		if a.DialedAt.IsZero() || a.EndedAt.Before(a.DialedAt.Time) {
			continue
		}
		all++
		rings := a.RingingAt.Time
		if rings.IsZero() {
			rings = a.DialedAt.Time
		} else {
			setup.add(rings.Sub(a.DialedAt.Time))
		}
		switch a.CallResult {
		case campaign.AnsweringMachine, campaign.Fax:
			machine++
			continue
		case campaign.Busy, campaign.InvalidNumber, campaign.AllTrunksBusy, campaign.Rejected, campaign.DialError:
			failed++
			continue
		}
		if a.AnsweredAt.IsZero() {
			timeout = max(timeout, a.EndedAt.Sub(rings))
			continue
		}
		ring.add(a.AnsweredAt.Sub(rings))
		if !a.JoinedAt.IsZero() {
			talk.add(a.EndedAt.Sub(a.JoinedAt.Time))
		}
	}
	if ring.n < leastPeople || talk.n < leastPeople {
		return World{}, fmt.Errorf("%.0f people reached: from fewer than %d no world can be told", talk.n, leastPeople)
	}
	w := Worlds()[0]
	w.Live, w.Machine, w.Failed = ring.n/all, machine/all, failed/all
	w.Talk = Spread{talk.mean(), math.Min(talk.variation(), 10)}
	w.Setup = setup.mean()
	w.Ring = Ring{Mean: ring.mean(), Shape: 50}
	if v := ring.variation(); v > 0 {
		// Of a Gamma law the shape is one over the square of the variation.
		w.Ring.Shape = min(max(1/(v*v), 0.5), 50)
	}
	w.Ring.Timeout = max(timeout, ring.most)
	if err := w.Check(); err != nil {
		return World{}, fmt.Errorf("the history makes no world: %w", err)
	}
	return w, nil
}

// sample sums up times.
type sample struct {
	n, sum, squares float64
	most            time.Duration
}

func (s *sample) add(d time.Duration) {
	x := max(d, 0).Seconds()
	s.n++
	s.sum += x
	s.squares += x * x
	s.most = max(s.most, d)
}

func (s *sample) mean() time.Duration {
	if s.n == 0 {
		return 0
	}
	return seconds(s.sum / s.n)
}

// variation is the standard deviation over the mean.
func (s *sample) variation() float64 {
	if s.sum == 0 {
		return 0
	}
	mean := s.sum / s.n
	return math.Sqrt(max(s.squares/s.n-mean*mean, 0)) / mean
}
