package phone

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/measure"
	"github.com/freiton/freiton/sip"
)

// within is how long a test waits for an event that should come soon.
const within = 10 * time.Second

// headset speaks a tone and remembers what it hears, each frame with its time.
type headset struct {
	*media.FileEndpoint
	mu    sync.Mutex
	heard []piece
}

type piece struct {
	at  time.Time
	pcm []int16
}

func newHeadset(t *testing.T, hz float64) *headset {
	t.Helper()
	file, err := media.NewFileEndpoint(media.FileOptions{Samples: media.Tone(hz, time.Second, -10), Loop: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return &headset{FileEndpoint: file}
}

func (h *headset) WriteFrame(f *media.Frame) {
	if f.DTMF != 0 {
		return
	}
	pcm := make([]int16, f.Samples())
	f.Codec.Decode(pcm, f.Payload)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard = append(h.heard, piece{time.Now(), pcm})
}

// from gives what was heard since a time.
func (h *headset) from(at time.Time) (pcm []int16) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.heard {
		if !p.at.Before(at) {
			pcm = append(pcm, p.pcm...)
		}
	}
	return pcm
}

// first gives when a frequency was first heard after a time; zero: never.
func (h *headset) first(hz float64, after time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.heard {
		if p.at.After(after) && measure.Level(p.pcm, 8000, hz) > -20 {
			return p.at
		}
	}
	return time.Time{}
}

// hears waits until a frequency has been heard for 200 ms without a break.
func (h *headset) hears(t *testing.T, hz float64) {
	t.Helper()
	from := time.Now()
	eventually(t, fmt.Sprintf("%g Hz to be heard", hz), func() bool {
		pcm := h.from(from)
		return len(pcm) >= 1600 && measure.Level(pcm[len(pcm)-1600:], 8000, hz) > -14
	})
}

// eventually waits for a condition that something else brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(within)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited %v for %s", within, what)
		}
	}
}

// bestOfThree checks a limit of time that a busy machine may miss: up to three
// tries, and the best counts.
func bestOfThree(t *testing.T, what string, first, limit time.Duration, again func() time.Duration) {
	t.Helper()
	best := first
	for range 2 {
		if best >= 0 && best <= limit {
			return
		}
		best = min(best, again())
	}
	if best < 0 || best > limit {
		t.Errorf("%s: %v at best, at most %v is allowed", what, best, limit)
	}
}

// pause lets sound pass for a while; there is no event to wait for.
func pause(d time.Duration) { <-time.After(d) }

// station is an agent, its phone and what they were told.
type station struct {
	*Phone
	t        *testing.T
	agent    *sip.Agent
	addr     string
	incoming chan *leg
}

// leg is a call of a station and its events.
type leg struct {
	*Call
	t      *testing.T
	events chan Event
	mu     sync.Mutex
	said   []Event
}

// newStation starts an agent on loopback without any PBX.
func newStation(t *testing.T, change ...func(*sip.Config, *Config)) *station {
	t.Helper()
	sc := sip.Config{
		Listen:   []string{"udp://127.0.0.1:0"},
		Trusted:  []string{"127.0.0.1"},
		Accounts: []sip.Account{{Name: "trunk", Address: "sip:1001@127.0.0.1"}},
	}
	pc := Config{Media: media.SessionConfig{IP: "127.0.0.1", Ports: media.PortRange{From: 20000, To: 29999}}}
	for _, f := range change {
		f(&sc, &pc)
	}
	agent, err := sip.New(sc)
	if err != nil {
		t.Fatal(err)
	}
	s := &station{Phone: New(agent, pc), t: t, agent: agent, incoming: make(chan *leg, 10)}
	s.OnCall(func(c *Call) {
		l := &leg{Call: c, t: t, events: make(chan Event, 100)}
		c.Events(l.take)
		s.incoming <- l
	})
	if err := agent.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.addr = agent.Addrs()[0].String()
	t.Cleanup(s.close)
	return s
}

// close ends everything and looks for what was left behind.
func (s *station) close() {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	if err := s.agent.Close(ctx); err != nil {
		s.t.Errorf("close: %v", err)
	}
	if n := s.Calls(); n != 0 {
		s.t.Errorf("%d calls left", n)
	}
}

