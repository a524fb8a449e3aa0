package campaign

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// HeadsetState is how an agent's headset is, as far as the floor was told.
type HeadsetState string

// The headset states. Who was never told about is taken to have one: scripted
// agents, sound cards and telephones that cannot tell.
const (
	HeadsetUnknown HeadsetState = ""
	HeadsetUp      HeadsetState = "up"
	HeadsetLost    HeadsetState = "lost"    // no packet comes any more
	HeadsetMissing HeadsetState = "missing" // not connected yet, or taken off
)

// ClickHeadset says how an agent's headset is from now on. Whoever opens and
// watches headsets says it; the agent need not be logged in.
type ClickHeadset struct {
	Agent AgentID
	State HeadsetState
	Why   *Reason // why it is not up, where that is known; what to do goes with it
}

func (ClickHeadset) click() {}

// HeadsetRules is what happens when a headset is lost in a call. The zero
// value is what the product promises.
type HeadsetRules struct {
	HoldAfter   time.Duration // so long nothing happens; 0 = 3 s
	HandOnAfter time.Duration // from the loss on, then the call goes to somebody else; 0 = 30 s
}

const (
	holdAfter      = 3 * time.Second
	handOnAfter    = 30 * time.Second
	backWithin     = 5 * time.Minute  // a headset that is back so soon makes its agent Ready again
	announceAtMost = 30 * time.Second // an announcement that nobody reports the end of
	cutOffCallback = 5 * time.Minute  // a contact who was cut off is called back after
	technik        = "Technik"        // the reason of Not ready; one of not_ready
)

// The reasons that have to do with headsets.
const (
	IdleHeadset       ReasonCode = "no-headset"
	ReasonNoHeadset   ReasonCode = "no-headset"
	ReasonSoundLost   ReasonCode = "headset-lost"
	ReasonSoundBack   ReasonCode = "headset-back"
	ReasonStillOnHold ReasonCode = "headset-back-on-hold"
	ReasonTakeOver    ReasonCode = "take-over"    // Name: whose call it is
	ReasonHandedOn    ReasonCode = "handed-on"    // Name: who has it now
	ReasonCutOff      ReasonCode = "cut-off"      // nobody took the call over
	ReasonCallBack    ReasonCode = "call-is-back" // the offer of a take-over is void
)

// Why a telephone that is a headset is not up.
const (
	ReasonPhoneBusy    ReasonCode = "phone-busy"
	ReasonPhoneRefuses ReasonCode = "phone-refuses"
	ReasonPhoneRings   ReasonCode = "phone-rings"   // nobody picks it up, or the exchange does not reach it
	ReasonPhoneUnknown ReasonCode = "phone-unknown" // the exchange does not know its address
	ReasonPhoneCodec   ReasonCode = "phone-codec"   // no codec in common
	ReasonPhoneHungUp  ReasonCode = "phone-hung-up"
	ReasonPhoneHolds   ReasonCode = "phone-holds" // it has put us on hold
	ReasonPhoneQuiet   ReasonCode = "phone-quiet" // connected, and no packet comes
	ReasonPhoneFailed  ReasonCode = "phone-failed"
)

const noHeadsetText = "the headset is not connected: no call can come"

// hasSound: as far as is known, she would hear a contact.
func (a *agent) hasSound() bool { return a.headset == HeadsetUnknown || a.headset == HeadsetUp }

// someone finds an agent, or makes one who is logged off.
func (f *Floor) someone(id AgentID) *agent {
	a := f.agent(id)
	if a == nil {
		a = &agent{id: id, status: AgentLoggedOff}
		i, _ := slices.BinarySearchFunc(f.agents, id, func(a *agent, id AgentID) int { return strings.Compare(string(a.id), string(id)) })
		f.agents = slices.Insert(f.agents, i, a)
	}
	return a
}

// headset takes in how an agent's headset is.
func (f *Floor) headset(c ClickHeadset) error {
	if c.Agent == "" {
		return notPossible(ReasonBadInput, "an agent needs a name")
	}
	a := f.someone(c.Agent)
	switch c.State {
	case HeadsetUp:
		f.soundBack(a)
	case HeadsetLost, HeadsetMissing:
		if a.hasSound() {
			a.lostAt = f.now
		}
		never := a.headset == HeadsetUnknown && c.State == HeadsetMissing && a.work == nil
		a.headset, a.headsetWhy = c.State, c.Why
		if never { // nothing was lost: her status stays, and nothing is waited for
			a.soundless = true
		}
	default:
		return notPossible(ReasonBadInput, fmt.Sprintf("%q is no state of a headset", c.State))
	}
	return nil
}

func (f *Floor) holdAfter() time.Duration {
	if d := f.cfg.Headset.HoldAfter; d > 0 {
		return d
	}
	return holdAfter
}

func (f *Floor) handOnAfter() time.Duration {
	if d := f.cfg.Headset.HandOnAfter; d > 0 {
		return d
	}
	return handOnAfter
}

