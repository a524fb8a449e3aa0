package campaign

import "time"

// Event is something that happened: numbered, journalled, then shown. It
// carries the whole new state of what it is about, so that a reader replaces
// and never computes; InteractionView leaves out the record while that is
// unchanged.
type Event struct {
	N           uint64        `json:"n"`
	At          time.Time     `json:"at"`
	Kind        EventKind     `json:"kind"`
	Agent       AgentID       `json:"agent,omitempty"`
	Campaign    string        `json:"campaign,omitempty"`
	Interaction InteractionID `json:"interaction,omitempty"`
	Attempt     AttemptID     `json:"attempt,omitempty"`
	Text        string        `json:"text,omitempty"` // one sentence, where the kind does not say all
	Reason      *Reason       `json:"reason,omitempty"`

	AgentView       *AgentView       `json:"agent_view,omitempty"`
	InteractionView *InteractionView `json:"interaction_view,omitempty"`
	CampaignView    *CampaignView    `json:"campaign_view,omitempty"`
	Popup           *Popup           `json:"popup,omitempty"`

	// Keep is for recovery after a crash; only the journal sees it.
	Keep *Keep `json:"keep,omitempty"`
}

// Keep is what a restarted process needs of an event.
type Keep struct {
	Attempt    *Attempt    `json:"attempt,omitempty"`    // as it stands, with the line's token
	Record     *Record     `json:"record,omitempty"`     // of the attempt, at its begin
	Settlement *Settlement `json:"settlement,omitempty"` // decided; to be stored
	Stored     AttemptID   `json:"stored,omitempty"`     // the store has confirmed its settlement
	Turn       int         `json:"turn,omitempty"`       // with Stored: which, see Settlement
	Desk       *AtDesk     `json:"desk,omitempty"`       // of the attempt: what its agent sees, and has entered
}

// EventKind names what happened.
type EventKind string

// The kinds of events. The comment says which views they carry: A agent,
// I interaction, C campaign.
const (
	EventAgent       EventKind = "agent"          // A: status, joined campaigns, idle reason
	EventCampaign    EventKind = "campaign"       // C: state, mode, pause, idle reason
	EventPopup       EventKind = "popup"          // Popup, A
	EventOffered     EventKind = "offered"        // I, with the preview fields
	EventAccepted    EventKind = "accepted"       // I
	EventDeclined    EventKind = "declined"       // I
	EventMissed      EventKind = "missed"         // I
	EventWithdrawn   EventKind = "withdrawn"      // I, Reason: the campaign stopped, a call came in …
	EventOpened      EventKind = "opened"         // I: the outbound interaction, with its record (blank for engaged agents)
	EventShown       EventKind = "shown"          // I: the page has it on the screen
	EventWaiting     EventKind = "waiting"        // I, Reason: the gate or the store lets it wait
	EventRefused     EventKind = "refused"        // I, Reason: the gate's
	EventDialing     EventKind = "dialing"        // I
	EventRinging     EventKind = "ringing"        // I
	EventAnswered    EventKind = "answered"       // I; fills a blank record
	EventJoined      EventKind = "joined"         // I
	EventHeld        EventKind = "held"           // I; also by the contact
	EventResumed     EventKind = "resumed"        // I
	EventConsulted   EventKind = "consulted"      // I: somebody is consulted besides, takes part, or is gone
	EventHeard       EventKind = "heard"          // I: what it sounds like, see Heard
	EventTransfer    EventKind = "transfer"       // I: a transfer failed, see Reason
	EventMuted       EventKind = "muted"          // I; both ways
	EventDigit       EventKind = "digit"          // I, Text: the contact pressed it
	EventRecording   EventKind = "recording"      // I
	EventEnded       EventKind = "ended"          // I
	EventEntered     EventKind = "entered"        // I: result, disposition, note …
	EventWarning     EventKind = "warning"        // I: after-call work has run out
	EventExtended    EventKind = "extended"       // I: after-call work got more time; told to supervisors by the view
	EventDone        EventKind = "done"           // I: settled, the agent is free
	EventReturned    EventKind = "returned"       // I: undialled, back to the list
	EventRemoved     EventKind = "removed"        // I: undialled, out of the campaign
	EventReopened    EventKind = "reopened"       // I: undo, or after-call work from before a restart
	EventContact     EventKind = "contact"        // I: the contact's fields were changed
	EventCorrected   EventKind = "corrected"      // I, Text: old and new
	EventRecalled    EventKind = "recalled"       // I: one of her last calls, from before a restart or at another process
	EventNoRecord    EventKind = "no-record"      // Reason: Get record found none
	EventDeclineLots EventKind = "declined-often" // I: told to supervisors
	EventLost        EventKind = "lost"           // I, Reason: another process has the record
	EventSoundLost   EventKind = "sound-lost"     // I, Reason: the headset is gone, the contact on hold
	EventSoundBack   EventKind = "sound-back"     // I, Reason: it is there again
	EventTakeOver    EventKind = "take-over"      // I, Reason: the call of another agent is offered
	EventHandedOn    EventKind = "handed-on"      // I, Reason: another agent has the call
	EventCutOff      EventKind = "cut-off"        // I, Reason: nobody takes the call over; it is ended
	EventAbandoned   EventKind = "abandoned"      // I: answered, and no agent in time; told to supervisors
	EventUnanswered  EventKind = "unanswered"     // Attempt: a call from outside that found nobody; told to supervisors
	EventForgotten   EventKind = "forgotten"      // a person was erased: what was shown before is shown no more, and who follows takes a snapshot
	EventStored      EventKind = "stored"         // Keep only; never published
	EventRecovered   EventKind = "recovered"      // Attempt, Text: an earlier process left it on the line
)

