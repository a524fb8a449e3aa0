package storetest

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

func settleRecord(t *testing.T, b *bench) {
	b.imports(rec(1), rec(2))
	l := b.leases("1")
	b.releases(l, campaign.Release{Top: true, Declined: true})
	l = b.leases("1")
	a := b.permits(l)
	b.now = b.now.Add(time.Minute)
	s := b.settlement(l, a, campaign.NoAnswer)
	s.Attempt.Status, s.Attempt.RingingAt, s.Attempt.Text = 480, b.now.Add(-50*time.Second), "Temporarily Unavailable"
	s.Attempt.HeldMS, s.Attempt.Recording = 1234, "a.wav"
	s.Attempt.Recorded = &campaign.Recorded{Consent: campaign.ConsentGiven, ConsentAt: s.Now, ConsentBy: "ann"}
	s.Attempt.RTP = &campaign.RTPReport{Codec: "PCMA", Sent: 5, Received: 6, Lost: 1, JitterMS: 2.5, MOS: 4.1}
	s.Attempt.Disposition, s.Attempt.Note = "Sold/New", "wants more"
	s.Record = campaign.RecordUpdate{
		Type: campaign.PersonalCallback, Status: campaign.Ready, Result: campaign.NoAnswer, Attempts: 1,
		NextDial: b.now.Add(time.Hour), Owner: "ann", Reason: "agreed", Disposition: "Sold/New", Note: "wants more",
		CallbackAt: b.now.Add(time.Hour), LastCall: a.DialedAt,
	}
	b.settles(s)
	r := b.record("1")
	want := l.Record
	want.Type, want.Status, want.Result, want.Attempts = campaign.PersonalCallback, campaign.Ready, campaign.NoAnswer, 1
	want.NextDial, want.Owner, want.Reason = b.now.Add(time.Hour), "ann", "agreed"
	want.Disposition, want.Note, want.CallbackAt, want.LastCall = "Sold/New", "wants more", b.now.Add(time.Hour), a.DialedAt
	want.Top = 0 // once dialled, the place at the top is used up
	sameRecord(t, r, want)

	as := b.attempts("spring")
	got := as[0]
	if got.RTP == nil || *got.RTP != *s.Attempt.RTP {
		t.Errorf("rtp %+v", got.RTP)
	}
	got.RTP = s.Attempt.RTP
	if got.Token != nil {
		t.Errorf("token %q after the end", got.Token)
	}
	sameAttempt(t, got, s.Attempt)
	b.leases("2")
}

// A deleted recording has no name any more, and stays known as deleted.
func deletedRecording(t *testing.T, b *bench) {
	b.imports(rec(1))
	l := b.leases("1")
	a := b.permits(l)
	a.Recording = "recordings/a.wav"
	b.must(b.s.Note(b.t.Context(), a))
	if got := b.attempts("spring")[0]; got.Recording != "recordings/a.wav" || got.Recorded != nil {
		t.Errorf("recorded: %q %+v", got.Recording, got.Recorded)
	}
	gone := b.now.Truncate(time.Millisecond).UTC()
	a.Recording, a.Recorded = "", &campaign.Recorded{Consent: campaign.ConsentGiven, DeletedAt: gone, DeletedBy: "ann"}
	b.must(b.s.Note(b.t.Context(), a))
	if got := b.attempts("spring")[0]; got.Recording != "" || got.Recorded == nil || !got.Recorded.DeletedAt.Equal(gone) || got.Recorded.DeletedBy != "ann" {
		t.Errorf("deleted: %q %+v", got.Recording, got.Recorded)
	}
	s := b.settlement(l, a, campaign.NoAnswer)
	s.Attempt.Recording, s.Attempt.Recorded = "recordings/b.wav", nil
	b.settles(s)
	if got := b.attempts("spring")[0]; got.Recording != "recordings/b.wav" || got.Recorded == nil {
		t.Errorf("at the end: %q %+v", got.Recording, got.Recorded)
	}
}

func sameAttempt(t *testing.T, got, want campaign.Attempt) {
	t.Helper()
	if !bytes.Equal(got.Token, want.Token) {
		t.Errorf("token %q, want %q", got.Token, want.Token)
	}
	got.Token, want.Token = nil, nil
	if !reflectEqual(got, want) {
		t.Errorf("attempt\n%+v, want\n%+v", got, want)
	}
}

