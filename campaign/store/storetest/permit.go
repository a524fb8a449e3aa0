package storetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

func permitWritesAttempt(t *testing.T, b *bench) {
	b.imports(rec(1))
	l := b.leases("1")
	q := b.permitQuery(l)
	q.Number, q.Person, q.Account = "", "", "pbx" // from the record
	b.must(b.s.Permit(t.Context(), q))
	as := b.attempts("spring")
	if len(as) != 1 {
		t.Fatalf("%d attempts", len(as))
	}
	a := as[0]
	equal(t, "id", a.ID, q.Attempt)
	equal(t, "record", a.Record, l.Record.Key)
	equal(t, "record id", a.RecordID, "1")
	equal(t, "list", a.List, list)
	equal(t, "number", a.Number, phone(1))
	equal(t, "person", a.Person, "number:"+phone(1))
	equal(t, "agent", a.Agent, "ann")
	equal(t, "process", a.Process, process)
	equal(t, "dialled", a.DialedAt, b.now)
	equal(t, "ended", a.EndedAt, time.Time{})
	if err := b.s.Permit(t.Context(), b.permitQuery(l)); err == nil {
		t.Error("a record in a call was permitted again")
	}
	b.status("1", campaign.Retrieved)
}

// permitAgain: who got no answer asks again with the same attempt. It is one
// call, and the gate has the last word; a call under way is not permitted again.
func permitAgain(t *testing.T, b *bench) {
	b.imports(recs(1, 2)...)
	q := b.permitQuery(b.leases("1"))
	q.Account = "pbx"
	q.Rules.Profiles = []campaign.Profile{{Country: "lab", MaxPerDay: 1}}
	q.Rules.MaxCalls, q.Rules.PerSecond = 1, 1
	b.must(b.s.Permit(t.Context(), q))
	b.must(b.open(t).Permit(t.Context(), q)) // itself is not in its way
	equal(t, "attempts", len(b.attempts("")), 1)
	foreign := q
	foreign.Process = "p2"
	foreign.Lease.Process = "p2"
	if err := b.s.Permit(t.Context(), foreign); err == nil {
		t.Error("another process was permitted the same attempt")
	}
	b.must(b.s.Note(t.Context(), campaign.Attempt{ID: q.Attempt, Token: []byte("on the line")}))
	if err := b.s.Permit(t.Context(), q); err == nil {
		t.Error("a call that is on the line was permitted again")
	}
	a := b.attempts("")[0]
	equal(t, "token", string(a.Token), "on the line")
	b.settles(b.settlement(q.Lease, b.attemptOf(q), campaign.Busy))
	if err := b.s.Permit(t.Context(), q); err == nil {
		t.Error("a call that has ended was permitted again")
	}
	equal(t, "attempts", len(b.attempts("")), 1)

	q = b.permitQuery(b.leases("2"))
	b.must(b.s.Permit(t.Context(), q))
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Number: phone(2), At: b.now, By: "ann"}))
	b.refused(q, campaign.ReasonDoNotCall) // opted out between the two
	equal(t, "attempts", len(b.attempts("")), 1)
	b.status("2", campaign.Updated)

	m := b.permitQuery(campaign.Lease{})
	m.Number, m.Manual = "112", true
	b.must(b.s.Permit(t.Context(), m))
	b.must(b.s.Permit(t.Context(), m))
	equal(t, "attempts", len(b.attempts("")), 2)
}

func permitFence(t *testing.T, b *bench) {
	b.imports(rec(1))
	l := b.leases("1")
	b.releases(l, campaign.Release{Top: true})
	if err := b.s.Permit(t.Context(), b.permitQuery(l)); !errors.Is(err, campaign.ErrLost) {
		t.Fatalf("a released lease was permitted: %v", err)
	}
	again := b.leases("1")
	if err := b.s.Permit(t.Context(), b.permitQuery(l)); !errors.Is(err, campaign.ErrLost) {
		t.Fatalf("an old fence was permitted: %v", err)
	}
	foreign := again
	foreign.Process = "p2"
	if err := b.s.Permit(t.Context(), b.permitQuery(foreign)); !errors.Is(err, campaign.ErrLost) {
		t.Fatalf("another process's lease was permitted: %v", err)
	}
	equal(t, "attempts", len(b.attempts("")), 0)
	b.permits(again)
}

