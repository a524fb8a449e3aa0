package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// leaseOwn: only what is due of her own, and never a word about the rest.
func leaseOwn(t *testing.T, b *bench) {
	due := func(r *campaign.Record) {
		r.Type, r.NextDial, r.Owner = campaign.PersonalCallback, b.now.Add(-time.Minute), "ann"
	}
	b.imports(rec(1), rec(2, due))
	q := b.query("ann")
	q.Own = true
	equal(t, "her own", mustLease(b, q).Record.ID, "2")
	equal(t, "and then nothing", *b.nothing(q), campaign.NoRecord{})
	b.leases("1")
}

func (b *bench) counted(name string) campaign.Answers {
	b.t.Helper()
	n, err := b.s.Answers(b.t.Context(), name, b.now)
	b.must(err)
	return n
}

func both(answered, abandoned int) campaign.Answers {
	n := campaign.AnswerCount{Answered: answered, Abandoned: abandoned}
	return campaign.Answers{Day: n, Month: n}
}

// answeredCall dials the next record, which is answered, and joined so long
// after it (negative: never).
func (b *bench) answeredCall(want string, joined time.Duration) (campaign.Lease, campaign.Attempt) {
	b.t.Helper()
	l := b.leases(want)
	a := b.permits(l)
	a.AnsweredAt = b.now
	b.must(b.s.Note(b.t.Context(), a))
	if joined >= 0 {
		a.JoinedAt = b.now.Add(joined)
		b.must(b.s.Note(b.t.Context(), a))
	}
	return l, a
}

// answeredCalls counts every answered call once, as soon as it is known what became
// of it; whatever is written again or corrected, and by another process too.
func answeredCalls(t *testing.T, b *bench) {
	b.imports(recs(1, 9)...)
	equal(t, "of nobody", b.counted("spring"), both(0, 0))
	b.calls("1", campaign.Busy)
	equal(t, "not answered", b.counted("spring"), both(0, 0))

	l, a := b.answeredCall("2", -1)
	equal(t, "answered, and waits", b.counted("spring"), both(0, 0))
	a.JoinedAt = b.now.Add(20 * time.Millisecond)
	b.must(b.s.Note(t.Context(), a))
	b.must(b.s.Note(t.Context(), a))
	equal(t, "joined", b.counted("spring"), both(1, 0))
	s := b.settlement(l, a, campaign.Answer)
	b.settles(s)
	b.settles(s)
	s.Correction, s.Attempt.Result = true, campaign.WrongParty
	b.settles(s)
	equal(t, "over, twice, corrected", b.counted("spring"), both(1, 0))

	l, a = b.answeredCall("3", -1)
	b.settles(b.settlement(l, a, campaign.Abandoned))
	equal(t, "abandoned", b.counted("spring"), both(2, 1))
	l, a = b.answeredCall("4", 2001*time.Millisecond)
	equal(t, "joined too late", b.counted("spring"), both(3, 2))
	b.settles(b.settlement(l, a, campaign.Answer))
	equal(t, "and it stays so", b.counted("spring"), both(3, 2))
	l, a = b.answeredCall("5", 2*time.Second)
	b.settles(b.settlement(l, a, campaign.Answer))
	equal(t, "just in time", b.counted("spring"), both(4, 2))
	l, a = b.answeredCall("6", time.Second) // and not heard: passed on, and abandoned after all
	b.settles(b.settlement(l, a, campaign.Abandoned))
	equal(t, "joined, and abandoned after it", b.counted("spring"), both(5, 3))

	// Progress that never came is made up for at the end.
	l = b.leases("7")
	a = b.permits(l)
	a.AnsweredAt, a.JoinedAt = b.now, b.now
	b.settles(b.settlement(l, a, campaign.Answer))
	equal(t, "without progress", b.counted("spring"), both(6, 3))
	equal(t, "of another campaign", b.counted("summer"), both(0, 0))
	b.s = b.open(t)
	equal(t, "after a restart", b.counted("spring"), both(6, 3))
}

