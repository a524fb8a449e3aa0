package media

import (
	"testing"
	"time"

	"github.com/pion/rtp"
	"pgregory.net/rapid"
)

// Whatever feeds it, in whatever order, what leaves is one stream: no sequence
// number twice, none missing but for what the source itself lost, timestamps
// that never go back.
func TestOneStreamLeaves(t *testing.T) {
	s := newTestSession(t)
	s.remove() // time is made here
	p := newFarEnd(t, s.LocalAddr())
	if _, err := s.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	var sent []rtp.Header
	collect := func() {
		for want := s.Stats().Sent; uint64(len(sent)) < want; {
			p.receive(func(x *rtp.Packet) bool {
				sent = append(sent, x.Header)
				return true
			})
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		source := Frame{
			Codec: PCMA, SSRC: rapid.Uint32().Draw(t, "ssrc"), Payload: make([]byte, 160),
			Seq: rapid.Uint16().Draw(t, "seq"), Timestamp: rapid.Uint32().Draw(t, "timestamp"),
		}
		say := func(f Frame) {
			f.At = now
			s.WriteFrame(&f)
		}
		next := func(n int) {
			source.Seq += uint16(n)
			source.Timestamp += uint32(160 * n)
		}
		lost := 0
		var skipped []Frame
		collect()
		from := len(sent)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"frame", "frame", "frame", "gap", "swap", "late", "pause", "source", "restart", "hold", "resume", "mute", "unmute", "digit", "stall"}).Draw(t, "do") {
			case "frame":
				next(1)
				say(source)
			case "gap":
				n := rapid.IntRange(2, 20).Draw(t, "lost")
				lost += n - 1
				next(1)
				skipped = append(skipped, source)
				next(n - 1)
				say(source)
			case "swap":
				next(2)
				say(source)
				early := source
				early.Seq, early.Timestamp = early.Seq-1, early.Timestamp-160
				say(early)
				lost++ // it may be dropped, if the series begins with its successor
			case "late": // one that was taken for lost, be its series still running or not
				if len(skipped) > 0 {
					say(skipped[0])
					if skipped[0].SSRC == source.SSRC { // it may begin a series: then what followed it is missing
						lost += int(source.Seq - skipped[0].Seq)
					}
					skipped = skipped[1:]
				}
			case "pause":
				for range rapid.IntRange(1, 30).Draw(t, "ticks") {
					now = now.Add(FrameTime)
					s.tick(now)
				}
			case "source":
				source.SSRC, source.Seq, source.Timestamp = source.SSRC+1, source.Seq*7, source.Timestamp*13
			case "restart":
				source.Seq, source.Timestamp = source.Seq+20000, source.Timestamp-99999
			case "hold":
				s.SetHold(true)
			case "resume":
				s.SetHold(false)
			case "mute":
				s.SetMute(true)
			case "unmute":
				s.SetMute(false)
			case "digit":
				_ = s.SendDTMF("1") // may be refused: too many
			case "stall":
				now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			}
			now = now.Add(FrameTime)
			s.tick(now)
		}
		s.SetHold(false)
		s.SetMute(false)
		collect()
		checkStream(t, sent[from:], lost)
	})
}

func checkStream(t *rapid.T, sent []rtp.Header, lost int) {
	if len(sent) == 0 {
		return
	}
	first := sent[0]
	byNumber := map[int]rtp.Header{}
	least, most := 0, 0
	for _, h := range sent {
		if h.SSRC != first.SSRC {
			t.Fatalf("SSRC %x after %x", h.SSRC, first.SSRC)
		}
		n := int(int16(h.SequenceNumber - first.SequenceNumber))
		if _, twice := byNumber[n]; twice {
			t.Fatalf("sequence number %d twice", h.SequenceNumber)
		}
		byNumber[n] = h
		least, most = min(least, n), max(most, n)
	}
	missing := 0
	before := byNumber[least]
	for n := least + 1; n <= most; n++ {
		h, ok := byNumber[n]
		if !ok {
			missing++
			continue
		}
		if int32(h.Timestamp-before.Timestamp) < 0 {
			t.Fatalf("timestamp goes back by %d", before.Timestamp-h.Timestamp)
		}
		if h.PayloadType == 8 && before.PayloadType == 8 && h.Timestamp == before.Timestamp {
			t.Fatalf("two frames at timestamp %d", h.Timestamp)
		}
		before = h
	}
	if missing > lost {
		t.Fatalf("%d sequence numbers missing, the source lost %d", missing, lost)
	}
}
