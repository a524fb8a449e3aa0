package campaign

import (
	"testing"
	"time"
)

func spring() *Campaign {
	return &Campaign{
		Name: "spring", Client: "Muster GmbH", Mode: ModeProgressive, Attempts: 5,
		Treatments: []Treatment{
			{On: Busy, RetryIn: Retry{After: 30 * time.Minute}, Max: 3},
			{On: NoAnswer, RetryIn: Retry{OtherPart: true}, Max: 8, MaxPerDay: 2, Then: ThenNextInChain},
			{On: AnsweringMachine, RetryIn: Retry{Days: 1}, Max: 4, Then: ThenGiveUp},
			{On: WrongParty, RetryIn: Retry{After: 4 * time.Hour}, MaxPerDay: 1},
			{On: Silence, Then: ThenNextInChain},
			{On: Fax, RetryIn: Retry{At: 17*time.Hour + 30*time.Minute}},
			{On: Abandoned, RetryIn: Retry{Days: 2, At: 17*time.Hour + 30*time.Minute}},
			{On: Unknown, RetryIn: Retry{Days: 1, At: 2*time.Hour + 30*time.Minute}, Max: 2},
			{On: Rejected, RetryIn: Retry{After: time.Hour}, Increment: Retry{After: 30 * time.Minute}, Max: 4, Then: ThenToGroup},
			{Code: "No/Price", RetryIn: Retry{Days: 30}},
			{Code: "No", RetryIn: Retry{Days: 7}, Max: 2},
			{Code: "Ask", Then: ThenToGroup},
		},
		Dispositions: []Disposition{
			{Name: "Sold", Children: []Disposition{{Name: "New", Kind: SuccessCode, Final: true}}},
			{Name: "Later", Kind: NeutralCode},
			{Name: "Ask", Kind: NeutralCode},
			{Name: "No", Children: []Disposition{{Name: "Price", Kind: RefusalCode, Final: true}, {Name: "Has one", Kind: RefusalCode, Final: true}, {Name: "Other", Kind: RefusalCode, Final: true}}},
		},
	}
}

func leaseOf(r Record, past ...CallResult) Lease {
	l := Lease{Record: r, Fence: 7}
	for i, p := range past {
		l.Past = append(l.Past, Past{At: noon().Add(-time.Duration(len(past)-i) * 24 * time.Hour), Result: p})
	}
	l.Record.Attempts = max(l.Record.Attempts, len(past))
	return l
}

