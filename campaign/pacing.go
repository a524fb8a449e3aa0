package campaign

// Pacer decides how many calls a campaign may begin now. It is a pure function
// of what it is shown.
type Pacer interface {
	Dials(PacingState) (n int, why *Reason)
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
		return s.Idle, &Reason{Code: "one-to-one", Text: "predictive pacing is not available: one call for each free agent"}
	}
	return s.Idle, nil
}

// pacing asks the pacer about a campaign.
func (f *Floor) pacing(c *camp) (int, *Reason) {
	s := PacingState{Mode: c.doc.Mode}
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
