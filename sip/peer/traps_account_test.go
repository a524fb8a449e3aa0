package peer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

// Traps of registration, challenges and trust.

func TestTrap10GrantedExpiryIsObeyed(t *testing.T) {
	reg := &peer.Registrar{Guard: &peer.Guard{Realm: "pbx", Users: map[string]string{"1001": "secret"}}, Expires: 2 * time.Second}
	r := newRegistered(t, reg)
	first := r.binding(reg)
	if !strings.HasPrefix(first.Contact, r.uri()) {
		t.Errorf("Contact %q, we listen at %q", first.Contact, r.uri())
	}
	eventually(t, 2*time.Second, "a refresh before the two seconds granted are over", func() bool {
		return r.binding(reg).At.After(first.At)
	})
	all := r.far.Trace.In(peer.IsMethod("REGISTER"))
	for i, m := range all {
		if m.CallID() != all[0].CallID() || cseq(m) != cseq(all[0])+i {
			t.Errorf("REGISTER %d: Call-ID %s CSeq %d (RFC 3261 §10.2)", i, m.CallID(), cseq(m))
		}
	}
}

func TestTrap10IntervalTooBrief(t *testing.T) {
	reg := &peer.Registrar{MinExpires: 600 * time.Second}
	r := newRegistered(t, reg)
	if b := r.binding(reg); b.Granted < 600*time.Second {
		t.Errorf("granted %v", b.Granted)
	}
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
			r := newRegistered(t, reg)
			first := r.binding(reg).At
			eventually(t, 2*time.Second, "the refresh", func() bool { return r.binding(reg).At.After(first) })
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
	k, first := r.dialled()
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
	k.ends(486, sip.Remote)
}

func TestTrap23EmptyRealm(t *testing.T) {
	r := newRig(t, func(c *sip.Config, _ *peer.Far) { c.Accounts[0].Password = "secret" })
	for _, realm := range []string{`realm="", `, ""} {
		k, inv := r.dialled()
		inv.Reply(407, peer.With("Proxy-Authenticate", `Digest `+realm+`nonce="abc", algorithm=MD5, qop="auth"`))
		again := r.far.Expect("INVITE")
		if again.Get("Proxy-Authorization") == "" {
			t.Errorf("realm %q: no credentials", realm)
		}
		again.Reply(486)
		k.expect(sip.Ended)
	}
}

func TestTrap27DigestIsNotLeaked(t *testing.T) {
	reg := &peer.Registrar{Guard: &peer.Guard{Realm: "pbx", Users: map[string]string{"1001": "secret"}}}
	r := newRegistered(t, reg, func(c *sip.Config, _ *peer.Far) { c.Trusted = []string{"127.0.0.2"} })
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

func TestStrangersGetNothing(t *testing.T) {
	r := newRegistered(t, &peer.Registrar{}, func(c *sip.Config, _ *peer.Far) { c.Trusted = nil })
	stranger := peer.NewFarAt(t, "127.0.0.3")
	stranger.Request("OPTIONS", r.uri()).ExpectNone(200 * time.Millisecond)
	stranger.Request("INVITE", r.uri(), peer.SDP(r.sdp(1))).ExpectNone(200 * time.Millisecond)
	select {
	case c := <-r.calls:
		t.Errorf("a call from a stranger: %s", c.ID())
	default:
	}
}
