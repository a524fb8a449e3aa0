package sip_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

func registering(far *peer.Far, password string, expires time.Duration) func(*sip.Config) {
	return func(c *sip.Config) {
		c.Accounts = []sip.Account{{Name: "pbx", Address: "sip:1001@pbx.test", Registrar: far.URI(""),
			Password: sip.Secret(password), Expires: expires}}
	}
}

func guard(algorithms ...string) *peer.Guard {
	return &peer.Guard{Realm: "practice", Users: map[string]string{"1001": "secret"}, Algorithms: algorithms, Opaque: "xyz"}
}

func register(t testing.TB, a *sip.Agent) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	return a.Register(ctx, "pbx")
}

func TestRegisterAlgorithms(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		offered []string
		noQOP   bool
		proxy   bool
		used    string
	}{
		"MD5":         {offered: []string{"MD5"}, used: "MD5"},
		"SHA-256":     {offered: []string{"SHA-256"}, used: "SHA-256"},
		"SHA-512-256": {offered: []string{"SHA-512-256"}, used: "SHA-512-256"},
		"strongest":   {offered: []string{"MD5", "SHA-512-256", "SHA-256"}, used: "SHA-512-256"},
		"by proxy":    {offered: []string{"SHA-256", "MD5"}, proxy: true, used: "SHA-256"},
		"RFC 2069":    {offered: []string{"MD5"}, noQOP: true, used: "MD5"},
	} {
		t.Run(name, func(t *testing.T) {
			far := peer.NewFar(t)
			g := guard(c.offered...)
			g.NoQOP = c.noQOP
			reg := &peer.Registrar{Guard: g, Proxy: c.proxy}
			reg.Serve(far)
			a := start(t, registering(far, "secret", time.Minute))
			if err := register(t, a); err != nil {
				t.Fatal(err)
			}
			in := far.Trace.In(peer.IsMethod("REGISTER"))
			if len(in) != 2 {
				t.Fatalf("%d REGISTERs", len(in))
			}
			n1, _ := in[0].CSeq()
			n2, _ := in[1].CSeq()
			if in[0].CallID() != in[1].CallID() || n2 != n1+1 || in[0].FromTag() != in[1].FromTag() {
				t.Errorf("Call-ID %s %s, CSeq %d %d", in[0].CallID(), in[1].CallID(), n1, n2)
			}
			if auth := in[1].Get("Authorization") + in[1].Get("Proxy-Authorization"); !strings.Contains(auth, "algorithm="+c.used) {
				t.Errorf("credentials %q", auth)
			}
			s := a.Registrations()
			if len(s) != 1 || s[0].State != sip.Registered || s[0].Expires != time.Minute {
				t.Errorf("state %+v", s)
			}
			want := "sip:1001@" + udp(t, a)
			if got := reg.Bindings()["sip:1001@pbx.test"].Contact; got != want {
				t.Errorf("contact %q, want %q", got, want)
			}
		})
	}
}

func TestRefreshByGrantedTimeAndUnregister(t *testing.T) {
	t.Parallel()
	far := peer.NewFar(t)
	g := guard("SHA-256")
	g.NonceUses = 2
	reg := &peer.Registrar{Guard: g, Expires: time.Second}
	reg.Serve(far)
	a := start(t, registering(far, "secret", 300*time.Second))
	states := make(chan sip.RegistrationState, 64)
	defer a.Watch(func(s sip.RegistrationState) { states <- s })()
	if err := register(t, a); err != nil {
		t.Fatal(err)
	}
	// Asked for 300 s, granted 1 s: refreshed well before it is over. The
	// nonce is used again with a growing count, then stale: no failure.
	eventually(t, 5*time.Second, "five registrations", func() bool {
		return len(far.Trace.Sent(func(m *peer.Message) bool { return m.Status == 200 })) >= 5
	})
	in := far.Trace.In(peer.IsMethod("REGISTER"))
	reused := 0
	for i, m := range in[1:] {
		n, _ := m.CSeq()
		if prev, _ := in[i].CSeq(); n != prev+1 || m.CallID() != in[0].CallID() {
			t.Errorf("REGISTER %d has CSeq %d after %d", i, n, prev)
		}
		if strings.Contains(m.Get("Authorization"), "nc=00000002") {
			reused++
		}
	}
	if reused == 0 {
		t.Error("nonce never used again")
	}
	closeAgent(t, a)
	last := far.Trace.In(peer.IsMethod("REGISTER"))
	if last[len(last)-1].Get("Expires") != "0" || len(reg.Bindings()) != 0 {
		t.Errorf("not unregistered: %v, last %v", reg.Bindings(), last[len(last)-1].Headers)
	}
	for {
		select {
		case s := <-states:
			if s.State == sip.RegFailed || s.Account != "pbx" {
				t.Errorf("state %+v", s)
			}
			continue
		default:
		}
		break
	}
}

