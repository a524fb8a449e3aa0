package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
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
		if i%(max(n/10, 1)) == 0 {
			fmt.Fprintf(os.Stderr, "%d of %d records after %.1f s\n", i, n, time.Since(begin).Seconds())
		}
	}
	return time.Since(begin)
}

// BenchFill makes the benchmarks' big list.
func BenchFill(b *testing.B, s campaign.Store) { fill(b, s, records(b), func(*campaign.Record) {}) }

// calm is how many calls after one another are a window; of the p99 of each, the
// lowest tells what the store takes where others use the machine as well.
const calm = 250

// spread of durations, in the order they were taken.
type spread []time.Duration

func (s spread) at(q float64) float64 {
	s = slices.Clone(s)
	slices.Sort(s)
	return float64(s[min(len(s)-1, int(q*float64(len(s))))].Microseconds()) / 1000
}

func (s spread) report(b *testing.B, what string) {
	b.ReportMetric(s.at(0.5), what+"-p50-ms")
	b.ReportMetric(s.at(0.99), what+"-p99-ms")
	b.ReportMetric(s.at(1), what+"-max-ms")
	if len(s) < calm {
		return
	}
	best := math.Inf(1)
	for part := range slices.Chunk(s, calm) {
		if len(part) == calm {
			best = min(best, part.at(0.99))
		}
	}
	b.ReportMetric(best, what+"-calm-p99-ms")
}

// stopwatch times one thing after the other, each for itself.
type stopwatch struct {
	b     *testing.B
	times map[string]*spread
}

func (w *stopwatch) timed(what string, do func() error) {
	begin := time.Now()
	err := do()
	took := time.Since(begin)
	if err != nil {
		w.b.Fatal(what, ": ", err)
	}
	if w.times[what] == nil {
		w.times[what] = &spread{}
	}
	*w.times[what] = append(*w.times[what], took)
}

// report gives all figures and the machine's load beside them, without which
// they say little.
func (w *stopwatch) report() {
	for what, s := range w.times {
		s.report(w.b, what)
	}
	reportMachine(w.b)
}

// reportMachine gives the load of the machine (of how many cores it is, the
// name of the benchmark says) and the most memory the process has had.
func reportMachine(b *testing.B) {
	var load float64
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		_, _ = fmt.Sscan(string(text), &load)
		b.ReportMetric(load, "load")
	}
	text, _ := os.ReadFile("/proc/self/status")
	if _, after, ok := strings.Cut(string(text), "VmHWM:"); ok {
		var kib float64
		_, _ = fmt.Sscan(after, &kib)
		b.ReportMetric(kib/1024, "peak-MiB")
	}
}

// blocked is how long the do-not-call list of the benchmarks is.
const blocked = 100_000

// benchStore is what the benchmarks need beside a campaign.Store.
type benchStore interface {
	campaign.Store
	Ping(context.Context) error
	BlockAll(context.Context, []campaign.DNCEntry) error
}

// blocks fills the do-not-call list.
func blocks(b *testing.B, s benchStore) {
	b.Helper()
	const batch = 1000
	begin := time.Now()
	es := make([]campaign.DNCEntry, 0, batch)
	for i := range blocked {
		es = append(es, campaign.DNCEntry{Number: fmt.Sprintf("+49172%07d", i)})
		if len(es) == batch {
			if err := s.BlockAll(b.Context(), es); err != nil {
				b.Fatal(err)
			}
			es = es[:0]
		}
	}
	b.ReportMetric(blocked/time.Since(begin).Seconds(), "block/s")
}

// callsAtOnce is how many calls one round of a benchmark has: enough for a p99.
const callsAtOnce = 2000

