package media

import (
	"math/rand/v2"
	"sort"
	"testing"
	"time"

	"github.com/freiton/freiton/media/measure"
	"pgregory.net/rapid"
)

// delivery is one packet of a simulated network.
type delivery struct {
	at  time.Duration
	seq int
}

// network says for packet i how late it is, and whether it comes at all.
type network func(i int) (delay time.Duration, ok bool)

// runBuffer plays a tone of n packets through a network into a jitter buffer
// that is asked every 20 ms, all in virtual time.
func runBuffer(n, packet int, net network) (heard []int16, b *jitterBuffer) {
	b = newJitterBuffer(8000)
	tone := Tone(440, time.Duration(n*packet)*time.Second/8000, -10)
	var list []delivery
	for i := range n {
		if delay, ok := net(i); ok {
			list = append(list, delivery{time.Duration(i*packet)*time.Second/8000 + delay, i})
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].at < list[j].at })
	epoch := time.Unix(1000, 0)
	frame := make([]int16, 160)
	for now := time.Duration(0); now < time.Duration(n*packet)*time.Second/8000+500*time.Millisecond; now += FrameTime {
		for len(list) > 0 && list[0].at <= now {
			d := list[0]
			list = list[1:]
			b.put(1, uint32(d.seq*packet)+4294960000, tone[d.seq*packet:(d.seq+1)*packet], epoch.Add(d.at))
		}
		b.get(frame)
		heard = append(heard, frame...)
	}
	return heard, b
}

func TestJitterBuffer(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	steady := func(i int) (time.Duration, bool) { return 30 * time.Millisecond, true }
	for _, c := range []struct {
		name      string
		packet    int
		net       network
		gap       time.Duration // longest allowed below −30 dBFS
		concealed uint64        // at most, blocks of 10 ms of 1,000
		late      uint64
		depth     time.Duration // at most, at the end
	}{
		{"steady", 160, steady, 0, 4, 0, 40 * time.Millisecond},
		{"30 ms packets", 240, steady, 0, 6, 0, 60 * time.Millisecond},
		{"10 ms packets", 80, steady, 0, 4, 0, 40 * time.Millisecond},
		{"60 ms packets", 480, steady, 0, 20, 0, 100 * time.Millisecond},
		{"jitter of 60 ms", 160, func(int) (time.Duration, bool) {
			return time.Duration(random.IntN(60)) * time.Millisecond, true
		}, 20 * time.Millisecond, 30, 3, 90 * time.Millisecond},
		{"every pair swapped", 160, func(i int) (time.Duration, bool) {
			return time.Duration(1-i%2) * 25 * time.Millisecond, true
		}, 0, 10, 1, 70 * time.Millisecond},
		{"one lost now and then", 160, func(i int) (time.Duration, bool) {
			return time.Duration(i%3) * 10 * time.Millisecond, i%20 != 10
		}, 0, 120, 0, 60 * time.Millisecond},
		{"5 % lost", 160, func(int) (time.Duration, bool) {
			return 20 * time.Millisecond, random.Float64() >= 0.05
		}, 40 * time.Millisecond, 150, 0, 40 * time.Millisecond},
		{"a stall of 200 ms", 160, func(i int) (time.Duration, bool) {
			if i >= 200 && i < 210 {
				return time.Duration(210-i) * 20 * time.Millisecond, true
			}
			return 10 * time.Millisecond, true
		}, 200 * time.Millisecond, 30, 10, 300 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			heard, b := runBuffer(80000/c.packet, c.packet, c.net)
			first, end := measure.Sounding(heard, 8000, -30)
			if d := measure.Duration(end-first, 8000); d < 9700*time.Millisecond || d > 10300*time.Millisecond {
				t.Errorf("%v heard of 10 s", d)
			}
			if gap := measure.LongestGap(heard, 8000, -30); gap > c.gap {
				t.Errorf("gap of %v, at most %v", gap, c.gap)
			}
			if b.stats.Concealed > c.concealed+hollowLimit { // the end of the stream is concealed too
				t.Errorf("%d blocks concealed, at most %d", b.stats.Concealed, c.concealed)
			}
			if b.stats.Late > c.late {
				t.Errorf("%d late, at most %d", b.stats.Late, c.late)
			}
			if c.name == "jitter of 60 ms" && b.stats.Depth < 60*time.Millisecond {
				t.Errorf("depth %v does not cover the jitter", b.stats.Depth)
			}
			if b.stats.Depth > c.depth {
				t.Errorf("depth %v, at most %v", b.stats.Depth, c.depth)
			}
			if l := measure.RMS(heard[first:end]); l < -12 || l > -9 {
				t.Errorf("level %.1f dBFS, want about −10", l)
			}
		})
	}
}