// AgentView is an agent as the desktop shows her.
type AgentView struct {
	Agent       AgentID       `json:"agent"`
	Status      AgentStatus   `json:"status"`
	Reason      string        `json:"reason,omitempty"` // of Not ready
	Since       time.Time     `json:"since"`
	After       AgentStatus   `json:"after,omitempty"` // status after what is under way
	AfterReason string        `json:"after_reason,omitempty"`
	Chosen      AgentStatus   `json:"chosen,omitempty"` // in the after-call work of a call: her own status, which it goes back to
	ChosenFor   string        `json:"chosen_reason,omitempty"`
	Engaged     bool          `json:"engaged,omitempty"`
	Team        string        `json:"team,omitempty"`
	Joined      []string      `json:"joined"`
	Popups      []Popup       `json:"popups"` // open ones
	Interaction InteractionID `json:"interaction,omitempty"`
	Idle        *Reason       `json:"idle,omitempty"` // why nothing comes, while nothing is on her desk
	UndoUntil   time.Time     `json:"undo_until,omitzero"`
	Headset     HeadsetState  `json:"headset,omitempty"`
	HeadsetWhy  *Reason       `json:"headset_why,omitempty"` // why it is not up, where that is known
	Notice      *Reason       `json:"notice,omitempty"`      // what became of her call while she was away; until she is Ready again
}

// The reasons why an agent, or a campaign, is idle.
const (
	IdleNotReady      ReasonCode = "not-ready"
	IdleAfterCall     ReasonCode = "after-call-work" // she chose it
	IdleNotJoined     ReasonCode = "joined-nothing"
	IdleNotRunning    ReasonCode = "no-campaign-running"
	IdlePaused        ReasonCode = "campaign-paused"
	IdleStore         ReasonCode = "store-away"
	IdleWaiting       ReasonCode = "no-record-due" // Until: when one is
	IdleListDone      ReasonCode = "list-worked"
	IdleInWork        ReasonCode = "rest-in-work" // what is left is with others just now
	IdleGate          ReasonCode = "gate"         // a global refusal; Text is the gate's, Name its code
	IdleAsking        ReasonCode = "asking"
	IdlePreview       ReasonCode = "get-record" // preview mode: the agent fetches
	IdleNoAgents      ReasonCode = "no-agents"
	IdleAgentsBusy    ReasonCode = "agents-busy"
	IdleAgentsHeadset ReasonCode = "agents-no-headset"
	IdleAhead         ReasonCode = "dialled-ahead" // predictive: the next contact who answers comes
	IdleDraining      ReasonCode = "draining"
	ReasonStopped     ReasonCode = "campaign-stopped"
	ReasonModeChanged ReasonCode = "mode-changed"
	ReasonOwnFails    ReasonCode = "own-failures"
	ReasonInbound     ReasonCode = "inbound-call"
	ReasonShutdown    ReasonCode = "shutdown"
	ReasonNotShown    ReasonCode = "not-shown" // the page did not report the record within 3 s
	ReasonStoreAway   ReasonCode = "store-away"
	ReasonUnheard     ReasonCode = "agent-not-heard" // no sound of the agent within 3 s of the join
)

// InteractionState is where an interaction stands.
type InteractionState string

