package media

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// On hold nothing of either side reaches the other, whatever is joined; after
// resume both are back within 100 ms.
func TestHoldSilencesBothWays(t *testing.T) {
	a, b := newTestSession(t), newTestSession(t)
	agree(t, a, b)
	atA, atB := new(ear), new(ear)
	voiceA, voiceB := tonePlayer(t, 600, PCMA), tonePlayer(t, 900, PCMA)
	for _, p := range []struct {
		voice *FileEndpoint
		s     *Session
		hears *ear
	}{{voiceA, a, atA}, {voiceB, b, atB}} {
		p.s.SetSink(p.hears)
		p.voice.SetSink(p.s)
	}
	loud := func(e *ear, since time.Time) int {
		n := 0
		for _, p := range e.peaksSince(since) {
			if p > 8 {
				n++
			}
		}
		return n
	}
	eventually(t, "both heard", func() bool { return loud(atA, time.Time{}) > 5 && loud(atB, time.Time{}) > 5 })

	a.SetHold(true)
	// At once, before anything is agreed: not a frame more.
	wished := time.Now().Add(15 * time.Millisecond) // what is in the sockets arrives
	listen(200 * time.Millisecond)
	if n, m := loud(atB, wished), loud(atA, wished); n+m > 0 {
		t.Errorf("after the wish to hold: %d frames of ours left, %d of theirs were heard", n, m)
	}
	agree(t, a, b)
	if a.Direction() != SendOnly || b.Direction() != RecvOnly || !a.LocalHold() || !b.RemoteHold() {
		t.Fatalf("directions %v, %v", a.Direction(), b.Direction())
	}
	agreed := time.Now().Add(15 * time.Millisecond)
	sent := a.Stats().Sent
	sentB := b.Stats().Sent
	listen(400 * time.Millisecond)
	if n, m := loud(atB, agreed), loud(atA, agreed); n+m > 0 {
		t.Errorf("on hold: %d frames of ours left, %d of theirs were heard", n, m)
	}
	if n := a.Stats().Sent - sent; n < 15 || n > 25 {
		t.Errorf("%d packets of silence in 400 ms of sendonly", n)
	}
	if n := b.Stats().Sent - sentB; n > 1 {
		t.Errorf("the held side sent %d packets in recvonly", n)
	}

	a.SetHold(false)
	listen(100 * time.Millisecond)
	if loud(atB, agreed) > 0 {
		t.Error("resumed before it was agreed")
	}
	resumed := time.Now()
	agree(t, a, b)
	eventually(t, "both back", func() bool { return loud(atA, resumed) > 0 && loud(atB, resumed) > 0 })
	if d := time.Since(resumed); d > 100*time.Millisecond {
		t.Errorf("back only after %v", d)
	}
}

// inactive: RTCP only.
func TestInactiveSendsNoRTP(t *testing.T) {
	s := newTestSession(t, func(c *SessionConfig) { c.RTCPInterval = 50 * time.Millisecond })
	p := newFarEnd(t, s.LocalAddr())
	if _, err := s.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	p.receive(func(*rtp.Packet) bool { return true })
	events := new(eventLog)
	s.Events(events.add)
	s.SetHold(true)
	if _, err := s.Answer(p.sdp("a=sendonly")); err != nil {
		t.Fatal(err)
	}
	if s.Direction() != Inactive || events.count(RemoteHold) != 1 {
		t.Fatalf("direction %v, %d holds", s.Direction(), events.count(RemoteHold))
	}
	p.nothing(100 * time.Millisecond)
	s.ctl.mu.Lock()
	reported := s.ctl.sent
	s.ctl.mu.Unlock()
	if !reported {
		t.Error("no RTCP while inactive")
	}
}

// c=0.0.0.0 holds, and the same address again resumes sending.
func TestOldHoldAndBack(t *testing.T) {
	s := newTestSession(t)
	p := newFarEnd(t, s.LocalAddr())
	if _, err := s.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	p.send(0x55)
	p.receive(func(*rtp.Packet) bool { return true })
	old := strings.Replace(string(p.sdp()), "c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0", 1)
	answer, err := s.Answer([]byte(old))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(answer), "a=recvonly") || !s.RemoteHold() {
		t.Errorf("answer\n%s", answer)
	}
	p.nothing(100 * time.Millisecond)
	if _, err := s.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	p.receive(func(*rtp.Packet) bool { return true })
}

