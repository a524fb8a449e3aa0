package media

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
)

// Stream is the RTP of an endpoint whose packets another package carries, such
// as a browser's: it counts what comes in, numbers what goes out, and makes and
// reads RTCP. A Session does the same for itself, by the same code.
type Stream struct {
	interval time.Duration
	start    time.Time
	in       receptions
	late     atomic.Uint32
	twice    atomic.Uint32
	strayed  atomic.Uint32
	out      sender
	ctl      control
}

// NewStream begins a stream that goes out with this SSRC. interval is the mean
// time between RTCP reports.
func NewStream(ssrc uint32, interval time.Duration) *Stream {
	s := &Stream{interval: interval, start: time.Now()}
	// RFC 3550 §5.1: random, so that nobody can guess them.
	s.out.ssrc, s.out.seq, s.out.pos = ssrc, uint16(rand.Uint32()), rand.Uint32()
	s.ctl.init(ssrc)
	return s
}

// Arrived counts a frame that came. False: it came before, or is astray, and is
// not to be handed on. One goroutine calls it.
func (s *Stream) Arrived(f *Frame) bool {
	st := s.in.stream.Load()
	if st == nil || st.ssrc != f.SSRC {
		st = s.in.begin(st, f.SSRC, f.Seq)
	}
	switch st.packet(f.Seq) {
	case duplicate:
		s.twice.Add(1)
		return false
	case strayed:
		s.strayed.Add(1)
		return false
	case restarted:
		st = s.in.begin(st, f.SSRC, f.Seq)
		st.packet(f.Seq)
	case reordered:
		s.late.Add(1)
	}
	s.in.heardAt.Store(f.At.UnixNano())
	st.time(f.Timestamp, f.Codec.units(f.At.Sub(s.start)))
	return true
}

// Send numbers a frame that goes out and hands it to write, which returns the
// error of the network. Within a source's series gaps and order stay as they
// are; another source goes on where the stream stands. Frames older than their
// series are left out. Several goroutines may call it: write runs under a lock.
func (s *Stream) Send(f *Frame, now time.Time, write func(f *Frame, ssrc uint32, seq uint16, timestamp uint32, marker bool) error) {
	o := &s.out
	o.mu.Lock()
	defer o.mu.Unlock()
	seq, ts, marker, ok := o.follow(f, now)
	if !ok {
		o.late.Add(1)
		return
	}
	if write(f, o.ssrc, seq, ts, marker) != nil {
		o.failed.Add(1)
		return
	}
	o.packets.Add(1)
	o.octets.Add(uint32(len(f.Payload)))
}

// Report is the compound packet that is due, or nil.
func (s *Stream) Report(now time.Time) []rtcp.Packet {
	c := &s.ctl
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.falls(now, s.interval) {
		return nil
	}
	return c.report(s.in.stream.Load(), &s.out, now)
}

// TakeRTCP reads what the far end reports.
func (s *Stream) TakeRTCP(packets []rtcp.Packet, now time.Time) {
	s.ctl.mu.Lock()
	defer s.ctl.mu.Unlock()
	s.ctl.take(packets, s.out.ssrc, now)
}

// HeardAt is when the last packet came; zero: none yet.
func (s *Stream) HeardAt() time.Time { return s.in.lastHeard() }

// Stats gives the figures of this moment. Codec, direction and addresses are
// for the caller to fill in.
func (s *Stream) Stats() Stats {
	st := Stats{
		SSRC: s.out.ssrc, Sent: uint64(s.out.packets.Load()), SendErrors: uint64(s.out.failed.Load()),
		Late: uint64(s.late.Load()), Duplicates: uint64(s.twice.Load()), Malformed: uint64(s.strayed.Load()),
	}
	st.judge(&s.in, &s.ctl)
	return st
}
