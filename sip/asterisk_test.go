package sip_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/configs/lab"
	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

// mute is a body whose media port takes packets and keeps none.
func mute(t testing.TB) *body {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	b := newBody()
	b.offer = peer.PlainSDP(pc.LocalAddr().(*net.UDPAddr).Port)
	b.answer = b.offer
	return b
}

// labAgent registers the laboratory's accounts.
func labAgent(t testing.TB, l *lab.Lab, transport string, onCall func(*sip.Call)) *sip.Agent {
	t.Helper()
	a := newAgent(t, func(c *sip.Config) {
		c.Listen = []string{"udp://127.0.0.1:0", "tcp://127.0.0.1:0"}
		c.Accounts = nil
		for _, x := range lab.Accounts() {
			c.Accounts = append(c.Accounts, sip.Account{Name: x.User, Address: "sip:" + x.User + "@" + l.SIPAddr(),
				Registrar: "sip:" + l.SIPAddr() + ";transport=" + transport, Password: sip.Secret(x.Password), Expires: time.Minute})
		}
	})
	a.OnCall(onCall)
	open(t, a)
	return a
}

func call(t testing.TB, a *sip.Agent, l *lab.Lab, account, number string) *phone {
	p := newPhone(t)
	p.body = mute(t)
	var err error
	p.call, err = a.Dial(context.Background(), sip.DialOptions{Account: account, URI: "sip:" + number + "@" + l.SIPAddr(),
		CallerID: "+4930555001", CallerName: "Ann", Body: p.body, Events: p.hear})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.ended)
	return p
}

// TestAsterisk plays against the real thing.
func TestAsterisk(t *testing.T) {
	t.Parallel()
	l := lab.Start(t, lab.Options{Progress: os.Stderr})
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			inbound := make(chan *phone, 4)
			a := labAgent(t, l, transport, func(c *sip.Call) {
				p := newPhone(t)
				p.body, p.call = mute(t), c
				c.Accept(p.body, p.hear)
				inbound <- p
			})
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			for _, x := range lab.Accounts() { // MD5, SHA-256, SHA-512-256, all three
				if err := a.Register(ctx, x.User); err != nil {
					t.Fatal(err)
				}
				if err := l.WaitRegistered(x.User, true, 2*time.Second); err != nil {
					t.Error(err)
				}
			}
			if transport == "udp" {
				t.Run("fates", func(t *testing.T) { fates(t, a, l) })
			}
			t.Run("algorithms", func(t *testing.T) {
				for _, x := range lab.Accounts() {
					p := call(t, a, l, x.User, "601")
					p.until(sip.Answered)
					p.call.Hangup(sip.Reason{Q850: 16})
					p.until(sip.Ended)
				}
			})
			t.Run("inbound", func(t *testing.T) { fromAsterisk(t, l, inbound) })
			t.Run("hold", func(t *testing.T) { holds(t, a, l) })
			t.Run("timer", func(t *testing.T) { refreshes(t, a, l) })
			t.Run("release", func(t *testing.T) { releases(t, a, l) })
			if err := l.WaitChannels(0, 5*time.Second); err != nil {
				t.Error(err)
			}
			closeAgent(t, a)
			if err := l.WaitRegistered("1001", false, 2*time.Second); err != nil {
				t.Error("not unregistered:", err)
			}
		})
	}
}

// fates dials every number the laboratory knows and compares what we say of
// the call with what must come out.
func fates(t *testing.T, a *sip.Agent, l *lab.Lab) {
	list, err := lab.Fates()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if strings.Contains(f.Name, "phone-") {
			continue // rings phones of ours: see inbound
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			p := call(t, a, l, "1001", f.Number(1))
			switch {
			case f.SIP == 487:
				p.until(sip.Ringing)
				p.call.Hangup(sip.Reason{Q850: 16})
			case f.SIP == 200 && f.Ends == 0:
				if f.Early {
					p.until(sip.EarlyMedia)
				}
				p.until(sip.Answered)
				p.call.Hangup(sip.Reason{Q850: 16})
			case f.SIP == 200:
				p.until(sip.Answered)
			case f.Early:
				p.until(sip.EarlyMedia)
			}
			c := p.until(sip.Ended).Cause
			if c.Status != f.SIP {
				t.Errorf("ended with %d, want %d (%+v)", c.Status, f.SIP, c)
			}
			if f.SIP != 487 && f.SIP != 200 && (c.Q850 != f.Cause || c.By != sip.Remote) {
				t.Errorf("cause %+v, want %d", c, f.Cause)
			}
			if by := f.SIP == 200 && f.Ends > 0; by != (c.By == sip.Remote) && f.SIP == 200 {
				t.Errorf("ended by %v", c.By)
			}
		})
	}
}

