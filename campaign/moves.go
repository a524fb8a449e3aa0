package campaign

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// offer brings a leased record to an agent: as a preview, or, in preview mode
// (fetched), already open. What the gate would refuse anyhow is not offered.
func (f *Floor) offer(a *agent, c *camp, l Lease, fetched bool) {
	if v := GateRecord(c.doc.Rules, l.Record, f.now); !v.Permitted {
		r := Release{NotBefore: v.Next, Reason: v.Reason.Text}
		if u, ok := v.Update(l.Record); ok && v.Kind == Permanent {
			r = Release{Update: &u, Chain: v.Chain}
		}
		f.giveBack(l, r)
		if fetched {
			f.askFor(a, c, true)
		}
		return
	}
	r := l.Record
	w := &work{
		kind: KindCampaign, agent: a, camp: c, doc: c.doc, lease: l, offeredAt: f.now, fetched: fetched,
		attempt: Attempt{
			Campaign: c.doc.Name, Record: r.Key, RecordID: r.ID, List: r.List,
			Number: r.Phone, Person: r.Person, Agent: a.id, Process: f.cfg.Process,
		},
	}
	switch {
	case fetched:
		f.open(w, StateOpen)
		f.tell(w, &move{event: EventOpened, content: true})
	case c.doc.Accept == AcceptAuto && w.selfClosing():
		w.decidedAt = f.now
		f.open(w, StateOpening)
		f.tell(w, &move{event: EventOpened, content: true})
	default:
		f.open(w, StateOffered)
		f.tell(w, &move{event: EventOffered, content: true})
		f.warnDeclined(w)
	}
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
		Campaign: w.doc.Name, Record: w.lease.Record.Key, RecordID: w.lease.Record.ID, Agent: w.agent.id,
		OfferedAt: w.offeredAt, DecidedAt: at, Decision: d,
	}})
}

// accept opens the record. Only when the page has shown it is it a decision:
// an Accept into a dead page is a missed preview.
func (m *move) accept() error {
	m.w.decidedAt = m.f.now
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
	if c, ok := m.in.(ClickDecline); ok && c.Aside > 0 {
		m.f.giveBack(m.w.lease, Release{Declined: true, NotBefore: m.f.now.Add(min(c.Aside, 24*time.Hour)), Reason: "set aside"})
		return nil
	}
	m.toTop()
	return nil
}

// miss: the countdown ran out, or the page did not show the record in time.
func (m *move) miss() error {
	m.decided(Missed, m.f.now)
	m.toTop()
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
	if r.Owner != "" && r.Owner == m.w.agent.id {
		m.f.giveBack(m.w.lease, Release{Declined: true, NotBefore: m.f.now.Add(declinedOwn)})
		return
	}
	m.f.giveBack(m.w.lease, Release{Top: true, Declined: true})
}

// withdraw returns the record to its old place; in is the Reason.
func (m *move) withdraw() error {
	r := m.in.(Reason)
	m.reason = &r
	m.f.giveBack(m.w.lease, Release{})
	return nil
}

func (m *move) giveBack() error {
	m.f.giveBack(m.w.lease, Release{})
	return nil
}

// remove takes an undialled record, and with it the contact, out of the
// campaign.
func (m *move) remove() error {
	w := m.w
	u := updateOf(w.lease.Record)
	u.Status, u.Result, u.NextDial = Cancelled, ResultCancelled, time.Time{}
	u.Reason = fmt.Sprintf("removed from the campaign by %s", w.agent.id)
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
	case !w.camp.rules().Running:
		return notPossible(ReasonNotRunning, "the campaign does not run")
	}
	if c, ok := m.in.(ClickCall); ok && c.Number != "" {
		w.attempt.Number = c.Number
	}
	m.f.ask(w)
	return nil
}

// ask puts the attempt to the gate. A question repeated after the store was
// away has the same attempt: it is one call.
func (f *Floor) ask(w *work) {
	if w.attempt.ID == "" {
		w.attempt.ID = AttemptID(f.cfg.NewID("a", f.now))
		w.waitsSince = f.now
	}
	q := PermitQuery{
		Attempt: w.attempt.ID, Lease: w.lease, Agent: w.agent.id, Process: f.cfg.Process,
		Number: w.attempt.Number, Person: w.attempt.Person,
	}
	if w.kind == KindManual {
		man := f.cfg.Manual
		q.Client, q.CallerID, q.Account, q.Rules, q.Manual = man.Client, man.CallerID, man.Account, man.Rules, true
	} else {
		q.Campaign, q.Client, q.CallerID, q.Account = w.doc.Name, w.doc.Client, w.doc.CallerID, w.doc.Account
		q.Rules = w.camp.rules()
		q.Callback = w.lease.Record.agreed()
	}
	f.store(OpPermit{Interaction: w.id, Query: q})
}

