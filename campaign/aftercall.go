package campaign

import "fmt"

// After-call work: how it gets more time, runs out, and waits for the next start.

// mayExtend is how often after-call work may still get more time.
func (w *work) mayExtend() int {
	if w.doc == nil || w.wrapUntil.IsZero() {
		return 0
	}
	return max(0, w.doc.AfterCallMore.Times-w.extended)
}

// extend gives after-call work more time: from its end, or from now when it has
// run out. It is in the journal, so that a restart gives nobody more.
func (m *move) extend() error {
	w := m.w
	if w.mayExtend() == 0 {
		return notPossible(ReasonNoExtension, "after-call work gets no more time on this call")
	}
	from := w.wrapUntil
	if from.Before(m.f.now) {
		from = m.f.now
	}
	w.extended++
	w.wrapUntil, w.overtime = from.Add(w.doc.AfterCallMore.By), false
	w.until = w.wrapUntil
	m.keep = w.keep()
	return nil
}

// overdue: after-call work has run out, or nobody came back to it.
func (m *move) overdue() error {
	w := m.w
	if !w.awaits {
		w.overtime = true
		return nil
	}
	s := m.f.settleReturned(ReturnedWork{Attempt: w.attempt, Record: w.lease.Record, Desk: *w.keep().Desk})
	w.attempt, w.settled, w.turn = s.Attempt, true, s.Turn
	w.agent.remember(w)
	w.agent.notice = &Reason{Code: ReasonSettledAway, Name: w.party(), Text: fmt.Sprintf(
		"your after-call work on %s was settled with what you had entered: you did not come back in time", w.party())}
	m.to, m.event = StateOver, EventDone
	return nil
}

// finishWrapUp: after-call work is settled with what was entered, or waits for
// the next start.
func (m *move) finishWrapUp() error {
	if m.f.cfg.keepsDesks() {
		m.to, m.event = StateWrapUp, EventEntered
		m.progress()
		return nil
	}
	m.settle()
	return nil
}
