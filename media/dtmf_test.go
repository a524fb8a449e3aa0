package media

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// A digit on the wire as RFC 4733 wants it, in time that the test makes.
func TestDTMFOnTheWire(t *testing.T) {
	s := newTestSession(t)
	s.remove() // from the clock
	p := newFarEnd(t, s.LocalAddr())
	if _, err := s.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	voice := Frame{Codec: PCMA, SSRC: 5, Payload: make([]byte, 160)}
	now := time.Now()
	step := func() {
		now = now.Add(FrameTime)
		s.tick(now)
		voice.At = now.Add(3 * time.Millisecond)
		s.WriteFrame(&voice)
		voice.Seq++
		voice.Timestamp += 160
	}
	for range 10 {
		step()
	}
	if err := s.SendDTMF("5#"); err != nil {
		t.Fatal(err)
	}
	for range 2*digitSteps + 10 {
		step()
	}
	var events []rtp.Packet
	var before, after rtp.Header
	p.receive(func(x *rtp.Packet) bool {
		switch {
		case x.PayloadType == 101:
			c := *x
			c.Payload = append([]byte(nil), x.Payload...)
			events = append(events, c)
		case len(events) == 0:
			before = x.Header
		case len(events) == 14:
			after = x.Header
			return true
		default:
			t.Errorf("sound in the middle of digits, after %d packets", len(events))
		}
		return false
	})
	for i, e := range events {
		first := events[i/7*7]
		step := i % 7
		duration := binary.BigEndian.Uint16(e.Payload[2:])
		if e.Timestamp != first.Timestamp {
			t.Errorf("packet %d: timestamp %d, digit began at %d", i, e.Timestamp, first.Timestamp)
		}
		if e.Marker != (step == 0) {
			t.Errorf("packet %d: marker %v", i, e.Marker)
		}
		if want := uint16(min(step+1, 5) * 160); duration != want {
			t.Errorf("packet %d: duration %d, want %d", i, duration, want)
		}
		if end := e.Payload[1]&eventEnd != 0; end != (step >= 4) {
			t.Errorf("packet %d: end %v", i, end)
		}
		if want := byte([]int{5, 11}[i/7]); e.Payload[0] != want {
			t.Errorf("packet %d: event %d, want %d", i, e.Payload[0], want)
		}
		if i > 0 && e.SequenceNumber != events[i-1].SequenceNumber+1 {
			t.Errorf("packet %d: sequence number %d", i, e.SequenceNumber)
		}
	}
	if d := events[7].Timestamp - events[0].Timestamp; d != 1280 { // 100 ms and 60 ms
		t.Errorf("second digit begins %d later", d)
	}
	if d := events[0].Timestamp - before.Timestamp; d != 160 {
		t.Errorf("first digit begins %d after the last sound", d)
	}
	if d := after.Timestamp - events[7].Timestamp; d != 1280 {
		t.Errorf("sound goes on %d after the second digit began", d)
	}
	if after.SequenceNumber != events[13].SequenceNumber+1 || !after.Marker {
		t.Errorf("sound goes on with sequence number %d after %d, marker %v", after.SequenceNumber, events[13].SequenceNumber, after.Marker)
	}
}

// With three packets of ten lost every digit still comes, and comes once.
func TestDTMFThroughLoss(t *testing.T) {
	a, b := newTestSession(t), newTestSession(t)
	random := rand.New(rand.NewPCG(7, 11))
	agreeOver(t, a, b, func(fromA, isRTCP bool, data []byte) bool {
		return !fromA || isRTCP || random.Float64() >= 0.3
	})
	events := new(eventLog)
	b.Events(events.add)
	const typed = "0123456789*#ABCD1122"
	if err := a.SendDTMF(typed); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all digits", func() bool { return len(events.digits()) >= len(typed) })
	listen(100 * time.Millisecond)
	if got := events.digits(); got != typed {
		t.Errorf("typed %s, heard %s", typed, got)
	}
}

