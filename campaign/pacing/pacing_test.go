package pacing

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/freiton/freiton/campaign"
)

// taught has seen so many dials of the given answer rate, talks and wrap-ups.
func taught(dials int, rate float64) *Stats {
	s := &Stats{}
	acc := 0.0
	for i := range dials {
		n := int64(i)
		s.Learn(campaign.PacingEvent{Kind: campaign.PacingDialled, Dial: n}, 0.03)
		acc += rate
		if acc < 1 {
			s.Learn(campaign.PacingEvent{Kind: campaign.PacingMissed, Dial: n, After: time.Duration(15+i%13) * time.Second}, 0.03)
			continue
		}
		acc--
		s.Learn(campaign.PacingEvent{Kind: campaign.PacingAnswered, Dial: n, After: time.Duration(5+i%11) * time.Second}, 0.03)
		s.Learn(campaign.PacingEvent{Kind: campaign.PacingJoined, Dial: n}, 0.03)
		s.Learn(campaign.PacingEvent{Kind: campaign.PacingTalked, After: time.Duration(20+17*(i%19)) * time.Second}, 0.03)
		s.Learn(campaign.PacingEvent{Kind: campaign.PacingWrappedUp, After: time.Duration(5+i%50) * time.Second}, 0.03)
	}
	return s
}

func config() Config { return Config{Grace: 2 * time.Second}.complete() }

// anyState draws a state of up to 40 agents.
func anyState(t *rapid.T) campaign.PacingState {
	s := campaign.PacingState{Mode: campaign.ModePredictive}
	seconds := func(most int) time.Duration {
		return time.Duration(rapid.IntRange(0, most*10).Draw(t, "for")) * 100 * time.Millisecond
	}
	for range rapid.IntRange(0, 40).Draw(t, "agents") {
		phase := campaign.PacingPhase(rapid.IntRange(0, 2).Draw(t, "phase"))
		s.Agents = append(s.Agents, campaign.PacingAgent{Phase: phase, For: seconds(600)})
		if phase == campaign.PacingFree {
			s.Idle++
		}
	}
	for range rapid.IntRange(0, 80).Draw(t, "calls") {
		s.Calls = append(s.Calls, campaign.PacingCall{Age: seconds(40), Answered: rapid.IntRange(0, 9).Draw(t, "answered") == 0})
	}
	for range rapid.IntRange(0, 2).Draw(t, "windows") {
		answered := rapid.IntRange(0, 3000).Draw(t, "answered")
		left := rapid.IntRange(-2, 10).Draw(t, "left") // near the edge, where it matters
		s.Budgets = append(s.Budgets, campaign.PacingBudget{
			Answered: answered, Abandoned: max(int(0.03*float64(answered))-left, 0), Limit: 0.03,
		})
	}
	return s
}

// Whatever the state: nothing without agents, never less than one-to-one, more
// only while every window would bear that all at risk are abandoned, and a
// sentence whenever it comes down to one-to-one.
func TestPredictiveKeepsTheRules(t *testing.T) {
	stats := taught(2000, 0.25)
	rapid.Check(t, func(t *rapid.T) {
		s := anyState(t)
		stats.Theta = rapid.Float64Range(leastTheta, mostTheta).Draw(t, "theta")
		d := Predictive(s, stats, NewModel(stats, s.Agents, 2), config())
		if len(s.Agents) == 0 {
			if d.Dials != 0 || d.Why == nil || d.Why.Code != ReasonNoAgents {
				t.Fatalf("nobody is there: %+v", d)
			}
			return
		}
		oneToOne := max(s.Idle-len(s.Calls), 0)
		if d.Dials < oneToOne {
			t.Fatalf("%d dials, progressive has %d", d.Dials, oneToOne)
		}
		if d.Why != nil && (!d.Closed || d.Why.Text == "" || strings.Contains(d.Why.Text, "\n")) {
			t.Fatalf("closed %v, why %v", d.Closed, d.Why)
		}
		if d.Closed && d.Why == nil && len(s.Calls)+d.Dials <= s.Idle {
			t.Fatal("no call goes beyond one-to-one, and nothing says why")
		}
		if d.Theta > mostTheta {
			t.Fatalf("θ is %v", d.Theta)
		}
		if d.Dials == oneToOne {
			return
		}
		if len(s.Budgets) == 0 {
			t.Fatalf("%d dials without a budget", d.Dials)
		}
		// What the gate will be told of the last of them, it lets through.
		for range d.Dials {
			s.Calls = append(s.Calls, campaign.PacingCall{})
		}
		atRisk := AtRisk(s, NewModel(stats, s.Agents, 2))
		if atRisk > d.AtRisk {
			t.Fatalf("%d at risk by the decision, %d by what the gate is told", d.AtRisk, atRisk)
		}
		for _, b := range s.Budgets {
			if !b.Bears(atRisk) {
				t.Fatalf("%d dials, but %d of %d are abandoned and %d at risk", d.Dials, b.Abandoned, b.Answered, atRisk)
			}
		}
	})
}

