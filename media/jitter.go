package media

import "time"

// jitterBuffer turns packets that come as they please into 20 ms of samples
// whenever asked. It is a ring of samples addressed by timestamp, so order,
// repetition and the length of packets do not matter:
//
//	           next                     end
//	────────────┼──────┬──────┬────┄┄┄───┼──────────► timestamp
//	  played    │ 10 ms│ 10 ms│ hole     │ not yet come
//	            └───────── depth ────────┘
//
// The depth aimed at follows the spread of the delays seen in the last seconds:
// up at once, down slowly. Too shallow, it grows by concealment that does not
// move next; too deep, a block is blended away, in a pause if there is one.
// A hole is concealed. It is not for more than one goroutine.
type jitterBuffer struct {
	rate  int
	block int // samples in 10 ms
	ring  []int16
	have  []uint16 // samples present, by block of the ring

	ssrc    uint32
	started bool // a stream is there
	playing bool // deep enough once
	lastTS  uint32
	lastRel int64
	next    int64
	end     int64
	epoch   time.Time

	delay  spread
	target int // samples
	excess int // asked so often while too deep
	hollow int // blocks concealed in a row with nothing there
	plc    concealer

	stats bufferStats
}

// bufferStats are the figures of a jitter buffer.
type bufferStats struct {
	Depth     time.Duration // aimed at
	Late      uint64        // packets that came after their turn
	Concealed uint64        // blocks of 10 ms made up
	Shortened uint64        // blocks of 10 ms left out to become faster
	Resets    uint64        // streams begun
}

const (
	bufferBlocks = 100 // one second
	minDepth     = 30  // ms
	maxDepth     = 300
	jumpLimit    = 800 // ms off the expected place is a new stream
	slack        = 20  // ms deeper than aimed at before anything is left out
	patience     = 10  // turns of 20 ms too deep before a quiet block is left out
	hurry        = 50  // before any block is
	hollowLimit  = 20  // blocks of nothing before the stream counts as paused
	quietLevel   = 200 // mean magnitude
)

func newJitterBuffer(rate int) *jitterBuffer {
	b := &jitterBuffer{rate: rate, block: rate / 100}
	b.ring = make([]int16, bufferBlocks*b.block)
	b.have = make([]uint16, bufferBlocks)
	b.plc.init(rate)
	return b
}

func (b *jitterBuffer) samples(ms int) int { return ms * b.rate / 1000 }

// put takes the samples of one packet.
func (b *jitterBuffer) put(ssrc, timestamp uint32, samples []int16, now time.Time) {
	if len(samples) == 0 || len(samples) > len(b.ring)/2 {
		return
	}
	rel := b.lastRel + int64(int32(timestamp-b.lastTS))
	if !b.started || ssrc != b.ssrc || rel < b.next-int64(b.samples(jumpLimit)) || rel > b.end+int64(b.samples(jumpLimit)) {
		b.restart(ssrc, timestamp, now)
		rel = 0
	}
	b.lastTS, b.lastRel = timestamp, rel
	arrived := samplesIn(now.Sub(b.epoch), b.rate)
	b.delay.add(arrived-rel, now)
	b.aim(len(samples))
	last := rel + int64(len(samples))
	if last <= b.next {
		b.stats.Late++
		return
	}
	if !b.playing && b.hollow >= hollowLimit {
		at := max(0, rel)
		at -= at % int64(b.block)           // next is always at the start of a block
		b.next, b.end, b.hollow = at, at, 0 // after a pause: wait for the depth anew
		clear(b.have)
	}
	if over := last - b.next - int64(len(b.ring)); over > 0 {
		b.skip(over + int64(len(b.ring)) - int64(b.target))
	}
	b.store(rel, samples)
	b.end = max(b.end, last)
}

func (b *jitterBuffer) restart(ssrc, timestamp uint32, now time.Time) {
	b.ssrc, b.started, b.playing = ssrc, true, false
	b.lastTS, b.lastRel, b.next, b.end = timestamp, 0, 0, 0
	b.epoch, b.hollow, b.excess = now, 0, 0
	b.delay = spread{}
	clear(b.have)
	b.stats.Resets++
}

// aim sets the depth: the spread of the delays and one packet.
func (b *jitterBuffer) aim(packet int) {
	want := int(b.delay.width()) + max(packet, 2*b.block)
	b.target = min(max(want, b.samples(minDepth)), b.samples(maxDepth))
	b.stats.Depth = time.Duration(b.target) * time.Second / time.Duration(b.rate)
}

