package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// lawful works people with two numbers each in random ways, over weeks and two
// campaigns of two clients: calls, opt-outs of every scope, erasure, and lists
// that bring the erased back. What Permit says is compared with the law in
// plain words, and the audit log with what was said.
func lawful(t *testing.T, b *bench) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	h := &lawHistory{bench: b, rnd: rand.New(rand.NewPCG(seed, 2)), said: map[campaign.AttemptID]campaign.AuditEntry{}, seen: map[campaign.ReasonCode]int{}}
	h.berlin, _ = time.LoadLocation("Europe/Berlin")
	for n := range lawPeople {
		h.arrives(n)
	}
	for range 200 {
		h.step()
		if t.Failed() {
			return
		}
	}
	h.log()
	h.scopeKept()
	t.Log(h.seen)
	if h.seen[""] < 10 || len(h.seen) < 3 {
		t.Errorf("too little happens: %v", h.seen)
	}
}

const lawPeople = 6

type lawCall struct {
	campaign.Attempt
	over    bool
	counted bool
	lost    bool // abandoned
}

type lawHistory struct {
	*bench
	rnd     *rand.Rand
	berlin  *time.Location
	calls   []*lawCall
	entries []campaign.DNCEntry
	erased  int
	came    int
	said    map[campaign.AttemptID]campaign.AuditEntry // what the log has to hold
	seen    map[campaign.ReasonCode]int
}

// arrives: a list brings a person with two numbers.
func (h *lawHistory) arrives(n int) {
	h.came++
	id := func(r *campaign.Record) { r.CustomerID, r.ID = fmt.Sprint(n), fmt.Sprint(n, "-", h.came, "-", r.Line) }
	h.importsTo("law", rec(2*n, id), rec(2*n+1, id))
}

func (h *lawHistory) step() {
	h.t.Helper()
	switch h.rnd.IntN(12) {
	default:
		h.call()
	case 4, 5, 6, 7:
		h.ends()
	case 8, 9:
		h.passes()
	case 10:
		if h.rnd.IntN(6) == 0 {
			h.optsOut()
		}
	case 11:
		if h.rnd.IntN(3) == 0 {
			h.forgets()
		}
	}
}

// passes lets time go by, mostly to the edge of a rule or beside it.
func (h *lawHistory) passes() {
	to := h.now.Add(time.Duration(h.rnd.IntN(120)) * time.Minute)
	if len(h.calls) > 0 && h.rnd.IntN(3) > 0 {
		c := h.calls[len(h.calls)-1-h.rnd.IntN(min(3, len(h.calls)))]
		from, edge := c.DialedAt, []time.Duration{30 * time.Minute, 24 * time.Hour, 72 * time.Hour}[h.rnd.IntN(3)]
		if edge == 72*time.Hour {
			from = c.last()
		}
		to = from.Add(edge + []time.Duration{-time.Hour, -time.Millisecond, 0, time.Millisecond}[h.rnd.IntN(4)])
	}
	if to.After(h.now) {
		h.now = to
	}
}

func (c *lawCall) last() time.Time {
	at := c.DialedAt
	for _, t := range []time.Time{c.AnsweredAt, c.EndedAt} {
		if t.After(at) {
			at = t
		}
	}
	return at
}

