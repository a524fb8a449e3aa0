package pacing

import "math"

// Answers is what is known about dials: how often a person answers, and after
// what time dials are answered or end otherwise.
type Answers struct {
	Open []Dial `json:"open,omitempty"` // in dialling order, from the oldest whose end is not known

	// The answer rate: two exponentially aged counts in dialling order. In the
	// order of completion failures would come first and bias it.
	Quick Rate `json:"quick"`
	Slow  Rate `json:"slow"`

	Answered []float64 `json:"answered,omitempty"` // by age, see ringBin
	Missed   []float64 `json:"missed,omitempty"`
}

// Dial is a dial in the queue of those to be counted.
type Dial struct {
	Number int64 `json:"number"`
	Ended  bool  `json:"ended,omitempty"`
	Live   bool  `json:"live,omitempty"`
}

// Rate is an exponentially aged count.
type Rate struct {
	Of   float64 `json:"of"`
	Live float64 `json:"live"`
}

const (
	quickMemory = 250  // dials
	slowMemory  = 800  // dials
	mostOpen    = 5000 // dials waited for; beyond, the oldest is given up
	ringMemory  = 1 - 1.0/4000
	usualRate   = 0.3 // as long as nothing is known
	usualWeight = 5   // dials that this counts for

	ringFirst  = 0.1 // seconds; the bins of age as in Lengths, but finer
	ringGrowth = 1.1
	ringBins   = 80 // the last begins at about three minutes
)

func (r *Rate) add(live bool, memory float64) {
	k := 1 - 1/memory
	r.Of, r.Live = r.Of*k+1, r.Live*k
	if live {
		r.Live++
	}
}

// rate is the chance that a person answers. The long memory is the better one
// until the short one contradicts it by more than chance would.
func (a *Answers) rate() float64 {
	quick := (a.Quick.Live + usualRate*usualWeight) / (a.Quick.Of + usualWeight)
	slow := (a.Slow.Live + usualRate*usualWeight) / (a.Slow.Of + usualWeight)
	// An exponentially aged mean varies as one over twice the memory.
	spread := math.Sqrt(slow * (1 - slow) / (2*a.Quick.Of + usualWeight))
	off := math.Abs(quick-slow) / spread
	// From one to two standard deviations the quick one takes over.
	share := min(max(off-1, 0), 1)
	return slow + share*(quick-slow)
}

func (a *Answers) dialled(number int64) {
	if len(a.Open) >= mostOpen {
		a.Open = a.Open[1:]
	}
	a.Open = append(a.Open, Dial{Number: number})
}

// ended takes in the end of a dial at an age.
func (a *Answers) ended(number int64, live bool, seconds float64) {
	if len(a.Answered) != ringBins || len(a.Missed) != ringBins {
		a.Answered, a.Missed = make([]float64, ringBins), make([]float64, ringBins)
	}
	for i := range a.Answered {
		a.Answered[i] *= ringMemory
		a.Missed[i] *= ringMemory
	}
	in := a.Missed
	if live {
		in = a.Answered
	}
	in[ringBin(seconds)]++
	for i := range a.Open {
		if a.Open[i].Number == number {
			a.Open[i].Ended, a.Open[i].Live = true, live
			break
		}
	}
	for len(a.Open) > 0 && a.Open[0].Ended {
		a.Quick.add(a.Open[0].Live, quickMemory)
		a.Slow.add(a.Open[0].Live, slowMemory)
		a.Open = a.Open[1:]
	}
}

func ringBin(seconds float64) int {
	if seconds < ringFirst {
		return 0
	}
	return min(1+int(math.Log(seconds/ringFirst)/math.Log(ringGrowth)), ringBins-1)
}

func ringEdge(i int) float64 { return ringFirst * math.Pow(ringGrowth, float64(i)) }

// law is a distribution of ages on a grid of equal steps.
type law struct {
	step float64
	cum  []float64 // share that has happened by i*step
}

// newLaw spreads counts by bin evenly over each bin.
func newLaw(counts []float64, until float64, cells int) law {
	l := law{step: until / float64(cells), cum: make([]float64, cells+1)}
	total := 0.0
	for _, c := range counts {
		total += c
	}
	if total == 0 {
		return l
	}
	i, below, from := 0, 0.0, 0.0
	for k := range l.cum {
		at := float64(k) * l.step
		for i < len(counts)-1 && ringEdge(i) <= at {
			below += counts[i]
			from = ringEdge(i)
			i++
		}
		part := counts[i] * min((at-from)/(ringEdge(i)-from), 1)
		l.cum[k] = (below + part) / total
	}
	return l
}

func (l law) at(seconds float64) float64 {
	x := seconds / l.step
	i := int(x)
	if i >= len(l.cum)-1 {
		return l.cum[len(l.cum)-1]
	}
	return l.cum[i] + (x-float64(i))*(l.cum[i+1]-l.cum[i])
}

// quantile is the age by which a share has happened.
func (l law) quantile(share float64) float64 {
	share *= l.cum[len(l.cum)-1]
	for i := 1; i < len(l.cum); i++ {
		if l.cum[i] >= share {
			part := 0.0
			if d := l.cum[i] - l.cum[i-1]; d > 0 {
				part = (share - l.cum[i-1]) / d
			}
			return (float64(i-1) + part) * l.step
		}
	}
	return float64(len(l.cum)-1) * l.step
}
