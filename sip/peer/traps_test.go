package peer_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

// The traps are those of docs/rfc.md and the plan's list: each is one in which
// users of other telephones were caught. The number is the list's. Here are
// those of offers, answers and forks.

func has(t *testing.T, sdp string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(sdp, l) {
			t.Errorf("description without %q:\n%s", l, sdp)
		}
	}
}

// reoffer sends a re-INVITE, acknowledges the 200 and returns its description.
func reoffer(d *peer.Dialog, sdp string) string {
	res := d.Request("INVITE", peer.SDP(sdp)).Expect(200)
	d.Ack()
	return res.SDP()
}

func TestTrap01HoldAnswerDirection(t *testing.T) {
	r := newRig(t)
	k, d := r.up()
	for i, c := range [][2]string{{"sendonly", "recvonly"}, {"inactive", "inactive"}, {"sendrecv", "sendrecv"}, {"recvonly", "sendonly"}} {
		has(t, reoffer(d, r.sdp(i+2, "a="+c[0])), "a="+c[1])
		k.expect(sip.Updated)
	}
	k.hangup(d)
}

func TestTrap02DoubleHold(t *testing.T) {
	r := newRig(t)
	k, d := r.up()
	k.body.SetHold(true)
	k.call.Reinvite()
	ours := d.Expect("INVITE")
	has(t, ours.SDP(), "a=sendonly")
	ours.Reply(200, peer.SDP(r.sdp(2, "a=recvonly")))
	ours.Dialog().Expect("ACK")
	k.expect(sip.Updated)
	has(t, reoffer(d, r.sdp(3, "a=sendonly")), "a=inactive")
	has(t, reoffer(d, r.sdp(4, "a=sendrecv")), "a=sendonly") // we still hold
	k.hangup(d)
}

func TestTrap02OldHold(t *testing.T) {
	r := newRig(t)
	k, d := r.up()
	reoffer(d, peer.SDPText("0.0.0.0", r.port(), 2))
	k.expect(sip.Updated)
	if !k.body.RemoteHold() {
		t.Error("c=0.0.0.0 is no hold for us")
	}
	reoffer(d, r.sdp(3))
	k.expect(sip.Updated)
	if k.body.RemoteHold() {
		t.Error("still held after the address came back")
	}
	k.hangup(d)
}

func TestTrap03Direction(t *testing.T) {
	r := newRig(t)
	k, d := r.up()
	session := strings.Replace(r.sdp(2), "t=0 0\r\n", "t=0 0\r\na=sendonly\r\n", 1)
	has(t, reoffer(d, session), "a=recvonly")
	has(t, reoffer(d, strings.TrimSuffix(r.sdp(3, "a=inactive"), "\r\n")), "a=inactive")
	k.hangup(d)
}

func TestTrap04RepeatedAnswerIsAcknowledgedAgain(t *testing.T) {
	r := newRig(t)
	k, inv := r.dialled()
	d, _ := r.answer(k, inv)
	for range 3 {
		inv.Again()
		d.Expect("ACK")
	}
	k.call.Reinvite()
	re := d.Expect("INVITE")
	inv.Again() // the first 200 once more, while ours is on its way
	if n, _ := d.Expect("ACK").CSeq(); n != cseq(inv.Message) {
		t.Errorf("ACK with CSeq %d for INVITE %d", n, cseq(inv.Message))
	}
	re.Reply(200, peer.SDP(r.sdp(2)))
	d.Expect("ACK")
	re.Again()
	if n, _ := d.Expect("ACK").CSeq(); n != cseq(re.Message) {
		t.Errorf("ACK with CSeq %d for re-INVITE %d", n, cseq(re.Message))
	}
	k.hangup(d)
}

func cseq(m *peer.Message) int { n, _ := m.CSeq(); return n }

func TestTrap04AckFollowsRoute(t *testing.T) {
	r := newRig(t)
	proxy := peer.NewFar(t)
	k, inv := r.dialled()
	route := "<sip:" + proxy.Addr() + ";lr>"
	inv.Reply(200, peer.SDP(r.sdp(1)), peer.Contact("sip:elsewhere@127.0.0.1:9;x=y"), peer.With("Record-Route", route))
	ack := proxy.Expect("ACK")
	if ack.URI != "sip:elsewhere@127.0.0.1:9;x=y" || !slices.Equal(ack.Values("Route"), []string{route}) {
		t.Errorf("ACK to %s by %q", ack.URI, ack.Values("Route"))
	}
	k.call.Hangup(sip.Reason{})
	proxy.Expect("BYE").Reply(200)
	k.expect(sip.Ended)
}

