package campaign

import (
	"fmt"
	"slices"
	"time"
)

// The recording of a call:
//
//	    announce ──► announcing ── heard to its end ─┐
//	                                                 ▼
//	           start, consent, always    pause              stop
//	(nothing) ───────────────► on ◄──────────────► paused ──────► stopped
//	                            │   resume, or by      │            │
//	                            │   itself after       └────────────┤ delete:
//	                            └───── recordingPause ──────────────┴► deleted
//
// A file is never begun twice, so that nothing of it is written over.

// RecordingState is how far the recording of a call is; empty: there is none.
type RecordingState string

// The recording states.
const (
	// RecordingAnnouncing: contact and agent hear that the call is recorded. It
	// is from when they have.
	RecordingAnnouncing RecordingState = "announcing"

	RecordingOn      RecordingState = "on"
	RecordingPaused  RecordingState = "paused"
	RecordingStopped RecordingState = "stopped"
	RecordingDeleted RecordingState = "deleted"
)

// RecordingConsent is what the contact said to being recorded.
type RecordingConsent string

// The answers; empty: not asked.
const (
	ConsentGiven   RecordingConsent = "given"
	ConsentRefused RecordingConsent = "refused"
)

// Recorded are the facts about the recording of an attempt that somebody may
// have to prove.
type Recorded struct {
	Consent   RecordingConsent `json:"consent,omitempty"`
	ConsentAt time.Time        `json:"consent_at,omitzero"`
	ConsentBy AgentID          `json:"consent_by,omitempty"` // who asked
	Announced time.Time        `json:"announced,omitzero"`   // when the announcement had been heard to its end
	DeletedAt time.Time        `json:"deleted_at,omitzero"`
	DeletedBy AgentID          `json:"deleted_by,omitempty"`
}

// recordingPause is how long a pause for sensitive data lasts before the
// recording goes on by itself; another click on pause begins it anew.
const recordingPause = time.Minute

// record does what an agent says about the recording.
func (m *move) record() error {
	mode := m.w.recordingMode()
	if mode == RecordingOff {
		return notPossible(ReasonNotNow, "calls are not recorded here")
	}
	if err := m.recordAction(m.in.(ClickRecord).Action, mode); err != nil {
		return err
	}
	m.progress()
	return nil
}

func (m *move) recordAction(a RecordAction, mode RecordingMode) error {
	w := m.w
	running := w.recording == RecordingOn || w.recording == RecordingPaused
	switch a {
	case RecordStart, RecordConsent:
		return m.wantRecording(a, mode)
	case RecordRefuse:
		if running || w.recording == RecordingAnnouncing {
			m.stopRecording()
		}
		m.asked(ConsentRefused)
	case RecordPause, RecordResume, RecordStop:
		if a == RecordStop && w.recording == RecordingAnnouncing {
			m.stopRecording()
			return nil
		}
		if !running {
			return notPossible(ReasonNotNow, "the call is not being recorded")
		}
		switch a {
		case RecordPause:
			w.recording, w.pausedUntil = RecordingPaused, m.f.now.Add(recordingPause)
			m.f.line(RecordCall{Attempt: w.attempt.ID, Action: a})
		case RecordResume:
			return m.unpause()
		default:
			m.stopRecording()
		}
	case RecordDelete:
		return m.deleteRecording()
	default:
		return notPossible(ReasonBadInput, fmt.Sprintf("%q cannot be done with a recording", a))
	}
	return nil
}

// wantRecording is an agent's wish to record, with the contact's consent or
// without. What has to be announced is announced first.
func (m *move) wantRecording(a RecordAction, mode RecordingMode) error {
	w := m.w
	bar := w.recordingBar()
	switch {
	case w.recording == RecordingOn || w.recording == RecordingPaused || w.recording == RecordingAnnouncing:
		return notPossible(ReasonNotNow, "the call is being recorded already")
	case w.recording != "":
		return notPossible(ReasonNotNow, "the recording of this call was ended; it cannot be begun twice")
	case bar != nil:
		return &NotPossible{*bar}
	case a == RecordStart && w.refusedRecording():
		return notPossible(ReasonRecordingRefused, "the contact does not want to be recorded")
	case a == RecordStart && w.asksConsent():
		return notPossible(ReasonNotNow, "the contact has to agree to the recording first")
	}
	if a == RecordConsent {
		m.asked(ConsentGiven)
	}
	if a == RecordStart && mode == RecordingAnnounce {
		m.announceRecording()
	} else {
		m.startRecording()
	}
	return nil
}

