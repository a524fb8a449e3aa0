package phone

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/freiton/freiton/sip"
)

// listener counts the frames it is given, and those that are not silent.
type listener struct{ frames, loud atomic.Int64 }

func (l *listener) WriteFrame(f *media.Frame) {
	l.frames.Add(1)
	var pcm [160]int16
	n := f.Codec.Decode(pcm[:], f.Payload)
	for _, s := range pcm[:n] {
		if s > 1000 {
			l.loud.Add(1)
			return
		}
	}
}

// RFC 3960 §3.2: local ringing from the 180 on, until RTP really arrives.
func TestRingback(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*rig)
		want bool // ringback a second later
	}{
		{"180", func(r *rig) { r.signal(sip.Ringing) }, true},
		{"183 with a description, but no RTP, then 180", func(r *rig) { r.signal(sip.EarlyMedia); r.signal(sip.Ringing) }, true},
		{"183 alone: never without a 180", func(r *rig) { r.signal(sip.EarlyMedia) }, false},
		{"100 and 181", func(r *rig) { r.signal(sip.Progress) }, false},
		{"180, then RTP", func(r *rig) { r.signal(sip.Ringing); r.rtp() }, false},
		{"RTP, then 180", func(r *rig) { r.signal(sip.EarlyMedia); r.rtp(); r.signal(sip.Ringing) }, false},
		{"180, then 200", func(r *rig) { r.signal(sip.Ringing); r.signal(sip.Answered) }, false},
		{"180, 200, and a 180 that comes late", func(r *rig) { r.signal(sip.Answered); r.signal(sip.Ringing) }, false},
		{"180, then busy", func(r *rig) { r.signal(sip.Ringing); r.signal(sip.Ended) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, l := newRig(t), &listener{}
				r.call.Endpoint().SetSink(l)
				c.do(r)
				at := l.loud.Load()
				time.Sleep(990 * time.Millisecond)
				if got := l.loud.Load()-at > 40; got != c.want {
					t.Errorf("ringback %v: %d loud frames of 50", got, l.loud.Load()-at)
				}
				r.signal(sip.Ended)
			})
		})
	}
}

func (r *rig) rtp() { r.events(media.SessionEvent{Kind: media.FirstPacket}) }

// Who joins while it rings hears it from then on; nobody there is no harm.
func TestRingbackIsHeardByWhoJoinsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, l := newRig(t), &listener{}
		r.signal(sip.Ringing)
		time.Sleep(500 * time.Millisecond)
		r.call.Endpoint().SetSink(l)
		time.Sleep(400 * time.Millisecond)
		if n := l.loud.Load(); n < 15 {
			t.Errorf("%d loud frames", n)
		}
		r.call.Endpoint().SetSink(nil)
		n := l.frames.Load()
		time.Sleep(time.Second)
		if l.frames.Load() != n {
			t.Error("a sink that was taken away still hears")
		}
		r.signal(sip.Ended)
	})
}

// What the session brings passes through while the ringback does not play.
func TestFarEndIsHeard(t *testing.T) {
	r, l := newRig(t), &listener{}
	r.call.Endpoint().SetSink(l)
	r.sink.WriteFrame(&media.Frame{Codec: media.PCMA, Payload: make([]byte, 160)})
	if l.frames.Load() != 1 {
		t.Error("not heard")
	}
	if r.call.Endpoint().Close() != nil || r.closed != 0 {
		t.Error("closing the endpoint must not close the call's sound")
	}
	r.call.Mute(true)
	if !r.muted {
		t.Error("not muted")
	}
	r.signal(sip.Ended)
}
