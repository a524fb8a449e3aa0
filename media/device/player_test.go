package device

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/media/measure"
)

// feed makes 20 ms frames of a tone that goes on from frame to frame.
type feed struct {
	frame media.Frame
	tone  []int16
}

func newFeed(codec media.Codec, d time.Duration) *feed {
	return &feed{
		frame: media.Frame{Codec: codec, SSRC: 1, Timestamp: math.MaxUint32 - 300}, // wraps
		tone:  media.ToneAt(codec.Rate(), 1000, d, -13),
	}
}

func (f *feed) next() *media.Frame {
	n := f.frame.Codec.FrameSamples()
	out := f.frame
	out.Payload = make([]byte, out.Codec.Bytes(n))
	out.Codec.Encode(out.Payload, f.tone[:n])
	f.tone = f.tone[n:]
	f.frame.Timestamp += uint32(n)
	f.frame.Seq++
	return &out
}

// play runs a loudspeaker whose clock is off by ppm for d, in turns of 15 ms, and
// frames that come every 20 ms, each late by delay(i).
func play(p *player, f *feed, d time.Duration, ppm int, delay func(i int) time.Duration) []int16 {
	turn := p.samples(15)
	step := 15 * time.Millisecond * time.Duration(1_000_000-ppm) / 1_000_000
	var heard []int16
	next := 0
	for now := time.Duration(0); now < d; now += step {
		for ; time.Duration(next)*media.FrameTime+delay(next) <= now && len(f.tone) > p.samples(20); next++ {
			p.write(f.next())
		}
		out := make([]int16, turn)
		p.fill(out)
		heard = append(heard, out...)
	}
	return heard
}

func onTime(int) time.Duration { return 0 }

func TestPlayerFollowsTheClocks(t *testing.T) {
	for _, c := range []struct {
		name string
		ppm  int
		cuts bool
	}{{"same clock", 0, false}, {"fast loudspeaker", 500, false}, {"slow loudspeaker", -500, true}} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlayer(8000)
			heard := play(p, newFeed(media.Linear8, 5*time.Minute), 4*time.Minute, c.ppm, onTime)
			heard = heard[8000:]
			if f := measure.Frequency(heard, 8000); math.Abs(f-1000) > 2 {
				t.Errorf("%v Hz", f)
			}
			if gap := measure.LongestGap(heard, 8000, -40); gap > 80*time.Millisecond {
				t.Errorf("a gap of %v", gap)
			}
			// 500 ppm are 120 ms in 4 minutes.
			if n := p.underruns.Load(); n > 6 || (c.ppm > 0) != (n > 0) {
				t.Errorf("ran dry %d times", n)
			}
			if n := p.cuts.Load(); n > 12 || (n > 0) != c.cuts {
				t.Errorf("%d cuts", n)
			}
			if d := p.depth(); d > 120*time.Millisecond {
				t.Errorf("%v wait at the end", d)
			}
			if p.dropped.Load() > 0 || p.missing.Load() > 0 || p.late.Load() > 0 {
				t.Errorf("dropped %d, missing %d, late %d", p.dropped.Load(), p.missing.Load(), p.late.Load())
			}
		})
	}
}

func TestPlayerGrowsWithJitter(t *testing.T) {
	p := newPlayer(16000)
	jitter := func(i int) time.Duration { return time.Duration(i*37%5) * 20 * time.Millisecond }
	f := newFeed(media.Linear16, time.Minute)
	first := play(p, f, 20*time.Second, 0, jitter)
	dry := p.underruns.Load()
	if p.margin <= p.samples(marginLeast) || dry == 0 {
		t.Fatalf("margin %d after %d underruns", p.margin, dry)
	}
	if tail := first[10*16000:]; measure.LongestGap(tail, 16000, -40) > 0 {
		t.Errorf("still gaps after 10 s: %d underruns", dry)
	}
}

func TestPlayerPause(t *testing.T) {
	p := newPlayer(8000)
	f := newFeed(media.PCMA, time.Minute)
	for range 5 {
		play(p, &feed{frame: f.frame, tone: f.tone[:8000]}, 3*time.Second, 0, onTime)
		f.frame.Timestamp += 3 * 8000
	}
	if p.margin != p.samples(marginLeast) {
		t.Errorf("pauses changed the margin to %d", p.margin)
	}
	if p.missing.Load() != 0 || p.depth() != 0 {
		t.Errorf("missing %d, left over %v", p.missing.Load(), p.depth())
	}
}

// A single frame is heard, though it never fills the margin.
func TestPlayerShortSound(t *testing.T) {
	p := newPlayer(8000)
	p.write(newFeed(media.PCMU, time.Second).next())
	heard := play(p, &feed{}, time.Second, 0, onTime)
	first, end := measure.Sounding(heard, 8000, -40)
	if end-first < 150 || p.depth() != 0 {
		t.Errorf("heard from %d to %d, %v left", first, end, p.depth())
	}
}

