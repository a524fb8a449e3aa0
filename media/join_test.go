package media

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freiton/freiton/media/measure"
	"github.com/pion/rtp"
)

// collector is a tap that keeps how many frames of each way it saw, and may wait.
type collector struct {
	mu   sync.Mutex
	seen [2]int
	wait chan struct{}
}

func (c *collector) WriteFrame(way Way, f *Frame) {
	if c.wait != nil {
		<-c.wait
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[way]++
}

// Through a relay the payload, the gaps and the order stay; SSRC is ours.
func TestRelayKeepsGapsAndOrder(t *testing.T) {
	a, b := newTestSession(t), newTestSession(t, func(c *SessionConfig) { c.Codecs = []Codec{PCMU} })
	p, q := newFarEnd(t, a.LocalAddr()), newFarEnd(t, b.LocalAddr())
	if _, err := a.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Answer(q.sdp()); err != nil {
		t.Fatal(err)
	}
	tap := new(collector)
	j := Join(a, b, WithTap(tap))
	order := []int{0, 1, 2, 5, 4, 6, 9, 10} // 3, 7 and 8 are lost, 5 overtakes 4
	base := p.h
	for _, i := range order {
		p.h.SequenceNumber = base.SequenceNumber + uint16(i)
		p.h.Timestamp = base.Timestamp + uint32(160*i)
		p.send(byte(0x20 + i))
	}
	var first rtp.Header
	k := 0
	q.receive(func(x *rtp.Packet) bool {
		if x.Payload[0] == 0xFF {
			return false // our own silence before
		}
		if k == 0 {
			first = x.Header
			if x.SSRC == base.SSRC {
				t.Error("the far end's SSRC passed through")
			}
			if !x.Marker {
				t.Error("no marker on the first")
			}
		}
		i := order[k]
		if x.PayloadType != 0 || x.Payload[0] != alawToUlaw[0x20+i] {
			t.Errorf("packet %d: type %d, payload %x", i, x.PayloadType, x.Payload[0])
		}
		if x.SequenceNumber-first.SequenceNumber != uint16(i) || x.Timestamp-first.Timestamp != uint32(160*i) {
			t.Errorf("packet %d: seq +%d, timestamp +%d", i, x.SequenceNumber-first.SequenceNumber, x.Timestamp-first.Timestamp)
		}
		k++
		return k == len(order)
	})
	j.Close()
	if tap.seen[AtoB] != len(order) || tap.seen[BtoA] != 0 || j.Dropped() != 0 || j.Mixed() {
		t.Errorf("tap saw %v, dropped %d, mixed %v", tap.seen, j.Dropped(), j.Mixed())
	}
	p.send(0x33)
	q.receive(func(x *rtp.Packet) bool { return x.Payload[0] == 0xFF && x.Marker }) // silence of our own again
}

// A tap that is too slow loses frames, is told how many, and delays nobody.
func TestSlowTap(t *testing.T) {
	tap := &collector{wait: make(chan struct{})}
	heard := new(ear)
	a, b := &loopEnd{codec: PCMA}, &loopEnd{codec: PCMA, ear: heard}
	j := Join(a, b, WithTap(tap))
	for i := range 1000 {
		a.say(&Frame{Codec: PCMA, Seq: uint16(i), Timestamp: uint32(i * 160), Payload: make([]byte, 160), At: time.Now()})
	}
	if heard.count() != 1000 {
		t.Errorf("%d frames passed", heard.count())
	}
	close(tap.wait)
	j.Close()
	if n := j.Dropped(); n < 1000-tapDepth-1 || n+uint64(tap.seen[AtoB]) != 1000 {
		t.Errorf("dropped %d, seen %d", n, tap.seen[AtoB])
	}
}

// loopEnd is an endpoint of the test's own: what it says is given, what it hears kept.
type loopEnd struct {
	codec Codec
	ear   *ear
	mu    sync.Mutex
	sink  Sink
}

func (e *loopEnd) Codec() Codec { return e.codec }
func (e *loopEnd) Close() error { return nil }
func (e *loopEnd) SetSink(s Sink) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sink = s
}

func (e *loopEnd) WriteFrame(f *Frame) {
	if e.ear != nil {
		e.ear.WriteFrame(f)
	}
}

func (e *loopEnd) say(f *Frame) {
	e.mu.Lock()
	s := e.sink
	e.mu.Unlock()
	if s != nil {
		s.WriteFrame(f)
	}
}

// Rejoining elsewhere is not undone by closing the junction before.
func TestRejoin(t *testing.T) {
	a, b, c := tonePlayer(t, 500, PCMA), tonePlayer(t, 600, PCMA), &loopEnd{codec: PCMA, ear: new(ear)}
	first := Join(a, b)
	second := Join(a, c)
	defer second.Close()
	first.Close()
	eventually(t, "heard", func() bool { return c.ear.count() > 5 })
}

