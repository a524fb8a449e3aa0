package media

import "time"

// Track puts the frames of one speaker where they belong on the time line of a
// recording: within a stream by their timestamps, so that jitter and order of
// arrival leave no trace, and the streams themselves by the clock on the wall.
// What is missing is silence. It is for one goroutine.
type Track struct {
	rate    int
	start   time.Time
	taken   int64   // samples handed out
	pending []int16 // after taken
	scratch []int16

	conv      converter
	converted []int16

	placed bool
	ssrc   uint32
	codec  Codec
	last   uint32 // timestamp of the last frame
	at     int64  // and its place
}

// maxDrift is how far timestamps and the clock may be apart before the clock wins.
const maxDrift = 500 * time.Millisecond

// maxPending limits what a frame from the far future can make us keep.
const maxPending = 10 * time.Second

// NewTrack makes a track at 8000 or 16000 Hz whose time begins at start.
func NewTrack(rate int, start time.Time) *Track { return &Track{rate: rate, start: start} }

// Place puts a frame on the time line. A frame older than what was taken is cut.
func (t *Track) Place(f *Frame) {
	n := f.Samples()
	if n == 0 || f.Codec == NoCodec {
		return
	}
	pos := t.position(f)
	if cap(t.scratch) < n {
		t.scratch = make([]int16, n)
	}
	samples := t.scratch[:n]
	n = f.Codec.Decode(samples, f.Payload)
	if from := f.Codec.Rate(); from != t.rate {
		if need := n * max(1, t.rate/from); cap(t.converted) < need {
			t.converted = make([]int16, need)
		}
		samples = t.conv.convert(t.converted[:cap(t.converted)], samples[:n], from, t.rate)
		n = len(samples)
	}
	t.put(pos, samples[:n])
}

func (t *Track) position(f *Frame) int64 {
	wall := t.Now(f.At)
	pos := wall
	if t.placed && f.SSRC == t.ssrc && f.Codec.ClockRate() == t.codec.ClockRate() {
		byStamp := t.at + int64(int32(f.Timestamp-t.last))*int64(t.rate)/int64(f.Codec.ClockRate())
		limit := samplesIn(maxDrift, t.rate)
		if d := byStamp - wall; d <= limit && d >= -limit {
			pos = byStamp
		}
	}
	t.placed, t.ssrc, t.codec, t.last, t.at = true, f.SSRC, f.Codec, f.Timestamp, pos
	return pos
}

func (t *Track) put(pos int64, samples []int16) {
	off := pos - t.taken
	if off < 0 {
		if -off >= int64(len(samples)) {
			return
		}
		samples, off = samples[-off:], 0
	}
	if off > int64(t.rate)*int64(maxPending/time.Second) {
		return
	}
	if end := int(off) + len(samples); end > len(t.pending) {
		t.pending = append(t.pending, make([]int16, end-len(t.pending))...)
	}
	copy(t.pending[off:], samples)
}

// Now is the place of a moment on the time line.
func (t *Track) Now(at time.Time) int64 {
	return max(0, samplesIn(at.Sub(t.start), t.rate))
}

// End is the place after the last sample placed.
func (t *Track) End() int64 { return t.taken + int64(len(t.pending)) }

// Taken is the place up to which samples were taken.
func (t *Track) Taken() int64 { return t.taken }

// Take appends the samples up to a place to dst; they are the track's no more.
func (t *Track) Take(dst []int16, upTo int64) []int16 {
	n := int(upTo - t.taken)
	if n <= 0 {
		return dst
	}
	have := min(n, len(t.pending))
	dst = append(dst, t.pending[:have]...)
	dst = append(dst, make([]int16, n-have)...)
	t.pending = append(t.pending[:0], t.pending[have:]...)
	t.taken = upTo
	return dst
}
