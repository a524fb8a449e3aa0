package campaign

import (
	"slices"
	"time"
)

// stimulus is what can happen to an interaction.
type stimulus string

// The stimuli: clicks, the store's answers, the line's events, and the floor's
// own.
const (
	onAccept   stimulus = "accept"
	onDecline  stimulus = "decline"
	onShown    stimulus = "shown"
	onCall     stimulus = "call"
	onReturn   stimulus = "return"
	onRemove   stimulus = "remove"
	onHold     stimulus = "hold"
	onResume   stimulus = "resume"
	onHangup   stimulus = "hang up"
	onDigits   stimulus = "digits"
	onMute     stimulus = "mute"
	onRecord   stimulus = "record"
	onTransfer stimulus = "transfer"
	onConsult  stimulus = "consult"
	onConfer   stimulus = "conference"
	onEnter    stimulus = "enter"
	onQuick    stimulus = "quick"
	onDone     stimulus = "done"
	onExtend   stimulus = "extend"

	onPermitted stimulus = "permitted"
	onRefused   stimulus = "refused"
	onLost      stimulus = "lost"
	onStoreAway stimulus = "store away"

	onDialing       stimulus = "dialing"
	onRinging       stimulus = "ringing"
	onAnswered      stimulus = "answered"
	onJoined        stimulus = "joined"
	onHeld          stimulus = "held"
	onResumed       stimulus = "resumed"
	onRemoteHeld    stimulus = "held by contact"
	onRemoteResumed stimulus = "resumed by contact"
	onDigit         stimulus = "digit"
	onPlayed        stimulus = "played"
	onUnheard       stimulus = "unheard"
	onTransferred   stimulus = "transferred"
	onHeard         stimulus = "heard"
	onEnded         stimulus = "ended"

	onSoundLost stimulus = "headset lost"
	onSoundBack stimulus = "headset back"
	onTaken     stimulus = "taken over"
	onVoid      stimulus = "void"

	onTimeout  stimulus = "timeout"
	onUnpause  stimulus = "unpause" // of the recording
	onWithdraw stimulus = "withdraw"
	onOptOut   stimulus = "opt-out" // the contact is on the do-not-call list by now
	onFinish   stimulus = "finish"
	onSeat     stimulus = "seat"
)

// row says what a stimulus does in a state: the state afterwards, the event
// published, and the action, which may choose another state out of may.
type row struct {
	to    InteractionState
	event EventKind
	do    func(*move) error
	may   []InteractionState
}

type transitions map[InteractionState]map[stimulus]row

// move is one transition under way; the action may change what comes of it.
type move struct {
	f       *Floor
	w       *work
	in      any
	to      InteractionState
	event   EventKind
	reason  *Reason
	text    string
	content bool  // the event carries the record
	keep    *Keep // for the journal
}

// step applies a stimulus. A click that the table does not know in this state
// is refused; anything else is ignored.
func (f *Floor) step(w *work, s stimulus, in any) error {
	r, ok := f.table[w.state][s]
	if !ok {
		return notPossible(ReasonNotNow, string(s)+" is not possible: the interaction is "+string(w.state))
	}
	m := &move{f: f, w: w, in: in, to: r.to, event: r.event}
	if r.do != nil {
		if err := r.do(m); err != nil {
			return err
		}
	}
	if m.reason != nil {
		w.reason = m.reason
	}
	if changed := m.to != w.state; changed {
		w.state = m.to
		f.arm(w)
	}
	if m.event != "" {
		f.tell(w, m)
	}
	if w.state == StateOver {
		f.close(w)
	}
	return nil
}

func (f *Floor) tell(w *work, m *move) {
	v := w.view(m.content)
	e := Event{
		Kind: m.event, Agent: w.who(), Campaign: v.Campaign, Interaction: w.id, Attempt: w.attempt.ID,
		Text: m.text, Reason: m.reason, InteractionView: &v, Keep: m.keep,
	}
	f.publish(e)
}