// answeredWindows: what lies outside does not count. Of the hour in which a
// window begins what was abandoned counts and what was answered does not, so
// that the budget holds wherever in it the window begins.
func answeredWindows(t *testing.T, b *bench) {
	begin := b.now.Truncate(time.Hour).Add(30 * time.Minute)
	b.now = begin
	n := 0
	answer := func(result campaign.CallResult) {
		n++
		b.imports(rec(n))
		joined := time.Duration(0)
		if result == campaign.Abandoned {
			joined = -1
		}
		l, a := b.answeredCall(fmt.Sprint(n), joined)
		b.settles(b.settlement(l, a, result))
	}
	answer(campaign.Answer)
	answer(campaign.Abandoned)
	count := func(after time.Duration, day, month campaign.AnswerCount) {
		t.Helper()
		b.now = begin.Add(after)
		equal(t, "after "+after.String(), b.counted("spring"), campaign.Answers{Day: day, Month: month})
	}
	all, old, none := campaign.AnswerCount{Answered: 2, Abandoned: 1}, campaign.AnswerCount{Answered: 1, Abandoned: 1}, campaign.AnswerCount{}
	count(0, all, all)
	count(23*time.Hour, all, all)
	count(24*time.Hour, old, all)
	count(25*time.Hour, none, all)
	count(campaign.BudgetMonth-time.Hour, none, all)
	count(campaign.BudgetMonth, none, old)
	count(campaign.BudgetMonth+time.Hour, none, none)
}

// permitBudget: a call beyond one for each free agent is refused when another
// abandoned one would be too many, counting those who wait for an agent now.
func permitBudget(t *testing.T, b *bench) {
	b.imports(recs(1, 12)...)
	for n := 1; n <= 8; n++ {
		l, a := b.answeredCall(fmt.Sprint(n), 0)
		b.settles(b.settlement(l, a, campaign.Answer))
	}
	ahead := func(l campaign.Lease, limit float64) campaign.PermitQuery {
		q := b.permitQuery(l)
		q.Ahead, q.Rules.MaxAbandoned, q.Agent = true, limit, ""
		return q
	}
	l := b.leases("9")
	none := b.refused(ahead(l, 0), campaign.ReasonBudget)
	equal(t, "kind", none.Kind, campaign.Global)
	b.refused(ahead(l, 0.12), campaign.ReasonBudget) // 1 of 8 is more
	b.must(b.s.Permit(t.Context(), ahead(l, 0.125)))

	b.answeredCall("10", -1) // somebody waits, and 9 still rings
	l = b.leases("11")
	b.refused(ahead(l, 0.25), campaign.ReasonBudget)
	b.must(b.s.Permit(t.Context(), ahead(l, 0.375)))
	l = b.leases("12")
	q := b.permitQuery(l)
	q.Rules.MaxAbandoned = 0
	b.must(b.s.Permit(t.Context(), q)) // one for a free agent needs no budget
}

// permitBudgetRinging: calls dialled ahead stand against the budget from their
// permit until they are joined or over, whichever process dialled them; those
// with an agent never.
func permitBudgetRinging(t *testing.T, b *bench) {
	b.imports(recs(1, 14)...)
	for n := 1; n <= 8; n++ {
		l, a := b.answeredCall(fmt.Sprint(n), 0)
		b.settles(b.settlement(l, a, campaign.Answer))
	}
	here, there := b.s, b.open(t)
	defer func() { b.s = here }()
	rings := func(id, process string) (campaign.Lease, campaign.Attempt) {
		t.Helper()
		q := b.query("")
		q.Process = process
		l := mustLease(b, q)
		equal(t, "leased", l.Record.ID, id)
		p := b.permitQuery(l)
		p.Ahead, p.Rules.MaxAbandoned, p.Agent, p.Process = true, 0.25, "", process // 2 of 8
		err := b.s.Permit(t.Context(), p)
		var no *campaign.Refusal
		if errors.As(err, &no) && no.Reason.Code == campaign.ReasonBudget {
			b.must(b.s.Release(t.Context(), l, campaign.Release{Now: b.now}))
			return l, campaign.Attempt{}
		}
		b.must(err)
		return l, campaign.Attempt{ID: p.Attempt, Campaign: p.Campaign, Record: l.Record.Key}
	}
	l9, a9 := rings("9", "here")
	b.s = there
	_, a10 := rings("10", "there")
	if _, a := rings("11", "there"); a.ID != "" {
		t.Error("two calls dialled ahead ring in two processes, two may be abandoned, and a third one was let through")
	}
	b.s = here
	b.settles(b.settlement(l9, a9, campaign.NoAnswer)) // over: not abandoned
	_, a := rings("11", "here")
	if a.ID == "" {
		t.Fatal("one rings, two may be abandoned, and the second one was refused")
	}
	a10.AnsweredAt, a10.JoinedAt = b.now, b.now // it has its agent now
	b.must(b.s.Note(t.Context(), a10))
	if _, a := rings("12", "here"); a.ID == "" {
		t.Error("a call with its agent still stands against the budget")
	}
	b.permits(b.leases("13")) // one for a free agent is no risk
	if _, a := rings("14", "here"); a.ID != "" {
		t.Error("a third one was let through")
	}
}