// settleOnce: the second settlement of an attempt changes nothing.
func settleOnce(t *testing.T, b *bench) {
	b.imports(rec(1))
	l := b.leases("1")
	a := b.permits(l)
	first := b.settlement(l, a, campaign.Busy)
	first.Record.Status = campaign.Ready
	b.settles(first)
	second := b.settlement(l, a, campaign.Answer)
	second.Record.Attempts = 7
	second.Block = &campaign.DNCEntry{Number: phone(1)}
	b.settles(second)
	r := b.record("1")
	equal(t, "result", r.Result, campaign.Busy)
	equal(t, "attempts", r.Attempts, 1)
	equal(t, "attempt's result", b.attempts("")[0].Result, campaign.Busy)
	l2 := b.leases("1") // dialled again: an old settlement does not end this call
	b.permits(l2)
	b.settles(second)
	b.status("1", campaign.Retrieved)
	es, err := b.s.Blocked(t.Context())
	b.must(err)
	equal(t, "entries", len(es), 0)
	unknown := b.settlement(l, campaign.Attempt{ID: "nobody"}, campaign.Busy)
	if err := b.s.Settle(t.Context(), unknown); !errors.Is(err, campaign.ErrNotFound) {
		t.Errorf("settled an attempt that never was: %v", err)
	}
	unknown = b.settlement(l2, a, campaign.Busy)
	unknown.Attempt.EndedAt = time.Time{}
	if err := b.s.Settle(t.Context(), unknown); err == nil {
		t.Error("settled an attempt without an end")
	}
}

// settleKeepPlace: our own failure costs the record nothing.
func settleKeepPlace(t *testing.T, b *bench) {
	b.imports(recs(1, 2)...)
	b.releases(b.leases("1"), campaign.Release{Top: true, Declined: true})
	keep := func(s *campaign.Settlement) {
		s.Record.Status, s.Record.Attempts, s.Record.KeepPlace, s.Attempt.Counted = campaign.Ready, 0, true, false
	}
	b.calls("1", campaign.AllTrunksBusy, keep)
	b.releases(b.leases("1"), campaign.Release{})
	b.calls("1", campaign.DialError, keep)
	l := b.leases("1")
	equal(t, "attempts", l.Record.Attempts, 0)
	equal(t, "past", len(l.Past), 0)
	b.leases("2")
}

func settleChain(t *testing.T, b *bench) {
	for i, c := range []string{"a", "b", "c"} {
		b.imports(rec(10*i+1, chain(c, 0)), rec(10*i+2, chain(c, 1)), rec(10*i+3, chain(c, 2)))
	}
	b.calls("1", campaign.NoAnswer, func(s *campaign.Settlement) { s.Chain = campaign.ChainNext })
	b.status("2", campaign.Ready)
	b.status("3", campaign.ChainReady)
	b.calls("2", campaign.Answer, func(s *campaign.Settlement) { s.Chain = campaign.ChainFinish })
	b.status("1", campaign.Updated) // done already: stays
	b.status("3", campaign.ChainUpdated)
	b.calls("11", campaign.Busy)
	b.status("12", campaign.ChainReady)
	b.calls("21", campaign.Answer, func(s *campaign.Settlement) { s.Chain = campaign.ChainFinish })
	b.status("22", campaign.ChainUpdated)
	b.status("23", campaign.ChainUpdated)
	b.leasesNothing()
}

// settleBlock: the opt-out is written with the outcome and holds at once.
func settleBlock(t *testing.T, b *bench) {
	customer := func(r *campaign.Record) { r.CustomerID = "42" }
	b.imports(rec(1, customer), rec(2, customer))
	b.calls("1", campaign.Answer, func(s *campaign.Settlement) {
		s.Block = &campaign.DNCEntry{Number: s.Attempt.Number, Person: s.Attempt.Person, Client: "Muster", By: "ann", Attempt: s.Attempt.ID, Wording: "stop"}
	})
	b.refused(b.permitQuery(b.leases("2")), campaign.ReasonDoNotCall)
	es, err := b.s.Blocked(t.Context())
	b.must(err)
	equal(t, "entry", es[0], campaign.DNCEntry{
		Number: phone(1), Person: "customer:42", Client: "Muster", By: "ann", Attempt: "A0001", Wording: "stop", At: b.now,
	})
}

func settleCorrection(t *testing.T, b *bench) {
	b.imports(rec(1, chain("c", 0)), rec(2, chain("c", 1)), rec(3))
	l := b.leases("1")
	a := b.permits(l)
	s := b.settlement(l, a, campaign.Answer)
	s.Chain = campaign.ChainFinish
	b.settles(s)
	b.status("2", campaign.ChainUpdated)
	// She meant the answering machine: the record comes again, the chain too.
	s = b.settlement(l, a, campaign.AnsweringMachine)
	s.Correction = true
	s.Record.Status, s.Record.NextDial = campaign.Ready, b.now.Add(time.Hour)
	b.settles(s)
	equal(t, "result", b.record("1").Result, campaign.AnsweringMachine)
	b.status("1", campaign.Ready)
	b.status("2", campaign.ChainReady)
	equal(t, "attempt", b.attempts("")[0].Result, campaign.AnsweringMachine)
	b.now = b.now.Add(time.Hour)
	b.leases("1") // somebody works on it: only the attempt follows
	s.Attempt.Result, s.Record.Result, s.Record.Status = campaign.WrongNumber, campaign.WrongNumber, campaign.Updated
	b.settles(s)
	b.status("1", campaign.Retrieved)
	equal(t, "attempt", b.attempts("")[0].Result, campaign.WrongNumber)
}

