package line

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
	"github.com/freiton/freiton/sip/phone"
)

// TestMain shortens the timers, so that a far end which never ends the INVITE
// is given up after 64·T1 = 6.4 s, and looks for goroutines left behind.
func TestMain(m *testing.M) {
	sip.Prepare(sip.Timers{T1: 100 * time.Millisecond, T2: 400 * time.Millisecond, T4: 400 * time.Millisecond})
	goleak.VerifyTestMain(m)
}

// wait is how long a test waits for something that should be there at once.
const wait = 10 * time.Second

// fakePhone is a telephone whose calls do what the test says.
type fakePhone struct {
	mu       sync.Mutex
	err      error // of the next Dial
	dialled  []phone.DialOptions
	calls    []*fakeCall
	placed   chan *fakeCall
	released [][]byte
}

func newFakePhone() *fakePhone { return &fakePhone{placed: make(chan *fakeCall, 100)} }

func (p *fakePhone) Dial(_ context.Context, o phone.DialOptions) (call, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialled = append(p.dialled, o)
	if p.err != nil {
		return nil, p.err
	}
	c := newFakeCall(o.Events)
	p.calls = append(p.calls, c)
	p.placed <- c
	return c, nil
}

func (p *fakePhone) Release(_ context.Context, token []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.released = append(p.released, token)
	return nil
}

// fakeCall notes what it is told. Its token changes with every event, as that
// of a real call does.
type fakeCall struct {
	mu     sync.Mutex
	events func(phone.Event)
	did    []string
	stage  string
	ear    *fakeEnd
	told   chan string // what it is told, for a test to wait for
}

func newFakeCall(events func(phone.Event)) *fakeCall {
	return &fakeCall{events: events, ear: &fakeEnd{}, told: make(chan string, 100)}
}

func (c *fakeCall) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := fmt.Sprintf(format, args...)
	c.did = append(c.did, s)
	c.told <- s
}

func (c *fakeCall) Token() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return []byte(c.stage)
}
func (c *fakeCall) Remote() sip.Identity           { return sip.Identity{Number: "+4915112345"} }
func (c *fakeCall) Ring()                          { c.note("ring") }
func (c *fakeCall) Answer()                        { c.note("answer") }
func (c *fakeCall) Reject(status int)              { c.note("reject %d", status) }
func (c *fakeCall) Mute(on bool)                   { c.note("mute %v", on) }
func (c *fakeCall) Hold()                          { c.note("hold") }
func (c *fakeCall) Resume()                        { c.note("resume") }
func (c *fakeCall) Transfer(uri string)            { c.note("transfer %s", uri) }
func (c *fakeCall) TransferTo(o *phone.Call)       { c.note("transfer to another call, %v", o != nil) }
func (c *fakeCall) TransferResult(s int, _ string) { c.note("transfer result %d", s) }
func (c *fakeCall) Hangup(r sip.Reason)            { c.note("hangup %d %s", r.Q850, r.Text) }
func (c *fakeCall) Endpoint() media.Endpoint       { return c.ear }
func (c *fakeCall) Stats() media.Stats             { return media.Stats{Sent: 7} }
func (c *fakeCall) Events(f func(phone.Event))     { c.mu.Lock(); c.events = f; c.mu.Unlock() }
func (c *fakeCall) Digits(d string) error {
	c.note("digits %s", d)
	if strings.Contains(d, "x") {
		return phone.ErrDigits
	}
	return nil
}

// say plays an event of the phone.
func (c *fakeCall) say(k phone.EventKind) { c.event(phone.Event{Kind: k}) }

func (c *fakeCall) event(e phone.Event) {
	c.mu.Lock()
	c.stage = e.Kind.String()
	f := c.events
	c.mu.Unlock()
	e.At = time.Now()
	f(e)
}

// end plays the last event.
func (c *fakeCall) end(status, q850 int, by sip.Party) {
	c.event(phone.Event{Kind: phone.Ended, Status: status, Cause: sip.Cause{Status: status, Q850: q850, By: by}})
}

