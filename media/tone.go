package media

import (
	"math"
	"time"
)

// Tone is a sine at 8 kHz. 0 dBFS is a sine that just reaches full scale.
func Tone(freqHz float64, d time.Duration, dBFS float64) []int16 {
	return ToneAt(8000, freqHz, d, dBFS)
}

// ToneAt is Tone at another sample rate.
func ToneAt(rate int, freqHz float64, d time.Duration, dBFS float64) []int16 {
	samples := make([]int16, samplesIn(d, rate))
	amplitude := 32767 * math.Pow(10, dBFS/20)
	for i := range samples {
		samples[i] = clamp(amplitude * math.Sin(2*math.Pi*freqHz*float64(i)/float64(rate)))
	}
	return samples
}

// Silence is that: at 8 kHz.
func Silence(d time.Duration) []int16 { return make([]int16, samplesIn(d, 8000)) }

// Ringback is one period of the German ringing tone: 425 Hz, 1 s on, 4 s off.
func Ringback() []int16 { return append(Tone(425, time.Second, -13), Silence(4*time.Second)...) }

// NewRingback is an endpoint that plays Ringback over and over while joined.
func NewRingback(clock *Clock, codec Codec) *FileEndpoint {
	e, err := NewFileEndpoint(FileOptions{Samples: Ringback(), Loop: true, Clock: clock, Codec: codec})
	if err != nil {
		panic("media: ringback: " + err.Error()) // no file is involved: cannot be
	}
	return e
}
