package sip_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	sdp := plain()
	for _, c := range []struct {
		name   string
		method string
		opts   []peer.Option
		status int
		header string
		value  string
	}{
		{"unknown method", "WINK", nil, 405, "Allow", "INVITE"},
		{"methods are case-sensitive", "invite", []peer.Option{sdp, peer.Set("CSeq", "1 invite")}, 405, "Allow", "INVITE"},
		{"message", "MESSAGE", []peer.Option{peer.Body("text/plain", []byte("hi"))}, 405, "Allow", "BYE"},
		{"subscribe", "SUBSCRIBE", []peer.Option{peer.With("Event", "presence")}, 405, "Allow", ""},
		{"accept", "INVITE", []peer.Option{sdp, peer.With("Accept", "text/html")}, 406, "Accept", "application/sdp"},
		{"media type", "INVITE", []peer.Option{peer.Body("application/pidf+xml", []byte("<x/>"))}, 415, "Accept", "application/sdp"},
		{"encoding", "INVITE", []peer.Option{sdp, peer.With("Content-Encoding", "gzip")}, 415, "Accept-Encoding", "identity"},
		{"require", "INVITE", []peer.Option{sdp, peer.With("Require", "100rel, teleport")}, 420, "Unsupported", "teleport"},
		{"bye to nothing", "BYE", []peer.Option{peer.ToTag("nope")}, 481, "", ""},
		{"reinvite to nothing", "INVITE", []peer.Option{sdp, peer.ToTag("nope")}, 481, "", ""},
		{"cancel of nothing", "CANCEL", nil, 481, "", ""},
		{"notify outside", "NOTIFY", []peer.Option{peer.With("Event", "refer")}, 481, "", ""},
		{"refer outside", "REFER", []peer.Option{peer.With("Refer-To", "<sip:x@y>")}, 403, "", ""},
		{"interval", "INVITE", []peer.Option{sdp, peer.With("Supported", "timer"), peer.With("Session-Expires", "60")}, 422, "Min-SE", "90"},
		{"max-forwards", "INVITE", []peer.Option{sdp, peer.Set("Max-Forwards", "300")}, 400, "", ""},
		{"options", "OPTIONS", nil, 200, "Accept", "application/sdp"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := r.far.Request(c.method, r.uri(), c.opts...).Final()
			if m.Status != c.status {
				t.Fatalf("%d %s, want %d", m.Status, m.Reason, c.status)
			}
			if c.header != "" && !strings.Contains(m.Get(c.header), c.value) {
				t.Errorf("%s: %q", c.header, m.Get(c.header))
			}
			if m.ToTag() == "" {
				t.Error("no To tag")
			}
		})
	}
	r.uncalled()
	eventually(t, 70*t1, "transactions gone", func() bool { return r.agent.Stats().ServerTransactions == 0 })
}

// raw sends text as one datagram and returns the first answer, "" if none
// comes.
func raw(t testing.TB, to, text string) string {
	t.Helper()
	c, err := net.Dial("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	text = strings.ReplaceAll(text, "$PORT", c.LocalAddr().String()[strings.LastIndex(c.LocalAddr().String(), ":")+1:])
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(4 * t1))
	b := make([]byte, 4096)
	n, err := c.Read(b)
	if err != nil {
		return ""
	}
	return string(b[:n])
}

func plainRequest(line, extra string) string {
	method, _, _ := strings.Cut(line, " ")
	return line + "\r\nVia: SIP/2.0/UDP 127.0.0.1:$PORT;branch=z9hG4bK" + strings.Repeat("q", 8) + line[:4] + ";rport\r\n" +
		"From: <sip:x@127.0.0.1>;tag=1\r\nTo: <sip:1001@127.0.0.1>\r\nCall-ID: raw" + line[:3] + extra + "\r\nCSeq: 1 " + method + "\r\n" + extra + "Content-Length: 0\r\n\r\n"
}

