package campaign

import (
	"fmt"
	"slices"
	"time"
)

// Dialling ahead of demand: predictive mode. The pacer says how many calls may
// begin; each is a record leased for nobody in particular, asked of the gate
// and dialled without an agent. Who answers is brought to one: see seat.go.
//
//	Pacer.Dials ─▶ lease ─▶ permit ─▶ dial ─▶ answered ─▶ seat
//
// mostPending is how many may be on the way to being dialled at a time: what is
// leased and not yet dialled cannot be had by anybody else.
const mostPending = 8

// pacingTick is how often the pacer is asked when nothing happens: its forecast
// moves with time.
const pacingTick = time.Second

// dialsAhead reports whether a campaign's calls are begun without an agent now.
func (c *camp) dialsAhead() bool {
	return c.doc.Mode == ModePredictive && c.state == Running && c.pause == nil
}

// home is the one predictive campaign whose calls an agent takes: the most
// important running one she has joined.
func (f *Floor) home(a *agent) *camp {
	for _, c := range f.campaigns {
		if a.joined[c.doc.Name] && c.dialsAhead() {
			return c
		}
	}
	return nil
}

// dialAhead begins what the pacer allows.
func (f *Floor) dialAhead(c *camp, n int) {
	if c.dry.After(f.now) {
		return
	}
	pending := len(c.asks)
	for _, w := range f.works {
		if w.camp == c && w.ahead && (w.state == StateAsking || w.state == StateWaiting) {
			pending++
		}
	}
	for range min(n, mostPending-pending) {
		f.seq++
		ask := &asked{seq: f.seq, camp: c}
		c.asks = append(c.asks, ask)
		f.lease(ask, "")
	}
}

// onLeasedAhead takes in a record that was leased for nobody in particular.
func (f *Floor) onLeasedAhead(in Leased) {
	var ask *asked
	for _, c := range f.campaigns {
		if i := slices.IndexFunc(c.asks, func(a *asked) bool { return a.seq == in.Seq }); i >= 0 {
			ask = c.asks[i]
			c.asks = slices.Delete(c.asks, i, i+1)
		}
	}
	if ask == nil {
		if in.Err == nil {
			f.giveBack(in.Lease, Release{})
		}
		return
	}
	ask.dealt(in)
	c := ask.camp
	none, away := noRecordIn(in.Err)
	switch {
	case none != nil:
		c.dry = f.askWhen(*none)
		c.asked, c.none = true, *none
	case away:
		f.block(c, storeAwayReason(), f.now.Add(storeAwayFor))
	case f.draining || !c.dialsAhead() || !f.staffed(c):
		f.giveBack(in.Lease, Release{})
	case !f.offerRefused(c, in.Lease):
		c.asked = false
		f.begin(c, in.Lease)
	}
}

// begin puts a record that has no agent to the gate.
func (f *Floor) begin(c *camp, l Lease) {
	w := &work{kind: KindCampaign, camp: c, doc: c.doc, lease: l, ahead: true, offeredAt: f.now, attempt: f.attemptOf(c, l)}
	f.open(w, StateAsking)
	f.ask(w)
}

// attemptOf is the attempt that a leased record will be.
func (f *Floor) attemptOf(c *camp, l Lease) Attempt {
	r := l.Record
	return Attempt{
		Campaign: c.doc.Name, Record: r.Key, RecordID: r.ID, List: r.List,
		Number: r.Phone, Person: r.Person, Process: f.cfg.Process,
	}
}

// beyondOneToOne reports whether there are as many calls under way already as
// agents are free.
func (f *Floor) beyondOneToOne(w *work) bool {
	others, free := f.unseated(w.camp), 0
	if w.unseated() {
		others--
	}
	for _, a := range f.crew(w.camp) {
		if a.Phase == PacingFree {
			free++
		}
	}
	return others >= free
}

// unseated: dialled ahead, or about to be, and not with an agent.
func (w *work) unseated() bool {
	if !w.ahead || w.taken {
		return false
	}
	switch w.state {
	case StateAsking, StateWaiting, StateDialing, StateRinging, StateSeeking:
		return true
	}
	return false
}

func (f *Floor) unseated(c *camp) (n int) {
	for _, w := range f.works {
		if w.camp == c && w.unseated() {
			n++
		}
	}
	return n
}

// staffed: somebody is there to talk, now or after the call she has.
func (f *Floor) staffed(c *camp) bool { return len(f.crew(c)) > 0 }

// unstaffed takes back what is not dialled yet where nobody is left. What rings
// is let ring: an agent who logs off cancels nothing.
func (f *Floor) unstaffed() {
	gone := map[*camp]bool{}
	for _, w := range slices.Clone(f.works) {
		if !w.ahead || w.dropped || w.state != StateAsking && w.state != StateWaiting {
			continue
		}
		if _, known := gone[w.camp]; !known {
			gone[w.camp] = !f.staffed(w.camp)
		}
		if gone[w.camp] {
			f.step(w, onWithdraw, Reason{Code: IdleNoAgents, Text: "nobody is there to talk", Name: w.camp.doc.Name})
		}
	}
}

// crew is everybody who takes a campaign's calls, as the pacer sees them: not
// those on a break or logged off, nor those who will be after this call.
func (f *Floor) crew(c *camp) []PacingAgent {
	var all []PacingAgent
	for _, a := range f.agents {
		if !a.loggedIn() || !a.joined[c.doc.Name] || c.dialsAhead() && f.home(a) != c {
			continue
		}
		w, p := a.work, PacingAgent{Phase: PacingTalks}
		stays := a.after == AgentReady || a.after == "" && a.status == AgentReady
		switch {
		case !stays || w == nil && !a.hasSound() || w != nil && w.camp != c:
			continue
		case w == nil:
			p = PacingAgent{PacingFree, f.now.Sub(a.readySince)}
		case w.state == StateWrapUp:
			p = PacingAgent{PacingWrapsUp, f.now.Sub(w.wrapSince)}
		case !w.attempt.JoinedAt.IsZero():
			p.For = f.now.Sub(w.attempt.JoinedAt)
		}
		p.For = max(p.For, 0)
		all = append(all, p)
	}
	return all
}

// reserved: an agent is kept for the calls dialled ahead for her campaign, as
// long as there are any, before she gets a record of a less important one.
func (f *Floor) reserved(a *agent, c *camp) bool {
	h := f.home(a)
	if h == nil || slices.Index(f.campaigns, h) > slices.Index(f.campaigns, c) {
		return false
	}
	if !h.dry.After(f.now) && !h.blockedUntil.After(f.now) {
		return true
	}
	return f.unseated(h) > 0
}

// idleAhead says what an agent of a predictive campaign waits for.
func (f *Floor) idleAhead(c *camp) Reason {
	n := f.unseated(c)
	switch {
	case n == 0 && c.dry.After(f.now):
		return noRecordReason(c.none, c.doc.Name, f.now)
	case n == 0:
		return Reason{Code: IdleAsking, Text: "the next record is being fetched", Name: c.doc.Name}
	}
	return Reason{Code: IdleAhead, Text: "calls are under way: the next contact who answers comes to whoever is free longest", Name: c.doc.Name}
}

// text is how a pacer's or the gate's reason reads beside the other.
func (c *camp) pacingReason(f *Floor, why *Reason) *Reason {
	if c.shut != nil && c.shutUntil.After(f.now) && why == nil {
		return &Reason{Code: c.shut.Code, Text: fmt.Sprintf("one call for each free agent: %s", c.shut.Text)}
	}
	return why
}
