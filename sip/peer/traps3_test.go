package peer_test

import (
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

func TestTrap26InDialogOddities(t *testing.T) {
	r := newRig(t)
	k, d := r.up()
	d.Request("INFO").Expect(200)
	if m := d.Request("OPTIONS").Expect(200); m.Get("Allow") == "" {
		t.Error("OPTIONS without Allow")
	}
	if m := d.Request("DANCE").Expect(405); !m.Lists("Allow", "INVITE") {
		t.Errorf("Allow %q", m.Get("Allow"))
	}
	if m := d.Request("INVITE", peer.SDP(r.sdp(2)), peer.With("Require", "telepathy")).Expect(420); m.Get("Unsupported") != "telepathy" {
		t.Errorf("Unsupported %q", m.Get("Unsupported"))
	}
	d.CSeq -= 3
	d.Request("INFO").Expect(500) // RFC 3261 §12.2.2
	d.CSeq += 3
	d.Request("BYE").Expect(200)
	k.expect(sip.Ended)
	d.Request("INVITE", peer.SDP(r.sdp(3))).Expect(481)
}

// An ACK and the request behind it arrive in one moment: nothing of ours may
// swap them.
func TestTrap26AckAndNextRequestInOneMoment(t *testing.T) {
	r := newRig(t)
	k, d := r.up()
	for v := range 20 {
		d.Request("INVITE", peer.SDP(r.sdp(v+2))).Expect(200)
		d.Ack()
	}
	d.Request("INVITE", peer.SDP(r.sdp(30))).Expect(200)
	d.Ack()
	d.Request("BYE").Expect(200)
	k.expect(sip.Ended)
}

func TestTrap26ByeBeforeAck(t *testing.T) {
	r := newRig(t)
	inv, k := r.called()
	k.call.Answer()
	d := inv.Dialog(inv.Expect(200))
	d.Request("BYE").Expect(200)
	if e := k.expect(sip.Ended); e.Cause.By != sip.Remote {
		t.Errorf("cause %+v", e.Cause)
	}
	d.ExpectNone(200*time.Millisecond, "BYE")
}

func TestTrap26ByeWhileItRings(t *testing.T) {
	r := newRig(t)
	inv, k := r.called()
	k.call.Ring()
	d := inv.Dialog(inv.Expect(180))
	d.Request("BYE").Expect(200)
	inv.Expect(487) // RFC 3261 §15.1.2
	k.expect(sip.Ended)
}

func TestTrap27DigestIsNotLeaked(t *testing.T) {
	r := newRig(t, registered, func(c *sip.Config, far *peer.Far) {
		(&peer.Registrar{Guard: &peer.Guard{Realm: "pbx", Users: map[string]string{"1001": "secret"}}}).Serve(far)
		c.Trusted = []string{"127.0.0.2"}
	})
	if err := r.agent.Register(t.Context(), "pbx"); err != nil {
		t.Fatal(err)
	}
	thief := peer.NewFarAt(t, "127.0.0.2")
	inv := thief.Request("INVITE", r.uri(), peer.SDP(r.sdp(1)))
	k := r.take()
	k.call.Answer()
	d := inv.Dialog(inv.Expect(200))
	d.Ack()
	k.expect(sip.Answered)
	k.call.Hangup(sip.Reason{})
	bye := d.Expect("BYE")
	bye.Reply(407, peer.With("Proxy-Authenticate", `Digest realm="pbx", nonce="gotcha", algorithm=MD5, qop="auth"`))
	k.expect(sip.Ended)
	d.ExpectNone(300*time.Millisecond, "BYE")
	for _, m := range thief.Trace.In() {
		if m.Get("Proxy-Authorization")+m.Get("Authorization") != "" {
			t.Errorf("a hash of the password went out: %s", m)
		}
	}
}

func TestTrap28NoAutoAnswerByHeader(t *testing.T) {
	r := newRig(t)
	inv, k := r.called(peer.With("Answer-Mode", "Auto;require"), peer.With("Alert-Info", "<http://x>;info=alert-autoanswer"),
		peer.With("Call-Info", "<sip:x>;answer-after=0"))
	if res, err := r.far.Await(300*time.Millisecond, peer.IsStatus(200, "INVITE")); err == nil {
		t.Errorf("answered by itself: %s", res.Message)
	}
	k.call.Reject(603)
	inv.Expect(603)
	k.expect(sip.Ended)
}

func TestStrangersGetNothing(t *testing.T) {
	r := newRig(t, registered, func(c *sip.Config, far *peer.Far) {
		(&peer.Registrar{}).Serve(far)
		c.Trusted = nil
	})
	if err := r.agent.Register(t.Context(), "pbx"); err != nil {
		t.Fatal(err)
	}
	stranger := peer.NewFarAt(t, "127.0.0.3")
	stranger.Request("OPTIONS", r.uri()).ExpectNone(200 * time.Millisecond)
	stranger.Request("INVITE", r.uri(), peer.SDP(r.sdp(1))).ExpectNone(200 * time.Millisecond)
	select {
	case c := <-r.calls:
		t.Errorf("a call from a stranger: %s", c.ID())
	default:
	}
}