func TestOutcome(t *testing.T) {
	berlin, _ := time.LoadLocation("Europe/Berlin")
	rec := Record{Key: 1, Phone: "+493012345678", Type: General, Status: Retrieved, Result: Unknown}
	today := noon().Add(-time.Hour)
	cases := []struct {
		name     string
		lease    Lease
		result   CallResult
		sip      int
		wrap     Wrap
		own      bool   // OwnFailures.Count
		now      string // Berlin; default noon
		status   RecordStatus
		next     string // Berlin
		chain    ChainAction
		attempts int
		final    CallResult // default: result
		kind     RecordType // default General
		owner    AgentID
		blocked  bool
	}{
		{name: "reached", lease: leaseOf(rec), result: Answer, status: Updated, chain: ChainFinish, attempts: 1},
		{name: "busy once", lease: leaseOf(rec), result: Busy, status: Ready, next: "2026-06-10 12:30", attempts: 1},
		{name: "busy twice", lease: leaseOf(rec, Busy), result: Busy, status: Ready, next: "2026-06-10 12:30", attempts: 2},
		{name: "busy three times", lease: leaseOf(rec, Busy, Busy), result: Busy, status: Updated, chain: ChainNext, attempts: 3},
		{name: "others do not count towards max", lease: leaseOf(rec, NoAnswer, Busy, NoAnswer), result: Busy, status: Ready, next: "2026-06-10 12:30", attempts: 4},
		{name: "attempts cap all together", lease: leaseOf(rec, NoAnswer, Busy, NoAnswer, WrongParty), result: Busy, status: Updated, chain: ChainNext, attempts: 5},
		{name: "imported history counts like its last", lease: leaseOf(Record{Key: 1, Phone: "+493012345678", Type: General, Result: Busy, Attempts: 2}), result: Busy, status: Updated, chain: ChainNext, attempts: 3},
		{name: "imported history counts as it was then", lease: leaseOf(Record{Key: 1, Phone: "+493012345678", Type: General, Result: Busy, Attempts: 3, Before: NoAnswer}, Busy), result: Busy, status: Ready, next: "2026-06-10 12:30", attempts: 4},
		{name: "imported history counts, too, after a call of ours", lease: leaseOf(Record{Key: 1, Phone: "+493012345678", Type: General, Result: NoAnswer, Attempts: 3, Before: Busy}, NoAnswer), result: Busy, status: Updated, chain: ChainNext, attempts: 4},
		{name: "a record that was freed begins anew", lease: Lease{Record: rec, Past: leaseOf(rec, Busy, Busy, Busy).Past}, result: Busy, status: Ready, next: "2026-06-10 12:30", attempts: 1},
		{name: "no answer at noon: evening", lease: leaseOf(rec), result: NoAnswer, status: Ready, next: "2026-06-10 17:00", attempts: 1},
		{name: "no answer in the morning: afternoon", lease: leaseOf(rec), result: NoAnswer, now: "2026-06-10 09:00", status: Ready, next: "2026-06-10 12:00", attempts: 1},
		{name: "the other part is not minutes away", lease: leaseOf(rec), result: NoAnswer, now: "2026-06-10 11:55", status: Ready, next: "2026-06-10 17:00", attempts: 1},
		{name: "no answer in the evening: next morning", lease: leaseOf(rec), result: NoAnswer, now: "2026-06-10 18:30", status: Ready, next: "2026-06-11 00:00", attempts: 1},
		{name: "second no answer today: tomorrow, another part", lease: Lease{Record: rec, Past: []Past{{At: today, Result: NoAnswer}}}, result: NoAnswer, now: "2026-06-10 11:30", status: Ready, next: "2026-06-11 12:00", attempts: 1},
		{name: "machine: same time tomorrow", lease: leaseOf(rec), result: AnsweringMachine, status: Ready, next: "2026-06-11 12:00", attempts: 1},
		{name: "a day is a calendar day, over the clock change", lease: leaseOf(rec), result: AnsweringMachine, now: "2026-10-24 12:00", status: Ready, next: "2026-10-25 12:00", attempts: 1},
		{name: "machine given up finishes the chain", lease: leaseOf(rec, AnsweringMachine, AnsweringMachine, AnsweringMachine), result: AnsweringMachine, status: Updated, chain: ChainFinish, attempts: 4},
		{name: "once a day: the next day begins", lease: leaseOf(rec), result: WrongParty, status: Ready, next: "2026-06-11 00:00", attempts: 1},
		{name: "treatment without retry", lease: leaseOf(rec), result: Silence, status: Updated, chain: ChainNext, attempts: 1},
		{name: "not listed: finished, useless number", lease: leaseOf(rec), result: InvalidNumber, status: Updated, chain: ChainNext, attempts: 1},
		{name: "wrong number", lease: leaseOf(rec), result: Answer, wrap: Wrap{Result: WrongNumber}, final: WrongNumber, status: Updated, chain: ChainNext, attempts: 1},
		{name: "not listed: reached, if only to say no", lease: leaseOf(rec), result: Answer, sip: 200, wrap: Wrap{Result: Rejected, Disposition: "Sold/New"}, final: Rejected, status: Updated, chain: ChainFinish, attempts: 1},
		{name: "607 is an opt-out", lease: leaseOf(rec), result: Rejected, sip: 607, status: Updated, chain: ChainFinish, attempts: 1, kind: NoCall, blocked: true},
		{name: "do not call alone", lease: leaseOf(rec), result: Answer, wrap: Wrap{NoCall: true, Note: "said so"}, final: DoNotCall, status: Updated, chain: ChainFinish, attempts: 1, kind: NoCall, blocked: true},
		{name: "do not call beside a result", lease: leaseOf(rec), result: Answer, wrap: Wrap{NoCall: true, Result: Answer}, status: Updated, chain: ChainFinish, attempts: 1, kind: NoCall, blocked: true},
		{name: "the agent overrules", lease: leaseOf(rec), result: Answer, wrap: Wrap{Result: AnsweringMachine}, final: AnsweringMachine, status: Ready, next: "2026-06-11 12:00", attempts: 1},
		{name: "final disposition stops retries", lease: leaseOf(rec), result: Answer, wrap: Wrap{Result: WrongParty, Disposition: "Sold/New"}, final: WrongParty, status: Updated, chain: ChainFinish, attempts: 1},
		{name: "a disposition that is not final does not", lease: leaseOf(rec), result: Answer, wrap: Wrap{Result: AnsweringMachine, Disposition: "Later"}, final: AnsweringMachine, status: Ready, next: "2026-06-11 12:00", attempts: 1},
		{name: "all trunks busy keeps its place", lease: leaseOf(rec, Busy), result: AllTrunksBusy, sip: 503, status: Ready, next: "2026-06-10 12:00", attempts: 1},
		{name: "dial error keeps its place", lease: leaseOf(rec), result: DialError, sip: 500, status: Ready, next: "2026-06-10 12:00"},
		{name: "what was never sent waits for nothing", lease: leaseOf(rec), result: DialError, status: Ready},
		{name: "in a lab it counts", lease: leaseOf(rec), result: AllTrunksBusy, own: true, status: Updated, chain: ChainNext, attempts: 1},
		{name: "personal callback", lease: leaseOf(rec), result: Answer, wrap: Wrap{Callback: &Callback{At: noon().Add(3 * time.Hour), Personal: true, Agreed: true}}, status: Ready, next: "2026-06-10 15:00", attempts: 1, kind: PersonalCallback},
		{name: "put back for anybody", lease: leaseOf(rec), result: Answer, wrap: Wrap{Callback: &Callback{At: noon().Add(3 * time.Hour)}}, status: Ready, next: "2026-06-10 15:00", attempts: 1, kind: CampaignRescheduled},
		{name: "a wish is for one time", lease: leaseOf(Record{Key: 1, Phone: "+493012345678", Type: PersonalCallback, Owner: "ann", CallbackAt: noon()}), result: Busy, status: Ready, next: "2026-06-10 12:30", attempts: 1, kind: PersonalRescheduled, owner: "ann"},
		{name: "a wish of the campaign too", lease: leaseOf(Record{Key: 1, Phone: "+493012345678", Type: CampaignCallback, CallbackAt: noon()}), result: Busy, status: Ready, next: "2026-06-10 12:30", attempts: 1, kind: CampaignRescheduled},
		{name: "a treatment for a leaf goes before its finality", lease: leaseOf(rec), result: Answer, wrap: Wrap{Result: Answer, Disposition: "No/Price"}, status: Ready, next: "2026-07-10 12:00", attempts: 1},
		{name: "one for a branch holds for its leaves", lease: leaseOf(rec), result: Answer, wrap: Wrap{Result: Answer, Disposition: "No/Has one"}, status: Ready, next: "2026-06-17 12:00", attempts: 1},
		{name: "max counts the branch", lease: Lease{Record: Record{Key: 1, Phone: "+493012345678", Type: General, Attempts: 1}, Past: []Past{{At: noon().AddDate(0, 0, -7), Result: Answer, Disposition: "No/Other"}}}, result: Answer, wrap: Wrap{Result: Answer, Disposition: "No/Has one"}, status: Updated, chain: ChainFinish, attempts: 2},
		{name: "at a time, today", lease: leaseOf(rec), result: Fax, status: Ready, next: "2026-06-10 17:30", attempts: 1},
		{name: "at a time, passed", lease: leaseOf(rec), result: Fax, now: "2026-06-10 17:30", status: Ready, next: "2026-06-11 17:30", attempts: 1},
		{name: "at a time, in so many days", lease: leaseOf(rec), result: Abandoned, now: "2026-06-10 18:00", status: Ready, next: "2026-06-12 17:30", attempts: 1},
		{name: "at a time the change of the clock leaves out", lease: leaseOf(rec), result: Unknown, now: "2026-03-28 12:00", status: Ready, next: "2026-03-29 03:30", attempts: 1},
		{name: "increment: the first", lease: leaseOf(rec), result: Rejected, status: Ready, next: "2026-06-10 13:00", attempts: 1},
		{name: "increment: the third", lease: leaseOf(rec, Rejected, Rejected), result: Rejected, status: Ready, next: "2026-06-10 14:00", attempts: 3},
		{name: "to the group at once", lease: leaseOf(Record{Key: 1, Phone: "+493012345678", Type: PersonalRescheduled, Owner: "ann"}), result: Answer, wrap: Wrap{Result: Answer, Disposition: "Ask"}, status: Ready, next: "2026-06-10 12:00", attempts: 1, kind: CampaignCallback},
		{name: "to the group once", lease: leaseOf(Record{Key: 1, Phone: "+493012345678", Type: CampaignCallback}), result: Answer, wrap: Wrap{Result: Answer, Disposition: "Ask"}, status: Updated, chain: ChainFinish, attempts: 1, kind: CampaignCallback},
		{name: "to the group when used up", lease: leaseOf(Record{Key: 1, Phone: "+493012345678", Type: PersonalRescheduled, Owner: "ann"}, Rejected, Rejected, Rejected), result: Rejected, status: Ready, next: "2026-06-10 14:30", attempts: 4, kind: CampaignCallback},
		{name: "no group beyond the attempts of all", lease: leaseOf(rec, Rejected, Rejected, Rejected, Rejected), result: Rejected, status: Updated, chain: ChainFinish, attempts: 5},
		{name: "hung up while ringing", lease: leaseOf(rec), result: ResultCancelled, status: Updated, chain: ChainNext, attempts: 1},
		{name: "unknown keeps the chain", lease: leaseOf(rec, Unknown), result: Unknown, status: Updated, chain: ChainKeep, attempts: 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			camp := spring()
			camp.OwnFailures.Count = c.own
			now := noon()
			if c.now != "" {
				now, _ = time.ParseInLocation("2006-01-02 15:04", c.now, berlin)
			}
			a := Attempt{ID: "a1", Record: 1, Number: "+493012345678", Person: "p", Agent: "ann", Status: c.sip, DialerResult: c.result, DialedAt: now.Add(-time.Minute)}
			s := Outcome(camp, c.lease, a, c.wrap, now)
			u := s.Record
			if c.final == 0 {
				c.final = c.result
			}
			if c.kind == 0 {
				c.kind = General
			}
			if u.Status != c.status || s.Chain != c.chain || u.Attempts != c.attempts || u.Result != c.final || u.Type != c.kind || s.Attempt.Result != c.final {
				t.Errorf("got %+v, chain %d; want %+v", u, s.Chain, c)
			}
			got := ""
			if !u.NextDial.IsZero() {
				got = u.NextDial.In(berlin).Format("2006-01-02 15:04")
			}
			if got != c.next {
				t.Errorf("next %q, want %q", got, c.next)
			}
			if c.kind == CampaignCallback && u.Owner != "" || c.owner != "" && u.Owner != c.owner {
				t.Errorf("owner %q", u.Owner)
			}
			if !u.CallbackAt.IsZero() && c.wrap.Callback == nil {
				t.Error("the old wish still stands")
			}
			if (s.Block != nil) != c.blocked {
				t.Errorf("block %+v", s.Block)
			}
			if b := s.Block; b != nil && (b.Client != "Muster GmbH" || b.Person != "p" || b.Number != a.Number || b.Attempt != "a1") {
				t.Errorf("block %+v", b)
			}
			if counted := c.attempts > c.lease.Record.Attempts; s.Attempt.Counted != counted || u.KeepPlace == counted {
				t.Errorf("counted %v, keeps place %v", s.Attempt.Counted, u.KeepPlace)
			}
			if s.Fence != 7 && c.lease.Fence == 7 {
				t.Error("the fence is lost")
			}
			if u.Reason == "" {
				t.Error("no reason")
			}
		})
	}
}