// After the network has calmed down, the delay comes down again.
func TestJitterBufferComesDown(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	delay := func(limit int) network {
		return func(i int) (time.Duration, bool) {
			if i < 250 {
				return time.Duration(random.IntN(150)) * time.Millisecond, true
			}
			return time.Duration(limit) * time.Millisecond, true
		}
	}
	_, b := runBuffer(1000, 160, delay(5))
	if b.stats.Depth > 60*time.Millisecond {
		t.Errorf("still %v deep", b.stats.Depth)
	}
	if b.stats.Shortened == 0 {
		t.Error("nothing was left out to come down")
	}
}

// A lost packet leaves no stall, a new stream begins at once, and silence of the
// source does not make the buffer hang.
func TestJitterBufferGoesOn(t *testing.T) {
	b := newJitterBuffer(8000)
	now := time.Unix(1000, 0)
	frame := make([]int16, 160)
	tone := Tone(440, time.Second, -10)
	loud := func() bool { return measure.RMS(frame) > -20 }
	feed := func(ssrc, ts uint32, n int) (heard int) {
		for i := range n {
			b.put(ssrc, ts+uint32(i*160), tone[:160], now)
			b.get(frame)
			now = now.Add(FrameTime)
			if loud() {
				heard++
			}
		}
		return heard
	}
	idle := func(n int) {
		for range n {
			b.get(frame)
			now = now.Add(FrameTime)
		}
	}
	if n := feed(1, 0, 50); n < 47 {
		t.Errorf("%d of 50 heard", n)
	}
	if n := feed(2, 777777, 50); n < 47 {
		t.Errorf("another SSRC: %d of 50 heard", n)
	}
	if n := feed(2, 0xFFFFF000, 50); n < 47 {
		t.Errorf("a jump of the timestamp: %d of 50 heard", n)
	}
	idle(100)
	if loud() {
		t.Error("sound without packets")
	}
	if n := feed(2, 19904 /* 150 frames on, wrapped */, 50); n < 46 {
		t.Errorf("after a pause: %d of 50 heard", n)
	}
	// A flood does not fill more than the ring.
	for i := range 1000 {
		b.put(2, uint32(i*160), tone[:160], now)
	}
	if b.end-b.next > int64(len(b.ring)) {
		t.Errorf("%d samples in a ring of %d", b.end-b.next, len(b.ring))
	}
}

// A repeated pitch period keeps the tone through a gap of 20 ms, and 100 ms of
// nothing fall silent.
func TestConceal(t *testing.T) {
	var c concealer
	c.init(8000)
	tone := Tone(200, time.Second, -10)
	c.good(append([]int16(nil), tone[:800]...))
	gap := make([]int16, 160)
	c.conceal(gap)
	if l := measure.Level(gap[:80], 8000, 200); l < -11 || l > -9 {
		t.Errorf("first 10 ms at %.1f dBFS", l)
	}
	for i := 1; i < len(gap); i++ { // no click: at most the slope of the tone, and a little
		if d := int(gap[i]) - int(gap[i-1]); d > 2500 || d < -2500 {
			t.Errorf("step of %d at %d", d, i)
		}
	}
	long := make([]int16, 800)
	c.conceal(long)
	if p := measure.Peak(long[400:]); p != 0 {
		t.Errorf("after 70 ms still %d", p)
	}
}

// Whatever comes, in whatever lengths: no panic, never more than the ring, and
// a proper stream is heard afterwards.
func TestJitterBufferTakesAnything(t *testing.T) {
	tone := Tone(440, 2*time.Second, -10)
	rapid.Check(t, func(t *rapid.T) {
		b := newJitterBuffer(rapid.SampledFrom([]int{8000, 16000}).Draw(t, "rate"))
		now := time.Unix(1000, 0)
		frame := make([]int16, b.rate/50)
		ts := rapid.Uint32().Draw(t, "timestamp")
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			n := rapid.IntRange(0, b.rate).Draw(t, "samples")
			switch rapid.IntRange(0, 4).Draw(t, "do") {
			case 0, 1:
				ts += uint32(n)
			case 2:
				ts += uint32(rapid.Int32().Draw(t, "jump"))
			case 3:
				ts -= uint32(rapid.IntRange(0, 5000).Draw(t, "back"))
			case 4:
				for range rapid.IntRange(1, 50).Draw(t, "asked") {
					now = now.Add(FrameTime)
					b.get(frame)
				}
			}
			b.put(1, ts, tone[:n], now)
			if d := b.end - b.next; d <= -int64(b.block) || d > int64(len(b.ring)) || b.next%int64(b.block) != 0 {
				t.Fatalf("next %d, end %d, ring %d", b.next, b.end, len(b.ring))
			}
		}
		heard := 0
		for i := range 50 {
			b.put(2, uint32(i*len(frame)), tone[:len(frame)], now)
			b.get(frame)
			now = now.Add(FrameTime)
			if measure.RMS(frame) > -20 {
				heard++
			}
		}
		if heard < 46 {
			t.Fatalf("%d of 50 heard afterwards", heard)
		}
	})
}
