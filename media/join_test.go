package media

import (
	"math"
	"sync"
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

// Different rates take the mix path, and the tone arrives at the same level.
func TestMixPath(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to Codec
		opts     []JoinOption
	}{
		{"16 kHz to G.711", Linear16, PCMA, nil},
		{"G.711 to 16 kHz", PCMU, Linear16, nil},
		{"forced", PCMA, PCMU, []JoinOption{WithMix()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			player := tonePlayer(t, 1000, c.from)
			end := &loopEnd{codec: c.to, ear: new(ear)}
			j := Join(player, end, c.opts...)
			defer j.Close()
			if !j.Mixed() {
				t.Fatal("not mixed")
			}
			eventually(t, "1 s heard", func() bool { return end.ear.count() > 55 })
			samples := end.ear.heard()
			first, last := measure.Sounding(samples, c.to.Rate(), -30)
			checkTone(t, samples[first:last], c.to.Rate(), 1000, -10)
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

// In a conference everyone hears the others and not herself.
func TestConference(t *testing.T) {
	freqs := []float64{500, 900, 1500}
	var ends []Endpoint
	var ears []*ear
	clock := NewClock()
	for _, f := range freqs {
		p, err := NewFileEndpoint(FileOptions{Samples: Tone(f, time.Second, -16), Loop: true, Clock: clock})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		e := &hearingEnd{FileEndpoint: p, ear: new(ear)}
		ends, ears = append(ends, e), append(ears, e.ear)
	}
	m := NewMix(ends...)
	defer m.Close()
	eventually(t, "1 s heard", func() bool { return ears[0].count() > 60 && ears[1].count() > 60 && ears[2].count() > 60 })
	for i, e := range ears {
		samples := e.heard()
		samples = samples[len(samples)-4800:] // the last 600 ms: all have begun
		for k, f := range freqs {
			l := measure.Level(samples, 8000, f)
			if k == i && l > -45 {
				t.Errorf("party %d hears herself at %.1f dBFS", i, l)
			}
			if k != i && math.Abs(l+16) > 1 {
				t.Errorf("party %d hears party %d at %.1f dBFS, want −16", i, k, l)
			}
		}
	}
}

type hearingEnd struct {
	*FileEndpoint
	ear *ear
}

func (e *hearingEnd) WriteFrame(f *Frame) { e.ear.WriteFrame(f) }

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
