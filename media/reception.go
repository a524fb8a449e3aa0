package media

import (
	"sync/atomic"
	"time"
)

// Limits of RFC 3550 §A.1.
const (
	maxDropout  = 3000
	maxMisorder = 100
)

// arrival is what a packet's sequence number says.
type arrival uint8

const (
	inOrder arrival = iota
	reordered
	duplicate
	strayed   // far away; two in a row are a restart
	restarted // the sender began anew: a new reception is needed
)

// reception counts one incoming stream, that is, one SSRC (RFC 3550 §6.4.1,
// §A.1, §A.3, §A.8). The goroutine that reads writes it; the atomics are what
// others read.
type reception struct {
	ssrc     uint32
	base     uint32 // first extended sequence number
	highest  atomic.Uint32
	received atomic.Uint32
	jitter   atomic.Uint32 // in timestamp units, times 16

	bad     uint32 // sequence number after a stray, or none
	window  uint64 // bit i: highest-i has come
	transit uint32
	timed   bool
}

const noSeq = 1 << 16

func newReception(ssrc uint32, seq uint16) *reception {
	r := &reception{ssrc: ssrc, base: uint32(seq), bad: noSeq}
	r.highest.Store(uint32(seq))
	return r
}

// receptions are the streams of one source, one after the other.
type receptions struct {
	stream  atomic.Pointer[reception] // the present one; nil: none yet
	past    [2]atomic.Uint32          // received and lost of those before it
	heardAt atomic.Int64              // UnixNano of the last packet that counted
}

// begin counts a stream from now on, and adds the one before it to the past.
func (r *receptions) begin(old *reception, ssrc uint32, seq uint16) *reception {
	if old != nil {
		r.past[0].Add(old.received.Load())
		r.past[1].Add(old.lost())
	}
	st := newReception(ssrc, seq)
	r.stream.Store(st)
	return st
}

// lastHeard is when the last packet came; zero: none yet.
func (r *receptions) lastHeard() time.Time {
	if at := r.heardAt.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// packet counts a packet (RFC 3550 §A.1).
func (r *reception) packet(seq uint16) arrival {
	highest := r.highest.Load()
	ahead := seq - uint16(highest)
	switch {
	case r.received.Load() == 0:
		r.window = 1
	case ahead == 0:
		return duplicate
	case ahead < maxDropout:
		r.highest.Store(highest + uint32(ahead))
		r.window = r.window<<ahead | 1 // shifting by 64 or more empties it
	case ahead < 1<<16-maxMisorder:
		if uint32(seq) == r.bad {
			return restarted
		}
		r.bad = uint32(seq + 1)
		return strayed
	default:
		behind := -ahead
		if behind < 64 {
			if r.window&(1<<behind) != 0 {
				return duplicate
			}
			r.window |= 1 << behind
		}
		r.received.Add(1)
		return reordered
	}
	r.bad = noSeq
	r.received.Add(1)
	return inOrder
}

// time takes the arrival in clock units for the jitter (RFC 3550 §A.8).
func (r *reception) time(timestamp, now uint32) {
	transit := now - timestamp
	d := int32(transit - r.transit)
	r.transit = transit
	if !r.timed {
		r.timed = true
		return
	}
	if d < 0 {
		d = -d
	}
	if d < 0 || d > 1<<24 { // a jump of the sender's clock, not of the network
		return
	}
	j := r.jitter.Load()
	r.jitter.Store(j + uint32(d) - (j+8)>>4)
}

// expected is the number of packets that should have come.
func (r *reception) expected() uint32 {
	if r.received.Load() == 0 {
		return 0
	}
	return r.highest.Load() - r.base + 1
}

// lost is the number of packets that did not come (RFC 3550 §A.3).
func (r *reception) lost() uint32 {
	return uint32(max(0, int64(r.expected())-int64(r.received.Load())))
}

// jitterTime is the jitter as a duration at a clock rate.
func (r *reception) jitterTime(rate int) time.Duration {
	return time.Duration(r.jitter.Load()>>4) * time.Second / time.Duration(rate)
}
