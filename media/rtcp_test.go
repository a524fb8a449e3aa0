package media

import (
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// Every tenth packet lost: both sides say so, one by counting, one by report.
func TestRTCPFigures(t *testing.T) {
	fast := func(c *SessionConfig) { c.RTCPInterval = 100 * time.Millisecond }
	a, b := newTestSession(t, fast), newTestSession(t, fast)
	var n, goodbyes atomic.Int32
	agreeOver(t, a, b, func(fromA, isRTCP bool, data []byte) bool {
		if isRTCP {
			packets, err := rtcp.Unmarshal(data)
			if err != nil {
				t.Errorf("RTCP: %v", err)
			}
			if _, ok := packets[len(packets)-1].(*rtcp.Goodbye); ok {
				goodbyes.Add(1)
			}
			return true
		}
		return !fromA || n.Add(1)%10 != 0
	})
	eventually(t, "105 packets", func() bool { return b.Stats().Received >= 105 })
	eventually(t, "reports", func() bool {
		st := a.Stats()
		return st.RemoteHeard && st.RemoteLost >= 10 && st.RTTMS > 0 && b.Stats().RTTMS > 0
	})
	sa, sb := a.Stats(), b.Stats()
	if math.Abs(sb.LossPercent-10) > 1 {
		t.Errorf("counted loss %.1f %%, want 10", sb.LossPercent)
	}
	if sa.LossPercent != 0 || sa.Lost != 0 {
		t.Errorf("loss the other way %.1f %%", sa.LossPercent)
	}
	if sa.RemoteLost < 10 || sa.RemoteLost > sb.Lost {
		t.Errorf("reported lost %d, counted %d", sa.RemoteLost, sb.Lost)
	}
	if sa.RTTMS > 250 || sb.RTTMS > 250 {
		t.Errorf("round trip %.2f and %.2f ms on loopback", sa.RTTMS, sb.RTTMS)
	}
	if sb.JitterMS > 60 {
		t.Errorf("jitter %.2f ms on loopback", sb.JitterMS)
	}
	if sa.MOS < 3.9 || sb.MOS > 3.7 || sb.MOS < 2 {
		t.Errorf("MOS %.2f without loss, %.2f with 10 %%", sa.MOS, sb.MOS)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "goodbye", func() bool { return goodbyes.Load() == 1 })
}

// Jitter by RFC 3550 §A.8: packets late by turns of 0 and D settle at D.
func TestJitterFigure(t *testing.T) {
	r := newReception(1, 0)
	for i := range uint32(2000) {
		late := uint32(0)
		if i%2 == 1 {
			late = 80 // 10 ms
		}
		r.packet(uint16(i))
		r.time(i*160, i*160+late)
	}
	if j := r.jitterTime(8000); j < 9500*time.Microsecond || j > 10*time.Millisecond {
		t.Errorf("jitter %v, want about 10 ms", j)
	}
}

// Sequence numbers by RFC 3550 §A.1.
func TestReceptionCounts(t *testing.T) {
	r := newReception(1, 65534)
	feed := func(seqs ...uint16) (last arrival) {
		for _, s := range seqs {
			last = r.packet(s)
		}
		return last
	}
	feed(65534, 65535, 0, 1)
	if r.lost() != 0 || r.expected() != 4 {
		t.Errorf("around the wrap: expected %d, lost %d", r.expected(), r.lost())
	}
	feed(4)
	if r.lost() != 2 {
		t.Errorf("lost %d, want 2", r.lost())
	}
	if feed(3) != reordered || r.lost() != 1 {
		t.Errorf("after a late one lost %d, want 1", r.lost())
	}
	if feed(3) != duplicate || feed(4) != duplicate || r.lost() != 1 {
		t.Errorf("a duplicate counts: lost %d", r.lost())
	}
	if feed(30000) != strayed || feed(5) != inOrder || r.lost() != 1 {
		t.Errorf("a stray counts: lost %d", r.lost())
	}
	if feed(30000) != strayed || feed(30001) != restarted {
		t.Error("two in a row are a restart")
	}
}

// RTCP on the RTP port, agreed or not, is understood (RFC 5761 §4).
func TestMux(t *testing.T) {
	s := newTestSession(t, func(c *SessionConfig) { c.RTCPInterval = 50 * time.Millisecond })
	p := newFarEnd(t, s.LocalAddr())
	if _, err := s.Answer(p.sdp("a=rtcp-mux")); err != nil {
		t.Fatal(err)
	}
	p.send(0x10)
	eventually(t, "heard", func() bool { return s.Stats().Received == 1 })
	// It comes to the one port we have.
	buf := make([]byte, 2048)
	_ = p.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	for {
		n, _, err := p.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			t.Fatalf("no RTCP on the RTP port: %v", err)
		}
		if buf[1] < 192 || buf[1] > 223 {
			continue
		}
		packets, err := rtcp.Unmarshal(buf[:n])
		if err != nil {
			t.Fatal(err)
		}
		sr, ok := packets[0].(*rtcp.SenderReport)
		if !ok || len(sr.Reports) != 1 || sr.Reports[0].SSRC != p.h.SSRC {
			continue
		}
		// Answered a quarter of a second later, says the far end.
		reply, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: p.h.SSRC, Reports: []rtcp.ReceptionReport{{
			SSRC: sr.SSRC, TotalLost: 3, FractionLost: 64, LastSenderReport: uint32(sr.NTPTime >> 16), Delay: 0,
		}}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.conn.WriteToUDPAddrPort(reply, s.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		break
	}
	eventually(t, "the report", func() bool { st := s.Stats(); return st.RemoteLost == 3 && st.RemoteLossPercent == 25 && st.RTTMS > 0 })
}

// RTCP of a stranger is not believed.
func TestStrangersReport(t *testing.T) {
	s := newTestSession(t)
	p, stranger := newFarEnd(t, s.LocalAddr()), newFarEnd(t, s.LocalAddr())
	if _, err := s.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	p.send(0x10)
	eventually(t, "heard", func() bool { return s.Stats().Received == 1 })
	report, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: 99, Reports: []rtcp.ReceptionReport{{SSRC: s.out.ssrc, TotalLost: 1000}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.conn.WriteToUDPAddrPort(report, s.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "counted", func() bool {
		s.ctl.mu.Lock()
		defer s.ctl.mu.Unlock()
		return s.ctl.bad == 1
	})
	if s.Stats().RemoteHeard {
		t.Error("believed")
	}
}

func TestMOS(t *testing.T) {
	for _, c := range []struct{ loss, rtt, jitter, least, most float64 }{
		{0, 0, 0, 4.35, 4.42}, {0, 40, 2, 4.3, 4.42}, {1, 40, 2, 4.1, 4.35},
		{5, 100, 10, 3.2, 3.9}, {20, 100, 10, 1.8, 2.6}, {0, 800, 20, 2, 3.5}, {100, 2000, 200, 1, 1},
	} {
		if m := MOS(c.loss, c.rtt, c.jitter); m < c.least || m > c.most {
			t.Errorf("MOS(%v %%, %v ms, %v ms) = %.2f, want %v–%v", c.loss, c.rtt, c.jitter, m, c.least, c.most)
		}
	}
	for loss := 0.0; loss < 100; loss++ {
		if MOS(loss+1, 50, 5) > MOS(loss, 50, 5) {
			t.Fatalf("MOS rises with loss at %v %%", loss)
		}
	}
}
