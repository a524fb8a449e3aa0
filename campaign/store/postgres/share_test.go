package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/store"
	"github.com/freiton/freiton/campaign/store/postgres"
	"github.com/freiton/freiton/campaign/store/postgres/pgtest"
)

// contact is a record; two following ones are the same person.
func contact(n int) campaign.Record {
	return campaign.Record{ID: fmt.Sprint(n), Line: n, Phone: fmt.Sprintf("+4930231%05d", n), CustomerID: fmt.Sprint(n / 2), Name: "Jörg"}
}

func contacts(n int) []campaign.Record {
	rs := make([]campaign.Record, n)
	for i := range rs {
		rs[i] = contact(i)
	}
	return rs
}

var rules = campaign.Rules{Allow: []string{"+49"}, Running: true, Profiles: []campaign.Profile{{Country: "lab"}}}

// worker is an agent who calls one record after the other.
type worker struct {
	s       campaign.Store
	process string
	name    string
	lease   time.Duration
	calls   int
	said    func(what string, id campaign.AttemptID)
	retry   bool // errors of the store are waited out
}

// wait is a pause of an agent, or between two tries.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// work calls until the list is worked.
func (w *worker) work(ctx context.Context) error {
	for ctx.Err() == nil {
		now := time.Now()
		l, err := w.s.Lease(ctx, campaign.LeaseQuery{
			Campaign: "spring", Lists: []string{"customers"}, Agent: campaign.AgentID(w.name), Process: w.process, Now: now, Until: now.Add(w.lease),
		})
		var none *campaign.NoRecord
		switch {
		case errors.As(err, &none):
			if *none == (campaign.NoRecord{}) {
				return nil
			}
			wait(ctx, 20*time.Millisecond)
		case err != nil && w.retry:
			w.said("error", "")
			wait(ctx, 20*time.Millisecond)
		case err != nil:
			return err
		default:
			if err := w.call(ctx, l); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

func (w *worker) call(ctx context.Context, l campaign.Lease) error {
	for {
		w.calls++
		id := campaign.AttemptID(fmt.Sprintf("%s-%s-%d", w.process, w.name, w.calls))
		err := w.s.Permit(ctx, campaign.PermitQuery{
			Attempt: id, Lease: l, Campaign: "spring", Agent: campaign.AgentID(w.name), Process: w.process, Account: "pbx", Rules: rules, Now: time.Now(),
		})
		if errors.Is(err, campaign.ErrLost) {
			return nil
		}
		if err == nil {
			w.said("permit", id)
			return w.settle(ctx, l, id)
		}
		if !w.retry {
			return err
		}
		w.said("refused", id)
		wait(ctx, 20*time.Millisecond)
	}
}

func (w *worker) settle(ctx context.Context, l campaign.Lease, id campaign.AttemptID) error {
	wait(ctx, time.Duration(rand.IntN(8))*time.Millisecond)
	for {
		now := time.Now()
		err := w.s.Settle(ctx, campaign.Settlement{
			Attempt: campaign.Attempt{ID: id, EndedAt: now, Result: campaign.Answer, Counted: true}, Fence: l.Fence, Now: now,
			Record: campaign.RecordUpdate{Type: campaign.General, Status: campaign.Updated, Result: campaign.Answer, Attempts: 1},
		})
		if err == nil {
			w.said("settle", id)
			return nil
		}
		if !w.retry {
			return err
		}
		w.said("error", id)
		wait(ctx, 20*time.Millisecond)
	}
}

// shareEnv makes this test a process of TestTwoProcesses: address and name.
const shareEnv = "FREITON_SHARE"

const (
	shareAgents = 4
	shareLease  = 2 * time.Second
)

// TestTwoProcesses: two processes work one list. One is killed in the middle;
// what it had leased is called by the other, what it was calling becomes
// stale, and nobody is called twice.
func TestTwoProcesses(t *testing.T) {
	if v := os.Getenv(shareEnv); v != "" {
		address, process, _ := strings.Cut(v, "|")
		shareChild(t, address, process)
		return
	}
	const records = 400
	address := fresh(t)
	s := open(t, address, postgres.Options{Grace: time.Millisecond})
	must(t, s.Import(t.Context(), "customers", contacts(records)))
	one, two := startChild(t, address, "one"), startChild(t, address, "two")
	one.until("ready", 0)
	two.until("ready", 0)
	one.begin()
	two.begin()
	one.until("stuck", 20)
	must(t, one.cmd.Process.Kill())
	killed := time.Now()
	one.end()
	if err := two.end(); err != nil {
		t.Fatalf("the process that was left: %v", err)
	}
	t.Logf("worked to the end %v after the kill", time.Since(killed).Round(time.Millisecond))
	stale := checkCalls(t, s, records)
	if stale < 1 || stale > shareAgents {
		t.Errorf("%d records are stale; the killed process had 1 to %d calls", stale, shareAgents)
	}
	t.Logf("%d stale; one called %d, two called %d", stale, one.permits, two.permits)
	if one.permits < 20 || two.permits < 100 {
		t.Errorf("one called %d, two %d", one.permits, two.permits)
	}
}

// checkCalls: every record is called once, no person twice at a time, and
// nothing is left open. It counts stale records.
func checkCalls(t *testing.T, s *postgres.Store, records int) (stale int) {
	t.Helper()
	called := map[string]int{}
	byPerson := map[string][]campaign.Attempt{}
	must(t, s.Attempts(t.Context(), "", func(a campaign.Attempt) error {
		called[a.RecordID]++
		byPerson[a.Person] = append(byPerson[a.Person], a)
		if a.EndedAt.IsZero() {
			t.Errorf("attempt %s is open", a.ID)
		}
		return nil
	}))
	for person, as := range byPerson {
		for i, a := range as[1:] {
			if a.DialedAt.Before(as[i].EndedAt) && as[i].Text != campaign.OrphanText {
				t.Errorf("%s was in two calls: %s until %v, %s from %v", person, as[i].ID, as[i].EndedAt, a.ID, a.DialedAt)
			}
		}
	}
	n := 0
	must(t, s.Records(t.Context(), campaign.RecordQuery{}, func(r campaign.Record) error {
		n++
		if r.Status == campaign.Stale {
			stale++
		} else if r.Status != campaign.Updated {
			t.Errorf("record %s is %v", r.ID, r.Status)
		}
		if called[r.ID] != 1 {
			t.Errorf("record %s was called %d times", r.ID, called[r.ID])
		}
		return nil
	}))
	if n != records {
		t.Errorf("%d records, want %d", n, records)
	}
	return stale
}

type child struct {
	t       *testing.T
	cmd     *exec.Cmd
	lines   *bufio.Scanner
	stdin   io.Closer
	permits int
	other   []string // lines that are not of its work: why it failed
}

func startChild(t *testing.T, address, process string) *child {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), shareEnv+"="+address+"|"+process)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	in, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	return &child{t: t, cmd: cmd, lines: bufio.NewScanner(out), stdin: in}
}

// begin lets a child that is ready work: a process that starts slowly would
// else find the list worked by the other.
func (c *child) begin() { must(c.t, c.stdin.Close()) }

// until reads until the child has said a word and permitted so many calls.
func (c *child) until(word string, permits int) {
	c.t.Helper()
	for said := false; !said || c.permits < permits; {
		if !c.lines.Scan() {
			c.t.Fatalf("the child ended after %d calls, before it said %q: %v\n%s", c.permits, word, c.cmd.Wait(), strings.Join(c.other, "\n"))
		}
		said = said || c.line() == word
	}
}

func (c *child) line() string {
	what, _, _ := strings.Cut(c.lines.Text(), " ")
	switch what {
	case "permit":
		c.permits++
	case "settle", "ready", "stuck", "PASS", "ok":
	default:
		c.other = append(c.other, c.lines.Text())
	}
	return what
}

func (c *child) end() error {
	for c.lines.Scan() {
		c.line()
	}
	if len(c.other) > 0 {
		c.t.Log(strings.Join(c.other, "\n"))
	}
	return c.cmd.Wait()
}

func shareChild(t *testing.T, address, process string) {
	ctx, cancel := context.WithCancel(t.Context())
	s := open(t, address, postgres.Options{Grace: time.Millisecond})
	fmt.Println("ready")
	_, err := io.Copy(io.Discard, os.Stdin)
	must(t, err)
	var mu sync.Mutex
	var agents, heart sync.WaitGroup
	heart.Go(func() {
		for ctx.Err() == nil {
			if err := s.Extend(ctx, process, time.Now().Add(shareLease)); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
			wait(ctx, shareLease/5)
		}
	})
	for i := range shareAgents {
		agents.Go(func() {
			w := &worker{s: s, process: process, name: fmt.Sprint("agent", i), lease: shareLease}
			permits := 0
			w.said = func(what string, id campaign.AttemptID) {
				mu.Lock()
				defer mu.Unlock()
				fmt.Println(what, id)
				if what == "permit" {
					permits++
				}
				if process == "one" && i == 0 && what == "permit" && permits == 8 {
					fmt.Println("stuck", id)
					mu.Unlock()
					<-ctx.Done() // in a call, until the process is killed
					mu.Lock()
				}
			}
			if err := w.work(ctx); err != nil {
				t.Errorf("%s: %v", w.name, err)
			}
		})
	}
	agents.Wait()
	cancel()
	heart.Wait()
}

// TestServerStops: while the server is away every call of the store is an
// error; what was confirmed before is there afterwards, what was refused is
// not, and the work goes on.
func TestServerStops(t *testing.T) {
	srv, err := pgtest.Start(false)
	must(t, err)
	defer func() { must(t, srv.Close()) }()
	address, err := srv.Fresh(t.Context())
	must(t, err)
	s := open(t, address, postgres.Options{})
	const records = 300
	must(t, s.Import(t.Context(), "customers", contacts(records)))
	var mu sync.Mutex
	said := map[string]map[campaign.AttemptID]bool{"permit": {}, "settle": {}, "refused": {}, "error": {}}
	var settled, errs atomic.Int64
	some, troubled := make(chan struct{}), make(chan struct{})
	var agents sync.WaitGroup
	for i := range 4 {
		agents.Go(func() {
			w := &worker{s: s, process: "p", name: fmt.Sprint("agent", i), lease: time.Hour, retry: true}
			w.said = func(what string, id campaign.AttemptID) {
				mu.Lock()
				defer mu.Unlock()
				said[what][id] = true
				if what == "settle" && settled.Add(1) == 60 {
					close(some)
				}
				if (what == "error" || what == "refused") && errs.Add(1) == 40 {
					close(troubled)
				}
			}
			if err := w.work(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	<-some
	must(t, srv.Kill())
	down := time.Now()
	<-troubled
	wait(t.Context(), time.Second)
	if _, err := s.Users(t.Context()); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("reading without a server: %v", err)
	}
	must(t, srv.Start())
	t.Logf("the server was away for %v, %d errors", time.Since(down).Round(time.Millisecond), errs.Load())
	back := time.Now()
	agents.Wait()
	t.Logf("worked to the end %v later", time.Since(back).Round(time.Millisecond))
	must(t, s.Extend(t.Context(), "p", time.Now().Add(time.Minute))) // takes back what was in doubt
	if stale := checkCalls(t, s, records); stale != 0 {
		t.Errorf("%d records are stale", stale)
	}
	var there []campaign.AttemptID
	must(t, s.Attempts(t.Context(), "", func(a campaign.Attempt) error {
		there = append(there, a.ID)
		if said["refused"][a.ID] {
			t.Errorf("attempt %s was an error and is there", a.ID)
		}
		return nil
	}))
	for id := range said["permit"] {
		if !slices.Contains(there, id) {
			t.Errorf("attempt %s was confirmed and is lost", id)
		}
	}
}

// TestServersClock: a process whose clock is wrong loses no lease by it, and what
// it dials counts for the account's calls per second.
func TestServersClock(t *testing.T) {
	address := fresh(t)
	clock := func(wrong time.Duration) *postgres.Store {
		return open(t, address, postgres.Options{Options: store.Options{Now: func() time.Time { return time.Now().Add(wrong) }}, Grace: time.Millisecond})
	}
	late, right := clock(-2*time.Hour), clock(0)
	must(t, right.Import(t.Context(), "customers", contacts(1)))
	lease := func(s *postgres.Store, process string, now time.Time, lasts time.Duration) (campaign.Lease, error) {
		return s.Lease(t.Context(), campaign.LeaseQuery{Lists: []string{"customers"}, Process: process, Now: now, Until: now.Add(lasts)})
	}
	l, err := lease(late, "late", time.Now().Add(-2*time.Hour), time.Minute)
	must(t, err)
	if _, err := lease(right, "right", time.Now(), time.Minute); !errors.Is(err, campaign.ErrNoRecord) {
		t.Fatalf("a lease that stands was taken: %v", err)
	}
	must(t, late.Extend(t.Context(), "late", time.Now().Add(-2*time.Hour+time.Minute)))
	if _, err := lease(right, "right", time.Now(), time.Minute); !errors.Is(err, campaign.ErrNoRecord) {
		t.Fatalf("a renewed lease was taken: %v", err)
	}
	must(t, late.Extend(t.Context(), "late", time.Now().Add(-2*time.Hour)))
	taken, err := lease(right, "right", time.Now(), time.Minute)
	must(t, err)
	if taken.Fence <= l.Fence {
		t.Errorf("fence %d after %d", taken.Fence, l.Fence)
	}
	for n := range 5 { // a machine that stands still for a second has another try
		try := func(s *postgres.Store, id int, now time.Time) error {
			q := campaign.PermitQuery{Attempt: campaign.AttemptID(fmt.Sprint("A", id)), Process: "p", Number: contact(id).Phone,
				Account: "pbx", Manual: true, Rules: rules, Now: now}
			q.Rules.PerSecond = 1
			return s.Permit(t.Context(), q)
		}
		must(t, try(late, 2*n, time.Now().Add(-2*time.Hour)))
		err = try(right, 2*n+1, time.Now())
		if no := (*campaign.Refusal)(nil); errors.As(err, &no) && no.Reason.Code == campaign.ReasonPerSecond {
			return
		}
	}
	t.Errorf("a second call of the second: %v", err)
}

// TestGraceAfterStart: soon after the server's start no lease has run out.
func TestGraceAfterStart(t *testing.T) {
	address := fresh(t)
	s := open(t, address, postgres.Options{Grace: time.Hour})
	must(t, s.Import(t.Context(), "customers", contacts(1)))
	q := campaign.LeaseQuery{Lists: []string{"customers"}, Process: "p", Now: time.Now(), Until: time.Now().Add(-time.Minute)}
	_, err := s.Lease(t.Context(), q)
	must(t, err)
	q.Process = "q"
	if _, err := s.Lease(t.Context(), q); !errors.Is(err, campaign.ErrNoRecord) {
		t.Errorf("leased within the grace: %v", err)
	}
	_, err = open(t, address, postgres.Options{Grace: time.Nanosecond}).Lease(t.Context(), q)
	must(t, err)
}

// TestOrphan: what a process says that was thought to be gone counts.
func TestOrphan(t *testing.T) {
	address := fresh(t)
	s := open(t, address, postgres.Options{Grace: time.Nanosecond})
	must(t, s.Import(t.Context(), "customers", contacts(1)))
	now := time.Now()
	must(t, s.Extend(t.Context(), "gone", now.Add(-time.Second)))
	l, err := s.Lease(t.Context(), campaign.LeaseQuery{Lists: []string{"customers"}, Process: "gone", Now: now, Until: now.Add(time.Minute)})
	must(t, err)
	must(t, s.Permit(t.Context(), campaign.PermitQuery{Attempt: "A1", Lease: l, Process: "gone", Rules: rules, Now: now}))
	must(t, s.Extend(t.Context(), "other", now.Add(time.Minute)))
	status := func() (status campaign.RecordStatus) {
		must(t, s.Records(t.Context(), campaign.RecordQuery{}, func(r campaign.Record) error { status = r.Status; return nil }))
		return status
	}
	if got := status(); got != campaign.Stale {
		t.Fatalf("the record is %v", got)
	}
	settlement := campaign.Settlement{
		Attempt: campaign.Attempt{ID: "A1", EndedAt: now, Result: campaign.Busy, Counted: true}, Fence: l.Fence, Now: now,
		Record: campaign.RecordUpdate{Type: campaign.General, Status: campaign.Updated, Result: campaign.Busy, Attempts: 1},
	}
	must(t, s.Settle(t.Context(), settlement))
	settlement.Attempt.Result = campaign.Answer // once more changes nothing
	must(t, s.Settle(t.Context(), settlement))
	must(t, s.Attempts(t.Context(), "", func(a campaign.Attempt) error {
		if a.Result != campaign.Busy || a.Text != "" {
			t.Errorf("attempt %+v", a)
		}
		return nil
	}))
	if got := status(); got != campaign.Updated {
		t.Errorf("the record is %v", got)
	}
}

// TestOrphanSaid: who comes from a process that is gone finds her call among the
// last ones, with what a correction needs; what she says stays, whatever that
// process says when it comes back.
func TestOrphanSaid(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{Grace: time.Nanosecond})
	ctx := t.Context()
	must(t, s.Import(ctx, "customers", contacts(1)))
	now := time.Now()
	enter := func(process string, until time.Time) bool {
		t.Helper()
		p, err := s.Enter(ctx, campaign.Presence{Agent: "ann", Process: process}, false, time.Now(), until)
		must(t, err)
		return p.Process == process
	}
	const life = 300 * time.Millisecond
	must(t, s.Extend(ctx, "gone", now.Add(life)))
	enter("gone", now.Add(life))
	l, err := s.Lease(ctx, campaign.LeaseQuery{Lists: []string{"customers"}, Agent: "ann", Process: "gone", Now: now, Until: now.Add(life)})
	must(t, err)
	must(t, s.Permit(ctx, campaign.PermitQuery{Attempt: "A1", Lease: l, Campaign: "spring", Agent: "ann", Process: "gone", Rules: rules, Now: now}))
	must(t, s.Note(ctx, campaign.Attempt{ID: "A1", AnsweredAt: now, JoinedAt: now, Agent: "ann"}))
	for !enter("other", now.Add(time.Minute)) {
		wait(ctx, 10*time.Millisecond)
	}
	works, err := s.Recall(ctx, campaign.RecallQuery{Agent: "ann", Since: now.Add(-time.Hour), Limit: 10})
	must(t, err)
	if len(works) != 1 || works[0].Attempt.Result != campaign.Unknown || works[0].Attempt.AnsweredAt.IsZero() || works[0].Record.ID != "0" {
		t.Fatalf("her last calls: %+v", works)
	}
	said := works[0].Attempt
	said.Result, said.Text = campaign.Answer, ""
	settlement := campaign.Settlement{Attempt: said, Correction: true, Turn: 2, Now: now,
		Record: campaign.RecordUpdate{Type: campaign.General, Status: campaign.Updated, Result: campaign.Answer, Attempts: 1}}
	must(t, s.Settle(ctx, settlement))
	settlement.Attempt.Result, settlement.Record.Result, settlement.Correction, settlement.Turn = campaign.Busy, campaign.Busy, false, 1
	must(t, s.Settle(ctx, settlement))
	must(t, s.Attempts(ctx, "", func(a campaign.Attempt) error {
		if a.Result != campaign.Answer {
			t.Errorf("attempt %+v", a)
		}
		return nil
	}))
	must(t, s.Records(ctx, campaign.RecordQuery{}, func(r campaign.Record) error {
		if r.Result != campaign.Answer || r.Status != campaign.Updated {
			t.Errorf("record %+v", r)
		}
		return nil
	}))
}

// TestOrphanComesBack: a process that gives a sign of life again, after a sweep has
// found it gone and before its call is settled, keeps its call.
func TestOrphanComesBack(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{Grace: time.Nanosecond})
	ctx, now := t.Context(), time.Now()
	must(t, s.Import(ctx, "customers", contacts(1)))
	must(t, s.Extend(ctx, "away", now.Add(-time.Second)))
	l, err := s.Lease(ctx, campaign.LeaseQuery{Lists: []string{"customers"}, Process: "away", Now: now, Until: now.Add(time.Minute)})
	must(t, err)
	must(t, s.Permit(ctx, campaign.PermitQuery{Attempt: "A1", Lease: l, Process: "away", Rules: rules, Now: now}))
	found, err := s.Open(ctx, "away")
	must(t, err)
	must(t, s.Extend(ctx, "away", now.Add(time.Minute)))
	if settled, err := postgres.Orphan(ctx, s, found[0]); settled || err != nil {
		t.Errorf("settled %v, %v", settled, err)
	}
	left, err := s.Open(ctx, "away")
	must(t, err)
	if len(left) != 1 || left[0].Record.Status != campaign.Retrieved {
		t.Errorf("left are %+v", left)
	}
}

// TestDoubtAndPermit: a permit is asked for again while the heartbeat takes back
// the first one, whose answer never came: the gate decides after that, or the call
// would be dialled and its attempt gone.
func TestDoubtAndPermit(t *testing.T) {
	s := open(t, fresh(t), postgres.Options{})
	ctx := t.Context()
	q := campaign.PermitQuery{Attempt: "A1", Process: "p", Number: contact(1).Phone, Manual: true, Rules: rules, Now: time.Now()}
	must(t, s.Permit(ctx, q))
	answer := make(chan error, 1)
	postgres.TakingBack(s, func() {
		go func() { answer <- s.Permit(ctx, q) }() // waited for below
		select {
		case err := <-answer:
			t.Fatalf("permitted in between: %v", err)
		case <-time.After(200 * time.Millisecond):
		}
	})
	must(t, <-answer)
}

// TestCapsOverProcesses: an account's caps hold over all processes, however many
// ask at once, and nobody is called by two.
func TestCapsOverProcesses(t *testing.T) {
	address := fresh(t)
	processes := []*postgres.Store{open(t, address, postgres.Options{}), open(t, address, postgres.Options{})}
	const asked, calls = 24, 5
	var mu sync.Mutex
	permitted, refused := map[string]int{}, 0
	var all sync.WaitGroup
	for i := range asked {
		all.Go(func() { // waited for below
			r := rules
			r.MaxCalls = calls
			number := contact(i / 2).Phone // two want each
			err := processes[i%2].Permit(t.Context(), campaign.PermitQuery{
				Attempt: campaign.AttemptID(fmt.Sprint("A", i)), Process: fmt.Sprint("p", i%2), Number: number, Account: "pbx", Manual: true, Rules: r, Now: time.Now(),
			})
			mu.Lock()
			defer mu.Unlock()
			switch no := (*campaign.Refusal)(nil); {
			case err == nil:
				permitted[number]++
			case errors.As(err, &no):
				refused++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	n := 0
	for number, times := range permitted {
		if n += times; times > 1 {
			t.Errorf("%s is called %d times", number, times)
		}
	}
	if n != calls || refused != asked-calls {
		t.Errorf("%d calls at once, %d refused; the account may have %d", n, refused, calls)
	}
}