// The reasons why a call cannot be recorded, or is not.
const (
	ReasonNotByLaw       ReasonCode = "recording-not-by-law"        // Name: of which country
	ReasonAgentConsent   ReasonCode = "recording-agent-consent"     // the agent has not consented
	ReasonNotAnnounced   ReasonCode = "recording-not-announced"     // the announcement could not be played
	ReasonConsentRevoked ReasonCode = "recording-consent-withdrawn" // she took it back during the call

	ReasonRecordingRefused ReasonCode = "recording-refused" // by the contact
)

func (w *work) recordingMode() RecordingMode {
	if w.doc == nil || w.doc.Recording.Mode == "" {
		return RecordingOff
	}
	return w.doc.Recording.Mode
}

// recordingLaw are the profiles under which a call is recorded: the campaign's,
// and that of the number's country.
func (w *work) recordingLaw() []Profile {
	n, err := ParseNumber(w.attempt.Number, "", w.doc.Rules.Allow)
	if err != nil {
		return w.doc.Rules.Profiles
	}
	return w.doc.Rules.profilesFor(n.Country)
}

// asksConsent: the contact has to agree before anything is recorded.
func (w *work) asksConsent() bool {
	mode := w.recordingMode()
	return mode == RecordingAsk || mode == RecordingOnDemand && slices.ContainsFunc(w.recordingLaw(), func(p Profile) bool { return p.BothConsent })
}

// refusedRecording: the contact has said no, and nothing else since.
func (w *work) refusedRecording() bool {
	return w.attempt.Recorded != nil && w.attempt.Recorded.Consent == ConsentRefused
}

// recordingBar says why a call cannot be recorded at all; nil: it can.
func (w *work) recordingBar() *Reason {
	mode := w.recordingMode()
	for _, p := range w.recordingLaw() {
		switch {
		// always asks nobody: where both have to consent there is no such recording.
		case len(p.Recording) > 0 && !slices.Contains(p.Recording, mode), p.BothConsent && mode == RecordingAlways:
			return &Reason{Code: ReasonNotByLaw, Name: p.Country, Text: fmt.Sprintf(
				"the law of %s does not permit recordings of this kind: the call is not recorded", p.Country)}
		case p.BothConsent && w.agent != nil && !w.agent.consents:
			return &Reason{Code: ReasonAgentConsent, Text: "you have not consented to being recorded: the call is not recorded"}
		}
	}
	return nil
}

// beginRecording is what the campaign's mode does by itself, as soon as agent
// and contact hear each other.
func (m *move) beginRecording() {
	w := m.w
	mode := w.recordingMode()
	if w.recording != "" || mode != RecordingAlways && mode != RecordingAnnounce || w.recordingBar() != nil || w.refusedRecording() {
		return
	}
	if mode == RecordingAlways {
		m.startRecording()
		return
	}
	m.announceRecording()
}

// announceRecording lets both hear that the call is recorded. Who is on hold
// hears nothing: then it waits.
func (m *move) announceRecording() {
	w := m.w
	w.recording = RecordingAnnouncing
	if w.noticeAgain = w.held || w.remoteHeld; !w.noticeAgain {
		m.f.line(Play{Attempt: w.attempt.ID, File: w.doc.Recording.Announcement, Both: true})
	}
}

// nowHeld: what is being announced is not heard to its end.
func (m *move) nowHeld() {
	if m.w.recording == RecordingAnnouncing {
		m.w.noticeAgain = true
	}
}

// nowResumed: then from its beginning.
func (m *move) nowResumed() {
	if m.w.noticeAgain && m.w.recording == RecordingAnnouncing {
		m.announceRecording()
	}
}

// noticed: the announcement was heard, or could not be played.
func (m *move) noticed() error {
	w, ev := m.w, m.in.(LineEvent)
	switch {
	case w.recording != RecordingAnnouncing || w.noticeAgain:
		m.event = ""
		return nil
	case ev.Text != "":
		w.recording = ""
		m.reason = &Reason{Code: ReasonNotAnnounced, Text: "the announcement of the recording could not be played: the call is not recorded"}
		return nil
	}
	w.recorded().Announced = ev.At
	m.startRecording()
	m.progress()
	return nil
}

