package media

import "math"

// Resample changes the sample rate by windowed-sinc interpolation. Equal rates
// give samples back as they are. It is for whole pieces: a file, a frame of a
// recording; both ends are taken to be followed by silence.
func Resample(samples []int16, from, to int) []int16 {
	if from == to || len(samples) == 0 {
		return samples
	}
	out := make([]int16, len(samples)*to/from)
	// Below the lower of the two Nyquist frequencies nothing may fold back.
	cut := math.Min(1, float64(to)/float64(from))
	reach := 16 / cut
	for i := range out {
		center := float64(i) * float64(from) / float64(to)
		var sum, weight float64
		for k := max(0, int(math.Ceil(center-reach))); k <= min(len(samples)-1, int(center+reach)); k++ {
			x := float64(k) - center
			w := sinc(x*cut) * (0.5 + 0.5*math.Cos(math.Pi*x/reach))
			sum += w * float64(samples[k])
			weight += w
		}
		if edge := math.Min(center, float64(len(samples)-1)-center); edge < reach {
			weight = 1 / cut // not normalised at the ends: beyond them is silence
		}
		out[i] = clamp(sum / weight)
	}
	return out
}

func sinc(x float64) float64 {
	if math.Abs(x) < 1e-9 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

func clamp(x float64) int16 {
	return int16(math.Round(math.Max(-32768, math.Min(32767, x))))
}
