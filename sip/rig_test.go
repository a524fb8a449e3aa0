package sip_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

// phone collects the events of one call.
type phone struct {
	t      testing.TB
	call   *sip.Call
	body   *body
	events chan sip.Event
	mu     sync.Mutex
	seen   []sip.Event
}

func newPhone(t testing.TB) *phone {
	return &phone{t: t, body: newBody(), events: make(chan sip.Event, 256)}
}

func (p *phone) hear(e sip.Event) {
	p.mu.Lock()
	p.seen = append(p.seen, e)
	p.mu.Unlock()
	p.events <- e
}

func dial(t testing.TB, a *sip.Agent, target string, change ...func(*sip.DialOptions)) *phone {
	t.Helper()
	p := newPhone(t)
	o := sip.DialOptions{Account: "trunk", URI: target, Body: p.body, Events: p.hear}
	for _, f := range change {
		f(&o)
	}
	c, err := a.Dial(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	p.call = c
	t.Cleanup(p.ended)
	return p
}

// ended checks that the story of the call has one Ended, at its end.
func (p *phone) ended() {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for i, e := range p.seen {
		if e.Kind == sip.Ended {
			n++
			if i != len(p.seen)-1 {
				p.t.Errorf("events after Ended: %v", kinds(p.seen))
			}
		}
	}
	if n > 1 {
		p.t.Errorf("%d times Ended", n)
	}
}

// ends waits for the end of the call and checks its cause.
func (p *phone) ends(status int, by sip.Party) {
	p.t.Helper()
	if c := p.expect(sip.Ended).Cause; c.Status != status || c.By != by {
		p.t.Errorf("cause %+v, want %d by %v", c, status, by)
	}
}

// hangup ends the call from our side; it gives our BYE, which the far end, or
// whoever is on the way, has answered.
func (p *phone) hangup(at interface {
	Expect(string, ...peer.Match) *peer.Request
}) *peer.Request {
	p.t.Helper()
	p.call.Hangup(sip.Reason{})
	bye := at.Expect("BYE")
	bye.Reply(200)
	p.ends(200, sip.Local)
	return bye
}

// bye lets the far end hang up.
func (p *phone) bye(dlg *peer.Dialog) {
	p.t.Helper()
	dlg.Request("BYE").Expect(200)
	p.ends(200, sip.Remote)
}

// agreed checks what the describer was asked for so far.
func (p *phone) agreed(story string) {
	p.t.Helper()
	if got := p.body.story(); got != story {
		p.t.Errorf("body: %s, want %s", got, story)
	}
}

func kinds(es []sip.Event) string {
	var out []string
	for _, e := range es {
		out = append(out, e.Kind.String())
	}
	return strings.Join(out, ", ")
}

// expect waits for the next event, which must be of that kind.
func (p *phone) expect(kind sip.EventKind) sip.Event {
	p.t.Helper()
	return p.expectWithin(5*time.Second, kind)
}

func (p *phone) expectWithin(d time.Duration, kind sip.EventKind) sip.Event {
	p.t.Helper()
	select {
	case e := <-p.events:
		if e.Kind != kind {
			p.t.Fatalf("expected %v, got %v (%d %s, %+v)", kind, e.Kind, e.Status, e.Reason, e.Cause)
		}
		return e
	case <-time.After(d):
		p.t.Fatalf("expected %v, nothing came for %v", kind, d)
	}
	return sip.Event{}
}

// until passes over events until one of that kind comes.
func (p *phone) until(kind sip.EventKind) sip.Event {
	p.t.Helper()
	deadline := time.After(8 * time.Second)
	for {
		select {
		case e := <-p.events:
			if e.Kind == kind {
				return e
			}
			if e.Kind == sip.Ended {
				p.t.Fatalf("expected %v, but the call ended: %+v", kind, e.Cause)
				return e
			}
		case <-deadline:
			p.t.Fatalf("expected %v, it did not come", kind)
		}
	}
}

func (p *phone) quiet(d time.Duration) {
	p.t.Helper()
	select {
	case e := <-p.events:
		p.t.Fatalf("unexpected event %v (%d %s)", e.Kind, e.Status, e.Reason)
	case <-time.After(d):
	}
}

// plain is a description of the far end.
func plain() peer.Option { return peer.SDP(peer.PlainSDP(5000)) }

// rig is an agent of ours, a far end, and the calls that come in.
type rig struct {
	t     testing.TB
	agent *sip.Agent
	far   *peer.Far
	calls chan *phone
}

// newRig opens both; the far end may call us only with trusting.
func newRig(t testing.TB, change ...func(*sip.Config)) *rig {
	t.Helper()
	return facing(t, peer.NewFar(t), change...)
}

// facing is a rig with a far end that is there already.
func facing(t testing.TB, far *peer.Far, change ...func(*sip.Config)) *rig {
	t.Helper()
	r := &rig{t: t, far: far, calls: make(chan *phone, 64)}
	r.agent = newAgent(t, func(c *sip.Config) {
		for _, f := range change {
			f(c)
		}
	})
	r.agent.OnCall(func(c *sip.Call) {
		p := newPhone(t)
		p.call = c
		c.Accept(p.body, p.hear)
		r.calls <- p
	})
	open(t, r.agent)
	return r
}

func (r *rig) uri() string { return uri(r.t, r.agent) }

// uncalled checks that no call has come in.
func (r *rig) uncalled() {
	r.t.Helper()
	select {
	case <-r.calls:
		r.t.Error("a call came in")
	default:
	}
}

// dialled is a call of ours whose INVITE has arrived.
func (r *rig) dialled(change ...func(*sip.DialOptions)) (*phone, *peer.Request) {
	r.t.Helper()
	p := dial(r.t, r.agent, r.far.URI("4711"), change...)
	p.expect(sip.Dialing)
	return p, r.far.Expect("INVITE")
}

// rings is a call of ours that rings at the far end.
func (r *rig) rings() (*phone, *peer.Request) {
	r.t.Helper()
	p, inv := r.dialled()
	inv.Reply(180)
	p.expect(sip.Ringing)
	return p, inv
}

// talk is a call of ours that the far end has answered.
func (r *rig) talk(opts ...peer.Option) (*phone, *peer.Dialog) {
	r.t.Helper()
	p, inv := r.dialled()
	return p, p.up(inv, opts...)
}

// up lets the far end answer it.
func (p *phone) up(inv *peer.Request, opts ...peer.Option) *peer.Dialog {
	p.t.Helper()
	dlg := accept(inv, opts...)
	p.expect(sip.Answered)
	return dlg
}

// accept is the far end's 200 to an INVITE of ours, and our ACK.
func accept(inv *peer.Request, opts ...peer.Option) *peer.Dialog {
	inv.Reply(200, append([]peer.Option{plain()}, opts...)...)
	dlg := inv.Dialog()
	dlg.Expect("ACK")
	return dlg
}

// called is a call of the far end.
func (r *rig) called(opts ...peer.Option) (*phone, *peer.Sent) {
	r.t.Helper()
	inv := r.far.Request("INVITE", r.uri(), append([]peer.Option{plain()}, opts...)...)
	return <-r.calls, inv
}

// unacknowledged is one that we have answered, without an ACK so far.
func (r *rig) unacknowledged() (*phone, *peer.Dialog) {
	r.t.Helper()
	p, inv := r.called()
	return p, p.take(inv)
}

// take answers a call of the far end.
func (p *phone) take(inv *peer.Sent) *peer.Dialog {
	p.t.Helper()
	p.call.Answer()
	return inv.Dialog(inv.Expect(200))
}

// answered is one that both have agreed to.
func (r *rig) answered() (*phone, *peer.Dialog) {
	r.t.Helper()
	p, dlg := r.unacknowledged()
	dlg.Ack()
	p.expect(sip.Answered)
	return p, dlg
}
