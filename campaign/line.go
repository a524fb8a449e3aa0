package campaign

import "time"

// Line places and handles calls. It is told what to do by Commands and says
// what happened by LineEvents; every Dial is answered by exactly one
// LineEnded, whatever fails.
type Line interface {
	Do(Command)               // never blocks for long; what came of it is an event
	Events() <-chan LineEvent // closed when the line is closed
	// Recover ends what an earlier process left on the line. token is what
	// LineDialing, LineRinging and LineAnswered carried in Token. It blocks.
	Recover(token []byte) error
}

// Command is one of the closed set of things a Line can be told to do.
type Command interface{ command() }

// Dial places the contact's call. Agent names the agent reserved for it, who
// is connected at once and hears ringing and early media; empty in predictive
// mode, where Connect follows the answer.
type Dial struct {
	Attempt  AttemptID
	Agent    AgentID
	Number   string // E.164 or extension
	Account  string // empty: the line's default
	CallerID string
	Detect   Detection
	Before   time.Time // by the wall clock; later, nothing may be sent any more: see Permitted
}

// Connect joins the contact's call with an agent's headset. With Guard > 0
// LineUnheard comes when nothing is heard of her for so long, or when she has
// no headset.
type Connect struct {
	Attempt AttemptID
	Agent   AgentID
	Guard   time.Duration
}

// Hold puts the contact on hold, Resume takes the call back.
type (
	Hold   struct{ Attempt AttemptID }
	Resume struct{ Attempt AttemptID }
)

// Digits sends DTMF: 0-9, *, #, A-D.
type Digits struct {
	Attempt AttemptID
	Digits  string
}

// Mute stops the agent's voice to the contact; both stay connected.
type Mute struct {
	Attempt AttemptID
	On      bool
}

// AnswerCall and RejectCall decide an inbound call. Without an agent it is
// answered by nobody's headset: a Play follows.
type (
	AnswerCall struct {
		Attempt AttemptID
		Agent   AgentID
	}
	RejectCall struct {
		Attempt AttemptID
		Status  int // SIP status; 0 = 480
	}
)

// Transfer hands the contact on, blind, to a number.
type Transfer struct {
	Attempt AttemptID
	Number  string
}

// Conference takes the far end of another call of the same agent into this
// one: all three hear each other until one of the calls ends. TransferTo leaves
// the far ends of both to each other; when that worked both calls end, and
// LineTransferred says so or why not.
type (
	Conference struct{ Attempt, With AttemptID }
	TransferTo struct{ Attempt, With AttemptID }
)

// Play speaks a sound file to the contact (announcement, scripted agent).
// Meanwhile the agent hears nothing and is not heard; with Both she is, and
// hears the file too, unless she is muted.
type Play struct {
	Attempt AttemptID
	File    string
	Both    bool
}

// RecordCall starts, pauses, resumes or stops the recording of a call. Stop
// ends what is played to both as well: it says that the call is recorded.
type RecordCall struct {
	Attempt AttemptID
	Action  RecordAction
	File    string // for RecordStart and RecordDelete
}

// RecordAction is what RecordCall does.
type RecordAction string

// The record actions.
const (
	RecordStart  RecordAction = "start"
	RecordPause  RecordAction = "pause"
	RecordResume RecordAction = "resume"
	RecordStop   RecordAction = "stop"
	// RecordDelete removes the file, also when the call is over.
	RecordDelete RecordAction = "delete"
	// What an agent says further; a line does not know these.
	RecordConsent RecordAction = "consent" // the contact agrees: it starts
	RecordRefuse  RecordAction = "refuse"  // the contact does not: it stops
)

// Hangup ends a call: CANCEL while it rings, BYE after the answer.
type Hangup struct {
	Attempt AttemptID
	By      Party
	Reason  string // one of the dialer's own below, "agent hung up", …
}

// The reasons of the dialer's own. HangupRingTimeout makes the attempt No
// answer, HangupShutdown one that is not the contact's; the others explain.
const (
	HangupRingTimeout = "ring timeout"
	HangupAbandoned   = "abandoned" // nobody was there for who had answered
	HangupLostMedia   = "lost media"
	HangupShutdown    = "shutdown"
)

func (Dial) command()       {}
func (Connect) command()    {}
func (Hold) command()       {}
func (Resume) command()     {}
func (Digits) command()     {}
func (Mute) command()       {}
func (AnswerCall) command() {}
func (RejectCall) command() {}
func (Transfer) command()   {}
func (Conference) command() {}
func (TransferTo) command() {}
func (Play) command()       {}
func (RecordCall) command() {}
func (Hangup) command()     {}

// Party is who ended a call.
type Party string

// The parties. Dialer means ring timeout, abandoned, shutdown or lost media.
const (
	ByAgent   Party = "agent"
	ByContact Party = "contact"
	ByDialer  Party = "dialer"
)

// LineEventKind names what happened on a call.
type LineEventKind string

// The kinds of line events.
const (
	LineDialing       LineEventKind = "dialing"  // the INVITE is on the wire; Token is valid
	LineRinging       LineEventKind = "ringing"  // 180, or early media
	LineAnswered      LineEventKind = "answered" // 2xx
	LineJoined        LineEventKind = "joined"   // contact and agent hear each other
	LineHeld          LineEventKind = "held"
	LineResumed       LineEventKind = "resumed"
	LineRemoteHeld    LineEventKind = "held-by-contact"
	LineRemoteResumed LineEventKind = "resumed-by-contact"
	LineDigit         LineEventKind = "digit"
	LinePlayed        LineEventKind = "played"      // the file of Play was spoken to its end; Text: why nothing was
	LineIncoming      LineEventKind = "incoming"    // an inbound call; Attempt is a new id, Number the caller's
	LineUnheard       LineEventKind = "unheard"     // Agent, who was connected, makes no sound at all
	LineTransferred   LineEventKind = "transferred" // how a Transfer or TransferTo went: Status; 2xx: the call ends by itself
	LineHeard         LineEventKind = "heard"       // Heard: what was detected in the contact's sound
	LineEnded         LineEventKind = "ended"
)

// LineEvent tells what happened on a call.
type LineEvent struct {
	Kind    LineEventKind
	At      time.Time
	Attempt AttemptID
	Agent   AgentID // on LineJoined and LineUnheard
	Number  string  // on LineIncoming
	Digit   string
	Heard   Heard  // on LineHeard
	Token   []byte // opaque: for Line.Recover

	// On LineEnded:
	Status int        // final SIP status; 0 if none came
	Result CallResult // by SIP status and Q.850 cause; Answer after a 2xx; where our Hangup came first: ResultCancelled (agent), NoAnswer (ring timeout)
	By     Party
	OptOut bool   // the called party asks not to be called again (607)
	Text   string // reason phrase or error, for the supervisor
	HeldMS int64
	RTP    *RTPReport
}

// RTPReport is the quality of the contact's leg.
type RTPReport struct {
	Codec    string  `json:"codec"`
	Sent     int64   `json:"sent"`
	Received int64   `json:"received"`
	Lost     int64   `json:"lost"`
	JitterMS float64 `json:"jitter_ms"`
	MOS      float64 `json:"mos"`

	Headset LegReport `json:"headset,omitzero"` // the agent's own leg; absent where it has no network
}

// LegReport is the quality of a headset's connection: what came from the agent,
// and how much of what was sent to her.
type LegReport struct {
	Codec       string  `json:"codec"`
	LossPercent float64 `json:"loss"`
	JitterMS    float64 `json:"jitter_ms"`
	RTTMS       float64 `json:"rtt_ms"`
	MOS         float64 `json:"mos"`
}
