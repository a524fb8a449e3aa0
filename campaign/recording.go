package campaign

import (
	"fmt"
	"time"
)

// The recording of a call:
//
//	           start, consent            pause              stop
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
	DeletedAt time.Time        `json:"deleted_at,omitzero"`
	DeletedBy AgentID          `json:"deleted_by,omitempty"`
}

// recordingPause is how long a pause for sensitive data lasts before the
// recording goes on by itself; another click on pause begins it anew.
const recordingPause = time.Minute

// record does what an agent says about the recording.
func (m *move) record() error {
	w := m.w
	mode := RecordingOff
	if w.doc != nil && w.doc.Recording.Mode != "" {
		mode = w.doc.Recording.Mode
	}
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
		switch {
		case running:
			return notPossible(ReasonNotNow, "the call is being recorded already")
		case w.recording != "":
			return notPossible(ReasonNotNow, "the recording of this call was ended; it cannot be begun twice")
		case a == RecordStart && mode == RecordingAsk:
			return notPossible(ReasonNotNow, "the contact has to agree to the recording first")
		}
		if a == RecordConsent {
			m.asked(ConsentGiven)
		}
		m.startRecording()
	case RecordRefuse:
		if running {
			m.stopRecording()
		}
		m.asked(ConsentRefused)
	case RecordPause, RecordResume, RecordStop:
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
	if w.recording == RecordingOn || w.recording == RecordingPaused {
		w.recording = RecordingStopped
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