// Different rates take the mix path, and the tone arrives at the same level,
// without a gap. Time is the test's.
func TestMixPath(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to Codec
	}{
		{"16 kHz to G.711", Linear16, PCMA},
		{"G.711 to 16 kHz", PCMU, Linear16},
	} {
		t.Run(c.name, func(t *testing.T) {
			mouth, end := &loopEnd{codec: c.from}, &loopEnd{codec: c.to, ear: new(ear)}
			j := Join(mouth, end)
			defer j.Close()
			if !j.Mixed() {
				t.Fatal("not mixed")
			}
			j.mix.remove() // from the clock
			tone := ToneAt(c.from.Rate(), 1000, 2*time.Second, -10)
			n := c.from.FrameSamples()
			payload := make([]byte, c.from.Bytes(n))
			now := time.Now()
			for i := range 100 {
				now = now.Add(FrameTime)
				c.from.Encode(payload, tone[i*n:(i+1)*n])
				mouth.say(&Frame{Codec: c.from, SSRC: 1, Seq: uint16(i), Timestamp: uint32(i * n), Payload: payload, At: now})
				j.mix.tick(now.Add(7 * time.Millisecond))
			}
			samples := end.ear.heard()
			first, last := measure.Sounding(samples, c.to.Rate(), -30)
			checkTone(t, samples[first:last], c.to.Rate(), 1000, -10)
			if d := measure.Duration(last-first, c.to.Rate()); d < 1930*time.Millisecond {
				t.Errorf("%v heard of 2 s", d)
			}
		})
	}
}

// A change of codec in the call to one that cannot be relayed is followed.
func TestRelayBecomesMix(t *testing.T) {
	player := tonePlayer(t, 1000, PCMA)
	end := &loopEnd{codec: PCMA, ear: new(ear)}
	a := &changingEnd{Endpoint: player}
	j := Join(a, end)
	defer j.Close()
	eventually(t, "heard", func() bool { return end.ear.count() > 5 })
	if j.Mixed() {
		t.Fatal("mixed without need")
	}
	j.ways[AtoB].WriteFrame(&Frame{Codec: Linear16, Payload: make([]byte, 640), At: time.Now()})
	eventually(t, "mixed", j.Mixed)
	n := end.ear.count()
	eventually(t, "heard on", func() bool { return end.ear.count() > n+20 })
}

type changingEnd struct{ Endpoint }

// In a conference everyone hears the others and not herself. Time is the test's.
func TestConference(t *testing.T) {
	freqs := []float64{500, 900, 1500}
	ends := make([]*loopEnd, len(freqs))
	var members []Endpoint
	for i := range ends {
		ends[i] = &loopEnd{codec: []Codec{PCMA, PCMU, Linear16}[i], ear: new(ear)}
		members = append(members, ends[i])
	}
	m := newMixer(clockOf(members...))
	defer m.close()
	for _, e := range members {
		m.admit(e)
	}
	m.remove() // from the clock
	now := time.Now()
	for i := range 100 {
		now = now.Add(FrameTime)
		for k, e := range ends {
			n := e.codec.FrameSamples()
			tone := ToneAt(e.codec.Rate(), freqs[k], 2*time.Second, -16)
			payload := make([]byte, e.codec.Bytes(n))
			e.codec.Encode(payload, tone[i*n:(i+1)*n])
			e.say(&Frame{Codec: e.codec, SSRC: uint32(k), Seq: uint16(i), Timestamp: uint32(i * n), Payload: payload, At: now})
		}
		m.tick(now.Add(3 * time.Millisecond))
	}
	for i, e := range ends {
		samples := e.ear.heard()
		rate := e.codec.Rate()
		samples = samples[len(samples)-rate:] // the last second: all have begun
		for k, f := range freqs {
			l := measure.Level(samples, rate, f)
			if k == i && l > -45 {
				t.Errorf("party %d hears herself at %.1f dBFS", i, l)
			}
			if k != i && math.Abs(l+16) > 1 {
				t.Errorf("party %d hears party %d at %.1f dBFS, want −16", i, k, l)
			}
		}
	}
}

// Who leaves a conference is not heard any more, and goes on elsewhere.
func TestLeaveConference(t *testing.T) {
	a, b, c := tonePlayer(t, 500, PCMA), &loopEnd{codec: PCMA, ear: new(ear)}, &loopEnd{codec: PCMA, ear: new(ear)}
	m := newMixer(clockOf(a))
	defer m.close()
	m.admit(b)
	leg := m.admit(a)
	loud := func(e *ear, since time.Time) bool {
		p := e.peaksSince(since)
		return len(p) > 0 && p[len(p)-1] > 1000
	}
	eventually(t, "heard", func() bool { return loud(b.ear, time.Time{}) })
	if d := leg.depth(); d < 20*time.Millisecond || d > 300*time.Millisecond {
		t.Errorf("buffer aims at %v", d)
	}
	m.dismiss(leg)
	j := Join(a, c)
	defer j.Close()
	eventually(t, "heard elsewhere", func() bool { return loud(c.ear, time.Time{}) })
	eventually(t, "gone", func() bool { return !loud(b.ear, time.Now().Add(-40*time.Millisecond)) })
}