// A late offer: ours is in the 200, theirs comes as the answer in the ACK.
func TestLateOffer(t *testing.T) {
	s := newTestSession(t)
	p := newFarEnd(t, s.LocalAddr())
	for range 2 { // also in a re-INVITE
		body, err := s.Offer()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{" 8 0 101", "a=sendrecv", "a=ptime:20"} {
			if !strings.Contains(string(body), want) {
				t.Errorf("no %q in our full offer\n%s", want, body)
			}
		}
		if err := s.Accept(p.sdp()); err != nil {
			t.Fatal(err)
		}
	}
	p.receive(func(*rtp.Packet) bool { return true })
}

// A source that is not the told one is on probation: what it sends early is kept
// and heard once it passes, and only then do we send there.
func TestProbation(t *testing.T) {
	s := newTestSession(t)
	told, real := newFarEnd(t, s.LocalAddr()), newFarEnd(t, s.LocalAddr())
	heard := new(ear)
	s.SetSink(heard)
	if _, err := s.Answer(told.sdp()); err != nil {
		t.Fatal(err)
	}
	for range probationRun - 1 {
		real.send(0x10)
	}
	eventually(t, "three on probation", func() bool { return s.Stats().Foreign == probationRun-1 })
	if heard.count() != 0 || s.Stats().Remote != told.addr() {
		t.Fatalf("%d heard, sending to %v", heard.count(), s.Stats().Remote)
	}
	real.send(0x10)
	eventually(t, "all heard", func() bool { return heard.count() == probationRun })
	if s.Stats().Remote != real.addr() {
		t.Errorf("sending to %v, want %v", s.Stats().Remote, real.addr())
	}
	seqs, _ := heard.sequence()
	for i := 1; i < len(seqs); i++ {
		if seqs[i] != seqs[i-1]+1 {
			t.Errorf("early packets out of order: %v", seqs)
		}
	}
	if st := s.Stats(); st.Received != probationRun || st.Lost != 0 || st.Foreign != 0 {
		t.Errorf("received %d, lost %d, foreign %d", st.Received, st.Lost, st.Foreign)
	}
	real.receive(func(*rtp.Packet) bool { return true })
}

// A second source that sends at us while the first is talking gets nothing and
// is not heard, however much it sends.
func TestSpoofedSource(t *testing.T) {
	s := newTestSession(t)
	p, spoofer := newFarEnd(t, s.LocalAddr()), newFarEnd(t, s.LocalAddr())
	spoofer.h.SSRC, spoofer.h.SequenceNumber = 0x2002, 100
	heard := new(ear)
	s.SetSink(heard)
	if _, err := s.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		p.send(0x10)
		for range 20 {
			spoofer.send(0x20)
		}
		eventually(t, "heard", func() bool { return heard.count() == i+1 })
	}
	eventually(t, "the others counted", func() bool { return s.Stats().Foreign == 600 })
	if st := s.Stats(); st.Remote != p.addr() || st.Received != 30 || st.RemoteSSRC != 0x1001 {
		t.Errorf("sending to %v, received %d of SSRC %x", st.Remote, st.Received, st.RemoteSSRC)
	}
	spoofer.nothing(60 * time.Millisecond)
}

