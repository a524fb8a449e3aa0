package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

func (b *bench) admits(id campaign.AttemptID, number string) (campaign.Attempt, campaign.Caller) {
	b.t.Helper()
	a := campaign.Attempt{ID: id, Number: number, Process: process, Inbound: true, DialedAt: b.now, RingingAt: b.now, Token: []byte("tok")}
	c, err := b.s.Admit(b.t.Context(), a)
	b.must(err)
	a.Person = c.Person
	return a, c
}

// inbound: a call from outside is an attempt that changes no record; while it
// lasts, nobody calls that person; and it is known who called her last.
func inbound(t *testing.T, b *bench) {
	b.imports(rec(1), rec(2))
	if _, c := b.admits("in0", "+493000000"); c.Agent != "" || c.Record.Key != 0 || c.Person != "number:+493000000" {
		t.Errorf("a stranger is %+v", c)
	}
	b.calls("1", campaign.Busy, func(s *campaign.Settlement) { s.Record.Status = campaign.Ready })
	last := b.attempts("spring")[0]
	b.releases(b.leases("1"), campaign.Release{NotBefore: b.now.Add(24 * time.Hour)})
	l := b.leases("2") // before its contact calls
	before := b.record("1")
	a, c := b.admits("in1", phone(1))
	if c.Agent != last.Agent || c.Agent == "" || c.Campaign != last.Campaign || c.Record.ID != "1" || c.Person != last.Person {
		t.Errorf("the caller is %+v, called last by %+v", c, last)
	}
	if _, c := b.admits("in2", phone(2)); c.Agent != "" || c.Record.ID != "2" {
		t.Errorf("a number of a list that nobody called is %+v", c)
	}
	b.refused(b.permitQuery(l), campaign.ReasonInCall)
	open, err := b.s.Open(t.Context(), process)
	b.must(err)
	equal(t, "open", len(open), 3)
	a.EndedAt, a.EndedBy, a.AnsweredAt, a.Agent = b.now, campaign.ByContact, b.now, "eva"
	a.Result, a.Note = campaign.Answer, "called back"
	block := &campaign.DNCEntry{Number: phone(1), Person: a.Person, Client: "other", At: b.now, By: "contact", Attempt: a.ID}
	b.must(b.s.Settle(t.Context(), campaign.Settlement{Attempt: a, Now: b.now, Block: block}))
	for _, got := range b.attempts("") {
		if got.ID == "in1" && (!got.Inbound || got.Counted || got.Agent != "eva" || got.Note != "called back" || got.RecordID != "1" || got.EndedAt.IsZero()) {
			t.Errorf("settled as %+v", got)
		}
	}
	equal(t, "attempts of the campaign", len(b.attempts("spring")), 1)
	after := b.record("1")
	equal(t, "attempts", after.Attempts, before.Attempts)
	equal(t, "result", after.Result, before.Result)
	es, err := b.s.Blocked(t.Context())
	b.must(err)
	equal(t, "entries", len(es), 1)
	if _, c := b.admits("in3", phone(1)); c.Agent != last.Agent { // an inbound call is no call of ours
		t.Errorf("called last by %q", c.Agent)
	}
}

// inboundLate: the store was away when the call came; what came of it is
// written all the same, once.
func inboundLate(t *testing.T, b *bench) {
	a := campaign.Attempt{ID: "late", Number: phone(1), Person: "number:" + phone(1), Process: process, Inbound: true,
		DialedAt: b.now, EndedAt: b.now.Add(time.Minute), EndedBy: campaign.ByContact, Result: campaign.NoAnswer}
	for range 2 {
		b.must(b.s.Settle(t.Context(), campaign.Settlement{Attempt: a, Now: b.now}))
	}
	got := b.attempts("")
	if len(got) != 1 || !got[0].Inbound || got[0].Result != campaign.NoAnswer {
		t.Errorf("%+v", got)
	}
	a.ID, a.Inbound = "never", false
	if err := b.s.Settle(t.Context(), campaign.Settlement{Attempt: a, Now: b.now}); !errors.Is(err, campaign.ErrNotFound) {
		t.Errorf("settled a call of ours that never was: %v", err)
	}
}
