package pacing

import "math"

// Lengths is what is known about how long something lasts. Time is cut into
// bins that grow with age; for each bin it holds how many ended in it, and for
// how many seconds in all it was gone through. One over the other is the
// hazard: the estimate that treats unfinished ones (censored) rightly, as they
// count for the time they were seen.
type Lengths struct {
	Ended   []float64 `json:"ended,omitempty"`
	Seconds []float64 `json:"seconds,omitempty"`
}

// The bins: the first ends at firstEdge, each further one is wider by growth.
const (
	firstEdge = 0.2 // seconds
	growth    = 1.25
	bins      = 50           // the last reaches from about 3 h on
	keep      = 1 - 1.0/2000 // what each further length leaves of the memory
	smoothing = 3            // ends at the mean hazard that every bin is given to begin with
)

func edge(i int) float64 { return firstEdge * math.Pow(growth, float64(i)) }

func binOf(seconds float64) int {
	if seconds < firstEdge {
		return 0
	}
	return min(1+int(math.Log(seconds/firstEdge)/math.Log(growth)), bins-1)
}

// add takes in one length that has come to its end.
func (l *Lengths) add(seconds float64) {
	if len(l.Ended) != bins || len(l.Seconds) != bins {
		l.Ended, l.Seconds = make([]float64, bins), make([]float64, bins)
	}
	for i := range l.Ended {
		l.Ended[i] *= keep
		l.Seconds[i] *= keep
	}
	l.Ended[binOf(seconds)]++
	expose(l.Seconds, seconds)
}

// expose adds the time that a length spent in each bin.
func expose(in []float64, seconds float64) {
	from := 0.0
	for i := range in {
		to := edge(i)
		if i == len(in)-1 || seconds < to {
			in[i] += seconds - from
			return
		}
		in[i] += to - from
		from = to
	}
}

// hazards are the ends per second in each bin. unfinished are the ages of those
// still going on; usual is the mean length as long as nothing is known.
func (l Lengths) hazards(unfinished []float64, usual float64) [bins]float64 {
	var seconds [bins]float64
	copy(seconds[:], l.Seconds)
	for _, age := range unfinished {
		expose(seconds[:], age)
	}
	ends, all := 1.0, usual
	for i := range seconds {
		all += seconds[i]
		if i < len(l.Ended) {
			ends += l.Ended[i]
		}
	}
	mean := ends / all
	var h [bins]float64
	for i := range h {
		e := 0.0
		if i < len(l.Ended) {
			e = l.Ended[i]
		}
		h[i] = (e + smoothing) / (seconds[i] + smoothing/mean)
	}
	return h
}

// curve is the cumulative hazard at the edges of the bins.
type curve struct {
	hazard [bins]float64
	sum    [bins]float64 // at the beginning of each bin
}

func newCurve(h [bins]float64) *curve {
	c := &curve{hazard: h}
	for i := 1; i < bins; i++ {
		from := 0.0
		if i > 1 {
			from = edge(i - 2)
		}
		c.sum[i] = c.sum[i-1] + h[i-1]*(edge(i-1)-from)
	}
	return c
}

// at is the cumulative hazard at an age.
func (c *curve) at(seconds float64) float64 {
	i := binOf(seconds)
	from := 0.0
	if i > 0 {
		from = edge(i - 1)
	}
	return c.sum[i] + c.hazard[i]*(seconds-from)
}

// within is the chance that one of an age ends within so many seconds.
func (c *curve) within(age, seconds float64) float64 {
	return 1 - math.Exp(c.at(age)-c.at(age+seconds))
}
