package peer

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtp"

	"github.com/freiton/freiton/media"
)

// When something was heard: while both talk, while the agent holds the
// contact, while the contact holds the agent.
const (
	talking = iota
	heldByAgent
	heldByContact
	phases
)

// stream is the RTP of one call: it sends a sound and measures what comes.
//
//	pacer (one of a few) ─ tick ─▶ sound ─▶ header ─▶ socket
//	reader (one a stream) ◀─ socket: sequence, level, frequency, digits
type stream struct {
	mu   sync.Mutex
	conn *net.UDPConn
	old  []*net.UDPConn // still open after new-port: packets on the way arrive
	rtcp *net.UDPConn   // the port above the first conn's
	from netip.AddrPort // where their sound comes from; others are strays

	// sending
	to     netip.AddrPort
	pt     uint8
	event  int
	snd    *sound
	pos    int
	echo   bool
	on     bool // our direction includes sending
	ssrc   uint32
	seq    uint16
	ts     uint32
	frames int // of 20 ms in a packet
	next   time.Time
	noise  bool
	loss   int // per cent
	sent   int

	heard
	wg sync.WaitGroup // readers
}

// quietest is the level in dBFS below which nothing is heard.
const quietest = -50

// heard is what the reader has measured.
type heard struct {
	phase    int
	packets  [phases]int
	samples  [phases]int
	energy   [phases]float64
	spectrum spectrum
	quiet    time.Duration // frames below quietest
	loud     time.Time     // of the first frame above it
	first    time.Time
	last     time.Time
	gap      time.Duration // longest between two packets while talking
	baseSeq  uint16
	seqs     int // packets the sequence numbers say there were, less one
	ssrcs    map[uint32]bool
	digits   string
	digitTS  uint32
	bad      int // neither RTP nor of an agreed type
	strays   int // from somewhere else: a call before this one on the same port
	reports  int // RTCP sender reports
}

// newStream binds a pair of sockets of its own on that address.
func newStream(ip netip.Addr) (*stream, error) {
	s := &stream{ssrc: rand.Uint32(), seq: uint16(rand.Uint32()), ts: rand.Uint32(), frames: 1}
	s.ssrcs = map[uint32]bool{}
	var err error
	if s.conn, s.rtcp, err = bindPair(ip); err != nil {
		return nil, err
	}
	s.wg.Add(2)
	go s.read(s.conn)
	go s.readRTCP()
	return s, nil
}

// bindPair takes an even port for RTP and the next one for RTCP (RFC 3550
// §11), or reports would go into the next call.
func bindPair(ip netip.Addr) (rtp, rtcp *net.UDPConn, err error) {
	for range 100 {
		if rtp, err = bind(ip, 0); err != nil {
			return nil, nil, err
		}
		port := rtp.LocalAddr().(*net.UDPAddr).AddrPort().Port()
		if port%2 == 0 {
			if rtcp, err = bind(ip, port+1); err == nil {
				return rtp, rtcp, nil
			}
		}
		_ = rtp.Close()
	}
	return nil, nil, fmt.Errorf("peer: no free pair of ports for RTP: %w", err)
}

func bind(ip netip.Addr, port uint16) (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, port)))
	if err != nil {
		return nil, fmt.Errorf("peer: RTP socket: %w", err)
	}
	return conn, nil
}

// rebind sends from another port from now on.
func (s *stream) rebind(ip netip.Addr) error {
	conn, err := bind(ip, 0)
	if err != nil {
		return err
	}
	s.old = append(s.old, s.conn)
	s.conn = conn
	s.wg.Add(1)
	go s.read(conn)
	return nil
}

// direct says where to send and in which format, and where to expect sound from.
func (s *stream) direct(d *described, on bool) {
	s.to, s.pt, s.event, s.on = d.addr, d.law, d.event, on
	if !d.addr.Addr().IsUnspecified() {
		s.from = d.addr
	}
}

