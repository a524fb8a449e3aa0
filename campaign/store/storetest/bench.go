package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// records gives the size of the benchmarks: a million, or FREITON_RECORDS.
func records(b *testing.B) int {
	n, err := strconv.Atoi(os.Getenv("FREITON_RECORDS"))
	if os.Getenv("FREITON_RECORDS") == "" {
		return 1_000_000
	}
	if err != nil {
		b.Fatal(err)
	}
	return n
}

func benchRecord(n int) campaign.Record {
	phone := fmt.Sprintf("+49171%07d", n)
	return campaign.Record{
		ID: strconv.Itoa(n), Line: n, Phone: phone, PhoneType: "Telefon", Name: "Jörg Müller", Person: "number:" + phone,
		Type: campaign.General, Status: campaign.Ready, Result: campaign.Unknown,
		Fields: []campaign.Field{{Name: "Name", Value: "Jörg Müller"}, {Name: "Telefon", Value: phone}, {Name: "Ort", Value: "Köln"}, {Name: "PLZ", Value: "50667"}},
	}
}

// fill makes a list of n records, edited, and says how long it took.
func fill(b *testing.B, s campaign.Store, n int, edit func(*campaign.Record)) time.Duration {
	b.Helper()
	begin := time.Now()
	batch := make([]campaign.Record, 0, 1000)
	for i := 1; i <= n; i++ {
		r := benchRecord(i)
		edit(&r)
		batch = append(batch, r)
		if len(batch) == cap(batch) || i == n {
			if err := s.Import(b.Context(), "customers", batch); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	return time.Since(begin)
}

// BenchFill makes the benchmarks' big list.
func BenchFill(b *testing.B, s campaign.Store) { fill(b, s, records(b), func(*campaign.Record) {}) }

// spread of durations.
type spread []time.Duration

func (s spread) report(b *testing.B, what string) {
	slices.Sort(s)
	at := func(q float64) float64 {
		return float64(s[min(len(s)-1, int(q*float64(len(s))))].Microseconds()) / 1000
	}
	b.ReportMetric(at(0.5), what+"-p50-ms")
	b.ReportMetric(at(0.99), what+"-p99-ms")
	b.ReportMetric(at(1), what+"-max-ms")
}

// BenchStore works the calls of one agent after the other on a big list,
// of which a tenth falls due just then, and measures each step.
func BenchStore(b *testing.B, open func(testing.TB) campaign.Store) {
	n := records(b)
	s := open(b)
	now := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	took := fill(b, s, n, func(r *campaign.Record) {
		if r.Line%10 == 0 {
			r.NextDial = now.Add(time.Duration(r.Line%1000) * time.Millisecond)
		}
	})
	now = now.Add(time.Minute)
	rules := campaign.Rules{Allow: []string{"+49"}, Running: true, Profiles: []campaign.Profile{{Country: "lab", MaxPerDay: 3}}}
	var lease, permit, settle spread
	timed := func(to *spread, what string, err func() error) {
		begin := time.Now()
		if err := err(); err != nil {
			b.Fatal(what, err)
		}
		*to = append(*to, time.Since(begin))
	}
	calls := 0
	for b.Loop() {
		calls++
		now = now.Add(time.Second)
		agent := campaign.AgentID(fmt.Sprint("agent-", calls%20))
		var l campaign.Lease
		timed(&lease, "lease", func() (err error) {
			l, err = s.Lease(b.Context(), campaign.LeaseQuery{Lists: []string{"customers"}, Agent: agent, Process: "p", Now: now, Until: now.Add(time.Minute)})
			return err
		})
		if calls%5 == 0 {
			if err := s.Release(b.Context(), l, campaign.Release{Top: true, Declined: true, Now: now}); err != nil {
				b.Fatal(err)
			}
			continue
		}
		id := campaign.AttemptID(fmt.Sprint("A", calls))
		timed(&permit, "permit", func() error {
			return s.Permit(b.Context(), campaign.PermitQuery{Attempt: id, Lease: l, Campaign: "spring", Agent: agent, Process: "p", Rules: rules, Now: now})
		})
		timed(&settle, "settle", func() error {
			return s.Settle(b.Context(), campaign.Settlement{
				Attempt: campaign.Attempt{ID: id, EndedAt: now, Result: campaign.NoAnswer, Counted: true}, Fence: l.Fence, Now: now,
				Record: campaign.RecordUpdate{Type: campaign.General, Status: campaign.Ready, Result: campaign.NoAnswer, Attempts: 1, NextDial: now.Add(2 * time.Hour)},
			})
		})
	}
	b.ReportMetric(float64(n)/took.Seconds(), "import/s")
	lease.report(b, "lease")
	permit.report(b, "permit")
	settle.report(b, "settle")
}

// BenchLeaseNothing asks a big list in which everything waits.
func BenchLeaseNothing(b *testing.B, open func(testing.TB) campaign.Store) {
	n := records(b)
	s := open(b)
	now := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	fill(b, s, n, func(r *campaign.Record) { r.NextDial = now.Add(time.Hour) })
	var lease spread
	for b.Loop() {
		begin := time.Now()
		if _, err := s.Lease(b.Context(), campaign.LeaseQuery{Lists: []string{"customers"}, Agent: "ann", Process: "p", Now: now, Until: now}); err == nil {
			b.Fatal("leased something")
		}
		lease = append(lease, time.Since(begin))
	}
	lease.report(b, "lease")
}

// BenchRead reads a big list for an export, and counts it.
func BenchRead(b *testing.B, open func(testing.TB) campaign.Store) {
	n := records(b)
	s := open(b)
	fill(b, s, n, func(*campaign.Record) {})
	for b.Loop() {
		begin := time.Now()
		got := 0
		if err := s.Records(b.Context(), campaign.RecordQuery{List: "customers"}, func(campaign.Record) error { got++; return nil }); err != nil || got != n {
			b.Fatal(got, err)
		}
		b.ReportMetric(float64(n)/time.Since(begin).Seconds(), "records/s")
		begin = time.Now()
		if _, err := s.Lists(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(begin).Milliseconds()), "lists-ms")
	}
}

// BenchDoNotCall permits calls against a list of 100,000 blocked numbers.
func BenchDoNotCall(b *testing.B, open func(testing.TB) campaign.Store) {
	const blocked, batch = 100_000, 1000
	s := open(b)
	list, ok := s.(interface {
		BlockAll(context.Context, []campaign.DNCEntry) error
	})
	if !ok {
		b.Fatal("the store cannot block many")
	}
	begin := time.Now()
	es := make([]campaign.DNCEntry, 0, batch)
	for i := range blocked {
		es = append(es, campaign.DNCEntry{Number: fmt.Sprintf("+49172%07d", i)})
		if len(es) == batch {
			if err := list.BlockAll(b.Context(), es); err != nil {
				b.Fatal(err)
			}
			es = es[:0]
		}
	}
	b.ReportMetric(blocked/time.Since(begin).Seconds(), "block/s")
	now := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	rules := campaign.Rules{Allow: []string{"+49"}, Running: true, Profiles: []campaign.Profile{{Country: "lab"}}}
	var permit spread
	for n := 0; b.Loop(); n++ {
		q := campaign.PermitQuery{Attempt: campaign.AttemptID(fmt.Sprint("A", n)), Number: fmt.Sprintf("+49172%07d", n%blocked), Manual: true, Rules: rules, Now: now}
		begin := time.Now()
		err := s.Permit(b.Context(), q)
		permit = append(permit, time.Since(begin))
		var refusal *campaign.Refusal
		if !errors.As(err, &refusal) || refusal.Reason.Code != campaign.ReasonDoNotCall {
			b.Fatal(err)
		}
	}
	permit.report(b, "refused-permit")
}

// BenchDesk asks what a desktop asks of a big list with as many calls.
func BenchDesk(b *testing.B, open func(testing.TB) campaign.Store) {
	n := records(b)
	s := open(b)
	d, ok := s.(deskStore)
	if !ok {
		b.Fatal("the store answers no desktop")
	}
	now := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	took := fill(b, s, n, func(r *campaign.Record) {
		r.Name = fmt.Sprintf("Vorname%d Nachname%d", r.Line%2000, r.Line%50_000)
		if r.Line%1000 == 0 {
			r.Type, r.Owner, r.NextDial = campaign.PersonalCallback, campaign.AgentID(fmt.Sprint("agent-", r.Line/1000%20)), now.Add(time.Hour)
		}
	})
	b.ReportMetric(float64(n)/took.Seconds(), "import/s")
	spent := map[string]*spread{}
	timed := func(what string, want bool, ask func() (int, error)) {
		begin := time.Now()
		got, err := ask()
		if err != nil || want != (got > 0) {
			b.Fatal(what, got, err)
		}
		if spent[what] == nil {
			spent[what] = &spread{}
		}
		*spent[what] = append(*spent[what], time.Since(begin))
	}
	find := func(text string) func() (int, error) {
		return func() (int, error) {
			cs, err := d.FindContacts(b.Context(), campaign.ContactQuery{Text: text, Lists: []string{"customers"}, Limit: 50})
			return len(cs), err
		}
	}
	for i := 0; b.Loop(); i++ {
		timed("name", true, find(fmt.Sprintf("nachname%d vorname", i%50_000)))
		timed("common", true, find("koln"))
		timed("two-letters", true, find("na"))
		timed("number", true, find(fmt.Sprintf("0171%05d", i%(n/100+1))))
		timed("nobody", false, find("zzyzx"))
		timed("workbin", true, func() (int, error) { rs, err := d.Owned(b.Context(), "agent-3", 200); return len(rs), err })
		timed("contact", true, func() (int, error) {
			c, err := d.Contact(b.Context(), fmt.Sprintf("number:+49171%07d", 1+i%n))
			return len(c.Records), err
		})
		timed("history", false, func() (int, error) {
			as, err := d.PastAttempts(b.Context(), campaign.AttemptQuery{Agent: "agent-3", Since: now, Limit: 200})
			return len(as), err
		})
		timed("count", true, func() (int, error) {
			by, _, err := d.CountRecords(b.Context(), []string{"customers"})
			return by[campaign.Ready], err
		})
	}
	for what, s := range spent {
		s.report(b, what)
	}
}