// depth is what the leg's jitter buffer aims at.
func (l *mixLeg) depth() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.stats.Depth
}

// Muted, nothing of ours leaves; what comes is heard.
func TestMute(t *testing.T) {
	a, b := newTestSession(t), newTestSession(t)
	agree(t, a, b)
	atA, atB := new(ear), new(ear)
	a.SetSink(atA)
	b.SetSink(atB)
	va, vb := tonePlayer(t, 600, PCMA), tonePlayer(t, 900, PCMA)
	va.SetSink(a)
	vb.SetSink(b)
	eventually(t, "heard", func() bool { return atA.count() > 10 && atB.count() > 10 })
	a.SetMute(true)
	from := time.Now().Add(20 * time.Millisecond)
	listen(200 * time.Millisecond)
	quiet, still := 0, 0
	for _, p := range atB.peaksSince(from) {
		if p <= 8 {
			quiet++
		} else {
			still++
		}
	}
	if still > 0 || quiet < 5 {
		t.Errorf("%d loud and %d silent frames left", still, quiet)
	}
	if p := atA.peaksSince(from); len(p) < 5 || p[len(p)-1] < 1000 {
		t.Error("the far end is not heard while muted")
	}
}

func TestRingback(t *testing.T) {
	tone := Ringback()
	if d := measure.Duration(len(tone), 8000); d != 5*time.Second {
		t.Errorf("period %v", d)
	}
	first, end := measure.Sounding(tone, 8000, -30)
	if first != 0 || measure.Duration(end, 8000) != time.Second {
		t.Errorf("sounds from %d to %d", first, end)
	}
	if f := measure.Frequency(tone[:8000], 8000); f != 425 {
		t.Errorf("frequency %v", f)
	}
	e := NewRingback(NewClock(), PCMU)
	end2 := &loopEnd{codec: PCMU, ear: new(ear)}
	j := Join(e, end2)
	eventually(t, "heard", func() bool { return end2.ear.count() > 20 })
	j.Close()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// A guest hears both and is heard by both; the tap goes on with the two alone.
// When the guest has left, the two go on.
func TestAdmit(t *testing.T) {
	a := &hearing{FileEndpoint: tonePlayer(t, 500, PCMA)}
	b := &hearing{FileEndpoint: tonePlayer(t, 900, PCMA)}
	guest := &hearing{FileEndpoint: tonePlayer(t, 1500, PCMU)}
	tap := &guestTap{}
	j := Join(a, b, WithTap(tap))
	defer j.Close()
	hears := func(h *hearing, yes ...float64) bool {
		last := h.last()
		for _, f := range []float64{500, 900, 1500} {
			if l := measure.Level(last, 8000, f); slices.Contains(yes, f) != (l > -14) || !slices.Contains(yes, f) && l > -45 {
				return false
			}
		}
		return true
	}
	eventually(t, "the two hear each other", func() bool { return hears(a, 900) && hears(b, 500) })
	j.Admit(guest)
	j.Admit(guest) // once is enough
	eventually(t, "all three hear each other", func() bool { return hears(a, 900, 1500) && hears(b, 500, 1500) && hears(guest, 500, 900) })
	j.Dismiss(guest)
	eventually(t, "the guest is gone", func() bool { return hears(a, 900) && hears(b, 500) })
	if n, others := tap.n.Load(), tap.others.Load(); n == 0 || others > 0 {
		t.Errorf("the tap saw %d frames, %d of the guest", n, others)
	}
	j.Close()
	j.Admit(guest) // too late: nothing happens
}

// hearing is an endpoint that speaks, and keeps the last 0.2 s it was told.
type hearing struct {
	*FileEndpoint
	mu  sync.Mutex
	pcm []int16
}

func (h *hearing) WriteFrame(f *Frame) {
	pcm := make([]int16, f.Samples())
	n := f.Codec.Decode(pcm, f.Payload)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pcm = append(h.pcm, pcm[:n]...)
	h.pcm = h.pcm[max(0, len(h.pcm)-1600):]
}

func (h *hearing) last() []int16 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.pcm)
}

// guestTap counts frames, and those that hold the guest's tone.
type guestTap struct{ n, others atomic.Int64 }

func (g *guestTap) WriteFrame(_ Way, f *Frame) {
	g.n.Add(1)
	pcm := make([]int16, f.Samples())
	f.Codec.Decode(pcm, f.Payload)
	if measure.Level(pcm, 8000, 1500) > -30 {
		g.others.Add(1)
	}
}