// lossShown is when a loss has its consequences; zero: none is waited for.
func (f *Floor) lossShown(a *agent) time.Time {
	if a.lostAt.IsZero() || a.soundless {
		return time.Time{}
	}
	return a.lostAt.Add(f.holdAfter())
}

// expireHeadsets lets the losses show that were not made good in time.
func (f *Floor) expireHeadsets() {
	for _, a := range f.agents {
		if at := f.lossShown(a); !at.IsZero() && !at.After(f.now) {
			f.soundless(a)
		}
	}
}

// soundless: she hears nothing and is not heard. What she has on her desk is
// told, and no record comes.
func (f *Floor) soundless(a *agent) {
	a.soundless = true
	if a.status == AgentReady {
		switch {
		case a.work == nil:
			f.setStatus(a, AgentNotReady, technik)
			a.unreadied = true
		case a.after == "":
			a.after, a.afterReason, a.unreadied = AgentNotReady, technik, true
		}
	}
	if a.work != nil && a.work.side != nil {
		f.step(a.work.side, onHangup, nil)
	}
	if a.work != nil {
		f.step(a.work, onSoundLost, nil)
	}
}

// soundBack: what the loss did is undone, unless she said otherwise meanwhile.
func (f *Floor) soundBack(a *agent) {
	gone := f.now.Sub(a.lostAt)
	was := a.soundless
	a.headset, a.headsetWhy, a.soundless, a.lostAt = HeadsetUp, nil, false, time.Time{}
	if !was {
		return
	}
	if a.work != nil {
		f.step(a.work, onSoundBack, gone)
	}
	switch {
	case !a.unreadied || gone > backWithin:
	case a.work != nil && a.after == AgentNotReady && a.afterReason == technik:
		a.after, a.afterReason = "", ""
	case a.work == nil && a.status == AgentNotReady && a.reason == technik:
		f.setStatus(a, AgentReady, "")
	}
	a.unreadied = false
}

// muteOffer takes back what was offered to an agent who lost her headset.
func (m *move) muteOffer() error {
	m.in = Reason{Code: ReasonSoundLost, Text: "your headset was lost"}
	return m.withdraw()
}

// park puts the contact on hold until the headset is back, or somebody else
// takes the call over.
func (m *move) park() error {
	w, a := m.w, m.w.agent
	if !w.held {
		m.f.line(Hold{w.attempt.ID})
	}
	w.parkHold = !w.ownHold
	w.parkUntil = a.lostAt.Add(m.f.handOnAfter())
	m.reason = &Reason{Code: ReasonSoundLost, Until: w.parkUntil, Text: "the headset was lost; the contact is on hold"}
	return nil
}

// unpark: in is how long the headset was gone.
func (m *move) unpark() error {
	w := m.w
	gone := m.in.(time.Duration).Round(time.Second)
	m.reason = &Reason{Code: ReasonStillOnHold, Name: seconds(gone), Text: fmt.Sprintf(
		"your headset was gone for %s; the contact is on hold, as you left it", gone)}
	if w.parkHold {
		m.f.line(Resume{w.attempt.ID})
		m.reason = &Reason{Code: ReasonSoundBack, Name: seconds(gone), Text: fmt.Sprintf(
			"your headset was gone for %s; the contact was on hold meanwhile and hears you again", gone)}
	}
	w.parkHold = false
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprint(int(d.Seconds())) }

// handOn offers the call to the next agent who could take it over; when nobody
// is left it is ended.
func (m *move) handOn() error {
	f, w := m.f, m.w
	to := f.whoTakesOver(w)
	if to == nil {
		m.cutOff()
		return nil
	}
	if to.work != nil { // an open preview gives way
		f.step(to.work, onWithdraw, Reason{Code: ReasonTakeOver, Text: "a contact waits on hold", Name: string(w.agent.id)})
	}
	h := &work{
		kind: w.kind, agent: to, camp: w.camp, doc: w.doc, lease: w.lease, attempt: w.attempt, wrap: w.wrap,
		from: w, offeredAt: f.now, held: true, ahead: w.ahead, taken: w.taken, dial: w.dial,
		countedAnswer: w.countedAnswer, countedLost: w.countedLost,
	}
	h.attempt.ID = "" // the call is still at the other desk
	w.heir, w.tried = h, append(w.tried, to.id)
	f.open(h, StateTakeOver)
	why := Reason{Code: ReasonTakeOver, Name: string(w.agent.id), Text: fmt.Sprintf("%s has lost her headset; the contact waits on hold", w.agent.id)}
	h.reason = &why
	f.tell(h, &move{event: EventTakeOver, content: true, reason: &why})
	return nil
}