// The far end's port changes without a word: followed once the old one is silent.
func TestSourcePortChange(t *testing.T) {
	s := newTestSession(t)
	p, moved := newFarEnd(t, s.LocalAddr()), newFarEnd(t, s.LocalAddr())
	heard := new(ear)
	s.SetSink(heard)
	if _, err := s.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		p.send(0x10)
	}
	eventually(t, "heard", func() bool { return heard.count() == 5 })
	moved.h = p.h
	sent := 0
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for s.Stats().Remote != moved.addr() {
		<-tick.C
		moved.send(0x10)
		if sent++; sent > 100 {
			t.Fatal("never followed")
		}
	}
	if sent < probationRun || time.Duration(sent)*20*time.Millisecond < silentBefore-40*time.Millisecond {
		t.Errorf("followed after %d packets", sent)
	}
	eventually(t, "all heard", func() bool { return heard.count() == 5+sent })
	if st := s.Stats(); st.Lost != 0 {
		t.Errorf("%d lost on the way", st.Lost)
	}
	moved.receive(func(*rtp.Packet) bool { return true })
	// Told so in a description, it is believed at once.
	third := newFarEnd(t, s.LocalAddr())
	if _, err := s.Answer(third.sdp()); err != nil {
		t.Fatal(err)
	}
	if s.Stats().Remote != third.addr() {
		t.Errorf("sending to %v", s.Stats().Remote)
	}
	third.receive(func(*rtp.Packet) bool { return true })
	// What the old source still sends takes nothing back.
	before := heard.count()
	foreign := s.Stats().Foreign
	for range 2 * probationRun {
		moved.send(0x10)
	}
	eventually(t, "ignored", func() bool { return s.Stats().Foreign == foreign+2*probationRun })
	if heard.count() != before || s.Stats().Remote != third.addr() {
		t.Errorf("the old source is heard, or sent to: %v", s.Stats().Remote)
	}
	third.h.SSRC++
	third.send(0x10)
	eventually(t, "the third heard", func() bool { return s.Stats().RemoteSSRC == third.h.SSRC && s.Stats().Remote == third.addr() })
}

// Sound before the answer is heard as early media.
func TestSoundBeforeTheAnswer(t *testing.T) {
	s := newTestSession(t)
	p := newFarEnd(t, s.LocalAddr())
	heard := new(ear)
	s.SetSink(heard)
	if _, err := s.Offer(); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		p.send(0x10)
	}
	eventually(t, "heard", func() bool { return heard.count() == 6 })
	p.nothing(60 * time.Millisecond) // nothing agreed: nothing sent
	if err := s.Accept(p.sdp()); err != nil {
		t.Fatal(err)
	}
	p.receive(func(*rtp.Packet) bool { return true })
}

// Another SSRC begins anew: figures per stream, totals over all.
func TestSSRCChange(t *testing.T) {
	s := newTestSession(t)
	p := newFarEnd(t, s.LocalAddr())
	heard, events := new(ear), new(eventLog)
	s.SetSink(heard)
	s.Events(events.add)
	if _, err := s.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		p.send(0x10)
	}
	p.h.SequenceNumber += 5 // five lost
	p.send(0x10)
	eventually(t, "eleven", func() bool { return s.Stats().Received == 11 })
	if st := s.Stats(); st.Lost != 5 {
		t.Errorf("lost %d, want 5", st.Lost)
	}
	p.h.SSRC, p.h.SequenceNumber, p.h.Timestamp = 0x3003, 40000, 12345
	for range 10 {
		p.send(0x10)
	}
	eventually(t, "21 in all", func() bool { return s.Stats().Received == 21 })
	st := s.Stats()
	if st.Lost != 5 || st.RemoteSSRC != 0x3003 || events.count(SSRCChanged) != 1 || events.count(FirstPacket) != 1 {
		t.Errorf("lost %d, ssrc %x, %d changes, %d first packets", st.Lost, st.RemoteSSRC, events.count(SSRCChanged), events.count(FirstPacket))
	}
	if heard.count() != 21 {
		t.Errorf("%d heard", heard.count())
	}
	if e := s.in.stream.Load().expected(); e != 10 {
		t.Errorf("the new stream expects %d packets", e)
	}
}

