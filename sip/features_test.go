package sip_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

func TestInfo(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, dlg := r.answered()
	relay := func(body string) peer.Option { return peer.Body("application/dtmf-relay", []byte(body)) }
	dlg.Request("INFO", relay("Signal=5\r\nDuration=160\r\n")).Expect(200)
	if e := p.expect(sip.Info); e.Digit != "5" || e.Duration != 160 {
		t.Errorf("%+v", e)
	}
	dlg.Request("INFO", relay("Signal= *\r\n")).Expect(200)
	if e := p.expect(sip.Info); e.Digit != "*" {
		t.Errorf("%+v", e)
	}
	dlg.Request("INFO", peer.Body("application/dtmf", []byte("11"))).Expect(200)
	if e := p.expect(sip.Info); e.Digit != "#" {
		t.Errorf("%+v", e)
	}
	dlg.Request("INFO").Expect(200)
	dlg.Request("INFO", relay("Signal=99\r\n")).Expect(400)
	dlg.Request("INFO", peer.Body("application/media_control+xml", []byte("<x/>"))).Expect(415)
	dlg.Request("OPTIONS").Expect(200)
	dlg.Request("MESSAGE", peer.Body("text/plain", []byte("hi"))).Expect(405)
	dlg.Request("INFO", peer.With("Require", "teleport")).Expect(420)
	p.quiet(t1)
	p.call.Info("7", 120*time.Millisecond)
	info := dlg.Expect("INFO")
	if string(info.Body) != "Signal=7\r\nDuration=120\r\n" || info.Get("Content-Type") != "application/dtmf-relay" {
		t.Errorf("INFO %q %q", info.Get("Content-Type"), info.Body)
	}
	info.Reply(200)
	// An old number is refused.
	dlg.CSeq = 1
	dlg.Request("INFO", relay("Signal=5")).Expect(500)
	dlg.CSeq = 100
	p.bye(dlg)
}

// TestOrder: digits sent in one burst arrive in order, though sipgo hands
// each message up in a goroutine of its own.
func TestOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, dlg := r.answered()
	const digits = "0123456789*#ABCD0123456789*#ABCD"
	for _, d := range digits {
		dlg.Request("INFO", peer.Body("application/dtmf", []byte(string(d))))
	}
	dlg.Request("BYE")
	var got strings.Builder
	for range digits {
		got.WriteString(p.expect(sip.Info).Digit)
	}
	if got.String() != digits {
		t.Errorf("got  %s\nwant %s", got.String(), digits)
	}
	p.expect(sip.Ended)
}

func TestTransferOut(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, dlg := r.talk()
	p.call.Refer("sip:4712@pbx.test?Replaces=x")
	ref := dlg.Expect("REFER")
	if ref.Get("Refer-To") != "<sip:4712@pbx.test>" || ref.Get("Referred-By") != "<sip:1001@127.0.0.1>" {
		t.Errorf("REFER %v", ref.Headers)
	}
	ref.Reply(202)
	if e := p.expect(sip.Transferred); e.Status != 100 {
		t.Errorf("%+v", e)
	}
	frag := func(line, state string) *peer.Sent {
		return dlg.Request("NOTIFY", peer.With("Event", "refer;id=2"), peer.With("Subscription-State", state),
			peer.Body("message/sipfrag;version=2.0", []byte(line)))
	}
	frag("SIP/2.0 180 Ringing\r\n", "active;expires=60").Expect(200)
	if e := p.expect(sip.Transferred); e.Status != 180 {
		t.Errorf("%+v", e)
	}
	frag("SIP/2.0 486 Busy Here\r\n", "terminated;reason=noresource").Expect(200)
	if e := p.expect(sip.Transferred); e.Status != 486 || e.Reason != "Busy Here" {
		t.Errorf("%+v", e)
	}
	frag("SIP/2.0 200 OK\r\n", "terminated").Expect(481) // over
	dlg.Request("NOTIFY", peer.With("Event", "presence")).Expect(489)
	p.call.Refer("sip:4713@pbx.test")
	dlg.Expect("REFER").Reply(603)
	if e := p.expect(sip.Transferred); e.Status != 603 {
		t.Errorf("%+v", e)
	}
	p.call.Refer("not a uri")
	if e := p.expect(sip.Transferred); e.Status != 400 {
		t.Errorf("%+v", e)
	}
	p.bye(dlg)
}

