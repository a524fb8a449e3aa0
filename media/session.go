package media

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// SessionConfig is what a Session needs. It may be copied for each call.
type SessionConfig struct {
	IP        string        // our address towards the peer, an IP literal; bound and described
	Advertise string        // IP literal to describe instead (behind a NAT); "" is IP
	Ports     PortRange     // zero: 10000–20000
	Codecs    []Codec       // in order of preference; empty: PCMA, PCMU
	Clock     *Clock        // shared by all calls; nil: one of its own
	Log       *slog.Logger  // nil: silent
	LostAfter time.Duration // no RTP for so long while it is expected is Lost; 0: 5 s
	// RTCPInterval is the mean time between reports; 0: 5 s (RFC 3550 §6.2).
	RTCPInterval time.Duration
}

// ErrClosed says that the session is closed.
var ErrClosed = errors.New("media: session closed")

// SessionEventKind is the kind of a SessionEvent.
type SessionEventKind uint8

const (
	FirstPacket  SessionEventKind = iota + 1 // the first RTP of the far end
	DTMF                                     // Digit was pressed over there
	RemoteHold                               // the far end agreed to hear nothing from us
	RemoteResume                             // and now does again
	SSRCChanged                              // another stream began; figures and jitter start anew
	Lost                                     // no RTP for LostAfter while it is expected
	Found                                    // RTP again after Lost
)

func (k SessionEventKind) String() string {
	names := [...]string{"?", "first packet", "dtmf", "remote hold", "remote resume", "ssrc changed", "lost", "found"}
	if int(k) < len(names) {
		return names[k]
	}
	return names[0]
}

// SessionEvent is something that happened on a session.
type SessionEvent struct {
	Kind  SessionEventKind
	Digit string
	At    time.Time
}

// Session is one RTP session with a far end: a pair of sockets, the offer/answer
// state and both streams. It is an Endpoint, and describes itself to a
// signalling protocol by Offer, Answer, Accept and Rollback.
type Session struct {
	cfg    SessionConfig
	log    *slog.Logger
	rtp    *net.UDPConn
	rtcp   *net.UDPConn
	start  time.Time
	remove func() // from the clock

	mu      sync.Mutex // guards what follows, up to the empty line
	neg     negotiation
	mute    bool
	closed  bool
	told    netip.AddrPort // last address the peer told
	epoch   uint32
	hadHold bool

	live    atomic.Pointer[live]
	sink    atomic.Pointer[sinkBox]
	events  atomic.Pointer[func(SessionEvent)]
	latched atomic.Pointer[latch]
	lost    atomic.Bool
	in      receiver
	out     sender
	ctl     control
	readers sync.WaitGroup
}

// NewSession opens a pair of ports. Nothing is sent before terms are agreed.
func NewSession(cfg SessionConfig) (*Session, error) {
	ip, err := netip.ParseAddr(cfg.IP)
	if err != nil || ip.IsUnspecified() {
		return nil, fmt.Errorf("media: IP %q: an address of this machine is needed", cfg.IP)
	}
	described := ip
	if cfg.Advertise != "" {
		if described, err = netip.ParseAddr(cfg.Advertise); err != nil {
			return nil, fmt.Errorf("media: advertised address %q is no IP address", cfg.Advertise)
		}
	}
	if len(cfg.Codecs) == 0 {
		cfg.Codecs = []Codec{PCMA, PCMU}
	}
	for _, c := range cfg.Codecs {
		if !c.g711Family() {
			return nil, fmt.Errorf("media: codec %s cannot be sent over RTP", c)
		}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = NewClock()
	}
	if cfg.LostAfter == 0 {
		cfg.LostAfter = 5 * time.Second
	}
	if cfg.RTCPInterval == 0 {
		cfg.RTCPInterval = 5 * time.Second
	}
	s := &Session{cfg: cfg, log: cfg.Log, start: time.Now()}
	s.rtp, s.rtcp, err = openPair(ip.Unmap(), cfg.Ports)
	if err != nil {
		return nil, err
	}
	s.neg = negotiation{
		codecs: cfg.Codecs, addr: described.Unmap(), port: s.LocalAddr().Port(),
		// RFC 8866 §5.2: numeric and unique; kept below 2^63 for those who read it signed.
		id: rand.Uint64() >> 1,
	}
	// RFC 3550 §5.1: random, so that nobody can guess them.
	s.out.ssrc, s.out.seq, s.out.pos = rand.Uint32(), uint16(rand.Uint32()), rand.Uint32()
	s.ctl.init(s.out.ssrc)
	s.readers.Add(2)
	// Owned by the session, end when Close closes the sockets.
	go s.read(s.rtp, s.receive)
	go s.read(s.rtcp, s.receiveRTCP)
	s.remove = cfg.Clock.add(s.tick)
	return s, nil
}

