package sip_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

// TestConnectionLost: the TCP connection of a ringing call breaks.
func TestConnectionLost(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	got := make(chan net.Conn, 1)
	go func() {
		c, err := ln.Accept()
		if err == nil {
			got <- c
		}
	}()
	a := start(t, nil)
	p := dial(t, a, "sip:1@"+ln.Addr().String()+";transport=tcp")
	p.expect(sip.Dialing)
	c := <-got
	_, _ = c.Read(make([]byte, 4096))
	_ = c.Close()
	p.ends(503, sip.Local)
}

// TestStreamFraming: messages cut anywhere, several in one write, keep-alives
// in between.
func TestStreamFraming(t *testing.T) {
	t.Parallel()
	a := start(t, func(c *sip.Config) { trusting(c); c.Listen = []string{"tcp://127.0.0.1:0"} })
	c, err := net.Dial("tcp", a.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	one := func(i int) string {
		return fmt.Sprintf("OPTIONS sip:1001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKfr%d\r\n"+
			"From: <sip:x@127.0.0.1>;tag=1\r\nTo: <sip:1001@127.0.0.1>\r\nCall-ID: fr%d\r\nCSeq: 1 OPTIONS\r\nContent-Length: 4\r\n\r\nbody", i, i)
	}
	text := "\r\n\r\n" + one(1) + one(2) + "\r\n\r\n" + one(3)
	for i := 0; i < len(text); i += 100 { // pieces
		if _, err := c.Write([]byte(text[i:min(i+100, len(text))])); err != nil {
			t.Fatal(err)
		}
	}
	var all strings.Builder
	buf := make([]byte, 8192)
	eventually(t, 3*time.Second, "three answers and two pongs", func() bool {
		_ = c.SetReadDeadline(time.Now().Add(t1))
		n, _ := c.Read(buf)
		all.Write(buf[:n])
		return strings.Count(all.String(), "SIP/2.0 200") == 3
	})
	if !strings.HasPrefix(all.String(), "\r\n") {
		t.Errorf("no pong: %.40q", all.String())
	}
	// A stream without lengths has no boundary: the connection is closed.
	_, _ = c.Write([]byte(strings.Replace(one(4), "Content-Length: 4\r\n", "", 1)))
	eventually(t, 3*time.Second, "closed", func() bool {
		_ = c.SetReadDeadline(time.Now().Add(t1))
		_, err := c.Read(buf)
		return err != nil && !strings.Contains(err.Error(), "timeout")
	})
}

// TestNoRport: the answer goes to the port in Via when nobody asked otherwise,
// RFC 3261 §18.2.2.
func TestNoRport(t *testing.T) {
	t.Parallel()
	a := start(t, trusting)
	ear, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ear.Close() }()
	mouth, err := net.Dial("udp", udp(t, a))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = mouth.Close() }()
	_, port, _ := net.SplitHostPort(ear.LocalAddr().String())
	text := strings.ReplaceAll(plainRequest("OPTIONS sip:1001@127.0.0.1 SIP/2.0", ""), "$PORT", port)
	text = strings.Replace(strings.Replace(text, ";rport", "", 1), "127.0.0.1:"+port, "phone.test:"+port, 1)
	if _, err := mouth.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	_ = ear.SetReadDeadline(time.Now().Add(2 * time.Second))
	n, _, err := ear.ReadFrom(buf)
	if err != nil || !strings.HasPrefix(string(buf[:n]), "SIP/2.0 200") || !strings.Contains(string(buf[:n]), "received=127.0.0.1") {
		t.Errorf("%v: %q", err, buf[:n])
	}
}

// TestOneSocket: requests leave from the port we listen on.
func TestOneSocket(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, dlg := r.talk()
	p.call.Info("1", time.Millisecond)
	dlg.Expect("INFO").Reply(200)
	p.hangup(dlg)
	for _, e := range r.far.Trace.Entries() {
		if !strings.HasSuffix(e.Flow, udp(t, r.agent)) {
			t.Errorf("%v came from %s", e.Msg, e.Flow)
		}
	}
}

// TestCallerIDPlaces: P-Asserted-Identity, Remote-Party-ID, or From.
func TestCallerIDPlaces(t *testing.T) {
	t.Parallel()
	far := peer.NewFar(t)
	for in, want := range map[string][2]string{
		"pai":  {"P-Asserted-Identity", `"Ann" <sip:%23100@pbx.test>`},
		"rpid": {"Remote-Party-ID", `"Ann" <sip:%23100@pbx.test>;party=calling;screen=no;privacy=off`},
		"from": {"From", `"Ann" <sip:%23100@pbx.test>;tag=`},
	} {
		r := facing(t, far, func(c *sip.Config) {
			c.Accounts = []sip.Account{{Name: "trunk", Address: "sip:1001@pbx.test", CallerIDIn: in}}
		})
		p, inv := r.dialled(func(o *sip.DialOptions) { o.CallerID, o.CallerName = "#100", "Ann" })
		if got := inv.Get(want[0]); !strings.HasPrefix(got, want[1]) {
			t.Errorf("%s: %q", in, got)
		}
		if in != "from" && !strings.HasPrefix(inv.Get("From"), "<sip:1001@pbx.test>") {
			t.Errorf("%s: From %q", in, inv.Get("From"))
		}
		inv.Reply(486)
		p.ends(486, sip.Remote)
	}
}

// TestDialIsBoundByItsContext: the look-up ends with it, the call does not.
func TestDialIsBoundByItsContext(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx, cancel := context.WithCancel(context.Background())
	p := newPhone(t)
	c, err := r.agent.Dial(ctx, sip.DialOptions{Account: "trunk", URI: r.far.URI("1"), Body: p.body, Events: p.hear})
	if err != nil {
		t.Fatal(err)
	}
	p.expect(sip.Dialing)
	cancel()
	p.quiet(2 * t1)
	c.Hangup(sip.Reason{})
	inv := r.far.Expect("INVITE")
	inv.Reply(180)
	r.far.Expect("CANCEL").Reply(200)
	inv.Reply(487)
	p.until(sip.Ended)
}