// permitRefusals: permanent settles record and chain, temporary puts off; both
// end the lease.
func permitRefusals(t *testing.T, b *bench) {
	b.imports(rec(1, chain("c", 0)), rec(2, chain("c", 1)), rec(3))
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Person: "chain:c", By: "ann", At: b.now}))
	refusal := b.refused(b.permitQuery(b.leases("1")), campaign.ReasonDoNotCall)
	equal(t, "kind", refusal.Kind, campaign.Permanent)
	r := b.record("1")
	equal(t, "status", r.Status, refusal.Status)
	equal(t, "result", r.Result, campaign.DoNotCall)
	equal(t, "type", r.Type, campaign.NoCall)
	equal(t, "reason", r.Reason, refusal.Reason.Text)
	b.status("2", campaign.ChainUpdated)

	b.releases(b.leases("3"), campaign.Release{Top: true, Declined: true})
	q := b.permitQuery(b.leases("3"))
	q.Rules.MinGap = time.Hour
	b.mustManual(phone(900), "number:"+phone(3)) // an earlier attempt to the person
	refusal = b.refused(q, campaign.ReasonGap)
	equal(t, "kind", refusal.Kind, campaign.Temporary)
	r = b.record("3")
	equal(t, "status", r.Status, campaign.Ready)
	equal(t, "next dial", r.NextDial, b.now.Add(time.Hour))
	equal(t, "reason", r.Reason, refusal.Reason.Text)
	equal(t, "attempts", r.Attempts, 0)
	if r.Top == 0 {
		t.Error("a record that only waits has lost its place at the top")
	}
	none := b.leasesNothing()
	equal(t, "next", none.Next, b.now.Add(time.Hour))
	equal(t, "in work", none.InWork, 0)
	b.now = none.Next
	b.leases("3")
}

// mustManual makes a manual call that ends at once.
func (b *bench) mustManual(number, person string) {
	b.t.Helper()
	q := b.permitQuery(campaign.Lease{})
	q.Number, q.Person, q.Manual = number, person, true
	b.must(b.s.Permit(b.t.Context(), q))
	a := b.attemptOf(q)
	a.EndedAt, a.DialerResult, a.Result = b.now, campaign.NoAnswer, campaign.NoAnswer
	b.settles(campaign.Settlement{Attempt: a, Now: b.now})
}

// permitGlobal: the record is untouched and the lease stands.
func permitGlobal(t *testing.T, b *bench) {
	b.imports(rec(1))
	l := b.leases("1")
	q := b.permitQuery(l)
	q.Rules.Running = false
	before := b.record("1")
	refusal := b.refused(q, campaign.ReasonNotRunning)
	equal(t, "kind", refusal.Kind, campaign.Global)
	after := b.record("1")
	equal(t, "status", after.Status, before.Status)
	equal(t, "reason", after.Reason, before.Reason)
	equal(t, "in work", b.leasesNothing().InWork, 1)
	b.permits(l)
}

// permitOneCall: a number or a person is in one call at a time, over all lists
// and processes.
func permitOneCall(t *testing.T, b *bench) {
	customer := func(r *campaign.Record) { r.CustomerID = "42" }
	b.imports(rec(1, customer))
	l := b.leases("1")
	a := b.permits(l)
	other := b.open(t)
	for what, q := range map[string]campaign.PermitQuery{
		"number": {Number: phone(1), Person: "customer:7"},
		"person": {Number: phone(2), Person: "customer:42"},
	} {
		q.Attempt, q.Process, q.Rules, q.Now, q.Manual = campaign.AttemptID(what), "p2", rules(), b.now, true
		var refusal *campaign.Refusal
		if err := other.Permit(t.Context(), q); !errors.As(err, &refusal) || refusal.Reason.Code != campaign.ReasonInCall {
			t.Errorf("the same %s again: %v", what, err)
		}
	}
	b.settles(b.settlement(l, a, campaign.Answer))
	q := campaign.PermitQuery{Attempt: "again", Process: "p2", Number: phone(1), Person: "customer:42", Rules: rules(), Now: b.now, Manual: true}
	b.must(other.Permit(t.Context(), q))
}

