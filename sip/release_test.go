package sip_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

// successor is another process: an agent that knows of a call only its token.
func successor(t testing.TB, password string) *sip.Agent {
	return start(t, func(c *sip.Config) { c.Accounts[0].Password = sip.Secret(password) })
}

func release(t testing.TB, a *sip.Agent, token []byte) chan error {
	t.Helper()
	if len(token) == 0 {
		t.Fatal("no token")
	}
	out := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 6*time.Second)
		defer cancel()
		out <- a.Release(ctx, token)
	}()
	return out
}

// released waits for the end of a release, which has to be a good one.
func released(t testing.TB, done chan error) {
	t.Helper()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// forgotten lets the old process hang up what the far end no longer knows.
func (p *phone) forgotten(dlg *peer.Dialog) {
	p.t.Helper()
	p.call.Hangup(sip.Reason{})
	dlg.Expect("BYE").Reply(481)
	p.expect(sip.Ended)
}

func TestReleaseAnswered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, dlg := r.talk(peer.With("Record-Route", "<sip:"+r.far.Addr()+";lr>"))
	tok := p.call.Token()
	p.call.Info("1", 100*time.Millisecond) // the old process goes on counting
	dlg.Expect("INFO").Reply(200)
	b := successor(t, "secret")
	done := release(t, b, tok)
	g := guard("SHA-256")
	bye := dlg.Expect("BYE")
	if bye.URI != r.far.URI("far") || bye.Get("Route") == "" || bye.FromTag() == "" {
		t.Errorf("BYE %s %v", bye.URI, bye.Headers)
	}
	if n, _ := bye.CSeq(); n <= 2 {
		t.Errorf("BYE has CSeq %d", n)
	}
	bye.Challenge(g, true, false)
	bye = dlg.Expect("BYE")
	if v := g.Check(bye.Message); v != peer.Passed {
		t.Errorf("credentials %v", v)
	}
	bye.Reply(200)
	released(t, done)
	// Already gone is as good.
	done = release(t, b, tok)
	dlg.Expect("BYE").Reply(481)
	released(t, done)
	p.forgotten(dlg)
}

func TestReleaseRinging(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, inv := r.dialled()
	tok := p.call.Token()
	inv.Reply(180)
	p.expect(sip.Ringing)
	b := successor(t, "")
	done := release(t, b, tok)
	can := r.far.Expect("CANCEL")
	if can.Branch() != inv.Branch() || can.URI != inv.URI || can.Get("CSeq") != "1 CANCEL" ||
		strings.Split(can.Get("Via"), ";")[0] != strings.Split(inv.Get("Via"), ";")[0] ||
		can.Get("From") != inv.Get("From") || can.CallID() != inv.CallID() {
		t.Errorf("CANCEL does not match:\n%v\n%v", can.Headers, inv.Headers)
	}
	can.Reply(200)
	released(t, done)
	inv.Reply(487)
	p.expect(sip.Ended)
}

// TestReleaseAfterChallenge: the token was written after the first INVITE,
// the second, with credentials, is the one that rings.
func TestReleaseAfterChallenge(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *sip.Config) { c.Accounts[0].Password = "secret" })
	p, inv := r.dialled()
	tok := p.call.Token()
	inv.Challenge(guard("MD5"), false, false)
	inv = r.far.Expect("INVITE", func(m *peer.Message) bool { return m.Get("Authorization") != "" })
	inv.Reply(180)
	p.expect(sip.Ringing)
	done := release(t, successor(t, "secret"), tok)
	for {
		can := r.far.Expect("CANCEL")
		if can.Branch() == inv.Branch() {
			can.Reply(200)
			break
		}
		can.Reply(481)
	}
	released(t, done)
	inv.Reply(487)
	p.expect(sip.Ended)
}

// TestReleaseMeetsAnswer: the call was answered after the token was written.
// CANCEL gets 481, the tags of the 180 are enough for BYE.
func TestReleaseMeetsAnswer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	p, inv := r.rings()
	tok := p.call.Token()
	dlg := p.up(inv)
	done := release(t, successor(t, ""), tok)
	for range 3 {
		r.far.Expect("CANCEL").Reply(481)
	}
	dlg.Expect("BYE").Reply(200)
	released(t, done)
	p.forgotten(dlg)
}

// TestReleaseTakesThePlace: the successor has the port of the process that
// died, so the answers to its INVITE reach it: 487 is acknowledged; a 200 that
// crosses the CANCEL is acknowledged and hung up.
func TestReleaseTakesThePlace(t *testing.T) {
	t.Parallel()
	for _, final := range []int{487, 200} {
		r := &rig{t: t, far: peer.NewFar(t), agent: newAgent(t, nil)} // which nobody closes properly
		if err := r.agent.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		at := udp(t, r.agent)
		p, inv := r.rings()
		tok := p.call.Token()
		r.far.Handle(func(m *peer.Request) bool {
			if m.Method == "CANCEL" {
				m.Reply(200)
			}
			return m.Method == "CANCEL"
		})
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		_ = r.agent.Close(gone) // as good as dead
		p.expect(sip.Ended)
		before := len(r.far.Trace.In(peer.IsMethod("CANCEL")))
		b := start(t, func(c *sip.Config) { c.Listen = []string{"udp://" + at} })
		done := release(t, b, tok)
		eventually(t, 2*time.Second, "CANCEL of the successor", func() bool {
			return len(r.far.Trace.In(peer.IsMethod("CANCEL"))) > before
		})
		if final == 487 {
			inv.Reply(487)
			if ack := r.far.Expect("ACK"); ack.Branch() != inv.Branch() {
				t.Error("ACK with another branch")
			}
		} else {
			accept(inv).Expect("BYE").Reply(200)
		}
		if err := <-done; err != nil {
			t.Errorf("%d: %v", final, err)
		}
	}
}

func TestReleaseErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, tok := range []string{"", "null", "{}", `{"v":1,"call_id":"x","hop":"nowhere"}`, `{"v":2}`, "\x00"} {
		if err := r.agent.Release(context.Background(), []byte(tok)); err == nil {
			t.Errorf("%q accepted", tok)
		}
	}
	p, dlg := r.talk()
	tok := p.call.Token()
	ctx, cancel := context.WithTimeout(context.Background(), 4*t1)
	defer cancel()
	if err := r.agent.Release(ctx, tok); err == nil {
		t.Error("silence taken for a confirmation")
	}
	dlg.Expect("BYE")
	p.bye(dlg)
}
