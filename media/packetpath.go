package media

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
)

// The way of a packet. Nothing here allocates, waits or takes a lock, but for
// one mutex of the sender, which the far leg's reader and the clock share and
// for which they practically never meet.
//
//	         reader goroutine of leg A                                  leg B
//	socket ─► receive ─► judge ─► packet ─► deliver ─► Sink ─────► WriteFrame ─► map ─► socket
//	          RTCP?      source   seq,      hold?      (junction,   hold? mute?   seq, ts,
//	          version,   on pro-  jitter,   direction? taps)        digit?        law
//	          PT         bation?  SSRC                                 ▲
//	                                                         clock ────┘ every 20 ms:
//	                                                         silence, DTMF, RTCP, lost?
//
// An RTP packet (RFC 3550 §5.1):
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|V=2|P|X|  CC   |M|     PT      |       sequence number         |
//	|                           timestamp                           |
//	|           synchronization source (SSRC) identifier            |
//	|            contributing sources, extension, payload …         |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

const (
	maxDatagram = 2048
	rtpHeader   = 12
	// fillAfter is how long a source may be silent before we fill in silence of
	// our own: longer than jitter, far shorter than the 30 s after which
	// providers end a call without RTP.
	fillAfter = 200 * time.Millisecond
	// newSeries is a jump of the source's sequence numbers that is no loss.
	newSeries = 1000
)

// live is what the packet path has to know. A change makes a new one.
type live struct {
	terms
	cut    bool // we hold: no sound passes, either way
	mute   bool // no sound of ours goes out
	agreed time.Time
	epoch  uint32 // grows when the peer tells another address than before
}

// receiver is the state of the goroutine that reads the socket; the atomics
// are for others to read.
type receiver struct {
	sources sources
	packet  rtp.Packet
	frame   Frame
	dtmf    dtmfReceiver

	receptions
	bytes     atomic.Uint64
	malformed atomic.Uint32
	unknown   atomic.Uint32 // payload type not agreed
	foreign   atomic.Uint32 // from a source we do not listen to
	noise     atomic.Uint32 // comfort noise
	reordered atomic.Uint32
	duplicate atomic.Uint32
	digits    atomic.Uint32
}

// receive takes one datagram from the RTP socket.
func (s *Session) receive(data []byte, from netip.AddrPort, now time.Time) {
	if len(data) > 1 && data[1] >= 192 && data[1] <= 223 { // RFC 5761 §4
		s.receiveRTCP(data, from, now)
		return
	}
	l := s.live.Load()
	if l == nil {
		return
	}
	in := &s.in
	p := &in.packet
	if len(data) < rtpHeader || data[0]>>6 != 2 || p.Unmarshal(data) != nil || len(p.Payload) == 0 {
		in.malformed.Add(1)
		return
	}
	pt := p.PayloadType
	if l.recv[pt] == NoCodec && !l.events[pt] && pt != comfortNoise {
		in.unknown.Add(1) // never a reason to end a call
		return
	}
	switch in.sources.judge(data, from, l, now, p.SSRC, p.SequenceNumber) {
	case dropPacket, onProbation:
		in.foreign.Add(1)
	case acceptPacket:
		s.accept(l, now)
	case acceptLatched:
		s.latched.Store(&latch{l.epoch, from})
		s.accept(l, now)
	case acceptKept:
		s.latched.Store(&latch{l.epoch, from})
		c := in.sources.passed
		if c.n == 0 {
			s.accept(l, now)
		}
		for i := range c.n { // the last of them is this packet
			if k := &c.kept[i]; p.Unmarshal(k.data[:k.n]) == nil {
				s.accept(l, now)
			}
		}
		in.foreign.Add(-uint32(max(0, c.n-1)))
		c.run, c.n = 0, 0
	}
}

