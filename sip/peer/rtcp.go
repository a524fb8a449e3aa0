package peer

import (
	"errors"
	"net"
	"net/netip"

	"github.com/pion/rtcp"
)

// readRTCP answers each sender report with a receiver report, from which the
// agent learns the round trip (RFC 3550 §6.4.1). It ends when the socket is
// closed.
func (s *stream) readRTCP() {
	defer s.wg.Done()
	var buf [2048]byte
	for {
		n, from, err := s.rtcp.ReadFromUDPAddrPort(buf[:])
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		list, err := rtcp.Unmarshal(buf[:n])
		if err != nil {
			s.change(func(s *stream) { s.bad++ })
			continue
		}
		for _, p := range list {
			if sr, ok := p.(*rtcp.SenderReport); ok {
				s.report(sr, from)
			}
		}
	}
}

func (s *stream) report(sr *rtcp.SenderReport, to netip.AddrPort) {
	s.mu.Lock()
	s.reports++
	rr := rtcp.ReceiverReport{SSRC: s.ssrc, Reports: []rtcp.ReceptionReport{{
		SSRC: sr.SSRC, LastSequenceNumber: uint32(s.baseSeq),
		LastSenderReport: uint32(sr.NTPTime >> 16), // Delay 0: this is the answer
	}}}
	cname := rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{Source: s.ssrc,
		Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: "exchange"}}}}}
	s.mu.Unlock()
	if b, err := rtcp.Marshal([]rtcp.Packet{&rr, &cname}); err == nil {
		_, _ = s.rtcp.WriteToUDPAddrPort(b, to)
	}
}