func (h *lawHistory) call() {
	h.t.Helper()
	n := h.rnd.IntN(2 * lawPeople)
	if h.rnd.IntN(3) > 0 { // mostly the same ones
		n = h.rnd.IntN(4)
	}
	q := h.permitQuery(campaign.Lease{})
	q.Number, q.Person, q.Manual = phone(n), fmt.Sprint("customer:", n/2), h.rnd.IntN(4) == 0
	if h.rnd.IntN(4) == 0 { // a list that does not know the customer
		q.Person = campaign.PersonOf("", "", q.Number)
	}
	q.Campaign, q.Client = []string{"spring", "autumn"}[h.rnd.IntN(2)], []string{"Muster", "Other"}[h.rnd.IntN(2)]
	q.Pacing = fmt.Sprint("inputs ", h.ids)
	q.Rules.MinGap = 30 * time.Minute
	q.Rules.Profiles = []campaign.Profile{{Country: "lab", MaxPerDay: 2, LockAfter: 72 * time.Hour}}
	err := h.s.Permit(h.t.Context(), q)
	got := campaign.ReasonCode("")
	var no *campaign.Refusal
	if errors.As(err, &no) {
		got = no.Reason.Code
	} else {
		h.must(err)
	}
	if want := h.law(q); got != want {
		h.t.Errorf("%s %s of %s for %s, manual %v, at %s: %q, want %q; calls %s", q.Number, q.Person, q.Client, q.Campaign, q.Manual, h.now.In(h.berlin), got, want, h.told(q))
	}
	h.seen[got]++
	e := campaign.AuditEntry{What: campaign.AuditDialled, About: string(q.Attempt), New: q.Campaign, Reason: q.Pacing}
	if got != "" {
		e.What, e.Reason = campaign.AuditRefused, string(got)
	} else {
		h.calls = append(h.calls, &lawCall{Attempt: h.attemptOf(q), counted: true})
	}
	h.said[q.Attempt] = e
}

func (h *lawHistory) told(q campaign.PermitQuery) (s string) {
	for _, c := range h.calls {
		if c.Number == q.Number || c.Person == q.Person {
			s += fmt.Sprintf("\n%s %s at %s, counted %v, lost %v until %s", c.Number, c.Person, c.DialedAt.In(h.berlin), c.counted, c.lost, c.last())
		}
	}
	return s
}

// law is the law in plain words.
func (h *lawHistory) law(q campaign.PermitQuery) campaign.ReasonCode {
	for _, e := range h.entries {
		mine := e.Number == q.Number || e.Person != "" && (e.Person == q.Person || e.Person == "number:"+q.Number)
		if !mine || e.Campaign != "" && e.Campaign != q.Campaign || e.Campaign == "" && e.Client != "" && e.Client != q.Client {
			continue
		}
		return campaign.ReasonDoNotCall
	}
	today, inCall, locked, gap := 0, false, false, false
	y, m, d := h.now.In(h.berlin).Date()
	midnight := time.Date(y, m, d, 0, 0, 0, 0, h.berlin)
	for _, c := range h.calls {
		if c.Number != q.Number && c.Person != q.Person {
			continue
		}
		inCall = inCall || !c.over
		locked = locked || c.lost && h.now.Before(c.last().Add(72*time.Hour)) && !q.Manual
		if !c.counted {
			continue
		}
		gap = gap || h.now.Before(c.DialedAt.Add(30*time.Minute))
		if h.now.Before(c.DialedAt.Add(24*time.Hour)) || !c.DialedAt.Before(midnight) {
			today++
		}
	}
	switch {
	case inCall:
		return campaign.ReasonInCall
	case locked:
		return campaign.ReasonAbandonedLock
	case gap:
		return campaign.ReasonGap
	case today >= 2:
		return campaign.ReasonPerDay
	}
	return ""
}

// ends ends a call: nobody was there, it never reached the telephone, no
// agent was there in time, one was there too late, or all went well.
func (h *lawHistory) ends() {
	h.t.Helper()
	for _, c := range h.calls {
		if c.over {
			continue
		}
		h.now = h.now.Add(time.Duration(1+h.rnd.IntN(90)) * time.Second)
		a, result := c.Attempt, campaign.NoAnswer
		switch h.rnd.IntN(12) {
		case 0:
			result, a.Counted = campaign.DialError, false
		case 1:
			result, a.AnsweredAt = campaign.Abandoned, h.now.Add(-time.Second)
		case 2, 3:
			result, a.AnsweredAt = campaign.Answer, h.now.Add(-time.Minute)
			a.JoinedAt = a.AnsweredAt.Add([]time.Duration{0, 2000, 2001}[h.rnd.IntN(3)] * time.Millisecond)
		}
		s := h.settlement(campaign.Lease{}, a, result)
		h.settles(s)
		c.Attempt, c.over, c.counted = s.Attempt, true, s.Attempt.Counted
		c.lost = s.Attempt.Late()
		return
	}
}