func fromAsterisk(t *testing.T, l *lab.Lab, inbound chan *phone) {
	for _, who := range []string{"we", "they"} {
		if err := l.Originate("PJSIP/1001", "Wait", "30"); err != nil {
			t.Fatal(err)
		}
		var p *phone
		select {
		case p = <-inbound:
		case <-time.After(3 * time.Second):
			t.Fatal("no call from Asterisk")
		}
		p.call.Ring()
		p.call.Answer()
		p.expect(sip.Answered)
		if who == "we" {
			p.call.Hangup(sip.Reason{})
		} else if err := l.HangupAll(); err != nil {
			t.Error(err)
		}
		c := p.until(sip.Ended).Cause
		if (c.By == sip.Local) != (who == "we") {
			t.Errorf("%s hung up: %+v", who, c)
		}
	}
}

// holds: Asterisk puts us on hold and takes us back, while we do the same.
func holds(t *testing.T, a *sip.Agent, l *lab.Lab) {
	f, err := lab.FateNamed("holds-us")
	if err != nil {
		t.Fatal(err)
	}
	p := call(t, a, l, "1001", f.Number(2))
	p.until(sip.Answered)
	plain := p.body.offer
	for _, line := range []string{"a=sendonly", "a=sendrecv"} {
		p.body.change(func(b *body) {
			b.offer = strings.Replace(plain, "o=far 4711 1", fmt.Sprintf("o=far 4711 %d", len(b.diary)+1), 1) + line + "\r\n"
		})
		p.call.Reinvite()
		p.expect(sip.Updated)
		last := ""
		p.body.change(func(b *body) { last = b.accepted[len(b.accepted)-1] })
		if want := map[string]string{"a=sendonly": "a=recvonly", "a=sendrecv": "a=sendrecv"}[line]; !strings.Contains(last, want) {
			t.Errorf("our %s was answered\n%s", line, last)
		}
	}
	if e := p.expectWithin(8*time.Second, sip.Updated); e.Kind != sip.Updated {
		t.Error("no hold")
	}
	p.body.change(func(b *body) {
		if last := b.accepted[len(b.accepted)-1]; !strings.Contains(last, "a=sendonly") {
			t.Errorf("hold offered\n%s", last)
		}
	})
	p.expectWithin(8*time.Second, sip.Updated)
	p.call.Hangup(sip.Reason{})
	p.until(sip.Ended)
}

// refreshes: Asterisk wants its timer, and UPDATE without a body is answered.
func refreshes(t *testing.T, a *sip.Agent, l *lab.Lab) {
	p := call(t, a, l, "1001", "601")
	p.until(sip.Answered)
	out, err := l.CLI("pjsip show channelstats")
	if err != nil || out == "" {
		t.Errorf("channelstats: %v %q", err, out)
	}
	p.call.Info("5", 100*time.Millisecond)
	p.quiet(4 * t1)
	p.call.Hangup(sip.Reason{})
	p.until(sip.Ended)
}

// releases ends, from a second agent, calls that the first one made.
func releases(t *testing.T, a *sip.Agent, l *lab.Lab) {
	ringing, err := lab.FateNamed("rings-for-ever")
	if err != nil {
		t.Fatal(err)
	}
	r := call(t, a, l, "1001", ringing.Number(3))
	r.until(sip.Ringing)
	s := call(t, a, l, "1001", "601")
	s.until(sip.Answered)
	if err := l.WaitChannels(2, 3*time.Second); err != nil {
		t.Error(err)
	}
	b := start(t, func(c *sip.Config) {
		x := lab.Accounts()[0]
		c.Accounts = []sip.Account{{Name: x.User, Address: "sip:" + x.User + "@" + l.SIPAddr(), Password: sip.Secret(x.Password)}}
	})
	for _, p := range []*phone{r, s} {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		if err := b.Release(ctx, p.call.Token()); err != nil {
			t.Error(err)
		}
		cancel()
	}
	if err := l.WaitChannels(0, 3*time.Second); err != nil {
		t.Error(err)
	}
	if c := r.until(sip.Ended).Cause; c.Status != 487 {
		t.Errorf("%+v", c)
	}
	s.call.Hangup(sip.Reason{})
	s.until(sip.Ended)
}
