package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// leaseOrder: owner's callback, top, callback, list, all due at once.
func leaseOrder(t *testing.T, b *bench) {
	b.imports(recs(1, 3)...)
	b.imports(
		rec(4, func(r *campaign.Record) {
			r.Type, r.NextDial = campaign.CampaignCallback, b.now.Add(-time.Minute)
		}),
		rec(5, func(r *campaign.Record) {
			r.Type, r.NextDial, r.Owner = campaign.PersonalCallback, b.now.Add(-time.Second), "ann"
		}),
	)
	ben := b.query("ben")
	first, err := b.s.Lease(t.Context(), ben) // not ann's callback: ben gets the campaign's
	b.must(err)
	equal(t, "ben's lease", first.Record.ID, "4")
	b.releases(first, campaign.Release{})
	l, err := b.s.Lease(t.Context(), campaign.LeaseQuery{Lists: []string{list}, Process: process, Now: b.now, Until: b.now.Add(time.Minute)})
	b.must(err)
	equal(t, "without an agent", l.Record.ID, "4")
	l2 := mustLease(b, ben)
	equal(t, "then the list", l2.Record.ID, "1")
	b.releases(l2, campaign.Release{Top: true, Declined: true})
	b.releases(l, campaign.Release{})
	for _, want := range []string{"5", "1", "4", "2", "3"} {
		b.leases(want)
	}
	none := b.leasesNothing()
	equal(t, "in work", none.InWork, 5)
}

func mustLease(b *bench, q campaign.LeaseQuery) campaign.Lease {
	b.t.Helper()
	l, err := b.s.Lease(b.t.Context(), q)
	b.must(err)
	return l
}

func leaseListOrder(t *testing.T, b *bench) {
	b.importsTo("second", recs(11, 12)...)
	b.imports(recs(1, 2)...)
	q := b.query("ann")
	q.Lists = []string{list, "second", "missing"}
	for _, want := range []string{"1", "2", "11", "12"} {
		l := mustLease(b, q)
		equal(t, "lease", l.Record.ID, want)
		equal(t, "status", l.Record.Status, campaign.Retrieved)
	}
	b.nothing(q)
}

// leaseTop: the last declined comes first, over all lists, and again.
func leaseTop(t *testing.T, b *bench) {
	b.imports(recs(1, 4)...)
	l1, l2, l3 := b.leases("1"), b.leases("2"), b.leases("3")
	for _, l := range []campaign.Lease{l2, l3, l1} {
		b.releases(l, campaign.Release{Top: true, Declined: true})
	}
	l1 = b.leases("1")
	equal(t, "declined", l1.Record.Declined, 1)
	b.releases(l1, campaign.Release{}) // withdrawn: its old place is the top
	l1 = b.leases("1")
	l3 = b.leases("3")
	b.releases(l1, campaign.Release{Top: true, Declined: true})
	b.releases(l3, campaign.Release{Top: true, Declined: true})
	for _, want := range []string{"3", "1", "2", "4"} {
		b.leases(want)
	}
}

func leaseOwner(t *testing.T, b *bench) {
	own := func(at time.Duration, owner campaign.AgentID) func(*campaign.Record) {
		return func(r *campaign.Record) {
			r.Type, r.NextDial, r.Owner = campaign.PersonalCallback, b.now.Add(at), owner
		}
	}
	b.imports(rec(1), rec(2, own(-time.Minute, "ann")), rec(3, own(-time.Hour, "ann")), rec(4, own(-time.Hour, "ben")),
		rec(5, own(time.Minute, "ann")))
	b.leases("3") // the longest due first
	l := b.leases("2")
	b.leases("1")
	none := b.leasesNothing()
	equal(t, "next", none.Next, b.now.Add(time.Minute))
	equal(t, "waiting", none.Waiting, 1) // ben's is none of hers
	b.releases(l, campaign.Release{Declined: true, NotBefore: b.now.Add(5 * time.Minute)})
	b.nothing(b.queryWithout("carl", b.now.Add(time.Hour)))
	equal(t, "ben's own", mustLease(b, b.query("ben")).Record.ID, "4")
	b.now = b.now.Add(5 * time.Minute)
	b.must(b.s.Extend(t.Context(), process, b.now.Add(time.Minute)))
	b.leases("5")
	b.leases("2")
}

