package measure

import (
	"math"
	"testing"
	"time"
)

func sine(rate int, freq, dBFS float64, d time.Duration) []int16 {
	s := make([]int16, int(d)*rate/int(time.Second))
	for i := range s {
		s[i] = int16(math.Round(32767 * math.Pow(10, dBFS/20) * math.Sin(2*math.Pi*freq*float64(i)/float64(rate))))
	}
	return s
}

func TestLevels(t *testing.T) {
	s := sine(8000, 1000, -10, time.Second)
	if l := Level(s, 8000, 1000); math.Abs(l+10) > 0.05 {
		t.Errorf("level %.2f", l)
	}
	if l := Level(s, 8000, 1500); l > -60 {
		t.Errorf("level beside it %.2f", l)
	}
	if l := RMS(s); math.Abs(l+10) > 0.05 {
		t.Errorf("RMS %.2f", l)
	}
	if f := Frequency(sine(16000, 437, -20, 700*time.Millisecond), 16000); math.Abs(f-437) > 1 {
		t.Errorf("frequency %v", f)
	}
	if RMS(nil) != Floor || Level(nil, 8000, 100) != Floor || RMS(make([]int16, 100)) != Floor {
		t.Error("nothing is not the floor")
	}
}

func TestGaps(t *testing.T) {
	tone, quiet := sine(8000, 1000, -10, 200*time.Millisecond), make([]int16, 8000*6/100)
	s := append(append(append(append([]int16(nil), quiet...), tone...), quiet...), tone...)
	s = append(s, make([]int16, 4000)...)
	if gap := LongestGap(s, 8000, -30); gap != 60*time.Millisecond {
		t.Errorf("gap %v, want 60 ms", gap)
	}
	first, end := Sounding(s, 8000, -30)
	if Duration(first, 8000) != 60*time.Millisecond || Duration(end, 8000) != 520*time.Millisecond {
		t.Errorf("sounds from %v to %v", Duration(first, 8000), Duration(end, 8000))
	}
	if gap := LongestGap(make([]int16, 8000), 8000, -30); gap != 0 {
		t.Errorf("gap %v within nothing", gap)
	}
}

func TestLikeness(t *testing.T) {
	const rate = 8000
	var said []int16
	for _, pause := range []int{1, 3, 1, 1, 4, 2} { // words of 100 ms
		said = append(said, sine(rate, 500, -10, 100*time.Millisecond)...)
		said = append(said, make([]int16, pause*rate/20)...)
	}
	e := Envelope(said, rate)
	if len(e) != len(said)*50/rate || e[0] < 49 || e[0] > 51 || e[len(e)-1] != 0 {
		t.Errorf("envelope %v", e)
	}
	later := append(append([]float64(nil), e[20:]...), e[:20]...)
	if l := Likeness(e, later); l < 0.999 {
		t.Errorf("the same, begun elsewhere: %g", l)
	}
	other := Envelope(append(sine(rate, 500, -10, 600*time.Millisecond), make([]int16, len(said)-rate*6/10)...), rate)
	if l := Likeness(e, other); l > 0.6 {
		t.Errorf("something else: %g", l)
	}
	if l := Likeness(e, make([]float64, 50)); l > 0 {
		t.Errorf("silence: %g", l)
	}
}

func TestDelays(t *testing.T) {
	var in, out Wire
	begin := time.Unix(0, 0)
	for i := range uint16(200) {
		at := begin.Add(time.Duration(i) * 20 * time.Millisecond)
		in.Add(65500+i, at)
		if i%10 != 0 { // some are lost on the way
			out.Add(300+i, at.Add(time.Duration(1+i%3)*time.Millisecond))
		}
	}
	d := Delays(&in, &out)
	if len(d) != 180 || d[0] != time.Millisecond || Percentile(d, .5) != 2*time.Millisecond || Percentile(d, 1) != 3*time.Millisecond {
		t.Errorf("%d delays: %v", len(d), d)
	}
}
