package campaign

import (
	"errors"
	"slices"
	"time"
)

// asked is a lease under way.
type asked struct {
	seq     int
	camp    *camp
	tops    int    // Floor.tops when it was asked for
	preview bool   // Get record
	own     bool   // only a callback of hers
	held    *Lease // one that she returned: kept from her until the next one has come

	selection *Selection // by which it was asked for
	kind      RecordKind // that the mix dealt
}

// emptied is what the store said when it had no record for an agent.
type emptied struct {
	NoRecord
	until time.Time // not asked before
}

// balance brings contacts who have answered to agents, and asks for records for
// those who wait for one, the longest waiting first: their own due callbacks of
// all campaigns before anything, then from the campaign of the highest priority
// that has any. What is dialled ahead is asked for without an agent.
func (f *Floor) balance() {
	f.seatWaiting()
	f.unstaffed()
	if f.draining {
		return
	}
	waiting := slices.DeleteFunc(slices.Clone(f.agents), func(a *agent) bool { return !a.waitsForRecord() || a.ask != nil })
	slices.SortStableFunc(waiting, func(a, b *agent) int { return a.readySince.Compare(b.readySince) })
	for _, a := range waiting {
		f.askOwn(a)
	}
	for _, c := range f.campaigns {
		if c.dialsAhead() && f.staffed(c) {
			f.askAnswers(c)
		}
		n, why := f.pacing(c)
		c.pacing = why
		if !f.leases(c) {
			continue
		}
		c.blocked = nil
		if c.doc.Mode == ModePredictive {
			f.dialAhead(c, n)
			continue
		}
		n -= f.unseated(c) // dialled ahead before the mode was changed: for them somebody must be free
		for _, a := range waiting {
			if n > 0 && a.ask == nil && a.joined[c.doc.Name] && !a.empty[c.doc.Name].until.After(f.now) && !f.reserved(a, c) {
				f.askFor(a, c, asked{})
				n--
			}
		}
	}
}

// leases: records of the campaign are asked for by the floor itself.
func (f *Floor) leases(c *camp) bool {
	return c.state == Running && c.pause == nil && c.doc.Mode != ModePreview && !c.blockedUntil.After(f.now)
}

// askOwn asks for an agent's own due callbacks, one campaign after the other.
func (f *Floor) askOwn(a *agent) {
	var of []*camp
	for _, c := range f.campaigns {
		if a.joined[c.doc.Name] && f.leases(c) {
			of = append(of, c)
		}
	}
	for i, c := range of {
		first := i == 0 && c.doc.Mode != ModePredictive // its next lease brings hers before others
		if !first && !a.own[c.doc.Name].After(f.now) {
			f.askFor(a, c, asked{own: true})
			return
		}
	}
}

func (f *Floor) askFor(a *agent, c *camp, ask asked) {
	f.seq++
	ask.seq, ask.camp, ask.tops = f.seq, c, f.tops
	a.ask = &ask
	f.lease(a.ask, a.id)
}

// lease asks the store for what ask says; agent is empty for a record that is
// dialled ahead.
func (f *Floor) lease(ask *asked, agent AgentID) {
	c := ask.camp
	sel := &c.doc.Selection
	ask.selection = sel
	kinds := c.mix.order(sel)
	if len(kinds) > 0 {
		ask.kind = kinds[0]
		c.mix.deal(sel, ask.kind)
	}
	f.store(OpLease{
		Seq: ask.seq,
		Query: LeaseQuery{
			Campaign: c.doc.Name, Lists: slices.Clone(c.doc.Lists), Agent: agent, Own: ask.own, Process: f.cfg.Process,
			Kinds: slices.Clone(kinds), Newest: sel.Newest, Filter: sel.Filter,
		},
		Offer: PermitQuery{
			Campaign: c.doc.Name, Client: c.doc.Client, Agent: agent, Process: f.cfg.Process, Account: c.doc.Account, Rules: c.doc.Rules,
		},
	})
}

// stir makes everybody ask again: a record went back or was settled.
func (f *Floor) stir() {
	for _, a := range f.agents {
		clear(a.empty)
	}
	for _, c := range f.campaigns {
		c.dry = time.Time{}
	}
}

func (f *Floor) onLeased(in Leased) {
	if in.Agent == "" {
		f.onLeasedAhead(in)
		return
	}
	a := f.agent(in.Agent)
	if a == nil || a.ask == nil || a.ask.seq != in.Seq {
		if in.Err == nil {
			f.giveBack(in.Lease, Release{})
		}
		return
	}
	ask := a.ask
	a.ask = nil
	c := ask.camp
	ask.dealt(in)
	if in.Err == nil && f.notHers(a, c, in.Lease) {
		f.passBy(a, ask, in)
		return
	}
	if ask.held != nil { // without a stir: nobody waited for it
		f.store(OpRelease{Lease: *ask.held, Release: Release{Now: f.now}})
	}
	switch none, away := noRecordIn(in.Err); {
	case none != nil:
		f.noRecord(a, ask, *none)
	case away:
		f.block(c, storeAwayReason(), f.now.Add(storeAwayFor))
		f.tellPreview(a, ask, Reason{Code: IdleStore, Text: "the store does not answer"})
	case f.offerable(a, ask, in.Lease):
		c.asked = false
		f.offer(a, c, in, ask.preview)
	default:
		f.giveBack(in.Lease, Release{})
	}
}

// dealt corrects the mix by what the store gave.
func (ask *asked) dealt(in Leased) {
	if kind := in.Lease.Record.Kind(); in.Err != nil || kind != ask.kind {
		ask.camp.mix.undeal(ask.selection, ask.kind)
		if in.Err == nil {
			ask.camp.mix.deal(ask.selection, kind)
		}
	}
}

// noRecordIn tells the store's no from its silence.
func noRecordIn(err error) (none *NoRecord, away bool) {
	if errors.As(err, &none) {
		return none, false
	}
	return nil, err != nil
}

// askWhen is when it is worth asking again.
func (f *Floor) askWhen(none NoRecord) time.Time {
	until := f.now.Add(askAgain)
	if none.Next.After(f.now) && none.Next.Before(until) {
		until = none.Next
	}
	return until
}

// noRecord notes when it is worth asking again.
func (f *Floor) noRecord(a *agent, ask *asked, none NoRecord) {
	c, until := ask.camp, f.askWhen(none)
	if ask.own {
		if a.own != nil {
			a.own[c.doc.Name] = f.now.Add(askAgain)
		}
		return
	}
	if a.empty != nil {
		a.empty[c.doc.Name] = emptied{none, until}
	}
	c.asked, c.none = true, none
	f.tellPreview(a, ask, noRecordReason(none, c.doc.Name, f.now))
}

func (f *Floor) tellPreview(a *agent, ask *asked, r Reason) {
	if ask.preview {
		f.publish(Event{Kind: EventNoRecord, Agent: a.id, Campaign: ask.camp.doc.Name, Reason: &r})
	}
}

// offerable: everything is still as it was when the record was asked for. A
// record that meanwhile went to the top of a list must come before this one;
// but an agent's own callback comes before that.
func (f *Floor) offerable(a *agent, ask *asked, l Lease) bool {
	c := ask.camp
	if f.draining || a.work != nil || !a.loggedIn() || !a.joined[c.doc.Name] || c.state != Running || c.pause != nil {
		return false
	}
	if ask.preview != (c.doc.Mode == ModePreview) || (!ask.preview && !a.waitsForRecord()) {
		return false
	}
	return ask.tops == f.tops || (l.Record.Owner == a.id && l.Record.Owner != "")
}
