package media

import (
	"net/netip"
	"time"
)

// Stats are the figures of a session at one moment.
type Stats struct {
	Codec     Codec
	Direction Direction
	Local     netip.AddrPort
	Remote    netip.AddrPort // where our packets go

	Sent     uint64 // RTP packets
	Received uint64 // of all streams, without duplicates
	Lost     uint64
	Late     uint64 // came out of order, or too late for the jitter buffer

	LossPercent float64
	JitterMS    float64 // RFC 3550 §6.4.1, of the present stream
	RTTMS       float64 // 0: not known
	MOS         float64 // what we hear; 0: nothing heard yet

	// What the far end reports about our stream.
	RemoteHeard       bool
	RemoteLost        uint64
	RemoteLossPercent float64 // since its report before
	RemoteJitterMS    float64

	HeardAt      time.Time // last packet; zero: none yet
	SSRC         uint32    // ours
	RemoteSSRC   uint32
	Duplicates   uint64
	ComfortNoise uint64
	Unknown      uint64 // payload type not agreed
	Foreign      uint64 // from a source we do not listen to
	Malformed    uint64
	Digits       uint64 // DTMF heard
	SendErrors   uint64
}

// Stats gives the figures of this moment.
func (s *Session) Stats() Stats {
	in, o, c := &s.in, &s.out, &s.ctl
	st := Stats{
		Codec: s.Codec(), Direction: s.Direction(), Local: s.LocalAddr(), SSRC: o.ssrc,
		Sent: uint64(o.packets.Load()), Late: uint64(in.reordered.Load()),
		Duplicates: uint64(in.duplicate.Load()), ComfortNoise: uint64(in.noise.Load()),
		Unknown: uint64(in.unknown.Load()), Foreign: uint64(in.foreign.Load()),
		Malformed: uint64(in.malformed.Load()), Digits: uint64(in.digits.Load()),
		SendErrors: uint64(o.failed.Load()),
	}
	if l := s.live.Load(); l != nil {
		st.Remote = s.target(l)
	}
	st.judge(&in.receptions, c)
	return st
}

// judge adds the figures of what came in and of RTCP, and what they amount to.
func (st *Stats) judge(in *receptions, c *control) {
	st.Received, st.Lost = uint64(in.past[0].Load()), uint64(in.past[1].Load())
	st.HeardAt = in.lastHeard()
	if r := in.stream.Load(); r != nil {
		st.RemoteSSRC = r.ssrc
		st.Received += uint64(r.received.Load())
		st.Lost += uint64(r.lost())
		st.JitterMS = milliseconds(r.jitterTime(8000))
	}
	c.mu.Lock()
	st.RTTMS = milliseconds(c.rtt)
	st.RemoteHeard, st.RemoteLost = c.heard, uint64(c.theirLost)
	st.RemoteLossPercent = float64(c.fraction) * 100 / 256
	st.RemoteJitterMS = float64(c.theirJit) / 8
	c.mu.Unlock()
	if st.Received > 0 {
		st.LossPercent = 100 * float64(st.Lost) / float64(st.Received+st.Lost)
		st.MOS = MOS(st.LossPercent, st.RTTMS, st.JitterMS)
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// MOS estimates the mean opinion score of a G.711 stream by a simplified
// E-model (ITU-T G.107, G.113 appendix I): R = 93.2 − Id − Ie, where
//
//	d  = RTT/2 + 2·jitter (the buffer it asks for) + 20 ms for the frame
//	Id = 0.024 d + 0.11 (d − 177.3) above 177.3 ms
//	Ie = 95 · loss / (loss + 25.1), random loss concealed (Bpl = 25.1)
//
// and MOS = 1 + 0.035 R + 7·10⁻⁶ R (R − 60)(100 − R). It is between 1 and 4.41.
func MOS(lossPercent, rttMS, jitterMS float64) float64 {
	d := rttMS/2 + 2*jitterMS + 20
	id := 0.024 * d
	if d > 177.3 {
		id += 0.11 * (d - 177.3)
	}
	r := 93.2 - id - 95*lossPercent/(lossPercent+25.1)
	if r <= 0 {
		return 1
	}
	return max(1, 1+0.035*r+7e-6*r*(r-60)*(100-r))
}
