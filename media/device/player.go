package device

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/freiton/freiton/media"
)

// player holds the samples between WriteFrame and the loudspeaker, which asks
// for them by its own clock.
//
//	WriteFrame ──► │ 20 ms │ 20 ms │ 20 ms │ ──► fill
//	               └── margin ──┘ is left after most calls of fill
//
// If it runs dry it waits until the margin is there again, and if that was no
// pause the margin grows; if there is more than the margin for a whole window,
// the surplus is cut out with a short blend. So it follows two clocks that
// differ, and bursts.
type player struct {
	rate int
	ring *ring

	mu      sync.Mutex // between writers: a junction that ends and the next
	begun   bool
	ssrc    uint32
	next    uint32 // timestamp expected, in the frame's clock
	scratch []int16

	// The loudspeaker's thread only.
	playing bool
	margin  int // samples
	starved int // since it ran dry
	waited  int // with something there, but not enough
	low     int // least left in this window
	window  int // samples played in it
	calm    int // windows without running dry
	cut     int // samples to be cut out
	last    int16
	blend   []int16

	dropped   atomic.Uint64
	late      atomic.Uint64
	missing   atomic.Uint64
	underruns atomic.Uint64
	cuts      atomic.Uint64
}

const (
	marginLeast  = 20 // ms
	marginMost   = 200
	marginStep   = 10
	marginSlack  = 20  // ms above the margin before anything is cut
	pauseTime    = 400 // ms: dry for longer was a pause, not jitter
	windowTime   = 1000
	calmWindows  = 10 // before the margin shrinks
	blendTime    = 5
	surplusLimit = 400 // ms above the margin: cut at once
	holeLimit    = 200 // ms: a longer gap in the timestamps is a pause
)

func newPlayer(rate int) *player {
	p := &player{rate: rate, ring: newRing(rate)}
	p.margin = p.samples(marginLeast)
	p.scratch = make([]int16, rate/10)
	p.blend = make([]int16, p.samples(blendTime))
	return p
}

func (p *player) samples(ms int) int { return ms * p.rate / 1000 }

// write takes a frame.
func (p *player) write(f *media.Frame) {
	n := f.Samples()
	if n == 0 || f.Codec == media.NoCodec {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n > cap(p.scratch) {
		p.scratch = make([]int16, n)
	}
	hole, ok := p.place(f, n)
	if !ok {
		p.late.Add(1)
		return
	}
	if hole > 0 {
		p.missing.Add(uint64(hole))
		p.silence(hole * p.rate / f.Codec.ClockRate())
	}
	samples := p.scratch[:f.Codec.Decode(p.scratch[:n], f.Payload)]
	if rate := f.Codec.Rate(); rate != p.rate {
		samples = media.Resample(samples, rate, p.rate) // not what we speak: heard all the same
	}
	p.put(samples)
}

// place tells by the timestamp how many samples are missing before the frame,
// or that it is late.
func (p *player) place(f *media.Frame, n int) (hole int, ok bool) {
	step := int(int32(f.Timestamp - p.next))
	limit := holeLimit * f.Codec.ClockRate() / 1000
	if !p.begun || f.SSRC != p.ssrc || step > limit || step < -limit {
		step = 0 // another stream, or after a pause
	}
	if step < 0 {
		return 0, false
	}
	p.begun, p.ssrc, p.next = true, f.SSRC, f.Timestamp+uint32(n)
	return step, true
}

func (p *player) silence(n int) {
	var zero [80]int16
	for ; n > 0; n -= len(zero) {
		p.put(zero[:min(n, len(zero))])
	}
}

func (p *player) put(samples []int16) {
	if n := p.ring.write(samples); n < len(samples) {
		p.dropped.Add(uint64(len(samples) - n))
	}
}

// fill gives the loudspeaker what it asks for. It never waits or allocates.
func (p *player) fill(out []int16) {
	if !p.playing && !p.ready(len(out)) {
		clear(out)
		return
	}
	if p.cut > 0 {
		p.cutOut(out)
	}
	n := p.ring.read(out)
	if n > 0 {
		p.last = out[n-1]
	}
	if n < len(out) {
		p.dry(out[n:])
		return
	}
	p.window += n
	left := p.ring.len()
	p.low = min(p.low, left)
	if left > p.margin+p.samples(surplusLimit) {
		p.cut = left - p.margin
		p.restartWindow()
	} else if p.window >= p.samples(windowTime) {
		p.review()
	}
}

// ready tells whether there is enough to begin.
func (p *player) ready(asked int) bool {
	have := p.ring.len()
	if have > 0 {
		p.waited += asked
	}
	// Less than the margin, and no more is coming: it is played as it is.
	if have < asked+p.margin && p.waited < p.samples(marginMost)+2*asked || have == 0 {
		p.starved += asked
		return false
	}
	if p.underruns.Load() > 0 && p.starved < p.samples(pauseTime) {
		p.margin = min(p.margin+p.samples(marginStep), p.samples(marginMost))
		p.calm = 0
	}
	p.playing, p.waited = true, 0
	p.restartWindow()
	return true
}

// dry fills up what is not there, without a click.
func (p *player) dry(rest []int16) {
	p.playing, p.starved, p.waited = false, len(rest), 0
	p.underruns.Add(1)
	v := int(p.last)
	for i := range rest {
		v = v * 15 / 16
		rest[i] = int16(v)
	}
}

func (p *player) restartWindow() { p.window, p.low = 0, p.ring.len() }

// review ends a window: cuts what was never needed, and tries a smaller margin
// when all was well for long.
func (p *player) review() {
	if extra := p.low - p.margin; extra > p.samples(marginSlack) {
		p.cut = extra
	}
	if p.calm++; p.calm >= calmWindows {
		p.calm = 0
		p.margin = max(p.margin-p.samples(marginStep)/2, p.samples(marginLeast))
	}
	p.restartWindow()
}

// cutOut leaves out the surplus and blends over the seam.
func (p *player) cutOut(out []int16) {
	n := min(p.cut, p.ring.len()-len(out)-len(p.blend))
	p.cut = 0
	if n <= 0 || len(out) < len(p.blend) {
		return
	}
	p.cuts.Add(1)
	k := p.ring.peek(p.blend)
	p.ring.skip(n)
	p.ring.mend(p.blend[:k])
}

// depth is what waits, as a time.
func (p *player) depth() time.Duration {
	return time.Duration(p.ring.len()) * time.Second / time.Duration(p.rate)
}
