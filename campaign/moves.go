package campaign

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// offer brings a leased record to an agent: as a preview, or, in preview mode
// (fetched), already open. What the gate would refuse anyhow is not offered.
func (f *Floor) offer(a *agent, c *camp, in Leased, fetched bool) {
	l := in.Lease
	if v := f.refusedAnyhow(c, in); !v.Permitted {
		switch again := (asked{camp: c, preview: fetched}); {
		case v.Kind == Global:
			f.tellPreview(a, &again, *c.blocked)
		case fetched:
			f.askFor(a, c, again)
		}
		return
	}
	w := &work{
		kind: KindCampaign, agent: a, camp: c, doc: c.doc, lease: l, offeredAt: f.now, fetched: fetched,
		attempt: f.attemptOf(c, l),
	}
	w.attempt.Agent = a.id
	switch {
	case fetched:
		f.open(w, StateOpen)
		f.tell(w, &move{event: EventOpened, content: true})
	case c.doc.accepts():
		w.decidedAt = f.now
		f.open(w, StateOpening)
		f.tell(w, &move{event: EventOpened, content: true})
	default:
		f.open(w, StateOffered)
		f.tell(w, &move{event: EventOffered, content: true})
		f.warnDeclined(w)
	}
}

// offerRefused is refusedAnyhow of a record for nobody in particular.
func (f *Floor) offerRefused(c *camp, l Lease) bool {
	return !f.refusedAnyhow(c, Leased{Lease: l}).Permitted
}

// refusedAnyhow gives a record back that the gate would refuse anyhow, by what
// is known of it now. What is refused to the whole campaign stops its leasing
// for a while.
func (f *Floor) refusedAnyhow(c *camp, in Leased) Verdict {
	l, facts := in.Lease, in.Facts
	facts.Number, facts.Person, facts.Record, facts.Callback = l.Record.Phone, l.Record.Person, l.Record, l.Record.agreed(f.now)
	v := gateOffer(c.doc.Rules, facts, f.now)
	r := Release{NotBefore: v.Next, Reason: v.Reason.Text}
	switch v.Kind {
	case Permanent:
		if u, ok := v.Update(l.Record); ok {
			r = Release{Update: &u, Chain: v.Chain, Refused: &RefusedOffer{c.doc.Name, in.Agent, v.Reason}}
		}
	case Global:
		f.blockByGate(c, v)
		r = Release{}
	}
	if !v.Permitted {
		f.giveBack(l, r)
	}
	return v
}

// blockByGate stops leasing after a global refusal.
func (f *Floor) blockByGate(c *camp, v Verdict) {
	f.block(c, Reason{Code: IdleGate, Text: v.Reason.Text, Until: v.Next, Name: string(v.Reason.Code)}, f.pauseOf(v))
}

// pauseOf is until when a global refusal holds.
func (f *Floor) pauseOf(v Verdict) time.Time {
	if v.Next.IsZero() {
		return f.now.Add(gatePause)
	}
	return v.Next
}

func (f *Floor) warnDeclined(w *work) {
	if n := w.lease.Record.Declined; n >= declinedOften {
		f.tell(w, &move{event: EventDeclineLots, text: fmt.Sprintf("this record was declined or missed %d times", n)})
	}
}

// giveBack releases an undialled record; everybody who waits asks again.
func (f *Floor) giveBack(l Lease, r Release) {
	if l.Record.Key == 0 {
		return
	}
	r.Now = f.now
	if r.Top || l.Record.Top > 0 { // its old place may be the top as well
		f.tops++
	}
	f.store(OpRelease{Lease: l, Release: r})
	f.stir()
}

func (m *move) decided(d Decision, at time.Time) {
	w := m.w
	if w.kind != KindCampaign || w.fetched {
		return
	}
	m.f.store(OpOffer{Offer{
		Campaign: w.doc.Name, Record: w.lease.Record.Key, RecordID: w.lease.Record.ID, Agent: w.who(),
		OfferedAt: w.offeredAt, DecidedAt: at, Decision: d,
	}})
}

// accept opens the record. Only when the page has shown it is it a decision:
// an Accept into a dead page is a missed preview.
func (m *move) accept() error {
	m.w.decidedAt = m.f.now
	if m.w.answered() { // dialled ahead: the contact waits
		m.f.tell(m.w, &move{event: EventAccepted})
		m.decided(Accepted, m.f.now)
		m.content = true
		m.take()
		m.to = StateTalking
		return nil
	}
	m.f.tell(m.w, &move{event: EventAccepted})
	m.content = true
	if m.w.mode() == ModePushPreview {
		m.decided(Accepted, m.f.now)
		m.to = StateOpen
	}
	return nil
}