// settleLost: a call whose process was given up, and its record called by somebody
// else since, by a person's word: when that process comes back its outcome is the
// attempt's, and nothing of the other's work.
func settleLost(t *testing.T, b *bench) {
	b.imports(rec(1))
	l := b.leases("1")
	a := b.permits(l)
	open, err := b.s.Open(t.Context(), process)
	b.must(err)
	b.settles(open[0].Orphan(b.now))
	b.status("1", campaign.Stale)
	b.leasesNothing() // no machine dials it
	b.must(b.s.Retry(t.Context(), list, "1"))
	other := b.leases("1")
	if err := b.s.Settle(t.Context(), b.settlement(l, a, campaign.Busy)); !errors.Is(err, campaign.ErrLost) {
		t.Errorf("settled beside another one's lease: %v", err)
	}
	b.status("1", campaign.Retrieved)
	got := b.attempts("")[0]
	equal(t, "the attempt", got.Result, campaign.Busy)
	equal(t, "its text", got.Text, "")
	again := b.permits(other)
	equal(t, "an old settlement again", b.s.Settle(t.Context(), b.settlement(l, a, campaign.NoAnswer)), nil)
	b.settles(b.settlement(other, again, campaign.Answer))
	equal(t, "the record", b.record("1").Result, campaign.Answer)
	equal(t, "the first attempt", b.attempts("")[0].Result, campaign.Busy)
}

func settleManual(t *testing.T, b *bench) {
	b.mustManual(phone(1), "number:"+phone(1))
	b.mustManual(phone(1), "number:"+phone(1)) // the number is free again
	as := b.attempts("spring")
	equal(t, "attempts", len(as), 2)
	equal(t, "record", as[0].Record, 0)
	equal(t, "result", as[0].Result, campaign.NoAnswer)
}

func note(t *testing.T, b *bench) {
	b.imports(rec(1))
	l := b.leases("1")
	a := b.permits(l)
	b.must(b.s.Note(t.Context(), campaign.Attempt{ID: a.ID, RingingAt: b.now.Add(time.Second), Token: []byte("one")}))
	b.must(b.s.Note(t.Context(), campaign.Attempt{ID: a.ID, RingingAt: b.now.Add(time.Hour), AnsweredAt: b.now.Add(2 * time.Second)}))
	open, err := b.s.Open(t.Context(), process)
	b.must(err)
	if len(open) != 1 {
		t.Fatalf("%d open attempts", len(open))
	}
	got := open[0].Attempt
	equal(t, "ringing", got.RingingAt, b.now.Add(time.Second))
	equal(t, "answered", got.AnsweredAt, b.now.Add(2*time.Second))
	equal(t, "token", string(got.Token), "one")
	b.settles(b.settlement(l, a, campaign.Answer))
	b.must(b.s.Note(t.Context(), campaign.Attempt{ID: a.ID, JoinedAt: b.now.Add(3 * time.Second)}))
	got = b.attempts("")[0]
	equal(t, "answered", got.AnsweredAt, b.now.Add(2*time.Second))
	equal(t, "joined, told after the end", got.JoinedAt, time.Time{})
	b.must(b.s.Note(t.Context(), campaign.Attempt{ID: "nobody"}))
}

func openAttempts(t *testing.T, b *bench) {
	b.imports(recs(1, 3)...)
	l1 := b.leases("1")
	a1 := b.permits(l1)
	l2 := b.leases("2")
	a2 := b.permits(l2)
	b.settles(b.settlement(l2, a2, campaign.Busy))
	q := b.query("ben")
	q.Process = "p2"
	l3 := mustLease(b, q)
	p := b.permitQuery(l3)
	p.Process = "p2"
	b.must(b.s.Permit(t.Context(), p))
	for who, want := range map[string][]campaign.AttemptID{process: {a1.ID}, "p2": {p.Attempt}, "": {a1.ID, p.Attempt}, "p3": nil} {
		open, err := b.s.Open(t.Context(), who)
		b.must(err)
		var got []campaign.AttemptID
		for _, o := range open {
			got = append(got, o.Attempt.ID)
			equal(t, "record", o.Record.ID, o.Attempt.RecordID)
			equal(t, "record's fields", len(o.Record.Fields), 2)
		}
		if !reflectEqual(got, want) {
			t.Errorf("open of %q: %v, want %v", who, got, want)
		}
	}
}

func past(t *testing.T, b *bench) {
	b.imports(rec(1))
	begin := b.now
	for _, r := range []campaign.CallResult{campaign.Busy, campaign.NoAnswer, campaign.DialError} {
		b.calls("1", r, func(s *campaign.Settlement) {
			s.Record.Status, s.Attempt.Counted = campaign.Ready, r != campaign.DialError
		})
		b.now = b.now.Add(time.Hour)
	}
	l := b.leases("1")
	want := []campaign.Past{{At: begin, Result: campaign.Busy}, {At: begin.Add(time.Hour), Result: campaign.NoAnswer}}
	if !reflectEqual(l.Past, want) {
		t.Errorf("past %v, want %v", l.Past, want)
	}
}
