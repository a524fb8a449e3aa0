package sim

import "math"

// Optimum is the utilisation nobody who cannot see the future can beat in a
// memoryless world with n agents: the best policy of a Markov decision process
// whose state is (agents busy, calls on their way), with abandoned ≤ limit of
// the live answers as a constraint in the long run. ok is false for worlds that
// are not solved so.
//
// The constraint is priced: with a price λ for each abandoned call beyond the
// limit the best policy is found by relative value iteration; λ is then
// bisected until the limit is met, and the last two policies are mixed.
func Optimum(w World, n int, limit float64) (utilisation float64, ok bool) {
	if !w.Memoryless || w.Grace != 0 || w.Wrap.Mean != 0 || w.Breaks.Every != 0 || len(w.LiveByHour) != 0 || n < 1 {
		return 0, false
	}
	m := newDecisions(w, n)
	low, high := 0.0, 1.0
	v := make([]float64, len(m.value))
	below := m.solve(high, limit, v)
	for below.abandoned > limit && high < 1<<20 {
		low, high = high, high*4
		below = m.solve(high, limit, v)
	}
	above := m.solve(low, limit, v)
	for range 24 {
		mid := (low + high) / 2
		r := m.solve(mid, limit, v)
		if r.abandoned > limit {
			low, above = mid, r
		} else {
			high, below = mid, r
		}
		if above.abandoned-below.abandoned < 2e-4 {
			break
		}
	}
	share := 0.0
	if above.abandoned > below.abandoned {
		share = (limit - below.abandoned) / (above.abandoned - below.abandoned)
	}
	return below.utilisation + min(max(share, 0), 1)*(above.utilisation-below.utilisation), true
}

// decisions is the Markov decision process, made uniform in time: after every
// step, of mean length 1/rate, one thing or nothing has happened.
type decisions struct {
	n, most           int     // agents; calls on their way at most
	live              float64 // chance of a live answer
	answer, end, rate float64 // per second: of one dial, of one call, of steps
	value             []float64
	best              []float64 // value after dialling as many as is best
	target            []int     // calls on their way after dialling
	share, moved      []float64 // of time in each state
}

// figures of a policy in the long run.
type figures struct{ utilisation, abandoned float64 }

func newDecisions(w World, n int) *decisions {
	d := &decisions{n: n, live: w.Live, answer: 1 / w.Ring.Mean.Seconds(), end: 1 / w.Talk.Mean.Seconds()}
	// With all agents always busy, as many calls are on their way as keep them
	// so; a good policy has never more than some times that, and some to start.
	steady := float64(n) * d.end / (d.live * d.answer)
	d.most = int(1.6*steady + 6*math.Sqrt(steady) + 12/d.live)
	d.rate = float64(n)*d.end + float64(d.most)*d.answer
	size := (n + 1) * (d.most + 1)
	d.value, d.best, d.target = make([]float64, size), make([]float64, size), make([]int, size)
	d.share, d.moved = make([]float64, size), make([]float64, size)
	d.share[0] = 1
	return d
}

// solve finds the best policy at a price, beginning from the values v, and
// gives its figures. The price is paid for abandoned − limit·answered.
func (d *decisions) solve(price, limit float64, v []float64) figures {
	next := make([]float64, len(v))
	for range 200000 {
		d.choose(v)
		lowest, highest := math.Inf(1), math.Inf(-1)
		for b := 0; b <= d.n; b++ {
			for c := 0; c <= d.most; c++ {
				i := b*(d.most+1) + c
				next[i] = d.step(b, c, d.best, d.reward(b, c, price, limit))
				change := next[i] - v[i]
				lowest, highest = min(lowest, change), max(highest, change)
			}
		}
		base := next[0]
		for i := range next {
			v[i] = next[i] - base
		}
		if (highest-lowest)*d.rate < 1e-5*float64(d.n) {
			break
		}
	}
	d.choose(v)
	return d.follow()
}

// choose makes best[b, c] the best value over all c' ≥ c, for dialling takes no time.
func (d *decisions) choose(v []float64) {
	for b := 0; b <= d.n; b++ {
		row := b * (d.most + 1)
		at := d.most
		for c := d.most; c >= 0; c-- {
			if v[row+c] > v[row+at] {
				at = c
			}
			d.best[row+c], d.target[row+c] = v[row+at], at
		}
	}
}

// reward of a step: agents busy, less the price.
func (d *decisions) reward(b, c int, price, limit float64) float64 {
	answers := float64(c) * d.answer * d.live
	cost := -limit * answers
	if b == d.n {
		cost += answers
	}
	return (float64(b) - price*cost) / d.rate
}

// step is the value of a state: the reward and what may happen next.
func (d *decisions) step(b, c int, after []float64, reward float64) float64 {
	at := func(b, c int) float64 { return after[b*(d.most+1)+c] }
	end, over := float64(b)*d.end/d.rate, float64(c)*d.answer/d.rate
	v := reward + (1-end-over)*at(b, c)
	if b > 0 {
		v += end * at(b-1, c)
	}
	if c > 0 {
		v += over * (d.live*at(min(b+1, d.n), c-1) + (1-d.live)*at(b, c-1))
	}
	return v
}

// follow gives the long-run figures of the chosen policy, by following the
// probabilities of the states until they stand still.
func (d *decisions) follow() figures {
	last := figures{-1, -1}
	for i := 1; i <= 400000; i++ {
		d.flow(d.share, d.moved)
		d.share, d.moved = d.moved, d.share
		if i%500 != 0 {
			continue
		}
		now := d.measure(d.share)
		if math.Abs(now.utilisation-last.utilisation)+math.Abs(now.abandoned-last.abandoned) < 1e-6 {
			return now
		}
		last = now
	}
	return last
}

// flow moves probability by one step.
func (d *decisions) flow(p, q []float64) {
	clear(q)
	w := d.most + 1
	for b := 0; b <= d.n; b++ {
		for c := 0; c <= d.most; c++ {
			x := p[b*w+c]
			if x < 1e-15 {
				continue
			}
			to := func(b, c int, share float64) { q[b*w+d.target[b*w+c]] += x * share }
			end, over := float64(b)*d.end/d.rate, float64(c)*d.answer/d.rate
			to(b, c, 1-end-over)
			if b > 0 {
				to(b-1, c, end)
			}
			if c > 0 {
				to(min(b+1, d.n), c-1, over*d.live)
				to(b, c-1, over*(1-d.live))
			}
		}
	}
}

func (d *decisions) measure(p []float64) figures {
	var busy, answers, abandoned float64
	for b := 0; b <= d.n; b++ {
		for c := 0; c <= d.most; c++ {
			x := p[b*(d.most+1)+c]
			busy += x * float64(b)
			answers += x * float64(c)
			if b == d.n {
				abandoned += x * float64(c)
			}
		}
	}
	return figures{busy / float64(d.n), abandoned / answers}
}