// arm sets when something happens by itself in the state just entered.
func (f *Floor) arm(w *work) {
	after := func(d time.Duration) { w.until = f.now.Add(d) }
	w.until = time.Time{}
	switch w.state {
	case StateOffered:
		after(w.doc.previewTimeout())
		if w.answered() { // the contact waits
			w.until = f.clickUntil(w)
		}
	case StateSeeking:
		w.until = f.seekUntil(w)
	case StateOpening:
		after(showWithin)
	case StateOpen:
		if w.mode() == ModePushPreview && w.doc.AutoDial > 0 {
			after(w.doc.AutoDial)
		}
	case StateWaiting:
		w.until = w.waitUntil(f.now)
	case StateDialing, StateRinging:
		after(f.ringTime(w))
	case StateWrapUp:
		w.wrapSince, w.wrapUntil, w.overtime = f.now, time.Time{}, false
		if w.doc != nil && w.doc.AfterCallWork > 0 {
			after(w.doc.AfterCallWork)
			w.wrapUntil = w.until
		}
	case StateResult, StateRefused:
		after(resultView)
	case StateIncoming, StateTakeOver:
		after(ringEach)
	case StateAnnouncing, StateVoicemail:
		after(announceAtMost)
	case StateParked:
		if w.until = w.parkUntil; !w.until.After(f.now) { // it was lost before the answer
			w.until = f.now.Add(time.Millisecond)
		}
	}
	if h := w.heir; h != nil && w.state != StateParked {
		f.step(h, onVoid, Reason{Code: ReasonCallBack, Text: "the call is not to be taken over any more"})
	}
}

func (f *Floor) ringTime(w *work) time.Duration {
	if w.doc != nil {
		return w.doc.ring(w.attempt.Number)
	}
	manual := Campaign{RingTimeout: f.cfg.Manual.RingTimeout, Rules: f.cfg.Manual.Rules}
	return manual.ring(w.attempt.Number)
}

// open puts a new interaction on the desk of its agent, if it has one.
func (f *Floor) open(w *work, state InteractionState) {
	w.id = InteractionID(f.cfg.NewID("i", f.now))
	w.state = state
	if w.agent != nil && w.main == nil {
		w.agent.work = w
	}
	f.works = append(f.works, w)
	f.arm(w)
}

// close takes a finished one away and frees the agent.
func (f *Floor) close(w *work) {
	f.works = slices.DeleteFunc(f.works, func(o *work) bool { return o == w })
	w.until = time.Time{}
	if !w.wrapSince.IsZero() && !w.correction && !w.returned {
		f.learn(w, PacingWrappedUp, f.now.Sub(w.wrapSince))
	}
	if w.main != nil {
		f.sideOver(w)
	}
	if w.side != nil { // nobody is left to speak with the one consulted
		f.step(w.side, onHangup, nil)
	}
	if w.agent != nil && w.agent.work == w {
		f.free(w.agent)
	}
	f.stir()
}

