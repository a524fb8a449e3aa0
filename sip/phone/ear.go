package phone

import (
	"sync"
	"sync/atomic"

	"github.com/freiton/freiton/media"
)

// ear is the Endpoint of a call: its RTP session with what a telephone adds.
//
//	headset ──────────▶ session (mute? hold?) ──▶ far end
//	headset ◀───┬────── session (hold?) ◀──────── far end
//	            └────── local ringback, until RTP comes or the call is answered
type ear struct {
	call  *Call
	sound atomic.Pointer[soundBox]
	sink  atomic.Pointer[sinkBox]

	mu      sync.Mutex
	tone    *media.FileEndpoint // the ringback while it plays
	early   bool                // RTP came before the answer
	stopped bool                // answered or ended: no ringback any more
}

type (
	soundBox struct{ sound }
	sinkBox  struct{ media.Sink }
)

func (e *ear) attach(s sound) {
	e.sound.Store(&soundBox{s})
	s.SetSink(heard{e})
}

// WriteFrame takes the sound for the far end.
func (e *ear) WriteFrame(f *media.Frame) {
	if s := e.sound.Load(); s != nil {
		s.WriteFrame(f)
	}
}

// Codec is what the far end wants to hear.
func (e *ear) Codec() media.Codec {
	if s := e.sound.Load(); s != nil {
		return s.Codec()
	}
	return media.NoCodec
}

// Clock is the clock of the session, for a mix to share.
func (e *ear) Clock() *media.Clock {
	if s := e.sound.Load(); s != nil {
		return s.Clock()
	}
	return media.NewClock()
}

// SetSink says who hears the far end.
func (e *ear) SetSink(s media.Sink) {
	if s == nil {
		e.sink.Store(nil)
		return
	}
	e.sink.Store(&sinkBox{s})
}

// Close does nothing: the endpoint lives as long as the call.
func (e *ear) Close() error { return nil }

// heard is the ear as the sink of its session and of its ringback.
type heard struct{ *ear }

// WriteFrame takes what is to be heard.
func (h heard) WriteFrame(f *media.Frame) {
	if s := h.sink.Load(); s != nil {
		s.WriteFrame(f)
	}
}

// ring starts the ringback unless the far end is to be heard already.
// RFC 3960 §3.2 rules 2 and 3.
func (e *ear) ring() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.early || e.stopped || e.tone != nil {
		return
	}
	tone := media.NewRingback(e.Clock(), e.Codec())
	tone.SetSink(heard{e}) // starts it
	e.tone = tone
}

// arrived ends the ringback: RTP is here.
func (e *ear) arrived() {
	e.mu.Lock()
	e.early = true
	e.mu.Unlock()
	e.stop()
}

// quiet ends the ringback for good: the call is answered or over.
func (e *ear) quiet() {
	e.mu.Lock()
	e.stopped = true
	e.mu.Unlock()
	e.stop()
}

func (e *ear) stop() {
	e.mu.Lock()
	tone := e.tone
	e.tone = nil
	e.mu.Unlock()
	if tone == nil {
		return
	}
	tone.SetSink(nil)
	if err := tone.Close(); err != nil {
		e.call.phone.cfg.Log.Warn("close the ringback", "err", err)
	}
}
