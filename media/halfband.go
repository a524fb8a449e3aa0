package media

import "math"

// Live conversion between 8 and 16 kHz with a half-band filter of 31 taps, which
// remembers the end of the frame before.
const halfbandTaps = 31

// Built once, never written again.
var halfband = buildHalfband()

func buildHalfband() *[halfbandTaps]float32 {
	var h [halfbandTaps]float32
	var sum float64
	w := func(i int) float64 {
		x := float64(i - halfbandTaps/2)
		return sinc(x/2) / 2 * (0.54 + 0.46*math.Cos(2*math.Pi*x/(halfbandTaps+1)))
	}
	for i := range h {
		sum += w(i)
	}
	for i := range h {
		h[i] = float32(w(i) / sum)
	}
	return &h
}

// converter changes a stream of frames from one rate to another.
type converter struct {
	past []int16
	line []int16
}

// convert writes src, at rate from, to dst at rate to; dst has room for it.
func (c *converter) convert(dst, src []int16, from, to int) []int16 {
	switch {
	case from == to:
		return dst[:copy(dst, src)]
	case from < to:
		return c.up(dst[:2*len(src)], src)
	}
	return c.down(dst[:len(src)/2], src)
}

func (c *converter) feed(src []int16) []int16 {
	const keep = halfbandTaps - 1
	if c.past == nil {
		c.past = make([]int16, keep)
	}
	c.line = append(append(c.line[:0], c.past...), src...)
	copy(c.past, c.line[len(c.line)-keep:])
	return c.line
}

func (c *converter) down(dst, src []int16) []int16 {
	line := c.feed(src)
	for i := range dst {
		var sum float32
		for k, h := range halfband {
			sum += h * float32(line[2*i+k])
		}
		dst[i] = clamp(float64(sum))
	}
	return dst
}

func (c *converter) up(dst, src []int16) []int16 {
	line := c.feed(src)
	for i := range dst {
		var sum float32
		for k := (i + 1) % 2; k < halfbandTaps; k += 2 { // only where there are samples between the zeros
			sum += 2 * halfband[k] * float32(line[(i+k+1)/2+halfbandTaps/2-1])
		}
		dst[i] = clamp(float64(sum))
	}
	return dst
}
