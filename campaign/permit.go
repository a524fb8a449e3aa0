package campaign

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ask puts the attempt to the gate. A question repeated after the store was
// away has the same attempt: it is one call.
func (f *Floor) ask(w *work) {
	if w.attempt.ID == "" {
		w.attempt.ID = AttemptID(f.cfg.NewID("a", f.now))
		w.waitsSince = f.now
	}
	q := f.permitQuery(w)
	if w.ahead {
		q.Pacing = w.camp.paced.String()
		if q.Ahead = f.beyondOneToOne(w); q.Ahead {
			q.AtRisk = f.atRisk(w.camp)
			q.Pacing += fmt.Sprintf("; %d at risk", q.AtRisk)
		}
	}
	f.store(OpPermit{Interaction: w.id, Query: q})
}

// permitQuery is who would be called, for whom and by which rules.
func (f *Floor) permitQuery(w *work) PermitQuery {
	q := PermitQuery{
		Attempt: w.attempt.ID, Lease: w.lease, Agent: w.who(), Process: f.cfg.Process,
		Number: w.attempt.Number, Person: w.attempt.Person,
	}
	if w.byHand() {
		man := f.cfg.Manual
		q.Client, q.CallerID, q.Account, q.Rules, q.Manual = man.Client, man.CallerID, man.Account, man.Rules, true
	} else {
		q.Campaign, q.Client, q.CallerID, q.Account = w.doc.Name, w.doc.Client, w.doc.CallerID, w.doc.Account
		q.Rules = w.camp.rules()
		q.Callback = w.lease.Record.agreed(f.now)
	}
	return q
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
		f.step(w, onPermitted, in.Until)
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
	if w.dropped || f.finishing || w.ahead && !f.staffed(w.camp) {
		m.neverDialled()
		return nil
	}
	w.attempt.DialedAt = f.now
	f.learnDial(w)
	d := Dial{Attempt: w.attempt.ID, Agent: w.who(), Number: w.attempt.Number}
	d.Before, _ = m.in.(time.Time)
	if w.byHand() {
		d.Account, d.CallerID = f.cfg.Manual.Account, f.cfg.Manual.CallerID
	} else {
		d.Account, d.CallerID, d.Detect = w.doc.Account, w.doc.CallerID, w.doc.Detection
	}
	f.line(d)
	r := w.lease.Record
	m.keep = w.keep()
	m.keep.Record = &r
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
		if w.dropped || w.ahead {
			m.to = StateOver
		}
		f.stir()
		return nil
	}
	switch {
	case v.Reason.Code == ReasonBudget: // one-to-one goes on
		w.camp.shut, w.camp.shutUntil = &v.Reason, f.pauseOf(v)
	case w.camp != nil:
		f.blockByGate(w.camp, v)
	}
	busy := v.Reason.Code == ReasonPerSecond || v.Reason.Code == ReasonMaxCalls
	switch {
	case w.ahead: // nobody waits for it
		f.giveBack(w.lease, Release{})
		m.to = StateOver
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
	if m.f.now.Sub(w.waitsSince) < waitAtMost && (!w.ahead || m.f.staffed(w.camp)) {
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
	if w.ahead {
		m.to = StateOver
	}
	return nil
}

// waitUntil is when the gate is asked again.
func (w *work) waitUntil(now time.Time) time.Time {
	if w.askAt.After(now) {
		return w.askAt
	}
	return now.Add(permitAgain)
}