// accept counts the packet in receiver.packet and delivers it.
func (s *Session) accept(l *live, now time.Time) {
	in := &s.in
	p := &in.packet
	st := in.stream.Load()
	if st == nil || st.ssrc != p.SSRC {
		st = s.newStream(st, false)
	}
	switch st.packet(p.SequenceNumber) {
	case strayed:
		in.malformed.Add(1)
		return
	case duplicate:
		in.duplicate.Add(1)
		return
	case restarted:
		st = s.newStream(st, true)
		st.packet(p.SequenceNumber)
	case reordered:
		in.reordered.Add(1)
	}
	in.heardAt.Store(now.UnixNano())
	in.bytes.Add(uint64(len(p.Payload)))
	pt := p.PayloadType
	f := &in.frame
	*f = Frame{Codec: l.recv[pt], Payload: p.Payload, SSRC: p.SSRC, Seq: p.SequenceNumber, Timestamp: p.Timestamp, Marker: p.Marker, At: now}
	switch {
	case l.events[pt]:
		digit, fresh := in.dtmf.packet(p.SSRC, p.Timestamp, p.Marker, p.Payload)
		if fresh {
			in.digits.Add(1)
			s.emit(SessionEvent{Kind: DTMF, Digit: string(rune(digit)), At: now})
		}
		if digit == 0 {
			return
		}
		f.DTMF, f.Codec = digit, l.codec
	case f.Codec == NoCodec:
		in.noise.Add(1) // RFC 3389 §4; not agreed, so not passed on
		return
	default:
		st.time(p.Timestamp, f.Codec.units(now.Sub(s.start)))
	}
	s.deliver(l, f)
}

// deliver hands a frame on, unless someone is on hold.
func (s *Session) deliver(l *live, f *Frame) {
	if l.cut || !l.dir.Receives() {
		return
	}
	if sink := s.sink.Load(); sink != nil {
		sink.WriteFrame(f)
	}
}

// sender makes our stream: one SSRC, sequence numbers without a hole of our
// making, timestamps that go on whatever feeds it.
type sender struct {
	mu      sync.Mutex
	ssrc    uint32
	seq     uint16    // of the next packet of our own
	pos     uint32    // timestamp due next
	posAt   time.Time // when it is due
	started bool
	talking bool // the last packet was sound of a source: else the next one is marked
	header  rtp.Header
	buf     [maxDatagram]byte
	event   [eventLen]byte
	dtmf    dtmfSender

	// The series we relay: their numbers and ours, apart by an offset.
	mapped  bool
	source  uint32
	seqOff  uint16
	tsOff   uint32
	high    uint16 // highest of theirs
	since   int    // numbers since the series began
	fedAt   time.Time
	packets atomic.Uint32
	octets  atomic.Uint32
	late    atomic.Uint32 // older than the series
	failed  atomic.Uint32
}

// WriteFrame sends a frame to the far end. Frames are dropped while we hold or
// are muted, while a digit goes out, and when the agreed direction forbids it.
func (s *Session) WriteFrame(f *Frame) {
	l := s.live.Load()
	if l == nil || l.cut || l.mute || !l.mayRelay(f) {
		return
	}
	now := f.At
	if now.IsZero() {
		now = time.Now()
	}
	o := &s.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dtmf.busy() {
		o.fedAt = now
		return
	}
	seq, ts, marker, ok := o.follow(f, now)
	if !ok {
		o.late.Add(1)
		return
	}
	n := 0
	pt := l.number
	if f.DTMF != 0 {
		pt = l.dtmf
		n = copy(o.buf[rtpHeader:], f.Payload)
	} else {
		n = Transcribe(o.buf[rtpHeader:], f.Payload, f.Codec, l.codec)
	}
	s.send(l, pt, seq, ts, marker, n)
}

func (l *live) mayRelay(f *Frame) bool {
	if !l.dir.Sends() || l.number == noPayload || len(f.Payload) == 0 {
		return false
	}
	if f.DTMF != 0 {
		return l.dtmf != noPayload
	}
	return f.Codec.relays(l.codec)
}

// follow maps a source's numbers to ours. Within a series gaps and order stay
// as they are; a new series goes on where our stream stands.
func (o *sender) follow(f *Frame, now time.Time) (seq uint16, ts uint32, marker, ok bool) {
	ahead := int(int16(f.Seq - o.high))
	marker = f.Marker
	if !o.mapped || f.SSRC != o.source || ahead > newSeries || -ahead > newSeries {
		o.catchUp(now)
		o.mapped, o.source = true, f.SSRC
		o.seqOff, o.tsOff = o.seq-f.Seq, o.pos-f.Timestamp
		o.high, o.since, ahead, marker = f.Seq, 0, 0, true
		o.started = true
	}
	if ahead < 0 && -ahead > o.since {
		return 0, 0, false, false
	}
	o.fedAt = now
	seq, ts = f.Seq+o.seqOff, f.Timestamp+o.tsOff
	if ahead >= 0 {
		o.high, o.since = f.Seq, min(o.since+ahead, newSeries)
		o.seq = seq + 1
		samples := f.Samples()
		next := ts + uint32(samples)
		if f.DTMF != 0 && len(f.Payload) >= eventLen {
			next = ts + uint32(binary.BigEndian.Uint16(f.Payload[2:]))
		}
		if int32(next-o.pos) > 0 {
			o.pos = next
		}
		o.posAt = now.Add(time.Duration(samples) * time.Second / time.Duration(f.Codec.ClockRate()))
	}
	o.talking = true
	return seq, ts, marker, true
}

