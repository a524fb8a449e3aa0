package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// prospect: what will not be dialled is counted by reason, do-not-call entries
// by their scope.
func prospect(t *testing.T, b *bench) {
	s := b.s.(interface {
		Prospect(ctx context.Context, c *campaign.Campaign, now time.Time) (campaign.Prospect, error)
	})
	b.imports(append(recs(1, 5), rec(6, func(r *campaign.Record) { r.Status = campaign.Updated }))...)
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Number: phone(1)}))
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Person: "number:" + phone(2), Client: "Muster"}))
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Number: phone(3), Client: "Other"}))
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Number: phone(4), Campaign: "other"}))
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Number: phone(5), Campaign: "spring"}))
	p, err := s.Prospect(t.Context(), &campaign.Campaign{Name: "spring", Client: "Muster", Lists: []string{list, "none"}, Rules: rules()}, b.now)
	b.must(err)
	if p.Records != 6 || p.Looked != 6 || p.Not != 4 || len(p.Because) != 2 ||
		p.Because[0].Code != campaign.ReasonDoNotCall || p.Because[0].Records != 3 || p.Because[1].Code != campaign.ReasonFinished ||
		len(p.Missing) != 1 || p.Missing[0] != "none" {
		t.Errorf("%+v", p)
	}
}
