package desk

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/freiton/freiton/campaign"
)

// lateStore has a campaign's document a moment after the controller.
type lateStore struct {
	Store
	from time.Time
}

func (s lateStore) Campaigns(context.Context) ([]campaign.CampaignRow, error) {
	if time.Now().Before(s.from) {
		return []campaign.CampaignRow{{Name: "c", Document: []byte("old")}}, nil
	}
	return []campaign.CampaignRow{{Name: "c", Document: []byte("new")}}, nil
}

// What is asked behind an apply is answered from the new document; a store that
// has it late keeps nobody for long.
func TestAppliedIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for late, want := range map[time.Duration]time.Duration{0: 0, 50 * time.Millisecond: 50 * time.Millisecond, time.Hour: keptWithin} {
			begin := time.Now()
			d := &Desk{cfg: Config{Store: lateStore{from: begin.Add(late)}}}
			d.awaitKept(t.Context(), &campaign.Campaign{Name: "c", Document: []byte("new")})
			if took := time.Since(begin); took < want || took > want+keptLook {
				t.Errorf("%s late: waited %s", late, took)
			}
		}
	})
}