// The states of an interaction.
const (
	StateOffered  InteractionState = "offered"   // the preview is open, the countdown runs
	StateOpening  InteractionState = "opening"   // accepted; the page has 3 s to show it
	StateOpen     InteractionState = "open"      // shown, undialled: preview modes
	StateAsking   InteractionState = "asking"    // the gate is being asked
	StateWaiting  InteractionState = "waiting"   // the gate or the store lets it wait; asked again
	StateDialing  InteractionState = "dialing"   //
	StateRinging  InteractionState = "ringing"   //
	StateSeeking  InteractionState = "seeking"   // dialled ahead and answered: an agent is sought, for 2 s
	StateTalking  InteractionState = "talking"   // also on hold
	StateStopping InteractionState = "stopping"  // cancelled before the answer; Ended is to come
	StateClosing  InteractionState = "closing"   // hung up after the answer; Ended is to come
	StateWrapUp   InteractionState = "wrap-up"   // after-call work
	StateResult   InteractionState = "result"    // nobody answered: shown for 2 s
	StateRefused  InteractionState = "refused"   // the gate said no: shown for 2 s
	StateIncoming InteractionState = "incoming"  // inbound call, ringing at this agent
	StateTaking   InteractionState = "answering" // inbound call, being answered
	StateParked   InteractionState = "parked"    // the agent's headset is lost: the contact is on hold until it is back, or somebody takes the call over
	StateTakeOver InteractionState = "take-over" // offered to this agent: the call of another one who lost her headset
	// StateAnnouncing: nobody came in time, or took it over; the contact hears the announcement.
	StateAnnouncing InteractionState = "announcing"
	// StateVoicemail: nobody answers an inbound call; the caller hears the announcement.
	StateVoicemail InteractionState = "voicemail"
	StateOver      InteractionState = "over"
)

// InteractionKind is where an interaction comes from.
type InteractionKind string

// The kinds.
const (
	KindCampaign InteractionKind = "campaign"
	KindManual   InteractionKind = "manual"
	KindInbound  InteractionKind = "inbound"
)

// CallStatus is the word the desktop shows.
type CallStatus string

// The call statuses.
const (
	CallDialing       CallStatus = "dialing"
	CallRinging       CallStatus = "ringing"
	CallConnected     CallStatus = "connected"
	CallHeld          CallStatus = "on-hold"
	CallHeldByContact CallStatus = "held-by-contact"
	CallEnded         CallStatus = "ended"
)

// InteractionView is an interaction as the desktop shows it.
type InteractionView struct {
	ID       InteractionID    `json:"id"`
	Kind     InteractionKind  `json:"kind"`
	State    InteractionState `json:"state"`
	Agent    AgentID          `json:"agent"`
	From     AgentID          `json:"from,omitempty"` // of a take-over: whose call it is
	Campaign string           `json:"campaign,omitempty"`
	Mode     Mode             `json:"mode,omitempty"`
	Attempt  AttemptID        `json:"attempt,omitempty"`
	Blank    bool             `json:"blank,omitempty"`   // engaged, and the contact has not answered: the agent gets no field of the record
	Until    time.Time        `json:"until,omitzero"`    // end of the countdown, of the ringing, of after-call work
	Declined int              `json:"declined"`          // how often this record was declined or missed
	Case     []Field          `json:"case,omitempty"`    // those of the chosen fields that the campaign itself fills: all that a blank view shows
	Content  *Content         `json:"content,omitempty"` // absent: unchanged since the last event

	CallStatus CallStatus `json:"call_status,omitempty"`
	Held       bool       `json:"held,omitempty"`
	RemoteHeld bool       `json:"remote_held,omitempty"`
	Muted      bool       `json:"muted,omitempty"`
	Recording  bool       `json:"recording,omitempty"`

	RecordingState RecordingState   `json:"recording_state,omitempty"` // announcing, on, paused, stopped, deleted
	RecordingBar   *Reason          `json:"recording_bar,omitempty"`   // why this call cannot be recorded
	RecordingAsk   bool             `json:"recording_ask,omitempty"`   // the contact has to agree before it begins
	RecordingUntil time.Time        `json:"recording_until,omitzero"`  // paused: it goes on by itself then
	Consent        RecordingConsent `json:"consent,omitempty"`         // what the contact said to being recorded: given, refused

	DialedAt     time.Time  `json:"dialed_at,omitzero"`
	RingingAt    time.Time  `json:"ringing_at,omitzero"`
	AnsweredAt   time.Time  `json:"answered_at,omitzero"`
	JoinedAt     time.Time  `json:"joined_at,omitzero"`
	EndedAt      time.Time  `json:"ended_at,omitzero"`
	EndedBy      Party      `json:"ended_by,omitempty"`
	SIPStatus    int        `json:"sip_status,omitempty"`
	DialerResult CallResult `json:"dialer_result,omitempty"`

	Result      CallResult `json:"result,omitempty"` // what the agent chose
	Disposition string     `json:"disposition,omitempty"`
	Note        string     `json:"note,omitempty"`
	NoCall      bool       `json:"no_call,omitempty"`
	Callback    *Callback  `json:"callback,omitempty"`
	Overtime    bool       `json:"overtime,omitempty"`   // after-call work has run out
	Extended    int        `json:"extended,omitempty"`   // how often the agent gave it more time
	MayExtend   int        `json:"may_extend,omitempty"` // how often she still may
	ExtendMS    int64      `json:"extend_ms,omitempty"`  // by so much
	Reason      *Reason    `json:"reason,omitempty"`     // why it waits, was refused or withdrawn

	Heard   Heard        `json:"heard,omitempty"`   // what the contact's side sounds like: advice
	Consult *ConsultView `json:"consult,omitempty"` // her other call, while there is a consultation
}