// queryWithout asks for an agent at another time, keeping leases alive.
func (b *bench) queryWithout(agent campaign.AgentID, now time.Time) campaign.LeaseQuery {
	b.t.Helper()
	b.must(b.s.Extend(b.t.Context(), process, now.Add(time.Hour)))
	q := b.query(agent)
	q.Now, q.Until = now, now.Add(time.Hour)
	return q
}

func leaseCallbacks(t *testing.T, b *bench) {
	at := func(typ campaign.RecordType, d time.Duration) func(*campaign.Record) {
		return func(r *campaign.Record) { r.Type, r.NextDial = typ, b.now.Add(d) }
	}
	b.imports(
		rec(1),
		rec(2, at(campaign.CampaignRescheduled, -time.Hour)), // back on the list, no promise
		rec(3, at(campaign.CampaignCallback, -time.Minute)),
		rec(4, at(campaign.PersonalCallback, -2*time.Minute)), // nobody's: anybody's
		rec(5, at(campaign.CampaignCallback, time.Minute)),
		rec(6, at(campaign.NoCall, 0)),
	)
	for _, want := range []string{"4", "3", "1", "2"} {
		b.leases(want)
	}
	equal(t, "next", b.leasesNothing().Next, b.now.Add(time.Minute))
}

func leaseNotYetDue(t *testing.T, b *bench) {
	later := func(d time.Duration) func(*campaign.Record) {
		return func(r *campaign.Record) { r.NextDial = b.now.Add(d) }
	}
	b.imports(rec(1, later(10*time.Second)), rec(2, later(5*time.Second)), rec(3, later(0)), rec(4))
	b.leases("3")
	b.leases("4")
	none := b.leasesNothing()
	equal(t, "next", none.Next, b.now.Add(5*time.Second))
	equal(t, "waiting", none.Waiting, 2)
	equal(t, "in work", none.InWork, 2)
	b.now = none.Next
	l := b.leases("2")
	b.releases(l, campaign.Release{Top: true, NotBefore: b.now.Add(5 * time.Second), Reason: "closed"})
	equal(t, "reason", b.record("2").Reason, "closed")
	equal(t, "next", b.leasesNothing().Next, b.now.Add(5*time.Second))
	b.now = b.now.Add(5 * time.Second) // both due: the top is before the line
	b.leases("2")
	b.leases("1")
}

// leaseMassDue: when many fall due at the same moment, or one after the other
// in any order, they come in list order.
func leaseMassDue(t *testing.T, b *bench) {
	due := b.now.Add(time.Hour)
	b.imports(recs(1, 150, func(r *campaign.Record) { r.NextDial = due })...)
	b.now = due
	for n := 1; n <= 150; n++ {
		if l := mustLease(b, b.query("ann")); l.Record.Line != n {
			t.Fatalf("lease %d was record %s", n, l.Record.ID)
		}
	}
	b.leasesNothing()
	b.imports(rec(200))
	b.imports(recs(201, 220, func(r *campaign.Record) { r.NextDial = due.Add(-time.Duration(r.Line) * time.Second) })...)
	for n := 200; n <= 220; n++ {
		b.leases(fmt.Sprint(n))
	}
}

// leaseCrowd: when more have fallen due than a lease looks at, those that are
// settled or given back make room, and before long all come in list order.
func leaseCrowd(t *testing.T, b *bench) {
	b.imports(recs(1, 130, func(r *campaign.Record) { r.NextDial = b.now.Add(-time.Duration(r.Line) * time.Second) })...)
	last := 0
	for n := range 60 {
		l := mustLease(b, b.query("ann"))
		if n > 45 && l.Record.Line < last {
			t.Errorf("lease %d was record %d, behind %d", n, l.Record.Line, last)
		}
		last = l.Record.Line
		b.must(b.s.Release(t.Context(), l, campaign.Release{NotBefore: b.now.Add(time.Hour), Now: b.now}))
	}
}

