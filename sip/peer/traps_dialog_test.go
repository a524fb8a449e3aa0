package peer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

// Traps of a call's way: its routes, timers, transfers and ends.

func TestTrap10InvalidHostInContact(t *testing.T) {
	r := newRig(t)
	k, inv := r.dialled()
	d, ack := r.answer(k, inv, peer.Contact("sip:abc@df7jal23ls0d.invalid"))
	if ack.URI != "sip:abc@df7jal23ls0d.invalid" {
		t.Errorf("ACK to %s", ack.URI)
	}
	k.hangup(d)
}

func big(o *sip.DialOptions) {
	o.Headers = map[string]string{"X-Freight": strings.Repeat("0123456789", 100)}
}

func TestTrap11LargeINVITEGoesByTCP(t *testing.T) {
	r := newRig(t)
	k, inv := r.dialled(big)
	if !strings.HasPrefix(inv.Get("Via"), "SIP/2.0/TCP") {
		t.Errorf("Via %q", inv.Get("Via"))
	}
	inv.Reply(486)
	k.ends(486, sip.Remote)
}

func TestTrap11WithoutTCPItFallsBackToUDP(t *testing.T) {
	r := newRig(t)
	r.far.CloseTCP()
	k, inv := r.dialled(big)
	if !strings.HasPrefix(inv.Get("Via"), "SIP/2.0/UDP") || len(inv.Raw) < 1300 {
		t.Errorf("%d bytes, Via %q", len(inv.Raw), inv.Get("Via"))
	}
	d, _ := r.answer(k, inv)
	k.hangup(d)
}

func TestTrap12SessionTimer(t *testing.T) {
	r := newRig(t)
	k, first := r.dialled()
	if !first.Lists("Supported", "timer") {
		t.Errorf("Supported %q", first.Get("Supported"))
	}
	first.Reply(422, peer.With("Min-SE", "2400"))
	inv := r.far.Expect("INVITE")
	if inv.Get("Min-SE") != "2400" || !strings.HasPrefix(inv.Get("Session-Expires"), "2400") {
		t.Errorf("after 422: Min-SE %q, Session-Expires %q", inv.Get("Min-SE"), inv.Get("Session-Expires"))
	}
	d, _ := r.answer(k, inv, peer.With("Session-Expires", "2400;refresher=uas"), peer.With("Require", "timer"))
	res := d.Request("UPDATE", peer.With("Session-Expires", "2400;refresher=uac"), peer.With("Supported", "timer")).Expect(200)
	if se := res.Get("Session-Expires"); !strings.HasPrefix(se, "2400") || !strings.Contains(se, "refresher=uac") {
		t.Errorf("answer to the refresh: Session-Expires %q", se)
	}
	if low := d.Request("INVITE", peer.With("Session-Expires", "30"), peer.SDP(r.sdp(2))).Expect(422); low.Get("Min-SE") != "90" {
		t.Errorf("Min-SE %q", low.Get("Min-SE"))
	}
	k.hangup(d)
}

func TestTrap19Refer(t *testing.T) {
	r := newRig(t)
	k, d := r.up()
	k.call.Refer("sip:2002@127.0.0.1")
	ref := d.Expect("REFER")
	if !strings.Contains(ref.Get("Refer-To"), "sip:2002@127.0.0.1") {
		t.Errorf("Refer-To %q", ref.Get("Refer-To"))
	}
	ref.Reply(202)
	notify := func(state, frag string) {
		d.Request("NOTIFY", peer.With("Event", "refer"), peer.With("Subscription-State", state),
			peer.Body("message/sipfrag;version=2.0", []byte(frag))).Expect(200)
	}
	notify("active;expires=60", "SIP/2.0 100 Trying\r\n")
	notify("terminated;reason=noresource", "SIP/2.0 503 Service Unavailable\r\n")
	for {
		if e := k.expect(sip.Transferred); e.Status == 503 {
			break
		}
	}
	has(t, reoffer(d, r.sdp(2, "a=sendonly")), "a=recvonly") // the call is still there
	k.hangup(d)
}

