package sip_test

import (
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

func TestInboundAnswered(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			r := newRig(t, trusting, func(c *sip.Config) { c.Listen = []string{network + "://127.0.0.1:0"} })
			target := "sip:1001@" + r.agent.Addrs()[0].String() + ";transport=" + network
			inv := r.far.Request("INVITE", target, plain(),
				peer.With("P-Asserted-Identity", `"Bob B." <sip:+4930555@pbx;user=phone>`),
				peer.With("Record-Route", "<sip:"+r.far.Addr()+";transport="+network+";lr>"))
			p := <-r.calls
			if w := p.call.Remote(); w.Number != "+4930555" || w.Name != "Bob B." {
				t.Errorf("remote %+v", w)
			}
			if l := p.call.Local(); l.Number != "1001" || p.call.Direction() != sip.Inbound {
				t.Errorf("local %+v", l)
			}
			p.call.Ring()
			ringing := inv.Expect(180)
			p.call.Answer()
			ok := inv.Expect(200)
			if ringing.ToTag() == "" || ringing.ToTag() != ok.ToTag() {
				t.Errorf("tags %q %q", ringing.ToTag(), ok.ToTag())
			}
			if string(ok.Body) != p.body.answer || !ok.Lists("Allow", "UPDATE") || len(ok.Values("Record-Route")) != 1 {
				t.Errorf("200: %v %q", ok.Headers, ok.Body)
			}
			p.quiet(t1)
			dlg := inv.Dialog(ok)
			dlg.Ack()
			p.expect(sip.Answered)
			p.agreed("answer")
			p.call.Hangup(sip.Reason{Q850: 16})
			bye := r.far.Expect("BYE")
			if !strings.Contains(bye.Get("Route"), r.far.Addr()) {
				t.Errorf("BYE has route %q", bye.Get("Route"))
			}
			bye.Reply(200)
			p.ends(200, sip.Local)
		})
	}
}

func TestInboundRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, inv := r.called()
	p.call.Reject(486)
	inv.Expect(486)
	p.ends(486, sip.Local)
	// The description does not fit.
	p, inv = r.called()
	p.body.change(func(b *body) { b.refuse = refusal(488) })
	p.call.Answer()
	inv.Expect(488)
	p.ends(488, sip.Local)
}

func TestInboundCancelled(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, inv := r.called()
	p.call.Ring()
	ringing := inv.Expect(180)
	can := inv.Cancel()
	if ok := can.Expect(200); ok.ToTag() != ringing.ToTag() {
		t.Errorf("200 to CANCEL has tag %q, 180 %q", ok.ToTag(), ringing.ToTag())
	}
	if final := inv.Expect(487); final.ToTag() != ringing.ToTag() {
		t.Errorf("487 has tag %q, 180 %q", final.ToTag(), ringing.ToTag())
	}
	p.ends(487, sip.Remote)
	p.call.Answer()
	p.quiet(t1)
	// CANCEL right behind the INVITE, many times: no race, always one Ended.
	for range 20 {
		inv := r.far.Request("INVITE", r.uri(), plain())
		inv.Cancel()
		if s := inv.Final().Status; s != 487 {
			t.Errorf("final %d", s)
		}
		p := <-r.calls
		p.call.Answer()
		p.until(sip.Ended)
	}
}

func TestNoAck(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, dlg := r.unacknowledged()
	began := time.Now()
	bye := dlg.Expect("BYE")
	if d := time.Since(began); d < 60*t1 || d > 80*t1 {
		t.Errorf("BYE after %v", d)
	}
	bye.Reply(200)
	p.ends(408, sip.Local)
	// T1, 2*T1, 4*T1, then every T2: 50 150 350 750 1150 … ms
	n := len(r.far.Trace.In(peer.IsStatus(200, "INVITE")))
	if n < 8 || n > 13 {
		t.Errorf("200 sent %d times", n)
	}
}

func TestHangupBeforeAck(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, dlg := r.unacknowledged()
	p.call.Hangup(sip.Reason{})
	dlg.ExpectNone(3*t1, "BYE") // RFC 3261 §15: not before the ACK
	dlg.Ack()
	dlg.Expect("BYE").Reply(200)
	p.expect(sip.Ended)
}

func TestByeBeforeAck(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, dlg := r.unacknowledged()
	dlg.Request("BYE").Expect(200)
	p.ends(200, sip.Remote)
	dlg.Ack()
}

func TestInboundWithoutOffer(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	inv := r.far.Request("INVITE", r.uri())
	p := <-r.calls
	p.call.Answer()
	ok := inv.Expect(200)
	if string(ok.Body) != p.body.offer {
		t.Errorf("200 carries %q", ok.Body)
	}
	dlg := inv.Dialog(ok)
	dlg.Ack(peer.SDP(peer.PlainSDP(5004)))
	p.expect(sip.Answered)
	if p.body.story() != "offer accept" || p.body.accepted[0] != peer.PlainSDP(5004) {
		t.Errorf("body: %s", p.body.story())
	}
	p.bye(dlg)
	// The answer in the ACK is missing: BYE.
	inv = r.far.Request("INVITE", r.uri())
	p = <-r.calls
	dlg = p.take(inv)
	dlg.Ack()
	dlg.Expect("BYE").Reply(200)
	if c := p.expect(sip.Ended).Cause; c.Status != 488 {
		t.Errorf("cause %+v", c)
	}
}

func TestReliableRinging(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, inv := r.called(peer.With("Require", "100rel"))
	p.call.Ring()
	ringing := inv.Expect(180)
	if ringing.Get("RSeq") != "1" || !ringing.Lists("Require", "100rel") {
		t.Errorf("180: %v", ringing.Headers)
	}
	inv.Expect(180) // repeated until PRACK
	dlg := inv.Dialog(ringing)
	dlg.Request("PRACK", peer.With("RAck", "7 1 INVITE")).Expect(481)
	dlg.Request("PRACK", peer.With("RAck", "1 1 INVITE")).Expect(200)
	dlg2 := p.take(inv)
	dlg2.CSeq = 1
	dlg2.Ack()
	p.expect(sip.Answered)
	dlg2.CSeq = 5
	p.bye(dlg2)
}

func TestMergedInvite(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, inv := r.called()
	r.far.Request("INVITE", r.uri(), plain(), peer.Set("Call-ID", inv.CallID()),
		peer.Set("From", inv.Get("From"))).Expect(482)
	dlg := p.take(inv)
	dlg.Ack()
	p.expect(sip.Answered)
	p.bye(dlg)
}

// TestCancelBeatsAnswer: CANCEL is through while we make our answer, so our
// 200 goes nowhere; the ACK that comes is the one of the 487.
func TestCancelBeatsAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, inv := r.called()
	slow := &slowBody{body: p.body, busy: make(chan struct{}), free: make(chan struct{})}
	p.call.Accept(slow, p.hear)
	p.call.Answer()
	<-slow.busy
	inv.Cancel().Expect(200)
	inv.Expect(487) // and ACKs it
	close(slow.free)
	p.ends(487, sip.Remote)
}

// slowBody takes its time for an answer.
type slowBody struct {
	*body
	busy, free chan struct{}
}

func (b *slowBody) Answer(offer []byte) ([]byte, error) {
	close(b.busy)
	<-b.free
	return b.body.Answer(offer)
}
