package campaign

import (
	"fmt"
	"time"
)

// The windows of time in which the abandonment budget is kept, and how often a
// floor asks the store what other processes have added to it.
const (
	BudgetDay    = 24 * time.Hour
	BudgetMonth  = 30 * 24 * time.Hour
	budgetsAgain = 10 * time.Second
)

// Answers counts a campaign's answered calls, in both windows.
type Answers struct{ Day, Month AnswerCount }

// AnswerCount is who has answered, and who of them found no agent in time.
type AnswerCount struct{ Answered, Abandoned int }

func (n AnswerCount) plus(o AnswerCount, sign int) AnswerCount {
	return AnswerCount{n.Answered + sign*o.Answered, n.Abandoned + sign*o.Abandoned}
}

// Late reports whether an attempt counts as abandoned: a person answered, and
// was not with an agent within 2 s, even if she stayed.
func (a *Attempt) Late() bool {
	if a.AnsweredAt.IsZero() {
		return false
	}
	return a.DialerResult == Abandoned || a.Result == Abandoned || a.JoinedAt.IsZero() || a.JoinedAt.Sub(a.AnsweredAt) > ConnectWithin
}

// Counts says what an attempt adds to its campaign's Answers: nothing before it
// is joined or over.
func (a *Attempt) Counts() AnswerCount {
	switch {
	case a.Campaign == "" || a.AnsweredAt.IsZero() || a.JoinedAt.IsZero() && a.EndedAt.IsZero():
		return AnswerCount{}
	case a.Late():
		return AnswerCount{1, 1}
	}
	return AnswerCount{1, 0}
}

// budget is what a floor knows of a campaign's answers: what the store said,
// and what has come since.
type budget struct {
	known  bool
	base   Answers
	since  AnswerCount // that base does not hold
	asked  AnswerCount // of since, what the answer under way will hold
	asking bool
	again  time.Time
}

// askAnswers asks the store, now and then.
func (f *Floor) askAnswers(c *camp) {
	b := &c.budget
	if b.asking || b.again.After(f.now) {
		return
	}
	b.asking, b.asked = true, b.since
	f.store(OpAnswers{c.doc.Name})
}

func (f *Floor) onCounted(in Counted) {
	c := f.campaign(in.Campaign)
	if c == nil {
		return
	}
	b := &c.budget
	b.asking, b.again = false, f.now.Add(budgetsAgain)
	if in.Err != nil { // what was known is not less true for that
		b.again = f.now.Add(storeAwayFor)
		return
	}
	b.known, b.base, b.since = true, in.Answers, b.since.plus(b.asked, -1)
}

// budgets is what the pacer is shown: nothing as long as nothing is known.
func (c *camp) budgets() []PacingBudget {
	b, limit := &c.budget, c.doc.Rules.MaxAbandoned
	if !b.known {
		return nil
	}
	var out []PacingBudget
	for _, n := range []AnswerCount{b.base.Day, b.base.Month} {
		n = n.plus(b.since, 1)
		out = append(out, PacingBudget{Answered: n.Answered, Abandoned: n.Abandoned, Limit: limit})
	}
	return out
}

// countJoin counts a contact who is with an agent.
func (f *Floor) countJoin(w *work) {
	if w.camp == nil || w.attempt.AnsweredAt.IsZero() {
		return
	}
	if w.attempt.Late() {
		f.countLost(w)
		return
	}
	f.countAnswer(w)
	if w.ahead {
		f.learn(w, PacingJoined, 0)
	}
}

// countLost counts an abandoned contact, once.
func (f *Floor) countLost(w *work) {
	if w.camp == nil || w.countedLost {
		return
	}
	first := !w.countedAnswer
	f.countAnswer(w)
	w.countedLost = true
	w.camp.budget.since.Abandoned++
	if w.ahead && first { // each answer is followed by one of the two
		f.learn(w, PacingAbandoned, 0)
	}
}

func (f *Floor) countAnswer(w *work) {
	if !w.countedAnswer {
		w.countedAnswer = true
		w.camp.budget.since.Answered++
	}
}

// Unseated are the calls of a campaign, of one process, that have no agent.
type Unseated struct {
	Waiting int // answered
	Ringing int // dialled ahead, not answered and not over
	AtRisk  int // as it was said of them; the most
}

// risk is how many of another process's calls may be abandoned: as many as it
// said when it dialled, where so many are left.
func (u Unseated) risk() int { return u.Waiting + min(u.Ringing, u.AtRisk) }

// with is the same of the process that asks for one more.
func (u Unseated) with(atRisk int) int {
	all := u.Waiting + u.Ringing + 1
	if atRisk <= 0 {
		return all
	}
	return min(max(atRisk, u.Waiting+1), all)
}

// RiskOf is how many calls of a campaign may be abandoned when q is permitted:
// unseated are those of each process by its name.
func RiskOf(q PermitQuery, unseated map[string]Unseated) int {
	n := unseated[q.Process].with(q.AtRisk)
	for process, u := range unseated {
		if process != q.Process {
			n += u.risk()
		}
	}
	return n
}

// A refusal for want of budget holds so long: the next call that ends makes
// room where only what is under way stands against it.
const (
	budgetFull     = 5 * time.Second
	budgetReserved = time.Second
)

// budget refuses a call beyond one for each free agent unless every window
// bears that it is abandoned, and with it every other call that may be.
func (g *gate) budget() (Verdict, bool) {
	if g.Manual || !g.Ahead {
		return Verdict{}, false
	}
	for _, w := range []struct {
		name string
		AnswerCount
	}{{"24 hours", g.Answers.Day}, {"30 days", g.Answers.Month}} {
		if (PacingBudget{w.Answered, w.Abandoned, g.MaxAbandoned}).Bears(max(g.AtRisk, 1)) {
			continue
		}
		text := fmt.Sprintf("%d of %d answers in %s were abandoned, and %.1f %% may be", w.Abandoned, w.Answered, w.name, 100*g.MaxAbandoned)
		again := budgetFull
		if others := g.AtRisk - 1; others > 0 {
			text += fmt.Sprintf("; %s under way may be as well", plural(others, "call"))
			again = budgetReserved
		}
		return global(ReasonBudget, text, g.now.Add(again)), true
	}
	return Verdict{}, false
}
