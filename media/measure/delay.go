package measure

import (
	"slices"
	"sync"
	"time"
)

// Wire remembers the numbered packets that pass a point, and when.
type Wire struct {
	mu  sync.Mutex
	seq []uint16
	at  []time.Time
}

// Add notes a packet; later ones come later.
func (w *Wire) Add(seq uint16, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq, w.at = append(w.seq, seq), append(w.at, at)
}

// Delays pairs what came in with what went out, whose numbers are a constant
// apart: the one that most packets vote for. The shortest delay comes first.
func Delays(in, out *Wire) []time.Duration {
	in.mu.Lock()
	defer in.mu.Unlock()
	out.mu.Lock()
	defer out.mu.Unlock()
	votes := map[uint16]int{}
	for i, o := range out.at {
		if k, _ := slices.BinarySearchFunc(in.at, o, time.Time.Compare); k > 0 {
			votes[out.seq[i]-in.seq[k-1]]++
		}
	}
	var offset uint16
	for o, n := range votes {
		if n > votes[offset] {
			offset = o
		}
	}
	came := map[uint16]time.Time{}
	for i, s := range in.seq {
		came[s+offset] = in.at[i]
	}
	// After a gap of its source a session sends silence of its own, and what
	// comes then is numbered anew: such packets are not paired.
	var d []time.Duration
	for i, s := range out.seq {
		if at, ok := came[s]; ok && out.at[i].After(at) && out.at[i].Sub(at) < time.Second {
			d = append(d, out.at[i].Sub(at))
		}
	}
	slices.Sort(d)
	return d
}

// Percentile is the p-th (0 to 1) of sorted delays; there must be one.
func Percentile(sorted []time.Duration, p float64) time.Duration {
	return sorted[int(float64(len(sorted)-1)*p)]
}