// More calls on their way, fewer new ones; more agents free, not fewer.
func TestPredictiveIsMonotone(t *testing.T) {
	stats := taught(2000, 0.25)
	rapid.Check(t, func(t *rapid.T) {
		s := anyState(t)
		s.Budgets = []campaign.PacingBudget{{Answered: 5000, Abandoned: 20, Limit: 0.03}}
		m := NewModel(stats, s.Agents, 2)
		before := Predictive(s, stats, m, config()).Dials
		waits := s
		waits.Calls = append(append([]campaign.PacingCall{}, s.Calls...), campaign.PacingCall{Age: 5 * time.Second, Answered: true})
		if after := Predictive(waits, stats, m, config()).Dials; after > before {
			t.Fatalf("one person more who waits: %d instead of %d", after, before)
		}
		more := s
		more.Calls = append(append([]campaign.PacingCall{}, s.Calls...), campaign.PacingCall{Age: time.Second})
		if after := Predictive(more, stats, m, config()).Dials; after > before {
			t.Fatalf("one call more on its way: %d instead of %d", after, before)
		}
		if len(s.Agents) == 0 || len(s.Agents) == exactAgents {
			return
		}
		more = s
		more.Agents = append(append([]campaign.PacingAgent{}, s.Agents...), campaign.PacingAgent{Phase: campaign.PacingFree})
		if after := Predictive(more, stats, m, config()).Dials; after < before {
			t.Fatalf("one agent more: %d instead of %d", after, before)
		}
	})
}

// With no risk left to take every free agent still gets a call.
func TestNeverLessThanProgressive(t *testing.T) {
	stats := taught(2000, 0.25)
	s := campaign.PacingState{
		Mode: campaign.ModePredictive, Agents: make([]campaign.PacingAgent, 30),
		Budgets: []campaign.PacingBudget{{Answered: 100, Abandoned: 2, Limit: 0.03}},
	}
	if d := Predictive(s, stats, NewModel(stats, s.Agents, 2), config()); d.Theta != 0 || d.Dials != 30 {
		t.Errorf("%+v, want 30 dials", d)
	}
}

// Those in danger count as lost: with them over the edge, the gate is closed.
func TestRiskInFlightClosesTheGate(t *testing.T) {
	stats := taught(2000, 0.25)
	s := campaign.PacingState{
		Agents: []campaign.PacingAgent{{}}, Budgets: []campaign.PacingBudget{{Answered: 1000, Abandoned: 28, Limit: 0.03}},
	}
	m := NewModel(stats, s.Agents, 2)
	if d := Predictive(s, stats, m, config()); d.Closed {
		t.Fatalf("two calls are left: %+v", d)
	}
	for range 12 {
		s.Calls = append(s.Calls, campaign.PacingCall{Age: 3 * time.Second})
	}
	if d := Predictive(s, stats, m, config()); !d.Closed || d.Risk < 1 {
		t.Errorf("twelve calls for one agent: %+v", d)
	}
}

// However much budget is left, θ has a cap.
func TestThetaIsCapped(t *testing.T) {
	stats := taught(2000, 0.25)
	stats.Theta = mostTheta
	s := campaign.PacingState{
		Agents: make([]campaign.PacingAgent, 5), Budgets: []campaign.PacingBudget{{Answered: 100000, Limit: 0.03}},
	}
	if d := Predictive(s, stats, NewModel(stats, s.Agents, 2), config()); d.Theta != mostTheta {
		t.Errorf("θ is %v", d.Theta)
	}
}

func TestModes(t *testing.T) {
	free := campaign.PacingAgent{Phase: campaign.PacingFree}
	s := campaign.PacingState{Idle: 3, Agents: []campaign.PacingAgent{free, free, free}}
	p := New(Config{Grace: 2 * time.Second})
	for mode, want := range map[campaign.Mode]int{
		campaign.ModePreview: 0, campaign.ModePushPreview: 3, campaign.ModeProgressive: 3, campaign.ModePredictive: 3,
	} {
		s.Mode = mode
		n, why := p.Dials(s)
		if n != want || (why != nil) != (mode == campaign.ModePredictive) {
			t.Errorf("%s: %d, %v, want %d", mode, n, why, want)
		}
	}
}

