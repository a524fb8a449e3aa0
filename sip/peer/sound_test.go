package peer

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

func TestTalk(t *testing.T) {
	x := startExchange(t, ExchangeConfig{Speed: 10})
	c := dial(t, x, Number("00", 3))
	c.answered(1230)
	pace(1500*time.Millisecond, c)
	c.hangup()
	r := records(t, x, 1)[0]
	if !near(r.HeardHz, 1230, 4) || !near(r.HeardDBFS, -8, 1) {
		t.Errorf("the exchange heard %.0f Hz at %.1f dBFS, want 1230 at -8", r.HeardHz, r.HeardDBFS)
	}
	if r.Lost != 0 || r.PacketsIn < 60 || r.PacketsIn > 80 || r.MaxGap > 300*time.Millisecond {
		t.Errorf("in %d, lost %d, gap %v", r.PacketsIn, r.Lost, r.MaxGap)
	}
	if r.EndedBy != "caller" || r.Codec != "pcma" || r.Billed() < 1400*time.Millisecond || len(r.Violations) > 0 {
		t.Errorf("record %+v", r)
	}
	if h := c.heard(); !near(h.HeardHz, float64(voiceHz(r.Number)), 4) || h.HeardDBFS < -25 || h.Lost != 0 {
		t.Errorf("we heard %.0f Hz at %.1f dBFS, lost %d", h.HeardHz, h.HeardDBFS, h.Lost)
	}
}

func TestEarlyMediaIsHeard(t *testing.T) {
	t.Parallel()
	x := startExchange(t, ExchangeConfig{Speed: 4})
	c := dial(t, x, Number("31", 0))
	c.speak(c.out.Expect(183), 500)
	pace(700*time.Millisecond, c)
	c.out.Expect(486)
	if h := c.heard(); !near(h.HeardHz, 710, 4) || h.PacketsIn < 25 {
		t.Errorf("heard %.0f Hz in %d packets", h.HeardHz, h.PacketsIn)
	}
}

func TestHeldByAgent(t *testing.T) {
	t.Parallel()
	x := startExchange(t, ExchangeConfig{Speed: 10})
	c := dial(t, x, Number("00", 0))
	c.answered(1000)
	pace(300*time.Millisecond, c)
	c.rtp.change(func(s *stream) { s.on = false })
	hold := c.dlg.Request("INVITE", SDP(SDPText("127.0.0.1", int(c.rtp.addr().Port()), 2, "a=sendonly")))
	ok := hold.Expect(200)
	c.dlg.Ack()
	if !strings.Contains(ok.SDP(), "a=recvonly") {
		t.Errorf("hold answered with\n%s", ok.SDP())
	}
	before := c.heard().PacketsIn
	pace(300*time.Millisecond, c)
	if n := c.heard().PacketsIn - before; n > 3 {
		t.Errorf("%d packets from a contact on hold", n)
	}
	back := c.dlg.Request("INVITE", SDP(SDPText("127.0.0.1", int(c.rtp.addr().Port()), 3)))
	back.Expect(200)
	c.dlg.Ack()
	c.rtp.change(func(s *stream) { s.on = true })
	pace(300*time.Millisecond, c)
	c.hangup()
	r := records(t, x, 1)[0]
	if r.Held < 280*time.Millisecond || r.Held > 900*time.Millisecond || r.HeldPackets > 2 || len(r.Violations) > 0 {
		t.Errorf("held %v, %d packets of %.1f dBFS meanwhile, %q", r.Held, r.HeldPackets, r.HeldDBFS, r.Violations)
	}
}

func TestHoldsUs(t *testing.T) {
	for _, code := range []string{"40", "41", "42"} {
		t.Run(code, func(t *testing.T) {
			x := startExchange(t, ExchangeConfig{Speed: 20})
			c := dial(t, x, Number(code, 0))
			c.answered(1000)
			hold := c.dlg.Expect("INVITE")
			want := map[string]string{"40": "a=sendonly", "41": "c=IN IP4 0.0.0.0", "42": "a=inactive"}[code]
			if !strings.Contains(hold.SDP(), want) {
				t.Errorf("hold without %s:\n%s", want, hold.SDP())
			}
			d, _ := readSDP(hold.Body)
			port := int(c.rtp.addr().Port())
			hold.Reply(200, SDP(SDPText("127.0.0.1", port, 2, "a="+mirrored(d.dir))))
			hold.Dialog().Expect("ACK")
			back := c.dlg.Expect("INVITE")
			if !strings.Contains(back.SDP(), "a=sendrecv") || strings.Contains(back.SDP(), "0.0.0.0") {
				t.Errorf("resume:\n%s", back.SDP())
			}
			back.Reply(200, SDP(SDPText("127.0.0.1", port, 3)))
			back.Dialog().Expect("ACK")
			c.hangup()
			if r := records(t, x, 1)[0]; len(r.Violations) > 0 {
				t.Errorf("violations %q", r.Violations)
			}
		})
	}
}

func TestWrongHoldAnswerIsAViolation(t *testing.T) {
	x := startExchange(t, ExchangeConfig{Speed: 20})
	c := dial(t, x, Number("40", 0))
	c.answered(1000)
	hold := c.dlg.Expect("INVITE")
	hold.Reply(200, SDP(PlainSDP(int(c.rtp.addr().Port())))) // sendrecv: wrong
	hold.Dialog().Expect("ACK")
	c.hangup()
	if r := records(t, x, 1)[0]; len(r.Violations) != 1 || !strings.Contains(r.Violations[0], "sendonly answered by sendrecv") {
		t.Errorf("violations %q", r.Violations)
	}
}

func TestStraysAndReports(t *testing.T) {
	x := startExchange(t, ExchangeConfig{Speed: 10})
	c := dial(t, x, Number("02", 0))
	ok := c.answered(500)
	d, _ := readSDP(ok.Body)
	stranger, err := net.Dial("udp", d.addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	packet := append([]byte{0x80, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1}, make([]byte, 160)...)
	for range 3 {
		_, _ = stranger.Write(packet)
	}
	control, err := net.Dial("udp", netip.AddrPortFrom(d.addr.Addr(), d.addr.Port()+1).String())
	if err != nil {
		t.Fatal(err)
	}
	defer control.Close()
	sr := rtcp.SenderReport{SSRC: 77, NTPTime: 0x1122334455667788}
	b, _ := sr.Marshal()
	_, _ = control.Write(b)
	_, _ = control.Write([]byte("junk"))
	buf := make([]byte, 1500)
	_ = control.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, err := control.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	list, err := rtcp.Unmarshal(buf[:n])
	if err != nil {
		t.Fatal(err)
	}
	if rr, ok := list[0].(*rtcp.ReceiverReport); !ok || rr.Reports[0].SSRC != 77 || rr.Reports[0].LastSenderReport != 0x33445566 {
		t.Errorf("answer to the report: %v", list)
	}
	pace(300*time.Millisecond, c)
	c.hangup()
	r := records(t, x, 1)[0]
	if r.Strays != 3 || r.SSRCs != 1 || r.Reports != 1 || r.Bad != 1 || !near(r.HeardDBFS, -8, 1) {
		t.Errorf("%+v", r)
	}
}
