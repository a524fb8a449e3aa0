package sip_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

func TestCallAnsweredAndHungUpByUs(t *testing.T) {
	t.Parallel()
	trace := sip.NewTrace(1 << 20)
	r := newRig(t, func(c *sip.Config) { c.Trace = trace })
	p, inv := r.dialled(func(o *sip.DialOptions) {
		o.CallerID, o.CallerName = "+49301234", `Ann "A" \ Lee`
		o.Headers = map[string]string{"X-Campaign": "spring"}
	})
	if got := inv.Get("P-Asserted-Identity"); got != `"Ann \"A\" \\ Lee" <sip:+49301234@127.0.0.1>` {
		t.Errorf("asserted identity %q", got)
	}
	if inv.Get("X-Campaign") != "spring" || inv.Get("Max-Forwards") != "70" {
		t.Errorf("headers: %v", inv.Headers)
	}
	if want := "<sip:1001@" + udp(t, r.agent) + ">"; inv.Get("Contact") != want {
		t.Errorf("contact %q, want %q", inv.Get("Contact"), want)
	}
	if string(inv.Body) != p.body.offer {
		t.Errorf("body %q", inv.Body)
	}
	inv.Reply(100)
	inv.Reply(180)
	if e := p.expect(sip.Ringing); e.Status != 180 {
		t.Errorf("ringing %+v", e)
	}
	inv.Reply(200, plain())
	dlg := inv.Dialog()
	ack := dlg.Expect("ACK")
	if n, _ := ack.CSeq(); n != 1 || ack.URI != r.far.URI("far") {
		t.Errorf("ACK %v %s", ack.Get("CSeq"), ack.URI)
	}
	p.expect(sip.Answered)
	p.agreed("offer accept")
	p.call.Hangup(sip.Reason{Q850: 16, Text: "done"})
	p.call.Hangup(sip.Reason{})
	bye := dlg.Expect("BYE")
	if bye.Get("Reason") != `Q.850 ;cause=16 ;text="done"` {
		t.Errorf("reason %q", bye.Get("Reason"))
	}
	if n, _ := bye.CSeq(); n != 2 {
		t.Errorf("BYE has CSeq %d", n)
	}
	bye.Reply(200)
	if c := p.expect(sip.Ended).Cause; c.Status != 200 || c.By != sip.Local || c.Q850 != 16 {
		t.Errorf("cause %+v", c)
	}
	r.far.ExpectNone(3*t1, "BYE")
	if s := r.agent.Stats(); s.Calls != 0 {
		t.Errorf("%+v", s)
	}
	var ladder []string
	for _, m := range trace.Call(inv.Get("Call-ID")).Messages {
		word, _, _ := strings.Cut(m.Line, " ")
		ladder = append(ladder, map[bool]string{true: ">", false: "<"}[m.Out]+word)
	}
	if got := strings.Join(ladder, " "); got != ">INVITE <100 <180 <200 >ACK >BYE <200" {
		t.Errorf("the trace has %s", got)
	}
}

func TestFarEndHangsUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, dlg := r.talk()
	dlg.Request("BYE", peer.Q850(31)).Expect(200)
	if c := p.expect(sip.Ended).Cause; c != (sip.Cause{Status: 200, Q850: 31, By: sip.Remote}) {
		t.Errorf("cause %+v", c)
	}
	dlg.Request("BYE").Expect(481)
	dlg.Request("INVITE", plain()).Expect(481)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for status, q850 := range map[int]int{486: 17, 404: 1, 403: 21, 503: 34, 603: 0, 302: 0} {
		p, inv := r.dialled()
		if q850 > 0 {
			inv.Reply(status, peer.Q850(q850))
		} else {
			inv.Reply(status, peer.Phrase("As it is"))
		}
		r.far.Expect("ACK")
		c := p.expect(sip.Ended).Cause
		if c.Status != status || c.Q850 != q850 || c.By != sip.Remote || q850 == 0 && c.Reason != "As it is" {
			t.Errorf("%d: cause %+v", status, c)
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, inv := r.dialled()
	p.call.Hangup(sip.Reason{Q850: 16})
	r.far.ExpectNone(4*t1, "CANCEL") // nothing heard yet: RFC 3261 §9.1
	inv.Reply(180)
	can := r.far.Expect("CANCEL")
	if can.Branch() != inv.Branch() || can.URI != inv.URI || can.ToTag() != "" || can.Get("CSeq") != "1 CANCEL" {
		t.Errorf("CANCEL does not match: %v", can.Headers)
	}
	can.Reply(200)
	p.quiet(2 * t1)
	inv.Reply(487)
	r.far.Expect("ACK")
	p.ends(487, sip.Local)
}

func TestAnswerCrossesCancel(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, inv := r.rings()
	p.call.Hangup(sip.Reason{})
	can := r.far.Expect("CANCEL")
	inv.Reply(200, plain())
	can.Reply(481)
	dlg := inv.Dialog()
	dlg.Expect("ACK")
	dlg.Expect("BYE").Reply(200)
	p.ends(487, sip.Local)
}

func TestNoFinalAfterCancel(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, inv := r.rings()
	p.call.Hangup(sip.Reason{})
	r.far.Expect("CANCEL").Reply(200)
	began := time.Now()
	p.expect(sip.Ended)
	if d := time.Since(began); d < 60*t1 || d > 80*t1 {
		t.Errorf("gave up after %v, want 64*T1 = %v", d, 64*t1)
	}
	eventually(t, time.Second, "INVITE transaction gone", func() bool { return r.agent.Stats().ClientTransactions <= 1 })
	// It answers after all: the ghost is laid.
	accept(inv).Expect("BYE").Reply(200)
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	port := nobody(t)
	a := start(t, nil)
	began := time.Now()
	p := dial(t, a, "sip:1@"+port)
	p.expect(sip.Dialing)
	c := p.expect(sip.Ended).Cause
	if c.Status != 503 || c.By != sip.Local || time.Since(began) > time.Second {
		t.Errorf("ICMP: %+v after %v", c, time.Since(began))
	}
	p = dial(t, a, "sip:1@"+port+";transport=tcp")
	p.ends(503, sip.Local)
	p = dial(t, a, "sip:1@nowhere.invalid")
	p.ends(503, sip.Local)
}

func TestSilence(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	began := time.Now()
	p := dial(t, r.agent, r.far.URI("1"))
	p.expect(sip.Dialing)
	p.ends(408, sip.Local)
	if d := time.Since(began); d < 60*t1 || d > 80*t1 {
		t.Errorf("after %v", d)
	}
	if n := len(r.far.Trace.In(peer.IsMethod("INVITE"))); n < 5 {
		t.Errorf("INVITE repeated %d times", n)
	}
	// Hung up while nothing answers: the same end, and no CANCEL.
	p = dial(t, r.agent, r.far.URI("2"))
	p.expect(sip.Dialing)
	p.call.Hangup(sip.Reason{})
	p.ends(487, sip.Local)
	r.far.ExpectNone(t1, "CANCEL")
}

func TestDialRefusesNonsense(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	for name, o := range map[string]sip.DialOptions{
		"account":      {Account: "nobody", URI: "sip:1@127.0.0.1"},
		"no uri":       {Account: "trunk", URI: ""},
		"injection":    {Account: "trunk", URI: "sip:1@127.0.0.1\r\nX: y"},
		"transport":    {Account: "trunk", URI: "sip:1@127.0.0.1;transport=sctp"},
		"tel":          {Account: "trunk", URI: "tel:+4930"},
		"caller id":    {Account: "trunk", URI: "sip:1@127.0.0.1", CallerID: "1\r\nVia: x"},
		"caller name":  {Account: "trunk", URI: "sip:1@127.0.0.1", CallerID: "1", CallerName: "a\nb"},
		"header name":  {Account: "trunk", URI: "sip:1@127.0.0.1", Headers: map[string]string{"X Y": "1"}},
		"header value": {Account: "trunk", URI: "sip:1@127.0.0.1", Headers: map[string]string{"X-Y": "1\r\nVia: z"}},
		"own header":   {Account: "trunk", URI: "sip:1@127.0.0.1", Headers: map[string]string{"v": "SIP/2.0/UDP x"}},
	} {
		if _, err := a.Dial(context.Background(), o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if s := a.Stats(); s.Calls != 0 {
		t.Errorf("%+v", s)
	}
}