// leaseSamePerson: neither a number nor a person is leased twice, or while in
// a call, over all lists.
func leaseSamePerson(t *testing.T, b *bench) {
	customer := func(r *campaign.Record) { r.CustomerID = "42" }
	b.imports(rec(1, customer), rec(2, customer), rec(3))
	b.importsTo("second", rec(3, func(r *campaign.Record) { r.ID, r.CustomerID = "same number", "7" }))
	l1 := b.leases("1")
	l3 := b.leases("3")
	none := b.leasesNothing()
	if !none.Next.After(b.now) {
		t.Errorf("a record is due and its person engaged: next is %v, want a time to ask again", none.Next)
	}
	q := b.query("ann")
	q.Lists = []string{"second"}
	b.nothing(q)
	a := b.permits(l3)
	b.nothing(q)
	b.settles(b.settlement(l3, a, campaign.Busy))
	equal(t, "free again", mustLease(b, q).Record.ID, "same number")
	a = b.permits(l1)
	b.leasesNothing()
	b.settles(b.settlement(l1, a, campaign.Answer))
	m := b.permitQuery(campaign.Lease{}) // somebody has them on the line by hand
	m.Number, m.Person, m.Manual = phone(900), "customer:42", true
	b.must(b.s.Permit(t.Context(), m))
	b.leasesNothing()
	a = b.attemptOf(m)
	a.EndedAt = b.now
	b.settles(campaign.Settlement{Attempt: a, Now: b.now})
	m = b.permitQuery(campaign.Lease{}) // the number of somebody else by now
	m.Number, m.Person, m.Manual = phone(2), "customer:8", true
	b.must(b.s.Permit(t.Context(), m))
	b.leasesNothing()
	a = b.attemptOf(m)
	a.EndedAt = b.now
	b.settles(campaign.Settlement{Attempt: a, Now: b.now})
	b.leases("2")
}

// leaseChain: position n only after n-1 is done.
func leaseChain(t *testing.T, b *bench) {
	b.imports(rec(1, chain("c", 0)), rec(2, chain("c", 1)), rec(3, chain("c", 2)), rec(4))
	l := b.leases("1")
	b.leases("4")
	b.leasesNothing()
	s := b.settlement(l, b.permits(l), campaign.NoAnswer)
	s.Record.Status, s.Record.NextDial, s.Chain = campaign.Ready, b.now.Add(time.Hour), campaign.ChainNext
	b.settles(s) // the next is ready, and yet it waits: the first is not done
	b.status("2", campaign.Ready)
	b.leasesNothing()
	b.now = b.now.Add(time.Hour)
	b.must(b.s.Extend(t.Context(), process, b.now.Add(time.Minute)))
	b.calls("1", campaign.InvalidNumber, func(s *campaign.Settlement) { s.Chain = campaign.ChainKeep })
	b.calls("2", campaign.NoAnswer, func(s *campaign.Settlement) { s.Chain = campaign.ChainNext })
	b.status("3", campaign.Ready)
	b.leases("3")
}

func leaseOnlyReady(t *testing.T, b *bench) {
	var rs []campaign.Record
	for n, status := range []campaign.RecordStatus{
		campaign.Updated, campaign.Stale, campaign.Cancelled, campaign.AgentError, campaign.ChainUpdated, campaign.MissedCallback,
	} {
		rs = append(rs, rec(n+1, func(r *campaign.Record) { r.Status = status }))
	}
	b.imports(append(rs, rec(9))...)
	b.leases("9")
	b.leasesNothing()
}

func leaseNothing(t *testing.T, b *bench) {
	none := b.leasesNothing()
	equal(t, "empty store", *none, campaign.NoRecord{})
	b.imports(rec(1))
	b.calls("1", campaign.Answer)
	equal(t, "worked list", *b.leasesNothing(), campaign.NoRecord{})
}

// leaseExpires: after the lease has run out another process takes the record,
// and the first one has lost it.
func leaseExpires(t *testing.T, b *bench) {
	b.imports(recs(1, 2)...)
	old := b.leases("1")
	other := b.open(t)
	q := b.query("ben")
	q.Process = "p2"
	q.Now = b.now.Add(29 * time.Second)
	l, err := other.Lease(t.Context(), q)
	b.must(err)
	equal(t, "while the lease stands", l.Record.ID, "2")
	b.must(b.s.Extend(t.Context(), process, b.now.Add(60*time.Second)))
	q.Now = b.now.Add(59 * time.Second)
	q.Until = q.Now.Add(time.Hour)
	b.must(other.Extend(t.Context(), "p2", b.now.Add(time.Hour)))
	if _, err := other.Lease(t.Context(), q); !errors.Is(err, campaign.ErrNoRecord) {
		t.Fatalf("leased an extended one: %v", err)
	}
	q.Now = b.now.Add(60 * time.Second)
	taken, err := other.Lease(t.Context(), q)
	b.must(err)
	equal(t, "after it", taken.Record.ID, "1")
	if taken.Fence <= old.Fence {
		t.Errorf("fence %d after %d", taken.Fence, old.Fence)
	}
	for what, err := range map[string]error{
		"permit":  b.s.Permit(t.Context(), b.permitQuery(old)),
		"release": b.s.Release(t.Context(), old, campaign.Release{Top: true, Now: b.now}),
	} {
		if !errors.Is(err, campaign.ErrLost) {
			t.Errorf("%s with a lost lease: %v", what, err)
		}
	}
	equal(t, "attempts", len(b.attempts("")), 0)
	equal(t, "top", b.record("1").Top, 0)
	b.must(other.Release(t.Context(), taken, campaign.Release{Now: b.now}))
}

