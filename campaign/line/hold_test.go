package line

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

// Hold and resume against far ends that make it hard, with the exchange's
// record as the witness of what left us meanwhile: decoded sound, not packets.
func TestHoldAgainstTheExchange(t *testing.T) {
	t.Parallel()
	x, err := peer.NewExchange(peer.ExchangeConfig{T1: 100 * time.Millisecond, Speed: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	d := newDesk(t, x.Addr(), sip.Account{Name: "pbx", Address: "sip:1001@" + x.Addr()})
	fates := map[string]string{
		"06": "tone", "40": "holds us while we hold", "42": "the same with inactive", "43": "late offer",
		"45": "its re-INVITE crosses ours", "47": "re-INVITE in the moment of the answer", "44": "session timer",
	}
	for code := range fates {
		d.Do(campaign.Dial{Attempt: campaign.AttemptID(code), Agent: campaign.AgentID("agent-" + code), Number: number(code)})
	}
	said, ends := holdEach(t, d, len(fates))
	records := recordsOf(t, x)
	for code, name := range fates {
		id := campaign.AttemptID(code)
		e, r := ends[id], records[number(code)]
		log := said[id]
		if h, s := slices.Index(log, campaign.LineHeld), slices.Index(log, campaign.LineResumed); h < 0 || s < h || e.By != campaign.ByAgent {
			t.Errorf("%s: said %v, ended by %s", name, log, e.By)
		}
		t.Logf("%s: held %d ms, %v by the exchange's word, in which %d packets at %.0f dBFS; talk %.0f Hz at %.1f dBFS",
			name, e.HeldMS, r.Held.Round(time.Millisecond), r.HeldPackets, r.HeldDBFS, r.HeardHz, r.HeardDBFS)
		// Nothing but silence, and at most what was on its way: on a busy machine
		// the exchange reads that after it has heard of the hold. The exact check
		// is the one on Asterisk's recording, in package phone.
		if onTheWay := -10 + 10*math.Log10(5/max(5, float64(r.HeldPackets))); r.HeldDBFS > onTheWay {
			t.Errorf("%s: on hold the contact heard %.1f dBFS", name, r.HeldDBFS)
		}
		checkHeard(t, name, r)
		for _, v := range r.Violations {
			// Of two that cross, ours may be refused before theirs is seen, and then
			// theirs is rightly answered; while ours is open, 491 is right.
			if code != "45" && !strings.Contains(v, "answered by 491") {
				t.Errorf("%s: %s", name, v)
			}
		}
		// The far end counts from the 200 to the resume's; a crossing delays its word.
		if diff := time.Duration(e.HeldMS)*time.Millisecond - r.Held; code == "06" && (diff < -5*time.Millisecond || diff > 300*time.Millisecond || r.HeldPackets < 10) {
			t.Errorf("%s: held_ms %d, the exchange says %v with %d packets", name, e.HeldMS, r.Held, r.HeldPackets)
		}
	}
}

// holdEach holds every call for a while, resumes it, and hangs up.
func holdEach(t *testing.T, d *desk, calls int) (map[campaign.AttemptID][]campaign.LineEventKind, map[campaign.AttemptID]campaign.LineEvent) {
	t.Helper()
	said := map[campaign.AttemptID][]campaign.LineEventKind{}
	ends := map[campaign.AttemptID]campaign.LineEvent{}
	over := time.After(40 * time.Second)
	later := func(after time.Duration, c campaign.Command) { time.AfterFunc(after, func() { d.Do(c) }) }
	for len(ends) < calls {
		select {
		case <-over:
			t.Fatalf("%d of %d ended: %v", len(ends), calls, said)
		case e := <-d.Events():
			said[e.Attempt] = append(said[e.Attempt], e.Kind)
			switch e.Kind {
			case campaign.LineJoined:
				wait := 500 * time.Millisecond
				if e.Attempt == "47" {
					wait = 0
				}
				later(wait, campaign.Hold{Attempt: e.Attempt})
			case campaign.LineHeld:
				later(1200*time.Millisecond, campaign.Resume{Attempt: e.Attempt})
			case campaign.LineResumed:
				later(2*time.Second, campaign.Hangup{Attempt: e.Attempt, By: campaign.ByAgent, Reason: "agent hung up"})
			case campaign.LineEnded:
				ends[e.Attempt] = e
			}
		}
	}
	return said, ends
}
