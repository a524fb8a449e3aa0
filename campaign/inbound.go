package campaign

import (
	"slices"
)

// incoming rings the agent who last called that number, else the one who has
// been ready longest; see passCall for the next.
func (f *Floor) incoming(ev LineEvent) {
	f.ringNext(Attempt{ID: ev.Attempt, Number: ev.Number, Process: f.cfg.Process, RingingAt: ev.At}, nil)
}

// ringNext rings the next agent who was not tried, or refuses the call.
func (f *Floor) ringNext(a Attempt, tried []AgentID) {
	last := f.callers[a.Number]
	to := f.whoAnswers(last.agent, tried)
	if to == nil {
		f.line(RejectCall{Attempt: a.ID, Status: 480}) // RFC 3261 §21.4.18: nobody is there now
		return
	}
	if o := to.work; o != nil { // an open preview gives way
		f.step(o, onWithdraw, Reason{Code: ReasonInbound, Text: "a call came in"})
	}
	a.Agent = to.id
	w := &work{kind: KindInbound, agent: to, attempt: a, tried: append(tried, to.id), offeredAt: f.now}
	if last.agent != "" {
		w.lease.Record = last.lease.Record // opened for reading; it is not leased
		w.attempt.Person = last.lease.Record.Person
	}
	f.open(w, StateIncoming)
	f.tell(w, &move{event: EventRinging, content: true})
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
	m.f.line(RejectCall{Attempt: m.w.attempt.ID, Status: 480})
	return nil
}
