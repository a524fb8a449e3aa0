package storetest

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// crashEnv tells the child of Crash where the data is and which round it is.
const crashEnv = "FREITON_CRASH"

// Crash tests that a process killed in the middle of its work loses nothing
// that the store has confirmed. It runs the test binary again, with the same
// test alone, as a child that calls one record after the other and says on its
// standard output what was confirmed; after a while the child is killed.
// open opens the store in a folder.
func Crash(t *testing.T, open func(folder string) (campaign.Store, error)) {
	if v := os.Getenv(crashEnv); v != "" {
		folder, process, _ := strings.Cut(v, "|")
		crashChild(t, open, folder, process)
		return
	}
	const records, rounds = 300, 4
	folder := t.TempDir()
	c := &crash{t: t, open: open, folder: folder, confirmed: map[string]string{}}
	c.with(func(s campaign.Store) error { return s.Import(t.Context(), list, recs(1, records)) })
	for round := range rounds {
		c.round(fmt.Sprint("p", round), 10+rand.IntN(60))
	}
	c.round("last", 0)
	c.with(func(s campaign.Store) error {
		return s.Records(t.Context(), campaign.RecordQuery{List: list}, func(r campaign.Record) error {
			if r.Status != campaign.Updated && r.Status != campaign.Stale {
				t.Errorf("record %s is %v", r.ID, r.Status)
			}
			if r.Attempts > 1 || r.Status == campaign.Updated && r.Attempts != 1 {
				t.Errorf("record %s has %d attempts", r.ID, r.Attempts)
			}
			return nil
		})
	})
}

type crash struct {
	t         *testing.T
	open      func(folder string) (campaign.Store, error)
	folder    string
	confirmed map[string]string // attempt -> "permit" or "settle"
}

func (c *crash) with(do func(campaign.Store) error) {
	c.t.Helper()
	s, err := c.open(c.folder)
	if err == nil {
		err = do(s)
	}
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// round lets a child work until it has confirmed so many steps, kills it, and
// looks whether all of them are there. 0 lets it finish.
func (c *crash) round(process string, steps int) {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), os.Args[0], "-test.run=^"+c.t.Name()+"$", "-test.timeout=120s")
	cmd.Env = append(os.Environ(), crashEnv+"="+c.folder+"|"+process)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	n := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		what, id, ok := strings.Cut(lines.Text(), " ")
		if !ok || what != "permit" && what != "settle" {
			continue // the test's own words
		}
		c.confirmed[id] = what
		if n++; n == steps {
			_ = cmd.Process.Kill() // may have ended already; what it said before is read on
		}
	}
	err = cmd.Wait()
	if steps == 0 && err != nil {
		c.t.Fatalf("the last child: %v", err)
	}
	if steps > 0 && n < steps {
		c.t.Fatalf("the child ended after %d steps: %v", n, err)
	}
	c.with(func(s campaign.Store) error { return c.check(s, process) })
}

func (c *crash) check(s campaign.Store, process string) error {
	found := map[string]campaign.Attempt{}
	err := s.Attempts(c.t.Context(), "", func(a campaign.Attempt) error {
		found[string(a.ID)] = a
		return nil
	})
	if err != nil {
		return err
	}
	for id, what := range c.confirmed {
		a, ok := found[id]
		if !ok || what == "settle" && a.EndedAt.IsZero() {
			c.t.Errorf("%s of %s was confirmed and is lost", what, id)
		}
	}
	open, err := s.Open(c.t.Context(), process)
	if err != nil {
		return err
	}
	if len(open) > 1 {
		c.t.Errorf("%d attempts are open, a child has one at most", len(open))
	}
	for _, o := range open { // nobody knows what became of the call
		o.Attempt.EndedAt = time.Now()
		err := s.Settle(c.t.Context(), campaign.Settlement{
			Attempt: o.Attempt, Now: time.Now(),
			Record: campaign.RecordUpdate{Type: campaign.General, Status: campaign.Stale, Result: campaign.Unknown},
		})
		if err != nil {
			return err
		}
	}
	_, err = s.Reclaim(c.t.Context(), process, time.Now())
	return err
}

// crashChild calls every record, and says what the store has confirmed.
func crashChild(t *testing.T, open func(folder string) (campaign.Store, error), folder, process string) {
	s, err := open(folder)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		now := time.Now()
		l, err := s.Lease(t.Context(), campaign.LeaseQuery{
			Lists: []string{list}, Agent: "ann", Process: process, Now: now, Until: now.Add(time.Hour),
		})
		if errors.Is(err, campaign.ErrNoRecord) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprintf("%s-%04d", process, n)
		err = s.Permit(t.Context(), campaign.PermitQuery{
			Attempt: campaign.AttemptID(id), Lease: l, Campaign: "spring", Agent: "ann", Process: process, Rules: rules(), Now: now,
		})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("permit", id)
		err = s.Settle(t.Context(), campaign.Settlement{
			Attempt: campaign.Attempt{ID: campaign.AttemptID(id), EndedAt: time.Now(), Result: campaign.Answer, Counted: true}, Fence: l.Fence, Now: now,
			Record: campaign.RecordUpdate{Type: campaign.General, Status: campaign.Updated, Result: campaign.Answer, Attempts: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("settle", id)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
