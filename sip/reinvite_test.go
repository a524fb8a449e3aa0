package sip_test

import (
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

func TestReinviteOurs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, dlg := r.talk()
	p.body.change(func(b *body) { b.offer = peer.PlainSDP(4000, "a=sendonly") })
	p.call.Reinvite()
	re := dlg.Expect("INVITE")
	if !strings.Contains(re.SDP(), "sendonly") || re.Get("Contact") == "" {
		t.Errorf("re-INVITE %v", re.Headers)
	}
	re.Reply(200, peer.SDP(peer.PlainSDP(5000, "a=recvonly")), peer.Contact(r.far.URI("moved")))
	ack := dlg.Expect("ACK")
	seq, _ := re.CSeq()
	if n, _ := ack.CSeq(); n != seq || ack.URI != r.far.URI("moved") {
		t.Errorf("ACK %d %s", n, ack.URI)
	}
	p.expect(sip.Updated)
	p.agreed("offer accept offer accept")
	// The 200 is repeated: the same ACK again, each time.
	for range 3 {
		re.Again()
		if again := dlg.Expect("ACK"); again.Branch() != ack.Branch() {
			t.Errorf("another ACK")
		}
	}
	p.quiet(2 * t1)
	bye := p.hangup(dlg)
	if bye.URI != r.far.URI("moved") {
		t.Errorf("BYE to %s", bye.URI)
	}
}

func TestRepeatedAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, inv := r.dialled()
	dlg := p.up(inv)
	p.call.Info("5", 100*time.Millisecond) // a higher CSeq meanwhile
	dlg.Expect("INFO").Reply(200)
	for range 3 {
		inv.Again()
		if n, _ := dlg.Expect("ACK").CSeq(); n != 1 {
			t.Errorf("ACK has CSeq %d", n)
		}
	}
	p.bye(dlg)
}

func TestReinviteRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, dlg := r.talk()
	p.call.Reinvite()
	dlg.Expect("INVITE").Reply(488)
	dlg.Expect("ACK")
	eventually(t, time.Second, "rolled back", func() bool { return strings.HasSuffix(p.body.story(), "rollback") })
	p.quiet(t1)
	// The call stands; and is over when the far end does not know it.
	p.call.Reinvite()
	dlg.Expect("INVITE").Reply(481)
	dlg.Expect("BYE").Reply(481)
	p.ends(408, sip.Local)
}

func TestReinviteTheirs(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, dlg := r.answered()
	re := dlg.Request("INVITE", peer.SDP(peer.PlainSDP(5000, "a=sendonly")), peer.Contact(r.far.URI("moved")))
	ok := re.Expect(200)
	if string(ok.Body) != p.body.answer {
		t.Errorf("200 carries %q", ok.Body)
	}
	p.expect(sip.Updated)
	dlg.Ack()
	// A late offer: our full offer, and their answer out of the ACK.
	re = dlg.Request("INVITE")
	if ok := re.Expect(200); string(ok.Body) != p.body.offer {
		t.Errorf("200 carries %q", ok.Body)
	}
	dlg.Ack(peer.SDP(peer.PlainSDP(5006)))
	p.expect(sip.Updated)
	p.agreed("answer answer offer accept")
	bye := p.hangup(dlg)
	if bye.URI != r.far.URI("far") { // the late re-INVITE had the old contact again
		t.Errorf("BYE to %s", bye.URI)
	}
}

func TestGlare(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, dlg := r.talk()
	p.call.Reinvite()
	ours := dlg.Expect("INVITE")
	theirs := dlg.Request("INVITE", plain())
	theirs.Expect(491) // RFC 3261 §14.2
	ours.Reply(491)
	refused := time.Now()
	dlg.Expect("ACK")
	// While we wait theirs comes through: state is not spoiled.
	dlg.Request("INVITE", peer.SDP(peer.PlainSDP(5002))).Expect(200)
	dlg.Ack()
	p.expect(sip.Updated)
	again := dlg.Expect("INVITE")
	if d := time.Since(refused); d < 2100*time.Millisecond || d > 4200*time.Millisecond {
		t.Errorf("tried again after %v, want 2.1 to 4 s", d)
	}
	again.Reply(491) // once only
	dlg.Expect("ACK")
	dlg.ExpectNone(4300*time.Millisecond, "INVITE")
	p.agreed("offer accept offer rollback answer offer rollback")
	p.bye(dlg)
}