// The sentence says which of the reasons it is.
func TestReasons(t *testing.T) {
	free := campaign.PacingAgent{Phase: campaign.PacingFree}
	for want, b := range map[campaign.ReasonCode]campaign.PacingBudget{
		ReasonHistory: {Answered: 20, Limit: 0.03},
		ReasonBudget:  {Answered: 1000, Abandoned: 30, Limit: 0.03},
		ReasonLimit:   {Answered: 1000},
	} {
		s := campaign.PacingState{Agents: []campaign.PacingAgent{free}, Budgets: []campaign.PacingBudget{{Answered: 9000, Limit: 0.03}, b}}
		d := Predictive(s, &Stats{}, NewModel(&Stats{}, s.Agents, 2), config())
		if d.Why == nil || d.Why.Code != want || d.Dials != 1 {
			t.Errorf("%+v: %+v, want %s and one dial", b, d, want)
		}
	}
	s := campaign.PacingState{Agents: []campaign.PacingAgent{free}}
	if d := Predictive(s, &Stats{}, NewModel(&Stats{}, s.Agents, 2), config()); d.Why == nil || d.Why.Code != ReasonUnknown || d.Dials != 1 {
		t.Errorf("before the budget is known: %+v", d)
	}
}

// While the gate is closed θ stands still; after an abandoned call it is lower.
func TestThetaLearns(t *testing.T) {
	s := taught(500, 0.25)
	was := s.Theta
	s.Closed = true
	s.Learn(campaign.PacingEvent{Kind: campaign.PacingAbandoned}, 0.03)
	if s.Theta != was {
		t.Errorf("θ went from %v to %v while the gate was closed", was, s.Theta)
	}
	s.Closed = false
	s.Learn(campaign.PacingEvent{Kind: campaign.PacingAbandoned}, 0.03)
	if s.Theta >= was {
		t.Errorf("an abandoned call left θ at %v", s.Theta)
	}
	for range 1_000_000 {
		s.Learn(campaign.PacingEvent{Kind: campaign.PacingJoined}, 0.03)
	}
	if s.Theta != mostTheta {
		t.Errorf("θ is not capped: %v", s.Theta)
	}
}

// Written and read again, statistics decide the same.
func TestStatsSurvive(t *testing.T) {
	a := New(Config{Grace: 2 * time.Second})
	a.Restore("spring", *taught(1500, 0.2))
	text, err := json.Marshal(a.Stats("spring"))
	if err != nil {
		t.Fatal(err)
	}
	var s Stats
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s, a.Stats("spring")) {
		t.Error("what was read is not what was written")
	}
	b := New(Config{Grace: 2 * time.Second})
	b.Restore("spring", s)
	state := campaign.PacingState{
		Campaign: "spring", Mode: campaign.ModePredictive,
		Agents:  []campaign.PacingAgent{{Phase: campaign.PacingTalks, For: 50 * time.Second}, {}, {}, {}, {}},
		Budgets: []campaign.PacingBudget{{Answered: 1000, Limit: 0.03}},
	}
	n, _ := a.Dials(state)
	m, _ := b.Dials(state)
	if n != m || n <= 4 {
		t.Errorf("%d dials before, %d after", n, m)
	}
	// A file from elsewhere must not bring it down.
	for _, odd := range []string{`{}`, `{"talk":{"ended":[1,2]},"answers":{"answered":[1],"quick":{"of":-5,"live":1e300}},"theta":-3}`} {
		var s Stats
		if err := json.Unmarshal([]byte(odd), &s); err != nil {
			t.Fatal(err)
		}
		b.Restore("spring", s)
		if n, _ := b.Dials(state); n < 0 || n > linesAnAgent*len(state.Agents) {
			t.Errorf("%s: %d dials", odd, n)
		}
	}
}

// Unfinished talks count for the time they were seen: long ones going on make
// the estimate longer, and a memoryless law is found again from cut data.
func TestHazardsTreatCensoredRightly(t *testing.T) {
	var l Lengths
	var unfinished []float64
	// Exponential talks of mean 100 s in no order, each looked at for 60 s only.
	for i := range 500 {
		x := -100 * math.Log(1-(float64(i*137%500)+0.5)/500)
		if x < 60 {
			l.add(x)
		} else {
			unfinished = append(unfinished, 60)
		}
	}
	c := newCurve(l.hazards(unfinished, usualTalk))
	for _, at := range []float64{5, 20, 40} {
		if got, want := c.within(at, 15), 1-math.Exp(-0.15); math.Abs(got-want) > 0.02 {
			t.Errorf("at %v s: %.3f, want %.3f", at, got, want)
		}
	}
	naive := newCurve(l.hazards(nil, usualTalk))
	if naive.within(20, 15) < 1.2*c.within(20, 15) {
		t.Error("those unfinished make no difference")
	}
}

