package campaign

import (
	"fmt"
	"slices"
	"strings"
)

// onLine takes in what happened on a call.
func (f *Floor) onLine(ev LineEvent) {
	if ev.Kind == LineIncoming {
		f.incoming(ev)
		return
	}
	if ev.Kind == LineEnded {
		if a, ok := f.arrived(ev.Attempt); ok {
			f.missed(&work{kind: KindInbound, attempt: a}, ev.By, "hung up before it rang")
			return
		}
	}
	w := f.workOf(ev.Attempt)
	if w == nil {
		return // settled already, or not ours
	}
	if len(ev.Token) > 0 {
		w.attempt.Token = ev.Token
	}
	if s, ok := lineStimulus(ev.Kind); ok {
		f.step(w, s, ev)
	}
}

func lineStimulus(k LineEventKind) (stimulus, bool) {
	switch k {
	case LineDialing:
		return onDialing, true
	case LineRinging:
		return onRinging, true
	case LineAnswered:
		return onAnswered, true
	case LineJoined:
		return onJoined, true
	case LineHeld:
		return onHeld, true
	case LineResumed:
		return onResumed, true
	case LineRemoteHeld:
		return onRemoteHeld, true
	case LineRemoteResumed:
		return onRemoteResumed, true
	case LineDigit:
		return onDigit, true
	case LinePlayed:
		return onPlayed, true
	case LineUnheard:
		return onUnheard, true
	case LineHeard:
		return onHeard, true
	case LineTransferred:
		return onTransferred, true
	case LineEnded:
		return onEnded, true
	}
	return "", false
}

// progress tells store and journal how far the attempt is.
func (m *move) progress() {
	m.keep = m.w.keep()
	m.f.store(OpNote{*m.w.kept()})
}

// onWire: the INVITE has left.
func (m *move) onWire() error {
	m.w.attempt.DialedAt = m.in.(LineEvent).At
	m.progress()
	return nil
}

func (m *move) ringing() error {
	if m.w.attempt.RingingAt.IsZero() {
		m.w.attempt.RingingAt = m.in.(LineEvent).At
	}
	m.progress()
	return nil
}

// answered fills the blank record of an engaged agent.
func (m *move) answered() error {
	w := m.w
	m.content = w.blank()
	w.attempt.AnsweredAt = m.in.(LineEvent).At
	m.progress()
	m.f.learn(w, PacingAnswered, w.attempt.AnsweredAt.Sub(w.attempt.DialedAt))
	if !w.attempt.JoinedAt.IsZero() { // she was there before
		m.f.countJoin(w)
	}
	if w.agent == nil && m.to == StateTalking {
		m.to = StateSeeking
	}
	if w.doc != nil && m.to == StateTalking {
		m.beginRecording()
	}
	if m.to == StateTalking && w.agent != nil && w.agent.soundless && w.main == nil {
		m.to = StateParked
		return m.park()
	}
	return nil
}

func (m *move) joined() error {
	if m.w.attempt.JoinedAt.IsZero() {
		m.w.attempt.JoinedAt = m.in.(LineEvent).At
		m.f.countJoin(m.w)
	}
	m.progress()
	return nil
}

func (m *move) hold() error {
	if m.w.held {
		return notPossible(ReasonNotNow, "the contact is on hold already")
	}
	m.w.ownHold = true
	m.f.line(Hold{m.w.attempt.ID})
	return nil
}

func (m *move) resume() error {
	if !m.w.held {
		return notPossible(ReasonNotNow, "the contact is not on hold")
	}
	if err := m.swap(); err != nil {
		return err
	}
	m.w.ownHold = false
	m.f.line(Resume{m.w.attempt.ID})
	return nil
}

func (m *move) heldNow() error {
	m.w.held = true
	m.nowHeld()
	return nil
}

func (m *move) resumedNow() error {
	m.w.held = false
	m.nowResumed()
	return nil
}

func (m *move) remoteHeldNow() error {
	m.w.remoteHeld = true
	m.nowHeld()
	return nil
}

func (m *move) remoteResumedNow() error {
	m.w.remoteHeld = false
	m.nowResumed()
	return nil
}

func (m *move) hangup() error {
	m.end(ByAgent, "agent hung up")
	return nil
}

func (m *move) ringOut() error {
	m.end(ByDialer, HangupRingTimeout)
	return nil
}

func (m *move) finishCall() error {
	m.end(ByDialer, HangupShutdown)
	return m.finishSoon()
}

// finishSoon: the end is coming; nobody will do after-call work in this process.
func (m *move) finishSoon() error {
	w := m.w
	if m.f.cfg.keepsDesks() && w.agent != nil && w.answered() && w.kind != KindConsult {
		return nil // its after-call work waits for the next start
	}
	w.quick = true
	return nil
}

func (m *move) end(by Party, reason string) {
	m.w.stopBy = by
	m.f.line(Hangup{Attempt: m.w.attempt.ID, By: by, Reason: reason})
}

func (m *move) digits() error {
	d := m.in.(ClickDigits).Digits
	if d == "" || len(d) > 32 || strings.Trim(d, "0123456789*#ABCD") != "" {
		return notPossible(ReasonBadInput, "digits are 0-9, *, # and A-D, at most 32")
	}
	m.f.line(Digits{m.w.attempt.ID, d})
	return nil
}

func (m *move) mute() error {
	m.w.muted = m.in.(ClickMute).On
	m.f.line(Mute{m.w.attempt.ID, m.w.muted})
	return nil
}