// permitManual: a call without a record passes the same door; 112 always does.
func permitManual(t *testing.T, b *bench) {
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Number: phone(1), At: b.now}))
	q := b.permitQuery(campaign.Lease{})
	q.Number, q.Person, q.Manual = phone(1), "", true
	b.refused(q, campaign.ReasonDoNotCall)
	q.Number = phone(2)
	b.must(b.s.Permit(t.Context(), q))
	equal(t, "person", b.attempts("")[0].Person, "number:"+phone(2))
	for range 2 {
		e := b.permitQuery(campaign.Lease{})
		e.Number, e.Person, e.Manual = "112", "", true
		b.must(b.s.Permit(t.Context(), e))
	}
}

// permitFacts: what the gate is told about earlier calls.
func permitFacts(t *testing.T, b *bench) {
	b.imports(rec(1, func(r *campaign.Record) { r.CustomerID = "42" }), rec(2, func(r *campaign.Record) { r.CustomerID = "42" }))
	again := func(s *campaign.Settlement) { s.Record.Status = campaign.Ready }
	perDay := func(l campaign.Lease) campaign.PermitQuery {
		q := b.permitQuery(l)
		q.Rules.Profiles = []campaign.Profile{{Country: "lab", MaxPerDay: 2}}
		return q
	}
	b.calls("1", campaign.NoAnswer, again)
	b.calls("1", campaign.DialError, again, func(s *campaign.Settlement) { s.Attempt.Counted = false })
	l := b.leases("1")
	b.must(b.s.Permit(t.Context(), perDay(l))) // one counted so far
	s := b.settlement(l, b.attemptOf(campaign.PermitQuery{Attempt: "A0003", Now: b.now}), campaign.Busy)
	b.settles(s)
	l = b.leases("2") // the person has been called twice, this number never
	refusal := b.refused(perDay(l), campaign.ReasonPerDay)
	equal(t, "until", refusal.Next, b.now.Add(24*time.Hour))
	b.now = b.now.Add(24*time.Hour + time.Minute)
	l = b.leases("2")
	b.must(b.s.Permit(t.Context(), perDay(l)))

	b.imports(rec(3))
	b.calls("3", campaign.Abandoned, again)
	l = b.leases("3")
	q := b.permitQuery(l)
	q.Rules.Profiles = []campaign.Profile{{Country: "lab", LockAfter: 72 * time.Hour}}
	refusal = b.refused(q, campaign.ReasonAbandonedLock)
	equal(t, "until", refusal.Next, b.now.Add(72*time.Hour))
}

// permitWindow: an attempt counts for 24 h and for the day it was made on, which
// is an hour longer when the clocks go back; not a millisecond longer.
func permitWindow(t *testing.T, b *bench) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	b.must(err)
	for n, c := range []struct {
		first time.Time
		later time.Duration
		want  campaign.ReasonCode
	}{
		{time.Date(2026, 6, 10, 12, 0, 0, 0, berlin), 24*time.Hour - time.Millisecond, campaign.ReasonPerDay},
		{time.Date(2026, 6, 10, 12, 0, 0, 0, berlin), 24 * time.Hour, ""},
		{time.Date(2026, 10, 25, 0, 0, 0, 0, berlin), 24*time.Hour + 59*time.Minute, campaign.ReasonPerDay},
		{time.Date(2026, 10, 25, 0, 0, 0, 0, berlin), 25 * time.Hour, ""},
		{time.Date(2026, 10, 24, 23, 59, 0, 0, berlin), 24*time.Hour + 30*time.Minute, ""}, // yesterday
	} {
		ask := func() error {
			q := b.permitQuery(campaign.Lease{})
			q.Number, q.Person = phone(n), "number:"+phone(n)
			q.Rules.Profiles = []campaign.Profile{{Country: "lab", MaxPerDay: 1}}
			err := b.s.Permit(t.Context(), q)
			if err == nil {
				b.settles(b.settlement(campaign.Lease{}, b.attemptOf(q), campaign.NoAnswer))
			}
			return err
		}
		b.now = c.first
		b.must(ask())
		b.now = c.first.Add(c.later)
		got := campaign.ReasonCode("")
		var no *campaign.Refusal
		if err := ask(); errors.As(err, &no) {
			got = no.Reason.Code
		} else {
			b.must(err)
		}
		if got != c.want {
			t.Errorf("first at %s, again after %s: %q, want %q", c.first, c.later, got, c.want)
		}
	}
}

