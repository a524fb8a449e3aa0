package peer

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// T is what a Far needs of *testing.T.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	Failed() bool
	Cleanup(func())
}

// Far is a scripted endpoint on a loopback port, UDP and TCP. It sends what
// the script says and nothing else, but for two things: a request it has
// answered and sees again (the same branch, not ACK) gets the same answer
// again, and a final answer above 299 to an INVITE of its own is ACKed.
//
// Expectations take messages out of the queue by condition, not by position;
// Unclaimed tells what nobody asked for.
//
//	far := peer.NewFar(t)
//	call := agent.Dial(far.URI("4711"))
//	inv := far.Expect("INVITE")
//	inv.Reply(180)
//	inv.Reply(200, peer.SDP(peer.PlainSDP(far.Addr(), 40000)))
//	dlg := inv.Dialog()
//	dlg.Expect("ACK")
//	dlg.Request("BYE").Expect(200)
type Far struct {
	Trace    *Trace
	Patience time.Duration // how long Expect waits; default 5 s

	t    T
	wire *wire

	mu      sync.Mutex
	queue   []*Request // received, not yet claimed; responses too
	arrived chan struct{}
	answers map[string]*Request // by branch and method, to answer repeats
	handler []func(*Request) bool
	timers  []*time.Timer
	closed  bool
}

// Request is a request received (or a response: see Sent), with the means to
// answer it.
type Request struct {
	*Message
	Raw []byte

	far  *Far
	flow flow
	tag  string   // To-tag of our answers unless told otherwise
	last *Message // last answer sent
}

// NewFar binds a free port on 127.0.0.1. It is closed when the test ends, and
// prints its trace if the test failed.
func NewFar(t T) *Far {
	t.Helper()
	return NewFarAt(t, "127.0.0.1")
}

// NewFarAt is NewFar on another address: Linux has all of 127.0.0.0/8 on
// loopback, which tells strangers from the trusted.
func NewFarAt(t T, ip string) *Far {
	t.Helper()
	f := &Far{t: t, Trace: &Trace{}, Patience: 5 * time.Second,
		arrived: make(chan struct{}), answers: map[string]*Request{}}
	w, err := openWire(net.JoinHostPort(ip, "0"), f.received, f.junk)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	f.wire = w
	t.Cleanup(func() {
		f.Close()
		if t.Failed() {
			t.Logf("trace of %s:\n%s", f.Addr(), f.Trace)
		}
	})
	return f
}

// Close shuts the sockets; nothing is sent any more.
func (f *Far) Close() {
	f.mu.Lock()
	f.closed = true
	for _, timer := range f.timers {
		timer.Stop()
	}
	f.mu.Unlock()
	f.wire.close()
}

// Addr is host:port, for UDP and TCP.
func (f *Far) Addr() string { return f.wire.addr().String() }

// AddrPort is the same as a value.
func (f *Far) AddrPort() netip.AddrPort { return f.wire.addr() }

// URI is "sip:user@127.0.0.1:port", without user "sip:127.0.0.1:port".
func (f *Far) URI(user string) string {
	if user == "" {
		return "sip:" + f.Addr()
	}
	return "sip:" + user + "@" + f.Addr()
}

// received runs in the reader's goroutine.
func (f *Far) received(m *Message, raw []byte, fl flow) {
	r := &Request{Message: m, Raw: raw, far: f, flow: fl, tag: token(4)}
	note := ""
	f.mu.Lock()
	key := m.Branch() + " " + m.Method
	var again *Message
	if m.IsRequest() && m.Method != "ACK" {
		if known, ok := f.answers[key]; ok {
			note, again = "repeated", known.last
		} else {
			f.answers[key] = r
		}
	}
	handlers := f.handler
	f.mu.Unlock()
	f.Trace.add(Entry{At: time.Now(), Flow: fl.String(), Msg: m, Raw: raw, Note: note})
	if note != "" {
		if again != nil {
			f.transmit(again, fl)
		}
		return
	}
	for _, handle := range handlers {
		if handle(r) {
			return
		}
	}
	f.mu.Lock()
	f.queue = append(f.queue, r)
	close(f.arrived)
	f.arrived = make(chan struct{})
	f.mu.Unlock()
}

