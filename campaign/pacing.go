package campaign

import (
	"fmt"
	"slices"
	"time"
)

// Pacer decides how many calls a campaign may begin now. It is a function of
// what it is shown, and, when it is an Observer, of what it has observed.
type Pacer interface {
	Dials(PacingState) (n int, why *Reason)
}

// Observer is a pacer that learns.
type Observer interface {
	// Observe is told of everything in the order in which it happened, between
	// two Dials, on the goroutine that asks them.
	Observe(PacingEvent)
}

// RiskAssessor is a pacer that knows how many calls may go wrong together.
type RiskAssessor interface {
	// AtRisk is how many of the calls on their way may find no agent in time, 1
	// at least; 0: it cannot say, and all beyond one for each free agent may.
	// The floor asks it like Dials.
	AtRisk(PacingState) int
}

// Adviser is a pacer that knows what another mode would bring.
type Adviser interface {
	// Advice is about a campaign in a mode with so many agents at work; nil:
	// nothing to say. The floor asks it like Dials.
	Advice(campaign string, mode Mode, agents int) *Advice
}

// Advice recommends another mode for a campaign, with the figures that it
// rests on.
type Advice struct {
	Mode     Mode `json:"mode" doc:"the mode that would serve better"`
	Answered int  `json:"answered" doc:"percent of the dials that a person answers"`
	Handling int  `json:"handling" doc:"seconds that an agent talks and wraps up for one of them"`
	Agents   int  `json:"agents" doc:"agents at work"`
	OneToOne int  `json:"one_to_one" doc:"percent of their time that agents are busy when one call is placed for each free agent; estimated"`
	Ahead    int  `json:"ahead" doc:"the same when calls are placed ahead of free agents"`
}

// advice is what the pacer has to say about a running campaign. To dial ahead
// is recommended only where abandoned calls are allowed at all.
func (f *Floor) advice(c *camp, agents int) *Advice {
	adviser, ok := f.cfg.Pacer.(Adviser)
	if !ok {
		return nil
	}
	a := adviser.Advice(c.doc.Name, c.doc.Mode, agents)
	if a != nil && a.Mode == ModePredictive && c.doc.Rules.MaxAbandoned <= 0 {
		return nil
	}
	return a
}

// PacingState is what a pacer is shown of a campaign.
type PacingState struct {
	Mode    Mode
	Idle    int // agents Ready with nothing on their desk, and no record asked for
	Dialing int // calls on their way, ringing included
	Talking int
	WrapUp  int

	// What a pacer that looks ahead needs besides; the counts agree with it.
	Campaign string
	Agents   []PacingAgent  // everybody who takes the campaign's calls: not those on a break or logged off
	Calls    []PacingCall   // in dialling order, without those that found an agent
	Budgets  []PacingBudget // every window of abandonment that the law or the campaign sets
}

// OneToOne gives every idle agent one call: progressive dialling.
type OneToOne struct{}

// Dials is as many as agents are idle.
func (OneToOne) Dials(s PacingState) (int, *Reason) {
	if s.Mode == ModePredictive {
		return max(s.Idle-len(s.Calls), 0), &Reason{Code: "one-to-one", Text: "predictive pacing is not available: one call for each free agent"}
	}
	return s.Idle, nil
}

// pacing asks the pacer about a campaign.
func (f *Floor) pacing(c *camp) (int, *Reason) {
	if c.doc.Mode == ModePredictive {
		return f.pacingAhead(c)
	}
	s := PacingState{Mode: c.doc.Mode, Campaign: c.doc.Name}
	for _, a := range f.agents {
		if a.joined[c.doc.Name] && a.waitsForRecord() && a.ask == nil {
			s.Idle++
		}
	}
	for _, w := range f.works {
		if w.camp != c {
			continue
		}
		switch w.state {
		case StateDialing, StateRinging, StateStopping:
			s.Dialing++
		case StateTalking, StateClosing:
			s.Talking++
		case StateWrapUp:
			s.WrapUp++
		}
	}
	return f.cfg.Pacer.Dials(s)
}

// pacingAhead shows the pacer agents, calls and budgets. What was asked for and
// is not dialled yet counts as dialled just now.
func (f *Floor) pacingAhead(c *camp) (int, *Reason) {
	s := f.stateAhead(c)
	n, why := f.cfg.Pacer.Dials(s)
	c.paced = s
	if len(s.Agents) == 0 { // no agents, no new dials, whatever a pacer says
		n = 0
	}
	if c.shutUntil.After(f.now) {
		n = min(n, max(s.Idle-len(s.Calls), 0))
	}
	return n, c.pacingReason(f, why)
}

// stateAhead is what the pacer of a campaign that dials ahead is shown.
func (f *Floor) stateAhead(c *camp) PacingState {
	s := PacingState{Mode: c.doc.Mode, Campaign: c.doc.Name, Agents: f.crew(c), Budgets: c.budgets()}
	for _, a := range s.Agents {
		switch a.Phase {
		case PacingFree:
			s.Idle++
		case PacingTalks:
			s.Talking++
		case PacingWrapsUp:
			s.WrapUp++
		}
	}
	for _, w := range f.works {
		if w.camp != c || !w.unseated() {
			continue
		}
		s.Dialing++
		call := PacingCall{Answered: w.answered()}
		if !w.attempt.DialedAt.IsZero() {
			call.Age = max(f.now.Sub(w.attempt.DialedAt), 0)
		}
		s.Calls = append(s.Calls, call)
	}
	slices.SortStableFunc(s.Calls, func(a, b PacingCall) int { return int(b.Age - a.Age) })
	for range c.asks {
		s.Dialing++
		s.Calls = append(s.Calls, PacingCall{})
	}
	return s
}

// atRisk is how many of a campaign's calls here may find no agent, as the
// pacer sees it; 0: it does not say.
func (f *Floor) atRisk(c *camp) int {
	if r, ok := f.cfg.Pacer.(RiskAssessor); ok {
		return r.AtRisk(f.stateAhead(c))
	}
	return 0
}

// String is the state in words, for the audit log.
func (s PacingState) String() string {
	text := fmt.Sprintf("%s: %s, %d free, %d talking, %d wrapping up; %s under way", s.Mode,
		plural(len(s.Agents), "agent"), s.Idle, s.Talking, s.WrapUp, plural(len(s.Calls), "call"))
	for _, b := range s.Budgets {
		text += fmt.Sprintf("; %d of %d answers abandoned, %.1f %% allowed", b.Abandoned, b.Answered, 100*b.Limit)
	}
	return text
}

// learn tells the pacer what happened to a call.
func (f *Floor) learn(w *work, kind PacingEventKind, after time.Duration) {
	o, ok := f.cfg.Pacer.(Observer)
	if !ok || w.dial == 0 || w.doc == nil {
		return
	}
	o.Observe(PacingEvent{Campaign: w.doc.Name, Kind: kind, Dial: w.dial, After: max(after, 0)})
}

// learnDial numbers a dial. Those of the preview modes say nothing about
// dialling by machine.
func (f *Floor) learnDial(w *work) {
	if w.selfClosing() {
		f.dials++
		w.dial = f.dials
		f.learn(w, PacingDialled, 0)
	}
}

// learnEnd tells how long a call was, or that nobody answered it.
func (f *Floor) learnEnd(w *work) {
	switch a := &w.attempt; {
	case !w.answered():
		f.learn(w, PacingMissed, a.EndedAt.Sub(a.DialedAt))
	case !a.JoinedAt.IsZero():
		f.learn(w, PacingTalked, a.EndedAt.Sub(a.JoinedAt))
	}
}
