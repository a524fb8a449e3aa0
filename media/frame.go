package media

import (
	"math/rand/v2"
	"time"
)

// Frame is a piece of sound on its way, usually 20 ms. Payload belongs to whom
// the frame came from and is valid only during the call of WriteFrame.
type Frame struct {
	Codec     Codec
	Payload   []byte
	SSRC      uint32 // the stream it belongs to; another one begins a new series of Seq and Timestamp
	Seq       uint16
	Timestamp uint32    // in Codec.ClockRate units
	Marker    bool      // first after a silence
	Silence   bool      // known to hold no sound: comfort noise
	At        time.Time // when it came or was made
	DTMF      byte      // '0'…'9', '*', '#', 'A'…'D': Payload is a telephone-event (RFC 4733 §2.3), not sound; 0 otherwise
}

// Samples is the number of samples the frame holds; none for DTMF.
func (f *Frame) Samples() int {
	if f.DTMF != 0 {
		return 0
	}
	return f.Codec.Samples(len(f.Payload))
}

// firstFrame begins a series of our own, with numbers that nobody can guess.
func firstFrame(c Codec) Frame {
	return Frame{Codec: c, SSRC: rand.Uint32(), Seq: uint16(rand.Uint32()), Timestamp: rand.Uint32(), Marker: true}
}

// step makes it the next one of its series, behind so many samples.
func (f *Frame) step(samples int) {
	f.Seq++
	f.Timestamp += uint32(samples)
	f.Marker = false
}

// Sink takes frames. It never blocks and keeps nothing of the frame.
type Sink interface {
	WriteFrame(*Frame)
}

// Endpoint is one end of a conversation: an RTP session, the browser, a sound
// card, a file. WriteFrame takes the sound for the far side of it, which may come
// in either law of G.711 whatever Codec says (see Transcribe).
type Endpoint interface {
	Sink
	// Codec is what the endpoint speaks at present.
	Codec() Codec
	// SetSink says where sound arriving from the far side goes; nil is nowhere.
	// It is safe at any time.
	SetSink(Sink)
	Close() error
}

// sinkBox makes a Sink fit into an atomic pointer.
type sinkBox struct{ Sink }
