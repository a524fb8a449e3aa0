package media

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// relayPair is two agreed sessions, joined, and a function that has one packet
// of the far end of the first go all the way to the socket of the second.
func relayPair(tb testing.TB, opts ...JoinOption) (step func(), stop func()) {
	tb.Helper()
	var s [2]*Session
	for i := range s {
		var err error
		if s[i], err = NewSession(SessionConfig{IP: "127.0.0.1", Codecs: []Codec{Codec(1 + i)}}); err != nil {
			tb.Fatal(err)
		}
		s[i].remove() // the clock has nothing to add here
	}
	offer, err := s[0].Offer()
	if err != nil {
		tb.Fatal(err)
	}
	answer, err := newNegotiationFor(PCMU).Answer(offer)
	if err != nil {
		tb.Fatal(err)
	}
	if err := s[0].Accept(answer); err != nil {
		tb.Fatal(err)
	}
	sinkhole := newSinkhole(tb)
	if _, err := s[1].Answer(sinkhole.sdp); err != nil {
		tb.Fatal(err)
	}
	j := Join(s[0], s[1], opts...)
	from := netip.MustParseAddrPort("127.0.0.1:9")
	p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 0, SSRC: 7, SequenceNumber: 1}, Payload: make([]byte, 160)}
	data, err := p.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	seq := uint16(0)
	step = func() {
		seq++
		data[2], data[3] = byte(seq>>8), byte(seq)
		s[0].receive(data, from, time.Now())
	}
	for range 10 {
		step() // past the probation
	}
	return step, func() {
		if got := s[1].Stats(); got.Sent < 10 || s[0].Stats().Unknown > 0 {
			tb.Errorf("nothing was relayed: %+v", got)
		}
		j.Close()
		for _, x := range s {
			if err := x.Close(); err != nil {
				tb.Error(err)
			}
		}
		sinkhole.close()
	}
}

func newNegotiationFor(c Codec) *negotiation {
	n := newNegotiation(9)
	n.addr, n.codecs = netip.MustParseAddr("127.0.0.1"), []Codec{c}
	return n
}

// sinkhole is a socket that nobody reads.
type sinkhole struct {
	sdp   []byte
	close func()
}

func newSinkhole(tb testing.TB) *sinkhole {
	tb.Helper()
	a, b, err := openPair(netip.MustParseAddr("127.0.0.1"), PortRange{})
	if err != nil {
		tb.Fatal(err)
	}
	port := a.LocalAddr().String()[len("127.0.0.1:"):]
	return &sinkhole{
		sdp:   []byte("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio " + port + " RTP/AVP 8\r\n"),
		close: func() { _, _ = a.Close(), b.Close() },
	}
}

// The way of a packet from one socket to the other allocates nothing, µ to A by
// table, with and without a tap.
func TestRelayAllocatesNothing(t *testing.T) {
	for name, opts := range map[string][]JoinOption{"bare": nil, "tapped": {WithTap(new(collector))}} {
		step, stop := relayPair(t, opts...)
		if n := testing.AllocsPerRun(2000, step); n != 0 {
			t.Errorf("%s: %v allocations a packet", name, n)
		}
		stop()
	}
}

// BenchmarkRelay is a packet from after the read to after the write.
func BenchmarkRelay(b *testing.B) {
	for name, opts := range map[string][]JoinOption{"bare": nil, "tapped": {WithTap(new(collector))}} {
		b.Run(name, func(b *testing.B) {
			step, stop := relayPair(b, opts...)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				step()
			}
			b.StopTimer()
			stop()
		})
	}
}

// BenchmarkMix is 20 ms of a conference of three.
func BenchmarkMix(b *testing.B) {
	m := &mixer{}
	m.legs.Store(&[]*mixLeg{})
	var legs []*mixLeg
	for range 3 {
		legs = append(legs, m.addLeg(&loopEnd{codec: PCMA}))
	}
	now := time.Now()
	f := Frame{Codec: PCMA, Payload: make([]byte, 160)}
	b.ReportAllocs()
	for range b.N {
		now = now.Add(FrameTime)
		f.Seq++
		f.Timestamp += 160
		f.At = now
		for _, l := range legs {
			l.WriteFrame(&f)
		}
		m.tick(now)
	}
}

