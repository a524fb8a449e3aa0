package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// World is what callees and agents are like.
type World struct {
	Name    string
	Live    float64 // chance that a person answers a dial
	Machine float64 // that an answering machine does
	Failed  float64 // busy, or no such number; what is left is not answered
	Talk    Spread
	Wrap    Spread
	Ring    Ring
	Setup   time.Duration // from the dial to the first ring
	Grace   time.Duration // a person waits so long for an agent

	LiveByHour []float64 // instead of Live, hour by hour and round again; nil = Live
	Breaks     Breaks

	// Memoryless makes handling and dialling times exponential, with the means
	// of Talk (no wrap-up) and Ring: the world that is solved exactly.
	Memoryless bool
}

// Spread is a lognormal length of time.
type Spread struct {
	Mean time.Duration
	CV   float64 // standard deviation over mean
}

// Ring is how long it rings before a person answers: a Gamma law, cut at Timeout.
type Ring struct {
	Mean    time.Duration
	Shape   float64
	Timeout time.Duration
}

// Breaks is how often an agent takes a break, and how long: Shortest to
// Longest, each length as likely. Every = 0: none.
type Breaks struct {
	Every             time.Duration
	Shortest, Longest time.Duration
}

// The times of calls that no person answers, after Setup.
const (
	machineFrom, machineTo = 16 * time.Second, 24 * time.Second
	failedFrom, failedTo   = 2 * time.Second, 5 * time.Second
	longest                = 24 * time.Hour // of any time in a world
)

// Check says what is wrong with a world.
func (w World) Check() error {
	share := func(x float64) bool { return x >= 0 && x <= 1 }
	for _, live := range append([]float64{w.Live}, w.LiveByHour...) {
		if !share(live) || !share(w.Machine) || !share(w.Failed) || live+w.Machine+w.Failed > 1+1e-9 {
			return fmt.Errorf("live, machine and failed are shares from 0 to 1 and not more than 1 together")
		}
	}
	if w.mostLive() <= 0 {
		return fmt.Errorf("live is 0: nobody ever answers")
	}
	for name, d := range map[string]time.Duration{
		"talk.mean": w.Talk.Mean, "ring.mean": w.Ring.Mean, "ring.timeout": w.Ring.Timeout,
	} {
		if d < time.Millisecond || d > longest {
			return fmt.Errorf("%s must be between 1ms and 24h", name)
		}
	}
	for name, d := range map[string]time.Duration{
		"wrap.mean": w.Wrap.Mean, "setup": w.Setup, "grace": w.Grace,
		"breaks.every": w.Breaks.Every, "breaks.length": w.Breaks.Shortest,
	} {
		if d < 0 || d > longest {
			return fmt.Errorf("%s must be between 0s and 24h", name)
		}
	}
	switch {
	case !(w.Talk.CV >= 0 && w.Talk.CV <= 10) || !(w.Wrap.CV >= 0 && w.Wrap.CV <= 10):
		return fmt.Errorf("cv must be between 0 and 10")
	case !(w.Ring.Shape >= 0.1 && w.Ring.Shape <= 1000):
		return fmt.Errorf("ring.shape must be between 0.1 and 1000")
	case w.Ring.Mean > w.Ring.Timeout && !w.Memoryless:
		return fmt.Errorf("ring.mean is beyond ring.timeout: nobody would have answered yet")
	case w.Breaks.Longest < w.Breaks.Shortest || w.Breaks.Longest > longest:
		return fmt.Errorf("breaks.length is [shortest, longest]")
	case w.Breaks.Every > 0 && w.Breaks.Every < time.Minute:
		return fmt.Errorf("breaks.every must be at least 1m")
	}
	return nil
}

func (w World) mostLive() float64 {
	most := w.Live
	if len(w.LiveByHour) > 0 {
		most = 0
	}
	for _, l := range w.LiveByHour {
		most = max(most, l)
	}
	return most
}

// liveAt is the chance of a live answer of a dial begun so long into the shift.
func (w World) liveAt(at time.Duration) float64 {
	if n := len(w.LiveByHour); n > 0 {
		return w.LiveByHour[int(at/time.Hour)%n]
	}
	return w.Live
}

// dial draws what becomes of a dial: whether a person answers, and after what time.
func (w World) dial(at time.Duration, r *rand.Rand) (live bool, after time.Duration) {
	u, v := r.Float64(), r.Float64()
	p := w.liveAt(at)
	live = u < p
	switch {
	case w.Memoryless:
		return live, seconds(-math.Log(1-v) * w.Ring.Mean.Seconds())
	case live:
		return live, w.Setup + w.Ring.draw(r)
	case u < p+w.Machine:
		return false, w.Setup + machineFrom + time.Duration(v*float64(machineTo-machineFrom))
	case u < p+w.Machine+w.Failed:
		return false, w.Setup + failedFrom + time.Duration(v*float64(failedTo-failedFrom))
	default:
		return false, w.Setup + w.Ring.Timeout
	}
}

// handle draws how long an agent talks and then wraps up.
func (w World) handle(r *rand.Rand) (talk, wrap time.Duration) {
	if w.Memoryless {
		return seconds(r.ExpFloat64() * w.Talk.Mean.Seconds()), 0
	}
	return w.Talk.draw(r), w.Wrap.draw(r)
}

func (s Spread) draw(r *rand.Rand) time.Duration {
	v := math.Log(1 + s.CV*s.CV)
	return seconds(s.Mean.Seconds() * math.Exp(math.Sqrt(v)*r.NormFloat64()-v/2))
}

func (s Ring) draw(r *rand.Rand) time.Duration {
	for range 1000 {
		if d := seconds(gamma(s.Shape, r) * s.Mean.Seconds() / s.Shape); d <= s.Timeout {
			return d
		}
	}
	return s.Timeout
}

// gamma draws from the Gamma law of scale 1: Marsaglia and Tsang, "A simple
// method for generating gamma variables", 2000.
func gamma(shape float64, r *rand.Rand) float64 {
	if shape < 1 {
		return gamma(shape+1, r) * math.Pow(r.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-r.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

func seconds(s float64) time.Duration {
	return time.Duration(min(s, longest.Seconds()) * float64(time.Second))
}