// The rate follows dials in the order they were dialled, whatever order they end in.
func TestRateInDiallingOrder(t *testing.T) {
	var a Answers
	for i := range int64(100) {
		a.dialled(i)
	}
	for i := range int64(99) { // all failures come back first, but not the first dial
		if i%4 != 0 {
			a.ended(i, false, 3)
		}
	}
	if a.Quick.Of != 0 {
		t.Errorf("%v dials counted while the first is open", a.Quick.Of)
	}
	for i := int64(0); i < 100; i += 4 {
		a.ended(i, true, 20)
	}
	if r := a.rate(); math.Abs(r-0.25) > 0.03 {
		t.Errorf("the rate is %.3f", r)
	}
}

// Both ways to count agree where they meet.
func TestExactAndNormalAgree(t *testing.T) {
	for _, base := range []int{-2, 0, 3} {
		var exact, about [2]count
		for i := range 2 {
			exact[i].reset(true)
			about[i].reset(false)
		}
		for i := range 40 {
			x := 0.05 + 0.01*float64(i%10)
			exact[0].add(x)
			about[0].add(x)
			exact[1].add(x / 2)
			about[1].add(x / 2)
			exact[1].add(x)
			about[1].add(x)
		}
		e, n := reached(base, &exact[0], &exact[1]), reached(base, &about[0], &about[1])
		if math.Abs(e-n) > 0.02 {
			t.Errorf("base %d: exactly %.4f, about %.4f", base, e, n)
		}
	}
	two := count{exact: true, p: []float64{0.5, 0.5}} // one thing of an even chance
	if got := reached(1, &two, &count{exact: true, p: []float64{0, 0.5, 0.5}}); math.Abs(got-0.75) > 1e-12 {
		t.Errorf("by hand it is 3/4, not %v", got)
	}
}

// How many are without an agent at once is played many times: more than AtRisk
// says are as good as never, and AtRisk is not far above what happens.
func TestAtRisk(t *testing.T) {
	stats := taught(5000, 0.25)
	chance := rand.New(rand.NewPCG(1, 2))
	for _, agents := range []int{3, 12, 60} {
		s := campaign.PacingState{Mode: campaign.ModePredictive}
		for range agents {
			s.Agents = append(s.Agents, campaign.PacingAgent{Phase: campaign.PacingTalks, For: time.Duration(chance.IntN(200)) * time.Second})
		}
		s.Agents[0] = campaign.PacingAgent{}
		for range agents {
			s.Calls = append(s.Calls, campaign.PacingCall{Age: time.Duration(chance.IntN(10)) * time.Second})
		}
		m := NewModel(stats, s.Agents, 2)
		said := AtRisk(s, m)
		f := newForecast(s, m)
		most, more := 0, 0
		const plays = 20000
		answers := make([][points]float64, len(s.Calls))
		for i, c := range s.Calls {
			m.answers(c.Age.Seconds(), &answers[i])
		}
		for range plays {
			k := chance.IntN(points)
			lost := -f.idle
			for _, a := range s.Agents {
				if a.Phase != campaign.PacingFree && chance.Float64() < m.free(a)[k] {
					lost--
				}
			}
			for i := range answers {
				if chance.Float64() < answers[i][k] {
					lost++
				}
			}
			most = max(most, lost)
			if lost > said {
				more++
			}
		}
		t.Logf("%d agents, %d calls: %d at risk; in %d plays %d at most, more in %d", agents, len(s.Calls), said, plays, most, more)
		if more > plays/2000 || said > most+4 || said > len(s.Calls) {
			t.Errorf("%d agents, %d calls: %d are said to be at risk; in %d plays it was %d at most, more in %d", agents, len(s.Calls), said, plays, most, more)
		}
	}
}

// Who waits is lost already, as far as anybody can tell, and the one to be
// dialled may be.
func TestAtRiskAtLeast(t *testing.T) {
	stats := taught(2000, 0.25)
	s := campaign.PacingState{Mode: campaign.ModePredictive, Agents: make([]campaign.PacingAgent, 30)}
	for range 3 {
		s.Calls = append(s.Calls, campaign.PacingCall{Answered: true})
	}
	if n := AtRisk(s, NewModel(stats, s.Agents, 2)); n != 4 {
		t.Errorf("three wait: %d at risk, not 4", n)
	}
	if n := AtRisk(campaign.PacingState{Calls: make([]campaign.PacingCall, 5)}, NewModel(stats, nil, 2)); n != 5 {
		t.Errorf("five calls and no agents: %d at risk", n)
	}
}