func (m *move) decline() error {
	m.decided(Declined, m.f.now)
	if m.w.answered() {
		m.pass()
		return nil
	}
	if c, ok := m.in.(ClickDecline); ok && c.Aside > 0 {
		rest := m.f.aside(c.Aside)
		rest.Declined = true
		m.f.giveBack(m.w.lease, rest)
		return nil
	}
	m.toTop()
	return nil
}

// SetAside is the reason of a record that was set aside.
const SetAside = "set aside"

// aside gives a record back to its old place, to rest there for a while.
func (f *Floor) aside(rest time.Duration) Release {
	return Release{NotBefore: f.now.Add(min(rest, 24*time.Hour)), Reason: SetAside}
}

// miss: the countdown ran out, or the page did not show the record in time.
func (m *move) miss() error {
	m.decided(Missed, m.f.now)
	if m.w.answered() {
		m.pass()
	} else {
		m.toTop()
	}
	a := m.w.agent
	if m.w.state == StateOpening {
		m.reason = &Reason{Code: ReasonNotShown, Text: "the page did not show the record within 3 s"}
	}
	if m.w.doc.Preview.OnMissed != MissedStayReady && a.after != AgentLoggedOff {
		a.after, a.afterReason = AgentNotReady, "preview not accepted"
	}
	return nil
}

// toTop puts the record where the next agent gets it first. A personal
// callback stays its owner's and comes back to her a little later.
func (m *move) toTop() {
	r := m.w.lease.Record
	if r.Owner != "" && r.Owner == m.w.who() {
		m.f.giveBack(m.w.lease, Release{Declined: true, NotBefore: m.f.now.Add(declinedOwn)})
		return
	}
	m.f.giveBack(m.w.lease, Release{Top: true, Declined: true})
}

// withdraw returns the record to its old place; in is the Reason.
func (m *move) withdraw() error {
	r := m.in.(Reason)
	m.reason = &r
	if m.w.answered() { // an offer only: the contact waits for another agent
		m.pass()
		return nil
	}
	m.f.giveBack(m.w.lease, Release{})
	return nil
}

func (m *move) giveBack() error {
	if a := m.w.agent; a != nil && m.w.lease.Record.Key != 0 {
		if a.returned == nil || len(a.returned) > 1000 {
			a.returned = map[Key]time.Time{}
		}
		a.returned[m.w.lease.Record.Key] = m.f.now.Add(returnedFor)
	}
	if c, ok := m.in.(ClickReturn); ok && c.Aside > 0 {
		m.f.giveBack(m.w.lease, m.f.aside(c.Aside))
		return nil
	}
	m.f.giveBack(m.w.lease, Release{})
	return nil
}

// notHers: she put the record back to the list, and somebody else works the
// campaign who can take it.
func (f *Floor) notHers(a *agent, c *camp, l Lease) bool {
	r := l.Record
	if !a.returned[r.Key].After(f.now) || r.Owner == a.id && r.Owner != "" {
		return false
	}
	return slices.ContainsFunc(f.agents, func(o *agent) bool {
		return o != a && o.joined[c.doc.Name] && (o.status == AgentReady || o.work != nil) && !o.returned[r.Key].After(f.now)
	})
}

// passBy keeps a record that an agent returned aside until the one behind it
// has come; there is none: nothing for her.
func (f *Floor) passBy(a *agent, ask *asked, in Leased) {
	if ask.held == nil {
		f.askFor(a, ask.camp, asked{preview: ask.preview, own: ask.own, held: &in.Lease})
		return
	}
	for _, l := range []Lease{*ask.held, in.Lease} {
		f.store(OpRelease{Lease: l, Release: Release{Now: f.now}})
	}
	f.noRecord(a, ask, NoRecord{InWork: 1})
}

// remove takes an undialled record, and with it the contact, out of the
// campaign.
func (m *move) remove() error {
	w := m.w
	u := updateOf(w.lease.Record)
	u.Status, u.Result, u.NextDial = Cancelled, ResultCancelled, time.Time{}
	u.Reason = fmt.Sprintf("removed from the campaign by %s", w.who())
	if w.wrap.Note != "" {
		u.Note = w.wrap.Note
	}
	m.f.giveBack(w.lease, Release{Update: &u, Chain: ChainFinish})
	return nil
}

