package peer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

func TestTrap10GrantedExpiryIsObeyed(t *testing.T) {
	reg := &peer.Registrar{Guard: &peer.Guard{Realm: "pbx", Users: map[string]string{"1001": "secret"}}, Expires: 2 * time.Second}
	r := newRig(t, func(_ *sip.Config, far *peer.Far) { reg.Serve(far) }, registered)
	if err := r.agent.Register(t.Context(), "pbx"); err != nil {
		t.Fatal(err)
	}
	first := reg.Bindings()["sip:1001@"+r.far.Addr()]
	if !strings.HasPrefix(first.Contact, r.uri()) {
		t.Errorf("Contact %q, we listen at %q", first.Contact, r.uri())
	}
	eventually(t, 2*time.Second, "a refresh before the two seconds granted are over", func() bool {
		b := reg.Bindings()["sip:1001@"+r.far.Addr()]
		return b.At.After(first.At)
	})
	all := r.far.Trace.In(peer.IsMethod("REGISTER"))
	for i, m := range all {
		if m.CallID() != all[0].CallID() || cseq(m) != cseq(all[0])+i {
			t.Errorf("REGISTER %d: Call-ID %s CSeq %d (RFC 3261 §10.2)", i, m.CallID(), cseq(m))
		}
	}
}

// eventually polls until ok says so.
func eventually(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}

func TestTrap10IntervalTooBrief(t *testing.T) {
	reg := &peer.Registrar{MinExpires: 600 * time.Second}
	r := newRig(t, func(_ *sip.Config, far *peer.Far) { reg.Serve(far) }, registered)
	if err := r.agent.Register(t.Context(), "pbx"); err != nil {
		t.Fatal(err)
	}
	if b := reg.Bindings()["sip:1001@"+r.far.Addr()]; b.Granted < 600*time.Second {
		t.Errorf("granted %v", b.Granted)
	}
}

func TestTrap10InvalidHostInContact(t *testing.T) {
	r := newRig(t)
	k := r.dial()
	inv := r.far.Expect("INVITE")
	inv.Reply(200, peer.SDP(r.sdp(1)), peer.Contact("sip:abc@df7jal23ls0d.invalid"))
	d := inv.Dialog()
	if ack := d.Expect("ACK"); ack.URI != "sip:abc@df7jal23ls0d.invalid" {
		t.Errorf("ACK to %s", ack.URI)
	}
	k.expect(sip.Answered)
	k.hangup(d)
}

func big(o *sip.DialOptions) {
	o.Headers = map[string]string{"X-Freight": strings.Repeat("0123456789", 100)}
}

func TestTrap11LargeINVITEGoesByTCP(t *testing.T) {
	r := newRig(t)
	k := r.dial(big)
	inv := r.far.Expect("INVITE")
	if !strings.HasPrefix(inv.Get("Via"), "SIP/2.0/TCP") {
		t.Errorf("Via %q", inv.Get("Via"))
	}
	inv.Reply(486)
	if e := k.expect(sip.Ended); e.Cause.Status != 486 {
		t.Errorf("cause %+v", e.Cause)
	}
}

func TestTrap11WithoutTCPItFallsBackToUDP(t *testing.T) {
	r := newRig(t)
	r.far.CloseTCP()
	k := r.dial(big)
	inv := r.far.Expect("INVITE")
	if !strings.HasPrefix(inv.Get("Via"), "SIP/2.0/UDP") || len(inv.Raw) < 1300 {
		t.Errorf("%d bytes, Via %q", len(inv.Raw), inv.Get("Via"))
	}
	inv.Reply(200, peer.SDP(r.sdp(1)))
	d := inv.Dialog()
	d.Expect("ACK")
	k.expect(sip.Answered)
	k.hangup(d)
}

