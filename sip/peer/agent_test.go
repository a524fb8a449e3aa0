package peer_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/peer"
)

// T1 of the agent under test: 64*T1 is 2.56 s.
const t1 = 40 * time.Millisecond

func TestMain(m *testing.M) {
	sip.Prepare(sip.Timers{T1: t1, T2: 8 * t1, T4: 8 * t1})
	goleak.VerifyTestMain(m)
}

// rig is our agent and a far end it has a trunk to.
type rig struct {
	t     *testing.T
	far   *peer.Far
	agent *sip.Agent
	calls chan *sip.Call // inbound
	sink  *net.UDPConn   // where the far end's descriptions send our sound
}

type rigOption func(*sip.Config, *peer.Far)

// registered gives the account a registrar (the far end) and a password.
func registered(c *sip.Config, far *peer.Far) {
	c.Accounts[0].Registrar = "sip:" + far.Addr()
	c.Accounts[0].Password = "secret"
}

// newRegistered is a rig whose agent has registered with the far end.
func newRegistered(t *testing.T, reg *peer.Registrar, opts ...rigOption) *rig {
	t.Helper()
	serve := func(_ *sip.Config, far *peer.Far) { reg.Serve(far) }
	r := newRig(t, append([]rigOption{serve, registered}, opts...)...)
	if err := r.agent.Register(t.Context(), "pbx"); err != nil {
		t.Fatal(err)
	}
	return r
}

// binding is what a registrar at the far end holds of our agent.
func (r *rig) binding(reg *peer.Registrar) peer.Binding {
	return reg.Bindings()["sip:1001@"+r.far.Addr()]
}

// newRig makes the test run in parallel with its like.
func newRig(t *testing.T, opts ...rigOption) *rig {
	t.Helper()
	t.Parallel()
	r := &rig{t: t, far: peer.NewFar(t), calls: make(chan *sip.Call, 8)}
	var err error
	if r.sink, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.sink.Close() })
	cfg := sip.Config{
		Listen:    []string{"udp://127.0.0.1:0", "tcp://127.0.0.1:0"},
		Accounts:  []sip.Account{{Name: "pbx", Address: "sip:1001@" + r.far.Addr(), Username: "1001"}},
		Trusted:   []string{"127.0.0.1"},
		UserAgent: "freiton/test",
		Log:       slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, o := range opts {
		o(&cfg, r.far)
	}
	if r.agent, err = sip.New(cfg); err != nil {
		t.Fatal(err)
	}
	r.agent.OnCall(func(c *sip.Call) { r.calls <- c })
	if err := r.agent.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.agent.Close(ctx); err != nil {
			t.Logf("close: %v", err)
		}
	})
	return r
}

// uri is the agent's own URI over UDP.
func (r *rig) uri() string {
	for _, a := range r.agent.Addrs() {
		if a.Network() == "udp" {
			return "sip:1001@" + a.String()
		}
	}
	r.t.Fatal("no UDP address")
	return ""
}

// sdp is a description of the far end's with sound to the sink.
func (r *rig) sdp(version int, lines ...string) string {
	return peer.SDPText("127.0.0.1", r.port(), version, lines...)
}

func (r *rig) port() int { return r.sink.LocalAddr().(*net.UDPAddr).Port }

// session is a real media session: the bodies of our agent.
func (r *rig) session() *media.Session {
	r.t.Helper()
	s, err := media.NewSession(media.SessionConfig{IP: "127.0.0.1"})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = s.Close() })
	return s
}

// talk is one of our agent's calls and what it tells.
type talk struct {
	t      *testing.T
	call   *sip.Call
	body   *media.Session
	events chan sip.Event
}

func (r *rig) dial(opts ...func(*sip.DialOptions)) *talk {
	r.t.Helper()
	k := &talk{t: r.t, body: r.session(), events: make(chan sip.Event, 64)}
	o := sip.DialOptions{Account: "pbx", URI: r.far.URI("4711"), Body: k.body, Events: func(e sip.Event) { k.events <- e }}
	for _, f := range opts {
		f(&o)
	}
	var err error
	if k.call, err = r.agent.Dial(r.t.Context(), o); err != nil {
		r.t.Fatal(err)
	}
	return k
}

// up is a call that the far end has answered.
func (r *rig) up(opts ...peer.Option) (*talk, *peer.Dialog) {
	r.t.Helper()
	k, inv := r.dialled()
	d, _ := r.answer(k, inv, opts...)
	return k, d
}