func (m *move) transfer() error {
	n := m.in.(ClickTransfer).Number
	if n == "" {
		return m.transferToSide()
	}
	allow := m.f.cfg.Manual.Rules.Allow
	if m.w.doc != nil {
		allow = m.w.doc.Rules.Allow
	}
	if !allowedNumber(n, allow) {
		return notPossible(ReasonNotAllowed, "the number is outside what dial.allow names")
	}
	m.f.line(Transfer{m.w.attempt.ID, n})
	return nil
}

// ended writes down how the call ended and says what follows.
func (m *move) ended() error {
	f, w, ev := m.f, m.w, m.in.(LineEvent)
	a := &w.attempt
	a.EndedAt, a.EndedBy, a.Status, a.Text = ev.At, ev.By, ev.Status, ev.Text
	a.HeldMS, a.RTP, a.DialerResult, a.Token = ev.HeldMS, ev.RTP, orUnknown(ev.Result), nil
	w.held, w.remoteHeld, w.muted = false, false, false
	w.closeRecording()
	f.leaveSide(w)
	if w.kind == KindInbound {
		if w.agent != nil && w.answered() && !w.quick {
			m.to, m.keep = StateWrapUp, w.keep()
			return nil
		}
		m.close()
		m.to = StateOver
		return nil
	}
	if w.tone != 0 && !w.answered() {
		a.DialerResult = w.tone
	}
	f.learnEnd(w)
	if w.ahead && !w.taken && w.answered() {
		f.countLost(w)
		a.DialerResult = Abandoned
	}
	m.keep = w.keep()
	switch {
	case w.ahead && !w.taken: // no agent has to do with it
		m.settle()
		m.to = StateOver
	case w.kind == KindConsult:
		m.settle()
		m.to = StateOver
	case w.quick: // Done, and as such may be undone
		m.close()
		m.to = StateOver
	case w.answered() || !w.selfClosing():
		m.to = StateWrapUp
	default:
		m.settle()
		m.to = StateResult
	}
	if w.camp != nil && w.stopBy == "" { // an end that was asked for is no failure
		f.countOutcome(w.camp, a.DialerResult, strings.TrimSpace(fmt.Sprintf("SIP %d %s", ev.Status, ev.Text)))
	}
	return nil
}

// settle works out what becomes of the record and hands it on.
func (m *move) settle() {
	f, w := m.f, m.w
	s := Outcome(w.doc, w.lease, *w.kept(), w.wrap, f.now)
	if w.kind == KindInbound { // it changes no record and is no attempt of ours
		s = Settlement{Attempt: s.Attempt, Block: s.Block, Now: s.Now}
		s.Attempt.Counted = false
		if s.Block != nil {
			s.Block.Client = f.clientOf(f.callers[w.attempt.Number].camp)
		}
	}
	w.turn++
	s.Correction, s.Turn, s.Filed = w.correction, w.turn, w.filed()
	if w.barred {
		s.Block = nil // that entry says who asked, and when
	}
	w.attempt, w.settled = s.Attempt, true
	f.store(OpSettle{s})
	m.keep = &Keep{Settlement: &s}
	if !w.hers() {
		return
	}
	if w.kind != KindInbound {
		c := lastCall{agent: w.who(), lease: w.lease}
		if w.doc != nil {
			c.camp = w.doc.Name
		}
		f.remember(w.attempt.Number, c)
	}
	w.agent.remember(w)
}

// hers: the call was an agent's, and is one of her last. Where nobody spoke to
// the contact it is not.
func (w *work) hers() bool {
	return w.agent != nil && (w.kind != KindInbound || w.answered()) && (!w.ahead || w.taken)
}

// remember keeps the agent's last calls, the newest first; one that is
// corrected stays where it is.
func (a *agent) remember(w *work) {
	if w.kind == KindConsult || slices.Contains(a.recent, w) { // of a consultation there is nothing to be said
		return
	}
	kept := []*work{w}
	a.recent = append(kept, a.recent[:min(len(a.recent), recentCalls-1)]...)
}

// done needs a result after an answered call: nothing is invented.
func (m *move) done() error {
	w := m.w
	if w.side != nil {
		return notPossible(ReasonBusy, "you are still speaking with the one you consulted")
	}
	if w.doc != nil && len(w.doc.Results) > 0 && w.answered() && !w.wrap.says() {
		return notPossible(ReasonNoResult, "choose a call result, or Do not call")
	}
	if c, ok := m.in.(ClickDone); ok && c.Then == DoneAndStop && w.agent.after == "" {
		w.agent.after = AgentNotReady
	}
	m.close()
	return nil
}

func (m *move) close() {
	m.settle()
	if m.w.agent == nil || !m.w.answered() && m.w.kind == KindInbound {
		return
	}
	m.w.agent.undoUntil = m.f.now.Add(undoFor)
}

func (m *move) setQuick() error {
	r := m.in.(ClickQuick).Result
	if m.w.doc == nil || !m.w.doc.quick(r) {
		return notPossible(ReasonBadInput, fmt.Sprintf("%q is not a quick result", r))
	}
	m.w.wrap.Result = r
	return nil
}

func (m *move) quickTalking() error {
	if err := m.setQuick(); err != nil {
		return err
	}
	m.w.quick = true
	m.end(ByAgent, "agent hung up")
	return nil
}

func (m *move) quickClosing() error {
	if err := m.setQuick(); err != nil {
		return err
	}
	m.w.quick = true
	return nil
}

func (m *move) quickDone() error {
	if err := m.setQuick(); err != nil {
		return err
	}
	m.close()
	return nil
}
