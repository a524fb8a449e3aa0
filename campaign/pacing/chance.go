package pacing

import "math"

// count is the distribution of how many of several independent things happen.
// Small ones are kept exactly, by convolution; of large ones mean and variance.
type count struct {
	exact    bool
	p        []float64
	mean     float64
	variance float64
}

func (c *count) reset(exact bool) {
	c.exact, c.mean, c.variance = exact, 0, 0
	if exact && cap(c.p) == 0 {
		c.p = make([]float64, 0, 64)
	}
	c.p = append(c.p[:0], 1)
}

// add one more thing of chance x.
func (c *count) add(x float64) {
	c.mean += x
	c.variance += x * (1 - x)
	if !c.exact || x < 1e-6 {
		return
	}
	c.p = append(c.p, 0)
	for i := len(c.p) - 1; i > 0; i-- {
		c.p[i] += x * (c.p[i-1] - c.p[i])
	}
	c.p[0] *= 1 - x
	for n := len(c.p); n > 1 && c.p[n-1] < 1e-9; n-- {
		c.p = c.p[:n-1]
	}
}

// reached is the chance that base + gains − drains ≤ 0.
func reached(base int, gains, drains *count) float64 {
	if gains.exact {
		return reachedExactly(base, gains.p, drains.p)
	}
	mean := float64(base) + gains.mean - drains.mean
	deviation := math.Sqrt(gains.variance + drains.variance)
	if deviation < 1e-9 {
		if mean <= 0 {
			return 1
		}
		return 0
	}
	return normal((0.5 - mean) / deviation) // half a person: the counts are whole
}

func reachedExactly(base int, gains, drains []float64) float64 {
	// tail of drains from the end while gains grow
	sum, tail := 0.0, 0.0
	for i := range drains {
		tail += drains[i]
	}
	from := 0 // tail = P(drains ≥ from)
	for g, pg := range gains {
		for from < base+g {
			if from < len(drains) {
				tail -= drains[from]
			}
			from++
		}
		if from >= len(drains) {
			break
		}
		sum += pg * max(tail, 0)
	}
	return sum
}
