package peer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// World draws fates from probabilities in place of the number dialled, for
// tests of pacing. The same seed gives the same sequence of fates. Durations
// are divided by the exchange's speed like all others.
type World struct {
	Seed    uint64
	Live    float64       // answered by a person
	Machine float64       // answered by a machine after 16 to 24 s
	Failed  float64       // refused after 2 to 5 s: 486, 404 or 480
	Setup   time.Duration // before it rings; default 2 s
	Ring    time.Duration // mean until a person answers, Gamma of shape 3; default 9 s
	Talk    time.Duration // mean, lognormal; the contact hangs up after it. 0 = waits for us
	TalkCV  float64
}

// draw is the fate of the n-th call. What is neither live, machine nor failed
// rings out.
func (w *World) draw(n int) Fate {
	r := rand.New(rand.NewPCG(w.Seed, uint64(n)))
	setup, ring := w.Setup, w.Ring
	if setup == 0 {
		setup = 2 * time.Second
	}
	if ring == 0 {
		ring = 9 * time.Second
	}
	var lines []string
	f := Fate{Code: "world", Status: 200, CallResult: "answer", EndedBy: "agent"}
	switch p := r.Float64(); {
	case p < w.Live:
		f.Name = "live"
		g := 0.0
		for range 3 { // Gamma of shape 3: three exponentials
			g += r.ExpFloat64() * float64(ring) / 3
		}
		lines = []string{step1("ring", setup+time.Duration(g)), "answer", "speak"}
		if w.Talk > 0 {
			f.EndedBy = "contact"
			s2 := math.Log(1 + w.TalkCV*w.TalkCV)
			talk := math.Exp(math.Log(float64(w.Talk)) - s2/2 + math.Sqrt(s2)*r.NormFloat64())
			lines = []string{lines[0], "answer", step1("speak", time.Duration(talk)), "hangup"}
		}
	case p < w.Live+w.Machine:
		f.Name = "machine"
		lines = []string{step1("ring", setup+time.Duration((16+8*r.Float64())*float64(time.Second))),
			"answer", "greeting 5s", "beep", "quiet 30s", "hangup"}
		f.EndedBy = "contact"
	case p < w.Live+w.Machine+w.Failed:
		f.Name, f.EndedBy = "failed", "contact"
		kind := r.IntN(3)
		f.Status = []int{486, 404, 480}[kind]
		f.CallResult = []string{"busy", "invalid-number", "no-answer"}[kind]
		lines = []string{step1("ring", 2*time.Second+time.Duration(3*r.Float64()*float64(time.Second))),
			fmt.Sprintf("refuse %d", f.Status)}
	default:
		f.Name, f.Status, f.CallResult, f.EndedBy = "rings-out", 487, "no-answer", "dialer"
		lines = []string{"ring"}
	}
	f.Steps = lines
	f.steps, _ = parseSteps(lines) // words of our own
	return f
}

func step1(verb string, d time.Duration) string {
	return fmt.Sprintf("%s %s", verb, max(d, time.Millisecond).Round(time.Millisecond))
}
