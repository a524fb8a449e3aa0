package campaign

import "fmt"

// A consultation is a second call of an agent while her contact waits on hold.
// It is an interaction of its own beside the one on her desk, dialled past the
// gate like a manual call. She may go to and fro between the two (Resume of
// either puts the other on hold), join all three in a conference, or leave the
// two to each other (Transfer without a number).

// Clicks on a call that goes on.
type (
	// ClickConsult calls somebody besides; the contact is put on hold.
	ClickConsult struct {
		Agent       AgentID
		Interaction InteractionID
		Number      string // E.164 or extension
	}
	// ClickConference lets contact, agent and the one consulted hear each other.
	ClickConference struct {
		Agent       AgentID
		Interaction InteractionID
	}
)

func (ClickConsult) click()    {}
func (ClickConference) click() {}

// KindConsult is the interaction of a consultation.
const KindConsult InteractionKind = "consult"

// ReasonNotTransferred says that a transfer failed; the contact is still there.
const ReasonNotTransferred ReasonCode = "not-transferred"

// ConsultView is how an interaction stands to the agent's other call.
type ConsultView struct {
	With       InteractionID `json:"with"`
	Conference bool          `json:"conference,omitempty"` // all three hear each other
}

// beside gives the other one of a call and its consultation; nil: there is none.
func (w *work) beside() *work {
	if w.main != nil {
		return w.main
	}
	return w.side
}

func (w *work) consultView() *ConsultView {
	o := w.beside()
	if o == nil {
		return nil
	}
	return &ConsultView{With: o.id, Conference: w.conference || o.conference}
}

// byHand: dialled by an agent without a campaign.
func (w *work) byHand() bool { return w.kind == KindManual || w.kind == KindConsult }

// consult calls somebody besides.
func (m *move) consult() error {
	f, w := m.f, m.w
	number := m.in.(ClickConsult).Number
	switch {
	case f.draining:
		return notPossible(ReasonDraining, "the program is being stopped: nothing is dialled any more")
	case w.beside() != nil:
		return notPossible(ReasonBusy, "there is a consultation already")
	case !allowedNumber(number, f.cfg.Manual.Rules.Allow):
		return notPossible(ReasonNotAllowed, "the number is outside what dial.allow names")
	}
	if !w.held {
		w.ownHold = true
		f.line(Hold{w.attempt.ID})
	}
	c := &work{kind: KindConsult, agent: w.agent, main: w, offeredAt: f.now}
	c.attempt = Attempt{Number: number, Person: PersonOf("", "", number), Agent: w.agent.id, Process: f.cfg.Process}
	w.side = c
	f.open(c, StateAsking)
	f.ask(c)
	f.tell(c, &move{event: EventOpened, content: true})
	return nil
}

// conferenceOf joins contact, agent and the one consulted.
func (m *move) conferenceOf() error {
	w := m.w
	if w.main != nil {
		w = w.main
	}
	c := w.side
	switch {
	case c == nil || c.state != StateTalking || w.state != StateTalking:
		return notPossible(ReasonNotNow, "consult somebody first, and wait for the answer")
	case w.conference:
		return notPossible(ReasonNotNow, "all three hear each other already")
	}
	for _, x := range []*work{w, c} {
		if x.held || x.ownHold {
			x.ownHold = false
			m.f.line(Resume{x.attempt.ID})
		}
	}
	w.conference = true
	m.f.line(Conference{w.attempt.ID, c.attempt.ID})
	if m.w != w { // the click was on the consultation; both views change
		m.f.tell(w, &move{event: EventResumed})
	} else {
		m.f.tell(c, &move{event: EventResumed})
	}
	return nil
}

// swap brings the agent from her other call to this one.
func (m *move) swap() error {
	f, w := m.f, m.w
	o := w.beside()
	if o == nil || w.conference || o.conference {
		return nil
	}
	if o.state != StateTalking && o == w.side {
		return notPossible(ReasonNotNow, "hang up the consultation first: nobody has answered it yet")
	}
	if o.state == StateTalking && !o.held {
		o.ownHold = true
		f.line(Hold{o.attempt.ID})
	}
	f.line(Connect{Attempt: w.attempt.ID, Agent: w.agent.id})
	return nil
}

// transferToSide leaves contact and the one consulted to each other.
func (m *move) transferToSide() error {
	w := m.w
	if w.side == nil || w.side.state != StateTalking {
		return notPossible(ReasonBadInput, "to whom? A number is missing, or somebody you consulted")
	}
	m.f.line(TransferTo{w.attempt.ID, w.side.attempt.ID})
	return nil
}

// transferred is told how a transfer went. When it worked the calls end by
// themselves.
func (m *move) transferred() error {
	if ev := m.in.(LineEvent); ev.Status >= 300 {
		m.event = EventTransfer
		m.reason = &Reason{Code: ReasonNotTransferred, Name: fmt.Sprint(ev.Status), Text: "the call could not be handed on; the contact is still with you"}
	}
	return nil
}

// sideOver: the consultation has ended, or was never dialled. The contact is
// heard again where she was not on hold; else the agent takes the call back.
func (f *Floor) sideOver(c *work) {
	w := c.main
	c.main, w.side = nil, nil
	conference := w.conference
	w.conference = false
	if w.state == StateTalking && !conference {
		f.line(Connect{Attempt: w.attempt.ID, Agent: w.agent.id})
	}
	if w.state != StateOver {
		f.tell(w, &move{event: EventConsulted})
	}
}

// leaveSide: the contact is gone while the agent consults; she goes on with the
// one she consulted.
func (f *Floor) leaveSide(w *work) {
	c := w.side
	if c == nil || c.state != StateTalking || w.conference || w.quick {
		return
	}
	if c.held || c.ownHold {
		c.ownHold = false
		f.line(Resume{c.attempt.ID})
	}
	f.line(Connect{Attempt: c.attempt.ID, Agent: c.agent.id})
}