// Digits pass a junction under the numbers of the other side.
func TestDTMFRelayed(t *testing.T) {
	a, b := newTestSession(t), newTestSession(t)
	p, q := newFarEnd(t, a.LocalAddr()), newFarEnd(t, b.LocalAddr())
	if _, err := a.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	other := replaceAll(replaceAll(string(q.sdp()), " 101", " 97"), ":101 ", ":97 ")
	if _, err := b.Answer([]byte(other)); err != nil {
		t.Fatal(err)
	}
	j := Join(a, b)
	defer j.Close()
	p.send(0x10)
	for i := range 5 {
		p.event(7, uint16(160*(i+1)), i == 4, i == 0)
	}
	p.h.Timestamp += 800
	p.send(0x10)
	n := 0
	q.receive(func(x *rtp.Packet) bool {
		if x.PayloadType == 97 {
			if n++; x.Payload[0] != 7 {
				t.Errorf("event %d", x.Payload[0])
			}
		}
		return n > 0 && x.Payload[0] == 0x10
	})
	if n != 5 {
		t.Errorf("%d event packets came through, want 5", n)
	}
}

// What senders do to the receiver.
func TestDTMFReceiver(t *testing.T) {
	type packet struct {
		ts     uint32
		event  byte
		dur    uint16
		end    bool
		marker bool
	}
	for _, c := range []struct {
		name    string
		packets []packet
		want    string
	}{
		{"plain", []packet{{100, 1, 160, false, true}, {100, 1, 320, false, false}, {100, 1, 320, true, false}, {100, 1, 320, true, false}}, "1"},
		{"marker on every packet", []packet{{100, 1, 160, false, true}, {100, 1, 320, false, true}, {100, 1, 320, true, true}}, "1"},
		{"only an end", []packet{{100, 1, 800, true, false}}, "1"},
		{"end lost, same digit again", []packet{{100, 1, 160, false, true}, {1380, 1, 160, false, true}}, "11"},
		{"end and the next beginning lost", []packet{{100, 1, 160, false, true}, {1380, 1, 800, true, false}}, "11"},
		{"another digit", []packet{{100, 1, 800, true, false}, {1380, 2, 800, true, false}}, "12"},
		{"late packet of the digit before", []packet{{100, 1, 800, true, false}, {1380, 2, 160, false, true}, {100, 1, 800, true, false}}, "12"},
		{"long event in segments", []packet{{100, 1, 0xFFFF, false, true}, {100 + 0xFFFF, 1, 160, false, false}, {100 + 0xFFFF, 1, 320, true, false}}, "1"},
		{"timestamp moves within the digit", []packet{{100, 1, 160, false, true}, {260, 1, 320, false, false}, {420, 1, 480, true, false}, {580, 1, 480, true, false}}, "1"},
		{"timestamp wraps", []packet{{0xFFFFFF00, 1, 160, false, true}, {0xFFFFFF00, 1, 800, true, false}, {0x400, 1, 160, false, true}}, "11"},
		{"no digit", []packet{{100, 16, 160, false, true}, {200, 255, 160, false, true}}, ""},
	} {
		var r dtmfReceiver
		got := ""
		for _, p := range c.packets {
			payload := []byte{p.event, 10, 0, 0}
			if p.end {
				payload[1] |= eventEnd
			}
			binary.BigEndian.PutUint16(payload[2:], p.dur)
			if digit, fresh := r.packet(1, p.ts, p.marker, payload); fresh {
				got += string(rune(digit))
			}
		}
		if got != c.want {
			t.Errorf("%s: heard %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDTMFRefused(t *testing.T) {
	s := newTestSession(t)
	if err := s.SendDTMF("1"); !errors.Is(err, ErrNotSending) {
		t.Errorf("before anything is agreed: %v", err)
	}
	p := newFarEnd(t, s.LocalAddr())
	if _, err := s.Answer([]byte(replaceAll(string(p.sdp()), " 101\r\n", "\r\n"))); err != nil {
		t.Fatal(err)
	}
	if err := s.SendDTMF("1"); !errors.Is(err, ErrNoDTMF) {
		t.Errorf("not agreed: %v", err)
	}
	if _, err := s.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	if err := s.SendDTMF("1x"); err == nil {
		t.Error("x was taken for a digit")
	}
	for range maxDigits + 1 {
		if err := s.SendDTMF("1"); err != nil {
			return
		}
	}
	t.Error("no limit of waiting digits")
}
