package pacing

import (
	"fmt"
	"testing"
	"time"

	"github.com/freiton/freiton/campaign"
)

// One decision, with nearly everybody at work and twice as many calls on their way.
func BenchmarkPredictive(b *testing.B) {
	for _, n := range []int{5, 20, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			stats := taught(2000, 0.15)
			s := campaign.PacingState{
				Mode: campaign.ModePredictive, Agents: make([]campaign.PacingAgent, n),
				Budgets: []campaign.PacingBudget{{Answered: 5000, Abandoned: 120, Limit: 0.03}},
			}
			for i := range n - 1 {
				s.Agents[i] = campaign.PacingAgent{Phase: campaign.PacingTalks, For: time.Duration(i) * time.Second}
			}
			for i := range 2 * n {
				s.Calls = append(s.Calls, campaign.PacingCall{Age: time.Duration(i%25) * time.Second})
			}
			m := NewModel(stats, s.Agents, 2)
			b.ReportAllocs()
			for b.Loop() {
				Predictive(s, stats, m, config())
			}
		})
	}
}