func TestGlareWhenTheCallIsTheirs(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, dlg := r.answered()
	p.call.Reinvite()
	dlg.Expect("INVITE").Reply(491)
	refused := time.Now()
	again := dlg.Expect("INVITE")
	if d := time.Since(refused); d > 2100*time.Millisecond {
		t.Errorf("tried again after %v, want 0 to 2 s", d)
	}
	again.Reply(200, plain())
	dlg.Expect("ACK")
	p.expect(sip.Updated)
	p.hangup(dlg)
}

func TestReinviteBeforeAck(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, dlg := r.unacknowledged()
	early := *dlg
	early.CSeq = 1
	early.Request("INVITE", peer.SDP(peer.PlainSDP(5002))).Expect(491) // ours is not yet acknowledged
	dlg.CSeq = 1
	dlg.Ack()
	p.expect(sip.Answered)
	dlg.CSeq = 2
	dlg.Request("INVITE", peer.SDP(peer.PlainSDP(5002))).Expect(200)
	dlg.Ack()
	p.expect(sip.Updated)
	p.bye(dlg)
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, dlg := r.answered()
	ok := dlg.Request("UPDATE", peer.SDP(peer.PlainSDP(5000, "a=sendonly"))).Expect(200)
	if string(ok.Body) != p.body.answer || ok.Get("Contact") == "" {
		t.Errorf("200: %v %q", ok.Headers, ok.Body)
	}
	p.expect(sip.Updated)
	if ok = dlg.Request("UPDATE").Expect(200); len(ok.Body) != 0 {
		t.Errorf("body %q", ok.Body)
	}
	p.body.change(func(b *body) { b.refuse = refusal(488) })
	dlg.Request("UPDATE", plain()).Expect(488)
	p.quiet(t1)
	p.bye(dlg)
}

func TestForks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, inv := r.dialled()
	inv.Reply(180, peer.ToTag("one"))
	p.expect(sip.Ringing)
	inv.Reply(180, peer.ToTag("two"))
	inv.Reply(200, peer.ToTag("two"), plain(), peer.Contact(r.far.URI("two")))
	inv.DialogTagged("two").Expect("ACK")
	p.expect(sip.Answered)
	// Another fork answers too, and repeats itself.
	inv.Reply(200, peer.ToTag("one"), peer.SDP(peer.PlainSDP(5002)), peer.Contact(r.far.URI("one")))
	one := inv.DialogTagged("one")
	one.Expect("ACK")
	bye := one.Expect("BYE")
	if bye.URI != r.far.URI("one") {
		t.Errorf("BYE to %s", bye.URI)
	}
	bye.Reply(200)
	inv.Reply(200, peer.ToTag("one"), peer.SDP(peer.PlainSDP(5002)), peer.Contact(r.far.URI("one")))
	one.Expect("ACK")
	one.ExpectNone(4*t1, "BYE")
	p.quiet(t1)
	p.bye(inv.DialogTagged("two"))
}

// TestBareAnswer: a 200 with neither To tag nor Contact.
func TestBareAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, inv := r.dialled()
	for i := range 14 { // more provisionals than anybody should need
		inv.Reply(180 + i%3)
	}
	inv.Reply(200, peer.ToTag(""), peer.NoContact(), plain())
	ack := r.far.Expect("ACK")
	if ack.URI != inv.URI || ack.ToTag() != "" {
		t.Errorf("ACK to %s, tag %q", ack.URI, ack.ToTag())
	}
	p.until(sip.Answered)
	bye := p.hangup(r.far)
	if bye.URI != inv.URI {
		t.Errorf("BYE to %s", bye.URI)
	}
}

