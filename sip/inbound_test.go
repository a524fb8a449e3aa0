package sip_test

import (
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

// callee is an agent that hands each inbound call to the test.
func callee(t testing.TB, change func(*sip.Config)) (*sip.Agent, chan *phone) {
	t.Helper()
	a := newAgent(t, func(c *sip.Config) {
		trusting(c)
		if change != nil {
			change(c)
		}
	})
	calls := make(chan *phone, 64)
	a.OnCall(func(c *sip.Call) {
		p := newPhone(t)
		p.call = c
		c.Accept(p.body, p.hear)
		calls <- p
	})
	open(t, a)
	return a, calls
}

// answered lets far call and has it answered.
func answered(t testing.TB, a *sip.Agent, far *peer.Far, calls chan *phone, opts ...peer.Option) (*phone, *peer.Sent, *peer.Dialog) {
	t.Helper()
	inv := far.Request("INVITE", uri(t, a), append([]peer.Option{peer.SDP(peer.PlainSDP(5000))}, opts...)...)
	p := <-calls
	p.call.Answer()
	dlg := inv.Dialog(inv.Expect(200))
	dlg.Ack()
	p.expect(sip.Answered)
	return p, inv, dlg
}

func TestInboundAnswered(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			a, calls := callee(t, func(c *sip.Config) { c.Listen = []string{network + "://127.0.0.1:0"} })
			far := peer.NewFar(t)
			target := "sip:1001@" + a.Addrs()[0].String() + ";transport=" + network
			inv := far.Request("INVITE", target, peer.SDP(peer.PlainSDP(5000)),
				peer.With("P-Asserted-Identity", `"Bob B." <sip:+4930555@pbx;user=phone>`),
				peer.With("Record-Route", "<sip:"+far.Addr()+";transport="+network+";lr>"))
			p := <-calls
			if r := p.call.Remote(); r.Number != "+4930555" || r.Name != "Bob B." {
				t.Errorf("remote %+v", r)
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
			if p.body.story() != "answer" {
				t.Errorf("body: %s", p.body.story())
			}
			p.call.Hangup(sip.Reason{Q850: 16})
			bye := far.Expect("BYE")
			if !strings.Contains(bye.Get("Route"), far.Addr()) {
				t.Errorf("BYE has route %q", bye.Get("Route"))
			}
			bye.Reply(200)
			if c := p.expect(sip.Ended).Cause; c.Status != 200 || c.By != sip.Local {
				t.Errorf("cause %+v", c)
			}
		})
	}
}

func TestInboundRefused(t *testing.T) {
	t.Parallel()
	a, calls := callee(t, nil)
	far := peer.NewFar(t)
	inv := far.Request("INVITE", uri(t, a), peer.SDP(peer.PlainSDP(5000)))
	p := <-calls
	p.call.Reject(486)
	inv.Expect(486)
	if c := p.expect(sip.Ended).Cause; c.Status != 486 || c.By != sip.Local {
		t.Errorf("cause %+v", c)
	}
	// The description does not fit.
	inv = far.Request("INVITE", uri(t, a), peer.SDP(peer.PlainSDP(5000)))
	p = <-calls
	p.body.change(func(b *body) { b.refuse = refusal(488) })
	p.call.Answer()
	inv.Expect(488)
	if c := p.expect(sip.Ended).Cause; c.Status != 488 || c.By != sip.Local {
		t.Errorf("cause %+v", c)
	}
}

func TestInboundCancelled(t *testing.T) {
	t.Parallel()
	a, calls := callee(t, nil)
	far := peer.NewFar(t)
	inv := far.Request("INVITE", uri(t, a), peer.SDP(peer.PlainSDP(5000)))
	p := <-calls
	p.call.Ring()
	ringing := inv.Expect(180)
	can := inv.Cancel()
	if ok := can.Expect(200); ok.ToTag() != ringing.ToTag() {
		t.Errorf("200 to CANCEL has tag %q, 180 %q", ok.ToTag(), ringing.ToTag())
	}
	if final := inv.Expect(487); final.ToTag() != ringing.ToTag() {
		t.Errorf("487 has tag %q, 180 %q", final.ToTag(), ringing.ToTag())
	}
	if c := p.expect(sip.Ended).Cause; c.Status != 487 || c.By != sip.Remote {
		t.Errorf("cause %+v", c)
	}
	p.call.Answer()
	p.quiet(t1)
	// CANCEL right behind the INVITE, many times: no race, always one Ended.
	for range 20 {
		inv := far.Request("INVITE", uri(t, a), peer.SDP(peer.PlainSDP(5000)))
		inv.Cancel()
		if s := inv.Final().Status; s != 487 {
			t.Errorf("final %d", s)
		}
		p := <-calls
		p.call.Answer()
		p.until(sip.Ended)
	}
}