// ClickRecordingConsent says whether an agent consents to being recorded, from
// now on. Without her consent no recording goes on where the law asks for it.
type ClickRecordingConsent struct {
	Agent AgentID
	Given bool
}

func (ClickRecordingConsent) click() {}

func (f *Floor) recordingConsent(id AgentID, given bool) {
	a := f.agent(id)
	if a == nil || a.consents == given {
		return
	}
	a.consents = given
	w := a.work
	if w == nil || w.state != StateTalking && w.state != StateParked && w.state != StateClosing {
		return
	}
	m := &move{f: f, w: w, event: EventRecording}
	live := w.recording == RecordingOn || w.recording == RecordingPaused || w.recording == RecordingAnnouncing
	if bar := w.doc != nil && live && w.recordingBar() != nil; bar {
		m.stopRecording()
		m.progress()
		m.reason = &Reason{Code: ReasonConsentRevoked, Text: "you took back your consent: the recording was ended"}
		w.reason = m.reason
	}
	f.tell(w, m)
}

// recordAfter: after the call a recording can only be deleted.
func (m *move) recordAfter() error {
	if m.in.(ClickRecord).Action != RecordDelete {
		return notPossible(ReasonNotNow, "the call is over")
	}
	if err := m.deleteRecording(); err != nil {
		return err
	}
	m.progress()
	return nil
}

func (w *work) recorded() *Recorded {
	if w.attempt.Recorded == nil {
		w.attempt.Recorded = &Recorded{}
	} else { // views and journal may hold the old one
		kept := *w.attempt.Recorded
		w.attempt.Recorded = &kept
	}
	return w.attempt.Recorded
}

func (m *move) asked(c RecordingConsent) {
	r := m.w.recorded()
	r.Consent, r.ConsentAt, r.ConsentBy = c, m.f.now, m.w.agent.id
}

func (m *move) startRecording() {
	w := m.w
	w.recording = RecordingOn
	w.attempt.Recording = "recordings/" + string(w.attempt.ID) + ".wav"
	m.f.line(RecordCall{Attempt: w.attempt.ID, Action: RecordStart, File: w.attempt.Recording})
}

// unpause lets the recording go on, by a click or because its time has come.
func (m *move) unpause() error {
	w := m.w
	w.pausedUntil = time.Time{}
	if w.recording == RecordingPaused {
		w.recording = RecordingOn
		m.f.line(RecordCall{Attempt: w.attempt.ID, Action: RecordResume})
	}
	return nil
}

// handOnRecording: a recording does not go on with an agent who has not
// consented to it.
func (m *move) handOnRecording() {
	live := m.w.recording == RecordingOn || m.w.recording == RecordingPaused || m.w.recording == RecordingAnnouncing
	if !live {
		return
	}
	if bar := m.w.recordingBar(); bar != nil {
		m.stopRecording()
		m.w.noticeAgain, m.w.reason = false, bar
	}
}

func (m *move) stopRecording() {
	w := m.w
	w.recording, w.pausedUntil = RecordingStopped, time.Time{}
	m.f.line(RecordCall{Attempt: w.attempt.ID, Action: RecordStop})
}

// deleteRecording removes the file; that it was there stays known.
func (m *move) deleteRecording() error {
	w := m.w
	if w.attempt.Recording == "" {
		return notPossible(ReasonNotNow, "there is no recording")
	}
	m.f.line(RecordCall{Attempt: w.attempt.ID, Action: RecordDelete, File: w.attempt.Recording})
	r := w.recorded()
	r.DeletedAt, r.DeletedBy = m.f.now, w.agent.id
	w.attempt.Recording, w.recording, w.pausedUntil = "", RecordingDeleted, time.Time{}
	return nil
}

// closeRecording: the call has ended, and with it the file.
func (w *work) closeRecording() {
	w.pausedUntil = time.Time{}
	switch w.recording {
	case RecordingOn, RecordingPaused:
		w.recording = RecordingStopped
	case RecordingAnnouncing:
		w.recording = ""
	}
}

// expirePauses lets recordings go on whose pause has run out.
func (f *Floor) expirePauses() {
	for _, w := range f.works {
		if !w.pausedUntil.IsZero() && !w.pausedUntil.After(f.now) {
			w.pausedUntil = time.Time{}
			f.step(w, onUnpause, nil)
		}
	}
}