func (l *leg) take(e Event) {
	l.mu.Lock()
	l.said = append(l.said, e)
	l.mu.Unlock()
	l.events <- e
}

func (s *station) dial(uri string) *leg {
	s.t.Helper()
	l := &leg{t: s.t, events: make(chan Event, 100)}
	c, err := s.Dial(context.Background(), DialOptions{Account: s.account(), URI: uri, Events: l.take})
	if err != nil {
		s.t.Fatal(err)
	}
	l.Call = c
	return l
}

func (s *station) account() string { return "trunk" }

func (s *station) uri() string { return "sip:bob@" + s.addr }

// call connects two stations with a headset each.
func (s *station) call(to *station) (ours, theirs *leg, a, b *headset) {
	s.t.Helper()
	a, b = newHeadset(s.t, 1000), newHeadset(s.t, 600)
	ours = s.dial(to.uri())
	theirs = to.answer()
	join(s.t, a, ours)
	join(s.t, b, theirs)
	ours.await(Answered)
	theirs.await(Answered)
	a.hears(s.t, 600)
	b.hears(s.t, 1000)
	return ours, theirs, a, b
}

// rings is a call that rings at another station.
func (s *station) rings(at *station) (ours, theirs *leg) {
	s.t.Helper()
	ours, theirs = s.dial(at.uri()), at.inbound()
	theirs.Ring()
	ours.await(Ringing)
	return ours, theirs
}

// answeredBy is a call that another station takes; nobody speaks.
func (s *station) answeredBy(to *station) *leg {
	s.t.Helper()
	ours := s.dial(to.uri())
	to.answer()
	ours.await(Answered)
	return ours
}

// holds is this end holding the other; both are told.
func (l *leg) holds(other *leg) {
	l.t.Helper()
	l.Hold()
	l.await(Held)
	other.await(HeldByContact)
}

// resumes ends that. It gives the time at which it was asked for.
func (l *leg) resumes(other *leg) time.Time {
	l.t.Helper()
	l.Resume()
	at := time.Now()
	l.await(Resumed)
	other.await(ResumedByContact)
	return at
}

// hangsUp is this end hanging up; the call ends here and at the others.
func (l *leg) hangsUp(others ...*leg) {
	l.t.Helper()
	l.Hangup(sip.Reason{})
	l.ended()
	for _, o := range others {
		o.ended()
	}
}

// answer takes the next inbound call.
func (s *station) answer() *leg {
	s.t.Helper()
	l := s.inbound()
	l.Answer()
	return l
}

func (s *station) inbound() *leg {
	s.t.Helper()
	select {
	case l := <-s.incoming:
		return l
	case <-time.After(within):
		s.t.Fatal("no inbound call")
		return nil
	}
}

func join(t *testing.T, h *headset, l *leg) {
	j := media.Join(h, l.Endpoint())
	t.Cleanup(j.Close)
}

// await waits for an event, passing over others but never over the end.
func (l *leg) await(k EventKind) Event {
	l.t.Helper()
	deadline := time.After(within)
	for {
		select {
		case e := <-l.events:
			if e.Kind == k {
				return e
			}
			if e.Kind == Ended {
				l.t.Fatalf("ended (%+v) while waiting for %s", e.Cause, k)
			}
		case <-deadline:
			l.t.Fatalf("no %s after %v", k, l.kinds())
			return Event{}
		}
	}
}

func (l *leg) kinds() (ks []EventKind) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.said {
		ks = append(ks, e.Kind)
	}
	return ks
}

// ended waits for the end and checks that it is the only one, that nothing
// follows it, and that the call's port is free again.
func (l *leg) ended() Event {
	l.t.Helper()
	e := l.await(Ended)
	ks := l.kinds()
	if i := slices.Index(ks, Ended); i != len(ks)-1 {
		l.t.Errorf("after the end: %v", ks)
	}
	if e.Stats.Local.IsValid() {
		conn, err := net.ListenPacket("udp", e.Stats.Local.String())
		if err != nil {
			l.t.Errorf("RTP port of an ended call: %v", err)
		} else {
			_ = conn.Close()
		}
	}
	return e
}
