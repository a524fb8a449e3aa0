package detect

import (
	"math"
	"time"
)

// The scope looks at windows of 32 ms, one every 16 ms.
const (
	rate   = 8000
	window = 256 // samples, a power of two
	hop    = window / 2
)

// kind is what a stretch of the sound is made of.
type kind uint8

const (
	silence kind = iota
	tone         // one or two steady frequencies
	sound        // anything else: speech, music, noise
)

// look is what one window shows.
type look struct {
	kind  kind
	f1    float64 // strongest frequency, Hz; of a tone
	f2    float64 // second one, where there are two; else 0
	level float64 // dBFS, a full-scale sine is 0
}

// run is a stretch of one kind.
type run struct {
	kind     kind
	f1, f2   float64 // mean over the run; of a tone
	from, to time.Duration
	steady   bool // its level stayed within 3 dB
}

func (r run) length() time.Duration { return r.to - r.from }

// scope cuts a stream of samples at 8 kHz into runs.
type scope struct {
	buf    [window]int16
	filled int
	at     time.Duration // of the end of the buffer

	noise   float64 // level of the background, dBFS
	current run
	n       int // windows in the current run
	low     float64
	high    float64
	pending look // another kind than the current run, seen once
	waiting bool
}

func newScope() *scope { return &scope{noise: -55} }

// write takes samples and hands every run that ended to each, and, with open
// set, the one that goes on.
func (s *scope) write(samples []int16, each func(r run, open bool)) {
	for len(samples) > 0 {
		n := copy(s.buf[s.filled:], samples)
		samples = samples[n:]
		s.filled += n
		if s.filled < window {
			return
		}
		s.at += hop * time.Second / rate
		s.take(s.look(), each)
		copy(s.buf[:], s.buf[hop:])
		s.filled = window - hop
	}
}

// take adds a window to the current run, or begins another when two windows in
// a row are of another kind: a single odd one is a click or an edge.
func (s *scope) take(l look, each func(run, bool)) {
	switch {
	case s.belongs(l):
		s.waiting = false
		s.extend(l)
	case !s.waiting || !alike(s.pending, l):
		s.pending, s.waiting = l, true
		s.current.to = s.at
		return
	default:
		begin := s.at - 2*hop*time.Second/rate
		s.current.to = begin
		s.close(each)
		s.current = run{kind: l.kind, f1: l.f1, f2: l.f2, from: begin}
		s.n, s.low, s.high, s.waiting = 0, l.level, l.level, false
		s.extend(l)
	}
	each(s.current, true)
}

func (s *scope) close(each func(run, bool)) {
	if s.current.length() > 0 {
		each(s.current, false)
	}
}

func (s *scope) belongs(l look) bool {
	c := look{kind: s.current.kind, f1: s.current.f1, f2: s.current.f2}
	return alike(c, l)
}

// alike: the same kind, and for tones the same frequencies within 25 Hz.
func alike(a, b look) bool {
	if a.kind != b.kind {
		return false
	}
	return a.kind != tone || math.Abs(a.f1-b.f1) < 25 && math.Abs(a.f2-b.f2) < 25
}

func (s *scope) extend(l look) {
	s.n++
	if s.n > 1 && s.n < 4 { // the first window may hold an edge
		s.low, s.high = l.level, l.level
	}
	s.low, s.high = min(s.low, l.level), max(s.high, l.level)
	s.current.f1 += (l.f1 - s.current.f1) / float64(s.n)
	s.current.f2 += (l.f2 - s.current.f2) / float64(s.n)
	s.current.to = s.at
	s.current.steady = s.high-s.low < 3
}

const (
	quiet     = -48.0 // dBFS: nothing below it counts as sound
	overNoise = 9.0   // dB: sound stands so far out of the background
	pureShare = 0.88  // of the energy that one or two frequencies hold in a tone
)

// look says what the present window shows.
func (s *scope) look() look {
	var re, im [window]float64
	var energy float64
	for i, x := range s.buf {
		v := float64(x) / 32768
		energy += v * v
		re[i] = v * hann(i)
	}
	l := look{level: 10 * math.Log10(math.Max(2*energy/window, 1e-12))}
	if l.level < max(quiet, s.noise+overNoise) {
		s.noise += 0.05 * (max(l.level, -70) - s.noise)
		l.kind = silence
		return l
	}
	fft(&re, &im)
	var power [window / 2]float64
	var total float64
	for i := 1; i < window/2; i++ {
		power[i] = re[i]*re[i] + im[i]*im[i]
		total += power[i]
	}
	l.kind = sound
	first, share1 := peak(&power, total, -1)
	if share1 >= pureShare {
		l.kind, l.f1 = tone, frequency(&power, first)
		return l
	}
	second, share2 := peak(&power, total, first)
	if share1+share2 >= pureShare && share2 > 0.15 {
		l.kind, l.f1, l.f2 = tone, frequency(&power, first), frequency(&power, second)
		if l.f1 > l.f2 {
			l.f1, l.f2 = l.f2, l.f1
		}
	}
	return l
}

func hann(i int) float64 { return 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/window) }

// peak is the strongest bin that is no neighbour of not, and the share of the
// total that it holds with its neighbours: the main lobe of a Hann window.
func peak(power *[window / 2]float64, total float64, not int) (bin int, share float64) {
	best := -1.0
	for i := 4; i < window/2-2; i++ { // from 125 Hz
		if not >= 0 && i >= not-3 && i <= not+3 {
			continue
		}
		if power[i] > best {
			best, bin = power[i], i
		}
	}
	var sum float64
	for i := bin - 2; i <= bin+2; i++ {
		if not >= 0 && i >= not-2 && i <= not+2 {
			continue
		}
		sum += power[i]
	}
	return bin, sum / total
}

// frequency of a peak, between the bins: the ratio of two neighbours of a
// Hann-windowed sine says where it lies.
func frequency(power *[window / 2]float64, bin int) float64 {
	l, m, r := math.Sqrt(power[bin-1]), math.Sqrt(power[bin]), math.Sqrt(power[bin+1])
	var d float64
	if r > l {
		q := r / m
		d = (2*q - 1) / (q + 1)
	} else {
		q := l / m
		d = -(2*q - 1) / (q + 1)
	}
	return (float64(bin) + d) * rate / window
}

// fft is the radix-2 transform in place.
func fft(re, im *[window]float64) {
	for i, j := 1, 0; i < window; i++ {
		bit := window >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		j ^= bit
		if i < j {
			re[i], re[j] = re[j], re[i]
			im[i], im[j] = im[j], im[i]
		}
	}
	for size := 2; size <= window; size <<= 1 {
		sin, cos := math.Sincos(-2 * math.Pi / float64(size))
		for start := 0; start < window; start += size {
			wr, wi := 1.0, 0.0
			for k := range size / 2 {
				a, b := start+k, start+k+size/2
				tr, ti := re[b]*wr-im[b]*wi, re[b]*wi+im[b]*wr
				re[b], im[b] = re[a]-tr, im[a]-ti
				re[a], im[a] = re[a]+tr, im[a]+ti
				wr, wi = wr*cos-wi*sin, wr*sin+wi*cos
			}
		}
	}
}