func TestTrap19ReferAndNotifyWithoutBody(t *testing.T) {
	r := newRig(t)
	k, d := r.up()
	k.call.Refer("sip:2002@127.0.0.1")
	d.Expect("REFER").Reply(202)
	res := d.Request("NOTIFY", peer.With("Event", "refer"), peer.With("Subscription-State", "active")).Final()
	if res.Status != 200 && res.Status != 400 {
		t.Errorf("NOTIFY without body: %s", res)
	}
	d.Request("BYE").Expect(200) // some exchanges end the call at once
	k.ends(200, sip.Remote)
}

func TestTrap22MissingContact(t *testing.T) {
	r := newRig(t)
	k, inv := r.dialled()
	d, ack := r.answer(k, inv, peer.NoContact())
	if ack.URI != inv.URI {
		t.Errorf("ACK to %s", ack.URI)
	}
	k.hangup(d)
}

func TestTrap22SeveralContacts(t *testing.T) {
	r := newRig(t)
	k, inv := r.dialled()
	d, ack := r.answer(k, inv, peer.Set("Contact",
		fmt.Sprintf(`"A, B" <%s>;q=0.9, <sip:127.0.0.1:9>`, r.far.URI("first"))))
	if ack.URI != r.far.URI("first") {
		t.Errorf("ACK to %s", ack.URI)
	}
	k.hangup(d)
}

func TestTrap22StrictRouter(t *testing.T) {
	r := newRig(t)
	router := peer.NewFar(t)
	k, inv := r.dialled()
	inv.Reply(200, peer.SDP(r.sdp(1)), peer.With("Record-Route", "<sip:"+router.Addr()+">"))
	ack := router.Expect("ACK")
	// RFC 3261 §12.2.1.1
	if ack.URI != "sip:"+router.Addr() || len(ack.Values("Route")) != 1 || !strings.Contains(ack.Get("Route"), r.far.URI("far")) {
		t.Errorf("ACK to %s, Route %q", ack.URI, ack.Values("Route"))
	}
	k.call.Hangup(sip.Reason{})
	router.Expect("BYE").Reply(200)
	k.expect(sip.Ended)
}

func TestTrap24AnswerCrossesCancel(t *testing.T) {
	r := newRig(t)
	k, inv := r.rings()
	k.call.Hangup(sip.Reason{})
	cancel := r.far.Expect("CANCEL")
	if cancel.Branch() != inv.Branch() || cancel.URI != inv.URI || cancel.Get("Via") != inv.Get("Via") {
		t.Errorf("CANCEL does not match its INVITE (RFC 3261 §9.1)")
	}
	inv.Reply(200, peer.SDP(r.sdp(1)))
	cancel.Reply(200)
	d := inv.Dialog()
	d.Expect("ACK")
	d.Expect("BYE").Reply(200)
	k.ends(487, sip.Local)
}

func TestTrap24CancelWaitsForProvisional(t *testing.T) {
	r := newRig(t)
	k, inv := r.dialled()
	k.call.Hangup(sip.Reason{})
	r.far.ExpectNone(200*time.Millisecond, "CANCEL")
	inv.Reply(100)
	r.cancelled(k, inv)
}

func TestTrap24NoFinalAfterCancel(t *testing.T) {
	r := newRig(t)
	k, _ := r.rings()
	k.call.Hangup(sip.Reason{})
	r.far.Expect("CANCEL").Reply(200)
	begin := time.Now()
	k.expect(sip.Ended)
	if d := time.Since(begin); d > 70*t1 {
		t.Errorf("ended %v after CANCEL, 64*T1 is %v", d, 64*t1)
	}
}

func TestTrap24ManyProvisionalsThenCancel(t *testing.T) {
	r := newRig(t)
	k, inv := r.dialled()
	for i := range 25 {
		inv.Reply([]int{180, 182, 183}[i%3])
	}
	k.expect(sip.Ringing)
	k.call.Hangup(sip.Reason{})
	r.cancelled(k, inv)
}

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
	k, d := r.answered()
	d.Request("BYE").Expect(200)
	k.ends(200, sip.Remote)
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
