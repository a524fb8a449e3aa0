package storetest

import (
	"errors"
	"testing"

	"github.com/freiton/freiton/campaign"
)

// addNumber: a number that an agent has entered stands at the end of the
// contact's chain and waits for its turn; a lease tells the others.
func addNumber(t *testing.T, b *bench) {
	b.imports(rec(1, func(r *campaign.Record) { r.CustomerID = "K1" }), rec(2))
	l := b.leases("1")
	for range 2 { // again: because no answer came
		b.must(b.s.AddNumber(t.Context(), l.Record.Key, "+493099999"))
	}
	b.must(b.s.AddNumber(t.Context(), l.Record.Key, phone(2))) // somebody else's
	b.must(b.s.AddNumber(t.Context(), l.Record.Key, "+493088888"))
	var got []campaign.Record
	b.must(b.s.Records(t.Context(), campaign.RecordQuery{}, func(r campaign.Record) error {
		got = append(got, r)
		return nil
	}))
	equal(t, "records", len(got), 4)
	for i, r := range got[2:] {
		if r.Status != campaign.ChainReady || r.Person != l.Record.Person || r.CustomerID != "K1" || r.Chain == "" || r.Chain != got[0].Chain || r.Position != i+1 || r.ID == "1" {
			t.Errorf("entered as %+v", r)
		}
	}
	if got[1].Chain != "" || got[0].Status != campaign.Retrieved {
		t.Errorf("changed: %+v, %+v", got[0], got[1])
	}
	b.releases(l, campaign.Release{})
	l = b.leases("1") // its turn, and not theirs
	if len(l.Others) != 2 || l.Others[0].Number != "+493099999" || l.Others[1].Number != "+493088888" {
		t.Errorf("other numbers: %+v", l.Others)
	}
	if err := b.s.AddNumber(t.Context(), 4711, "+493077777"); !errors.Is(err, campaign.ErrNotFound) {
		t.Error(err)
	}
}