// read hands every datagram of a socket to take until the socket is closed.
func (s *Session) read(conn *net.UDPConn, take func([]byte, netip.AddrPort, time.Time)) {
	defer s.readers.Done()
	buf := make([]byte, maxDatagram)
	for failures := 0; ; {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			if failures++; errors.Is(err, net.ErrClosed) || failures > 1000 {
				if !errors.Is(err, net.ErrClosed) {
					s.log.Error("media: reading stopped", "local", conn.LocalAddr(), "err", err)
				}
				return
			}
			continue
		}
		failures = 0
		take(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), time.Now())
	}
}

// LocalAddr is the address of the RTP socket.
func (s *Session) LocalAddr() netip.AddrPort { return s.rtp.LocalAddr().(*net.UDPAddr).AddrPort() }

// Clock is the clock that drives the session.
func (s *Session) Clock() *Clock { return s.cfg.Clock }

// Offer describes what we wish at present: codecs, and the direction by SetHold.
func (s *Session) Offer() ([]byte, error) {
	var body []byte
	err := s.negotiate(func() (err error) { body, err = s.neg.Offer(); return })
	return body, err
}

// Answer answers the peer's offer and acts upon it at once. An *SDPError has the
// status that refuses the offer; what was agreed before stands.
func (s *Session) Answer(offer []byte) ([]byte, error) {
	var body []byte
	err := s.negotiate(func() (err error) { body, err = s.neg.Answer(offer); return })
	return body, err
}

// Accept takes the peer's answer to our last Offer, from a provisional or the
// final response. With several the last one counts.
func (s *Session) Accept(answer []byte) error {
	return s.negotiate(func() error { return s.neg.Accept(answer) })
}

// Rollback returns to what was agreed before the last step: our offer was
// refused, or the peer's offer was withdrawn.
func (s *Session) Rollback() {
	_ = s.negotiate(func() error { s.neg.Rollback(); return nil }) // ErrClosed: nothing to take back
}

// negotiate takes a step of the negotiation and acts upon its outcome.
func (s *Session) negotiate(step func() error) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	err := step()
	event := s.publish()
	s.mu.Unlock()
	if event.Kind != 0 {
		s.emit(event)
	}
	return err
}

// publish tells the packet path what holds now. mu is held.
func (s *Session) publish() (event SessionEvent) {
	t := s.neg.effective()
	if t == nil {
		s.live.Store(nil)
		return event
	}
	now := time.Now()
	l := &live{terms: *t, cut: s.neg.held(), mute: s.mute, agreed: now}
	if t.rtp.IsValid() {
		if s.told.IsValid() && s.told != t.rtp {
			s.epoch++
		}
		s.told = t.rtp
	}
	l.epoch = s.epoch
	s.live.Store(l)
	if hold := s.neg.terms != nil && t.remoteHold; hold != s.hadHold {
		s.hadHold = hold
		event = SessionEvent{Kind: RemoteResume, At: now}
		if hold {
			event.Kind = RemoteHold
		}
		s.log.Debug("media: "+event.Kind.String(), "direction", t.dir)
	}
	return event
}

// SetHold says whether we wish to hold. Holding works at once: from now on
// silence goes out instead of frames and nothing reaches the sink. Resuming
// works when it is agreed: by the next Offer or Answer.
func (s *Session) SetHold(hold bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.neg.hold = hold
	s.publish()
}