func TestIntervalTooBrief(t *testing.T) {
	t.Parallel()
	far := peer.NewFar(t)
	reg := &peer.Registrar{MinExpires: 90 * time.Second}
	reg.Serve(far)
	a := start(t, registering(far, "", 60*time.Second))
	if err := register(t, a); err != nil {
		t.Fatal(err)
	}
	if s := a.Registrations()[0]; s.Expires != 90*time.Second {
		t.Errorf("%+v", s)
	}
}

func TestWrongPasswordIsTriedOnce(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]int{"403": 403, "401 again": 401} {
		t.Run(name, func(t *testing.T) {
			far := peer.NewFar(t)
			g := guard("MD5")
			far.Handle(func(r *peer.Request) bool {
				if r.Method != "REGISTER" {
					return false
				}
				if refuse == 403 && r.Get("Authorization") != "" {
					r.Reply(403)
				} else {
					r.Challenge(g, false, false)
				}
				return true
			})
			a := start(t, registering(far, "wrong", time.Minute))
			err := register(t, a)
			var re *sip.RegistrationError
			if !errors.As(err, &re) || re.Status != refuse || re.Account != "pbx" {
				t.Fatalf("error %v", err)
			}
			far.ExpectNone(30*t1, "REGISTER")
			if n := len(far.Trace.In(peer.IsMethod("REGISTER"))); n != 2 {
				t.Errorf("%d REGISTERs, want one and one try", n)
			}
			// A person asks: one more try, not more.
			if err := register(t, a); !errors.As(err, &re) {
				t.Errorf("error %v", err)
			}
			far.ExpectNone(10*t1, "REGISTER")
			if n := len(far.Trace.In(peer.IsMethod("REGISTER"))); n != 4 {
				t.Errorf("%d REGISTERs", n)
			}
			if s := fmt.Sprint(a.Registrations(), err); strings.Contains(s, "wrong") && strings.Contains(s, "password=") {
				t.Errorf("password told: %s", s)
			}
		})
	}
}

func TestRegistrationComesBack(t *testing.T) {
	t.Parallel()
	far := peer.NewFar(t)
	reg := &peer.Registrar{Refuse: []int{503}}
	reg.Serve(far)
	a := start(t, registering(far, "", time.Minute))
	err := register(t, a)
	var re *sip.RegistrationError
	if !errors.As(err, &re) || re.Status != 503 {
		t.Fatalf("error %v", err)
	}
	eventually(t, 4*time.Second, "registered after the back-off", func() bool {
		return a.Registrations()[0].State == sip.Registered
	})
}

func TestRegistrarAway(t *testing.T) {
	t.Parallel()
	a := start(t, func(c *sip.Config) {
		c.Accounts = []sip.Account{{Name: "pbx", Address: "sip:1001@pbx.test", Registrar: "sip:" + nobody(t)}}
	})
	var re *sip.RegistrationError
	if err := register(t, a); !errors.As(err, &re) || re.Status != 503 {
		t.Fatalf("error %v", err)
	}
}

func TestRegisterByTCP(t *testing.T) {
	t.Parallel()
	far := peer.NewFar(t)
	reg := &peer.Registrar{Guard: guard("SHA-256")}
	reg.Serve(far)
	a := newAgent(t, func(c *sip.Config) {
		registering(far, "secret", time.Minute)(c)
		c.Accounts[0].Registrar += ";transport=tcp"
		c.Listen = []string{"tcp://127.0.0.1:0"}
	})
	called := make(chan *sip.Call, 1)
	a.OnCall(func(c *sip.Call) { c.Accept(newBody(), func(sip.Event) {}); c.Answer(); called <- c })
	open(t, a)
	if err := register(t, a); err != nil {
		t.Fatal(err)
	}
	want := "sip:1001@" + a.Addrs()[0].String() + ";transport=tcp"
	if got := reg.Bindings()["sip:1001@pbx.test"].Contact; got != want {
		t.Errorf("contact %q, want %q", got, want)
	}
	// And a call comes in on a connection of its own.
	inv := far.Request("INVITE", want, plain())
	dlg := inv.Dialog(inv.Expect(200))
	dlg.Ack()
	(<-called).Hangup(sip.Reason{})
	dlg.Expect("BYE").Reply(200)
}

