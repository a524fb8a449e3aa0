package pacing

import (
	"math"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// calledFor is a pacer that has seen calls of a kind: the share of dials that is
// answered after 11 s, how long the others last, talk and after-call work.
func calledFor(t *testing.T, every int, missed, talk, wrap float64) *Pacer {
	t.Helper()
	p := New(Config{Grace: 2 * time.Second})
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	for n := range int64(2000) {
		see := func(k campaign.PacingEventKind, after float64) {
			p.Observe(campaign.PacingEvent{Campaign: "spring", Kind: k, Dial: n + 1, After: seconds(after)})
		}
		see(campaign.PacingDialled, 0)
		if n*int64(every)%100 >= int64(every) {
			see(campaign.PacingMissed, missed)
			continue
		}
		see(campaign.PacingAnswered, 11)
		see(campaign.PacingJoined, 0)
		see(campaign.PacingTalked, talk)
		see(campaign.PacingWrappedUp, wrap)
	}
	return p
}

// TestAdvice goes by the sets of the pacing benchmark: on a warm list with long
// calls dialling ahead adds next to nothing, on consumer sales much.
func TestAdvice(t *testing.T) {
	warm := calledFor(t, 45, 21.7, 300, 60)  // S4
	sales := calledFor(t, 25, 20.6, 150, 30) // S1
	for _, c := range []struct {
		what   string
		p      *Pacer
		mode   campaign.Mode
		agents int
		want   campaign.Mode
	}{
		{"warm list", warm, campaign.ModePredictive, 5, campaign.ModeProgressive},
		{"warm list", warm, campaign.ModePredictive, 10, campaign.ModeProgressive},
		{"warm list, many agents: six points are six points", warm, campaign.ModePredictive, 100, ""},
		{"warm list", warm, campaign.ModeProgressive, 10, ""},
		{"sales", sales, campaign.ModeProgressive, 5, campaign.ModePredictive},
		{"sales", sales, campaign.ModeProgressive, 100, campaign.ModePredictive},
		{"sales", sales, campaign.ModePredictive, 5, ""},
		{"the agents fetch", sales, campaign.ModePreview, 5, ""},
		{"nobody", sales, campaign.ModeProgressive, 0, ""},
		{"nothing known", New(Config{}), campaign.ModeProgressive, 5, ""},
		{"little known", few(), campaign.ModeProgressive, 5, ""},
	} {
		got := c.p.Advice("spring", c.mode, c.agents)
		if (got == nil) != (c.want == "") || got != nil && got.Mode != c.want {
			t.Errorf("%s, %s with %d agents: %+v, not %q", c.what, c.mode, c.agents, got, c.want)
		}
	}
	a := warm.Advice("spring", campaign.ModePredictive, 10)
	if math.Abs(float64(a.Answered-45)) > 2 || math.Abs(float64(a.Handling-360)) > 10 || math.Abs(float64(a.OneToOne-90)) > 1 || math.Abs(float64(a.Ahead-92)) > 1 {
		t.Errorf("the figures: %+v", a)
	}
}

func few() *Pacer {
	p := New(Config{})
	for n := range int64(adviceAfter - 1) {
		for _, k := range []campaign.PacingEventKind{campaign.PacingDialled, campaign.PacingAnswered, campaign.PacingTalked} {
			p.Observe(campaign.PacingEvent{Campaign: "spring", Kind: k, Dial: n + 1, After: 10 * time.Second})
		}
	}
	return p
}

// TestAdviceEstimates holds the estimate of dialling ahead against what the
// benchmark's table says (agents: busy share one to one, ahead).
func TestAdviceEstimates(t *testing.T) {
	for set, cells := range map[string]map[int][2]float64{
		"S1": {5: {.702, .796}, 10: {.702, .841}, 20: {.701, .886}, 50: {.702, .932}, 100: {.701, .957}},
		"S4": {5: {.901, .916}, 10: {.901, .924}, 20: {.902, .935}, 50: {.902, .953}, 100: {.902, .968}},
	} {
		for agents, c := range cells {
			got := share(c[0]/(1-c[0]) + ahead(agents))
			if math.Abs(got-c[1]) > 0.01 {
				t.Errorf("%s, %d agents: %.3f, the benchmark has %.3f", set, agents, got, c[1])
			}
		}
	}
}