// store writes samples to the ring from place rel on; what is before next is cut.
func (b *jitterBuffer) store(rel int64, samples []int16) {
	if rel < b.next {
		samples, rel = samples[b.next-rel:], b.next
	}
	for len(samples) > 0 {
		i := int(rel % int64(len(b.ring)))
		blk := i / b.block
		n := min(len(samples), (blk+1)*b.block-i)
		copy(b.ring[i:i+n], samples)
		b.have[blk] = uint16(min(b.block, int(b.have[blk])+n))
		samples, rel = samples[n:], rel+int64(n)
	}
}

// skip moves next on without playing.
func (b *jitterBuffer) skip(n int64) {
	n -= n % int64(b.block)
	for ; n > 0; n -= int64(b.block) {
		b.take(nil)
	}
}

// take moves next on by one block, copies it to dst if there is one, and tells
// whether it was there.
func (b *jitterBuffer) take(dst []int16) bool {
	i := int(b.next % int64(len(b.ring)))
	blk := i / b.block
	ok := int(b.have[blk]) >= b.block/2
	if ok && dst != nil {
		copy(dst, b.ring[i:i+b.block])
	}
	clear(b.ring[blk*b.block : (blk+1)*b.block])
	b.have[blk] = 0
	b.next += int64(b.block)
	return ok
}

// get fills dst, a whole number of blocks, and tells whether there is a stream.
func (b *jitterBuffer) get(dst []int16) bool {
	depth := b.end - b.next
	if !b.playing {
		if !b.started || depth < int64(b.target) {
			clear(dst)
			return false
		}
		b.playing = true
	}
	b.tooDeep(depth)
	for len(dst) >= b.block {
		b.blockOut(dst[:b.block])
		dst = dst[b.block:]
	}
	return true
}

func (b *jitterBuffer) blockOut(dst []int16) {
	if b.next >= b.end {
		// Nothing there: next stays, so what comes now is not late.
		b.stats.Concealed++
		b.plc.conceal(dst)
		if b.hollow++; b.hollow >= hollowLimit {
			b.playing = false
		}
		return
	}
	b.hollow = 0
	if !b.take(dst) {
		b.stats.Concealed++
		b.plc.conceal(dst)
		return
	}
	b.plc.good(dst)
}

// tooDeep leaves a block out when the buffer has been too deep for a while.
func (b *jitterBuffer) tooDeep(depth int64) {
	if depth <= int64(b.target+b.samples(slack)) {
		b.excess = 0
		return
	}
	b.excess++
	if b.excess < patience || b.excess < hurry && !b.quiet() {
		return
	}
	b.excess = 0
	b.stats.Shortened++
	b.blend()
}

// blend makes the next two blocks one.
func (b *jitterBuffer) blend() {
	i := int(b.next % int64(len(b.ring)))
	j := (i + b.block) % len(b.ring)
	bi, bj := i/b.block, j/b.block
	if b.have[bi] > 0 && b.have[bj] > 0 {
		for k := range b.block {
			x, y := int(b.ring[i+k]), int(b.ring[j+k])
			b.ring[j+k] = int16((x*(b.block-k) + y*k) / b.block)
		}
	}
	b.take(nil)
}

func (b *jitterBuffer) quiet() bool {
	i := int(b.next % int64(len(b.ring)))
	sum := 0
	for _, s := range b.ring[i : i+b.block] {
		sum += max(int(s), -int(s))
	}
	return sum < quietLevel*b.block
}

// spread keeps the least and the greatest delay of the last four to eight seconds.
type spread struct {
	begun    time.Time
	now, old struct{ least, most int64 }
	n        int
}

const spreadWindow = 4 * time.Second

func (s *spread) add(delay int64, now time.Time) {
	switch {
	case s.n == 0:
		s.begun = now
		s.now.least, s.now.most = delay, delay
		s.old = s.now
	case now.Sub(s.begun) > spreadWindow:
		s.old, s.begun = s.now, now
		s.now.least, s.now.most = delay, delay
	}
	s.n++
	s.now.least, s.now.most = min(s.now.least, delay), max(s.now.most, delay)
}

func (s *spread) width() int64 {
	return max(s.now.most, s.old.most) - min(s.now.least, s.old.least)
}