func (h *lawHistory) optsOut() {
	h.t.Helper()
	n := h.rnd.IntN(2 * lawPeople)
	e := campaign.DNCEntry{Number: phone(n), Person: fmt.Sprint("customer:", n/2), By: "ann", At: h.now, Wording: "never again"}
	switch h.rnd.IntN(4) {
	case 0:
		e.Person = ""
	case 1:
		e.Number = ""
	case 2:
		e.Number, e.Person = "", "number:"+e.Number
	}
	switch h.rnd.IntN(4) {
	case 0:
		e.Campaign = []string{"spring", "autumn"}[h.rnd.IntN(2)]
	case 1, 2:
		e.Client = []string{"Muster", "Other"}[h.rnd.IntN(2)]
	}
	h.must(h.s.Block(h.t.Context(), e))
	h.entries = append(h.entries, e)
}

// forgets erases a person and lets a new list bring her back: her wish counts
// on, by each of her numbers, and so do locks and caps.
func (h *lawHistory) forgets() {
	h.t.Helper()
	n := h.rnd.IntN(lawPeople)
	for _, c := range h.calls {
		if !c.over && (c.Number == phone(2*n) || c.Number == phone(2*n+1)) {
			return // not in the middle of a call
		}
	}
	h.erased++
	_, err := h.answers().Erase(h.t.Context(), fmt.Sprint("E", h.erased), campaign.EraseQuery{Number: phone(2 * n), By: "eva", Now: h.now, All: true})
	h.must(err)
	for _, e := range h.entries {
		if e.Person != fmt.Sprint("customer:", n) {
			continue
		}
		for _, number := range []string{phone(2 * n), phone(2*n + 1)} {
			wide := e
			wide.Number, wide.Person = number, ""
			h.entries = append(h.entries, wide)
		}
	}
	h.arrives(n)
}

// log compares the log with what was said: every attempt with the gate's reason
// or pacing's inputs, the same refusal once an hour, nothing changed since it
// was written, and no number in it.
func (h *lawHistory) log() {
	h.t.Helper()
	held := map[string]campaign.AuditEntry{}
	for _, e := range h.auditLog(campaign.AuditQuery{}) {
		if e.What == campaign.AuditDialled || e.What == campaign.AuditRefused {
			held[e.About] = e
		}
		if strings.Contains(e.About+e.Old+e.New+e.Reason+e.Subject, phone(1)[4:10]) {
			h.t.Errorf("the log holds a number: %+v", e)
		}
	}
	for id, want := range h.said {
		e, ok := held[string(id)]
		if !ok && want.What == campaign.AuditRefused {
			continue // the same as a short while ago
		}
		if !ok || e.What != want.What || e.New != want.New || e.Reason != want.Reason {
			h.t.Errorf("the log says %+v, want %+v", e, want)
		}
	}
	for id := range held {
		if _, ok := h.said[campaign.AttemptID(id)]; !ok {
			h.t.Errorf("the log has %s, which was never asked for", id)
		}
	}
	st, err := h.answers().VerifyAudit(h.t.Context())
	h.must(err)
	equal(h.t, "whole", st.Whole, true)
}

// scopeKept: an erased person's wish towards one client is none towards others.
func (h *lawHistory) scopeKept() {
	h.t.Helper()
	id := func(r *campaign.Record) { r.CustomerID, r.ID = "50", fmt.Sprint("50-", r.Line) }
	h.importsTo("law", rec(100, id), rec(101, id))
	h.must(h.s.Block(h.t.Context(), campaign.DNCEntry{Number: phone(100), Person: "customer:50", Client: "Other", At: h.now}))
	_, err := h.answers().Erase(h.t.Context(), "E50", campaign.EraseQuery{Number: phone(101), By: "eva", Now: h.now, All: true})
	h.must(err)
	for _, n := range []int{100, 101} {
		q := h.permitQuery(campaign.Lease{})
		q.Number, q.Person, q.Client = phone(n), campaign.PersonOf("", "", phone(n)), "Other"
		h.refused(q, campaign.ReasonDoNotCall)
		q = h.permitQuery(campaign.Lease{})
		q.Number, q.Person, q.Client = phone(n), campaign.PersonOf("", "", phone(n)), "Muster"
		h.must(h.s.Permit(h.t.Context(), q))
	}
}
