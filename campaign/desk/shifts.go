package desk

import (
	"context"
	"sync"
	"time"

	"github.com/freiton/freiton/campaign"
)

// shiftAge is how old the figures on a floor may be: counting a day's calls is
// no work for each look of each supervisor.
const shiftAge = 10 * time.Second

// shifts keeps what was counted last of each campaign.
type shifts struct {
	mu   sync.Mutex // held while one counts, so that the others wait for it
	kept map[string]countedShift
}

type countedShift struct {
	at time.Time
	campaign.Shift
}

// of is how a campaign has gone since midnight.
func (s *shifts) of(ctx context.Context, r Reports, name string, now time.Time) (campaign.Shift, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.kept[name]; ok && now.Sub(k.at) < shiftAge && !k.at.After(now) {
		return k.Shift, nil
	}
	one, err := r.Shift(ctx, name, time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location()))
	if err != nil {
		return one, err
	}
	if s.kept == nil {
		s.kept = map[string]countedShift{}
	}
	s.kept[name] = countedShift{now, one}
	return one, nil
}
