package device

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/freiton/freiton/media"
)

// Options say which headset to open, and how.
type Options struct {
	Name  string       // device by name or part of it, upper or lower case, for both directions; "": the defaults
	Pin   bool         // without a name: the defaults of now, also when others become that
	Codec media.Codec  // of the frames: mono at its rate; NoCodec: Linear8. The sound server converts
	Clock *media.Clock // handed on to what mixes this endpoint with others; nil: one of its own
	Log   *slog.Logger // nil: nowhere
}

// Stats are the figures of a headset since it was opened.
type Stats struct {
	Captured  uint64        // frames given to the sink or, without one, to nobody
	Overrun   uint64        // samples of the microphone lost because nobody took them in time
	Played    uint64        // samples the loudspeaker asked for
	Dropped   uint64        // samples for the loudspeaker that had no room
	Late      uint64        // frames that came after a later one
	Missing   uint64        // samples missing between frames, heard as silence
	Underruns uint64        // times the loudspeaker had to wait, pauses included
	Cuts      uint64        // times a surplus was cut out
	Depth     time.Duration // of what waits for the loudspeaker now
}

// Headset is an open microphone and loudspeaker.
type Headset struct {
	codec    media.Codec
	clock    *media.Clock
	log      *slog.Logger
	mic, ear Device
	card     *card

	sink    atomic.Pointer[sinkBox]
	heard   *ring // from the microphone
	player  *player
	brought atomic.Uint64 // samples the microphone's thread brought
	overrun atomic.Uint64 // samples
	asks    atomic.Uint64 // samples the loudspeaker asked for
	frames  atomic.Uint64

	wake    chan struct{} // from the microphone's thread to pump
	stop    chan struct{}
	done    chan struct{} // pump has ended
	lost    chan error
	closing sync.Once
	closed  error
}

type sinkBox struct{ media.Sink }

var _ media.Endpoint = (*Headset)(nil)

// sound is a connection to the sound server.
type sound interface {
	devices() ([]Device, error)
	// open gets a mono stream of 16 bit samples at rate Hz going. It calls turn
	// from a thread of its own, with the samples that came or the room for those
	// that go; turn returns at once.
	open(d Device, rate int, turn func(samples []int16)) (stream, error)
	close()
}

// stream is an open device. close waits until turn is called no more.
type stream interface {
	start() error
	close()
}

// Open opens microphone and loudspeaker. The errors are ErrNoCgo, ErrNoSound,
// ErrNoDevice, ErrAmbiguous and ErrStuck, with what can be done.
func Open(opts Options) (*Headset, error) {
	return open(opts, connect)
}