// dialled is a call of ours whose INVITE has arrived.
func (r *rig) dialled(opts ...func(*sip.DialOptions)) (*talk, *peer.Request) {
	r.t.Helper()
	k := r.dial(opts...)
	return k, r.far.Expect("INVITE")
}

// rings is a call of ours that rings at the far end.
func (r *rig) rings() (*talk, *peer.Request) {
	r.t.Helper()
	k, inv := r.dialled()
	inv.Reply(180)
	k.expect(sip.Ringing)
	return k, inv
}

// answer lets the far end answer it, and gives our ACK.
func (r *rig) answer(k *talk, inv *peer.Request, opts ...peer.Option) (*peer.Dialog, *peer.Request) {
	r.t.Helper()
	return r.answerAs(inv.Tag(), k, inv, opts...)
}

// answerAs does so under a To-tag: a fork's, or none at all.
func (r *rig) answerAs(tag string, k *talk, inv *peer.Request, opts ...peer.Option) (*peer.Dialog, *peer.Request) {
	r.t.Helper()
	inv.Reply(200, append([]peer.Option{peer.SDP(r.sdp(1)), peer.ToTag(tag)}, opts...)...)
	d := inv.DialogTagged(tag)
	ack := d.Expect("ACK")
	k.expect(sip.Answered)
	return d, ack
}

// cancelled lets the far end take our CANCEL as it should.
func (r *rig) cancelled(k *talk, inv *peer.Request) {
	r.t.Helper()
	r.far.Expect("CANCEL").Reply(200)
	inv.Reply(487)
	inv.Dialog().Expect("ACK")
	k.ends(487, sip.Local)
}

// called lets the far end call us; the call is not answered.
func (r *rig) called(opts ...peer.Option) (*peer.Sent, *talk) {
	r.t.Helper()
	inv := r.far.Request("INVITE", r.uri(), append([]peer.Option{peer.SDP(r.sdp(1))}, opts...)...)
	return inv, r.take()
}

// answered is the far end's call, which we have answered and it has not yet
// acknowledged.
func (r *rig) answered() (*talk, *peer.Dialog) {
	r.t.Helper()
	inv, k := r.called()
	k.call.Answer()
	return k, inv.Dialog(inv.Expect(200))
}

// upInbound is the far end's call that both have agreed to.
func (r *rig) upInbound() (*talk, *peer.Dialog) {
	r.t.Helper()
	k, d := r.answered()
	d.Ack()
	k.expect(sip.Answered)
	return k, d
}

// take waits for an inbound call and gives it a body and a listener.
func (r *rig) take() *talk {
	r.t.Helper()
	k := &talk{t: r.t, body: r.session(), events: make(chan sip.Event, 64)}
	select {
	case k.call = <-r.calls:
	case <-time.After(5 * time.Second):
		r.t.Fatalf("the agent told of no call; it answered %v", r.far.Unclaimed())
	}
	k.call.Accept(k.body, func(e sip.Event) { k.events <- e })
	return k
}

// expect waits for an event of that kind, passing others over.
func (k *talk) expect(kind sip.EventKind) sip.Event {
	k.t.Helper()
	return k.within(10*time.Second, kind)
}

func (k *talk) within(d time.Duration, kind sip.EventKind) sip.Event {
	k.t.Helper()
	timer := time.NewTimer(d)
	defer timer.Stop()
	var seen []string
	for {
		select {
		case e := <-k.events:
			if e.Kind == kind {
				return e
			}
			if e.Kind == sip.Ended {
				k.t.Fatalf("ended (%+v) before %v; seen %v", e.Cause, kind, seen)
			}
			seen = append(seen, e.Kind.String())
		case <-timer.C:
			k.t.Fatalf("no %v within %v; seen %v", kind, d, seen)
		}
	}
}

// ends waits for the end of the call and checks its cause.
func (k *talk) ends(status int, by sip.Party) {
	k.t.Helper()
	if e := k.expect(sip.Ended); e.Cause.Status != status || e.Cause.By != by {
		k.t.Errorf("cause %+v, want %d by %v", e.Cause, status, by)
	}
}

// hangup ends the call from our side.
func (k *talk) hangup(d *peer.Dialog) {
	k.t.Helper()
	k.call.Hangup(sip.Reason{})
	d.Expect("BYE").Reply(200)
	k.expect(sip.Ended)
}

// eventually polls until ok says so.
func eventually(t *testing.T, d time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}