func TestStartLines(t *testing.T) {
	t.Parallel()
	a := start(t, trusting)
	at := udp(t, a)
	for name, cseq := range map[string]string{"range": "4294967290 OPTIONS", "method": "1 INVITE", "none": "OPTIONS"} {
		text := strings.Replace(plainRequest("OPTIONS sip:1001@127.0.0.1 SIP/2.0", ""), "1 OPTIONS", cseq, 1)
		if got := raw(t, at, text); !strings.HasPrefix(got, "SIP/2.0 400") {
			t.Errorf("CSeq %s: %.60q", name, got)
		}
	}
	for line, want := range map[string]string{
		"OPTIONS sip:1001@127.0.0.1 SIP/7.0":               "SIP/2.0 505",
		"OPTIONS tel:+4930 SIP/2.0":                        "SIP/2.0 416",
		"OPTIONS nobodyKnows:x SIP/2.0":                    "SIP/2.0 416",
		"OPTIONS <sip:1001@127.0.0.1> SIP/2.0":             "SIP/2.0 400",
		"OPTIONS sip:1001@127.0.0.1; lr SIP/2.0":           "SIP/2.0 400",
		"OPTIONS sip:1001@127.0.0.1 SIP/2.0":               "SIP/2.0 200",
		"OPTIONS sip:1001@[::1 SIP/2.0":                    "SIP/2.0 400",
		"OPTIONS  SIP/2.0":                                 "SIP/2.0 400",
		"GET / HTTP/1.1":                                   "",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03junk": "",
	} {
		got := raw(t, at, plainRequest(line, ""))
		if want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("%q: %.60q, want %q", line, got, want)
		}
	}
}

// TestStrangersGetNothing: from an untrusted address there is no answer at
// all, whatever it sends.
func TestStrangersGetNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *sip.Config) {
		c.Listen = append(c.Listen, "tcp://127.0.0.1:0")
		c.Trusted = []string{"192.0.2.0/24"}
	})
	for _, line := range []string{"INVITE sip:1001@127.0.0.1 SIP/2.0", "OPTIONS sip:1001@127.0.0.1 SIP/2.0",
		"REGISTER sip:127.0.0.1 SIP/2.0", "BYE sip:1001@127.0.0.1 SIP/2.0", "BOGUS sip:1001@127.0.0.1 SIP/2.0",
		"OPTIONS sip:1001@127.0.0.1 SIP/9.0"} {
		if got := raw(t, udp(t, r.agent), plainRequest(line, "")); got != "" {
			t.Errorf("%q was answered: %q", line, got)
		}
	}
	c, err := net.Dial("tcp", r.agent.Addrs()[1].String())
	if err == nil {
		_, _ = c.Write([]byte(plainRequest("OPTIONS sip:1001@127.0.0.1 SIP/2.0", "")))
		_ = c.SetReadDeadline(time.Now().Add(4 * t1))
		if n, err := c.Read(make([]byte, 100)); n > 0 || err == nil {
			t.Error("TCP was answered")
		}
		_ = c.Close()
	}
	r.uncalled()
	if s := r.agent.Stats(); s.ServerTransactions != 0 {
		t.Errorf("%+v", s)
	}
}

// TestPartyOfACallIsNotTrusted: whom we call may speak in the call, and
// cannot call us.
func TestPartyOfACallIsNotTrusted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, dlg := r.talk()
	r.far.Request("INVITE", r.uri(), plain()).ExpectNone(4 * t1)
	dlg.Request("OPTIONS").Expect(200)
	p.bye(dlg)
	dlg.Request("OPTIONS").Final() // still known for a while
	r.uncalled()
}