// whoTakesOver: the longest ready of those who work the campaign; of an
// inbound call, who could have answered it. Nobody, where there is neither.
func (f *Floor) whoTakesOver(w *work) *agent {
	tried := append(slices.Clone(w.tried), w.agent.id)
	if w.kind == KindInbound {
		return f.whoAnswers("", tried)
	}
	var best *agent
	for _, a := range f.agents {
		free := a.status == AgentReady && a.hasSound() && (a.work == nil || a.work.state == StateOffered && !a.work.answered())
		if !free || w.camp == nil || !a.joined[w.camp.doc.Name] || slices.Contains(tried, a.id) {
			continue
		}
		if best == nil || a.readySince.Before(best.readySince) {
			best = a
		}
	}
	return best
}

// takeOver moves the call, its record and what was entered so far to this
// desk; the contact hears the new agent.
func (m *move) takeOver() error {
	f, h, w := m.f, m.w, m.w.from
	h.from, w.heir = nil, nil
	id := h.agent.id
	h.attempt, h.wrap, h.lease = w.attempt, w.wrap, w.lease
	h.attempt.Agent = id
	h.held, h.remoteHeld, h.recording, h.pausedUntil, h.reason = w.held, w.remoteHeld, w.recording, w.pausedUntil, nil
	h.noticeAgain = w.recording == RecordingAnnouncing // who takes over hears it as well
	h.muted = false
	m.content = true
	m.handOnRecording()
	f.line(Connect{Attempt: h.attempt.ID, Agent: id})
	if w.muted {
		f.line(Mute{h.attempt.ID, false})
	}
	if w.held || w.parkHold {
		f.line(Resume{h.attempt.ID})
	}
	m.progress()
	f.step(w, onTaken, id)
	return nil
}

// taken: in is who has the call now. The record has gone with it.
func (m *move) taken() error {
	to := m.in.(AgentID)
	m.reason = &Reason{Code: ReasonHandedOn, Name: string(to), Text: fmt.Sprintf("your headset was lost; %s has taken the call over", to)}
	m.w.agent.notice = m.reason
	return nil
}

// passOn: this agent does not take the call over; the next one is asked.
func (m *move) passOn() error {
	w := m.w.from
	m.w.from, w.heir = nil, nil
	m.f.step(w, onTimeout, nil)
	return nil
}

// void: the call is back, or over; in is the Reason.
func (m *move) void() error {
	if m.w.from != nil {
		m.w.from.heir = nil
		m.w.from = nil
	}
	if r, ok := m.in.(Reason); ok {
		m.reason = &r
	}
	return nil
}

// cutOff ends a call that nobody could take over, after the campaign's
// announcement. The contact is called back, unless the agent had settled it.
func (m *move) cutOff() {
	f, w := m.f, m.w
	w.quick = true // nobody will do after-call work
	text := "your headset was lost and nobody could take the call over, so it was ended"
	if f.cutOffTask(w) {
		text += "; the contact is to be called back"
	}
	m.reason = &Reason{Code: ReasonCutOff, Text: text}
	w.agent.notice, m.event = m.reason, EventCutOff
	if w.doc == nil || w.doc.Announcement == "" {
		m.end(ByDialer, HangupLostMedia)
		m.to = StateClosing
		return
	}
	m.to = StateAnnouncing
	if w.held || w.parkHold || w.ownHold {
		f.line(Resume{w.attempt.ID}) // and then the announcement
		return
	}
	f.line(Play{Attempt: w.attempt.ID, File: w.doc.Announcement})
}

// cutOffTask enters a callback for a contact who was cut off: hers, if the
// record is. What she had decided already stands.
func (f *Floor) cutOffTask(w *work) bool {
	if w.kind != KindCampaign || w.wrap.NoCall || w.wrap.Callback != nil {
		return w.wrap.Callback != nil
	}
	if d, ok := w.doc.Disposition(w.wrap.Disposition); ok && d.Final {
		return false
	}
	w.wrap.Callback = &Callback{At: f.now.Add(cutOffCallback), Personal: w.lease.Record.Owner == w.agent.id && w.lease.Record.Owner != ""}
	return true
}

// announce: the contact is off hold and can hear.
func (m *move) announce() error {
	m.w.held, m.w.attempt.AnnouncedAt = false, m.f.now
	m.f.line(Play{Attempt: m.w.attempt.ID, File: m.w.doc.Announcement})
	return nil
}

// announced: the announcement was spoken, or never will be.
func (m *move) announced() error {
	if ev, ok := m.in.(LineEvent); ok && ev.Kind == LinePlayed && ev.Text == "" {
		m.w.attempt.AnnouncedEnd = ev.At
	}
	why := HangupLostMedia
	switch {
	case m.w.kind == KindInbound && m.w.agent == nil:
		why = "nobody was there"
	case m.w.agent == nil:
		why = HangupAbandoned
	}
	m.end(ByDialer, why)
	return nil
}

// keepHold: the contact stays on hold when the headset is back.
func (m *move) keepHold() error {
	m.w.ownHold, m.w.parkHold = true, false
	return nil
}
