package line

import (
	"strings"
	"testing"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/sip/phone"
)

var stateNames = [states]string{"placing", "dialing", "ringing", "offered", "answered", "over"}

var inputNames = [inputs]string{
	"nothing", "dialing", "ringing", "answered", "held", "resumed", "remote-held", "remote-resumed", "digit",
	"lost", "transferred", "heard", "transfer-asked", "ended", "played", "watched", "connect", "hold", "resume", "digits", "mute", "answer", "reject", "transfer", "transfer-to", "conference", "play",
	"record", "hangup",
}

// What leads where; what is missing changes nothing and does nothing.
const machine = `
placing:  dialing>dialing ringing>ringing answered>answered ended>over connect record hangup
dialing:  ringing>ringing answered>answered ended>over digit connect mute heard record hangup
ringing:  answered>answered ended>over digit connect mute heard record hangup
offered:  answered>answered ended>over answer reject connect hangup
answered: ended>over held resumed remote-held remote-resumed digit lost transferred transfer-asked played watched connect hold resume digits mute transfer transfer-to conference heard play record hangup
over:
`

func TestEveryPairOfStateAndInput(t *testing.T) {
	want := map[string]map[string]string{}
	for _, l := range strings.Split(strings.TrimSpace(machine), "\n") {
		from, moves, _ := strings.Cut(l, ":")
		want[from] = map[string]string{}
		for _, m := range strings.Fields(moves) {
			in, to, ok := strings.Cut(m, ">")
			if !ok {
				to = from
			}
			want[from][in] = to
		}
	}
	for s := range states {
		for in := range inputs {
			m := moves[s][in]
			to, ok := want[stateNames[s]][inputNames[in]]
			if ok != (m.act != nil) {
				t.Errorf("%s on %s: acts %v, want %v", stateNames[s], inputNames[in], m.act != nil, ok)
				continue
			}
			if ok && stateNames[m.to] != to {
				t.Errorf("%s on %s leads to %s, want %s", stateNames[s], inputNames[in], stateNames[m.to], to)
			}
		}
	}
}

// Every state but the last ends with Ended, and no command leads there: only
// the phone's word ends a leg.
func TestOnlyEndedEnds(t *testing.T) {
	for s := range over {
		for in := range inputs {
			if m := moves[s][in]; m.act != nil && (m.to == over) != (in == onEnded) {
				t.Errorf("%s on %s leads to %s", stateNames[s], inputNames[in], stateNames[m.to])
			}
		}
		if moves[s][onEnded].act == nil || moves[s][onHangup].act == nil {
			t.Errorf("%s cannot be ended", stateNames[s])
		}
	}
}

// Every command of the closed set and every phone event is known.
func TestNothingIsUnknown(t *testing.T) {
	commands := []campaign.Command{
		campaign.Connect{Attempt: "a"}, campaign.Hold{Attempt: "a"}, campaign.Resume{Attempt: "a"},
		campaign.Digits{Attempt: "a"}, campaign.Mute{Attempt: "a"}, campaign.AnswerCall{Attempt: "a"}, campaign.RejectCall{Attempt: "a"},
		campaign.Transfer{Attempt: "a"}, campaign.Play{Attempt: "a"}, campaign.RecordCall{Attempt: "a"},
		campaign.Hangup{Attempt: "a"},
	}
	seen := map[input]bool{}
	for _, c := range commands {
		id, in := target(c)
		if id != "a" || in == onNothing || seen[in] {
			t.Errorf("%T: attempt %q, input %s", c, id, inputNames[in])
		}
		seen[in] = true
	}
	for k := phone.Dialing; k <= phone.Ended; k++ {
		in := of(phone.Event{Kind: k})
		switch k {
		case phone.FoundMedia: // nothing to be done about them
			if in != onNothing {
				t.Errorf("%s is %s", k, inputNames[in])
			}
		default:
			if in == onNothing {
				t.Errorf("%s is nothing to the line", k)
			}
		}
	}
}
