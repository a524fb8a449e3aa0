package detect

import (
	"math"
	"time"
)

// tones knows the signals of networks and machines by the last runs.
type tones struct {
	last  [12]run // the newest at the end; short odd runs left out
	n     int
	spoke time.Duration // sound so far: a beep follows speech
}

// shortest is the shortest run that is not an edge or a click.
const shortest = 40 * time.Millisecond

// hear takes a run and says what signal is complete with it; 0: none.
func (t *tones) hear(r run, open, machine bool) Kind {
	if open {
		// ITU-T T.30 §4.3.3.2, V.25 §3: 2100 ± 15 Hz for 2.6 s and more; one
		// second is enough for us and longer than any other use of it.
		if r.kind == tone && near(r.f1, 2100, 25) && r.f2 == 0 && r.length() >= time.Second {
			return Fax
		}
		if machine && r.kind == silence && r.length() >= 120*time.Millisecond {
			return t.beep()
		}
		return 0
	}
	if r.length() < shortest {
		return 0
	}
	if r.kind == sound {
		t.spoke += r.length()
	}
	t.push(r)
	if k := t.special(); k != 0 {
		return k
	}
	if k := t.engaged(); k != 0 {
		return k
	}
	return t.calling()
}

func (t *tones) push(r run) {
	if t.n > 0 && r.kind != tone && t.back(0).kind == r.kind { // an odd run between was left out
		t.last[len(t.last)-1].to = r.to
		return
	}
	copy(t.last[:], t.last[1:])
	t.last[len(t.last)-1] = r
	t.n = min(t.n+1, len(t.last))
}

// back is the run i before the newest; a zero run where there was none.
func (t *tones) back(i int) run {
	if i >= t.n {
		return run{}
	}
	return t.last[len(t.last)-1-i]
}

func near(f, want, by float64) bool { return math.Abs(f-want) <= by }

// special finds the three rising special information tones: 950, 1400 and
// 1800 Hz, each within 50 Hz, 330 ± 70 ms long, up to 30 ms apart (ITU-T E.180
// §7). In North America the first two say by frequency and length why.
func (t *tones) special() Kind {
	var found [3]run
	i := 0
	for n := 2; n >= 0; n-- {
		if t.back(i).kind != tone && t.back(i).length() <= 80*time.Millisecond {
			i++
		}
		found[n] = t.back(i)
		i++
	}
	for n, want := range [3]float64{950, 1400, 1800} {
		r := found[n]
		if r.kind != tone || r.f2 != 0 || !near(r.f1, want, 60) || r.length() < 200*time.Millisecond || r.length() > 450*time.Millisecond {
			return 0
		}
	}
	high := [2]bool{found[0].f1 > 970, found[1].f1 > 1410}
	low := [2]bool{found[0].f1 < 930, found[1].f1 < 1385}
	switch {
	case high[0] && high[1], low[0] && high[1]: // no circuit, reorder
		return NoCircuit
	default:
		return InvalidNumber
	}
}

// engaged finds three equal tones with equal pauses between 300 and 700 Hz:
// busy, or, shorter than 0.33 s, congestion.
func (t *tones) engaged() Kind {
	on, off := [3]run{t.back(0), t.back(2), t.back(4)}, [2]run{t.back(1), t.back(3)}
	var sum time.Duration
	for _, r := range on {
		if r.kind != tone || r.f1 < 300 || r.f1 > 700 || !near(r.f1, on[0].f1, 20) || r.length() < 130*time.Millisecond || r.length() > 750*time.Millisecond {
			return 0
		}
		sum += r.length()
	}
	mean := sum / 3
	for _, r := range on {
		if !about(r.length(), mean, 0.2) {
			return 0
		}
	}
	for _, r := range off {
		if r.kind != silence || !about(r.length(), mean, 0.35) {
			return 0
		}
	}
	if mean < 330*time.Millisecond {
		return Congestion
	}
	return Busy
}

func about(d, want time.Duration, share float64) bool {
	return math.Abs(float64(d-want)) <= share*float64(want)+float64(20*time.Millisecond)
}

// calling finds the tone of a calling fax: 1100 ± 38 Hz, 0.5 s on, 3 s off,
// each within 15 % (ITU-T T.30 §4.3.3.1). Twice: once is what a machine beeps.
func (t *tones) calling() Kind {
	for _, i := range []int{0, 2} {
		if r := t.back(i); r.kind != tone || !near(r.f1, 1100, 38) || !about(r.length(), 500*time.Millisecond, 0.15) {
			return 0
		}
	}
	if off := t.back(1); off.kind != silence || !about(off.length(), 3*time.Second, 0.15) {
		return 0
	}
	return Fax
}

// beep finds the beep of a machine: after some seconds of speech one steady
// tone, and then silence, which goes on.
func (t *tones) beep() Kind {
	r := t.back(0)
	long := r.length() >= 180*time.Millisecond && r.length() <= 3*time.Second
	if r.kind == tone && r.f2 == 0 && r.steady && long && r.f1 >= 350 && r.f1 <= 2500 && t.spoke >= 2*time.Second {
		return Beep
	}
	return 0
}