// BenchStore works the calls of one agent after the other on a big list, of
// which a tenth falls due just then, with 100,000 numbers that may not be
// called, and measures each step for itself: ping is a question for nothing,
// check the look into the do-not-call list alone, permit all that the gate asks.
func BenchStore(b *testing.B, open func(testing.TB) campaign.Store) {
	n := records(b)
	s := open(b).(benchStore)
	now := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	took := fill(b, s, n, func(r *campaign.Record) {
		if r.Line%10 == 0 {
			r.NextDial = now.Add(time.Duration(r.Line%1000) * time.Millisecond)
		}
	})
	blocks(b, s)
	now = now.Add(time.Minute)
	rules := campaign.Rules{Allow: []string{"+49"}, Running: true, Profiles: []campaign.Profile{{Country: "lab", MaxPerDay: 3}}}
	w := &stopwatch{b, map[string]*spread{}}
	calls := 0
	call := func() {
		calls++
		now = now.Add(time.Second)
		agent := campaign.AgentID(fmt.Sprint("agent-", calls%20))
		w.timed("ping", func() error { return s.Ping(b.Context()) })
		var l campaign.Lease
		w.timed("lease", func() (err error) {
			l, err = s.Lease(b.Context(), campaign.LeaseQuery{Lists: []string{"customers"}, Agent: agent, Process: "p", Now: now, Until: now.Add(time.Minute)})
			return err
		})
		if calls%5 == 0 {
			w.timed("release", func() error {
				return s.Release(b.Context(), l, campaign.Release{Top: true, Declined: true, Now: now})
			})
			return
		}
		id := campaign.AttemptID(fmt.Sprint("A", calls))
		q := campaign.PermitQuery{Attempt: id, Lease: l, Number: l.Record.Phone, Person: l.Record.Person, Campaign: "spring", Agent: agent, Process: "p", Rules: rules, Now: now}
		w.timed("check", func() error { _, err := s.Blocks(b.Context(), []campaign.PermitQuery{q}); return err })
		w.timed("permit", func() error { return s.Permit(b.Context(), q) })
		w.timed("settle", func() error {
			return s.Settle(b.Context(), campaign.Settlement{
				Attempt: campaign.Attempt{ID: id, EndedAt: now, Result: campaign.NoAnswer, Counted: true}, Fence: l.Fence, Now: now,
				Record: campaign.RecordUpdate{Type: campaign.General, Status: campaign.Ready, Result: campaign.NoAnswer, Attempts: 1, NextDial: now.Add(2 * time.Hour)},
			})
		})
	}
	for b.Loop() {
		for range callsAtOnce {
			call()
		}
	}
	b.ReportMetric(float64(n)/took.Seconds(), "import/s")
	b.ReportMetric(w.times["lease"].at(0.5)/w.times["ping"].at(0.5), "leases-in-pings")
	w.report()
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

// BenchRead reads a big list for an export, counts it, and writes its report.
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
		begin = time.Now()
		if _, err := s.(counting).ListFigures(b.Context(), nil, begin); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(begin).Milliseconds()), "figures-ms")
		begin = time.Now()
		if err := campaign.WriteReport(b.Context(), io.Discard, s, campaign.ReportQuery{Campaign: "spring", Lists: []string{"customers"}}); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begin).Seconds(), "report-s")
	}
	reportMachine(b)
}

// BenchDoNotCall looks numbers up in a list of 100,000: check is the question
// alone, once for a number that is there and once for one that is not; refused
// is a call that is not permitted for it.
func BenchDoNotCall(b *testing.B, open func(testing.TB) campaign.Store) {
	s := open(b).(benchStore)
	blocks(b, s)
	now := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	rules := campaign.Rules{Allow: []string{"+49"}, Running: true, Profiles: []campaign.Profile{{Country: "lab"}}}
	w := &stopwatch{b, map[string]*spread{}}
	n := 0
	check := func(what, number string, want bool) {
		w.timed(what, func() error {
			es, err := s.Blocks(b.Context(), []campaign.PermitQuery{{Number: number}})
			if err == nil && (es[0] != nil) != want {
				err = fmt.Errorf("%s: %v", number, es[0])
			}
			return err
		})
	}
	for b.Loop() {
		for range callsAtOnce {
			n++
			there := fmt.Sprintf("+49172%07d", n*7919%blocked)
			w.timed("ping", func() error { return s.Ping(b.Context()) })
			check("check-there", there, true)
			check("check-free", fmt.Sprintf("+49173%07d", n*7919%blocked), false)
			w.timed("refused", func() error {
				err := s.Permit(b.Context(), campaign.PermitQuery{Attempt: campaign.AttemptID(fmt.Sprint("A", n)), Number: there, Manual: true, Rules: rules, Now: now})
				var refusal *campaign.Refusal
				if errors.As(err, &refusal) && refusal.Reason.Code == campaign.ReasonDoNotCall {
					return nil
				}
				return fmt.Errorf("not refused: %w", err)
			})
		}
	}
	b.ReportMetric(w.times["check-free"].at(0.5)/w.times["ping"].at(0.5), "checks-in-pings")
	w.report()
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
