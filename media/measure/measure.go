// Package measure tells what is to be heard in a recording: for tests, here and
// of the whole program against a real exchange. Levels are in dBFS, where 0 is a
// sine that just reaches full scale; nothing at all is −∞, given as Floor.
package measure

import (
	"fmt"
	"math"
	"os"
	"time"

	"github.com/go-audio/wav"
)

// Floor is the level of nothing at all.
const Floor = -120.0

// Level is the level of a sine at freqHz within samples (Goertzel).
func Level(samples []int16, rate int, freqHz float64) float64 {
	if len(samples) == 0 {
		return Floor
	}
	w := 2 * math.Pi * freqHz / float64(rate)
	c := 2 * math.Cos(w)
	var s1, s2 float64
	for _, x := range samples {
		s1, s2 = float64(x)+c*s1-s2, s1
	}
	power := s1*s1 + s2*s2 - c*s1*s2
	return dB(2 * math.Sqrt(math.Max(power, 0)) / float64(len(samples)))
}

// RMS is the level of samples as a whole.
func RMS(samples []int16) float64 {
	if len(samples) == 0 {
		return Floor
	}
	var sum float64
	for _, x := range samples {
		sum += float64(x) * float64(x)
	}
	return dB(math.Sqrt2 * math.Sqrt(sum/float64(len(samples))))
}

func dB(amplitude float64) float64 {
	return math.Max(Floor, 20*math.Log10(math.Max(amplitude, 1e-9)/32767))
}

// Peak is the greatest magnitude.
func Peak(samples []int16) int {
	p := 0
	for _, x := range samples {
		p = max(p, int(x), -int(x))
	}
	return p
}

// Frequency is the strongest frequency between 100 Hz and 3,400 Hz, to 1 Hz.
func Frequency(samples []int16, rate int) float64 {
	best, at := math.Inf(-1), 0.0
	scan := func(from, to, step float64) {
		for f := from; f <= to; f += step {
			if l := Level(samples, rate, f); l > best {
				best, at = l, f
			}
		}
	}
	if len(samples) > rate { // a second is enough, and keeps the first scan from missing the peak
		samples = samples[:rate]
	}
	step := math.Max(1, float64(rate)/float64(max(1, len(samples)))/2)
	scan(100, math.Min(3400, float64(rate)/2-1), step)
	scan(at-step, at+step, 1)
	return at
}

const window = 5 * time.Millisecond

// LongestGap is the longest stretch whose level stays below thresholdDBFS, to
// 5 ms. The stretch before the first and after the last sound does not count.
func LongestGap(samples []int16, rate int, thresholdDBFS float64) time.Duration {
	first, last := Sounding(samples, rate, thresholdDBFS)
	n := int(window) * rate / int(time.Second)
	longest, run := 0, 0
	for i := first; i+n <= last; i += n {
		if RMS(samples[i:i+n]) >= thresholdDBFS {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return time.Duration(longest) * window
}

// Sounding gives the first sample that belongs to a sound above thresholdDBFS
// and the one after the last, to 5 ms; 0, 0 if there is none.
func Sounding(samples []int16, rate int, thresholdDBFS float64) (first, end int) {
	n := int(window) * rate / int(time.Second)
	found := false
	for i := 0; i+n <= len(samples); i += n {
		if RMS(samples[i:i+n]) < thresholdDBFS {
			continue
		}
		if !found {
			first, found = i, true
		}
		end = i + n
	}
	return first, end
}

// Envelope is the loudness over time: the level of each 20 ms, in dB above −60 dBFS.
func Envelope(samples []int16, rate int) []float64 {
	var e []float64
	for n := rate / 50; len(samples) >= n; samples = samples[n:] {
		e = append(e, max(0, RMS(samples[:n])+60))
	}
	return e
}

// Likeness is the best correlation of what was heard with what was said, which
// is repeated without end: 1 is the same, 0 has nothing to do with it. Both are
// envelopes.
func Likeness(said, heard []float64) float64 {
	best := 0.0
	for shift := range said {
		var sa, sb, saa, sbb, sab float64
		for i, y := range heard {
			x := said[(i+shift)%len(said)]
			sa, sb, saa, sbb, sab = sa+x, sb+y, saa+x*x, sbb+y*y, sab+x*y
		}
		n := float64(len(heard))
		best = max(best, (sab-sa*sb/n)/math.Sqrt((saa-sa*sa/n)*(sbb-sb*sb/n)))
	}
	return best
}

// Duration is how long n samples last.
func Duration(n, rate int) time.Duration {
	return time.Duration(n) * time.Second / time.Duration(rate)
}

// ReadWAV reads a 16 bit PCM file: one slice for each channel. It reads with a
// library that has nothing to do with how Freiton writes.
func ReadWAV(path string) (channels [][]int16, rate int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	d := wav.NewDecoder(f)
	buf, err := d.FullPCMBuffer()
	if err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", path, err)
	}
	if d.BitDepth != 16 || d.NumChans == 0 {
		return nil, 0, fmt.Errorf("read %s: %d bits, %d channels: 16 bit PCM is needed", path, d.BitDepth, d.NumChans)
	}
	n := int(d.NumChans)
	channels = make([][]int16, n)
	for c := range channels {
		channels[c] = make([]int16, 0, len(buf.Data)/n)
		for i := c; i < len(buf.Data)-len(buf.Data)%n; i += n {
			channels[c] = append(channels[c], int16(buf.Data[i]))
		}
	}
	return channels, int(d.SampleRate), nil
}
