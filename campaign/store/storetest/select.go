package storetest

import (
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// dialled makes a record one that was tried before.
func dialled(b *bench) func(*campaign.Record) {
	return func(r *campaign.Record) { r.Attempts, r.LastCall = 1, b.now.Add(-24*time.Hour) }
}

func due(b *bench) func(*campaign.Record) {
	return func(r *campaign.Record) { r.NextDial = b.now.Add(-time.Minute) }
}

func callback(r *campaign.Record) { r.Type = campaign.CampaignCallback }

func city(name string) func(*campaign.Record) {
	return func(r *campaign.Record) { r.Fields = []campaign.Field{{Name: "Ort", Value: name}} }
}

// selectOrder: kinds in the order that was asked for; those not asked for stay.
func selectOrder(t *testing.T, b *bench) {
	b.imports(rec(1), rec(2, dialled(b)), rec(3, dialled(b), due(b)), rec(4, due(b)), rec(5, callback, due(b)), rec(6),
		rec(7, callback, due(b), func(r *campaign.Record) { r.Type, r.Owner = campaign.PersonalCallback, "ann" }))
	q := b.query("ann")
	asks := func(want string, kinds ...campaign.RecordKind) campaign.Lease {
		t.Helper()
		q.Kinds = kinds
		l := mustLease(b, q)
		equal(t, "lease", l.Record.ID, want)
		return l
	}
	const again, first, back = campaign.KindRescheduled, campaign.KindFresh, campaign.KindCallback
	b.releases(asks("2", again, first), campaign.Release{})
	l := asks("1", first, again)
	b.releases(l, campaign.Release{Top: true})
	b.releases(asks("7", again, back), campaign.Release{NotBefore: b.now.Add(time.Hour)}) // hers before all
	asks("1", again)                                                                      // the top is served whatever is asked for
	asks("2", again)
	asks("3", again)
	q.Kinds = []campaign.RecordKind{again}
	none := b.nothing(q)
	equal(t, "waiting, of the kind asked for", none.Waiting, 0)
	asks("4", first, back)
	asks("6", first, back)
	asks("5", first, back)
	q.Kinds = []campaign.RecordKind{first, back}
	none = b.nothing(q)
	equal(t, "waiting", none.Waiting, 1)
	equal(t, "next", none.Next, b.now.Add(time.Hour))
}

func selectNewest(t *testing.T, b *bench) {
	b.imports(rec(1), rec(2, dialled(b)), rec(3, due(b)))
	q := b.query("ann")
	q.Newest = true
	equal(t, "first", mustLease(b, q).Record.ID, "3")
	b.imports(rec(4))
	equal(t, "added meanwhile", mustLease(b, q).Record.ID, "4")
	equal(t, "then", mustLease(b, q).Record.ID, "2")
	equal(t, "last", mustLease(b, q).Record.ID, "1")
	b.nothing(q)
}

// selectFilter: a filter holds in every queue, and what it leaves out is not
// waited for.
func selectFilter(t *testing.T, b *bench) {
	hour := b.now.Add(time.Hour)
	later := func(r *campaign.Record) { r.NextDial = hour }
	own := func(r *campaign.Record) { r.Type, r.Owner = campaign.PersonalCallback, "ann" }
	b.imports(rec(1, city("Köln")), rec(2, city("Bonn"), dialled(b)), rec(3, city("Bonn"), due(b)), rec(4, city("Köln"), due(b), callback),
		rec(5, city("Bonn"), due(b), callback), rec(6, city("Köln"), due(b), own), rec(7, city("Bonn"), due(b), own), rec(8, city("Bonn")),
		rec(9, city("Köln"), later), rec(10, city("Bonn"), later))
	for _, newest := range []bool{false, true} {
		q := b.query("ann")
		q.Filter, q.Newest = campaign.Filter{{Field: "ort", Any: []string{"bo*", "Ulm"}}, {Field: "phone", Not: []string{phone(99)}}}, newest
		order := []string{"7", "5", "2", "3", "8"}
		if newest {
			order = []string{"7", "5", "8", "3", "2"}
		}
		var ls []campaign.Lease
		for _, want := range order {
			l := mustLease(b, q)
			equal(t, "lease", l.Record.ID, want)
			ls = append(ls, l)
		}
		none := b.nothing(q)
		equal(t, "waiting", none.Waiting, 1)
		equal(t, "next", none.Next, hour)
		equal(t, "in work", none.InWork, 5)
		for _, l := range ls {
			b.releases(l, campaign.Release{})
		}
		l := mustLease(b, q)
		equal(t, "what came back", l.Record.ID, "7")
		b.releases(l, campaign.Release{})
		q.Filter = campaign.Filter{{Field: "Ort", Not: []string{"Bonn"}}}
		top := mustLease(b, q)
		equal(t, "the others", top.Record.ID, "6")
		b.releases(top, campaign.Release{})
		q.Filter = campaign.Filter{{Field: "Ort", Any: []string{"Ulm"}}}
		none = b.nothing(q)
		equal(t, "nothing waits", none.Waiting, 0)
		equal(t, "nothing is due", none.Next, time.Time{})
	}
}

// selectFilterLong: a record far behind others that do not pass is found, one
// that comes back before it as well, and so is one added behind.
func selectFilterLong(t *testing.T, b *bench) {
	rs := recs(1, 600, city("Köln"))
	rs[1].Fields[0].Value, rs[598].Fields[0].Value = "Bonn", "Bonn"
	b.imports(rs...)
	q := b.query("ann")
	q.Filter = campaign.Filter{{Field: "Ort", Any: []string{"Bonn"}}}
	first := mustLease(b, q)
	equal(t, "first", first.Record.ID, "2")
	last := mustLease(b, q)
	equal(t, "second", last.Record.ID, "599")
	equal(t, "nothing waits", b.nothing(q).Waiting, 0)
	b.releases(first, campaign.Release{})
	equal(t, "came back", mustLease(b, q).Record.ID, "2")
	b.imports(rec(601, city("Bonn")))
	equal(t, "added", mustLease(b, q).Record.ID, "601")
	equal(t, "nothing waits", b.nothing(q).Next, time.Time{})
}
