package campaign

import (
	"strings"
	"testing"
	"time"
)

// At the very edge: what the budget bears is permitted, one more is refused, in
// either window, and what is said tells whether waiting helps.
func TestBudgetEdge(t *testing.T) {
	now := time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC)
	ask := func(atRisk int, day, month AnswerCount) (Verdict, bool) {
		g := gate{Rules: Rules{MaxAbandoned: 0.03}, Facts: Facts{Ahead: true, AtRisk: atRisk, Answers: Answers{day, month}}, now: now}
		return g.budget()
	}
	plenty := AnswerCount{Answered: 10000}
	for _, c := range []struct {
		atRisk     int
		day, month AnswerCount
		refused    string
		again      time.Duration
	}{
		{1, AnswerCount{100, 2}, plenty, "", 0},
		{1, AnswerCount{99, 2}, plenty, "24 hours", budgetFull},
		{1, plenty, AnswerCount{99, 2}, "30 days", budgetFull},
		{2, AnswerCount{100, 2}, plenty, "1 call under way", budgetReserved},
		{2, AnswerCount{100, 1}, plenty, "", 0},
		{3, AnswerCount{100, 1}, plenty, "2 calls under way", budgetReserved},
		{0, AnswerCount{33, 0}, plenty, "24 hours", budgetFull}, // this one is always at risk
		{0, AnswerCount{34, 0}, plenty, "", 0},
	} {
		v, no := ask(c.atRisk, c.day, c.month)
		if no != (c.refused != "") || no && (v.Kind != Global || !strings.Contains(v.Reason.Text, c.refused) || !v.Next.Equal(now.Add(c.again))) {
			t.Errorf("%d at risk, %v in a day, %v in a month: refused %v, %q until %s", c.atRisk, c.day, c.month, no, v.Reason.Text, v.Next)
		}
	}
}

// Of the process that asks counts what it says now; of the others what they
// said, as far as it still rings; of each whoever waits.
func TestRiskOf(t *testing.T) {
	for _, c := range []struct {
		said   int
		others map[string]Unseated
		want   int
	}{
		{0, nil, 1},
		{5, nil, 1},
		{0, map[string]Unseated{"me": {Waiting: 1, Ringing: 4, AtRisk: 2}}, 6},
		{3, map[string]Unseated{"me": {Waiting: 1, Ringing: 4, AtRisk: 2}}, 3},
		{1, map[string]Unseated{"me": {Waiting: 2, Ringing: 4, AtRisk: 2}}, 3},
		{9, map[string]Unseated{"me": {Waiting: 1, Ringing: 4, AtRisk: 2}}, 6},
		{1, map[string]Unseated{"you": {Waiting: 1, Ringing: 4, AtRisk: 2}, "they": {Ringing: 1, AtRisk: 9}}, 5},
	} {
		if n := RiskOf(PermitQuery{Process: "me", AtRisk: c.said}, c.others); n != c.want {
			t.Errorf("%d said, %v: %d at risk, not %d", c.said, c.others, n, c.want)
		}
	}
}