// permitWeek: the attempts of seven days and of a campaign, over all numbers of
// a person and every list, also after she was erased.
func permitWeek(t *testing.T, b *bench) {
	ask := func(number int, name string) campaign.ReasonCode {
		t.Helper()
		q := b.permitQuery(campaign.Lease{})
		q.Number, q.Person, q.Campaign = phone(number), "customer:1", name
		q.Rules.Profiles = []campaign.Profile{{Country: "lab", MaxPerWeek: 2, MaxPerCampaign: 3}}
		err := b.s.Permit(t.Context(), q)
		var no *campaign.Refusal
		if errors.As(err, &no) {
			return no.Reason.Code
		}
		b.must(err)
		b.settles(b.settlement(campaign.Lease{}, b.attemptOf(q), campaign.NoAnswer))
		return ""
	}
	begin := b.now
	for _, c := range []struct {
		hours, number int
		campaign      string
		want          campaign.ReasonCode
	}{
		{0, 1, "spring", ""}, {48, 2, "spring", ""}, {7*24 - 1, 1, "autumn", campaign.ReasonPerWeek}, {7 * 24, 1, "autumn", ""},
		{9*24 - 1, 2, "spring", campaign.ReasonPerWeek}, {9 * 24, 2, "spring", ""}, {30 * 24, 1, "spring", campaign.ReasonPerCampaign}, {30 * 24, 1, "autumn", ""},
	} {
		b.now = begin.Add(time.Duration(c.hours) * time.Hour)
		if got := ask(c.number, c.campaign); got != c.want {
			t.Errorf("after %d h, %s: %q, want %q", c.hours, c.campaign, got, c.want)
		}
	}
	_, err := b.answers().Erase(t.Context(), "E1", campaign.EraseQuery{Number: phone(2), By: "eva", Now: b.now, All: true})
	b.must(err)
	equal(t, "erased", ask(2, "autumn"), "")
	equal(t, "erased, and the fourth", ask(2, "autumn"), campaign.ReasonPerCampaign)
}

// permitLate: who was joined later than 2 s after the answer was abandoned, even
// if she stayed, and no machine dials her for 72 h.
func permitLate(t *testing.T, b *bench) {
	for n, delay := range []time.Duration{0, 2 * time.Second, 2*time.Second + time.Millisecond} {
		q := b.permitQuery(campaign.Lease{})
		q.Number, q.Person = phone(n), "number:"+phone(n)
		q.Rules.Profiles = []campaign.Profile{{Country: "lab", LockAfter: 72 * time.Hour}}
		b.must(b.s.Permit(t.Context(), q))
		a := b.attemptOf(q)
		a.AnsweredAt, a.JoinedAt = b.now, b.now.Add(delay)
		b.settles(b.settlement(campaign.Lease{}, a, campaign.Answer))
		again := b.permitQuery(campaign.Lease{})
		again.Number, again.Person, again.Rules = q.Number, q.Person, q.Rules
		if delay > 2*time.Second {
			b.refused(again, campaign.ReasonAbandonedLock)
			again.Manual = true
		}
		b.must(b.s.Permit(t.Context(), again))
	}
}