func TestNoAck(t *testing.T) {
	t.Parallel()
	a, calls := callee(t, nil)
	far := peer.NewFar(t)
	inv := far.Request("INVITE", uri(t, a), peer.SDP(peer.PlainSDP(5000)))
	p := <-calls
	p.call.Answer()
	dlg := inv.Dialog(inv.Expect(200))
	began := time.Now()
	bye := dlg.Expect("BYE")
	if d := time.Since(began); d < 60*t1 || d > 80*t1 {
		t.Errorf("BYE after %v", d)
	}
	bye.Reply(200)
	if c := p.expect(sip.Ended).Cause; c.Status != 408 || c.By != sip.Local {
		t.Errorf("cause %+v", c)
	}
	// T1, 2*T1, 4*T1, then every T2: 50 150 350 750 1150 … ms
	n := len(far.Trace.In(peer.IsStatus(200, "INVITE")))
	if n < 8 || n > 13 {
		t.Errorf("200 sent %d times", n)
	}
}

func TestHangupBeforeAck(t *testing.T) {
	t.Parallel()
	a, calls := callee(t, nil)
	far := peer.NewFar(t)
	inv := far.Request("INVITE", uri(t, a), peer.SDP(peer.PlainSDP(5000)))
	p := <-calls
	p.call.Answer()
	dlg := inv.Dialog(inv.Expect(200))
	p.call.Hangup(sip.Reason{})
	dlg.ExpectNone(3*t1, "BYE") // RFC 3261 §15: not before the ACK
	dlg.Ack()
	dlg.Expect("BYE").Reply(200)
	p.expect(sip.Ended)
}

func TestByeBeforeAck(t *testing.T) {
	t.Parallel()
	a, calls := callee(t, nil)
	far := peer.NewFar(t)
	inv := far.Request("INVITE", uri(t, a), peer.SDP(peer.PlainSDP(5000)))
	p := <-calls
	p.call.Answer()
	dlg := inv.Dialog(inv.Expect(200))
	dlg.Request("BYE").Expect(200)
	if c := p.expect(sip.Ended).Cause; c.By != sip.Remote {
		t.Errorf("cause %+v", c)
	}
	dlg.Ack()
}

func TestInboundWithoutOffer(t *testing.T) {
	t.Parallel()
	a, calls := callee(t, nil)
	far := peer.NewFar(t)
	inv := far.Request("INVITE", uri(t, a))
	p := <-calls
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
	dlg.Request("BYE").Expect(200)
	p.expect(sip.Ended)
	// The answer in the ACK is missing: BYE.
	inv = far.Request("INVITE", uri(t, a))
	p = <-calls
	p.call.Answer()
	dlg = inv.Dialog(inv.Expect(200))
	dlg.Ack()
	dlg.Expect("BYE").Reply(200)
	if c := p.expect(sip.Ended).Cause; c.Status != 488 {
		t.Errorf("cause %+v", c)
	}
}

func TestReliableRinging(t *testing.T) {
	t.Parallel()
	a, calls := callee(t, nil)
	far := peer.NewFar(t)
	inv := far.Request("INVITE", uri(t, a), peer.SDP(peer.PlainSDP(5000)), peer.With("Require", "100rel"))
	p := <-calls
	p.call.Ring()
	ringing := inv.Expect(180)
	if ringing.Get("RSeq") != "1" || !ringing.Lists("Require", "100rel") {
		t.Errorf("180: %v", ringing.Headers)
	}
	inv.Expect(180) // repeated until PRACK
	dlg := inv.Dialog(ringing)
	dlg.Request("PRACK", peer.With("RAck", "7 1 INVITE")).Expect(481)
	dlg.Request("PRACK", peer.With("RAck", "1 1 INVITE")).Expect(200)
	p.call.Answer()
	dlg2 := inv.Dialog(inv.Expect(200))
	dlg2.CSeq = 1
	dlg2.Ack()
	p.expect(sip.Answered)
	dlg2.CSeq = 5
	dlg2.Request("BYE").Expect(200)
	p.expect(sip.Ended)
}

func TestMergedInvite(t *testing.T) {
	t.Parallel()
	a, calls := callee(t, nil)
	far := peer.NewFar(t)
	inv := far.Request("INVITE", uri(t, a), peer.SDP(peer.PlainSDP(5000)))
	p := <-calls
	far.Request("INVITE", uri(t, a), peer.SDP(peer.PlainSDP(5000)), peer.Set("Call-ID", inv.CallID()),
		peer.Set("From", inv.Get("From"))).Expect(482)
	p.call.Answer()
	dlg := inv.Dialog(inv.Expect(200))
	dlg.Ack()
	p.expect(sip.Answered)
	dlg.Request("BYE").Expect(200)
	p.expect(sip.Ended)
}

// TestCancelBeatsAnswer: CANCEL is through while we make our answer, so our
// 200 goes nowhere; the ACK that comes is the one of the 487.
func TestCancelBeatsAnswer(t *testing.T) {
	t.Parallel()
	a, calls := callee(t, nil)
	far := peer.NewFar(t)
	inv := far.Request("INVITE", uri(t, a), peer.SDP(peer.PlainSDP(5000)))
	p := <-calls
	slow := &slowBody{body: p.body, busy: make(chan struct{}), free: make(chan struct{})}
	p.call.Accept(slow, p.hear)
	p.call.Answer()
	<-slow.busy
	inv.Cancel().Expect(200)
	inv.Expect(487) // and ACKs it
	close(slow.free)
	if c := p.expect(sip.Ended).Cause; c.Status != 487 || c.By != sip.Remote {
		t.Errorf("cause %+v", c)
	}
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
