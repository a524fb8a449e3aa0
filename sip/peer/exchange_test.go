package peer

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/nyaruka/phonenumbers"
)

func startExchange(t *testing.T, cfg ExchangeConfig) *Exchange {
	t.Helper()
	x, err := NewExchange(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(x.Close)
	return x
}

// records waits until the exchange has written n records.
func records(t *testing.T, x *Exchange, n int) []CallRecord {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for {
		if r := x.Records(); len(r) >= n {
			return r
		}
		select {
		case <-poll.C:
		case <-deadline.C:
			t.Fatalf("%d call records after 10 s, want %d", len(x.Records()), n)
		}
	}
}

// caller is an agent's end played by hand: a Far for the signalling and a
// stream for the sound.
type caller struct {
	t   *testing.T
	far *Far
	rtp *stream
	out *Sent
	dlg *Dialog
}

// dial dials the number, speaking a tone of that frequency once answered.
func dial(t *testing.T, x *Exchange, number string, opts ...Option) *caller {
	t.Helper()
	rtp, err := newStream(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(rtp.close)
	c := &caller{t: t, far: NewFar(t), rtp: rtp}
	opts = append([]Option{SDP(PlainSDP(int(rtp.addr().Port()))),
		With("P-Asserted-Identity", "<sip:+493023125999@localhost>")}, opts...)
	c.out = c.far.Request("INVITE", x.URI(number), opts...)
	return c
}

// answered waits for the 200, acknowledges it and lets the tone begin.
func (c *caller) answered(hz int) *Message {
	c.t.Helper()
	ok := c.out.Expect(200)
	c.dlg = c.out.Dialog(ok)
	c.dlg.Ack()
	c.speak(ok, hz)
	return ok
}

func (c *caller) speak(ok *Message, hz int) {
	c.t.Helper()
	d, err := readSDP(ok.Body)
	if err != nil {
		c.t.Fatalf("description of the exchange: %v\n%s", err, ok.Body)
	}
	var lib library
	c.rtp.change(func(s *stream) {
		s.to, s.pt, s.event, s.on, s.snd = d.addr, d.law, d.event, true, lib.get("tone", hz)
	})
}

// pace lets the streams run for d.
func pace(d time.Duration, list ...*caller) {
	p := &pacer{streams: map[*stream]struct{}{}}
	for _, c := range list {
		p.add(c.rtp)
	}
	done := make(chan struct{})
	timer := time.AfterFunc(d, func() { close(done) })
	defer timer.Stop()
	p.run(done)
}

func (c *caller) heard() CallRecord {
	var r CallRecord
	r.fill(c.rtp)
	return r
}

// samples is how many have come.
func (c *caller) samples() (n int) {
	c.rtp.change(func(s *stream) { n = s.samples[talking] })
	return n
}

func (c *caller) hangup() { c.t.Helper(); c.dlg.Request("BYE").Expect(200) }

func near(got, want, by float64) bool { return math.Abs(got-want) <= by }

func TestFatesFile(t *testing.T) {
	list, err := Fates()
	if err != nil {
		t.Fatal(err)
	}
	results := "answer busy no-answer answering-machine invalid-number all-trunks-busy silence fax rejected dial-error"
	for _, f := range list {
		for i := range Instances {
			n := Number(f.Code, i)
			p, err := phonenumbers.Parse(n, "")
			if err != nil || !phonenumbers.IsValidNumber(p) {
				t.Errorf("%s is no valid number", n)
			}
			if got, _ := FateOf(n); got.Code != f.Code {
				t.Errorf("%s has fate %s, want %s", n, got.Code, f.Code)
			}
		}
		if !strings.Contains(" "+results+" ", " "+f.CallResult+" ") {
			t.Errorf("fate %s: call result %q is none", f.Code, f.CallResult)
		}
		if !strings.Contains("contact agent dialer", f.EndedBy) || f.EndedBy == "" {
			t.Errorf("fate %s: ended by %q", f.Code, f.EndedBy)
		}
		if f.Description == "" || f.Name == "" || len(f.Steps) == 0 {
			t.Errorf("fate %s lacks name, description or steps", f.Code)
		}
	}
	if f, _ := FateOf("911"); f.Code != "11" {
		t.Errorf("911: %s", f.Code)
	}
	for _, n := range []string{"99", "", "x", "+49 (30) 231250-98"} {
		if f, _ := FateOf(n); f.Code != "00" {
			t.Errorf("%q: fate %s, want 00", n, f.Code)
		}
	}
	for _, bad := range []string{
		`- {code: "1", steps: [ring]}`, `- {code: "00", steps: [fly]}`, `- {code: "00", wings: 2}`,
		`- {code: "01", steps: [ring]}`, "- {code: \"00\", steps: [ring]}\n- {code: \"00\", steps: [ring]}",
	} {
		if _, err := readFates(bad); err == nil {
			t.Errorf("accepted %s", bad)
		}
	}
}

func TestExpect(t *testing.T) {
	for _, c := range []struct {
		code  string
		talk  time.Duration
		speed float64
		want  Expected
	}{
		{"01", 20 * time.Second, 1, Expected{"answer", 200, "contact"}},
		{"01", 3 * time.Second, 1, Expected{"answer", 200, "agent"}},
		{"01", 3 * time.Second, 4, Expected{"answer", 200, "contact"}},
		{"00", 3 * time.Second, 1, Expected{"answer", 200, "agent"}},
		{"10", 3 * time.Second, 1, Expected{"busy", 486, "contact"}},
		{"05", time.Second, 1, Expected{"answer", 200, "contact"}},
	} {
		f, _ := FateOf(Number(c.code, 0))
		if got := f.Expect(c.talk, c.speed); got != c.want {
			t.Errorf("%s, talk %v, speed %v: %+v, want %+v", c.code, c.talk, c.speed, got, c.want)
		}
	}
	f, _ := FateOf(Number("33", 0))
	if d, ok := f.Talks(); !ok || d != 35500*time.Millisecond {
		t.Errorf("answering machine talks %v, %v", d, ok)
	}
}

// TestRefusals dials every fate that never answers and compares with the file.
func TestRefusals(t *testing.T) {
	t.Parallel()
	x := startExchange(t, ExchangeConfig{Speed: 100})
	list, _ := Fates()
	dialled := map[string]Fate{}
	for i, f := range list {
		if f.Status == 200 || f.Status == 0 || f.CallsBack {
			continue
		}
		n := Number(f.Code, i%Instances)
		dialled[n] = f
		c := dial(t, x, n)
		if f.EndedBy == "dialer" {
			c.out.Expect(180)
			c.out.Cancel().Expect(200)
		}
		res := c.out.Expect(f.Status)
		if f.Cause != 0 && res.Get("Reason") != fmt.Sprintf("Q.850;cause=%d", f.Cause) {
			t.Errorf("fate %s: Reason %q, want cause %d", f.Code, res.Get("Reason"), f.Cause)
		}
	}
	for _, r := range records(t, x, len(dialled)) {
		f, by := dialled[r.Number], "contact"
		if f.EndedBy == "dialer" {
			by = "caller"
		}
		if r.Status != f.Status || r.EndedBy != by || r.CallerID != "+493023125999" || len(r.Violations) > 0 {
			t.Errorf("record %+v", r)
		}
	}
}

func TestContactHangsUp(t *testing.T) {
	t.Parallel()
	x := startExchange(t, ExchangeConfig{Speed: 10})
	for _, code := range []string{"04", "05", "35"} {
		c := dial(t, x, Number(code, 0))
		c.answered(500)
		c.dlg.Expect("BYE").Reply(200)
	}
	for _, r := range records(t, x, 3) {
		if r.EndedBy != "contact" || r.Status != 200 || len(r.Violations) > 0 {
			t.Errorf("record %+v", r)
		}
	}
}

func TestExchangeAsksForPassword(t *testing.T) {
	x := startExchange(t, ExchangeConfig{Accounts: map[string]string{"1001": "secret"}, Speed: 100})
	ua := NewFar(t)
	reg := ua.Request("REGISTER", "sip:"+x.Addr(), Set("To", "<sip:1001@"+x.Addr()+">")).Expect(401)
	ua.Request("REGISTER", "sip:"+x.Addr(), Set("To", "<sip:1001@"+x.Addr()+">"),
		authorize(t, reg, 0, "REGISTER", "sip:"+x.Addr(), "secret", 1)).Expect(200)
	if len(x.Bindings()) != 1 {
		t.Errorf("bindings %v", x.Bindings())
	}
	inv := ua.Request("INVITE", x.URI(Number("10", 0)), SDP(PlainSDP(4000)))
	res := inv.Expect(407)
	res.add("WWW-Authenticate", res.Get("Proxy-Authenticate"))
	ua.Request("INVITE", x.URI(Number("10", 0)), SDP(PlainSDP(4000)),
		authorize(t, res, 0, "INVITE", x.URI(Number("10", 0)), "wrong", 1)).Expect(403)
	ua.Request("INVITE", x.URI(Number("10", 0)), SDP(PlainSDP(4000)),
		authorize(t, res, 0, "INVITE", x.URI(Number("10", 0)), "secret", 1)).Expect(486)
}

func TestOutsideOfCalls(t *testing.T) {
	x := startExchange(t, ExchangeConfig{})
	ua := NewFar(t)
	if m := ua.Request("OPTIONS", "sip:"+x.Addr()).Expect(200); !m.Lists("Allow", "INVITE") {
		t.Errorf("Allow %q", m.Get("Allow"))
	}
	ua.Request("BYE", x.URI("1"), ToTag("nobody")).Expect(481)
	ua.Request("MESSAGE", x.URI("1")).Expect(405)
	ua.Request("INVITE", x.URI("1"), SDP("v=0\r\nnonsense")).Expect(488)
	ua.Request("INVITE", x.URI("02"), SDP(strings.ReplaceAll(PlainSDP(4000), "RTP/AVP 8 0 101", "RTP/AVP 96"))).Expect(488)
}

func TestHangupEndsAllCalls(t *testing.T) {
	x := startExchange(t, ExchangeConfig{Speed: 100})
	a, b := dial(t, x, Number("00", 0)), dial(t, x, Number("13", 0))
	a.answered(500)
	b.out.Expect(180)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- x.Hangup(ctx) }()
	a.dlg.Expect("BYE").Reply(200)
	b.out.Expect(480)
	if err := <-result; err != nil {
		t.Error(err)
	}
	if x.Live() != 0 {
		t.Errorf("%d live", x.Live())
	}
}