// SetMute sends silence instead of frames; what arrives is still heard.
func (s *Session) SetMute(mute bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = mute
	s.publish()
}

// LocalHold tells whether nothing passes because of us: hold is wished, or not
// yet agreed to be over.
func (s *Session) LocalHold() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.neg.held()
}

// RemoteHold tells whether the far end holds us.
func (s *Session) RemoteHold() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.neg.terms != nil && s.neg.terms.remoteHold
}

// Direction is the agreed direction, ours; Inactive before anything is agreed.
func (s *Session) Direction() Direction {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.neg.terms == nil {
		return Inactive
	}
	return s.neg.terms.dir
}

// Codec is what we send: the agreed one, before that our first choice.
func (s *Session) Codec() Codec {
	if l := s.live.Load(); l != nil {
		return l.codec
	}
	return s.cfg.Codecs[0]
}

// SetSink says where the far end's sound goes; nil is nowhere.
func (s *Session) SetSink(sink Sink) { storeSink(&s.sink, sink) }

func (s *Session) unsetSink(sink Sink) { clearSink(&s.sink, sink) }

// Events has f called with what happens, from the goroutine where it happens:
// f must not block and not close the session.
func (s *Session) Events(f func(SessionEvent)) { s.events.Store(&f) }

func (s *Session) emit(e SessionEvent) {
	if f := s.events.Load(); f != nil && *f != nil {
		(*f)(e)
	}
}

// SendDTMF queues digits (0-9 * # A-D), each 100 ms of tone and 60 ms of gap.
// ErrNoDTMF: the far end knows no telephone-event. ErrNotSending: the agreed
// direction forbids it.
func (s *Session) SendDTMF(digits string) error {
	digits, err := checkDigits(digits)
	if err != nil {
		return err
	}
	l := s.live.Load()
	switch {
	case l == nil || l.number == noPayload || !l.dir.Sends():
		return ErrNotSending
	case l.dtmf == noPayload:
		return ErrNoDTMF
	}
	o := &s.out
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.dtmf.queue)+len(digits) > maxDigits {
		return fmt.Errorf("media: more than %d DTMF digits are waiting", maxDigits)
	}
	o.dtmf.queue = append(o.dtmf.queue, digits...)
	return nil
}

// newStream begins to count a stream, and tells of it.
func (s *Session) newStream(old *reception, restarted bool) *reception {
	p := &s.in.packet
	st := s.in.begin(old, p.SSRC, p.SequenceNumber)
	now := time.Now()
	if old == nil {
		s.emit(SessionEvent{Kind: FirstPacket, At: now})
	} else if !restarted {
		s.emit(SessionEvent{Kind: SSRCChanged, At: now})
		if s.log.Enabled(context.Background(), slog.LevelDebug) {
			s.log.Debug("media: another stream", "ssrc", p.SSRC, "before", old.ssrc)
		}
	}
	return st
}

// watch reports when RTP stays away that should come, and when it is back.
func (s *Session) watch(l *live, now time.Time) {
	heard := s.in.heardAt.Load()
	quiet := now.Sub(l.agreed)
	if since := now.Sub(time.Unix(0, heard)); since < quiet {
		quiet = since
	}
	expected := l.number != noPayload && l.dir.Receives() && !l.cut && !l.remoteHold
	switch {
	case s.lost.Load() && quiet < s.cfg.LostAfter && (heard > 0 && now.Sub(time.Unix(0, heard)) < s.cfg.LostAfter):
		s.lost.Store(false)
		s.emit(SessionEvent{Kind: Found, At: now})
	case expected && !s.lost.Load() && quiet >= s.cfg.LostAfter:
		s.lost.Store(true)
		s.log.Warn("media: no RTP", "for", quiet.Round(time.Millisecond), "remote", s.target(l))
		s.emit(SessionEvent{Kind: Lost, At: now})
	}
}

// Close says goodbye by RTCP, closes the sockets and waits for the goroutines.
func (s *Session) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.remove()
	s.bye(time.Now())
	err := errors.Join(s.rtp.Close(), s.rtcp.Close())
	s.readers.Wait()
	s.sink.Store(nil)
	return err
}
