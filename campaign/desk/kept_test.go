package desk

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/freiton/freiton/campaign"
)

// lateFloor is a controller whose store has things after a while.
type lateFloor struct {
	*floor
	late    time.Duration
	settled int // clicks that were waited for
}

func (f *lateFloor) Settled(ctx context.Context) error {
	select {
	case <-time.After(f.late):
		f.settled = len(f.clicks)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// What is asked behind an apply is answered from the new document; a store that
// has it late keeps nobody for long.
func TestAppliedIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, late := range []time.Duration{0, 50 * time.Millisecond, time.Hour} {
			f := &lateFloor{floor: &floor{}, late: late}
			d, _, _ := newDesk(f)
			begin := time.Now()
			_, err := d.apply(t.Context(), campaign.CampaignRow{Name: "spring"}, &campaign.Campaign{Name: "spring"}, "")
			if took := time.Since(begin); err != nil || took != min(late, keptWithin) || late < keptWithin && f.settled != 1 {
				t.Errorf("%s late: waited %s, for %d clicks; %v", late, took, f.settled, err)
			}
		}
	})
}
