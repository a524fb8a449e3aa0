package peer

import (
	"fmt"
	"math"
	"math/cmplx"
	"sync"
	"time"

	"github.com/freiton/freiton/media"
)

const (
	rate       = 8000
	frameBytes = 160 // 20 ms of G.711
	fullScale  = 32768
	beepLength = 500 * time.Millisecond
)

// sound is a loop of G.711, encoded in both laws so that sending is copying.
// Never changed once made.
type sound struct{ alaw, ulaw []byte }

func (s *sound) law(pt uint8) []byte {
	if pt == 0 {
		return s.ulaw
	}
	return s.alaw
}

// library makes sounds on demand and keeps them. Safe for concurrent use.
type library struct {
	mu   sync.Mutex
	made map[string]*sound
}

// get returns the sound of that kind; hz is used by speak and tone.
func (l *library) get(kind string, hz int) *sound {
	key := fmt.Sprint(kind, hz)
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, ok := l.made[key]; ok {
		return s
	}
	samples := synthesise(kind, float64(hz))
	s := &sound{alaw: make([]byte, len(samples)), ulaw: make([]byte, len(samples))}
	media.PCMA.Encode(s.alaw, samples)
	media.PCMU.Encode(s.ulaw, samples)
	if l.made == nil {
		l.made = map[string]*sound{}
	}
	l.made[key] = s
	return s
}

// synthesise makes one turn of the loop. Every length is a whole number of
// frames, and of periods for frequencies that are multiples of 10 Hz.
func synthesise(kind string, hz float64) []int16 {
	switch kind {
	case "speak", "greeting", "announcement":
		return voice(hz)
	case "tone", "beep":
		return cadence(hz, time.Second, 0)
	case "music":
		out := cadence(660, 400*time.Millisecond, 0)
		return append(out, cadence(880, 400*time.Millisecond, 0)...)
	case "ringback": // the German Freiton
		return media.Ringback()
	case "busytone":
		return cadence(425, 480*time.Millisecond, 480*time.Millisecond)
	case "sit": // special information tone, ITU-T E.180
		out := cadence(950, 340*time.Millisecond, 0)
		out = append(out, cadence(1400, 340*time.Millisecond, 0)...)
		return append(out, cadence(1800, 340*time.Millisecond, 980*time.Millisecond)...)
	}
	return make([]int16, rate) // quiet
}

// cadence is a tone of -8 dBFS and a pause after it.
func cadence(hz float64, on, off time.Duration) []int16 {
	return append(media.Tone(hz, on, -8), media.Silence(off)...)
}

// voice is like speech to everything but an ear: syllables four times a
// second, a breath after six, harmonics, and one frequency that dominates.
// Its level is about -15 dBFS.
func voice(hz float64) []int16 {
	out := make([]int16, 2*rate)
	for i := range int(1.5 * rate) {
		t := float64(i) / rate
		envelope := 0.5 - 0.5*math.Cos(2*math.Pi*4*t)
		w := 2 * math.Pi * hz * t
		v := math.Sin(w) + math.Sin(2*w)/3 + math.Sin(3*w)/5
		out[i] = int16(0.3 * fullScale * envelope * v)
	}
	return out
}

// level is a mean power in dBFS, where 0 is a sine that just reaches full
// scale. Nothing is -120.
func level(energy float64, samples int) float64 {
	if samples == 0 || energy <= 0 {
		return -120
	}
	return max(-120, 10*math.Log10(2*energy/float64(samples)/(fullScale*fullScale)))
}

const window = 1024

// spectrum adds up the power spectra of windows, one a second at most, to tell
// the dominating frequency of a call cheaply.
type spectrum struct {
	samples [window]float64
	n       int
	skip    int // samples to pass over before the next window
	power   [window / 2]float64
	any     bool
}

func (s *spectrum) add(samples []int16) {
	for _, v := range samples {
		if s.skip > 0 {
			s.skip--
			continue
		}
		s.samples[s.n] = float64(v)
		if s.n++; s.n == window {
			s.take()
			s.n, s.skip = 0, rate-window
		}
	}
}

func (s *spectrum) take() {
	var x [window]complex128
	energy := 0.0
	for i, v := range s.samples {
		energy += v * v
		hann := 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/window)
		x[i] = complex(v*hann, 0)
	}
	if level(energy, window) < -50 {
		s.n, s.skip = 0, 0
		return
	}
	fft(x[:])
	for i := range s.power {
		p := cmplx.Abs(x[i])
		s.power[i] += p * p
	}
	s.any = true
}

// hz is the dominating frequency between the bins by parabola; 0 if nothing
// was loud enough.
func (s *spectrum) hz() float64 {
	if !s.any {
		return 0
	}
	best := 3 // below 20 Hz is no sound
	for i := best; i < len(s.power)-1; i++ {
		if s.power[i] > s.power[best] {
			best = i
		}
	}
	a, b, c := math.Log(s.power[best-1]+1), math.Log(s.power[best]+1), math.Log(s.power[best+1]+1)
	shift := 0.0
	if d := a - 2*b + c; d != 0 {
		shift = (a - c) / (2 * d)
	}
	return (float64(best) + shift) * rate / window
}

// fft is the radix-2 transform in place; len(x) is a power of two.
func fft(x []complex128) {
	n := len(x)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j ^= bit
		if i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for size := 2; size <= n; size <<= 1 {
		turn := cmplx.Rect(1, -2*math.Pi/float64(size))
		for start := 0; start < n; start += size {
			w := complex(1, 0)
			for k := start; k < start+size/2; k++ {
				a, b := x[k], x[k+size/2]*w
				x[k], x[k+size/2] = a+b, a-b
				w *= turn
			}
		}
	}
}