func open(opts Options, connect func(*slog.Logger) (sound, error)) (*Headset, error) {
	if opts.Codec == media.NoCodec {
		opts.Codec = media.Linear8
	}
	if opts.Clock == nil {
		opts.Clock = media.NewClock()
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	rate := opts.Codec.Rate()
	h := &Headset{
		codec: opts.Codec, clock: opts.Clock, log: opts.Log,
		heard: newRing(rate / 2), player: newPlayer(rate),
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
		lost: make(chan error, 1),
	}
	c, err := openCard(opts, connect, h.capture, h.play)
	if err != nil {
		return nil, err
	}
	h.card, h.mic, h.ear = c, c.mic, c.ear
	// Owned by the headset, ends with Close.
	go h.pump()
	h.log.Debug("headset open", "capture", h.mic.Name, "playback", h.ear.Name, "codec", h.codec.Name())
	return h, nil
}

// capture takes what the microphone's thread brings.
func (h *Headset) capture(samples []int16) {
	if n := h.heard.write(samples); n < len(samples) {
		h.overrun.Add(uint64(len(samples) - n))
	}
	h.brought.Add(uint64(len(samples)))
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// play gives the loudspeaker's thread what it asks for.
func (h *Headset) play(out []int16) {
	h.player.fill(out)
	h.asks.Add(uint64(len(out)))
}

// Codec is what the frames are written in.
func (h *Headset) Codec() media.Codec { return h.codec }

// Clock is the clock of the options: a mix with this endpoint runs by it.
func (h *Headset) Clock() *media.Clock { return h.clock }

// SetSink says where the microphone's frames go.
func (h *Headset) SetSink(sink media.Sink) {
	if sink == nil {
		h.sink.Store(nil)
		return
	}
	h.sink.Store(&sinkBox{sink})
}

// WriteFrame plays a frame; digits are not heard.
func (h *Headset) WriteFrame(f *media.Frame) { h.player.write(f) }

// Devices are the microphone and the loudspeaker that were opened.
func (h *Headset) Devices() (capture, playback Device) { return h.mic, h.ear }

// Lost gets one error, an ErrLost, when a device was unplugged or the sound
// server went away; Close closes it. A lost headset stays lost: it is silent
// until it is closed, and another can be opened.
func (h *Headset) Lost() <-chan error { return h.lost }

// Stats gives the figures.
func (h *Headset) Stats() Stats {
	p := h.player
	return Stats{
		Captured: h.frames.Load(), Overrun: h.overrun.Load(), Played: h.asks.Load(),
		Dropped: p.dropped.Load(), Late: p.late.Load(), Missing: p.missing.Load(),
		Underruns: p.underruns.Load(), Cuts: p.cuts.Load(), Depth: p.depth(),
	}
}

// Close closes both devices and waits for all that ran. ErrStuck means that the
// sound server does not let go; what is left ends when it does.
func (h *Headset) Close() error {
	h.closing.Do(func() {
		h.closed = h.card.close()
		close(h.stop)
		<-h.done
		close(h.lost)
		h.sink.Store(nil)
	})
	return h.closed
}

const (
	watchEvery = 250 * time.Millisecond
	// silentLimit is how long a running device may bring or ask for nothing.
	silentLimit = time.Second
	// startLimit is the same for one that has not got going, with less than
	// steadyTime of sound: wireless ones take long, and a sink of PulseAudio's
	// that was idle lets the first buffer lie for two seconds.
	startLimit = 5 * time.Second
	steadyTime = 500 * time.Millisecond
	// backlogLimit is how much may wait for the sink before older sound is left
	// out: after a stopped machine nobody wants to hear a burst.
	backlogLimit = 200 * time.Millisecond
)

// pump turns the microphone's samples into frames, and watches both devices.
func (h *Headset) pump() {
	defer close(h.done)
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	m := newMouth(h)
	steady := uint64(steadyTime) * uint64(h.codec.Rate()) / uint64(time.Second)
	mic, ear := pulse{steady: steady}, pulse{steady: steady}
	told := false
	for {
		select {
		case <-h.stop:
			return
		case <-h.wake:
			m.speak()
		case <-ticker.C:
			micStill := mic.stopped(h.brought.Load())
			earStill := ear.stopped(h.asks.Load())
			if (micStill || earStill) && !told {
				told = true
				err := h.lostError(micStill, earStill)
				h.log.Warn("headset lost", "error", err)
				h.lost <- err // room for one, and it is the only one
			}
		}
	}
}

// lostError names what is lost.
func (h *Headset) lostError(mic, ear bool) error {
	what := fmt.Sprintf("%v %q", Capture, h.mic.Name)
	switch {
	case mic && ear:
		what += fmt.Sprintf(" and %v %q", Playback, h.ear.Name)
	case ear:
		what = fmt.Sprintf("%v %q", Playback, h.ear.Name)
	}
	return fmt.Errorf("%w: %s: unplugged, or the sound server ended: plug it in or start the server again", ErrLost, what)
}

// pulse tells whether a device still lives. The C library says nothing when the
// sound server dies or takes a stream away: its thread waits for ever. So a
// device that does not move any more is lost. Time is counted in looks, of which
// a machine that was stopped itself has missed all but one.
type pulse struct {
	steady uint64 // samples
	count  uint64
	still  int // looks without a change
}

// stopped is asked every watchEvery.
func (p *pulse) stopped(count uint64) bool {
	p.still++
	if count != p.count {
		p.count, p.still = count, 0
	}
	limit := silentLimit
	if count < p.steady {
		limit = startLimit
	}
	return p.still >= int(limit/watchEvery)
}

// mouth makes frames of the microphone's samples. It is for pump alone.
type mouth struct {
	h       *Headset
	samples []int16
	payload []byte
	frame   media.Frame
	overrun uint64
	to      *sinkBox
}

func newMouth(h *Headset) *mouth {
	n := h.codec.FrameSamples()
	return &mouth{
		h: h, samples: make([]int16, n), payload: make([]byte, h.codec.Bytes(n)),
		frame: media.Frame{Codec: h.codec, SSRC: rand.Uint32(), Seq: uint16(rand.Uint32()), Timestamp: rand.Uint32()},
	}
}

// speak hands on all whole frames there are.
func (m *mouth) speak() {
	h, f := m.h, &m.frame
	for m.catchUp(); h.heard.len() >= len(m.samples); m.catchUp() {
		h.heard.read(m.samples)
		h.codec.Encode(m.payload, m.samples)
		f.Payload, f.At = m.payload, time.Now()
		to := h.sink.Load()
		f.Marker = to != m.to // the first for this sink
		m.to = to
		if to != nil {
			to.WriteFrame(f)
		}
		h.frames.Add(1)
		f.Seq++
		m.pass(len(m.samples))
	}
}

// catchUp leaves out what is too old, and passes its time and that of what had
// no room.
func (m *mouth) catchUp() {
	h := m.h
	if limit := int(backlogLimit) * h.codec.Rate() / int(time.Second); h.heard.len() > limit {
		n := h.heard.len() - 2*len(m.samples)
		h.heard.skip(n)
		h.overrun.Add(uint64(n))
	}
	if lost := h.overrun.Load(); lost != m.overrun {
		m.pass(int(lost - m.overrun))
		m.overrun = lost
	}
}

// pass moves the timestamp on.
func (m *mouth) pass(samples int) {
	m.frame.Timestamp += uint32(samples * m.h.codec.ClockRate() / m.h.codec.Rate())
}