// Content is what an interaction shows of the contact; an engaged agent gets
// none of it before the answer.
type Content struct {
	RecordID string        `json:"record_id,omitempty"`
	List     string        `json:"list,omitempty"`
	Name     string        `json:"name,omitempty"`
	Number   string        `json:"number,omitempty"`
	TimeZone string        `json:"time_zone,omitempty"` // IANA: the contact's clock
	Window   string        `json:"window,omitempty"`    // when the contact may be called each day, by that clock
	Attempts int           `json:"attempts,omitempty"`  // counted ones before this one
	Others   []OtherNumber `json:"others,omitempty"`    // other numbers of the contact, in the order in which they are tried
	Preview  []Field       `json:"preview,omitempty"`   // the fields the administrator chose, in order
	Case     []Field       `json:"case,omitempty"`      // those of the case information that come from the record
	Record   []Field       `json:"record,omitempty"`
	Fields   []Field       `json:"fields,omitempty"` // all custom columns, for script and screen pop
}

// CampaignView is a campaign as the desktop shows it.
type CampaignView struct {
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	Greeting    string    `json:"greeting,omitempty"`
	Mode        Mode      `json:"mode"`
	Priority    int       `json:"priority"`
	State       RunState  `json:"state"`
	Pause       *Reason   `json:"pause,omitempty"` // it paused itself
	Joined      []AgentID `json:"joined"`
	Idle        *Reason   `json:"idle,omitempty"` // why nothing is being dialled
	Pacing      *Reason   `json:"pacing,omitempty"`
	Advice      *Advice   `json:"advice,omitempty"` // another mode would serve better
	// What the store last said when it had no record: when one is due, how
	// many wait for a time, how many are in work. Asked reports that it was
	// asked since something changed.
	Asked   bool      `json:"asked"`
	Next    time.Time `json:"next,omitzero"`
	Waiting int       `json:"waiting"`
	InWork  int       `json:"in_work"` // here and elsewhere

	Results      []OfferedResult `json:"results"`
	Dispositions []Disposition   `json:"dispositions,omitempty"`
	Assigned     AgentSet        `json:"-"`
}

// Popup tells an agent that a campaign was loaded or started; OK joins.
type Popup struct {
	Campaign    string     `json:"campaign"`
	Stage       PopupStage `json:"stage"`
	Mode        Mode       `json:"mode"`
	Description string     `json:"description,omitempty"`
}

// Snapshot is the state as of event N.
type Snapshot struct {
	N            uint64            `json:"n"`
	At           time.Time         `json:"at"`
	Agents       []AgentView       `json:"agents"`
	Campaigns    []CampaignView    `json:"campaigns"`
	Interactions []InteractionView `json:"interactions"` // live ones, with content
	Recent       []InteractionView `json:"recent"`       // the last ten of each agent, newest first
	Draining     bool              `json:"draining,omitempty"`
}

// Viewer is who looks.
type Viewer struct {
	Agent AgentID
	Role  Role
	Scope *Scope // nil: the whole floor
}

// Scope is the part of the floor that somebody oversees.
type Scope struct {
	Agents    func(AgentID) bool
	Campaigns func(name string) bool
}
