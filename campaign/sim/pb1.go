package sim

import "fmt"

// Benchmark is what PB-1 asks of a cell, utilisation in shares.
type Benchmark struct {
	G    float64 // of a look-ahead that learns and keeps a hard budget for each shift
	U    float64 // of one that knows the world and keeps the limit only in the long run; 0 = not worked out
	Goal float64 // least that passes
}

// benchmarkLimit is what may be abandoned of the live answers of every shift.
const benchmarkLimit = 0.03

// benchmarkAgents are the groups of agents of PB-1.
func benchmarkAgents() []int { return []int{5, 10, 20, 50, 100} }

// PB1 gives what the benchmark asks in a world with so many agents.
func PB1(world string, agents int) (Benchmark, bool) {
	gu, known := map[string][2][5]float64{
		"S1": {{79.6, 84.1, 88.6, 93.2, 95.7}, {81.9, 85.8, 89.8, 94.0, 96.4}},
		"S2": {{61.1, 72.8, 82.1, 90.1, 94.0}, {66.1, 76.6, 85.1, 92.6, 96.2}},
		"S3": {{70.2, 79.2, 86.1, 91.7, 94.6}, {78.0, 84.3, 89.3, 93.9, 96.2}},
		"S4": {{91.6, 92.4, 93.5, 95.3, 96.8}, {92.2, 92.9, 93.9, 95.8, 97.1}},
		"S5": {{79.0, 83.3, 87.8, 92.7, 95.3}, {}},
	}[world]
	if !known {
		return Benchmark{}, false
	}
	for i, n := range benchmarkAgents() {
		if n == agents {
			return Benchmark{G: gu[0][i] / 100, U: gu[1][i] / 100, Goal: (gu[0][i] - 1) / 100}, true
		}
	}
	return Benchmark{}, false
}

// Fails says how a cell misses the benchmark; empty: it does not, or is none of
// its cells. Beating the exact optimum by more than chance is a fault too.
func (c Cell) Fails() string {
	b, known := PB1(c.World, c.Agents)
	switch {
	case c.WorstShift > benchmarkLimit:
		return fmt.Sprintf("a shift with %.2f %% abandoned", 100*c.WorstShift)
	case c.Optimum != nil && c.Utilisation > *c.Optimum+0.003:
		return "better than the optimum: the simulation is wrong"
	case known && c.Policy == Predictive && c.Utilisation < b.Goal:
		return fmt.Sprintf("%.1f %% is less than G − 1 = %.1f %%", 100*c.Utilisation, 100*b.Goal)
	}
	return ""
}