// doneUndialled closes a record that was not called: a callback was agreed
// otherwise, or the contact must not be called.
func (m *move) doneUndialled() error {
	w := m.w
	if w.wrap.Callback == nil && !w.wrap.NoCall {
		return notPossible(ReasonNoResult, "call, return or remove the record, or schedule a callback")
	}
	r := w.lease.Record
	s := Outcome(w.doc, w.lease, w.attempt, w.wrap, m.f.now)
	u := s.Record
	u.Attempts, u.LastCall = r.Attempts, r.LastCall
	if !w.wrap.NoCall {
		u.Result = r.Result
	}
	m.f.giveBack(w.lease, Release{Update: &u, Chain: s.Chain})
	if s.Block != nil {
		m.f.store(OpBlock{*s.Block})
	}
	return nil
}

// shown: the record is on the screen, so it may be dialled.
func (m *move) shown() error {
	m.decided(Accepted, m.w.decidedAt)
	m.f.ask(m.w)
	return nil
}

// call dials an open record; in is a ClickCall, or nil when it dials by itself.
func (m *move) call() error {
	w := m.w
	switch {
	case m.f.draining:
		return notPossible(ReasonDraining, "the program is being stopped: nothing is dialled any more")
	case !w.agent.hasSound():
		return notPossible(ReasonNoHeadset, noHeadsetText)
	case !w.camp.rules().Running:
		return notPossible(ReasonNotRunning, "the campaign does not run")
	}
	if c, ok := m.in.(ClickCall); ok && c.Number != "" {
		w.attempt.Number = c.Number
	}
	m.f.ask(w)
	return nil
}

// onTurned takes in that the agent's call is another number's, and its record is
// the one that is called now.
func (f *Floor) onTurned(in Permitted) {
	i := slices.IndexFunc(f.works, func(w *work) bool { return w.id == in.Interaction })
	if in.Lease == nil || i < 0 || f.works[i].attempt.ID != in.Attempt {
		return
	}
	w, r := f.works[i], in.Lease.Record
	w.lease = *in.Lease
	w.attempt.Record, w.attempt.RecordID = r.Key, r.ID
}

// kept is the attempt as the journal and the store get it, with what the agent
// has entered so far.
func (w *work) kept() *Attempt {
	a := w.attempt
	if !w.settled {
		a.Disposition, a.Note = w.wrap.Disposition, w.wrap.Note
	}
	return &a
}

// enter takes in what the agent typed or chose; in is an Entry.
func (m *move) enter() error {
	if err := m.f.enter(m.w, m.in.(Entry)); err != nil {
		return err
	}
	if !m.w.attempt.DialedAt.IsZero() { // else it may never be: the journal would keep it for ever
		m.keep = m.w.keep()
		m.keep.Attempt.Result = m.w.wrap.Result
	}
	return nil
}

const maxNote = 10_000 // characters

func (f *Floor) enter(w *work, e Entry) error {
	n := w.wrap
	if e.Result != nil {
		known := *e.Result == 0 || *e.Result == w.attempt.DialerResult
		if !known && w.doc != nil && !w.doc.offers(*e.Result) {
			return notPossible(ReasonBadInput, fmt.Sprintf("the campaign does not offer the result %q", *e.Result))
		}
		n.Result = *e.Result
	}
	if e.Disposition != nil {
		if *e.Disposition != "" && w.doc != nil {
			if _, ok := w.doc.Disposition(*e.Disposition); !ok {
				return notPossible(ReasonBadInput, fmt.Sprintf("the campaign has no disposition code %q", *e.Disposition))
			}
		}
		n.Disposition = *e.Disposition
	}
	if e.Note != nil {
		if len(*e.Note) > 4*maxNote {
			return notPossible(ReasonBadInput, fmt.Sprintf("a note has at most %d characters", maxNote))
		}
		n.Note = strings.ToValidUTF8(*e.Note, "�")
	}
	if e.NoCall != nil {
		n.NoCall = *e.NoCall
	}
	if e.Callback != nil {
		switch cb := *e.Callback; {
		case cb.At.IsZero():
			n.Callback = nil
		case w.kind != KindCampaign:
			return notPossible(ReasonBadInput, "only a campaign's contact can be put back for a callback")
		case !cb.At.After(f.now) || cb.At.After(f.now.AddDate(1, 0, 0)):
			return notPossible(ReasonBadInput, "a callback lies between now and a year from now")
		case w.doc.Attempts > 0 && w.lease.Record.Attempts+1 >= w.doc.Attempts && w.attempt.ID != "":
			return notPossible(ReasonAttempts, "the attempts are used up: the callback would never be dialled")
		default:
			n.Callback = &cb
		}
	}
	w.wrap = n
	return nil
}