// newTransitions is the whole life of an interaction. What is missing is not
// possible.
//
//	offered ─▶ opening ─▶ asking ─▶ dialing ─▶ ringing ─▶ talking ─▶ closing ─▶ wrap-up ─▶ over
//	              │     ▲   │ ▲         └─────────┴▶ stopping ─▶ result ─────────────────▶ over
//	              └▶ open   ▼ │
//	                     waiting ─▶ refused ─▶ over          incoming ─▶ answering ─▶ talking
//
//	talking ◀─ headset lost, back ─▶ parked ─▶ announcing ─▶ closing
//	                                 parked ─▶ over, and the call to: take-over ─▶ talking
//
// Dialled ahead there is no agent before the answer:
//
//	asking ─▶ dialing ─▶ ringing ─▶ seeking ─▶ (offered ─▶) talking
//	                                   └─▶ announcing ─▶ closing ─▶ over
func newTransitions() transitions {
	entry := row{event: EventEntered, do: (*move).enter}
	stay := func(s InteractionState, r row) row { r.to = s; return r }
	t := transitions{
		StateOffered: {
			onAccept:   {to: StateOpening, event: EventOpened, do: (*move).accept, may: []InteractionState{StateOpen, StateTalking}},
			onDecline:  {to: StateOver, event: EventDeclined, do: (*move).decline},
			onTimeout:  {to: StateOver, event: EventMissed, do: (*move).miss},
			onWithdraw: {to: StateOver, event: EventWithdrawn, do: (*move).withdraw},

			onSoundLost: {to: StateOver, event: EventWithdrawn, do: (*move).muteOffer},
			onEnded:     {to: StateOver, event: EventEnded, do: (*move).endedOffered, may: []InteractionState{StateOffered}},
		},
		StateOpening: {
			onShown:    {to: StateAsking, event: EventShown, do: (*move).shown, may: []InteractionState{StateOpen}},
			onTimeout:  {to: StateOver, event: EventMissed, do: (*move).miss},
			onWithdraw: {to: StateOver, event: EventWithdrawn, do: (*move).withdraw},

			onSoundLost: {to: StateOver, event: EventWithdrawn, do: (*move).muteOffer},
		},
		StateOpen: {
			onShown:    {to: StateOpen, event: EventShown},
			onCall:     {to: StateAsking, do: (*move).call},
			onTimeout:  {to: StateAsking, do: (*move).call},
			onReturn:   {to: StateOver, event: EventReturned, do: (*move).giveBack},
			onRemove:   {to: StateOver, event: EventRemoved, do: (*move).remove},
			onEnter:    stay(StateOpen, entry),
			onDone:     {to: StateOver, event: EventDone, do: (*move).doneUndialled},
			onWithdraw: {to: StateOver, event: EventWithdrawn, do: (*move).withdraw},
		},
		StateAsking: {
			onPermitted: {to: StateDialing, event: EventDialing, do: (*move).dial, may: []InteractionState{StateOver}},
			onRefused:   {to: StateRefused, event: EventRefused, do: (*move).refused, may: []InteractionState{StateWaiting, StateOpen, StateOver}},
			onLost:      {to: StateOver, event: EventLost, do: (*move).lost},
			onStoreAway: {to: StateWaiting, event: EventWaiting, do: (*move).storeAway, may: []InteractionState{StateOver}},
			onHangup:    {to: StateAsking, do: (*move).drop},
			onWithdraw:  {to: StateAsking, do: (*move).drop},
			onFinish:    {to: StateAsking, do: (*move).drop},
			onEnter:     stay(StateAsking, entry),
		},
		StateWaiting: {
			onTimeout:  {to: StateAsking, do: (*move).askAgain, may: []InteractionState{StateRefused, StateOpen, StateOver}},
			onHangup:   {to: StateOver, event: EventReturned, do: (*move).giveBack},
			onReturn:   {to: StateOver, event: EventReturned, do: (*move).giveBack},
			onWithdraw: {to: StateOver, event: EventWithdrawn, do: (*move).withdraw},
			onEnter:    stay(StateWaiting, entry),
		},
		StateDialing: {
			onDialing:  {to: StateDialing, event: EventDialing, do: (*move).onWire},
			onRinging:  {to: StateRinging, event: EventRinging, do: (*move).ringing},
			onAnswered: {to: StateTalking, event: EventAnswered, do: (*move).answered, may: []InteractionState{StateParked, StateSeeking}},
			onTimeout:  {to: StateStopping, do: (*move).ringOut},
		},
		StateRinging: {
			onRinging:  {to: StateRinging, do: (*move).ringing},
			onAnswered: {to: StateTalking, event: EventAnswered, do: (*move).answered, may: []InteractionState{StateParked, StateSeeking}},
			onTimeout:  {to: StateStopping, do: (*move).ringOut},
		},
		StateSeeking: {
			onSeat:    {to: StateTalking, event: EventOpened, do: (*move).seat, may: []InteractionState{StateOffered}},
			onTimeout: {to: StateAnnouncing, event: EventAbandoned, do: (*move).abandon, may: []InteractionState{StateClosing}},
			onEnded:   {to: StateOver, event: EventEnded, do: (*move).ended},
			onFinish:  {to: StateClosing, do: (*move).finishCall},
		},
		StateTalking: {
			onShown:         {to: StateTalking, event: EventShown},
			onUnheard:       {to: StateOver, event: EventWithdrawn, do: (*move).unheard, may: []InteractionState{StateTalking}},
			onHold:          {to: StateTalking, do: (*move).hold},
			onResume:        {to: StateTalking, do: (*move).resume},
			onHangup:        {to: StateClosing, do: (*move).hangup},
			onDigits:        {to: StateTalking, do: (*move).digits},
			onMute:          {to: StateTalking, event: EventMuted, do: (*move).mute},
			onRecord:        {to: StateTalking, event: EventRecording, do: (*move).record},
			onPlayed:        {to: StateTalking, event: EventRecording, do: (*move).noticed},
			onUnpause:       {to: StateTalking, event: EventRecording, do: (*move).unpause},
			onTransfer:      {to: StateTalking, do: (*move).transfer},
			onHeard:         {to: StateTalking, event: EventHeard, do: (*move).heardVoice},
			onConsult:       {to: StateTalking, event: EventConsulted, do: (*move).consult},
			onConfer:        {to: StateTalking, event: EventConsulted, do: (*move).conferenceOf},
			onTransferred:   {to: StateTalking, do: (*move).transferred},
			onEnter:         stay(StateTalking, entry),
			onQuick:         {to: StateClosing, event: EventEntered, do: (*move).quickTalking},
			onJoined:        {to: StateTalking, event: EventJoined, do: (*move).joined},
			onHeld:          {to: StateTalking, event: EventHeld, do: (*move).heldNow},
			onResumed:       {to: StateTalking, event: EventResumed, do: (*move).resumedNow},
			onRemoteHeld:    {to: StateTalking, event: EventHeld, do: (*move).remoteHeldNow},
			onRemoteResumed: {to: StateTalking, event: EventResumed, do: (*move).remoteResumedNow},
			onDigit:         {to: StateTalking, event: EventDigit, do: func(m *move) error { m.text = m.in.(LineEvent).Digit; return nil }},
			onEnded:         {to: StateWrapUp, event: EventEnded, do: (*move).ended, may: []InteractionState{StateOver}},
			onFinish:        {to: StateClosing, do: (*move).finishCall},
			onSoundLost:     {to: StateParked, event: EventSoundLost, do: (*move).park},
		},
		StateParked: {
			onUnpause:       {to: StateParked, event: EventRecording, do: (*move).unpause},
			onPlayed:        {to: StateParked, event: EventRecording, do: (*move).noticed},
			onSoundBack:     {to: StateTalking, event: EventSoundBack, do: (*move).unpark},
			onTimeout:       {to: StateParked, do: (*move).handOn, may: []InteractionState{StateAnnouncing, StateClosing}},
			onTaken:         {to: StateOver, event: EventHandedOn, do: (*move).taken},
			onHold:          {to: StateParked, do: (*move).keepHold},
			onHangup:        {to: StateClosing, do: (*move).hangup},
			onTransfer:      {to: StateParked, do: (*move).transfer},
			onTransferred:   {to: StateParked, do: (*move).transferred},
			onEnter:         stay(StateParked, entry),
			onQuick:         {to: StateClosing, event: EventEntered, do: (*move).quickTalking},
			onHeld:          {to: StateParked, event: EventHeld, do: (*move).heldNow},
			onResumed:       {to: StateParked, event: EventResumed, do: (*move).resumedNow},
			onRemoteHeld:    {to: StateParked, event: EventHeld, do: (*move).remoteHeldNow},
			onRemoteResumed: {to: StateParked, event: EventResumed, do: (*move).remoteResumedNow},
			onEnded:         {to: StateWrapUp, event: EventEnded, do: (*move).ended, may: []InteractionState{StateOver}},
			onFinish:        {to: StateClosing, do: (*move).finishCall},
		},
		StateTakeOver: {
			onAccept:    {to: StateTalking, event: EventOpened, do: (*move).takeOver},
			onDecline:   {to: StateOver, event: EventDeclined, do: (*move).passOn},
			onTimeout:   {to: StateOver, event: EventMissed, do: (*move).passOn},
			onWithdraw:  {to: StateOver, event: EventWithdrawn, do: (*move).passOn},
			onSoundLost: {to: StateOver, event: EventWithdrawn, do: (*move).passOn},
			onVoid:      {to: StateOver, event: EventWithdrawn, do: (*move).void},
			onFinish:    {to: StateOver, event: EventWithdrawn, do: (*move).void},
		},
		StateAnnouncing: {
			onResumed: {to: StateAnnouncing, event: EventResumed, do: (*move).announce},
			onPlayed:  {to: StateClosing, do: (*move).announced},
			onTimeout: {to: StateClosing, do: (*move).announced},
			onHangup:  {to: StateClosing, do: (*move).announced},
			onEnter:   stay(StateAnnouncing, entry),
			onEnded:   {to: StateOver, event: EventEnded, do: (*move).ended},
			onFinish:  {to: StateClosing, do: (*move).finishCall},
		},
		StateStopping: {
			onAnswered: {to: StateClosing, event: EventAnswered, do: (*move).answered},
			onEnded:    {to: StateResult, event: EventEnded, do: (*move).ended, may: []InteractionState{StateWrapUp, StateOver}},
			onEnter:    stay(StateStopping, entry),
			onFinish:   {to: StateStopping, do: (*move).finishSoon},
		},
		StateClosing: {
			onEnded:  {to: StateWrapUp, event: EventEnded, do: (*move).ended, may: []InteractionState{StateOver}},
			onEnter:  stay(StateClosing, entry),
			onQuick:  {to: StateClosing, event: EventEntered, do: (*move).quickClosing},
			onFinish: {to: StateClosing, do: (*move).finishSoon},
		},
		StateWrapUp: {
			onEnter:   stay(StateWrapUp, entry),
			onDone:    {to: StateOver, event: EventDone, do: (*move).done},
			onExtend:  {to: StateWrapUp, event: EventExtended, do: (*move).extend},
			onQuick:   {to: StateOver, event: EventDone, do: (*move).quickDone},
			onTimeout: {to: StateWrapUp, event: EventWarning, do: (*move).overdue, may: []InteractionState{StateOver}},
			onFinish:  {to: StateOver, event: EventDone, do: (*move).finishWrapUp, may: []InteractionState{StateWrapUp}},
			onRecord:  {to: StateWrapUp, event: EventRecording, do: (*move).recordAfter},
		},
		StateResult: {
			onTimeout: {to: StateOver, event: EventDone},
			onDone:    {to: StateOver, event: EventDone},
			onFinish:  {to: StateOver, event: EventDone},
		},
		StateRefused: {
			onTimeout: {to: StateOver, event: EventDone},
			onDone:    {to: StateOver, event: EventDone},
			onFinish:  {to: StateOver, event: EventDone},
		},
		StateIncoming: {
			onAccept:  {to: StateTaking, event: EventOpened, do: (*move).takeCall},
			onDecline: {to: StateOver, event: EventDeclined, do: (*move).passCall},
			onTimeout: {to: StateOver, event: EventMissed, do: (*move).passCall},
			onEnded:   {to: StateOver, event: EventEnded, do: (*move).ended},
			onFinish:  {to: StateOver, event: EventWithdrawn, do: (*move).rejectCall},

			onSoundLost: {to: StateOver, event: EventMissed, do: (*move).passCall},
		},
		StateVoicemail: {
			onAnswered: {to: StateVoicemail, event: EventAnswered, do: (*move).greet},
			onDigit:    {to: StateVoicemail, event: EventDigit, do: (*move).optOutKey, may: []InteractionState{StateClosing}},
			onPlayed:   {to: StateClosing, do: (*move).announced},
			onTimeout:  {to: StateClosing, do: (*move).announced},
			onEnded:    {to: StateOver, event: EventEnded, do: (*move).ended},
			onFinish:   {to: StateClosing, do: (*move).finishCall},
		},
		StateTaking: {
			onAnswered: {to: StateTalking, event: EventAnswered, do: (*move).answered, may: []InteractionState{StateParked}},
			onHangup:   {to: StateClosing, do: (*move).hangup},
			onEnded:    {to: StateOver, event: EventEnded, do: (*move).ended, may: []InteractionState{StateWrapUp}},
			onFinish:   {to: StateClosing, do: (*move).finishCall},
		},
	}
	for _, s := range []InteractionState{StateOffered, StateOpening, StateOpen, StateWaiting} {
		t[s][onOptOut] = row{to: StateOver, event: EventWithdrawn, do: (*move).optedOut, may: []InteractionState{s}}
	}
	t[StateAsking][onOptOut] = row{to: StateAsking, do: (*move).optOutAsking}
	for _, s := range []InteractionState{StateDialing, StateRinging} {
		t[s][onOptOut] = row{to: StateStopping, do: (*move).optOutCall}
		t[s][onEnded] = row{to: StateResult, event: EventEnded, do: (*move).ended, may: []InteractionState{StateWrapUp, StateOver}}
		t[s][onHangup] = row{to: StateStopping, do: (*move).hangup}
		t[s][onHeard] = row{to: StateStopping, do: (*move).heardTone, may: []InteractionState{s}}
		t[s][onFinish] = row{to: StateStopping, do: (*move).finishCall}
		t[s][onMute] = row{to: s, event: EventMuted, do: (*move).mute}
		t[s][onEnter] = stay(s, entry)
		t[s][onJoined] = row{to: s, do: (*move).joined}
	}
	return t
}
