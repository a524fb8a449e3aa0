package phone

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

// A scripted far end, for what no decent phone does.

// answered dials a far end that answers with a description.
func (s *station) answered(far *peer.Far, sdp string) (*leg, *peer.Dialog) {
	s.t.Helper()
	c := s.dial(far.URI("601"))
	invite := far.Expect("INVITE")
	invite.Reply(180)
	c.await(Ringing)
	invite.Reply(200, peer.SDP(sdp))
	far.Expect("ACK")
	c.await(Answered)
	return c, invite.Dialog()
}

// hangup ends the call from our side.
func (l *leg) hangup(d *peer.Dialog) Event {
	l.t.Helper()
	l.Hangup(sip.Reason{})
	d.Expect("BYE").Reply(200)
	return l.ended()
}

// sdpOf is a description on a port where nobody listens.
func sdpOf(version int, lines ...string) string {
	return peer.SDPText("127.0.0.1", 9, version, lines...)
}

// reoffer is a re-INVITE of the far end's, with our answer to it.
func reoffer(d *peer.Dialog, sdp string) string {
	res := d.Request("INVITE", peer.SDP(sdp)).Expect(200)
	d.Ack()
	return res.SDP()
}

// The far end knows no telephone-event: digits go and come by INFO.
func TestDigitsByInfo(t *testing.T) {
	far, s := peer.NewFar(t), newStation(t)
	plain := strings.NewReplacer(" 101", "", "a=rtpmap:101 telephone-event/8000\r\n", "", "a=fmtp:101 0-15\r\n", "").Replace(sdpOf(1))
	c, d := s.answered(far, plain)
	if err := c.Digits("5#"); err != nil {
		t.Fatal(err)
	}
	for _, digit := range "5#" {
		info := d.Expect("INFO")
		if body := string(info.Body); !strings.Contains(body, fmt.Sprintf("Signal=%c", digit)) || !strings.Contains(body, "Duration=100") {
			t.Errorf("INFO with %q", body)
		}
		info.Reply(200)
	}
	d.Request("INFO", peer.Body("application/dtmf-relay", []byte("Signal=7\r\nDuration=160\r\n"))).Expect(200)
	if e := c.await(Digit); e.Digit != "7" {
		t.Errorf("%+v", e)
	}
	c.hangup(d)
}

// A far end that refuses to be held is held by our silence; its refusal of a
// resume can be asked again.
func TestHoldRefused(t *testing.T) {
	far, s := peer.NewFar(t), newStation(t)
	c, d := s.answered(far, sdpOf(1))
	c.Hold()
	offer := far.Expect("INVITE")
	if !strings.Contains(offer.SDP(), "a=sendonly") {
		t.Errorf("offered %q", offer.SDP())
	}
	offer.Reply(488)
	c.await(Held)
	c.Resume()
	c.await(Resumed)
	far.ExpectNone(300*time.Millisecond, "INVITE") // nothing was agreed that had to be taken back
	c.Hold()
	far.Expect("INVITE").Reply(200, peer.SDP(sdpOf(2, "a=recvonly")))
	d.Expect("ACK")
	c.await(Held)
	c.Resume()
	far.Expect("INVITE").Reply(488)
	eventually(t, "the refusal to arrive", func() bool {
		c.hold.mu.Lock()
		defer c.hold.mu.Unlock()
		return !c.hold.pending
	})
	c.Resume()
	offer = far.Expect("INVITE")
	if strings.Contains(offer.SDP(), "a=sendonly") {
		t.Errorf("offered %q", offer.SDP())
	}
	offer.Reply(200, peer.SDP(sdpOf(3)))
	c.await(Resumed)
	c.hangup(d)
}

// Trap 5: the far end re-INVITEs in the moment of the answer, and we hold in
// the same moment. Both come through without a 491.
func TestNoGlareAfterTheAnswer(t *testing.T) {
	far, s := peer.NewFar(t), newStation(t)
	c, d := s.answered(far, sdpOf(1))
	c.Hold()
	if got := reoffer(d, sdpOf(2)); !strings.Contains(got, "a=sendonly") {
		t.Errorf("our wish is not in the answer: %q", got)
	}
	c.await(Held)
	far.ExpectNone(time.Second, "INVITE") // it is agreed already
	c.Resume()
	far.Expect("INVITE").Reply(200, peer.SDP(sdpOf(3)))
	d.Expect("ACK")
	c.await(Resumed)
	c.hangup(d)
}

// The old way to hold, and a description that is held from the first answer on.
func TestHeldByOldAndNew(t *testing.T) {
	far, s := peer.NewFar(t), newStation(t)
	c, d := s.answered(far, sdpOf(1, "a=sendonly"))
	c.await(HeldByContact)
	reoffer(d, sdpOf(2))
	c.await(ResumedByContact)
	reoffer(d, peer.SDPText("0.0.0.0", 9, 3))
	c.await(HeldByContact)
	reoffer(d, sdpOf(4))
	c.await(ResumedByContact)
	if e := c.hangup(d); e.HeldMS != 0 {
		t.Errorf("held_ms %d", e.HeldMS)
	}
}

// We are asked to call somebody: the user is told, and may refuse.
func TestTransferAskedAndRefused(t *testing.T) {
	far, s := peer.NewFar(t), newStation(t)
	c, d := s.answered(far, sdpOf(1))
	d.Request("REFER", peer.With("Refer-To", "<sip:+49190@elsewhere.example>")).Expect(202)
	d.Expect("NOTIFY").Reply(200)
	if e := c.await(TransferAsked); !strings.Contains(e.Target, "+49190") {
		t.Errorf("%+v", e)
	}
	c.TransferResult(603, "")
	notify := d.Expect("NOTIFY")
	if !strings.HasPrefix(string(notify.Body), "SIP/2.0 603") {
		t.Errorf("told %q", notify.Body)
	}
	notify.Reply(200)
	c.hangup(d)
}
