package media

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Echo is an endpoint for a test call to oneself: it says what it heard.
//
//	beep ─► listens ─► plays that back ─► done
//
// Speaking and hearing come one after the other, so that nobody has to talk
// against her own voice, and no loudspeaker can howl.
type Echo struct {
	codec  Codec
	clock  *Clock
	listen time.Duration
	sink   atomic.Pointer[sinkBox]

	life   sync.Mutex // guards remove and closed
	remove func()
	closed bool
	done   chan struct{}
	finish func()

	mu     sync.Mutex
	track  *Track // while it listens
	heard  int    // frames in that time
	result EchoResult

	// The clock's goroutine only.
	ticks   int
	out     []int16
	pos     int
	samples []int16
	frame   Frame
}

// EchoStage is what an Echo does now.
type EchoStage string

// The stages, in their order.
const (
	EchoBeep   EchoStage = "beep"
	EchoListen EchoStage = "listen"
	EchoPlay   EchoStage = "play"
	EchoDone   EchoStage = "done"
)

// EchoResult is what an Echo found out so far. What was heard is known from
// the stage play on.
type EchoResult struct {
	Stage     EchoStage
	LevelDBFS float64 // of the loudest tenth of a second; 0 is a sine that just reaches full scale, −120 nothing at all
	FloorDBFS float64 // of the quietest
	Missing   float64 // share of the frames that did not come, 0 to 1
	Clipped   bool    // samples at the limit of the scale
}

const (
	echoBeep  = 300 * time.Millisecond
	echoSpan  = 100 * time.Millisecond // one reading of the level
	echoFloor = -120
)

// NewEcho makes an echo that listens so long after its beep. It begins when it
// is joined.
func NewEcho(codec Codec, clock *Clock, listen time.Duration) *Echo {
	if codec == NoCodec {
		codec = PCMA
	}
	if clock == nil {
		clock = NewClock()
	}
	e := &Echo{
		codec: codec, clock: clock, listen: listen.Truncate(FrameTime), done: make(chan struct{}),
		out: ToneAt(codec.Rate(), 880, echoBeep, -18), samples: make([]int16, codec.FrameSamples()),
		result: EchoResult{Stage: EchoBeep, LevelDBFS: echoFloor, FloorDBFS: echoFloor},
	}
	e.finish = sync.OnceFunc(func() { close(e.done) })
	e.frame = firstFrame(codec)
	e.frame.Payload = make([]byte, codec.Bytes(codec.FrameSamples()))
	return e
}

// Codec is what it speaks.
func (e *Echo) Codec() Codec { return e.codec }

// Clock is the clock it plays by.
func (e *Echo) Clock() *Clock { return e.clock }

// SetSink says where to play to; the first sink starts it.
func (e *Echo) SetSink(sink Sink) {
	storeSink(&e.sink, sink)
	e.life.Lock()
	defer e.life.Unlock()
	if sink != nil && e.remove == nil && !e.closed {
		e.remove = e.clock.add(e.tick)
	}
}

func (e *Echo) unsetSink(sink Sink) { clearSink(&e.sink, sink) }

// Done is closed when all was played back, or the endpoint was closed.
func (e *Echo) Done() <-chan struct{} { return e.done }

// Result is what is known so far.
func (e *Echo) Result() EchoResult {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.result
}

// Length is how long all of it takes.
func (e *Echo) Length() time.Duration { return echoBeep + 2*e.listen }

// WriteFrame keeps what is heard while it listens.
func (e *Echo) WriteFrame(f *Frame) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.track != nil && f.Samples() > 0 {
		e.heard++
		e.track.Place(f)
	}
}

// tick speaks 20 ms and goes on to the next stage when it is time.
func (e *Echo) tick(now time.Time) {
	e.ticks++
	switch at := time.Duration(e.ticks-1) * FrameTime; {
	case at == echoBeep:
		e.begin(now)
	case at == echoBeep+e.listen:
		e.weigh()
	case at == e.Length():
		e.to(EchoDone)
		e.finish()
	}
	n := copy(e.samples, e.out[min(e.pos, len(e.out)):])
	clear(e.samples[n:])
	e.pos += n
	f := &e.frame
	e.codec.Encode(f.Payload, e.samples)
	f.At, f.Silence = now, n == 0
	if sink := e.sink.Load(); sink != nil {
		sink.WriteFrame(f)
	}
	f.step(e.codec.FrameSamples())
}

func (e *Echo) to(s EchoStage) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.result.Stage = s
}

func (e *Echo) begin(now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.track, e.result.Stage = NewTrack(e.codec.Rate(), now), EchoListen
}

// weigh ends the listening: what was heard is played from now on.
func (e *Echo) weigh() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.out, e.pos = e.track.Take(nil, samplesIn(e.listen, e.codec.Rate())), 0
	e.track = nil
	e.result = weigh(e.out, e.codec.Rate())
	e.result.Stage = EchoPlay
	if due := int(e.listen / FrameTime); due > 0 {
		e.result.Missing = max(0, 1-float64(e.heard)/float64(due))
	}
}

// weigh reads the levels of a sound.
func weigh(samples []int16, rate int) EchoResult {
	r := EchoResult{LevelDBFS: echoFloor, FloorDBFS: 0}
	step := int(samplesIn(echoSpan, rate))
	for from := 0; from+step <= len(samples); from += step {
		var sum float64
		for _, s := range samples[from : from+step] {
			sum += float64(s) * float64(s)
			r.Clipped = r.Clipped || s >= 32100 || s <= -32100 // the top step of G.711
		}
		level := float64(echoFloor)
		if sum > 0 {
			level = max(level, 10*math.Log10(2*sum/float64(step)/(32767*32767)))
		}
		r.LevelDBFS, r.FloorDBFS = max(r.LevelDBFS, level), min(r.FloorDBFS, level)
	}
	if len(samples) < step {
		r.FloorDBFS = echoFloor
	}
	return r
}

// Close ends it.
func (e *Echo) Close() error {
	e.life.Lock()
	remove := e.remove
	e.closed, e.remove = true, nil
	e.life.Unlock()
	if remove != nil {
		remove()
	}
	e.sink.Store(nil)
	e.finish()
	return nil
}