// What is not agreed is dropped and counted, never a reason to stop.
func TestStrangePackets(t *testing.T) {
	s := newTestSession(t)
	p := newFarEnd(t, s.LocalAddr())
	heard := new(ear)
	s.SetSink(heard)
	if _, err := s.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	p.send(0x10)
	p.h.PayloadType = comfortNoise
	p.raw([]byte{0x40, 1, 2, 3})
	p.raw([]byte{0x40})
	p.h.PayloadType = 97
	p.send(0x10)
	p.h.PayloadType = 18
	p.send(0x10)
	for _, junk := range [][]byte{{}, {0x80}, {0x80, 8, 0, 0, 0, 0}, {0x40, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, {0x9F, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}} {
		if _, err := p.conn.WriteToUDPAddrPort(junk, s.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	p.h.PayloadType = 0 // agreed was 8: the other law is understood all the same
	p.send(0xFF)
	p.h.PayloadType = 8
	p.send(0x10)
	eventually(t, "three heard", func() bool { return heard.count() == 3 })
	st := s.Stats()
	if st.Unknown != 2 || st.ComfortNoise != 2 || st.Malformed < 4 {
		t.Errorf("unknown %d, comfort noise %d, malformed %d", st.Unknown, st.ComfortNoise, st.Malformed)
	}
}

// Every multiple of 10 ms is taken, whatever was agreed.
func TestOtherPacketLengths(t *testing.T) {
	a, b := newTestSession(t), newTestSession(t)
	p, q := newFarEnd(t, a.LocalAddr()), newFarEnd(t, b.LocalAddr())
	if _, err := a.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Answer(q.sdp()); err != nil {
		t.Fatal(err)
	}
	j := Join(a, b)
	defer j.Close()
	lengths := []int{80, 160, 240, 320, 480, 1200}
	for _, n := range lengths {
		p.raw(make([]byte, n))
		p.h.Timestamp += uint32(n)
	}
	var base rtp.Header
	for i, n := range lengths {
		ts := uint32(0)
		for _, m := range lengths[:i] {
			ts += uint32(m)
		}
		q.receive(func(x *rtp.Packet) bool {
			if x.Payload[0] != 0 {
				return false // silence sent before
			}
			if i == 0 {
				base = x.Header
			}
			if len(x.Payload) != n || x.Timestamp-base.Timestamp != ts || x.SequenceNumber-base.SequenceNumber != uint16(i) {
				t.Errorf("packet %d: %d bytes, timestamp +%d, seq +%d", i, len(x.Payload), x.Timestamp-base.Timestamp, x.SequenceNumber-base.SequenceNumber)
			}
			return true
		})
	}
}

func TestLostAndFound(t *testing.T) {
	s := newTestSession(t, func(c *SessionConfig) { c.LostAfter = 100 * time.Millisecond })
	p := newFarEnd(t, s.LocalAddr())
	events := new(eventLog)
	s.Events(events.add)
	if _, err := s.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "lost", func() bool { return events.count(Lost) == 1 })
	p.send(0x10)
	eventually(t, "found", func() bool { return events.count(Found) == 1 })
	eventually(t, "lost again", func() bool { return events.count(Lost) == 2 })
	// Held, nothing is expected.
	if _, err := s.Answer(p.sdp("a=sendonly")); err != nil {
		t.Fatal(err)
	}
	p.send(0x10)
	eventually(t, "found", func() bool { return events.count(Found) == 2 })
	listen(250 * time.Millisecond)
	if events.count(Lost) != 2 {
		t.Error("lost while on hold")
	}
}

func TestPortsExhausted(t *testing.T) {
	free, other, err := openPair(netip.MustParseAddr("127.0.0.1"), PortRange{})
	if err != nil {
		t.Fatal(err)
	}
	port := free.LocalAddr().(*net.UDPAddr).Port
	defer other.Close()
	defer free.Close()
	_, err = NewSession(SessionConfig{IP: "127.0.0.1", Ports: PortRange{port, port + 1}})
	var exhausted *PortsExhaustedError
	if !errors.As(err, &exhausted) || !strings.Contains(err.Error(), exhausted.Range.String()) {
		t.Fatalf("error %v", err)
	}
	for _, r := range []PortRange{{5, 5}, {7, 6}, {-1, 10}, {65535, 65536}, {4001, 4002}} {
		if _, err := NewSession(SessionConfig{IP: "127.0.0.1", Ports: r}); err == nil {
			t.Errorf("range %v was taken", r)
		}
	}
	s := newTestSession(t)
	if s.LocalAddr().Port()%2 != 0 {
		t.Errorf("odd RTP port %v", s.LocalAddr())
	}
}

func TestBadConfig(t *testing.T) {
	for _, c := range []SessionConfig{
		{}, {IP: "0.0.0.0"}, {IP: "host"}, {IP: "127.0.0.1", Advertise: "host"},
		{IP: "127.0.0.1", Codecs: []Codec{Linear16}}, {IP: "203.0.113.1"},
	} {
		if s, err := NewSession(c); err == nil {
			t.Errorf("%+v was taken", c)
			_ = s.Close()
		}
	}
}

func TestClosed(t *testing.T) {
	s := newTestSession(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Offer(); !errors.Is(err, ErrClosed) {
		t.Errorf("offer: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
