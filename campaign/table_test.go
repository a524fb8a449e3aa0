package campaign

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"
)

func allStates() []InteractionState {
	return []InteractionState{
		StateOffered, StateOpening, StateOpen, StateAsking, StateWaiting, StateDialing, StateRinging, StateTalking,
		StateStopping, StateClosing, StateWrapUp, StateResult, StateRefused, StateIncoming, StateTaking, StateVoicemail,
		StateParked, StateTakeOver, StateAnnouncing, StateSeeking, StateOver,
	}
}

func allStimuli() []stimulus {
	return []stimulus{
		onAccept, onDecline, onShown, onCall, onReturn, onRemove, onHold, onResume, onHangup, onDigits, onMute, onRecord,
		onTransfer, onEnter, onQuick, onDone, onPermitted, onRefused, onLost, onStoreAway, onDialing, onRinging, onAnswered,
		onJoined, onHeld, onResumed, onRemoteHeld, onRemoteResumed, onDigit, onEnded, onTimeout, onWithdraw, onFinish, onOptOut,
		onHeard, onConsult, onConfer, onTransferred, onPlayed, onSoundLost, onSoundBack, onTaken, onVoid, onUnheard, onSeat, onUnpause, onExtend,
	}
}

// argument is what the floor hands to a stimulus.
func argument(s stimulus) any {
	answer := AnsweringMachine
	switch s {
	case onRefused:
		return permanent(ReasonDoNotCall, "listed", DoNotCall)
	case onWithdraw:
		return Reason{Code: ReasonStopped, Text: "stopped"}
	case onOptOut:
		return DNCEntry{Number: "+493012345678", By: "ben"}
	case onDigits:
		return ClickDigits{Digits: "1"}
	case onMute:
		return ClickMute{On: true}
	case onRecord:
		return ClickRecord{Action: RecordStart}
	case onTransfer:
		return ClickTransfer{Number: "601"}
	case onHeard:
		return LineEvent{At: noon(), Heard: HeardBusy}
	case onConsult:
		return ClickConsult{Number: "602"}
	case onTransferred:
		return LineEvent{At: noon(), Status: 486}
	case onEnter:
		return Entry{Result: &answer}
	case onQuick:
		return ClickQuick{Result: AnsweringMachine}
	case onPlayed:
		return LineEvent{At: noon()}
	case onUnheard:
		return LineEvent{At: noon(), Agent: "ann"}
	case onDialing, onRinging, onAnswered, onJoined, onHeld, onResumed, onRemoteHeld, onRemoteResumed, onDigit:
		return LineEvent{At: noon(), Digit: "5"}
	case onSoundBack:
		return 5 * time.Second
	case onTaken:
		return AgentID("ben")
	case onVoid:
		return Reason{Code: ReasonCallBack, Text: "it is back"}
	case onEnded:
		return LineEvent{At: noon(), Result: Busy, Status: 486, By: ByContact}
	}
	return nil
}

// workIn puts an interaction into a state, as if it had come there.
func workIn(t *testing.T, mode Mode, s InteractionState) (*Floor, *work) {
	t.Helper()
	n := 0
	f := NewFloor(FloorConfig{
		Process: "p", NewID: func(string, time.Time) string { n++; return strconv.Itoa(n) },
		Manual: ManualRules{Rules: Rules{Allow: []string{"6xx"}}},
	})
	f.now = noon()
	c := spring()
	c.Mode, c.Recording.Mode = mode, RecordingOnDemand
	c.Results = []OfferedResult{{Answer, false}, {AnsweringMachine, true}}
	c.Rules.Allow = []string{"+49", "6xx"}
	a := &agent{id: "ann", status: AgentReady, joined: map[string]bool{"spring": true}, empty: map[string]emptied{}}
	f.agents = []*agent{a}
	cp := &camp{doc: c, state: Running}
	f.campaigns = []*camp{cp}
	r := Record{Key: 1, ID: "1", Phone: "+493012345678", Status: Retrieved, Type: General}
	w := &work{kind: KindCampaign, agent: a, camp: cp, doc: c, lease: Lease{Record: r, Fence: 1}}
	w.attempt = Attempt{ID: "a1", Record: 1, Number: r.Phone, Agent: "ann"}
	w.waitsSince = noon()
	switch s {
	case StateTalking, StateClosing, StateWrapUp, StateTaking, StateParked, StateAnnouncing, StateTakeOver:
		w.attempt.AnsweredAt = noon()
		w.wrap.Result = Answer
	case StateSeeking:
		w.attempt.AnsweredAt = noon()
		w.ahead, w.agent, w.attempt.Agent = true, nil, ""
	case StateIncoming, StateVoicemail:
		w.kind, w.camp, w.doc = KindInbound, nil, nil
	}
	w.quick = s == StateAnnouncing
	if s == StateTakeOver { // it is on ben's desk, and he has lost his headset
		ben := &agent{id: "ben", status: AgentReady, soundless: true, headset: HeadsetLost, lostAt: noon()}
		from := &work{kind: KindCampaign, agent: ben, camp: cp, doc: c, lease: w.lease, attempt: w.attempt, heir: w, held: true}
		f.open(from, StateParked)
		f.agents = append(f.agents, ben)
		w.from, w.attempt.ID = from, ""
	}
	if mode == ModePredictive {
		w.ahead = true
		switch s {
		case StateOffered:
			w.attempt.AnsweredAt = noon()
		case StateTalking, StateClosing, StateWrapUp, StateParked, StateTakeOver:
			w.taken = true
		case StateAnnouncing:
			w.quick, w.agent, w.attempt.Agent = false, nil, ""
		case StateAsking, StateWaiting, StateDialing, StateRinging, StateStopping:
			w.agent, w.attempt.Agent = nil, ""
		}
	}
	f.open(w, s)
	f.out = Effects{}
	return f, w
}