// A refusing trunk is asked again for the same number after 30 s, then after
// twice as long each time, and at least every quarter of an hour; once anything
// else has come of it, it begins anew.
func TestTrunkPause(t *testing.T) {
	r, now := Record{Key: 1, Phone: "+493012345678", Type: General, Status: Retrieved, Result: Unknown}, noon()
	for i, want := range []time.Duration{30, 60, 120, 240, 480, 900, 900} {
		s := Outcome(spring(), Lease{Record: r}, Attempt{DialedAt: now, Status: 503, DialerResult: AllTrunksBusy}, Wrap{}, now)
		if got := s.Record.NextDial.Sub(now); got != want*time.Second || !s.Record.KeepPlace || s.Attempt.Counted {
			t.Errorf("refusal %d: waits %s, want %s; %+v", i+1, got, want*time.Second, s.Record)
		}
		r.Result, r.LastCall = s.Record.Result, s.Record.LastCall
		now = s.Record.NextDial
	}
	r.Result = Busy
	s := Outcome(spring(), Lease{Record: r}, Attempt{DialedAt: now, Status: 503, DialerResult: AllTrunksBusy}, Wrap{}, now)
	if got := s.Record.NextDial.Sub(now); got != leastTrunkPause {
		t.Errorf("after busy: waits %s", got)
	}
}
