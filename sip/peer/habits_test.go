package peer

import (
	"strings"
	"testing"
	"time"
)

// one dials a fate fast and returns the agent's end.
func one(t *testing.T, code string, opts ...Option) (*Exchange, *caller) {
	t.Helper()
	x := startExchange(t, ExchangeConfig{Speed: 20, T1: 50 * time.Millisecond})
	return x, dial(t, x, Number(code, 0), opts...)
}

// clean fails on a record with violations.
func clean(t *testing.T, x *Exchange) CallRecord {
	t.Helper()
	r := records(t, x, 1)[0]
	if len(r.Violations) > 0 {
		t.Errorf("violations %q", r.Violations)
	}
	return r
}

func TestLosesAcks(t *testing.T) {
	t.Parallel()
	x, c := one(t, "46")
	ok := c.out.Expect(200)
	c.dlg = c.out.Dialog(ok)
	c.dlg.Ack()
	for range 3 {
		c.out.Expect(200)
		c.dlg.Ack()
	}
	c.out.ExpectNone(300 * time.Millisecond)
	c.hangup()
	if r := clean(t, x); r.Acks != 4 {
		t.Errorf("%d ACKs, want 4", r.Acks)
	}
}

func TestNeverAcknowledged(t *testing.T) {
	t.Parallel()
	x, c := one(t, "02")
	for range 4 {
		c.out.Expect(200)
	}
	c.far.Expect("BYE").Reply(200) // after 64*T1
	r := records(t, x, 1)[0]
	if r.EndedBy != "network" || len(r.Violations) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestAnswersIntoCancel(t *testing.T) {
	x, c := one(t, "17")
	c.out.Expect(180)
	cancel := c.out.Cancel()
	ok := c.out.Expect(200)
	cancel.Expect(200)
	c.dlg = c.out.Dialog(ok)
	c.dlg.Ack()
	c.hangup()
	if r := clean(t, x); r.Status != 200 || r.EndedBy != "caller" {
		t.Errorf("%+v", r)
	}
}

func TestDeafToCancel(t *testing.T) {
	x, c := one(t, "18")
	c.out.Expect(180)
	c.out.Cancel().Expect(200)
	c.out.ExpectNone(100 * time.Millisecond)
	if r := clean(t, x); r.Status != 0 || r.EndedBy != "caller" {
		t.Errorf("%+v", r)
	}
}

func TestManyProvisionals(t *testing.T) {
	x, c := one(t, "36")
	c.answered(500)
	c.hangup()
	clean(t, x)
	if n := len(c.far.Trace.In(func(m *Message) bool { return m.Status > 100 && m.Status < 200 })); n != 14 {
		t.Errorf("%d provisional answers, want 14", n)
	}
}

func TestOtherTag(t *testing.T) {
	x, c := one(t, "37")
	early := c.out.Expect(180)
	if ok := c.answered(500); ok.ToTag() == early.ToTag() {
		t.Error("same To-tag in 180 and 200")
	}
	c.hangup()
	clean(t, x)
}

func TestForkedAnswers(t *testing.T) {
	t.Parallel()
	for _, behaves := range []bool{true, false} {
		x, c := one(t, "38")
		c.answered(500)
		second := c.out.Expect(200)
		if second.ToTag() == c.dlg.RemoteTag || second.Target() == c.dlg.Target {
			t.Error("the fork is no other endpoint")
		}
		fork := c.out.Dialog(second)
		fork.Ack()
		if behaves {
			fork.Request("BYE").Expect(200)
			c.hangup()
			clean(t, x)
			continue
		}
		c.hangup()
		if r := records(t, x, 1)[0]; len(r.Violations) != 1 || !strings.Contains(r.Violations[0], "released false") {
			t.Errorf("violations %q", r.Violations)
		}
	}
}

func TestNoContact(t *testing.T) {
	_, c := one(t, "39")
	if ok := c.out.Expect(200); ok.Target() != "" {
		t.Errorf("Contact %q", ok.Target())
	}
}

func TestLateOffer(t *testing.T) {
	x, c := one(t, "43")
	c.answered(500)
	re := c.dlg.Expect("INVITE")
	if len(re.Body) != 0 {
		t.Errorf("late offer came with a body:\n%s", re.SDP())
	}
	re.Reply(200, SDP(PlainSDP(int(c.rtp.addr().Port()))))
	ack := re.Dialog().Expect("ACK")
	if _, err := readSDP(ack.Body); err != nil {
		t.Errorf("answer in the ACK: %v\n%s", err, ack.SDP())
	}
	c.hangup()
	clean(t, x)
}

func TestSessionTimer(t *testing.T) {
	t.Parallel()
	for method, allow := range map[string]string{"UPDATE": "INVITE, ACK, UPDATE", "INVITE": "INVITE, ACK"} {
		x, c := one(t, "44", With("Supported", "timer"), With("Allow", allow))
		ok := c.answered(500)
		if ok.Get("Session-Expires") != "90;refresher=uas" || !ok.Lists("Require", "timer") {
			t.Errorf("Session-Expires %q, Require %q", ok.Get("Session-Expires"), ok.Get("Require"))
		}
		for range 2 {
			re := c.dlg.Expect(method)
			re.Reply(200, SDP(PlainSDP(int(c.rtp.addr().Port()))))
		}
		c.hangup()
		clean(t, x)
	}
}

func TestGlare(t *testing.T) {
	x, c := one(t, "45")
	c.answered(500)
	port := int(c.rtp.addr().Port())
	ours := c.dlg.Request("INVITE", SDP(SDPText("127.0.0.1", port, 2, "a=sendonly")))
	theirs := c.dlg.Expect("INVITE")
	theirs.Reply(491)
	ours.Expect(491)
	again := c.dlg.Request("INVITE", SDP(SDPText("127.0.0.1", port, 2, "a=sendonly")))
	again.Expect(200)
	c.dlg.Ack()
	c.hangup()
	if r := clean(t, x); r.Held <= 0 {
		t.Error("the hold after the glare was not noticed")
	}
}

func TestReinviteAtOnce(t *testing.T) {
	t.Parallel()
	x, c := one(t, "47")
	c.answered(500)
	re := c.dlg.Expect("INVITE")
	re.Reply(491) // we have one of our own under way
	second := c.dlg.Expect("INVITE")
	second.Reply(200, SDP(PlainSDP(int(c.rtp.addr().Port()))))
	second.Dialog().Expect("ACK")
	c.hangup()
	clean(t, x)
}

func TestSoundChangesItsSender(t *testing.T) {
	t.Parallel()
	x := startExchange(t, ExchangeConfig{Speed: 10})
	ssrc, port, ptime, loss, noise := dial(t, x, Number("50", 0)), dial(t, x, Number("51", 0)),
		dial(t, x, Number("53", 0)), dial(t, x, Number("54", 0)), dial(t, x, Number("52", 0))
	all := []*caller{ssrc, port, ptime, loss, noise}
	for _, c := range all {
		c.answered(500)
	}
	pace(time.Second, all...)
	if h := ssrc.heard(); h.SSRCs != 2 {
		t.Errorf("%d SSRCs, want 2", h.SSRCs)
	}
	if h := port.heard(); h.SSRCs != 1 || h.PacketsIn < 20 || h.Lost > 0 {
		t.Errorf("after the change of port: %+v", h)
	}
	if h, s := ptime.heard(), ptime.samples(); s < 170*h.PacketsIn {
		t.Errorf("%d samples in %d packets: still 20 ms", s, h.PacketsIn)
	}
	if h := loss.heard(); h.Lost == 0 {
		t.Error("nothing lost")
	}
	if h := noise.heard(); h.Bad == 0 {
		t.Error("no noise")
	}
	for _, c := range all {
		c.hangup()
	}
	records(t, x, len(all))
}

func TestEcho(t *testing.T) {
	t.Parallel()
	x := startExchange(t, ExchangeConfig{Speed: 10})
	c := dial(t, x, Number("07", 0))
	c.answered(1370)
	pace(700*time.Millisecond, c)
	c.hangup()
	if h := c.heard(); !near(h.HeardHz, 1370, 4) {
		t.Errorf("echo of 1370 Hz is %.0f Hz", h.HeardHz)
	}
	records(t, x, 1)
}

func TestCallsBack(t *testing.T) {
	t.Parallel()
	x, c := one(t, "60")
	c.out.Expect(486)
	in := c.far.Expect("INVITE")
	if callerID(in.Message) != Number("60", 0) {
		t.Errorf("caller id %q", in.Get("P-Asserted-Identity"))
	}
	in.Reply(180)
	in.Reply(200, SDP(PlainSDP(int(c.rtp.addr().Port()))))
	d := in.Dialog()
	d.Expect("ACK")
	d.Expect("BYE").Reply(200) // after half a second at speed 20
	rec := records(t, x, 2)[1]
	if rec.Direction != "out" || rec.Status != 200 || rec.EndedBy != "contact" || len(rec.Violations) > 0 {
		t.Errorf("%+v", rec)
	}
}

func TestCallBackGivesUp(t *testing.T) {
	t.Parallel()
	x, c := one(t, "60")
	c.out.Expect(486)
	in := c.far.Expect("INVITE")
	in.Reply(180)
	cancel := c.far.ExpectWithin(5*time.Second, "CANCEL")
	cancel.Reply(200)
	in.Reply(487)
	in.Dialog().Expect("ACK")
	if rec := records(t, x, 2)[1]; rec.Status != 487 || rec.EndedBy != "contact" || len(rec.Violations) > 0 {
		t.Errorf("%+v", rec)
	}
}

func TestDigits(t *testing.T) {
	x, c := one(t, "02")
	c.answered(500)
	c.dlg.Request("INFO", Body("application/dtmf-relay", []byte("Signal=7\r\nDuration=100\r\n"))).Expect(200)
	c.rtp.change(func(s *stream) {
		buf := make([]byte, 2048)
		for range 3 { // the end packet of RFC 4733 §2.5.1.4, three times
			s.seq++
			s.write(buf, 101, false, 1000, []byte{1, 0x8a, 3, 0x20})
		}
	})
	c.far.ExpectNone(50*time.Millisecond, "BYE")
	c.hangup()
	if r := clean(t, x); r.Digits != "17" {
		t.Errorf("digits %q", r.Digits)
	}
}

func TestCallerBreaksRules(t *testing.T) {
	x, c := one(t, "02")
	ok := c.out.Expect(200)
	c.dlg = c.out.Dialog(ok)
	c.dlg.Ack(Set("CSeq", "77 ACK"))
	c.out.Expect(200) // repeated: that ACK was none
	c.dlg.Ack()
	stray := *c.dlg
	stray.RemoteTag = "nobody"
	stray.Request("INFO").Expect(481)
	c.dlg.CSeq = 0
	c.dlg.Request("INFO").Expect(500)
	c.dlg.CSeq = 50
	c.hangup()
	r := records(t, x, 1)[0]
	if len(r.Violations) != 3 {
		t.Errorf("violations %q, want three", r.Violations)
	}
}

func TestWorldRepeatsItself(t *testing.T) {
	w := &World{Seed: 7, Live: .25, Machine: .35, Failed: .1, Talk: 150 * time.Second, TalkCV: 1}
	count := map[string]int{}
	var talk time.Duration
	for n := range 4000 {
		f := w.draw(n)
		if again := w.draw(n); strings.Join(f.Steps, ";") != strings.Join(again.Steps, ";") {
			t.Fatalf("draw %d differs: %v, %v", n, f.Steps, again.Steps)
		}
		if len(f.steps) != len(f.Steps) {
			t.Fatalf("draw %d: steps %v not understood", n, f.Steps)
		}
		count[f.Name]++
		if d, ok := f.Talks(); ok && f.Name == "live" {
			talk += d
		}
	}
	for name, want := range map[string]float64{"live": .25, "machine": .35, "failed": .1, "rings-out": .3} {
		if got := float64(count[name]) / 4000; !near(got, want, .03) {
			t.Errorf("%s: %.3f, want %.2f", name, got, want)
		}
	}
	if mean := talk / time.Duration(count["live"]); mean < 135*time.Second || mean > 165*time.Second {
		t.Errorf("mean talk %v, want 150 s", mean)
	}
}
