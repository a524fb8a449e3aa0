package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// concurrent: two processes with two agents each work one list at the same
// time; every record is called once, by one of them.
func concurrent(t *testing.T, b *bench) {
	const records = 40
	b.imports(recs(1, records)...)
	stores := []campaign.Store{b.s, b.open(t)}
	var wg sync.WaitGroup
	errs := make(chan error, 4)
	for i := range 4 {
		wg.Go(func() {
			errs <- work(t, stores[i%2], fmt.Sprintf("p%d", i%2), campaign.AgentID(fmt.Sprintf("agent-%d", i)), b.now)
		})
	}
	wg.Wait()
	for range 4 {
		b.must(<-errs)
	}
	called := map[string]int{}
	for _, a := range b.attempts("spring") {
		called[a.RecordID]++
		if a.EndedAt.IsZero() {
			t.Errorf("attempt %s is open", a.ID)
		}
	}
	for n := 1; n <= records; n++ {
		if c := called[fmt.Sprint(n)]; c != 1 {
			t.Errorf("record %d was called %d times", n, c)
		}
	}
	equal(t, "left", *b.leasesNothing(), campaign.NoRecord{})
}

// work calls records until none is left.
func work(t *testing.T, s campaign.Store, process string, agent campaign.AgentID, now time.Time) error {
	for n := 0; ; n++ {
		l, err := s.Lease(t.Context(), campaign.LeaseQuery{
			Campaign: "spring", Lists: []string{list}, Agent: agent, Process: process, Now: now, Until: now.Add(time.Hour),
		})
		if errors.Is(err, campaign.ErrNoRecord) {
			return nil
		}
		if err != nil {
			return err
		}
		id := campaign.AttemptID(fmt.Sprintf("%s-%d", agent, n))
		err = s.Permit(t.Context(), campaign.PermitQuery{
			Attempt: id, Lease: l, Campaign: "spring", Agent: agent, Process: process, Rules: rules(), Now: now,
		})
		if err != nil {
			return err
		}
		err = s.Settle(t.Context(), campaign.Settlement{
			Attempt: campaign.Attempt{ID: id, EndedAt: now, Result: campaign.Answer, Counted: true}, Fence: l.Fence, Now: now,
			Record: campaign.RecordUpdate{Type: campaign.General, Status: campaign.Updated, Result: campaign.Answer, Attempts: 1},
		})
		if err != nil {
			return err
		}
	}
}

// randomHistory works a list in random ways and compares each lease with what
// a simple reading of the rules would offer.
func randomHistory(t *testing.T, b *bench) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	h := &history{bench: b, rnd: rand.New(rand.NewPCG(seed, 1)), calls: map[string]inCall{}}
	var rs []campaign.Record
	for n := 1; n <= 12; n++ {
		rs = append(rs, rec(n))
	}
	for n := 20; n <= 25; n++ { // two contacts with three numbers
		rs = append(rs, rec(n, chain(fmt.Sprint("c", n/23), (n-20)%3)))
	}
	b.imports(rs...)
	for range 150 {
		h.step()
		if t.Failed() {
			return
		}
	}
}

type inCall struct {
	lease   campaign.Lease
	attempt campaign.Attempt
}

type history struct {
	*bench
	rnd    *rand.Rand
	leased []campaign.Lease
	calls  map[string]inCall
}

func (h *history) step() {
	h.t.Helper()
	switch h.rnd.IntN(7) {
	case 0, 1, 2:
		h.lease()
	case 3:
		if l, ok := h.pick(); ok {
			top := h.rnd.IntN(2) == 0
			h.releases(l, campaign.Release{Top: top, Declined: top})
		}
	case 4:
		if l, ok := h.pick(); ok {
			h.calls[l.Record.ID] = inCall{l, h.permits(l)}
		}
	case 5:
		for id, c := range h.calls {
			h.settle(c)
			delete(h.calls, id)
			break
		}
	case 6:
		h.now = h.now.Add(time.Duration(h.rnd.IntN(20)) * time.Second)
		h.must(h.s.Extend(h.t.Context(), process, h.now.Add(time.Minute)))
	}
}

func (h *history) pick() (campaign.Lease, bool) {
	if len(h.leased) == 0 {
		return campaign.Lease{}, false
	}
	i := h.rnd.IntN(len(h.leased))
	l := h.leased[i]
	h.leased = append(h.leased[:i], h.leased[i+1:]...)
	return l, true
}

func (h *history) settle(c inCall) {
	h.t.Helper()
	s := h.settlement(c.lease, c.attempt, campaign.NoAnswer)
	switch h.rnd.IntN(5) {
	case 0:
		s.Record.Status, s.Record.NextDial = campaign.Ready, h.now.Add(time.Duration(h.rnd.IntN(30))*time.Second)
	case 1:
		s.Record.Status, s.Record.NextDial = campaign.Ready, h.now.Add(time.Duration(h.rnd.IntN(30))*time.Second)
		s.Record.Type, s.Record.Owner = campaign.PersonalCallback, []campaign.AgentID{"ann", "ben", ""}[h.rnd.IntN(3)]
	case 2:
		s.Chain = campaign.ChainNext
	case 3:
		s.Chain = campaign.ChainFinish
	case 4:
		s.Record.Status, s.Record.KeepPlace = campaign.Ready, true
	}
	h.settles(s)
}

// lease asks the store, and the rules as they are written down.
func (h *history) lease() {
	h.t.Helper()
	agent := []campaign.AgentID{"ann", "ben"}[h.rnd.IntN(2)]
	want := h.expected(agent)
	l, err := h.s.Lease(h.t.Context(), h.query(agent))
	if want == nil {
		if !errors.Is(err, campaign.ErrNoRecord) {
			h.t.Errorf("leased %s, %v, want nothing", l.Record.ID, err)
		}
		return
	}
	if err != nil || l.Record.Key != want.Key {
		h.t.Errorf("%s leased %s (%v), want %s (%+v)", agent, l.Record.ID, err, want.ID, *want)
		return
	}
	h.leased = append(h.leased, l)
}

func (h *history) expected(agent campaign.AgentID) *campaign.Record {
	all := h.records(campaign.RecordQuery{List: list})
	var best *campaign.Record
	for i := range all {
		r := &all[i]
		if h.offerable(all, r, agent) && (best == nil || before(r, best)) {
			best = r
		}
	}
	return best
}

func (h *history) offerable(all []campaign.Record, r *campaign.Record, agent campaign.AgentID) bool {
	if r.Status != campaign.Ready || r.NextDial.After(h.now) || r.Owner != "" && r.Owner != agent {
		return false
	}
	for _, o := range all {
		if o.Person == r.Person && o.Status == campaign.Retrieved ||
			r.Chain != "" && o.Chain == r.Chain && o.Position < r.Position && !o.Status.Done() {
			return false
		}
	}
	return true
}

// before: owner's callbacks, top, callbacks, list.
func before(a, b *campaign.Record) bool {
	class := func(r *campaign.Record) int {
		switch {
		case r.Owner != "":
			return 0
		case r.Top > 0:
			return 1
		case r.Type == campaign.PersonalCallback:
			return 2
		}
		return 3
	}
	ca, cb := class(a), class(b)
	switch {
	case ca != cb:
		return ca < cb
	case ca == 1:
		return a.Top > b.Top
	case ca == 3 || a.NextDial.Equal(b.NextDial):
		return a.Order < b.Order
	}
	return a.NextDial.Before(b.NextDial)
}