func TestTrap12SessionTimer(t *testing.T) {
	r := newRig(t)
	k := r.dial()
	first := r.far.Expect("INVITE")
	if !first.Lists("Supported", "timer") {
		t.Errorf("Supported %q", first.Get("Supported"))
	}
	first.Reply(422, peer.With("Min-SE", "2400"))
	inv := r.far.Expect("INVITE")
	if inv.Get("Min-SE") != "2400" || !strings.HasPrefix(inv.Get("Session-Expires"), "2400") {
		t.Errorf("after 422: Min-SE %q, Session-Expires %q", inv.Get("Min-SE"), inv.Get("Session-Expires"))
	}
	inv.Reply(200, peer.SDP(r.sdp(1)), peer.With("Session-Expires", "2400;refresher=uas"), peer.With("Require", "timer"))
	d := inv.Dialog()
	d.Expect("ACK")
	k.expect(sip.Answered)
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
	if e := k.expect(sip.Ended); e.Cause.By != sip.Remote {
		t.Errorf("cause %+v", e.Cause)
	}
}

func TestTrap22MissingContact(t *testing.T) {
	r := newRig(t)
	k := r.dial()
	inv := r.far.Expect("INVITE")
	inv.Reply(200, peer.SDP(r.sdp(1)), peer.NoContact())
	d := inv.Dialog()
	if ack := d.Expect("ACK"); ack.URI != inv.URI {
		t.Errorf("ACK to %s", ack.URI)
	}
	k.expect(sip.Answered)
	k.hangup(d)
}

func TestTrap22SeveralContacts(t *testing.T) {
	r := newRig(t)
	k := r.dial()
	inv := r.far.Expect("INVITE")
	inv.Reply(200, peer.SDP(r.sdp(1)), peer.Set("Contact",
		fmt.Sprintf(`"A, B" <%s>;q=0.9, <sip:127.0.0.1:9>`, r.far.URI("first"))))
	d := inv.Dialog()
	if ack := d.Expect("ACK"); ack.URI != r.far.URI("first") {
		t.Errorf("ACK to %s", ack.URI)
	}
	k.expect(sip.Answered)
	k.hangup(d)
}

func TestTrap22StrictRouter(t *testing.T) {
	r := newRig(t)
	router := peer.NewFar(t)
	k := r.dial()
	inv := r.far.Expect("INVITE")
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

func TestTrap23Challenges(t *testing.T) {
	users := map[string]string{"1001": "secret"}
	for name, g := range map[string]*peer.Guard{
		"three algorithms":    {Users: users, Algorithms: []string{"SHA-512-256", "SHA-256", "MD5"}},
		"weakest first":       {Users: users, Algorithms: []string{"MD5", "SHA-256"}},
		"unknown first":       {Users: users, Algorithms: []string{"AKAv1-MD5", "SHA-256"}},
		"SHA-512-256 only":    {Users: users, Algorithms: []string{"SHA-512-256"}},
		"no qop":              {Users: users, NoQOP: true},
		"stale after one use": {Users: users, NonceUses: 1, Opaque: "x,y=\"z"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := &peer.Registrar{Guard: g, Expires: time.Second}
			r := newRig(t, func(_ *sip.Config, far *peer.Far) { reg.Serve(far) }, registered)
			if err := r.agent.Register(t.Context(), "pbx"); err != nil {
				t.Fatal(err)
			}
			first := reg.Bindings()["sip:1001@"+r.far.Addr()].At
			eventually(t, 2*time.Second, "the refresh", func() bool {
				return reg.Bindings()["sip:1001@"+r.far.Addr()].At.After(first)
			})
		})
	}
}

func TestTrap23WrongPasswordIsTriedOnce(t *testing.T) {
	r := newRig(t, registered, func(c *sip.Config, far *peer.Far) {
		c.Accounts[0].Password = "wrong"
		g := &peer.Guard{Users: map[string]string{"1001": "secret"}}
		far.Handle(func(m *peer.Request) bool { // a PBX that challenges again for ever
			if m.Method == "REGISTER" {
				m.Challenge(g, false, false)
			}
			return m.Method == "REGISTER"
		})
	})
	if err := r.agent.Register(t.Context(), "pbx"); err == nil {
		t.Fatal("registered with a wrong password")
	}
	r.far.ExpectNone(500*time.Millisecond, "REGISTER")
	if n := len(r.far.Trace.In(peer.IsMethod("REGISTER"))); n != 2 {
		t.Errorf("%d REGISTERs, want 2: one without credentials, one try", n)
	}
}

