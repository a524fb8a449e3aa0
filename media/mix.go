package media

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// mixer is a conference: everyone hears all others. Every 20 ms of the clock:
//
//	leg 1 ─► jitter buffer ─► samples ─┐        ┌─► sum − own ─► codec ─► leg 1
//	leg 2 ─► jitter buffer ─► samples ─┼─ sum ──┼─► sum − own ─► codec ─► leg 2
//	leg 3 ─► jitter buffer ─► samples ─┘        └─► …
//
// It works at the highest rate among its legs. Digits (RFC 4733) do not pass it.
type mixer struct {
	clock  *Clock
	mu     sync.Mutex // guards legs while it is changed, and what follows
	legs   atomic.Pointer[[]*mixLeg]
	remove func()
	closed bool
}

func newMixer(clock *Clock) *mixer {
	m := &mixer{clock: clock}
	m.legs.Store(&[]*mixLeg{})
	m.remove = clock.add(m.tick)
	return m
}

// admit takes one more endpoint into the conference.
func (m *mixer) admit(e Endpoint) *mixLeg {
	l := m.addLeg(e)
	e.SetSink(l)
	return l
}

func (m *mixer) addLeg(e Endpoint) *mixLeg {
	l := &mixLeg{end: e, frame: firstFrame(NoCodec)}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		list := append(slices.Clone(*m.legs.Load()), l)
		m.legs.Store(&list)
	}
	return l
}

// dismiss takes a leg out; its endpoint lives on.
func (m *mixer) dismiss(l *mixLeg) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(*m.legs.Load()), func(x *mixLeg) bool { return x == l })
	m.legs.Store(&list)
	unset(l.end, l)
}

// close ends the conference; the endpoints live on.
func (m *mixer) close() {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return
	}
	m.closed = true
	legs := *m.legs.Load()
	m.legs.Store(&[]*mixLeg{})
	m.mu.Unlock()
	m.remove()
	for _, l := range legs {
		unset(l.end, l)
	}
}

// mixLeg is one party of a mixer.
type mixLeg struct {
	end Endpoint

	mu     sync.Mutex // between the endpoint that brings frames and the clock
	buffer *jitterBuffer
	intake []int16

	// The clock's goroutine only.
	heard   []int16 // at the rate of the buffer
	own     []int16 // at the rate of the mix
	out     []int16
	payload []byte
	in, to  converter
	frame   Frame
}

// WriteFrame puts what the endpoint's far side says into the jitter buffer.
func (l *mixLeg) WriteFrame(f *Frame) {
	n := f.Samples()
	if n == 0 || f.Codec == NoCodec {
		return
	}
	now := f.At
	if now.IsZero() {
		now = time.Now()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buffer == nil || l.buffer.rate != f.Codec.Rate() {
		l.buffer = newJitterBuffer(f.Codec.Rate())
	}
	if cap(l.intake) < n {
		l.intake = make([]int16, n)
	}
	samples := l.intake[:n]
	f.Codec.Decode(samples, f.Payload)
	l.buffer.put(f.SSRC, f.Timestamp, samples, now)
}

// listen takes 20 ms from the leg's buffer at the rate of the mix.
func (l *mixLeg) listen(rate int) {
	n := rate / 50
	if cap(l.own) < n {
		l.own = make([]int16, n)
	}
	l.own = l.own[:n]
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buffer == nil {
		clear(l.own)
		return
	}
	k := l.buffer.rate / 50
	if cap(l.heard) < k {
		l.heard = make([]int16, k)
	}
	l.heard = l.heard[:k]
	l.buffer.get(l.heard)
	l.own = l.in.convert(l.own, l.heard, l.buffer.rate, rate)
}

// speak sends a leg the sum of the others.
func (l *mixLeg) speak(sum []int32, rate int, now time.Time) {
	codec := l.end.Codec()
	if codec == NoCodec {
		return
	}
	if cap(l.out) < 2*len(sum) {
		l.out = make([]int16, 2*len(sum))
		l.payload = make([]byte, 4*len(sum))
	}
	others := l.own // no longer needed: the sum has it
	for i, s := range sum {
		others[i] = int16(max(-32768, min(32767, s-int32(others[i]))))
	}
	samples := l.to.convert(l.out[:cap(l.out)], others, rate, codec.Rate())
	f := &l.frame
	n := codec.Encode(l.payload[:cap(l.payload)], samples)
	f.Codec, f.Payload, f.At = codec, l.payload[:n], now
	l.end.WriteFrame(f)
	f.step(len(samples))
}

// tick mixes 20 ms.
func (m *mixer) tick(now time.Time) {
	legs := *m.legs.Load()
	rate := 8000
	for _, l := range legs {
		rate = max(rate, l.end.Codec().Rate())
	}
	var room [320]int32 // 20 ms at 16 kHz
	sum := room[:rate/50]
	for _, l := range legs {
		l.listen(rate)
		for i, s := range l.own {
			sum[i] += int32(s)
		}
	}
	for _, l := range legs {
		l.speak(sum, rate, now)
	}
}