func TestTrap04OurAnswerIsRepeatedThenBYE(t *testing.T) {
	r := newRig(t)
	inv, k := r.called()
	k.call.Answer()
	first := inv.Expect(200)
	for range 5 {
		if again := inv.Expect(200); again.ToTag() != first.ToTag() || again.SDP() != first.SDP() {
			t.Errorf("another answer: %s", again)
		}
	}
	d := inv.Dialog(first)
	d.Expect("BYE").Reply(200) // after 64*T1
	k.ends(408, sip.Local)
}

func TestTrap05GlareRetriesOnce(t *testing.T) {
	r := newRig(t)
	k, d := r.up()
	k.body.SetHold(true)
	k.call.Reinvite()
	ours := d.Expect("INVITE")
	theirs := d.Request("INVITE", peer.SDP(r.sdp(2)))
	theirs.Expect(491) // RFC 3261 §14.2
	ours.Reply(491)
	begin := time.Now()
	second := d.Expect("INVITE")
	// RFC 3261 §14.1: the owner of the Call-ID waits 2.1 to 4 s.
	if w := time.Since(begin); w < 2050*time.Millisecond || w > 4200*time.Millisecond {
		t.Errorf("came again after %v", w)
	}
	has(t, second.SDP(), "a=sendonly")
	second.Reply(491)
	d.ExpectNone(300*time.Millisecond, "BYE")
	has(t, reoffer(d, r.sdp(3)), "a=sendonly") // 491 spoils nothing
	k.hangup(d)
}

func TestTrap05CalleeWaitsLess(t *testing.T) {
	r := newRig(t)
	k, d := r.upInbound()
	k.call.Reinvite()
	d.Expect("INVITE").Reply(491)
	begin := time.Now()
	again := d.Expect("INVITE")
	if w := time.Since(begin); w > 2100*time.Millisecond {
		t.Errorf("the callee came again after %v, 0 to 2 s is right", w)
	}
	again.Reply(200, peer.SDP(r.sdp(2)))
	d.Expect("ACK")
	k.hangup(d)
}

func TestTrap05ReinviteRightAfterAnswer(t *testing.T) {
	r := newRig(t)
	k, inv := r.dialled()
	inv.Reply(200, peer.SDP(r.sdp(1)))
	d := inv.Dialog()
	re := d.Request("INVITE", peer.SDP(r.sdp(2))) // before the ACK
	d.Expect("ACK")
	res := re.Final()
	if res.Status != 200 && res.Status != 491 {
		t.Errorf("re-INVITE right after the answer: %s", res)
	}
	if res.Status == 200 {
		d.Ack()
	} else {
		reoffer(d, r.sdp(2))
	}
	k.expect(sip.Answered)
	k.hangup(d)
}

func TestTrap06Forks(t *testing.T) {
	r := newRig(t)
	k, inv := r.dialled()
	inv.Reply(180, peer.ToTag("ringing"))
	inv.Reply(200, peer.ToTag("one"), peer.SDP(r.sdp(1)))
	one, two := inv.DialogTagged("one"), inv.DialogTagged("two")
	one.Expect("ACK")
	inv.Reply(200, peer.ToTag("two"), peer.SDP(r.sdp(1)), peer.Contact(r.far.URI("two")))
	if ack := two.Expect("ACK"); ack.URI != r.far.URI("two") {
		t.Errorf("ACK of the fork goes to %s", ack.URI)
	}
	two.Expect("BYE").Reply(200)
	k.expect(sip.Answered)
	one.ExpectNone(200*time.Millisecond, "BYE")
	inv.Reply(200, peer.ToTag("three"), peer.SDP(r.sdp(1)))
	three := inv.DialogTagged("three")
	three.Expect("ACK")
	three.Expect("BYE").Reply(200)
	k.hangup(one)
}

func TestTrap06ForkAfterTheEnd(t *testing.T) {
	r := newRig(t)
	k, inv := r.dialled()
	d, _ := r.answer(k, inv)
	k.hangup(d)
	// The first 200's transaction lives on for a while (RFC 6026 §7.2).
	inv.Reply(200, peer.ToTag("late"), peer.SDP(r.sdp(1)))
	fork := inv.DialogTagged("late")
	fork.Expect("ACK")
	fork.Expect("BYE").Reply(200)
}