// permitAtRisk: of each process's calls dialled ahead only so many stand
// against the budget as it says may find no agent: of those that ring, and
// besides whoever waits.
func permitAtRisk(t *testing.T, b *bench) {
	b.imports(recs(1, 20)...)
	for n := 1; n <= 8; n++ {
		l, a := b.answeredCall(fmt.Sprint(n), 0)
		b.settles(b.settlement(l, a, campaign.Answer))
	}
	// dial asks for one more when so many may be lost, and says whether it may be.
	dial := func(process string, atRisk, budget int) (campaign.Lease, campaign.Attempt, bool) {
		t.Helper()
		q := b.query("")
		q.Process = process
		l := mustLease(b, q)
		p := b.permitQuery(l)
		p.Ahead, p.AtRisk, p.Rules.MaxAbandoned, p.Agent, p.Process = true, atRisk, float64(budget)/8, "", process
		err := b.s.Permit(t.Context(), p)
		var no *campaign.Refusal
		if errors.As(err, &no) && no.Reason.Code == campaign.ReasonBudget {
			b.must(b.s.Release(t.Context(), l, campaign.Release{Now: b.now}))
			return l, campaign.Attempt{}, false
		}
		b.must(err)
		return l, campaign.Attempt{ID: p.Attempt, Campaign: p.Campaign, Record: l.Record.Key}, true
	}
	must := func(want bool, process string, atRisk, budget int, why string) (campaign.Lease, campaign.Attempt) {
		t.Helper()
		l, a, ok := dial(process, atRisk, budget)
		if ok != want {
			t.Fatalf("%s with %d at risk and a budget of %d: permitted %v; %s", process, atRisk, budget, ok, why)
		}
		return l, a
	}
	must(true, "here", 1, 1, "the first one")
	must(true, "here", 1, 1, "two ring, and one of them may be lost")
	must(true, "here", 2, 2, "three ring, and two of them may be lost")
	must(false, "here", 3, 2, "three may be lost")
	must(true, "here", 9, 4, "no more may be lost than ring")
	must(false, "there", 1, 4, "all four of the others may be lost: that was said of the last one")
	l, a := must(true, "there", 1, 5, "and one more")
	must(true, "there", 1, 5, "one of two")
	must(false, "here", 1, 1, "the one of the other process stands beside")
	must(true, "here", 1, 2, "what is said counts, not what was")
	a.AnsweredAt = b.now // at the other one somebody waits: lost, and one of those that ring may be
	b.must(b.s.Note(t.Context(), a))
	must(false, "here", 1, 2, "one waits, one rings there")
	must(true, "here", 1, 3, "one waits, one rings there")
	must(false, "there", 1, 6, "one waits, one may be lost; and all six of the other process")
	b.settles(b.settlement(l, a, campaign.Abandoned))
	must(false, "here", 0, 7, "nothing is said: all seven may be, one of the other process, and one was abandoned")
	must(true, "here", 0, 9, "nothing is said")
}
