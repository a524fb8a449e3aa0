package browser

import (
	"errors"
	"io"
	"math"
	"net"
	"time"

	"github.com/freiton/freiton/media"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// The way of a packet. On our side of the library nothing allocates or waits;
// the one lock is that of media.Stream, which a junction practically never
// shares with another.
//
//	         (library: mux, ICE, SRTP)            reader of the peer
//	socket ─► port ─► its goroutines ─► track ─► hear ─► Arrived? ─► level ─► mute? ─► Sink
//	                                              seq, jitter                    (junction)
//
//	 junction                                                       (library: SRTP, ICE)
//	WriteFrame ─► speak ─► Stream.Send ─► writePacket ─► outlet ─────────► port ─► socket
//	              law?     seq, timestamp  SSRC, PT

// hear hands what the browser says to the headset's sink, until the connection ends.
func (p *peer) hear(track *webrtc.TrackRemote) {
	var packet rtp.Packet
	var f media.Frame
	buf := make([]byte, maxDatagram)
	for bad := 0; ; {
		n, _, err := track.Read(buf)
		if err != nil {
			if bad++; ended(err) || bad > 1000 {
				return
			}
			continue // a payload type that was not agreed
		}
		if packet.Unmarshal(buf[:n]) != nil || len(packet.Payload) == 0 {
			continue
		}
		f = media.Frame{
			Codec: codecOf(packet.PayloadType), Payload: packet.Payload, SSRC: packet.SSRC,
			Seq: packet.SequenceNumber, Timestamp: packet.Timestamp, Marker: packet.Marker, At: time.Now(),
		}
		if f.Codec == media.NoCodec {
			continue
		}
		bad = 0
		p.heard(&f)
	}
}

// heard takes a frame of the browser.
func (p *peer) heard(f *media.Frame) {
	h := p.h
	if !p.stream.Arrived(f) || h.peer.Load() != p {
		return
	}
	p.count.Add(1)
	if State(h.state.Load()) != Connected {
		h.step(packetCame)
	}
	p.level.Store(loudness(f, p.level.Load()))
	if h.mute.Load() {
		hush(f)
	}
	if sink := h.sink.Load(); sink != nil {
		sink.WriteFrame(f)
	}
}

// hush makes silence of a frame: its time passes all the same.
func hush(f *media.Frame) {
	b := byte(0xFF)
	if f.Codec == media.PCMA {
		b = 0xD5
	}
	for i := range f.Payload {
		f.Payload[i] = b
	}
	f.Silence = true
}

// speak sends a frame to the browser. Digits are not heard, and what is no
// G.711 does not come here: a junction has mixed it before.
func (p *peer) speak(f *media.Frame) {
	if f.DTMF != 0 || f.Codec != media.PCMA && f.Codec != media.PCMU || len(f.Payload) == 0 || len(f.Payload) > len(p.buf) {
		return
	}
	now := f.At
	if now.IsZero() {
		now = time.Now()
	}
	p.stream.Send(f, now, p.write)
}

// writePacket is called under the lock of the stream, so header and buf are its.
func (p *peer) writePacket(f *media.Frame, ssrc uint32, seq uint16, timestamp uint32, marker bool) error {
	out := p.out.Load()
	if out == nil {
		return net.ErrClosed
	}
	payload, codec := f.Payload, f.Codec
	if !p.speaks[codec] {
		codec = p.codec
		payload = p.buf[:media.Transcribe(p.buf[:], f.Payload, f.Codec, codec)]
	}
	h := &p.header
	h.Version, h.PayloadType, h.SSRC = 2, codec.PayloadType(), ssrc
	h.SequenceNumber, h.Timestamp, h.Marker = seq, timestamp, marker
	_, err := out.WriteRTP(h, payload)
	return err
}

func codecOf(payloadType uint8) media.Codec {
	switch payloadType {
	case 0:
		return media.PCMU
	case 8:
		return media.PCMA
	}
	return media.NoCodec
}

// ended tells whether an error of reading is the end of it.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed)
}

// powerTable is the square of each byte's sample; built once, never written again.
type powerTable [256]uint32

var powerA, powerU = buildPower(media.PCMA), buildPower(media.PCMU)

func buildPower(c media.Codec) *powerTable {
	var t powerTable
	var sample [1]int16
	for i := range t {
		c.Decode(sample[:], []byte{byte(i)})
		t[i] = uint32(int32(sample[0]) * int32(sample[0]))
	}
	return &t
}

// loudness is the mean square of a frame's samples, or what is left of that of
// the frames before, which fades to a tenth in 100 ms.
func loudness(f *media.Frame, before uint64) uint64 {
	t := powerA
	if f.Codec == media.PCMU {
		t = powerU
	}
	var sum uint64
	for _, b := range f.Payload {
		sum += uint64(t[b])
	}
	return max(sum/uint64(len(f.Payload)), before*63/100)
}

// levelFloor is the level of nothing at all.
const levelFloor = -120.0

// decibels is a mean square in dBFS, where 0 is a sine that just reaches full scale.
func decibels(power uint64) float64 {
	if power == 0 {
		return levelFloor
	}
	return 10 * math.Log10(2*float64(power)/(32767*32767))
}