// leaseExpiresInCall: a record that was dialled is nobody's to take.
func leaseExpiresInCall(t *testing.T, b *bench) {
	b.imports(rec(1))
	l := b.leases("1")
	a := b.permits(l)
	b.now = b.now.Add(time.Hour)
	equal(t, "in work", b.leasesNothing().InWork, 1)
	open, err := b.s.Open(t.Context(), "")
	b.must(err)
	if len(open) != 1 || open[0].Attempt.ID != a.ID {
		t.Fatalf("open attempts %+v", open)
	}
	s := b.settlement(l, a, campaign.Unknown)
	s.Fence, s.Record.Status = 0, campaign.Stale
	b.settles(s)
	equal(t, "stale", *b.leasesNothing(), campaign.NoRecord{})
	b.status("1", campaign.Stale)
}

func release(t *testing.T, b *bench) {
	b.imports(recs(1, 3)...)
	l1, l2 := b.leases("1"), b.leases("2")
	b.releases(l2, campaign.Release{})
	b.releases(l1, campaign.Release{NotBefore: b.now.Add(time.Minute), Reason: "outside the hours"})
	r := b.record("1")
	equal(t, "reason", r.Reason, "outside the hours")
	equal(t, "next dial", r.NextDial, b.now.Add(time.Minute))
	equal(t, "declined", r.Declined, 0)
	if err := b.s.Release(t.Context(), l1, campaign.Release{Now: b.now}); !errors.Is(err, campaign.ErrLost) {
		t.Errorf("released twice: %v", err)
	}
	b.leases("2")
	l3 := b.leases("3")
	b.permits(l3)
	if err := b.s.Release(t.Context(), l3, campaign.Release{Now: b.now}); err == nil {
		t.Error("released a record in a call")
	}
	b.now = b.now.Add(time.Minute)
	b.must(b.s.Extend(t.Context(), process, b.now.Add(time.Minute)))
	b.leases("1")
}

func releaseUpdate(t *testing.T, b *bench) {
	b.imports(rec(1, chain("c", 0)), rec(2, chain("c", 1)), rec(3))
	l := b.leases("1")
	u := campaign.RecordUpdate{Type: campaign.General, Status: campaign.Cancelled, Result: campaign.ResultCancelled, Reason: "removed by ann"}
	b.releases(l, campaign.Release{Update: &u, Chain: campaign.ChainFinish})
	r := b.record("1")
	equal(t, "status", r.Status, campaign.Cancelled)
	equal(t, "result", r.Result, campaign.ResultCancelled)
	equal(t, "reason", r.Reason, "removed by ann")
	b.status("2", campaign.ChainUpdated)
	l = b.leases("3")
	u = campaign.RecordUpdate{
		Type: campaign.PersonalCallback, Status: campaign.Ready, Result: campaign.Unknown, Owner: "ann",
		NextDial: b.now.Add(time.Minute), CallbackAt: b.now.Add(time.Minute),
	}
	b.releases(l, campaign.Release{Update: &u})
	b.now = b.now.Add(time.Minute)
	b.nothing(b.query("ben"))
	b.leases("3")
}

func reclaim(t *testing.T, b *bench) {
	b.imports(recs(1, 4)...)
	l1 := b.leases("1")
	b.releases(l1, campaign.Release{Top: true, Declined: true})
	b.leases("1")
	l2 := b.leases("2")
	b.permits(l2)
	q := b.query("ben")
	q.Process = "p2"
	mustLease(b, q) // 3
	n, err := b.s.Reclaim(t.Context(), process, b.now)
	b.must(err)
	equal(t, "reclaimed", n, 1)
	b.status("2", campaign.Retrieved)
	b.status("3", campaign.Retrieved)
	b.leases("1")
	b.leases("4")
}
