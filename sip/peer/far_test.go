package peer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/icholy/digest"
)

// recordingT is a T that notes failures instead of failing.
type recordingT struct {
	testing.TB
	fatal string
}

func (r *recordingT) Fatalf(format string, args ...any) {
	r.fatal = fmt.Sprintf(format, args...)
	panic(r)
}
func (r *recordingT) Failed() bool { return false }

// failureOf runs do and returns the message it failed with.
func failureOf(r *recordingT, do func()) (said string) {
	r.fatal = ""
	defer func() {
		_ = recover()
		said = r.fatal
	}()
	do()
	return ""
}

func TestCallBothWays(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			a, b := NewFar(t), NewFar(t)
			inv := a.Request("INVITE", b.URI("4711")+";transport="+transport, SDP(PlainSDP(4000)))
			got := b.Expect("INVITE")
			if got.SDP() != PlainSDP(4000) || got.Get("content-type") != "application/sdp" {
				t.Fatalf("body changed on the way: %q", got.SDP())
			}
			got.Reply(100)
			got.Reply(180)
			got.Reply(200, SDP(PlainSDP(4002)))
			ringing := inv.Expect(180)
			ok := inv.Expect(200)
			if ringing.ToTag() == "" || ringing.ToTag() != ok.ToTag() {
				t.Errorf("To-tags %q and %q", ringing.ToTag(), ok.ToTag())
			}
			caller, callee := inv.Dialog(ok), got.Dialog()
			caller.Ack()
			callee.Expect("ACK")
			info := callee.Request("INFO", Body("text/plain", []byte("hello")))
			r := caller.Expect("INFO")
			if string(r.Body) != "hello" {
				t.Errorf("INFO body %q", r.Body)
			}
			r.Reply(200)
			info.Expect(200)
			bye := caller.Request("BYE")
			callee.Expect("BYE").Reply(200)
			bye.Expect(200)
			want := "<INVITE >100 >180 >200 <ACK >INFO <200 <BYE >200"
			if b.Trace.Flow() != want {
				t.Errorf("flow\n%s\nwant\n%s", b.Trace.Flow(), want)
			}
		})
	}
}

func TestRepeatedRequestGetsTheSameAnswer(t *testing.T) {
	a, b := NewFar(t), NewFar(t)
	inv := a.Request("INVITE", b.URI("1"))
	got := b.Expect("INVITE")
	got.Reply(486, Q850(17))
	first := inv.Expect(486)
	inv.Again()
	if again := inv.Expect(486); again.ToTag() != first.ToTag() || again.Get("Reason") != "Q.850;cause=17" {
		t.Errorf("other answer to the repetition: %s", again)
	}
	b.ExpectNone(50*time.Millisecond, "INVITE")
	b.Expect("ACK")
	b.Expect("ACK")
}

func TestMisbehaviour(t *testing.T) {
	a, b := NewFar(t), NewFar(t)
	inv := a.Request("INVITE", b.URI("1"))
	got := b.Expect("INVITE")
	got.Reply(180, ToTag("early"))
	got.Reply(200, ToTag(""), NoContact())
	got.Reply(200, ToTag("fork"), Contact("sip:other@127.0.0.1:9"), Phrase("Fine"))
	if m := inv.Expect(180); m.ToTag() != "early" {
		t.Errorf("tag %q", m.ToTag())
	}
	if m := inv.Expect(200); m.ToTag() != "" || m.Target() != "" {
		t.Errorf("bare 200 has tag %q, contact %q", m.ToTag(), m.Target())
	}
	if m := inv.Expect(200); m.ToTag() != "fork" || m.Target() != "sip:other@127.0.0.1:9" || m.Reason != "Fine" {
		t.Errorf("forked 200: %s", m)
	}
	got.Again()
	inv.Expect(200)
}

func TestExpectationsFailWithWords(t *testing.T) {
	rt := &recordingT{TB: t}
	a, b := NewFar(t), NewFar(rt)
	b.Patience = 30 * time.Millisecond
	a.Request("OPTIONS", b.URI(""))
	msg := failureOf(rt, func() { b.Expect("BYE") })
	if !strings.Contains(msg, "expected BYE within 30ms") || !strings.Contains(msg, "OPTIONS sip:") {
		t.Errorf("failure says %q", msg)
	}
	b.Expect("OPTIONS").Reply(200)
	out := b.Request("OPTIONS", a.URI(""))
	a.Expect("OPTIONS").Reply(404)
	msg = failureOf(rt, func() { out.Expect(200) })
	if !strings.Contains(msg, "expected 200 to OPTIONS") || !strings.Contains(msg, "404 Not Found") {
		t.Errorf("failure says %q", msg)
	}
	a.Request("BYE", b.URI(""))
	msg = failureOf(rt, func() { b.ExpectNone(time.Second, "BYE") })
	if !strings.Contains(msg, "expected no BYE") {
		t.Errorf("failure says %q", msg)
	}
}