// BenchmarkClock compares one shared clock with a goroutine and a ticker for
// each of n players: processor time and lateness in one second of playing.
func BenchmarkClock(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprintf("shared/%d", n), func(b *testing.B) {
			clock := NewClock()
			benchPlayers(b, n, func(tick func(time.Time)) func() { return clock.add(tick) })
		})
		b.Run(fmt.Sprintf("each/%d", n), func(b *testing.B) {
			benchPlayers(b, n, func(tick func(time.Time)) func() {
				stop, done := make(chan struct{}), make(chan struct{})
				go func() {
					defer close(done)
					ticker := time.NewTicker(FrameTime)
					defer ticker.Stop()
					for {
						select {
						case <-stop:
							return
						case now := <-ticker.C:
							tick(now)
						}
					}
				}()
				return func() { close(stop); <-done }
			})
		})
	}
}

func benchPlayers(b *testing.B, n int, add func(func(time.Time)) func()) {
	type player struct {
		last   time.Time
		ticks  int
		off    time.Duration
		remove func()
		_      [64]byte
	}
	players := make([]player, n)
	for b.Loop() {
		before := cpuTime()
		for i := range players {
			p := &players[i]
			p.last, p.ticks, p.off = time.Time{}, 0, 0
			p.remove = add(func(time.Time) {
				now := time.Now()
				if p.ticks++; p.ticks > 1 {
					d := now.Sub(p.last) - FrameTime
					p.off = max(p.off, d, -d)
				}
				p.last = now
			})
			if i%50 == 0 { // calls do not all begin at once
				<-time.After(time.Duration(rand.IntN(int(time.Millisecond))))
			}
		}
		<-time.After(time.Second)
		var off time.Duration
		ticks := 0
		for i := range players {
			players[i].remove()
			off += players[i].off
			ticks += players[i].ticks
		}
		b.ReportMetric(float64(cpuTime()-before)/1e6, "cpu-ms/s")
		b.ReportMetric(float64(ticks)/float64(n), "ticks/player")
		b.ReportMetric(float64(off)/float64(n)/1e6, "worst-ms/player")
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkCalls is n relayed calls for a second: two sessions each, and two more
// for the far ends, which play and hear a tone. The processor time is of all four.
func BenchmarkCalls(b *testing.B) {
	for _, n := range []int{10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			clock := NewClock()
			var stops []func()
			var far []*Session
			tone := Tone(600, time.Second, -10)
			for range n {
				var s [4]*Session
				for i := range s {
					var err error
					if s[i], err = NewSession(SessionConfig{IP: "127.0.0.1", Clock: clock}); err != nil {
						b.Fatal(err)
					}
				}
				for _, pair := range [][2]*Session{{s[0], s[1]}, {s[2], s[3]}} {
					offer, _ := pair[0].Offer()
					answer, err := pair[1].Answer(offer)
					if err != nil {
						b.Fatal(err)
					}
					if err := pair[0].Accept(answer); err != nil {
						b.Fatal(err)
					}
				}
				j := Join(s[1], s[2])
				for _, end := range []*Session{s[0], s[3]} {
					p, err := NewFileEndpoint(FileOptions{Samples: tone, Loop: true, Clock: clock})
					if err != nil {
						b.Fatal(err)
					}
					p.SetSink(end)
					far = append(far, end)
					stops = append(stops, func() { _ = p.Close() })
				}
				stops = append(stops, func() {
					j.Close()
					for _, x := range s {
						_ = x.Close()
					}
				})
			}
			for b.Loop() {
				before, at := cpuTime(), time.Now()
				<-time.After(time.Second)
				used := float64(cpuTime()-before) / float64(time.Since(at)) * 1000
				b.ReportMetric(used/float64(n), "cpu-ms/s/call")
			}
			lost := uint64(0)
			for _, s := range far {
				st := s.Stats()
				lost += st.Lost
				if st.Received < 20 {
					b.Errorf("heard %d packets", st.Received)
				}
			}
			b.ReportMetric(float64(lost), "lost")
			for _, stop := range stops {
				stop()
			}
		})
	}
}