func (f *Floor) onPermitted(in Permitted) {
	i := slices.IndexFunc(f.works, func(w *work) bool { return w.id == in.Interaction })
	if i < 0 || f.works[i].attempt.ID != in.Attempt {
		return
	}
	w := f.works[i]
	var no *Refusal
	switch {
	case in.Err == nil:
		f.step(w, onPermitted, nil)
	case errors.As(in.Err, &no):
		f.step(w, onRefused, no.Verdict)
	case errors.Is(in.Err, ErrLost):
		f.step(w, onLost, nil)
	default:
		f.step(w, onStoreAway, nil)
	}
}

// drop: the end was asked for while the gate was being asked; what it says is
// awaited, because a permit must be settled.
func (m *move) drop() error {
	m.w.dropped = true
	if r, ok := m.in.(Reason); ok {
		m.reason = &r
	}
	return nil
}

// dial places the call: the permit is there.
func (m *move) dial() error {
	f, w := m.f, m.w
	if w.dropped || f.finishing {
		m.neverDialled()
		return nil
	}
	w.attempt.DialedAt = f.now
	d := Dial{Attempt: w.attempt.ID, Agent: w.agent.id, Number: w.attempt.Number}
	if w.kind == KindManual {
		d.Account, d.CallerID = f.cfg.Manual.Account, f.cfg.Manual.CallerID
	} else {
		d.Account, d.CallerID = w.doc.Account, w.doc.CallerID
	}
	f.line(d)
	r := w.lease.Record
	m.keep = &Keep{Attempt: w.kept(), Record: &r}
	return nil
}

// neverDialled settles a permit that is not used: nothing is counted and the
// record keeps its place.
func (m *move) neverDialled() {
	w := m.w
	w.attempt.EndedAt, w.attempt.EndedBy, w.attempt.DialerResult = m.f.now, ByDialer, ResultCancelled
	w.attempt.Text, w.attempt.Result = "withdrawn before it was dialled", ResultCancelled
	u := updateOf(w.lease.Record)
	u.Status, u.KeepPlace = Ready, true
	s := Settlement{Attempt: *w.kept(), Fence: w.lease.Fence, Record: u, Now: m.f.now}
	m.f.store(OpSettle{s})
	m.to, m.event, m.keep = StateOver, EventWithdrawn, &Keep{Settlement: &s}
	w.settled = true
}

// refused: in is the gate's Verdict. After a global refusal the record is still
// ours.
func (m *move) refused() error {
	f, w, v := m.f, m.w, m.in.(Verdict)
	m.reason = &v.Reason
	if v.Kind != Global {
		if w.dropped {
			m.to = StateOver
		}
		f.stir()
		return nil
	}
	if w.camp != nil {
		until := v.Next
		if until.IsZero() {
			until = f.now.Add(gatePause)
		}
		f.block(w.camp, Reason{Code: IdleGate, Text: v.Reason.Text, Until: v.Next}, until)
	}
	busy := v.Reason.Code == ReasonPerSecond || v.Reason.Code == ReasonMaxCalls
	switch {
	case busy && !w.dropped && f.now.Sub(w.waitsSince) < waitAtMost:
		w.askAt = v.Next
		m.to, m.event = StateWaiting, EventWaiting
	case w.mode().previews() && !w.dropped:
		m.to = StateOpen
		w.attempt.ID = ""
	default:
		f.giveBack(w.lease, Release{})
		if w.dropped {
			m.to = StateOver
		}
	}
	if v.Reason.Code == ReasonCallerID && w.camp != nil {
		f.pauseCampaign(w.camp, v.Reason)
	}
	return nil
}

func (m *move) lost() error {
	m.reason = &Reason{Code: ReasonLeaseLost, Text: "another process has taken the record"}
	return nil
}

func (m *move) storeAway() error {
	w := m.w
	if w.dropped {
		m.f.giveBack(w.lease, Release{})
		m.to, m.event = StateOver, EventWithdrawn
		return nil
	}
	m.reason = &Reason{Code: ReasonStoreAway, Text: "the store does not answer; the call waits for it"}
	w.askAt = m.f.now.Add(permitAgain)
	return nil
}

// askAgain asks the gate once more, but does not keep an agent for ever.
func (m *move) askAgain() error {
	w := m.w
	if m.f.now.Sub(w.waitsSince) < waitAtMost {
		m.f.ask(w)
		return nil
	}
	if w.mode().previews() {
		w.attempt.ID = ""
		m.to, m.event = StateOpen, EventRefused
		return nil
	}
	m.f.giveBack(w.lease, Release{})
	m.to, m.event = StateRefused, EventRefused
	return nil
}

// waitUntil is when the gate is asked again.
func (w *work) waitUntil(now time.Time) time.Time {
	if w.askAt.After(now) {
		return w.askAt
	}
	return now.Add(permitAgain)
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
	if m.w.attempt.ID != "" && m.w.kind != KindInbound {
		a := m.w.kept()
		a.Result = m.w.wrap.Result
		m.keep = &Keep{Attempt: a}
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
