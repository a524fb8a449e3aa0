package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// nationalLists: of which day a national list is reaches the gate, and an older
// one imported later changes nothing.
func nationalLists(t *testing.T, b *bench) {
	s := b.s.(interface {
		PutNational(ctx context.Context, country string, at time.Time) error
	})
	b.imports(rec(1))
	q := b.permitQuery(b.leases("1"))
	q.Rules.Purpose, q.Rules.Profiles = campaign.AdvertisingB2C, []campaign.Profile{{Country: "DE", DoNotCallAge: 31 * 24 * time.Hour}}
	b.refused(q, campaign.ReasonNational)
	b.must(s.PutNational(t.Context(), "DE", b.now.AddDate(0, 0, -32)))
	b.refused(q, campaign.ReasonNational)
	b.must(s.PutNational(t.Context(), "DE", b.now.AddDate(0, 0, -31)))
	b.must(s.PutNational(t.Context(), "DE", b.now.AddDate(0, 0, -40)))
	b.must(s.PutNational(t.Context(), "US", b.now.AddDate(0, 0, -40)))
	b.must(b.s.Permit(t.Context(), q))
}