// Every pair of state and stimulus: what the table names leads where it says,
// everything else changes nothing; and only a permit dials.
func TestTransitionsAllPairs(t *testing.T) {
	for _, mode := range []Mode{ModeProgressive, ModePreview, ModePredictive} {
		for _, s := range allStates() {
			if mode == ModePreview && (s == StateSeeking || s == StateAnnouncing) {
				continue // agents dial there
			}
			for _, on := range allStimuli() {
				name := string(mode) + "/" + string(s) + "/" + string(on)
				f, w := workIn(t, mode, s)
				arg := argument(on)
				if on == onSeat {
					arg = f.agents[0]
				}
				r, known := f.table[s][on]
				if on == onResume {
					w.held = true
				}
				if on == onConfer && s == StateTalking {
					w.side = &work{kind: KindConsult, main: w, agent: w.agent, state: StateTalking, attempt: Attempt{ID: "a2"}}
				}
				if on == onDone && s == StateOpen {
					w.wrap.NoCall = true
				}
				if on == onRecord && s == StateWrapUp { // all that is left to do with it
					w.attempt.Recording, arg = "recordings/a1.wav", ClickRecord{Action: RecordDelete}
				}
				if on == onExtend && s == StateWrapUp {
					w.doc.AfterCallMore, w.wrapUntil = AfterCallMore{By: time.Minute, Times: 1}, noon().Add(time.Minute)
				}
				err := f.step(w, on, arg)
				var no *NotPossible
				switch {
				case !known && (!errors.As(err, &no) || w.state != s || len(f.out.Events)+len(f.out.Line)+len(f.out.Store) > 0):
					t.Errorf("%s: not in the table, but %v, %s, %+v", name, err, w.state, f.out)
				case known && err != nil:
					t.Errorf("%s: %v", name, err)
				case known && w.state != r.to && !slices.Contains(r.may, w.state):
					t.Errorf("%s: leads to %s, the table says %s or %s", name, w.state, r.to, r.may)
				}
				for _, c := range f.out.Line {
					if _, dial := c.(Dial); dial && (s != StateAsking || on != onPermitted) {
						t.Errorf("%s: dials", name)
					}
				}
				over := w.state == StateOver && s != StateOver
				if over && (slices.Contains(f.works, w) || f.agents[0].work != nil) {
					t.Errorf("%s: over, but still on the desk", name)
				}
				if over && len(f.works) > 0 && (s == StateOffered || on == onUnheard) { // passed on, with the record
					if next := f.works[0]; next.state != StateSeeking || next.attempt.ID != "a1" || next.agent != nil || len(f.works) > 1 {
						t.Errorf("%s: passed on as %+v", name, next)
					}
					continue
				}
				checkLease(t, name, f, s, w.state)
			}
		}
	}
}

// checkLease: whoever ends an interaction gives back or settles its record,
// exactly once, unless the store has done so or it was done before.
func checkLease(t *testing.T, name string, f *Floor, from, to InteractionState) {
	t.Helper()
	n := 0
	for _, o := range f.out.Store {
		switch o.(type) {
		case OpRelease, OpSettle:
			n++
		}
	}
	ends := map[InteractionState]bool{StateOver: true, StateResult: true, StateRefused: true}
	had := !ends[from] && from != StateIncoming && from != StateTaking
	events := f.out.Events
	byStore := len(events) > 0 && slices.Contains([]EventKind{EventRefused, EventLost}, events[len(events)-1].Kind)
	want := 0
	if had && ends[to] && !byStore {
		want = 1
	}
	if from == StateIncoming || from == StateVoicemail {
		return // an inbound call has no lease; its attempt is settled, and no record
	}
	if from == StateTakeOver || from == StateParked && to == StateOver && n == 0 {
		return // the record is, or goes to, the other desk's
	}
	if from == StateTaking && ends[to] || from == StateTaking && n == 1 {
		return // an inbound call has no lease; here it stands in for a campaign's
	}
	if n != want {
		t.Errorf("%s: record released or settled %d times, want %d", name, n, want)
	}
}

// Every state can be left, and no state or stimulus of the table is unknown.
func TestTransitionsAreComplete(t *testing.T) {
	table := newTransitions()
	for s, rows := range table {
		if !slices.Contains(allStates(), s) {
			t.Errorf("state %q is not listed", s)
		}
		leaves := false
		for on, r := range rows {
			if !slices.Contains(allStimuli(), on) || !slices.Contains(allStates(), r.to) {
				t.Errorf("%s/%s leads to %q", s, on, r.to)
			}
			leaves = leaves || r.to != s
		}
		if !leaves {
			t.Errorf("state %s is a dead end", s)
		}
		// On shutdown every state comes to an end: by itself, by being
		// withdrawn, or by what ends it.
		if _, ok := rows[onFinish]; !ok {
			if _, ok := rows[onWithdraw]; !ok {
				t.Errorf("state %s does not end on shutdown", s)
			}
		}
	}
}

func TestCampaignMovesAllPairs(t *testing.T) {
	for _, state := range []RunState{Unloaded, Loaded, Running} {
		for what, m := range campaignMoves() {
			f := NewFloor(FloorConfig{})
			f.campaigns = []*camp{{doc: spring(), state: state}}
			err := f.moveCampaign(what, "spring")
			possible := slices.Contains(m.from, state) && (what != "start" || state != Running)
			if possible != (err == nil) {
				t.Errorf("%s when %s: %v", what, state, err)
			}
			want := state
			if possible {
				want = m.to
			}
			if f.campaigns[0].state != want {
				t.Errorf("%s when %s leads to %s", what, state, f.campaigns[0].state)
			}
		}
	}
}