func TestTrap06MissingToTag(t *testing.T) {
	r := newRig(t)
	k, inv := r.dialled()
	d, _ := r.answerAs("", k, inv)
	k.hangup(d)
}

func TestTrap06PrackPerEarlyDialog(t *testing.T) {
	r := newRig(t)
	k, inv := r.dialled()
	for i, tag := range []string{"a", "b"} {
		inv.Reply(183, peer.ToTag(tag), peer.Contact(r.far.URI(tag)), peer.SDP(r.sdp(1)),
			peer.With("Require", "100rel"), peer.With("RSeq", fmt.Sprint(10*i+1)))
		p := inv.DialogTagged(tag).Expect("PRACK")
		if want := fmt.Sprintf("%d %d INVITE", 10*i+1, cseq(inv.Message)); p.Get("RAck") != want || p.URI != r.far.URI(tag) {
			t.Errorf("PRACK to %s with RAck %q, want %q", p.URI, p.Get("RAck"), want)
		}
		p.Reply(200)
	}
	d, ack := r.answerAs("b", k, inv, peer.Contact(r.far.URI("b")))
	if cseq(ack.Message) != cseq(inv.Message) {
		t.Errorf("ACK with CSeq %d after PRACK", cseq(ack.Message))
	}
	k.hangup(d)
}

func TestTrap07EarlyMediaInAnyProvisional(t *testing.T) {
	for _, status := range []int{180, 181, 182, 183, 199} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			r := newRig(t)
			k, inv := r.dialled()
			inv.Reply(status, peer.SDP(r.sdp(1)))
			k.expect(sip.EarlyMedia)
			inv.Reply(180)
			d, _ := r.answerAs("fork", k, inv)
			k.hangup(d)
		})
	}
}

func TestTrap07RingingIsToldBesideEarlyMedia(t *testing.T) {
	r := newRig(t)
	k, inv := r.dialled()
	inv.Reply(183, peer.SDP(r.sdp(1)))
	k.expect(sip.EarlyMedia)
	inv.Reply(180)
	k.expect(sip.Ringing)
	inv.Reply(486)
	k.ends(486, sip.Remote)
	inv.DialogTagged(inv.Tag()).Expect("ACK")
}

func TestTrap08LateOffer(t *testing.T) {
	r := newRig(t)
	k, d := r.up()
	res := d.Request("INVITE").Expect(200)
	has(t, res.SDP(), "m=audio", "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000", "telephone-event")
	d.Ack(peer.SDP(r.sdp(2, "a=sendonly")))
	k.expect(sip.Updated)
	if !k.body.RemoteHold() {
		t.Error("the answer in the ACK was not read")
	}
	k.hangup(d)
}

func TestTrap08LateOfferInTheFirstINVITE(t *testing.T) {
	r := newRig(t)
	inv, k := r.called(peer.Without("Content-Type"), func(m *peer.Message) { m.Body = nil })
	k.call.Answer()
	res := inv.Expect(200)
	has(t, res.SDP(), "m=audio")
	d := inv.Dialog(res)
	d.Ack(peer.SDP(r.sdp(1)))
	k.expect(sip.Answered)
	k.hangup(d)
}

func TestTrap09DynamicPayloadBelongsToTheOffer(t *testing.T) {
	r := newRig(t)
	k, d := r.up()
	usual := regexp.MustCompile(`\b101\b`) // and not part of a port or a session's id
	other := func(v int) string { return usual.ReplaceAllString(r.sdp(v), "122") }
	for v := range 2 {
		got := reoffer(d, other(v+2))
		has(t, got, "a=rtpmap:122 telephone-event/8000")
		if usual.MatchString(got) {
			t.Errorf("our own number in the answer:\n%s", got)
		}
	}
	k.hangup(d)
}

func TestTrap25UnknownMedia(t *testing.T) {
	r := newRig(t)
	k, d := r.up()
	video := "m=video 40002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n"
	fax := "m=image 40004 udptl t38\r\n"
	got := reoffer(d, r.sdp(2)+video+fax)
	var kinds []string
	for line := range strings.Lines(got) {
		if strings.HasPrefix(line, "m=") {
			f := strings.Fields(line)
			kinds = append(kinds, f[0]+map[bool]string{true: " off", false: ""}[f[1] == "0"])
		}
	}
	if want := "m=audio,m=video off,m=image off"; strings.Join(kinds, ",") != want {
		t.Errorf("m= lines %v, want %s", kinds, want)
	}
	k.hangup(d)
}
