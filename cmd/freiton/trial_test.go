package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store/postgres"
	"github.com/freiton/freiton/campaign/store/postgres/pgtest"
	"github.com/freiton/freiton/sip/peer"
)

// trial is how large TestTrial is.
type trial struct {
	records, agents int           // agents of each process
	outage          time.Duration // of PostgreSQL
	restart         bool          // the killed process is started again; else its leases run out
	limit           time.Duration
}

// TestTrial: two processes on one PostgreSQL work one list with scripted agents
// against the practice exchange, which counts the calls by number. PostgreSQL
// is stopped for a while, and later one process is killed. TRIAL=full
// makes it large (make trial).
func TestTrial(t *testing.T) {
	t.Parallel() // it mostly waits for phones
	size := trial{records: 160, agents: 6, outage: 4 * time.Second, restart: true, limit: 2 * time.Minute}
	if os.Getenv("TRIAL") == "full" {
		size = trial{records: 5000, agents: 10, outage: 20 * time.Second, limit: 40 * time.Minute}
	}
	r := newTrial(t, size)
	begin := time.Now()
	one := startChild(t, r.args("one", 1)...)
	r.until("the first calls", one, nil, func() bool { return r.called() >= 5 })
	two := startChild(t, r.args("two", 1+size.agents)...)
	r.until("a quarter of the list", one, two, func() bool { return r.called() >= size.records/4 })

	if err := r.pg.Stop(); err != nil {
		t.Fatal(err)
	}
	down := time.Now()
	r.until("the outage", one, two, func() bool { return time.Since(down) >= size.outage })
	up := time.Now()
	if err := r.pg.Start(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%v: PostgreSQL was away for %v", up.Sub(begin).Round(time.Second), up.Sub(down).Round(time.Millisecond))

	r.until("half of the list", one, two, func() bool { return r.called() >= size.records/2 && r.x.Live() >= size.agents })
	if err := two.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	two.wait(t, 10*time.Second)
	t.Logf("%v: a process was killed, with %d calls up in both", time.Since(begin).Round(time.Second), r.x.Live())
	if size.restart {
		if two = startChild(t, r.args("two", 1+size.agents)...); two.wait(t, size.limit) != 0 {
			t.Errorf("the process that came back:\n%s", two.errs.String())
		}
	}
	if one.wait(t, size.limit) != 0 {
		t.Errorf("the process that went on:\n%s", one.errs.String())
	}
	t.Logf("%v: worked to the end: %s", time.Since(begin).Round(time.Second), lastLine(one.errs.String()))
	hang, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := r.x.Hangup(hang); err != nil { // what the killed process left up
		t.Error(err)
	}
	r.check(down, up)
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// trialRun is a running trial.
type trialRun struct {
	*testing.T
	trial
	x         *peer.Exchange
	pg        *pgtest.Server
	address   string
	list, doc string
	dir       string
}

// trialFates are the last digits of the numbers: most talk, the others end in
// every kind of way.
func trialFates() []string {
	return []string{"00", "02", "01", "10", "00", "04", "20", "00", "02", "14"}
}

func newTrial(t *testing.T, size trial) *trialRun {
	t.Helper()
	r := &trialRun{T: t, trial: size, dir: t.TempDir()}
	var err error
	if r.pg, err = pgtest.Start(false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.pg.Close(); err != nil {
			t.Error(err)
		}
	})
	if r.address, err = r.pg.Fresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r.x, err = peer.NewExchange(peer.ExchangeConfig{Accounts: map[string]string{demoUser: demoPassword}, Speed: 10, T1: 100 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.x.Close)
	list := &strings.Builder{}
	list.WriteString("id;Telefon\n")
	fates := trialFates()
	for i := range size.records {
		fmt.Fprintf(list, "%d;+493023125%04d%s\n", i+1, i, fates[i%len(fates)])
	}
	r.list, r.doc = filepath.Join(r.dir, "list.csv"), filepath.Join(r.dir, "c.yaml")
	doc := "name: c\ncountry: lab\nagents: all\nafter_call_work: 30s\nown_failures: {pause_after: -1}\n"
	for file, text := range map[string]string{r.list: list.String(), r.doc: doc} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// args start a process with a data folder of its own.
func (r *trialRun) args(name string, firstAgent int) []string {
	r.Helper()
	cfg, err := demoConfig(filepath.Join(r.dir, name), r.x)
	if err != nil {
		r.Fatal(err)
	}
	return []string{
		"autopilot", "--config", cfg.File, "--set", "store=" + r.address, "--campaign", r.doc, "--list", r.list,
		"--agents", fmt.Sprint(r.agents), "--first-agent", fmt.Sprint(firstAgent), "--talk", "1s", "--report", filepath.Join(r.dir, name+".json"),
		"--wait", "2m",
	}
}

// called counts the calls that the exchange has had, ended ones.
func (r *trialRun) called() int { return len(r.x.Records()) }

// until waits for something, and fails when a process ends before.
func (r *trialRun) until(what string, one, two *child, ok func() bool) {
	r.Helper()
	until(r.T, r.limit, what, func() bool {
		for _, c := range []*child{one, two} {
			if c == nil {
				continue
			}
			select {
			case <-c.done:
				r.Fatalf("%s: a process has ended\n%s", what, c.errs.String())
			default:
			}
		}
		return ok()
	})
}

// check holds the store against what the exchange has seen.
func (r *trialRun) check(down, up time.Time) {
	r.Helper()
	s, err := postgres.Open(r.Context(), r.address, postgres.Options{})
	if err != nil {
		r.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			r.Error(err)
		}
	}()
	attempts, stale := map[string]campaign.Attempt{}, 0
	entered := 0 // in the outage
	if err := s.Attempts(r.Context(), "", func(a campaign.Attempt) error {
		if _, twice := attempts[a.Number]; twice {
			r.Errorf("%s has two attempts", a.Number)
		}
		attempts[a.Number] = a
		if a.EndedAt.IsZero() {
			r.Errorf("%s: the attempt has no end", a.Number)
		}
		if a.AnsweredAt.Before(down) && !a.AnsweredAt.IsZero() && a.EndedAt.After(down) && a.EndedAt.Before(up) && a.Result == campaign.Answer {
			entered++
		}
		return nil
	}); err != nil {
		r.Fatal(err)
	}
	dialled, during := map[string]peer.CallRecord{}, 0
	for _, c := range r.x.Records() {
		if _, twice := dialled[c.Number]; twice {
			r.Errorf("%s was called twice", c.Number)
		}
		dialled[c.Number] = c
		a, permitted := attempts[c.Number]
		if !permitted {
			r.Errorf("%s was called without an attempt", c.Number)
		}
		if c.Started.After(down.Add(time.Second)) && c.Started.Before(up) { // a second for what was permitted just before
			during++
		}
		if answered := !c.Answered.IsZero(); answered != (a.Result == campaign.Answer) && a.Result != campaign.Unknown {
			r.Errorf("%s: answered %v, the attempt says %s", c.Number, answered, a.Result)
		}
	}
	if during > 0 {
		r.Errorf("%d calls were begun while the gate could not be asked", during)
	}
	if entered == 0 {
		r.Error("no call went on and ended in the outage")
	}
	n := 0
	if err := s.Records(r.Context(), campaign.RecordQuery{}, func(rec campaign.Record) error {
		n++
		switch a, tried := attempts[rec.Phone]; {
		case rec.Status == campaign.Stale:
			stale++
			if rec.Result != campaign.Unknown || !tried {
				r.Errorf("stale record %s: %s, tried %v", rec.ID, rec.Result, tried)
			}
		case rec.Status != campaign.Updated || !tried:
			r.Errorf("record %s is %s (%s), tried %v", rec.ID, rec.Status, rec.Reason, tried)
		case a.Result != rec.Result:
			r.Errorf("record %s says %s, its attempt %s", rec.ID, rec.Result, a.Result)
		}
		return nil
	}); err != nil {
		r.Fatal(err)
	}
	if n != r.records || stale > r.agents {
		r.Errorf("%d records, %d stale; want %d, and at most %d stale", n, stale, r.records, r.agents)
	}
	r.Logf("%d records, %d called, %d stale; %d calls went on and ended in the outage, %d were begun in it", n, len(dialled), stale, entered, during)
}
