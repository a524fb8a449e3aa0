package media

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/zaf/g711"
)

// FrameTime is the length of every frame we make ourselves. What arrives may
// have any other length.
const FrameTime = 20 * time.Millisecond

// Codec says how the samples of a Frame are written. The zero value is no codec.
type Codec uint8

// PCMU and PCMA are G.711 (RFC 3551 §4.5.14). Linear8 and Linear16 are plain
// 16 bit little-endian samples at 8 and 16 kHz: for endpoints inside this
// process (a sound card, a file); they are never put into a session description.
const (
	NoCodec Codec = iota
	PCMU
	PCMA
	Linear8
	Linear16
)

// ParseCodec reads a name such as "pcma"; upper or lower case, "alaw" and "ulaw" too.
func ParseCodec(name string) (Codec, error) {
	switch strings.ToLower(name) {
	case "pcmu", "ulaw":
		return PCMU, nil
	case "pcma", "alaw":
		return PCMA, nil
	}
	return NoCodec, fmt.Errorf("media: unknown codec %q: known are pcma and pcmu", name)
}

// Name is the codec's short name in lower case.
func (c Codec) Name() string {
	switch c {
	case PCMU:
		return "pcmu"
	case PCMA:
		return "pcma"
	case Linear8:
		return "l16/8000"
	case Linear16:
		return "l16/16000"
	}
	return "none"
}

func (c Codec) String() string { return c.Name() }

// Rate is the sample rate in Hz.
func (c Codec) Rate() int {
	if c == Linear16 {
		return 16000
	}
	return 8000
}

// ClockRate is the rate of the timestamps in Hz. It differs from Rate only for
// G.722 (RFC 3551 §4.5.2), which is to come.
func (c Codec) ClockRate() int { return c.Rate() }

// units is a duration in units of its timestamps.
func (c Codec) units(d time.Duration) uint32 {
	return uint32(samplesIn(d, c.ClockRate()))
}

// samplesIn is how many samples at a rate in Hz a duration holds.
func samplesIn(d time.Duration, rate int) int64 {
	return int64(d) * int64(rate) / int64(time.Second)
}

// PayloadType is the static payload type of RFC 3551 §6, or 255 for a codec
// that is never sent over RTP.
func (c Codec) PayloadType() uint8 {
	switch c {
	case PCMU:
		return 0
	case PCMA:
		return 8
	}
	return 255
}

// encoding is the name in an a=rtpmap line.
func (c Codec) encoding() string { return strings.ToUpper(c.Name()) }

// g711Family tells whether a frame can pass between two codecs without
// samples: one payload byte is one sample, and a table changes the law.
func (c Codec) g711Family() bool { return c == PCMU || c == PCMA }

// relays tells whether frames of c can be handed to an endpoint that speaks d
// as they are.
func (c Codec) relays(d Codec) bool { return c == d || c.g711Family() && d.g711Family() }

// Samples is the number of samples in a payload of n bytes.
func (c Codec) Samples(n int) int {
	if c.g711Family() {
		return n
	}
	return n / 2
}

// Bytes is the length of the payload that holds n samples.
func (c Codec) Bytes(n int) int {
	if c.g711Family() {
		return n
	}
	return 2 * n
}

// FrameSamples is the number of samples in FrameTime.
func (c Codec) FrameSamples() int { return c.Rate() / 50 }

// silence is the byte of which a silent payload is made.
func (c Codec) silence() byte {
	switch c {
	case PCMU:
		return 0xFF
	case PCMA:
		return 0xD5
	}
	return 0
}

// Encode writes samples to dst and returns the number of bytes. Samples that
// have no room are left out.
func (c Codec) Encode(dst []byte, samples []int16) int {
	if room := c.Samples(len(dst)); len(samples) > room {
		samples = samples[:room]
	}
	switch c {
	case PCMU:
		for i, s := range samples {
			dst[i] = g711.EncodeUlawFrame(s)
		}
	case PCMA:
		for i, s := range samples {
			dst[i] = g711.EncodeAlawFrame(s)
		}
	default:
		for i, s := range samples {
			binary.LittleEndian.PutUint16(dst[2*i:], uint16(s))
		}
	}
	return c.Bytes(len(samples))
}

// Decode writes the samples of payload to dst and returns their number.
// What has no room is left out.
func (c Codec) Decode(dst []int16, payload []byte) int {
	n := min(len(dst), c.Samples(len(payload)))
	switch c {
	case PCMU:
		for i := range n {
			dst[i] = g711.DecodeUlawFrame(payload[i])
		}
	case PCMA:
		for i := range n {
			dst[i] = g711.DecodeAlawFrame(payload[i])
		}
	default:
		for i := range n {
			dst[i] = int16(binary.LittleEndian.Uint16(payload[2*i:]))
		}
	}
	return n
}

// lawTable is built once and never written again.
type lawTable [256]byte

var (
	alawToUlaw = buildLawTable(g711.Alaw2UlawFrame)
	ulawToAlaw = buildLawTable(g711.Ulaw2AlawFrame)
)

func buildLawTable(convert func(uint8) uint8) *lawTable {
	var t lawTable
	for i := range t {
		t[i] = convert(uint8(i))
	}
	return &t
}

// Transcribe copies src to dst, changing the law by table if from and to differ.
// Both are G.711, or the same. It returns the number of bytes written.
func Transcribe(dst, src []byte, from, to Codec) int {
	n := min(len(dst), len(src))
	switch {
	case from == to:
		copy(dst, src[:n])
	case to == PCMU:
		for i, b := range src[:n] {
			dst[i] = alawToUlaw[b]
		}
	default:
		for i, b := range src[:n] {
			dst[i] = ulawToAlaw[b]
		}
	}
	return n
}