func (c *fakeCall) await(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-c.told:
		if got != want {
			t.Fatalf("the call was told %q, want %q", got, want)
		}
	case <-time.After(wait):
		t.Fatalf("the call was never told %q", want)
	}
}

// fakeEnd is an endpoint that counts what it is given.
type fakeEnd struct {
	mu     sync.Mutex
	heard  int
	sink   media.Sink
	closed bool
}

func (e *fakeEnd) WriteFrame(*media.Frame) { e.mu.Lock(); e.heard++; e.mu.Unlock() }
func (e *fakeEnd) Codec() media.Codec      { return media.PCMA }
func (e *fakeEnd) SetSink(s media.Sink)    { e.mu.Lock(); e.sink = s; e.mu.Unlock() }
func (e *fakeEnd) Close() error            { e.mu.Lock(); e.closed = true; e.mu.Unlock(); return nil }

// speak sends a frame out of the endpoint to whoever listens.
func (e *fakeEnd) speak() {
	e.mu.Lock()
	s := e.sink
	e.mu.Unlock()
	if s != nil {
		s.WriteFrame(&media.Frame{Codec: media.PCMA, Payload: make([]byte, 160)})
	}
}

func (e *fakeEnd) count() int { e.mu.Lock(); defer e.mu.Unlock(); return e.heard }

var errNoHeadset = errors.New("no headset")

// bench is a line over a fake phone.
type bench struct {
	*Line
	t        *testing.T
	phone    *fakePhone
	headsets map[campaign.AgentID]*fakeEnd
}

func newBench(t *testing.T, change ...func(*Config)) *bench {
	b := &bench{t: t, phone: newFakePhone(), headsets: map[campaign.AgentID]*fakeEnd{"ann": {}, "ben": {}}}
	cfg := Config{
		Account: "pbx",
		URI:     "sip:{number}@pbx.example",
		Headset: func(a campaign.AgentID) (media.Endpoint, error) {
			if h := b.headsets[a]; h != nil {
				return h, nil
			}
			return nil, errNoHeadset
		},
	}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	if b.Line, err = newLine(b.phone, cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = b.Close(ctx) // whatever is left
	})
	return b
}

// dial places a call and gives it once it is placed.
func (b *bench) dial(d campaign.Dial) *fakeCall {
	b.t.Helper()
	if d.Attempt == "" {
		d.Attempt = "1"
	}
	if d.Number == "" {
		d.Number = "+4930901820"
	}
	b.Do(d)
	select {
	case c := <-b.phone.placed:
		return c
	case <-time.After(wait):
		b.t.Fatal("nothing was dialled")
		return nil
	}
}

// next reads an event and checks its kind.
func (b *bench) next(want campaign.LineEventKind) campaign.LineEvent {
	b.t.Helper()
	select {
	case e, ok := <-b.Events():
		if !ok || e.Kind != want {
			b.t.Fatalf("event %+v (open %v), want %s", e, ok, want)
		}
		if e.At.IsZero() {
			b.t.Errorf("%s without a time", e.Kind)
		}
		return e
	case <-time.After(wait):
		b.t.Fatalf("no event, want %s", want)
		return campaign.LineEvent{}
	}
}

func (b *bench) nextAll(want ...campaign.LineEventKind) {
	b.t.Helper()
	for _, k := range want {
		b.next(k)
	}
}

// settled waits until everything said so far was dealt with.
func (b *bench) settled() {
	b.t.Helper()
	done := make(chan struct{})
	b.inbox.push(func() { close(done) })
	select {
	case <-done:
	case <-time.After(wait):
		b.t.Fatal("the owner does not come round")
	}
}

// none checks that there is no event.
func (b *bench) none() {
	b.t.Helper()
	b.settled()
	select {
	case e := <-b.Events():
		b.t.Fatalf("unexpected %+v", e)
	default:
		if n, _ := b.Waiting(); n > 0 {
			b.t.Fatalf("%d unexpected events", n)
		}
	}
}

func (c *fakeCall) list() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.did)
}