// TestTransferAttended: the far end is asked to take our place in another call.
func TestTransferAttended(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, dlg := r.talk()
	other := &rig{t: t, agent: r.agent, far: peer.NewFar(t)}
	q, inv := other.dialled()
	consult := q.up(inv)
	p.call.ReferTo(q.call)
	ref := dlg.Expect("REFER")
	_, own, _ := strings.Cut(inv.Get("From"), ";tag=")
	to := strings.Trim(ref.Get("Refer-To"), "<>")
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	want := inv.Get("Call-ID") + ";to-tag=" + consult.LocalTag + ";from-tag=" + own
	_, headers, _ := strings.Cut(to, "?")
	got, err := url.QueryUnescape(strings.TrimPrefix(headers, "Replaces="))
	if err != nil || got != want || strings.ContainsAny(headers, ";@ ") || !strings.Contains(to, other.far.Addr()) {
		t.Errorf("Refer-To %s (%v): %q, %v; want %q", to, u, got, err, want)
	}
	ref.Reply(202)
	p.expect(sip.Transferred)
	dlg.Request("NOTIFY", peer.With("Event", "refer"), peer.With("Subscription-State", "terminated;reason=noresource"),
		peer.Body("message/sipfrag;version=2.0", []byte("SIP/2.0 200 OK\r\n"))).Expect(200)
	if e := p.expect(sip.Transferred); e.Status != 200 {
		t.Errorf("%+v", e)
	}
	p.bye(dlg)
	q.bye(consult)
	third, dlg := r.talk()
	third.call.ReferTo(q.call) // over
	if e := third.expect(sip.Transferred); e.Status != 400 {
		t.Errorf("%+v", e)
	}
	third.bye(dlg)
}

func TestTransferIn(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	p, dlg := r.answered()
	dlg.Request("REFER").Expect(400)
	dlg.Request("REFER", peer.With("Refer-To", "<http://x/>")).Expect(400)
	dlg.Request("REFER", peer.With("Refer-To", "<sip:4712@pbx.test>")).Expect(202)
	n := dlg.Expect("NOTIFY")
	if string(n.Body) != "SIP/2.0 100 Trying\r\n" || n.Get("Content-Type") != "message/sipfrag" {
		t.Errorf("NOTIFY %q", n.Body)
	}
	n.Reply(200)
	if e := p.expect(sip.Refer); e.ReferTo != "sip:4712@pbx.test" {
		t.Errorf("%+v", e)
	}
	p.call.ReferResult(200, "")
	n = dlg.Expect("NOTIFY")
	if string(n.Body) != "SIP/2.0 200 OK\r\n" || !strings.HasPrefix(n.Get("Subscription-State"), "terminated") {
		t.Errorf("NOTIFY %q %q", n.Body, n.Get("Subscription-State"))
	}
	n.Reply(200)
	p.bye(dlg)
}

func TestSessionTimerTheirs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, inv := r.dialled()
	if inv.Get("Session-Expires") != "1800" || !inv.Lists("Supported", "timer") {
		t.Errorf("INVITE %v", inv.Headers)
	}
	inv.Reply(422, peer.With("Min-SE", "3600")) // RFC 4028 §7.3
	inv = r.far.Expect("INVITE", func(m *peer.Message) bool { return m.Get("Min-SE") == "3600" })
	if inv.Get("Session-Expires") != "3600" {
		t.Errorf("INVITE %v", inv.Headers)
	}
	// The far end refreshes, and then does not: BYE before 3 s are over.
	dlg := p.up(inv, peer.With("Session-Expires", "3;refresher=uas"), peer.With("Require", "timer"))
	refreshed := time.Now()
	ok := dlg.Request("UPDATE", peer.With("Supported", "timer"), peer.With("Session-Expires", "90;refresher=uac")).Expect(200)
	if ok.Get("Session-Expires") != "90;refresher=uac" || !ok.Lists("Require", "timer") {
		t.Errorf("200: %v", ok.Headers)
	}
	// The role turns with the transaction: they may also hand it to us.
	ok = dlg.Request("INVITE", plain(), peer.With("Supported", "timer"), peer.With("Session-Expires", "90;refresher=uas")).Expect(200)
	if ok.Get("Session-Expires") != "90;refresher=uas" {
		t.Errorf("200: %v", ok.Headers)
	}
	dlg.Ack()
	p.expect(sip.Updated)
	if time.Since(refreshed) > time.Second {
		t.Error("too slow to say anything")
	}
	p.hangup(dlg)
}

