package campaign

import (
	"slices"
	"time"
)

// arrival is a call from outside before it rings: the store writes it down and
// says whose it is.
type arrival struct {
	attempt Attempt
	until   time.Time // then it rings without the store's word
}

// admitWithin is how long the store is waited for; the caller hears ringing.
const admitWithin = time.Second

func (f *Floor) incoming(ev LineEvent) {
	a := Attempt{
		ID: ev.Attempt, Number: ev.Number, Person: PersonOf("", "", ev.Number), Process: f.cfg.Process,
		Inbound: true, DialedAt: ev.At, RingingAt: ev.At, Token: ev.Token,
	}
	f.arriving = append(f.arriving, arrival{a, f.now.Add(admitWithin)})
	f.store(OpAdmit{a})
}

// arrived takes a call from among those that have come in.
func (f *Floor) arrived(id AttemptID) (Attempt, bool) {
	i := slices.IndexFunc(f.arriving, func(a arrival) bool { return a.attempt.ID == id })
	if i < 0 {
		return Attempt{}, false
	}
	a := f.arriving[i].attempt
	f.arriving = slices.Delete(f.arriving, i, i+1)
	return a, true
}

// onAdmitted: who called that number last, and its record, also across a
// restart and for calls of other processes.
func (f *Floor) onAdmitted(in Admitted) {
	a, waits := f.arrived(in.Attempt)
	if !waits {
		return // it rings already, or is over
	}
	if c := in.Caller; in.Err == nil {
		f.remember(a.Number, lastCall{agent: c.Agent, camp: c.Campaign, lease: Lease{Record: c.Record}})
		a.Person = c.Person
	}
	f.ringNext(a, nil)
}

func (f *Floor) expireArriving() {
	for _, x := range slices.Clone(f.arriving) {
		if !x.until.After(f.now) {
			a, _ := f.arrived(x.attempt.ID)
			f.ringNext(a, nil)
		}
	}
}

// remember keeps who called a number last.
func (f *Floor) remember(number string, c lastCall) {
	if len(f.callers) >= 5000 {
		clear(f.callers)
	}
	if number != "" {
		f.callers[number] = c
	}
}

// ringNext rings the agent who last called that number, else the one who has
// been ready longest, of those who were not tried; see passCall for the next.
func (f *Floor) ringNext(a Attempt, tried []AgentID) {
	last := f.callers[a.Number]
	w := &work{kind: KindInbound, attempt: a, offeredAt: f.now}
	if r := last.lease.Record; r.Key != 0 {
		w.lease.Record = r // opened for reading; it is not leased
		w.attempt.Person, w.attempt.Record, w.attempt.RecordID, w.attempt.List = r.Person, r.Key, r.ID, r.List
	}
	to := f.whoAnswers(last.agent, tried)
	if to == nil {
		f.nobody(w)
		return
	}
	if o := to.work; o != nil { // an open preview gives way
		f.step(o, onWithdraw, Reason{Code: ReasonInbound, Text: "a call came in"})
	}
	w.agent, w.attempt.Agent, w.tried = to, to.id, append(tried, to.id)
	f.open(w, StateIncoming)
	f.tell(w, &move{event: EventRinging, content: true, keep: w.keep()})
}

// nobody is there: the announcement, else 480.
func (f *Floor) nobody(w *work) {
	rule := f.cfg.Inbound
	if f.draining || rule.Announcement == "" || rule == (InboundRule{}) || !rule.Agents && rule.Name == "" {
		f.line(RejectCall{Attempt: w.attempt.ID, Status: 480}) // RFC 3261 §21.4.18: nobody is there now
		f.missed(w, ByDialer, "nobody was there to answer")
		return
	}
	f.open(w, StateVoicemail)
	f.line(AnswerCall{Attempt: w.attempt.ID}) // nobody's headset
	f.tell(w, &move{event: EventRinging, content: true, keep: w.keep()})
}

// missed settles a call from outside that nobody answered.
func (f *Floor) missed(w *work, by Party, text string) {
	w.attempt.EndedAt, w.attempt.EndedBy, w.attempt.DialerResult, w.attempt.Text = f.now, by, NoAnswer, text
	m := &move{f: f, w: w}
	m.settle()
	f.publish(Event{Kind: EventUnanswered, Attempt: w.attempt.ID, Text: w.attempt.Text, Keep: m.keep})
}

// clientOf is for whom a campaign calls; without one, who makes manual calls.
func (f *Floor) clientOf(name string) string {
	if c := f.campaign(name); c != nil {
		return c.doc.Client
	}
	return f.cfg.Manual.Client
}

// greet speaks the announcement to a caller nobody answers.
func (m *move) greet() error {
	if m.w.attempt.AnsweredAt.IsZero() {
		m.w.attempt.AnsweredAt = m.in.(LineEvent).At
	}
	m.f.line(Play{Attempt: m.w.attempt.ID, File: m.f.cfg.Inbound.Announcement})
	return nil
}

// optOutKey: the caller pressed a key. The right one is the wish not to be
// called.
func (m *move) optOutKey() error {
	d := m.in.(LineEvent).Digit
	m.text = d
	if key := m.f.cfg.Inbound.OptOut; key != "" && d == key {
		m.w.wrap.NoCall = true
		m.w.wrap.Note = "pressed " + d + " to be called no more"
		m.end(ByDialer, "wants no calls")
		m.to = StateClosing
	}
	return nil
}

func (f *Floor) whoAnswers(last AgentID, tried []AgentID) *agent {
	rule := f.cfg.Inbound
	var best *agent
	for _, a := range f.agents {
		free := a.status == AgentReady && a.hasSound() && (a.work == nil || a.work.state == StateOffered && !a.work.answered())
		if f.draining || !free || slices.Contains(tried, a.id) {
			continue
		}
		if rule.Name != "" && a.id != rule.Name || rule.Name == "" && !rule.Agents {
			continue
		}
		if a.id == last {
			return a
		}
		if best == nil || a.readySince.Before(best.readySince) {
			best = a
		}
	}
	return best
}

func (m *move) takeCall() error {
	m.content = true
	m.f.line(AnswerCall{Attempt: m.w.attempt.ID, Agent: m.w.who()})
	return nil
}

// passCall lets the call ring at the next agent.
func (m *move) passCall() error {
	w := m.w
	a := w.attempt
	w.attempt.ID = "" // this interaction has no call any more
	a.Agent = ""
	m.f.ringNext(a, w.tried)
	return nil
}

func (m *move) rejectCall() error {
	w := m.w
	m.f.line(RejectCall{Attempt: w.attempt.ID, Status: 480})
	w.attempt.EndedAt, w.attempt.EndedBy, w.attempt.DialerResult = m.f.now, ByDialer, NoAnswer
	w.attempt.Text = "the program was being stopped"
	m.settle()
	return nil
}
