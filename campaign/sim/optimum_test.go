package sim

import (
	"math"
	"testing"
)

// The exact optima; `make pb1` shows those of larger groups too.
func TestOptimum(t *testing.T) {
	m1, _ := Named("M1")
	for _, c := range []struct {
		n    int
		want float64
	}{{5, 82.4}, {10, 85.8}} {
		got, ok := Optimum(m1, c.n, 0.03)
		t.Logf("%d: %.2f", c.n, got*100)
		if !ok || math.Abs(got*100-c.want) > 0.3 {
			t.Errorf("M1 with %d agents: %.2f, want %.1f", c.n, got*100, c.want)
		}
	}
}
