package desk

import (
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// Why a contact is not called says the number in turn, else the last one called.
func TestWhoseTurn(t *testing.T) {
	rec := func(at int, s campaign.RecordStatus, called int) campaign.Record {
		r := campaign.Record{Key: campaign.Key(at + 1), Position: at, Status: s}
		if called > 0 {
			r.LastCall = time.Unix(int64(called), 0)
		}
		return r
	}
	for want, rs := range map[campaign.Key][]campaign.Record{
		1: {rec(0, campaign.Ready, 0), rec(1, campaign.ChainReady, 0)},
		2: {rec(0, campaign.ChainReady, 0), rec(1, campaign.Ready, 9)},
		3: {rec(0, campaign.Updated, 8), rec(1, campaign.ChainUpdated, 0), rec(2, campaign.Updated, 9)},
		4: {rec(3, campaign.Stale, 1), rec(0, campaign.Updated, 3)},
	} {
		if got := whoseTurn(rs).Key; got != want {
			t.Errorf("%d, want %d", got, want)
		}
	}
}