func TestPlayerOrder(t *testing.T) {
	p := newPlayer(8000)
	f := newFeed(media.PCMA, time.Second)
	one, two, three, four := f.next(), f.next(), f.next(), f.next()
	p.write(one)
	p.write(three) // two is missing: silence in its place
	p.write(two)   // late
	p.write(four)
	p.write(&media.Frame{Codec: media.PCMA, DTMF: '5', Payload: []byte{5, 0, 0, 160}, SSRC: 1})
	p.write(&media.Frame{})
	if p.missing.Load() != 160 || p.late.Load() != 1 || p.ring.len() != 4*160 {
		t.Fatalf("missing %d, late %d, %d samples", p.missing.Load(), p.late.Load(), p.ring.len())
	}
	got := make([]int16, 640)
	p.ring.read(got)
	if l := measure.RMS(got[160:320]); l != measure.Floor {
		t.Errorf("the place of the missing frame has %v dBFS", l)
	}
	other := *newFeed(media.PCMA, time.Second).next()
	other.SSRC, other.Timestamp = 2, 77 // another stream begins anywhere
	p.write(&other)
	if p.late.Load() != 1 || p.ring.len() != 160 {
		t.Errorf("new stream: late %d, %d samples", p.late.Load(), p.ring.len())
	}
	wide := newFeed(media.Linear16, time.Second).next()
	wide.SSRC = 3
	p.write(wide) // heard at our rate
	if p.ring.len() != 320 {
		t.Errorf("wide frame: %d samples", p.ring.len())
	}
}

func TestPlayerFull(t *testing.T) {
	p := newPlayer(8000)
	f := newFeed(media.Linear8, 3*time.Second)
	for range 100 {
		p.write(f.next())
	}
	if p.dropped.Load() == 0 || p.ring.len() != len(p.ring.buf) {
		t.Fatalf("dropped %d, %d in a ring of %d", p.dropped.Load(), p.ring.len(), len(p.ring.buf))
	}
	play(p, &feed{}, 50*time.Millisecond, 0, onTime)
	if d := p.depth(); d > (marginLeast+surplusLimit)*time.Millisecond {
		t.Errorf("%v left after the first turns", d)
	}
}

func TestRingBetweenThreads(t *testing.T) {
	r := newRing(100)
	if len(r.buf) != 128 {
		t.Fatalf("size %d", len(r.buf))
	}
	const all = 50_000
	go func() {
		var piece [37]int16
		for n := 0; n < all; {
			k := min(len(piece), all-n)
			for i := range k {
				piece[i] = int16(n + i)
			}
			n += r.write(piece[:k])
		}
	}()
	var piece [23]int16
	deadline := time.Now().Add(20 * time.Second)
	for n := 0; n < all; {
		k := r.read(piece[:])
		for i := range k {
			if piece[i] != int16(n+i) {
				t.Fatalf("sample %d is %d", n+i, piece[i])
			}
		}
		n += k
		if time.Now().After(deadline) {
			t.Fatal("stuck")
		}
	}
}

// The threads of the C library allocate nothing.
func TestThreadsAllocateNothing(t *testing.T) {
	h := &Headset{heard: newRing(8000), player: newPlayer(8000), wake: make(chan struct{}, 1)}
	f := newFeed(media.Linear8, time.Second).next()
	buf := make([]int16, 160)
	if n := testing.AllocsPerRun(200, func() {
		h.capture(buf)
		h.heard.skip(len(buf))
		h.player.ring.write(buf)
		h.play(buf)
	}); n != 0 {
		t.Errorf("%v allocations in a turn", n)
	}
	if n := testing.AllocsPerRun(200, func() {
		f.Timestamp += 160
		h.WriteFrame(f)
		h.play(buf)
	}); n != 0 {
		t.Errorf("%v allocations in WriteFrame", n)
	}
}

func TestPick(t *testing.T) {
	list := []Device{
		{Kind: Playback, Name: "Jabra Evolve Stereo", ID: "out.jabra"},
		{Kind: Playback, Name: "Built-in Audio", ID: "out.pci", Default: true},
		{Kind: Capture, Name: "Monitor of Jabra Evolve Stereo", ID: "out.jabra.monitor", Monitor: true},
		{Kind: Capture, Name: "Jabra Evolve Mono", ID: "in.jabra"},
		{Kind: Capture, Name: "Built-in Audio", ID: "in.pci.front", Default: true},
		{Kind: Capture, Name: "Built-in Audio", ID: "in.pci.rear"},
		{Kind: Capture, Name: "Jabra", ID: "in.old"},
	}
	for _, c := range []struct {
		kind     Kind
		name, id string
		err      error
		says     string
	}{
		{Capture, "", "in.pci.front", nil, ""},
		{Playback, "", "out.pci", nil, ""},
		{Playback, "JABRA", "out.jabra", nil, ""},
		{Capture, "jabra", "in.old", nil, ""},                 // the whole name before a part
		{Capture, "evolve", "in.jabra", nil, ""},              // no monitor
		{Capture, "monitor of", "out.jabra.monitor", nil, ""}, // unless it is meant
		{Capture, "in.pci.rear", "in.pci.rear", nil, ""},
		{Capture, "built", "", ErrAmbiguous, `"Built-in Audio" (in.pci.front), "Built-in Audio" (in.pci.rear)`},
		{Playback, "plantronics", "", ErrNoDevice, `there are "Jabra Evolve Stereo", "Built-in Audio"`},
	} {
		d, err := pick(list, c.kind, c.name)
		if d.ID != c.id || !errors.Is(err, c.err) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v %q: %q, %v; want %q, %v with %s", c.kind, c.name, d.ID, err, c.id, c.err, c.says)
		}
	}
	if _, err := pick(nil, Playback, ""); !errors.Is(err, ErrNoDevice) {
		t.Errorf("no devices: %v", err)
	}
	dummy := slices.Clone(list)
	dummy[4].Monitor = true
	if _, err := pick(dummy, Capture, ""); !errors.Is(err, ErrNoDevice) || !strings.Contains(err.Error(), "no microphone") {
		t.Errorf("monitor as default: %v", err)
	}
	dummy[1].Dummy = true
	if _, err := pick(dummy, Playback, ""); !errors.Is(err, ErrNoSound) {
		t.Errorf("dummy as default: %v", err)
	}
}
