package campaign

import "time"

// PacingAgent is an agent as a pacer sees her.
type PacingAgent struct {
	Phase PacingPhase
	For   time.Duration // since the phase began
}

// PacingPhase is what an agent does.
type PacingPhase uint8

// The phases of an agent.
const (
	PacingFree PacingPhase = iota // Ready with nothing on her desk
	PacingTalks
	PacingWrapsUp
)

// PacingCall is a call that has no agent yet.
type PacingCall struct {
	Age      time.Duration // since it was dialled
	Answered bool          // by a person, who waits for an agent
}

// PacingBudget is what may still be abandoned in one window of time.
type PacingBudget struct {
	Answered  int     // by a person, within the window
	Abandoned int     // of these
	Limit     float64 // largest share of abandoned calls, 0 to 1
}

// Room is how many more calls may be abandoned; a call that is not whole does
// not count.
func (b PacingBudget) Room() float64 {
	return b.Limit*float64(b.Answered) - float64(b.Abandoned)
}

// Bears reports whether so many more calls may be abandoned. It is the rule of
// the gate, and of a pacer that does not want to be refused.
func (b PacingBudget) Bears(calls int) bool { return float64(calls) <= b.Room() }

// PacingEvent is something a pacer learns from. The events of a campaign come
// in the order in which they happened.
type PacingEvent struct {
	Campaign string
	Kind     PacingEventKind
	Dial     int64         // number of the dial, growing in dialling order; of Dialled to Abandoned
	After    time.Duration // Answered, Missed: since it was dialled. Talked, WrappedUp: how long it was
}

// PacingEventKind is what happened.
type PacingEventKind uint8

// The kinds of pacing event. Every Dialled is followed by Answered or Missed,
// every Answered by Joined or Abandoned.
const (
	PacingDialled PacingEventKind = iota + 1
	PacingAnswered
	PacingMissed // ended without a person
	PacingJoined
	PacingAbandoned
	PacingTalked
	PacingWrappedUp
)