func TestSpellings(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	text := "INVITE sip:1001@127.0.0.1 SIP/2.0\r\n" +
		"v: SIP / 2.0 / UDP   127.0.0.1:" + portOf(r.far) + " ; RPORT ; Branch = z9hG4bKspell1 , SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n" +
		"f: \"Quoted; \\\"name\\\" <x>\"\r\n  <sip:caller@127.0.0.1> ; TAG = abc\r\n" +
		"t: sip:1001@127.0.0.1\r\n" +
		"i: spelled@here\r\nCSEQ:   7    INVITE\r\n" +
		"m: <" + r.far.URI("far") + ">\r\nmax-forwards:70\r\nc: application/sdp\r\n\r\n" + peer.PlainSDP(5000)
	r.far.SendRaw(udp(t, r.agent), []byte(text))
	p := <-r.calls
	if who := p.call.Remote(); who.Name != `Quoted; "name" <x>` || who.Number != "caller" {
		t.Errorf("remote %+v", who)
	}
	p.call.Answer()
	ok, err := r.far.Await(time.Second, func(m *peer.Message) bool { return m.Status == 200 })
	if err != nil {
		t.Fatal(err)
	}
	if len(ok.Values("Via")) != 2 || ok.FromTag() != "abc" || ok.Branch() != "z9hG4bKspell1" || ok.Get("CSeq") != "7 INVITE" {
		t.Errorf("200: %v", ok.Headers)
	}
	if !strings.Contains(ok.Get("Via"), "received=127.0.0.1") || !strings.Contains(ok.Get("Via"), "rport="+portOf(r.far)) {
		t.Errorf("Via %q", ok.Get("Via"))
	}
	tail := "Call-ID: spelled@here\r\nFrom: <sip:caller@127.0.0.1>;tag=abc\r\nTO: <sip:1001@127.0.0.1>;Tag=" + ok.ToTag() + "\r\nContent-Length: 0\r\n\r\n"
	via := "Via: SIP/2.0/UDP 127.0.0.1:" + portOf(r.far) + ";rport;branch=z9hG4bK"
	r.far.SendRaw(udp(t, r.agent), []byte("ACK "+r.uri()+" SIP/2.0\r\n"+via+"ack\r\nCSeq: 7 ACK\r\n"+tail))
	p.expect(sip.Answered)
	r.far.SendRaw(udp(t, r.agent), []byte("BYE "+r.uri()+" SIP/2.0\r\n"+via+"bye\r\nCSeq: 8 BYE\r\n"+tail))
	p.expect(sip.Ended)
}

func portOf(f *peer.Far) string { return f.Addr()[strings.LastIndex(f.Addr(), ":")+1:] }

// TestLongAndShortBodies: RFC 3261 §18.3.
func TestLongAndShortBodies(t *testing.T) {
	t.Parallel()
	r := newRig(t, trusting)
	head := func(n, id string) string {
		return "INVITE sip:1001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:" + portOf(r.far) + ";rport;branch=z9hG4bK" + id +
			"\r\nFrom: <sip:c@127.0.0.1>;tag=1\r\nTo: <sip:1001@127.0.0.1>\r\nCall-ID: " + id + "\r\nCSeq: 1 INVITE\r\nContact: <" +
			r.far.URI("c") + ">\r\nContent-Type: application/sdp\r\nContent-Length: " + n + "\r\n\r\n"
	}
	r.far.SendRaw(udp(t, r.agent), []byte(head("9999", "short")+"v=0\r\n"))
	if _, err := r.far.Await(time.Second, func(m *peer.Message) bool { return m.Status == 400 }); err != nil {
		t.Error("short body:", err)
	}
	r.far.SendRaw(udp(t, r.agent), []byte(head("5", "long")+"v=0\r\nGARBAGE"))
	p := <-r.calls
	p.call.Answer()
	if _, err := r.far.Await(time.Second, func(m *peer.Message) bool { return m.Status == 200 }); err != nil {
		t.Error("long body:", err)
	}
	p.body.change(func(b *body) {
		if b.accepted[0] != "v=0\r\n" {
			t.Errorf("body %q", b.accepted[0])
		}
	})
	p.call.Hangup(sip.Reason{})
}
