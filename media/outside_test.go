package media

import (
	"errors"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// One Stream's packets are carried to another; two are lost, one comes twice.
func TestStream(t *testing.T) {
	a, b := NewStream(1, time.Second), NewStream(2, time.Second)
	now := time.Now()
	var seqs []uint16
	var stamps []uint32
	lose := map[int]bool{5: true, 6: true}
	f := Frame{Codec: PCMA, Payload: make([]byte, 160), SSRC: 77, Seq: 65530, Timestamp: 1 << 31}
	n, arrived := 0, 0
	carry := func(f *Frame, ssrc uint32, seq uint16, ts uint32, marker bool) error {
		if marker != (n == 0) {
			t.Errorf("frame %d: marker %v", n, marker)
		}
		seqs, stamps = append(seqs, seq), append(stamps, ts)
		if lose[n] {
			return nil
		}
		g := *f
		g.SSRC, g.Seq, g.Timestamp, g.At = ssrc, seq, ts, now
		if b.Arrived(&g) {
			arrived++
		}
		if n == 8 && b.Arrived(&g) {
			t.Error("a packet that came twice was taken")
		}
		return nil
	}
	for n = 0; n < 50; n++ {
		now = now.Add(FrameTime)
		a.Send(&f, now, carry)
		f.Seq++
		f.Timestamp += 160
	}
	for i := range seqs {
		if seqs[i] != seqs[0]+uint16(i) || stamps[i] != stamps[0]+uint32(160*i) {
			t.Fatalf("frame %d is %d at %d, the first %d at %d", i, seqs[i], stamps[i], seqs[0], stamps[0])
		}
	}
	if st := b.Stats(); arrived != 48 || st.Received != 48 || st.Lost != 2 || st.Duplicates != 1 || st.RemoteSSRC != 1 || !st.HeardAt.Equal(now.Round(0)) {
		t.Errorf("%d arrived, %+v", arrived, st)
	}

	// Another source goes on where the stream stands, also after a pause.
	now = now.Add(time.Second)
	g := Frame{Codec: PCMA, Payload: make([]byte, 160), SSRC: 78, Seq: 9, Timestamp: 9}
	a.Send(&g, now, func(_ *Frame, _ uint32, seq uint16, ts uint32, marker bool) error {
		last := len(seqs) - 1
		if pause := ts - stamps[last]; seq != seqs[last]+1 || pause < 8000 || pause > 8320 || !marker {
			t.Errorf("went on with %d, %d later, marker %v", seq-seqs[last], pause, marker)
		}
		return errors.New("network down")
	})
	if st := a.Stats(); st.Sent != 50 || st.SendErrors != 1 {
		t.Errorf("%+v", st)
	}

	// Reports: each learns what the other hears, and the round trip.
	if a.Report(now) != nil {
		t.Error("a report at once")
	}
	now = now.Add(2 * time.Second)
	fromA := a.Report(now)
	if _, ok := fromA[0].(*rtcp.SenderReport); !ok || a.Report(now) != nil {
		t.Fatalf("%v", fromA)
	}
	b.Report(now)
	b.TakeRTCP(fromA, now.Add(40*time.Millisecond))
	fromB := b.Report(now.Add(3 * time.Second))
	if _, ok := fromB[0].(*rtcp.ReceiverReport); !ok {
		t.Fatalf("%v", fromB)
	}
	a.TakeRTCP(fromB, now.Add(3*time.Second+40*time.Millisecond))
	st := a.Stats()
	if st.RTTMS < 79 || st.RTTMS > 81 || !st.RemoteHeard || st.RemoteLost != 2 || st.RemoteLossPercent < 3 || st.RemoteLossPercent > 5 {
		t.Errorf("%+v", st)
	}
}
