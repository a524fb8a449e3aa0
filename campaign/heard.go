package campaign

// Heard is what was detected in the contact's sound.
type Heard string

// What can be heard: before the answer what the far network says by tones,
// after it who or what is there.
const (
	HeardBusy      Heard = "busy"
	HeardNoCircuit Heard = "no-circuit"
	HeardInvalid   Heard = "invalid-number"
	HeardFax       Heard = "fax"
	HeardMachine   Heard = "answering-machine"
	HeardBeep      Heard = "beep" // of an answering machine: it records now
	HeardSilence   Heard = "silence"
)

// refusal is the call result that a tone before the answer means; 0: none.
func (h Heard) refusal() CallResult {
	switch h {
	case HeardBusy:
		return Busy
	case HeardNoCircuit:
		return AllTrunksBusy
	case HeardInvalid:
		return InvalidNumber
	}
	return 0
}

// heardTone ends a call that is not going to be answered: what the tone means
// is its result, as if a SIP answer had said it.
func (m *move) heardTone() error {
	r := m.in.(LineEvent).Heard.refusal()
	if r == 0 {
		m.to = m.w.state
		return nil
	}
	m.w.tone = r
	m.end(ByDialer, "heard "+r.String())
	return nil
}

// heardVoice tells the agent what it sounds like. Nothing is decided by it: in
// doubt it is a person.
func (m *move) heardVoice() error {
	h := m.in.(LineEvent).Heard
	if h.refusal() != 0 || h == HeardSilence && m.w.heard != "" {
		m.event = ""
		return nil
	}
	m.w.heard = h
	return nil
}