func (f *Far) junk(raw []byte, fl flow, err error) {
	f.Trace.add(Entry{At: time.Now(), Flow: fl.String(), Raw: raw, Err: err})
}

func (f *Far) transmit(m *Message, fl flow) {
	b := m.Bytes()
	f.mu.Lock()
	closed := f.closed
	f.mu.Unlock()
	if closed {
		return
	}
	f.Trace.add(Entry{At: time.Now(), Out: true, Flow: fl.String(), Msg: m, Raw: b})
	if err := fl.send(b); err != nil {
		f.Trace.add(Entry{At: time.Now(), Out: true, Flow: fl.String(), Raw: b, Err: err})
	}
}

// Handle adds a handler that sees each new message before the queue does and
// takes it by returning true. It runs in the reader's goroutine: it must not
// expect anything.
func (f *Far) Handle(h func(*Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handler = append(f.handler[:len(f.handler):len(f.handler)], h)
}

// Expect claims the first request of that method, waiting for it; the test
// fails if none comes.
func (f *Far) Expect(method string, match ...Match) *Request {
	f.t.Helper()
	return f.ExpectWithin(f.Patience, method, match...)
}

// ExpectWithin is Expect with a deadline of its own.
func (f *Far) ExpectWithin(d time.Duration, method string, match ...Match) *Request {
	f.t.Helper()
	r, err := f.Await(d, append([]Match{IsMethod(method)}, match...)...)
	if err != nil {
		f.t.Fatalf("expected %s within %v: %v", method, d, err)
	}
	return r
}

// ExpectNone fails the test if a request of that method is in the queue or
// comes within d.
func (f *Far) ExpectNone(d time.Duration, method string, match ...Match) {
	f.t.Helper()
	if r, err := f.Await(d, append([]Match{IsMethod(method)}, match...)...); err == nil {
		f.t.Fatalf("expected no %s for %v, but %s came", method, d, r.Message)
	}
}

// Await claims the first message that matches every condition. The error says
// what came instead.
func (f *Far) Await(d time.Duration, match ...Match) (*Request, error) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		f.mu.Lock()
		for i, r := range f.queue {
			if all(match, r.Message) {
				f.queue = slices.Delete(f.queue, i, i+1)
				f.mu.Unlock()
				return r, nil
			}
		}
		arrived := f.arrived
		f.mu.Unlock()
		select {
		case <-arrived:
		case <-timer.C:
			return nil, fmt.Errorf("nothing of the kind came; in the queue: %s", f.describe())
		}
	}
}

// Unclaimed returns what came and was not expected by anyone.
func (f *Far) Unclaimed() []*Message {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []*Message
	for _, r := range f.queue {
		out = append(out, r.Message)
	}
	return out
}

func (f *Far) describe() string {
	var list []string
	for _, m := range f.Unclaimed() {
		list = append(list, m.String())
	}
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, "; ")
}

// SendRaw sends bytes as they are to addr over UDP.
func (f *Far) SendRaw(addr string, b []byte) {
	f.t.Helper()
	fl, err := f.wire.to("udp", addr)
	if err == nil {
		f.Trace.add(Entry{At: time.Now(), Out: true, Flow: fl.String(), Raw: b})
		err = fl.send(b)
	}
	if err != nil {
		f.t.Fatalf("send raw: %v", err)
	}
}

// after runs do later, unless the Far is closed by then.
func (f *Far) after(d time.Duration, do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		f.timers = append(f.timers, time.AfterFunc(d, do))
	}
}

// CloseTCP refuses TCP from now on: an endpoint that speaks UDP only.
func (f *Far) CloseTCP() { _ = f.wire.ln.Close() }