// catchUp moves the timestamp on by the time in which nothing was sent.
func (o *sender) catchUp(now time.Time) {
	if late := now.Sub(o.posAt); o.started && late > 2*FrameTime {
		frames := late / FrameTime
		o.pos += uint32(frames) * 160
		o.posAt = o.posAt.Add(frames * FrameTime)
	}
}

// tick is called by the clock every 20 ms: it sends what no source sends.
func (s *Session) tick(now time.Time) {
	l := s.live.Load()
	if l == nil {
		return
	}
	if l.dir.Sends() && l.number != noPayload {
		s.sendOwn(l, now)
	} else {
		s.out.rest()
	}
	s.watch(l, now)
	s.tickRTCP(l, now)
}

// sendOwn sends a digit's packet, or silence when no source is talking.
func (s *Session) sendOwn(l *live, now time.Time) {
	o := &s.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.started {
		o.started, o.posAt = true, now
	}
	if l.dtmf == noPayload {
		o.dtmf.drop()
	}
	if o.dtmf.busy() {
		o.mapped, o.talking = false, false
		o.catchUp(now)
		marker, send := o.dtmf.next(o.pos, &o.event)
		if send {
			n := copy(o.buf[rtpHeader:], o.event[:])
			s.send(l, l.dtmf, o.seq, o.dtmf.start, marker, n)
			o.seq++
		}
		o.advance(160)
		return
	}
	if !l.cut && !l.mute && now.Sub(o.fedAt) < fillAfter || o.posAt.Sub(now) > FrameTime {
		return // fed; or the clock makes up for lost time, for which catchUp has made up already
	}
	marker := o.talking || o.packets.Load() == 0
	o.mapped, o.talking = false, false
	o.catchUp(now)
	payload := silence(l.codec)
	n := copy(o.buf[rtpHeader:], payload[:])
	s.send(l, l.number, o.seq, o.pos, marker, n)
	o.seq++
	o.advance(uint32(n))
}

func (o *sender) advance(samples uint32) {
	o.pos += samples
	o.posAt = o.posAt.Add(FrameTime)
}

// rest gives up digits and series when the direction lets us send nothing.
func (o *sender) rest() {
	o.mu.Lock()
	o.mapped, o.talking = false, false
	o.dtmf.drop()
	o.mu.Unlock()
}

// send writes the header before the n bytes of payload in buf and sends both.
func (s *Session) send(l *live, pt uint8, seq uint16, ts uint32, marker bool, n int) {
	to := s.target(l)
	if !to.IsValid() {
		return
	}
	o := &s.out
	h := &o.header
	h.Version, h.PayloadType, h.SSRC = 2, pt, o.ssrc
	h.SequenceNumber, h.Timestamp, h.Marker = seq, ts, marker
	if _, err := h.MarshalTo(o.buf[:]); err != nil {
		o.failed.Add(1)
		return
	}
	if _, err := s.rtp.WriteToUDPAddrPort(o.buf[:rtpHeader+n], to); err != nil {
		o.failed.Add(1)
		return
	}
	o.packets.Add(1)
	o.octets.Add(uint32(n))
}

// target is where our packets go: to the source that passed its probation, as
// long as the peer has not told another address since.
func (s *Session) target(l *live) netip.AddrPort {
	if found := s.latched.Load(); found != nil && found.epoch == l.epoch {
		return found.addr
	}
	return l.rtp
}

type silentFrame [160]byte

// Built once, never written again.
var silentUlaw, silentAlaw = buildSilence(PCMU), buildSilence(PCMA)

func buildSilence(c Codec) *silentFrame {
	var f silentFrame
	for i := range f {
		f[i] = c.silence()
	}
	return &f
}

func silence(c Codec) *silentFrame {
	if c == PCMU {
		return silentUlaw
	}
	return silentAlaw
}
