package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// turnNew: a number that an agent has entered stands in the contact's chain,
// once; a lease tells the others.
func turnNew(t *testing.T, b *bench) {
	b.imports(rec(1, func(r *campaign.Record) { r.CustomerID = "K1" }), rec(2))
	turn := func(l campaign.Lease, number string) (campaign.Lease, error) {
		q := b.permitQuery(l)
		q.Number = number
		return b.s.Turn(t.Context(), q)
	}
	must := func(l campaign.Lease, number string) campaign.Lease {
		t.Helper()
		got, err := turn(l, number)
		b.must(err)
		return got
	}
	one := b.leases("1")
	nine := must(one, "+493099999")
	if _, err := turn(one, "+493099999"); !errors.Is(err, campaign.ErrLost) { // again: because no answer came
		t.Errorf("turned twice: %v", err)
	}
	equal(t, "somebody else's number", must(nine, phone(2)).Record.Key, nine.Record.Key)
	again := must(must(nine, "+493088888"), one.Record.Phone)
	equal(t, "turned back", again.Record.ID, "1")
	var got []campaign.Record
	b.must(b.s.Records(t.Context(), campaign.RecordQuery{}, func(r campaign.Record) error {
		got = append(got, r)
		return nil
	}))
	equal(t, "records", len(got), 4)
	for _, r := range got[2:] {
		if r.Status != campaign.ChainReady || r.Person != one.Record.Person || r.CustomerID != "K1" || r.Chain == "" || r.Chain != got[0].Chain || r.Position == 0 || r.ID == "1" {
			t.Errorf("entered as %+v", r)
		}
	}
	if got[2].Position == got[3].Position || got[1].Chain != "" || got[0].Status != campaign.Retrieved || got[0].Position != 0 {
		t.Errorf("changed: %+v", got)
	}
	b.releases(again, campaign.Release{})
	others := b.leases("1").Others // its turn, and not theirs
	if len(others) != 2 || others[0].Number != "+493088888" || others[1].Number != "+493099999" {
		t.Errorf("other numbers: %+v", others)
	}
	again.Record.Key = 4711
	if _, err := turn(again, "+493077777"); !errors.Is(err, campaign.ErrLost) {
		t.Error(err)
	}
}

// turnNumber: a call to another number of the contact is that number's, and so
// is what comes of it; the one that was offered is tried after it.
func turnNumber(t *testing.T, b *bench) {
	wish := b.now.Add(-time.Minute)
	b.imports(
		rec(1, chain("c", 0), func(r *campaign.Record) {
			r.Type, r.CallbackAt, r.NextDial = campaign.CampaignCallback, wish, wish
		}),
		rec(2, chain("c", 1)), rec(3, chain("c", 2)), rec(4))
	l := b.leases("1")
	q := b.permitQuery(l)
	q.Number = phone(3)
	got, err := b.s.Turn(t.Context(), q)
	b.must(err)
	if r := got.Record; r.ID != "3" || r.Type != campaign.CampaignCallback || !r.CallbackAt.Equal(wish) || len(got.Others) != 2 {
		t.Fatalf("turned to %+v", got)
	}
	if _, err := b.s.Turn(t.Context(), q); !errors.Is(err, campaign.ErrLost) {
		t.Errorf("turned twice: %v", err)
	}
	b.status("1", campaign.ChainReady)
	b.status("3", campaign.Retrieved)
	s := b.settlement(got, b.permits(got), campaign.InvalidNumber)
	s.Chain = campaign.ChainNext
	b.settles(s)
	if r := b.record("3"); r.Result != campaign.InvalidNumber || r.Attempts != 1 {
		t.Errorf("called: %+v", r)
	}
	if r := b.record("1"); r.Attempts != 0 || r.Result != campaign.Unknown || r.Type != campaign.General {
		t.Errorf("not called: %+v", r)
	}
	b.calls("2", campaign.NoAnswer, func(s *campaign.Settlement) { s.Chain = campaign.ChainNext })
	l = b.leases("1") // its turn again

	q = b.permitQuery(l)
	q.Number = "+493077777" // nobody knew it
	got, err = b.s.Turn(t.Context(), q)
	b.must(err)
	if got.Record.Phone != q.Number || got.Record.Chain != l.Record.Chain {
		t.Fatalf("turned to %+v", got)
	}
	q = b.permitQuery(got)
	q.Number = phone(4) // another contact's
	same, err := b.s.Turn(t.Context(), q)
	b.must(err)
	equal(t, "the lease of another contact's number", same.Record.Key, got.Record.Key)
	b.releases(same, campaign.Release{})
	b.calls("4", campaign.Answer)
	b.leases(got.Record.ID)
}
