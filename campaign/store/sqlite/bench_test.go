package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store/sqlite"
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

func record(n int) campaign.Record {
	phone := fmt.Sprintf("+49171%07d", n)
	return campaign.Record{
		ID: strconv.Itoa(n), Line: n, Phone: phone, PhoneType: "Telefon", Name: "Jörg Müller", Person: "number:" + phone,
		Type: campaign.General, Status: campaign.Ready, Result: campaign.Unknown,
		Fields: []campaign.Field{{Name: "Name", Value: "Jörg Müller"}, {Name: "Telefon", Value: phone}, {Name: "Ort", Value: "Köln"}, {Name: "PLZ", Value: "50667"}},
	}
}

// fill makes a list of n records, edited, and says how long it took.
func fill(b *testing.B, s *sqlite.Store, n int, edit func(*campaign.Record)) time.Duration {
	b.Helper()
	begin := time.Now()
	batch := make([]campaign.Record, 0, 1000)
	for i := 1; i <= n; i++ {
		r := record(i)
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

// BenchmarkStore works the calls of one agent after the other on a big list,
// of which a tenth falls due just then, and measures each step.
func BenchmarkStore(b *testing.B) {
	n := records(b)
	s := open(b, filepath.Join(b.TempDir(), "freiton.db"))
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
	info, err := os.Stat(s.Path() + "-wal")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/(1<<20), "wal-MiB")
	lease.report(b, "lease")
	permit.report(b, "permit")
	settle.report(b, "settle")
}

// BenchmarkLeaseNothing asks a big list in which everything waits.
func BenchmarkLeaseNothing(b *testing.B) {
	n := records(b)
	s := open(b, filepath.Join(b.TempDir(), "freiton.db"))
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

// BenchmarkRead reads a big list for an export, counts it and copies it.
func BenchmarkRead(b *testing.B) {
	n := records(b)
	s := open(b, filepath.Join(b.TempDir(), "freiton.db"))
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
		if err := s.Backup(b.Context(), filepath.Join(b.TempDir(), fmt.Sprint(begin.UnixNano()))); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(begin).Seconds(), "backup-s")
	}
}