// TestRegistrarIsTrusted: calls come from the registrar without more ado.
func TestRegistrarIsTrusted(t *testing.T) {
	t.Parallel()
	far := peer.NewFar(t)
	(&peer.Registrar{}).Serve(far)
	a := start(t, registering(far, "", time.Minute))
	if err := register(t, a); err != nil {
		t.Fatal(err)
	}
	inv := far.Request("INVITE", uri(t, a), plain())
	inv.Expect(480) // nobody listens for calls
	far.Request("INVITE", "sip:4711@"+udp(t, a)).Expect(404)
}

func TestKeysOnlyForOurOwn(t *testing.T) {
	t.Parallel()
	home, foreign := peer.NewFar(t), peer.NewFar(t)
	(&peer.Registrar{Guard: guard("MD5")}).Serve(home)
	a := start(t, registering(home, "secret", time.Minute))
	if err := register(t, a); err != nil {
		t.Fatal(err)
	}
	// Another realm than the one our registrar named: no credentials.
	p := dial(t, a, "sip:4711@pbx.test", func(o *sip.DialOptions) { o.Account = "pbx" })
	p.expect(sip.Dialing)
	inv := home.Expect("INVITE")
	evil := &peer.Guard{Realm: "elsewhere"}
	inv.Challenge(evil, true, false)
	p.ends(407, sip.Remote)
	home.ExpectNone(5*t1, "INVITE")
	// The right realm: credentials, and the ACK repeats them.
	p = dial(t, a, "sip:4711@pbx.test", func(o *sip.DialOptions) { o.Account = "pbx" })
	g := guard("SHA-256", "MD5")
	home.Expect("INVITE").Challenge(g, false, false)
	inv = home.Expect("INVITE", func(m *peer.Message) bool { return m.Get("Authorization") != "" })
	if v := g.Check(inv.Message); v != peer.Passed {
		t.Fatalf("credentials %v", v)
	}
	inv.Reply(200, plain(), peer.Contact(foreign.URI("callee")))
	// The callee, reached directly, answers our BYE with a challenge of the
	// same realm: it gets no hash. (Both are on one address here, so it is
	// the realm that differs.)
	ack := foreign.Expect("ACK")
	if ack.Get("Authorization") == "" {
		t.Error("ACK without credentials")
	}
	p.until(sip.Answered)
	p.call.Hangup(sip.Reason{})
	bye := foreign.Expect("BYE")
	bye.Challenge(&peer.Guard{Realm: "another"}, true, false)
	p.expect(sip.Ended)
	foreign.ExpectNone(5*t1, "BYE")
}

func TestDialogRequestsAreAuthenticated(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *sip.Config) { c.Accounts[0].Password = "secret" })
	p, inv := r.dialled()
	g := guard("SHA-512-256", "MD5")
	inv.Challenge(g, true, false)
	inv = r.far.Expect("INVITE", func(m *peer.Message) bool { return m.Get("Proxy-Authorization") != "" })
	if v := g.Check(inv.Message); v != peer.Passed {
		t.Fatalf("credentials %v", v)
	}
	dlg := p.up(inv)
	p.call.Reinvite()
	dlg.Expect("INVITE").Challenge(g, true, false)
	re := dlg.Expect("INVITE")
	if v := g.Check(re.Message); v != peer.Passed {
		t.Fatalf("re-INVITE: %v", v)
	}
	re.Reply(200, plain())
	dlg.Expect("ACK")
	p.expect(sip.Updated)
	p.call.Hangup(sip.Reason{})
	dlg.Expect("BYE").Challenge(g, true, false)
	bye := dlg.Expect("BYE")
	if v := g.Check(bye.Message); v != peer.Passed {
		t.Fatalf("BYE: %v", v)
	}
	bye.Reply(200)
	p.expect(sip.Ended)
	// Wrong password towards INVITE: one try.
	p, inv = r.dialled()
	bad := guard("MD5")
	bad.Realm = "practice"
	inv.Challenge(bad, true, false)
	r.far.Expect("INVITE").Challenge(bad, true, false)
	p.ends(407, sip.Remote)
	r.far.ExpectNone(5*t1, "INVITE")
}
