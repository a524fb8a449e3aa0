package media

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtcp"
)

// control is the RTCP side of a session (RFC 3550 §6): reports out every five
// seconds or so, reports in for the round trip and for what the far end hears.
type control struct {
	mu    sync.Mutex
	cname string
	due   time.Time
	sent  bool // something went out, so a BYE is owed

	lastPackets uint32 // sent at our last report: only an active sender sends SR
	stream      *reception
	expected    uint32 // of stream, at our last report
	received    uint32

	remote   uint32    // SSRC of the far end's last SR
	srMiddle uint32    // middle 32 bits of its NTP time
	srAt     time.Time // when it came
	from     netip.AddrPort
	epoch    uint32

	rtt       time.Duration
	heard     bool // the far end reported about us
	fraction  uint8
	theirLost uint32
	theirJit  uint32
	bad       uint32
}

func (c *control) init(ssrc uint32) {
	// RFC 7022 §4.2: random, tells nothing about us.
	c.cname = fmt.Sprintf("%08x%08x", ssrc, rand.Uint32())
}

// interval is RFC 3550 §6.3.1 for two parties, whose share of the bandwidth
// never asks for more than the mean: half to one and a half of it, divided by
// e − 3/2.
func interval(mean time.Duration, first bool) time.Duration {
	if first {
		mean /= 2
	}
	return time.Duration(float64(mean) * (0.5 + rand.Float64()) / (math.E - 1.5))
}

// tickRTCP sends a report when it is due. RTCP goes on in every direction,
// inactive too (RFC 3264 §5.1).
func (s *Session) tickRTCP(l *live, now time.Time) {
	c := &s.ctl
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.number == noPayload {
		return
	}
	if c.falls(now, s.cfg.RTCPInterval) {
		s.writeRTCP(l, s.report(now))
	}
}

// falls tells whether a report falls due, and sets the time of the next one.
// The first call only begins the interval.
func (c *control) falls(now time.Time, mean time.Duration) bool {
	first := c.due.IsZero()
	if !first && now.Before(c.due) {
		return false
	}
	c.due = now.Add(interval(mean, first))
	return !first
}

// report builds SR or RR and SDES.
func (s *Session) report(now time.Time) []rtcp.Packet {
	return s.ctl.report(s.in.stream.Load(), &s.out, now)
}

// report speaks of what out sends and st hears; st may be nil.
func (c *control) report(st *reception, out *sender, now time.Time) []rtcp.Packet {
	var blocks []rtcp.ReceptionReport
	if st != nil {
		blocks = []rtcp.ReceptionReport{c.block(st, now)}
	}
	var first rtcp.Packet = &rtcp.ReceiverReport{SSRC: out.ssrc, Reports: blocks}
	if packets := out.packets.Load(); packets != c.lastPackets {
		c.lastPackets = packets
		out.mu.Lock()
		// The timestamp that belongs to now (RFC 3550 §6.4.1).
		ts := out.pos - uint32(int32(out.posAt.Sub(now)*8000/time.Second))
		out.mu.Unlock()
		first = &rtcp.SenderReport{
			SSRC: out.ssrc, NTPTime: ntp(now), RTPTime: ts,
			PacketCount: packets, OctetCount: out.octets.Load(), Reports: blocks,
		}
	}
	return []rtcp.Packet{first, &rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
		Source: out.ssrc,
		Items:  []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: c.cname}},
	}}}}
}

// block is what we say about the stream we hear (RFC 3550 §6.4.1, §A.3).
func (c *control) block(st *reception, now time.Time) rtcp.ReceptionReport {
	if c.stream != st {
		c.stream, c.expected, c.received = st, 0, 0
	}
	expected, received := st.expected(), st.received.Load()
	r := rtcp.ReceptionReport{
		SSRC: st.ssrc, TotalLost: min(st.lost(), 0x7FFFFF),
		LastSequenceNumber: st.highest.Load(), Jitter: st.jitter.Load() >> 4,
	}
	since, got := expected-c.expected, received-c.received
	if since > 0 && got < since {
		r.FractionLost = uint8(min(255, uint64(since-got)*256/uint64(since)))
	}
	c.expected, c.received = expected, received
	if c.remote == st.ssrc && !c.srAt.IsZero() {
		r.LastSenderReport = c.srMiddle
		r.Delay = uint32(now.Sub(c.srAt) * 65536 / time.Second)
	}
	return r
}