func TestSessionExpires(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, dlg := r.talk(peer.With("Session-Expires", "3;refresher=uas"))
	began := time.Now()
	bye := dlg.Expect("BYE")
	if d := time.Since(began); d < 1500*time.Millisecond || d > 2600*time.Millisecond {
		t.Errorf("BYE after %v, want SE - SE/3 = 2 s", d)
	}
	bye.Reply(200)
	dlg.ExpectNone(t1, "INVITE") // refreshing was theirs
	p.ends(408, sip.Local)
}

func TestSessionRefreshedByUs(t *testing.T) {
	t.Parallel()
	for name, method := range map[string]string{"with UPDATE": "UPDATE", "without": "INVITE"} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			opts := []peer.Option{peer.With("Session-Expires", "2;refresher=uac")}
			if method == "UPDATE" {
				opts = append(opts, peer.With("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE"))
			}
			p, dlg := r.talk(opts...)
			began := time.Now()
			for range 2 {
				re := dlg.Expect(method)
				if d := time.Since(began); d < 900*time.Millisecond || d > 1500*time.Millisecond {
					t.Errorf("refreshed after %v, want half of 2 s", d)
				}
				if re.Get("Session-Expires") != "2;refresher=uac" {
					t.Errorf("refresh %v", re.Headers)
				}
				began = time.Now()
				if method == "INVITE" {
					re.Reply(200, plain(), peer.With("Session-Expires", "2;refresher=uac"))
					dlg.Expect("ACK")
					p.expect(sip.Updated)
				} else {
					re.Reply(200, peer.With("Session-Expires", "2;refresher=uac"))
				}
			}
			dlg.Expect(method).Reply(481)
			if method == "INVITE" {
				dlg.Expect("ACK")
			}
			dlg.Expect("BYE").Reply(200)
			p.until(sip.Ended)
		})
	}
}

// large makes an offer that fits into no datagram.
func large(o *sip.DialOptions) {
	o.Body.(*body).offer = peer.PlainSDP(4000) + strings.Repeat("a=x-filler:0123456789\r\n", 60)
}

func TestLargeRequestGoesByTCP(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *sip.Config) { c.Listen = append(c.Listen, "tcp://127.0.0.1:0") })
	p, inv := r.dialled(large)
	if !strings.HasPrefix(inv.Get("Via"), "SIP/2.0/TCP") || len(inv.Body) != len(p.body.offer) {
		t.Errorf("Via %q, %d bytes", inv.Get("Via"), len(inv.Body))
	}
	p.hangup(p.up(inv))
}

// TestLargeRequestFallsBack: the far end has no TCP, so the datagram it is.
func TestLargeRequestFallsBack(t *testing.T) {
	t.Parallel()
	s := startSipp(t, "-sn", "uas", "-m", "2")
	s.bound(t)
	a := start(t, nil)
	for range 2 {
		p := dial(t, a, fmt.Sprintf("sip:1@127.0.0.1:%d", s.port), large)
		p.until(sip.Answered)
		p.call.Hangup(sip.Reason{})
		p.expect(sip.Ended)
	}
	s.wait(t, 10*time.Second)
}

func TestConfigurationErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]sip.Config{
		"nothing to listen on": {},
		"no scheme":            {Listen: []string{"127.0.0.1:5060"}},
		"unknown scheme":       {Listen: []string{"sctp://127.0.0.1:5060"}},
		"tls":                  {Listen: []string{"tls://127.0.0.1:5061"}},
		"name in listen":       {Listen: []string{"udp://localhost:5060"}},
		"wildcard advertised":  {Listen: []string{"udp://0.0.0.0:0"}, Advertise: "0.0.0.0"},
		"advertise":            {Listen: []string{"udp://0.0.0.0:0"}, Advertise: "a b"},
		"trusted":              {Listen: []string{"udp://0.0.0.0:0"}, Trusted: []string{"pbx"}},
		"account name":         {Listen: []string{"udp://0.0.0.0:0"}, Accounts: []sip.Account{{Address: "sip:1@a"}}},
		"account address":      {Listen: []string{"udp://0.0.0.0:0"}, Accounts: []sip.Account{{Name: "x", Address: "1@a"}}},
		"caller id in":         {Listen: []string{"udp://0.0.0.0:0"}, Accounts: []sip.Account{{Name: "x", Address: "sip:1@a", CallerIDIn: "head"}}},
		"twice": {Listen: []string{"udp://0.0.0.0:0"}, Accounts: []sip.Account{
			{Name: "x", Address: "sip:1@a"}, {Name: "x", Address: "sip:2@a"}}},
	} {
		if _, err := sip.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	one := start(t, nil)
	two := newAgent(t, func(c *sip.Config) { c.Listen = []string{"udp://" + udp(t, one)} })
	err := two.Start(context.Background())
	if err == nil || !strings.Contains(err.Error(), udp(t, one)) || !strings.Contains(err.Error(), "another program") {
		t.Errorf("port in use: %v", err)
	}
	if _, err := two.Dial(context.Background(), sip.DialOptions{Account: "trunk", URI: "sip:1@127.0.0.1"}); err == nil {
		t.Error("dialled without Start")
	}
	_ = two.Close(context.Background())
	b, _ := json.Marshal(sip.Account{Password: "hush"})
	if s := fmt.Sprintf("%v %+v %#v", sip.Secret("hush"), sip.Account{Password: "hush"}, sip.Secret("hush")); strings.Contains(s, "hush") {
		t.Errorf("secret shown: %s %s", s, b)
	}
}

func TestWildcardIsNeverTold(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *sip.Config) { c.Listen = []string{"udp://0.0.0.0:0"} })
	p, inv := r.dialled()
	all := inv.Get("Via") + inv.Get("Contact")
	if strings.Contains(all, "0.0.0.0") || !strings.Contains(inv.Get("Contact"), "@127.0.0.1:") {
		t.Errorf("%s", all)
	}
	inv.Reply(486)
	p.ends(486, sip.Remote)
	r = facing(t, r.far, func(c *sip.Config) { c.Advertise = "phone.example.test:7070" })
	p, inv = r.dialled()
	if !strings.Contains(inv.Get("Contact"), "@phone.example.test:7070>") || !strings.Contains(inv.Get("Via"), "phone.example.test:7070") {
		t.Errorf("%s %s", inv.Get("Contact"), inv.Get("Via"))
	}
	inv.Reply(486)
	p.ends(486, sip.Remote)
}

func TestCloseEndsCalls(t *testing.T) {
	t.Parallel()
	r := &rig{t: t, far: peer.NewFar(t), agent: newAgent(t, nil)} // which the test closes
	if err := r.agent.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	p, dlg := r.talk()
	ringing, inv := r.rings()
	silent, _ := r.dialled()
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		done <- r.agent.Close(ctx)
	}()
	dlg.Expect("BYE").Reply(200)
	r.far.Expect("CANCEL").Reply(200)
	inv.Reply(487)
	p.until(sip.Ended)
	ringing.until(sip.Ended)
	silent.until(sip.Ended)
	if err := <-done; err == nil {
		t.Error("Close did not tell of the call that nobody answered")
	}
	if _, err := r.agent.Dial(context.Background(), sip.DialOptions{Account: "trunk", URI: r.far.URI("1")}); err == nil {
		t.Error("dialled after Close")
	}
	if s := r.agent.Stats(); s != (sip.Stats{}) {
		t.Errorf("%+v", s)
	}
}
