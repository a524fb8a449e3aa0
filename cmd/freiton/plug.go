package main

import (
	"sync/atomic"
	"time"

	"github.com/freiton/freiton/media"
)

// plug is the place of a headset that comes and goes: a sound card that is
// unplugged, a telephone that hangs up. Whoever is joined with the plug notices
// no more than a pause.
type plug struct {
	clock *media.Clock
	ear   atomic.Pointer[earBox]  // what is plugged in; nil: nothing
	sink  atomic.Pointer[sinkBox] // where the microphone's frames go
	came  atomic.Uint64           // frames of the microphone
}

type (
	earBox  struct{ media.Endpoint }
	sinkBox struct{ media.Sink }
)

var _ media.Endpoint = (*plug)(nil)

// put plugs an ear in; nil takes out what is there. Neither is closed.
func (p *plug) put(e media.Endpoint) {
	if e == nil {
		if was := p.ear.Swap(nil); was != nil {
			was.SetSink(nil)
		}
		return
	}
	p.ear.Store(&earBox{e})
	e.SetSink(mouth{p})
}

// Codec is what the ear speaks; without one a law of G.711, which every call
// speaks.
func (p *plug) Codec() media.Codec {
	if e := p.ear.Load(); e != nil {
		return e.Codec()
	}
	return media.PCMA
}

// Clock is the clock of all calls: a mix with this endpoint runs by it.
func (p *plug) Clock() *media.Clock { return p.clock }

// SetSink says where the microphone's frames go.
func (p *plug) SetSink(s media.Sink) {
	if s == nil {
		p.sink.Store(nil)
		return
	}
	p.sink.Store(&sinkBox{s})
}

// WriteFrame plays a frame. With no ear it is lost.
func (p *plug) WriteFrame(f *media.Frame) {
	if e := p.ear.Load(); e != nil {
		e.WriteFrame(f)
	}
}

// Quality are the figures of what is plugged in, where it is beyond a network.
func (p *plug) Quality() (media.Stats, bool) {
	if e := p.ear.Load(); e != nil {
		if q, ok := e.Endpoint.(interface{ Quality() (media.Stats, bool) }); ok {
			return q.Quality()
		}
	}
	return media.Stats{}, false
}

// Close does nothing: what is plugged in belongs to whom it came from.
func (p *plug) Close() error { return nil }

// mouth is a plug as the sink of its ear.
type mouth struct{ *plug }

// WriteFrame takes what the microphone brings.
func (m mouth) WriteFrame(f *media.Frame) {
	m.came.Add(1)
	if s := m.sink.Load(); s != nil {
		s.WriteFrame(f)
	}
}

const (
	plugLook  = 50 * time.Millisecond
	plugQuiet = 500 * time.Millisecond // as with a browser's
)

// plugPulse tells whether a plug's microphone brings anything. It counts looks,
// not time: a machine that was stopped itself has missed all looks but one.
type plugPulse struct {
	count uint64
	still int
}

// look reports that something came since the last look, or that nothing has
// come for plugQuiet.
func (u *plugPulse) look(p *plug) (came, quiet bool) {
	count := p.came.Load()
	u.still++
	if came = count != u.count; came {
		u.count, u.still = count, 0
	}
	return came, u.still >= int(plugQuiet/plugLook)
}