func TestJunkStandsInTheTrace(t *testing.T) {
	a, b := NewFar(t), NewFar(t)
	a.SendRaw(b.Addr(), []byte("\r\n\r\n"))
	a.SendRaw(b.Addr(), []byte("GET / HTTP/1.1\r\n\r\n"))
	a.SendRaw(b.Addr(), []byte("OPTIONS sip:x SIP/2.0\r\nFrom: a\r\n\r\n"))
	a.Request("OPTIONS", b.URI(""))
	b.Expect("OPTIONS")
	bad := 0
	for _, e := range b.Trace.Entries() {
		if e.Err != nil {
			bad++
		}
	}
	if bad != 2 {
		t.Errorf("%d bad messages noted, want 2 (a keep-alive is none):\n%s", bad, b.Trace)
	}
}

// authorize answers the challenge with that index.
func authorize(t *testing.T, res *Message, i int, method, uri, password string, count int) Option {
	t.Helper()
	c, err := digest.ParseChallenge(res.Values("WWW-Authenticate")[i])
	if err != nil {
		t.Fatal(err)
	}
	cred, err := digest.Digest(c, digest.Options{Method: method, URI: uri, Username: "1001", Password: password, Count: count})
	if err != nil {
		t.Fatal(err)
	}
	return With("Authorization", cred.String())
}

func TestRegistrar(t *testing.T) {
	reg := &Registrar{
		Guard: &Guard{Realm: "pbx", Users: map[string]string{"1001": "secret"},
			Algorithms: []string{"SHA-512-256", "SHA-256", "MD5"}, NonceUses: 2},
		Expires: 90 * time.Second, MinExpires: 60 * time.Second,
	}
	far, ua := NewFar(t), NewFar(t)
	reg.Serve(far)
	uri := far.URI("")
	to := Set("To", "<"+far.URI("1001")+">")
	send := func(opts ...Option) *Message {
		return ua.Request("REGISTER", uri, append([]Option{to}, opts...)...).Final()
	}
	first := send()
	if first.Status != 401 || len(first.Values("WWW-Authenticate")) != 3 {
		t.Fatalf("first answer %s with %q", first, first.Values("WWW-Authenticate"))
	}
	for i := range 3 {
		c := send()
		if m := send(authorize(t, c, i, "REGISTER", uri, "secret", 1)); m.Status != 200 || param(m.Get("Contact"), "expires") != "90" {
			t.Errorf("challenge %d: %s, Contact %s", i, m, m.Get("Contact"))
		}
	}
	c := send()
	if m := send(authorize(t, c, 1, "REGISTER", uri, "wrong", 1)); m.Status != 403 {
		t.Errorf("wrong password: %s", m)
	}
	if m := send(authorize(t, c, 1, "REGISTER", uri, "secret", 1), Set("Expires", "30")); m.Status != 423 || m.Get("Min-Expires") != "60" {
		t.Errorf("too brief: %s", m)
	}
	if m := send(authorize(t, c, 1, "REGISTER", uri, "secret", 1)); m.Status != 401 || !strings.Contains(m.Get("WWW-Authenticate"), "stale=true") {
		t.Errorf("same nonce count again: %s", m)
	}
	if m := send(authorize(t, c, 1, "REGISTER", uri, "secret", 2)); m.Status != 200 {
		t.Errorf("second use: %s", m)
	}
	if m := send(authorize(t, c, 1, "REGISTER", uri, "secret", 3)); m.Status != 401 {
		t.Errorf("third use of a nonce good for two: %s", m)
	}
	if b := reg.Bindings()[far.URI("1001")]; b.Granted != 90*time.Second || b.Contact != ua.URI("far") {
		t.Errorf("binding %+v", b)
	}
	c = send()
	send(authorize(t, c, 0, "REGISTER", uri, "secret", 1), Set("Expires", "0"))
	if n := len(reg.Bindings()); n != 0 {
		t.Errorf("%d bindings after unregistering", n)
	}
}

func TestHeaderTools(t *testing.T) {
	for _, c := range []struct{ in, tag, want string }{
		{`"A;B" <sip:a@b;tag=no>;tag=x;y=1`, "z", `"A;B" <sip:a@b;tag=no>;y=1;tag=z`},
		{`<sip:a@b>`, "z", `<sip:a@b>;tag=z`},
		{`sip:a@b;tag=x`, "", `sip:a@b`},
	} {
		if got := setTag(c.in, c.tag); got != c.want {
			t.Errorf("setTag(%q, %q) = %q, want %q", c.in, c.tag, got, c.want)
		}
	}
	m, err := parse([]byte("OPTIONS sip:a@b SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1, SIP/2.0/UDP i;branch=z9hG4bK2\r\n" +
		"f: <sip:a@b>;tag=1\r\nt: <sip:c@d>\r\ni: x\r\nCSeq: 7 OPTIONS\r\nk: timer, 100rel\r\nl: 0\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if !m.Lists("Supported", "100rel") || len(m.Values("Via")) != 2 || m.Branch() != "z9hG4bK1" || m.FromTag() != "1" {
		t.Errorf("%+v", m)
	}
}