// addr is the address of the first socket: the one in our descriptions.
func (s *stream) addr() netip.AddrPort {
	s.mu.Lock()
	defer s.mu.Unlock()
	conn := s.conn
	if len(s.old) > 0 {
		conn = s.old[0]
	}
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// change does something with the stream's fields under its lock.
func (s *stream) change(do func(*stream)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(s)
}

func (s *stream) close() {
	s.mu.Lock()
	_ = s.conn.Close()
	_ = s.rtcp.Close()
	for _, c := range s.old {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// tick sends what is due, at most five packets to catch up.
func (s *stream) tick(now time.Time, buf []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.snd == nil || s.echo || !s.on || !s.to.IsValid() || s.to.Port() == 0 || s.to.Addr().IsUnspecified() {
		s.next = time.Time{}
		return
	}
	marker := s.next.IsZero()
	if marker {
		s.next = now
	}
	step := time.Duration(s.frames) * 20 * time.Millisecond
	for range 5 {
		if s.next.After(now) {
			return
		}
		s.emit(buf, marker)
		s.next, marker = s.next.Add(step), false
	}
	if s.next.Before(now) {
		s.next = now.Add(step)
	}
}

// emit sends one packet of the sound. Called with the lock held.
func (s *stream) emit(buf []byte, marker bool) {
	loop := s.snd.law(s.pt)
	payload := buf[1024 : 1024+s.frames*frameBytes]
	for i := range payload {
		payload[i] = loop[(s.pos+i)%len(loop)]
	}
	s.pos = (s.pos + len(payload)) % len(loop)
	s.seq++
	s.ts += uint32(len(payload))
	if s.loss > 0 && rand.IntN(100) < s.loss {
		return
	}
	s.write(buf, s.pt, marker, s.ts, payload)
	if s.noise && s.seq%25 == 0 {
		// RFC 3389 comfort noise, corrupt as one PBX sends it, and an unknown type.
		s.seq++
		s.write(buf, 13, false, s.ts, []byte{0x40, 0xff})
		s.seq++
		s.write(buf, 77, false, s.ts, []byte("noise"))
	}
}

func (s *stream) write(buf []byte, pt uint8, marker bool, ts uint32, payload []byte) {
	h := rtp.Header{Version: 2, Marker: marker, PayloadType: pt, SequenceNumber: s.seq, Timestamp: ts, SSRC: s.ssrc}
	n, err := h.MarshalTo(buf[:64])
	if err != nil {
		return
	}
	n += copy(buf[n:1024], payload)
	if _, err := s.conn.WriteToUDPAddrPort(buf[:n], s.to); err == nil {
		s.sent++
	}
}

// read ends when the socket is closed.
func (s *stream) read(conn *net.UDPConn) {
	defer s.wg.Done()
	var (
		buf     [2048]byte
		out     [2048]byte
		samples [1024]int16
	)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf[:])
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		s.hear(buf[:n], from, out[:], samples[:], time.Now())
	}
}

// hear books one packet.
func (s *stream) hear(b []byte, from netip.AddrPort, out []byte, samples []int16, now time.Time) {
	var h rtp.Header
	n, err := h.Unmarshal(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.from.IsValid() && from != s.from {
		s.strays++
		return
	}
	if err != nil || h.Version != 2 {
		s.bad++
		return
	}
	payload := b[n:]
	if h.Padding && len(payload) > 0 {
		payload = payload[:len(payload)-min(len(payload), int(payload[len(payload)-1]))]
	}
	s.count(&h, now)
	switch {
	case int(h.PayloadType) == s.event && s.event >= 0:
		s.digit(h.Timestamp, payload)
	case h.PayloadType == s.pt && len(payload) <= len(samples):
		if !s.listen(payload, samples[:len(payload)]) && s.loud.IsZero() {
			s.loud = now
		}
		if s.echo && s.on && s.to.Port() != 0 {
			s.seq++
			s.ts += uint32(len(payload))
			s.write(out, s.pt, h.Marker, s.ts, payload)
		}
	default:
		s.bad++
	}
}

func (s *stream) count(h *rtp.Header, now time.Time) {
	if s.first.IsZero() {
		s.first, s.baseSeq = now, h.SequenceNumber
	} else if s.phase == talking && !s.last.IsZero() {
		s.gap = max(s.gap, now.Sub(s.last))
	}
	if !s.ssrcs[h.SSRC] && len(s.ssrcs) < 16 {
		s.ssrcs[h.SSRC] = true
	}
	if len(s.ssrcs) == 1 {
		if d := int(int16(h.SequenceNumber - s.baseSeq)); d > 0 {
			s.seqs += d
			s.baseSeq = h.SequenceNumber
		}
	}
	s.last = now
	s.packets[s.phase]++
}

// listen measures a frame; quiet: there is nothing to be heard in it.
func (s *stream) listen(payload []byte, samples []int16) (quiet bool) {
	codec := media.PCMA
	if s.pt == 0 {
		codec = media.PCMU
	}
	codec.Decode(samples, payload)
	energy := 0.0
	for _, v := range samples {
		energy += float64(v) * float64(v)
	}
	s.energy[s.phase] += energy
	s.samples[s.phase] += len(samples)
	if quiet = level(energy, len(samples)) < quietest; quiet {
		s.quiet += time.Duration(len(samples)) * time.Second / rate
	}
	if s.phase == talking {
		s.spectrum.add(samples)
	}
	return quiet
}

// digit reads RFC 4733 events: a new timestamp is a new digit.
func (s *stream) digit(ts uint32, payload []byte) {
	if len(payload) < 4 || payload[0] > 15 || s.digits != "" && ts == s.digitTS || len(s.digits) > 256 {
		return
	}
	s.digits += string("0123456789*#ABCD"[payload[0]])
	s.digitTS = ts
}

// setPhase says in which phase what comes from now on is heard. A change
// begins the count of gaps anew.
func (s *stream) setPhase(p int) {
	s.change(func(s *stream) {
		if s.phase != p {
			s.phase, s.last = p, time.Time{}
		}
	})
}
