package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// beside is what every store does besides campaign.Store: for imports and
// administration.
type beside interface {
	EndRest(ctx context.Context, lists []string, after time.Time) error
	Add(ctx context.Context, list string, rs []campaign.Record) (int, error)
	Known(ctx context.Context, numbers []string) (map[string][]string, error)
	LastLine(ctx context.Context, list string) (int, error)
	BlockAll(context.Context, []campaign.DNCEntry) error
	Forget(ctx context.Context, campaign string, lists []string, now time.Time) error
}

func (b *bench) beside() beside {
	b.t.Helper()
	s, ok := b.s.(beside)
	if !ok {
		b.t.Fatalf("%T lacks a method of administration", b.s)
	}
	return s
}

func knownAndAdd(t *testing.T, b *bench) {
	n, err := b.beside().Add(t.Context(), "a", []campaign.Record{rec(1), rec(2), rec(1)})
	b.must(err)
	equal(t, "added", n, 2)
	n, err = b.beside().Add(t.Context(), "a", recs(2, 200))
	b.must(err)
	equal(t, "added", n, 198)
	b.importsTo("b", rec(2))
	var numbers []string
	for i := range 1200 {
		numbers = append(numbers, phone(i))
	}
	got, err := b.beside().Known(t.Context(), numbers)
	b.must(err)
	if len(got) != 200 || strings.Join(got[phone(2)], ",") != "a,b" || strings.Join(got[phone(1)], ",") != "a" {
		t.Errorf("%d known, %v, %v", len(got), got[phone(1)], got[phone(2)])
	}
	for list, want := range map[string]int{"a": 200, "b": 2, "missing": 0} {
		n, err := b.beside().LastLine(t.Context(), list)
		b.must(err)
		equal(t, "last line of "+list, n, want)
	}
}

// importBigChains: a batch of many chains, over which another one goes on.
func importBigChains(t *testing.T, b *bench) {
	var rs, more []campaign.Record
	for n := range 130 {
		rs = append(rs, rec(n, chain(string(rune('a'+n/2)), n%2)))
		more = append(more, rec(200+n, chain(string(rune('a'+n/2)), 0)))
	}
	b.imports(rs...)
	b.imports(append(more, rs...)...)
	all := b.records(campaign.RecordQuery{List: list})
	equal(t, "records", len(all), 260)
	positions := map[string]map[int]bool{}
	for _, r := range all {
		if positions[r.Chain] == nil {
			positions[r.Chain] = map[int]bool{}
		}
		positions[r.Chain][r.Position] = true
		if want := r.Position > 0; want != (r.Status == campaign.ChainReady) {
			t.Errorf("record %s at %d is %v", r.ID, r.Position, r.Status)
		}
	}
	for c, ps := range positions {
		if len(ps) != 4 || !ps[0] || !ps[3] {
			t.Errorf("chain %q has positions %v", c, ps)
		}
	}
}

// blockAll: many at once, all or none.
func blockAll(t *testing.T, b *bench) {
	var es []campaign.DNCEntry
	for n := range 120 {
		es = append(es, campaign.DNCEntry{Number: phone(n), At: b.now, By: "import"})
	}
	b.must(b.beside().BlockAll(t.Context(), append(es, es[0])))
	if err := b.beside().BlockAll(t.Context(), []campaign.DNCEntry{{Number: phone(500)}, {By: "nobody"}}); err == nil {
		t.Error("blocked nobody")
	}
	got, err := b.s.Blocked(t.Context())
	b.must(err)
	equal(t, "entries", len(got), 120)
}

// forget: the lists can be worked from the start; calls that were made stay.
func forget(t *testing.T, b *bench) {
	b.imports(recs(1, 3)...)
	b.importsTo("other", rec(1))
	b.must(b.s.AddOffer(t.Context(), campaign.Offer{Campaign: "spring", Record: b.record("1").Key, RecordID: "1", Agent: "ann", OfferedAt: b.now}))
	l := b.leases("1")
	a := b.permits(l)
	again := func() error { return b.beside().Forget(t.Context(), "spring", []string{list, "missing"}, b.now) }
	if err := again(); err == nil {
		t.Error("forgotten while a call lives")
	}
	b.settles(b.settlement(l, a, campaign.Answer))
	b.leases("2")
	b.must(again())
	equal(t, "records", len(b.records(campaign.RecordQuery{List: list})), 0)
	equal(t, "of the other list", len(b.records(campaign.RecordQuery{List: "other"})), 1)
	equal(t, "attempts of the campaign", len(b.attempts("spring")), 0)
	equal(t, "all attempts", len(b.attempts("")), 1)
	b.must(b.s.Offers(t.Context(), "spring", func(campaign.Offer) error { t.Error("an offer is left"); return nil }))
	b.imports(recs(1, 3)...)
	b.leases("1")
	b.leases("2")
}

// facts: what Permit would put before the gate, decided by nobody.
func facts(t *testing.T, b *bench) {
	b.imports(rec(1))
	b.calls("1", campaign.NoAnswer, func(s *campaign.Settlement) { s.Record.Status = campaign.Ready })
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Number: phone(1), At: b.now, By: "ann"}))
	f, err := b.s.Facts(t.Context(), campaign.PermitQuery{Lease: campaign.Lease{Record: b.record("1")}, Campaign: "spring", Rules: rules(), Now: b.now})
	b.must(err)
	equal(t, "number", f.Number, phone(1))
	equal(t, "attempts today", f.AttemptsToday, 1)
	equal(t, "last attempt", f.LastAttempt, b.now)
	if f.BlockedBy == nil || f.BlockedBy.By != "ann" || !f.ListReadable {
		t.Errorf("blocked by %+v, readable %v", f.BlockedBy, f.ListReadable)
	}
	equal(t, "attempts written", len(b.attempts("")), 1)
}
