package campaign

import (
	"slices"
	"time"
)

// ConnectWithin is how soon after the answer an agent has to be there: a later
// one makes it an abandoned call, whoever stayed (47 CFR 64.1200(a)(7)).
const ConnectWithin = 2 * time.Second

// An answered contact who was dialled ahead is brought to the agent who is free
// longest: the record on her screen first, then her voice. Nobody free within
// ConnectWithin of the answer: the announcement, and the call is abandoned.
const (
	heardWithin = 3 * time.Second // an agent who is joined is heard by then
	// The announcement has to sound by then as well: the last part of the time,
	// 100 ms of 2 s, is its way from here to the contact's ear.
	announceLead = 20
)

func (f *Floor) grace() time.Duration {
	if d := f.cfg.Grace; d > 0 && d < ConnectWithin {
		return d
	}
	return ConnectWithin
}

// seekUntil is how long an agent is looked for.
func (f *Floor) seekUntil(w *work) time.Time {
	return w.attempt.AnsweredAt.Add(f.grace() - f.grace()/announceLead)
}

// seatWaiting brings contacts to agents, who waits longest first.
func (f *Floor) seatWaiting() {
	waiting := slices.DeleteFunc(slices.Clone(f.works), func(w *work) bool { return w.state != StateSeeking })
	slices.SortStableFunc(waiting, func(a, b *work) int { return a.attempt.AnsweredAt.Compare(b.attempt.AnsweredAt) })
	for _, w := range waiting {
		if a := f.freeFor(w, nil); a != nil {
			f.step(w, onSeat, a)
		} else if !w.until.After(f.now) { // passed on when it was late already
			f.step(w, onTimeout, nil)
		}
	}
}

// freeFor is the agent who is free longest for a contact; but not this one.
func (f *Floor) freeFor(w *work, but *agent) *agent {
	var best *agent
	for _, a := range f.agents {
		if a == but || !a.waitsForRecord() || slices.Contains(w.tried, a.id) || !f.takes(a, w.camp) {
			continue
		}
		if best == nil || a.readySince.Before(best.readySince) {
			best = a
		}
	}
	return best
}

// takes: the calls of a campaign are for an agent. Those of one that was
// stopped or unloaded meanwhile, or goes on in another mode, are for everybody
// who was there for it.
func (f *Floor) takes(a *agent, c *camp) bool {
	if c.dialsAhead() {
		return f.home(a) == c
	}
	return a.joined[c.doc.Name] || c.state == Unloaded && c.doc.Agents.Has(a.id, a.team)
}

// seat gives a contact who has answered to an agent; in is the agent.
func (m *move) seat() error {
	w, a := m.w, m.in.(*agent)
	w.agent, a.work = a, w
	w.attempt.Agent, w.offeredAt = a.id, m.f.now
	m.content = true
	if w.doc.Accept == AcceptClick && m.f.now.Before(m.f.seekUntil(w)) {
		m.to, m.event = StateOffered, EventOffered
		return nil
	}
	m.take()
	return nil
}

// take joins contact and agent: the record goes to her screen with this move's
// event, the command follows it.
func (m *move) take() {
	w := m.w
	w.taken = true
	m.f.line(Connect{Attempt: w.attempt.ID, Agent: w.who(), Guard: heardWithin})
	m.beginRecording()
	m.progress()
}

// clickUntil is how long an agent may think about a contact who waits: what is
// left of the 2 s, and half of it where another agent could have the rest.
func (f *Floor) clickUntil(w *work) time.Time {
	end := f.seekUntil(w)
	left := end.Sub(f.now)
	if left > 0 && f.freeFor(w, w.agent) != nil {
		return f.now.Add(left / 2)
	}
	return end
}

// pass takes the call from an agent who does not take it, or is not heard. Her
// interaction is over; the contact looks for the next agent.
func (m *move) pass() {
	f, w := m.f, m.w
	next := &work{
		kind: w.kind, camp: w.camp, doc: w.doc, lease: w.lease, attempt: w.attempt, ahead: true, dial: w.dial,
		offeredAt: f.now, waitsSince: w.waitsSince, tried: append(slices.Clone(w.tried), w.who()),
		countedAnswer: w.countedAnswer, countedLost: w.countedLost,
	}
	next.attempt.Agent, next.attempt.JoinedAt, next.attempt.Recording = "", time.Time{}, ""
	w.attempt.ID = "" // this interaction has no call any more
	f.open(next, StateSeeking)
}

// endedOffered: the contact has hung up before the agent had decided.
func (m *move) endedOffered() error {
	if !m.w.answered() {
		m.to, m.event = StateOffered, ""
		return nil
	}
	return m.ended()
}

// unheard: no sound comes from the agent. Who has muted herself on purpose, or
// has the contact on hold, is not meant.
func (m *move) unheard() error {
	w := m.w
	if !w.ahead || w.muted || w.held || m.in.(LineEvent).Agent != w.who() {
		m.to, m.event = StateTalking, ""
		return nil
	}
	m.reason = &Reason{Code: ReasonUnheard, Text: "nothing was heard from your headset: the contact was passed on"}
	if w.agent.after != AgentLoggedOff {
		w.agent.after, w.agent.afterReason = AgentNotReady, "no sound from the headset"
	}
	// Nobody has talked yet: with the next agent it begins anew, in a file of
	// the same name.
	switch {
	case w.attempt.Recording != "":
		m.f.line(RecordCall{Attempt: w.attempt.ID, Action: RecordDelete, File: w.attempt.Recording})
	case w.recording == RecordingAnnouncing:
		m.f.line(RecordCall{Attempt: w.attempt.ID, Action: RecordStop})
	}
	m.pass()
	return nil
}

// abandon: no agent came in time. The contact hears the announcement.
func (m *move) abandon() error {
	m.f.countLost(m.w)
	if m.w.doc.Announcement == "" {
		m.to = StateClosing
		m.end(ByDialer, HangupAbandoned)
		return nil
	}
	m.w.attempt.AnnouncedAt = m.f.now
	m.f.line(Play{Attempt: m.w.attempt.ID, File: m.w.doc.Announcement})
	m.progress()
	return nil
}