// permitEarlier: a call that was made before the list came here counts for the
// gap, the cap of the day and the lock after an abandoned one, over all numbers
// of the person; what never reached the telephone does not.
func permitEarlier(t *testing.T, b *bench) {
	called := func(ago time.Duration, result campaign.CallResult, customer string) func(*campaign.Record) {
		return func(r *campaign.Record) {
			r.CustomerID, r.Attempts, r.Result, r.LastCall = customer, 1, result, b.now.Add(-ago)
			r.Status = campaign.Updated
		}
	}
	b.imports(rec(1, called(time.Hour, campaign.NoAnswer, "1")), rec(2, called(10*time.Minute, campaign.DialError, "1")),
		rec(3, called(time.Hour, campaign.Abandoned, "3")), rec(4, called(25*time.Hour, campaign.NoAnswer, "4")))
	b.importsTo("second", rec(1, called(time.Hour, campaign.NoAnswer, "1"))) // the same call
	for n, c := range []struct {
		what, customer string
		gap            time.Duration
		profile        campaign.Profile
		want           campaign.ReasonCode // empty: permitted
		next           time.Time
	}{
		{"gap", "1", 2 * time.Hour, campaign.Profile{}, campaign.ReasonGap, b.now.Add(time.Hour)},
		{"gap over", "1", 30 * time.Minute, campaign.Profile{}, "", time.Time{}},
		{"cap of the day", "1", 0, campaign.Profile{MaxPerDay: 1}, campaign.ReasonPerDay, b.now.Add(23 * time.Hour)},
		{"two a day", "1", 0, campaign.Profile{MaxPerDay: 2}, "", time.Time{}},
		{"yesterday", "4", 0, campaign.Profile{MaxPerDay: 1}, "", time.Time{}},
		{"lock", "3", 0, campaign.Profile{LockAfter: 72 * time.Hour}, campaign.ReasonAbandonedLock, b.now.Add(71 * time.Hour)},
	} {
		n += 10
		b.imports(rec(n, func(r *campaign.Record) { r.CustomerID = c.customer }))
		l := b.leases(fmt.Sprint(n))
		q := b.permitQuery(l)
		c.profile.Country = "lab"
		q.Rules.Profiles, q.Rules.MinGap = []campaign.Profile{c.profile}, c.gap
		if c.want != "" {
			equal(t, c.what+": until", b.refused(q, c.want).Next, c.next)
			continue
		}
		if err := b.s.Permit(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		s := b.settlement(l, b.attemptOf(campaign.PermitQuery{Attempt: q.Attempt, Now: b.now.Add(-48 * time.Hour)}), campaign.NoAnswer)
		s.Attempt.DialedAt, s.Record.LastCall = b.now.Add(-48*time.Hour), b.now.Add(-48*time.Hour)
		b.settles(s)
	}
}

// permitCaps: calls per second and at once, per account.
func permitCaps(t *testing.T, b *bench) {
	b.imports(recs(1, 4)...)
	try := func(l campaign.Lease, account string) campaign.PermitQuery {
		q := b.permitQuery(l)
		q.Account = account
		q.Rules.MaxCalls, q.Rules.PerSecond = 2, 1
		return q
	}
	l1, l2, l3 := b.leases("1"), b.leases("2"), b.leases("3")
	b.must(b.s.Permit(t.Context(), try(l1, "pbx")))
	b.refused(try(l2, "pbx"), campaign.ReasonPerSecond)
	b.must(b.s.Permit(t.Context(), try(l2, "trunk")))
	b.now = b.now.Add(time.Second)
	b.must(b.s.Permit(t.Context(), try(l3, "pbx")))
	b.now = b.now.Add(2 * time.Second)
	b.refused(try(b.leases("4"), "pbx"), campaign.ReasonMaxCalls)
}

// doNotCallAtDialling: an entry made after the lease still stops the call.
func doNotCallAtDialling(t *testing.T, b *bench) {
	b.imports(recs(1, 2)...)
	l := b.leases("1")
	b.must(b.open(t).Block(t.Context(), campaign.DNCEntry{Number: "+49 (0)30 23 12 50 01", By: "contact", At: b.now}))
	refusal := b.refused(b.permitQuery(l), campaign.ReasonDoNotCall)
	equal(t, "next", refusal.Next, time.Time{})
	b.status("1", campaign.Updated)
	b.leases("2")
}

func doNotCallScopes(t *testing.T, b *bench) {
	for n, c := range []struct {
		what    string
		entry   campaign.DNCEntry // NUMBER stands for the record's, PERSON for its person
		applies bool
	}{
		{"number", campaign.DNCEntry{Number: "NUMBER"}, true},
		{"number as person", campaign.DNCEntry{Person: "number:NUMBER"}, true},
		{"person", campaign.DNCEntry{Person: "PERSON"}, true},
		{"this client", campaign.DNCEntry{Number: "NUMBER", Client: "Muster"}, true},
		{"this campaign", campaign.DNCEntry{Person: "PERSON", Campaign: "spring", Client: "Muster"}, true},
		{"this campaign, whatever client it was for", campaign.DNCEntry{Number: "NUMBER", Campaign: "spring", Client: "Other"}, true},
		{"another client", campaign.DNCEntry{Number: "NUMBER", Client: "Other"}, false},
		{"another campaign", campaign.DNCEntry{Number: "NUMBER", Campaign: "autumn"}, false},
		{"another campaign of this client", campaign.DNCEntry{Number: "NUMBER", Campaign: "autumn", Client: "Muster"}, false},
		{"another number", campaign.DNCEntry{Number: phone(999)}, false},
		{"another person", campaign.DNCEntry{Person: "customer:999"}, false},
	} {
		id := fmt.Sprint(n)
		b.imports(rec(n, func(r *campaign.Record) { r.CustomerID = id }))
		l := b.leases(id)
		e := c.entry
		e.Number = strings.ReplaceAll(e.Number, "NUMBER", phone(n))
		e.Person = strings.NewReplacer("NUMBER", phone(n), "PERSON", "customer:"+id).Replace(e.Person)
		b.must(b.s.Block(t.Context(), e))
		if c.applies {
			b.refused(b.permitQuery(l), campaign.ReasonDoNotCall)
		} else if err := b.s.Permit(t.Context(), b.permitQuery(l)); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	if err := b.s.Block(t.Context(), campaign.DNCEntry{By: "ann"}); err == nil {
		t.Error("blocked nobody")
	}
}

func doNotCallUnblock(t *testing.T, b *bench) {
	b.imports(rec(1, func(r *campaign.Record) { r.CustomerID = "42" }))
	for _, e := range []campaign.DNCEntry{
		{Number: phone(1), At: b.now, By: "ann", Wording: "first"},
		{Number: phone(1), At: b.now.Add(time.Hour), By: "ben", Wording: "again"}, // the first proof stays
		{Number: phone(1), Campaign: "spring", At: b.now.Add(time.Second)},
		{Person: "customer:42", Client: "Muster", At: b.now.Add(2 * time.Second), Attempt: "A1"},
		{Number: phone(2), At: b.now.Add(3 * time.Second)},
	} {
		b.must(b.s.Block(t.Context(), e))
	}
	es, err := b.s.Blocked(t.Context())
	b.must(err)
	equal(t, "entries", len(es), 4)
	equal(t, "first", es[0], campaign.DNCEntry{Number: phone(1), At: b.now, By: "ann", Wording: "first"})
	equal(t, "by attempt", es[2].Attempt, "A1")
	// One scope at a time: who is taken off for one client wants no calls of the others.
	takes := func(what, number string, in campaign.DNCScope, removed, left int) {
		t.Helper()
		n, others, err := b.s.Unblock(t.Context(), number, in)
		b.must(err)
		equal(t, what, [2]int{n, len(others)}, [2]int{removed, left})
		for _, e := range others {
			if e.Scope() == in {
				t.Errorf("%s: left is %+v", what, e)
			}
		}
	}
	takes("another client's", phone(1), campaign.DNCScope{Client: "Other"}, 0, 3)
	takes("of the campaign", "+49 30 23125001", campaign.DNCScope{Campaign: "spring"}, 1, 2)
	takes("for everything", phone(1), campaign.DNCScope{}, 1, 1)
	takes("again", phone(1), campaign.DNCScope{}, 0, 1)
	takes("its person's, for a client", phone(1), campaign.DNCScope{Client: "Muster"}, 1, 0)
	es, err = b.s.Blocked(t.Context())
	b.must(err)
	equal(t, "left", len(es), 1)
}

// doNotCallBlocks: which of these calls are forbidden, by the rules of Permit.
func doNotCallBlocks(t *testing.T, b *bench) {
	ask := func(number, person, client string) campaign.PermitQuery {
		return campaign.PermitQuery{Number: number, Person: person, Campaign: "spring", Client: client}
	}
	qs := []campaign.PermitQuery{ask(phone(1), "customer:1", "Muster"), ask(phone(2), "customer:2", "Muster"), ask(phone(3), "customer:2", "Other"), ask(phone(4), "", "")}
	named := func() (out []string) {
		es, err := b.s.Blocks(t.Context(), qs)
		b.must(err)
		for _, e := range es {
			by := "-"
			if e != nil {
				by = e.By
			}
			out = append(out, by)
		}
		return out
	}
	equal(t, "an empty list", strings.Join(named(), " "), "- - - -")
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Person: "customer:2", Client: "Muster", By: "ann", At: b.now}))
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Number: phone(4), By: "ben", At: b.now}))
	b.must(b.s.Block(t.Context(), campaign.DNCEntry{Number: phone(1), Campaign: "autumn", By: "cid", At: b.now}))
	equal(t, "blocked by", strings.Join(named(), " "), "- ann - ben")
}