func TestEarlyMedia(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, inv := r.dialled()
	inv.Reply(181)
	p.expect(sip.Progress)
	inv.Reply(183, peer.ToTag("a"), plain())
	p.expect(sip.EarlyMedia)
	inv.Reply(183, peer.ToTag("a"), plain())
	inv.Reply(180, peer.ToTag("a"))
	p.expect(sip.Ringing)
	// The fork that answers has a description of its own.
	inv.Reply(200, peer.ToTag("b"), peer.SDP(peer.PlainSDP(5002)))
	inv.DialogTagged("b").Expect("ACK")
	p.expect(sip.Answered)
	if p.body.story() != "offer accept accept" || p.body.accepted[1] != peer.PlainSDP(5002) {
		t.Errorf("body: %s", p.body.story())
	}
	p.bye(inv.DialogTagged("b"))
}

func TestPrack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, inv := r.dialled()
	if !inv.Lists("Supported", "100rel") {
		t.Error("100rel not offered")
	}
	inv.Reply(183, peer.With("Require", "100rel"), peer.With("RSeq", "71"), plain())
	dlg := inv.Dialog()
	pr := dlg.Expect("PRACK")
	if n, _ := pr.CSeq(); pr.Get("RAck") != "71 1 INVITE" || n != 2 {
		t.Errorf("PRACK %q CSeq %d", pr.Get("RAck"), n)
	}
	pr.Reply(200)
	p.expect(sip.EarlyMedia)
	inv.Again() // repeated: no second PRACK
	dlg.ExpectNone(2*t1, "PRACK")
	inv.Reply(180, peer.With("Require", "100rel"), peer.With("RSeq", "73"))
	dlg.ExpectNone(2*t1, "PRACK") // out of order
	inv.Reply(180, peer.With("Require", "100rel"), peer.With("RSeq", "72"))
	pr = dlg.Expect("PRACK")
	if pr.Get("RAck") != "72 1 INVITE" {
		t.Errorf("PRACK %q", pr.Get("RAck"))
	}
	pr.Reply(200)
	p.expect(sip.Ringing)
	inv.Reply(200)
	if n, _ := dlg.Expect("ACK").CSeq(); n != 1 {
		t.Errorf("ACK has CSeq %d", n)
	}
	p.expect(sip.Answered) // the answer came in the 183
	bye := p.hangup(dlg)
	if n, _ := bye.CSeq(); n != 4 {
		t.Errorf("BYE has CSeq %d", n)
	}
}

func TestAnswerUnusable(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, inv := r.dialled()
	p.body.change(func(b *body) { b.reject = refusal(488) })
	accept(inv).Expect("BYE").Reply(200)
	p.ends(488, sip.Local)
}

func TestStrictRouter(t *testing.T) {
	t.Parallel()
	r, proxy := newRig(t), peer.NewFar(t)
	p, _ := r.talk(peer.With("Record-Route", "<sip:"+r.far.Addr()+";lr>"))
	bye := p.hangup(r.far)
	if bye.URI != r.far.URI("far") || bye.Get("Route") != "<sip:"+r.far.Addr()+";lr>" {
		t.Errorf("loose: %s, route %q", bye.URI, bye.Get("Route"))
	}
	// RFC 3261 §12.2.1.1: no lr, so the router's URI is the request URI.
	p, inv := r.dialled()
	inv.Reply(200, plain(), peer.With("Record-Route", "<"+proxy.URI("")+">"))
	ack := proxy.Expect("ACK")
	if ack.URI != proxy.URI("") || ack.Get("Route") != "<"+r.far.URI("far")+">" {
		t.Errorf("strict: %s, route %q", ack.URI, ack.Get("Route"))
	}
	p.until(sip.Answered)
	p.hangup(proxy)
}
