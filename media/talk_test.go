package media

import (
	"math"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/freiton/freiton/media/measure"
	"github.com/pion/rtp"
)

// A tone played into one session comes out of the other: same frequency, same
// level, no gap.
func TestTalk(t *testing.T) {
	for _, law := range []Codec{PCMA, PCMU} {
		t.Run(law.Name(), func(t *testing.T) {
			a := newTestSession(t, func(c *SessionConfig) { c.Codecs = []Codec{law} })
			b := newTestSession(t)
			agree(t, a, b)
			if a.Codec() != law || b.Codec() != law {
				t.Fatalf("codecs %v and %v, want %v", a.Codec(), b.Codec(), law)
			}
			heard := new(ear)
			b.SetSink(heard)
			player := tonePlayer(t, 1000, PCMA) // A-law into a µ-law session is still relayed
			j := Join(player, a)
			defer j.Close()
			eventually(t, "1.2 s heard", func() bool { return heard.count() > 60 })
			checkTone(t, heard.heard(), 8000, 1000, -10)
		})
	}
}

func checkTone(t *testing.T, samples []int16, rate int, freq, level float64) {
	t.Helper()
	first, end := measure.Sounding(samples, rate, -30)
	samples = samples[first:end]
	if d := measure.Duration(len(samples), rate); d < 500*time.Millisecond {
		t.Fatalf("only %v of sound", d)
	}
	if f := measure.Frequency(samples, rate); math.Abs(f-freq) > 2 {
		t.Errorf("frequency %.0f Hz, want %.0f", f, freq)
	}
	if l := measure.Level(samples, rate, freq); math.Abs(l-level) > 1 {
		t.Errorf("level %.2f dBFS, want %.0f ± 1", l, level)
	}
	if gap := measure.LongestGap(samples, rate, -30); gap > 40*time.Millisecond {
		t.Errorf("gap of %v", gap)
	}
}

// What a file endpoint plays, another one records, through two sessions.
func TestFilesTalk(t *testing.T) {
	dir := t.TempDir()
	said, heard := filepath.Join(dir, "said.wav"), filepath.Join(dir, "heard.wav")
	if err := WriteWAVFile(said, 16000, ToneAt(16000, 700, 1500*time.Millisecond, -12)); err != nil {
		t.Fatal(err)
	}
	a, b := newTestSession(t), newTestSession(t)
	agree(t, a, b)
	mouth, err := NewFileEndpoint(FileOptions{Play: said})
	if err != nil {
		t.Fatal(err)
	}
	ear, err := NewFileEndpoint(FileOptions{Record: heard})
	if err != nil {
		t.Fatal(err)
	}
	ja, jb := Join(mouth, a), Join(b, ear)
	<-mouth.Done()
	listen(50 * time.Millisecond)
	ja.Close()
	jb.Close()
	for _, e := range []*FileEndpoint{mouth, ear} {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	channels, rate, err := measure.ReadWAV(heard)
	if err != nil {
		t.Fatal(err)
	}
	checkTone(t, channels[0], rate, 700, -12)
	first, end := measure.Sounding(channels[0], rate, -30)
	if d := measure.Duration(end-first, rate); d < 1450*time.Millisecond || d > 1550*time.Millisecond {
		t.Errorf("%v heard, 1.5 s said", d)
	}
}

// With nothing joined silence goes out all the same, every 20 ms.
func TestSilenceKeepsTheStreamAlive(t *testing.T) {
	s := newTestSession(t)
	s.remove() // the test is the clock
	p := newFarEnd(t, s.LocalAddr())
	if _, err := s.Answer(p.sdp()); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for range 50 {
		now = now.Add(FrameTime)
		s.tick(now)
	}
	var before rtp.Header
	n := 0
	p.receive(func(x *rtp.Packet) bool {
		if n > 0 && (x.SequenceNumber != before.SequenceNumber+1 || x.Timestamp != before.Timestamp+160 || x.Marker) {
			t.Errorf("packet %d: %v after %v", n, x.Header, before)
		}
		for _, b := range x.Payload {
			if b != 0xD5 { // A-law has no zero: this is its smallest
				t.Fatalf("silence with %x", b)
			}
		}
		before = x.Header
		n++
		return n == 50
	})
}

// The clock ticks 50 times a second for each player, and not after it left.
func TestClock(t *testing.T) {
	c := NewClock()
	var ticks [9]atomic.Int32
	var removes []func()
	for i := range ticks {
		removes = append(removes, c.add(func(time.Time) { ticks[i].Add(1) }))
	}
	listen(time.Second)
	for i, remove := range removes {
		remove()
		n := ticks[i].Load()
		if n < 42 || n > 52 {
			t.Errorf("player %d: %d ticks in a second", i, n)
		}
	}
	after := ticks[0].Load()
	again := c.add(func(time.Time) { ticks[1].Add(1) })
	n := ticks[1].Load()
	eventually(t, "it runs again", func() bool { return ticks[1].Load() > n })
	again()
	if ticks[0].Load() != after {
		t.Error("ticks after remove")
	}
}