// writeRTCP sends a compound packet. c.mu is held.
func (s *Session) writeRTCP(l *live, packets []rtcp.Packet) {
	c := &s.ctl
	to := l.rtcp
	if c.from.IsValid() && c.epoch == l.epoch {
		to = c.from // symmetric, as RTP (RFC 4961 §4)
	}
	conn := s.rtcp
	if l.mux {
		conn, to = s.rtp, s.target(l)
	}
	if !to.IsValid() {
		return
	}
	data, err := rtcp.Marshal(packets)
	if err == nil {
		_, err = conn.WriteToUDPAddrPort(data, to)
	}
	if err != nil {
		s.log.Debug("media: RTCP not sent", "to", to, "err", err)
		return
	}
	c.sent = true
}

// bye says that we leave (RFC 3550 §6.3.7), if we were ever there.
func (s *Session) bye(now time.Time) {
	l := s.live.Load()
	c := &s.ctl
	c.mu.Lock()
	defer c.mu.Unlock()
	if l == nil || l.number == noPayload || !c.sent && s.out.packets.Load() == 0 {
		return
	}
	s.writeRTCP(l, append(s.report(now), &rtcp.Goodbye{Sources: []uint32{s.out.ssrc}}))
}

// receiveRTCP takes one datagram from the RTCP socket, or RTCP from the RTP one.
func (s *Session) receiveRTCP(data []byte, from netip.AddrPort, now time.Time) {
	l := s.live.Load()
	if l == nil {
		return
	}
	packets, err := rtcp.Unmarshal(data)
	c := &s.ctl
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.bad++
		return
	}
	if !s.believes(l, from, packets) {
		c.bad++
		return
	}
	c.take(packets, s.out.ssrc, now)
}

// take reads what the far end reports; ssrc is ours. c.mu is held.
func (c *control) take(packets []rtcp.Packet, ssrc uint32, now time.Time) {
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			c.remote, c.srMiddle, c.srAt = p.SSRC, uint32(p.NTPTime>>16), now
			c.reports(p.Reports, ssrc, now)
		case *rtcp.ReceiverReport:
			c.reports(p.Reports, ssrc, now)
		}
	}
}

// believes tells whether RTCP is from whom we hear: from the address told for
// it, or by its SSRC the stream we listen to, from the same host.
func (s *Session) believes(l *live, from netip.AddrPort, packets []rtcp.Packet) bool {
	if from == l.rtcp || from == s.target(l) {
		return true
	}
	st := s.in.stream.Load()
	if st == nil || len(packets) == 0 || from.Addr() != s.target(l).Addr() {
		return false
	}
	var ssrc uint32
	switch p := packets[0].(type) {
	case *rtcp.SenderReport:
		ssrc = p.SSRC
	case *rtcp.ReceiverReport:
		ssrc = p.SSRC
	}
	if ssrc != st.ssrc {
		return false
	}
	s.ctl.from, s.ctl.epoch = from, l.epoch
	return true
}

// reports takes what the far end says about our stream.
func (c *control) reports(blocks []rtcp.ReceptionReport, ssrc uint32, now time.Time) {
	for _, b := range blocks {
		if b.SSRC != ssrc {
			continue
		}
		c.heard, c.fraction, c.theirLost, c.theirJit = true, b.FractionLost, b.TotalLost, b.Jitter
		if b.LastSenderReport == 0 {
			continue
		}
		// RFC 3550 §6.4.1, figure 2: A − LSR − DLSR in 1/65536 s.
		rtt := int32(uint32(ntp(now)>>16) - b.LastSenderReport - b.Delay)
		if rtt >= 0 && rtt < 60<<16 {
			c.rtt = time.Duration(rtt) * time.Second / 65536
		}
	}
}

// ntp is the time of RFC 3550 §4: seconds since 1900 in 32.32 bits.
func ntp(t time.Time) uint64 {
	const since1900 = 2208988800
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/uint64(time.Second)
}
