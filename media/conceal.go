package media

// concealer makes up what was lost: it repeats the last pitch period of what was
// heard, fading it out in 60 ms, and blends back into what comes after. A light
// form of ITU-T G.711 appendix I.
type concealer struct {
	rate    int
	history []int16 // the last 40 ms
	period  int     // 0: not concealing
	phase   int
	gone    int // samples made up in a row
}

func (c *concealer) init(rate int) {
	*c = concealer{rate: rate, history: make([]int16, rate/25)}
}

// good takes samples that were received, and smooths the seam after a gap.
func (c *concealer) good(samples []int16) {
	if c.period > 0 {
		seam := min(len(samples), c.rate/200) // 5 ms
		for i := range seam {
			made := int(c.next())
			samples[i] = int16((made*(seam-i) + int(samples[i])*i) / seam)
		}
		c.period, c.gone = 0, 0
	}
	c.remember(samples)
}

func (c *concealer) remember(samples []int16) {
	if n := len(samples); n < len(c.history) {
		copy(c.history, c.history[n:])
		copy(c.history[len(c.history)-n:], samples)
		return
	}
	copy(c.history, samples[len(samples)-len(c.history):])
}

// conceal fills dst with what may have been there.
func (c *concealer) conceal(dst []int16) {
	if c.period == 0 {
		c.period, c.phase, c.gone = c.pitch(), 0, 0
	}
	for i := range dst {
		dst[i] = c.next()
	}
}

// next is one made-up sample.
func (c *concealer) next() int16 {
	full, fade := c.rate/100, c.rate/20 // 10 ms as it was, then 50 ms down to nothing
	gain := full + fade - c.gone
	c.gone++
	if gain <= 0 {
		return 0
	}
	s := int(c.history[len(c.history)-c.period+c.phase])
	if c.phase++; c.phase == c.period {
		c.phase = 0
	}
	return int16(s * min(gain, fade) / fade)
}

// pitch finds the period between 2.5 and 15 ms at which the last 20 ms are most
// like what went before.
func (c *concealer) pitch() int {
	n := c.rate / 50
	recent := c.history[len(c.history)-n:]
	best, period := float64(0), c.rate/100
	for lag := c.rate / 400; lag <= c.rate*15/1000; lag++ {
		earlier := c.history[len(c.history)-n-lag:]
		var cross, energy float64
		for i, s := range recent {
			cross += float64(s) * float64(earlier[i])
			energy += float64(earlier[i]) * float64(earlier[i])
		}
		if cross <= 0 || energy == 0 {
			continue
		}
		if score := cross * cross / energy; score > best*1.001 {
			best, period = score, lag
		}
	}
	return period
}