func TestTrap23ChallengedINVITE(t *testing.T) {
	r := newRig(t, func(c *sip.Config, _ *peer.Far) { c.Accounts[0].Password = "secret" })
	g := &peer.Guard{Users: map[string]string{"1001": "secret"}, Algorithms: []string{"SHA-256", "MD5"}}
	k := r.dial()
	first := r.far.Expect("INVITE")
	first.Challenge(g, true, false)
	second := r.far.Expect("INVITE")
	if v := g.Check(second.Message); v != peer.Passed {
		t.Errorf("credentials: %v", v)
	}
	if second.CallID() != first.CallID() || cseq(second.Message) != cseq(first.Message)+1 || second.FromTag() != first.FromTag() {
		t.Errorf("second INVITE: Call-ID, tag or CSeq changed wrongly (RFC 3261 §22.2)")
	}
	if a := r.far.Expect("ACK"); a.Branch() != first.Branch() {
		t.Errorf("ACK of the 407 in another transaction")
	}
	second.Challenge(g, true, true) // stale
	third := r.far.Expect("INVITE")
	if v := g.Check(third.Message); v != peer.Passed {
		t.Errorf("credentials after stale: %v", v)
	}
	third.Reply(486)
	if e := k.expect(sip.Ended); e.Cause.Status != 486 {
		t.Errorf("cause %+v", e.Cause)
	}
}

func TestTrap23EmptyRealm(t *testing.T) {
	r := newRig(t, func(c *sip.Config, _ *peer.Far) { c.Accounts[0].Password = "secret" })
	for _, realm := range []string{`realm="", `, ""} {
		k := r.dial()
		r.far.Expect("INVITE").Reply(407, peer.With("Proxy-Authenticate", `Digest `+realm+`nonce="abc", algorithm=MD5, qop="auth"`))
		again := r.far.Expect("INVITE")
		if again.Get("Proxy-Authorization") == "" {
			t.Errorf("realm %q: no credentials", realm)
		}
		again.Reply(486)
		k.expect(sip.Ended)
	}
}

func TestTrap24AnswerCrossesCancel(t *testing.T) {
	r := newRig(t)
	k := r.dial()
	inv := r.far.Expect("INVITE")
	inv.Reply(180)
	k.expect(sip.Ringing)
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
	if e := k.expect(sip.Ended); e.Cause.By != sip.Local || e.Cause.Status != 487 {
		t.Errorf("cause %+v", e.Cause)
	}
}

func TestTrap24CancelWaitsForProvisional(t *testing.T) {
	r := newRig(t)
	k := r.dial()
	inv := r.far.Expect("INVITE")
	k.call.Hangup(sip.Reason{})
	r.far.ExpectNone(200*time.Millisecond, "CANCEL")
	inv.Reply(100)
	r.far.Expect("CANCEL").Reply(200)
	inv.Reply(487)
	inv.Dialog().Expect("ACK")
	k.expect(sip.Ended)
}

func TestTrap24NoFinalAfterCancel(t *testing.T) {
	r := newRig(t)
	k := r.dial()
	inv := r.far.Expect("INVITE")
	inv.Reply(180)
	k.expect(sip.Ringing)
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
	k := r.dial()
	inv := r.far.Expect("INVITE")
	for i := range 25 {
		inv.Reply([]int{180, 182, 183}[i%3])
	}
	k.expect(sip.Ringing)
	k.call.Hangup(sip.Reason{})
	r.far.Expect("CANCEL").Reply(200)
	inv.Reply(487)
	inv.Dialog().Expect("ACK")
	k.expect(sip.Ended)
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
