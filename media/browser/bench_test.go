package browser

import (
	"testing"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/pion/rtp"
)

type count struct{ n chan struct{} }

func (c count) WriteFrame(*media.Frame) {
	if c.n != nil {
		c.n <- struct{}{}
	}
}

// BenchmarkHeard is our part of a packet from the browser.
func BenchmarkHeard(b *testing.B) {
	hs := newHeadsets(b)
	h := newHeadset(hs, "ann")
	p := &peer{h: h, stream: media.NewStream(1, time.Second)}
	h.peer.Store(p)
	h.SetSink(count{})
	payload := make([]byte, 160)
	media.PCMA.Encode(payload, media.Tone(440, 20*time.Millisecond, -10))
	now := time.Now()
	f := media.Frame{Codec: media.PCMA, Payload: payload, SSRC: 5}
	b.ReportAllocs()
	for b.Loop() {
		f.At = now
		p.heard(&f)
		f.Seq++
		f.Timestamp += 160
		now = now.Add(media.FrameTime)
	}
}

// BenchmarkSpeak is a frame to the browser down to the socket, SRTP included.
func BenchmarkSpeak(b *testing.B) {
	hs := newHeadsets(b)
	open(b, hs, "ann")
	e, _ := hs.Endpoint("ann")
	f := media.Frame{Codec: media.PCMA, Payload: make([]byte, 160), SSRC: 5, At: time.Now()}
	b.ReportAllocs()
	for b.Loop() {
		e.WriteFrame(&f)
		f.Seq++
		f.Timestamp += 160
		f.At = f.At.Add(media.FrameTime)
	}
}

// BenchmarkHear is a packet from a browser's socket to the sink, one at a time:
// both ends' library, SRTP and two system calls are in it.
func BenchmarkHear(b *testing.B) {
	hs := newHeadsets(b)
	c := open(b, hs, "ann")
	e, _ := hs.Endpoint("ann")
	came := make(chan struct{}, 1)
	e.SetSink(count{came})
	p := rtp.Packet{Header: rtp.Header{Version: 2}, Payload: make([]byte, 160)}
	send := func() {
		if err := c.track.WriteRTP(&p); err != nil {
			b.Fatal(err)
		}
		p.SequenceNumber++
		p.Timestamp += 160
	}
	send()
	select {
	case <-came:
	case <-time.After(5 * time.Second):
		b.Fatal("nothing comes")
	}
	b.ReportAllocs()
	for b.Loop() {
		send()
		<-came
	}
}

// BenchmarkOpen is an offer answered and the connection thrown away.
func BenchmarkOpen(b *testing.B) {
	hs := newHeadsets(b)
	offer := chromiumOffer(b)
	for b.Loop() {
		if _, err := hs.Open(b.Context(), "ann", offer); err != nil {
			b.Fatal(err)
		}
	}
}
