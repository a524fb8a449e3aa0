package campaign

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// agent is somebody who is, or was, logged in.
type agent struct {
	id       AgentID
	engaged  bool
	team     string
	consents bool // to being recorded

	status      AgentStatus // as she chose it
	reason      string
	since       time.Time // of what view shows
	readySince  time.Time // of Ready with an empty desk
	after       AgentStatus
	afterReason string

	joined    map[string]bool
	popups    []Popup
	turn      int64 // of her presence
	called    bool  // to another process
	work      *work
	ask       *asked
	empty     map[string]emptied   // by campaign
	own       map[string]time.Time // by campaign: no callback of hers is due; not asked before
	idle      *Reason
	recent    []*work // settled ones, newest first
	undoUntil time.Time
	shown     AgentView

	headset   HeadsetState
	lostAt    time.Time         // since when nothing is heard of it; zero: it is there
	soundless bool              // the loss has had its consequences
	technik   bool              // the loss made her Not ready
	cameAt    time.Time         // when she logged in
	notice    *Reason           // what happened while she was away
	returned  map[Key]time.Time // what she put back to the list is not for her before that
}

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

// waitsForRecord: Ready, nothing on her desk, and she would hear the contact.
func (a *agent) waitsForRecord() bool {
	return a.status == AgentReady && a.work == nil && a.hasSound()
}

func (a *agent) loggedIn() bool { return a.status != AgentLoggedOff }

func (a *agent) view() AgentView {
	v := AgentView{
		Agent: a.id, Status: a.status, Reason: a.reason, Since: a.since, After: a.after, AfterReason: a.afterReason,
		Engaged: a.engaged, Team: a.team, Joined: []string{}, Popups: slices.Clone(a.popups), Idle: a.idle, UndoUntil: a.undoUntil,
		Headset: a.headset, Notice: a.notice,
	}
	if a.headset == HeadsetLost && !a.soundless { // a reload is no news
		v.Headset = HeadsetUp
	}
	if v.Popups == nil {
		v.Popups = []Popup{}
	}
	for name := range a.joined {
		v.Joined = append(v.Joined, name)
	}
	slices.Sort(v.Joined)
	if a.work != nil {
		v.Interaction = a.work.id
		if a.work.state == StateWrapUp && a.loggedIn() {
			v.Chosen, v.ChosenFor = v.Status, v.Reason
			v.Status, v.Reason, v.Since = AgentAfterCall, "", a.work.wrapSince
		}
	}
	return v
}

func (v AgentView) equal(o AgentView) bool { return reflect.DeepEqual(v, o) }

func (f *Floor) login(c ClickLogin) error {
	if c.Agent == "" {
		return notPossible(ReasonBadInput, "an agent needs a name")
	}
	a := f.someone(c.Agent)
	if c.Turn != 0 {
		a.turn = c.Turn
		a.called = false
	}
	if a.notice != nil && a.notice.Code == ReasonElsewhere {
		a.notice = nil
	}
	if a.headset == HeadsetUnknown && c.Headset != HeadsetUnknown {
		if err := f.headset(ClickHeadset{c.Agent, c.Headset}); err != nil {
			return err
		}
	}
	if a.loggedIn() {
		a.after, a.afterReason = stillLoggedIn(a.after, a.afterReason)
		return nil
	}
	a.engaged, a.team, a.consents = c.Engaged, c.Team, c.RecordingConsent
	a.joined, a.empty, a.own, a.popups = map[string]bool{}, map[string]emptied{}, map[string]time.Time{}, nil
	f.setStatus(a, AgentNotReady, "")
	a.cameAt = f.now
	for _, camp := range f.campaigns {
		switch camp.state {
		case Loaded:
			f.popup(camp, PopupLoaded, a)
		case Running:
			f.popup(camp, PopupStarted, a)
		}
	}
	if c.Last == nil {
		f.store(OpRecall{recallOf(a.id, f.now)})
	} else {
		f.onRecalled(*c.Last)
	}
	f.welcome(a)
	return nil
}

// stillLoggedIn: who logs in again while a call goes on wants to stay.
func stillLoggedIn(after AgentStatus, reason string) (AgentStatus, string) {
	if after == AgentLoggedOff {
		return "", ""
	}
	return after, reason
}

// setStatusClick is My status. During an interaction it takes effect after it;
// on an open preview it is Decline, without "not accepted".
func (f *Floor) setStatusClick(a *agent, s AgentStatus, reason string) error {
	switch s {
	case AgentReady, AgentNotReady, AgentAfterCall, AgentDND, AgentLoggedOff:
	default:
		return notPossible(ReasonBadInput, fmt.Sprintf("%q is no status that can be chosen", s))
	}
	if len(reason) > 200 {
		return notPossible(ReasonBadInput, "the reason is too long")
	}
	if w := a.work; w != nil && s != AgentReady && (w.state == StateOffered || w.state == StateIncoming || w.state == StateTakeOver) {
		f.step(w, onDecline, nil)
	}
	a.technik = false
	if s == AgentReady {
		a.notice = nil
	}
	if a.work != nil {
		a.after, a.afterReason = s, reason
		return nil
	}
	f.setStatus(a, s, reason)
	return nil
}

func (f *Floor) setStatus(a *agent, s AgentStatus, reason string) {
	if a.status != s || a.reason != reason {
		a.since = f.now
	}
	if s == AgentReady && a.status != AgentReady {
		a.readySince = f.now
	}
	leaves := s == AgentLoggedOff && a.loggedIn()
	a.status, a.reason = s, reason
	if leaves {
		f.store(OpLeave{Presence{Agent: a.id, Process: f.cfg.Process, Turn: a.turn}})
	}
	if s == AgentLoggedOff {
		a.called = false
		a.joined, a.popups, a.after, a.afterReason = nil, nil, "", ""
		a.undoUntil = time.Time{}
	}
}

// free takes an interaction from its agent's desk; the status she chose
// meanwhile takes effect.
func (f *Floor) free(a *agent) {
	a.work = nil
	a.readySince = f.now
	a.since = f.now
	if a.after != "" {
		s, r := a.after, a.afterReason
		a.after, a.afterReason = "", ""
		f.setStatus(a, s, r)
	}
}

func (f *Floor) join(a *agent, name string) error {
	c := f.campaign(name)
	switch {
	case c == nil:
		return notPossible(ReasonUnknownCampaign, fmt.Sprintf("there is no campaign %q", name))
	case !c.doc.Agents.Has(a.id, a.team):
		return notPossible(ReasonNotAssigned, fmt.Sprintf("you are not assigned to campaign %q", name))
	case c.state == Unloaded || c.state == "":
		return notPossible(ReasonNotNow, fmt.Sprintf("campaign %q is not loaded", name))
	}
	a.joined[name] = true
	f.dropPopup(a, name)
	return nil
}

// leave takes an open preview of the campaign back; a call is finished.
func (f *Floor) leave(a *agent, name string) {
	delete(a.joined, name)
	if w := a.work; w != nil && w.camp != nil && w.camp.doc.Name == name {
		f.step(w, onWithdraw, Reason{Code: ReasonNotAssigned, Text: "you have left the campaign", Name: name})
	}
}

func (f *Floor) popup(c *camp, stage PopupStage, to ...*agent) {
	p := Popup{Campaign: c.doc.Name, Stage: stage, Mode: c.doc.Mode, Description: c.doc.Description}
	for _, a := range to {
		if !a.loggedIn() || !c.doc.Agents.Has(a.id, a.team) {
			continue
		}
		f.dropPopup(a, c.doc.Name)
		a.popups = append(a.popups, p)
		f.publish(Event{Kind: EventPopup, Agent: a.id, Campaign: c.doc.Name, Popup: &p})
	}
}

func (f *Floor) dropPopup(a *agent, name string) {
	a.popups = slices.DeleteFunc(a.popups, func(p Popup) bool { return p.Campaign == name })
}

// setIdle works out why nothing comes to an agent, in one sentence.
func (f *Floor) setIdle(a *agent) {
	if !a.undoUntil.After(f.now) {
		a.undoUntil = time.Time{}
	}
	switch {
	case !a.loggedIn() || a.work != nil:
		a.idle = nil
	case a.status == AgentAfterCall:
		a.idle = &Reason{Code: IdleAfterCall, Text: "After-call work"}
	case a.status != AgentReady:
		text := "Not ready"
		if a.status == AgentDND {
			text = "Do not disturb"
		}
		if a.reason != "" {
			text += ": " + a.reason
		}
		a.idle = &Reason{Code: IdleNotReady, Text: text, Name: a.reason}
	case f.draining:
		a.idle = &Reason{Code: IdleDraining, Text: "the program is being stopped"}
	case a.soundless:
		a.idle = &Reason{Code: IdleHeadset, Text: noHeadsetText}
	case !a.hasSound() && a.idle != nil: // for a moment: nothing flickers
	case len(a.joined) == 0:
		a.idle = &Reason{Code: IdleNotJoined, Text: "Ready, but joined nothing"}
	case a.ask == nil || a.ask.own:
		r := f.whyNoRecord(a)
		a.idle = &r
	case a.idle == nil || a.idle.Code == IdleNotReady || a.idle.Code == IdleAfterCall || a.idle.Code == IdleNotJoined || a.idle.Code == IdleNotRunning || a.idle.Code == IdleHeadset:
		a.idle = &Reason{Code: IdleAsking, Text: "the next record is being fetched"}
	default: // while the store is asked again the old reason stands: nothing flickers
	}
}

func (f *Floor) whyNoRecord(a *agent) Reason {
	best := Reason{Code: IdleNotRunning, Text: "none of the campaigns you joined is running"}
	for _, c := range f.campaigns {
		if !a.joined[c.doc.Name] || c.state != Running {
			continue
		}
		r := f.whyNothing(a, c)
		if best.Code == IdleNotRunning || moreTelling(r, best) {
			best = r
		}
	}
	return best
}

// moreTelling: what comes soonest is the best answer, then what hinders, and a
// list at its end the last; between equals the more important campaign's.
func moreTelling(r, than Reason) bool {
	rank := func(r Reason) int {
		switch {
		case r.Code == IdleWaiting:
			return 0
		case r.Code == IdleListDone:
			return 3
		case r.Code == IdleInWork:
			return 2
		}
		return 1
	}
	if a, b := rank(r), rank(than); a != b {
		return a < b
	}
	return r.Code == IdleWaiting && r.Until.Before(than.Until)
}

func (f *Floor) whyNothing(a *agent, c *camp) Reason {
	e, known := a.empty[c.doc.Name]
	switch {
	case c.pause != nil:
		return Reason{Code: IdlePaused, Text: fmt.Sprintf("campaign %s has paused: %s", c.doc.Name, c.pause.Text), Name: c.doc.Name}
	case c.doc.Mode == ModePreview:
		return Reason{Code: IdlePreview, Text: "records are fetched with Get record", Name: c.doc.Name}
	case c.blocked != nil && c.blockedUntil.After(f.now):
		return *c.blocked
	case c.dialsAhead() && f.home(a) == c:
		return f.idleAhead(c)
	case !known:
		return Reason{Code: IdleAsking, Text: "the next record is being fetched", Name: c.doc.Name}
	default:
		return noRecordReason(e.NoRecord, c.doc.Name, f.now)
	}
}

// noRecordReason puts the store's no into words.
func noRecordReason(e NoRecord, name string, now time.Time) Reason {
	switch {
	case !e.Next.IsZero():
		return Reason{Code: IdleWaiting, Until: e.Next, Name: name,
			Text: "no record is due before " + e.Next.In(now.Location()).Format("2006-01-02 15:04")}
	case e.InWork > 0:
		return Reason{Code: IdleInWork, Name: name, Text: fmt.Sprintf("what is left of the list, %s, is being worked on", plural(e.InWork, "record"))}
	default:
		return Reason{Code: IdleListDone, Name: name, Text: "the list is worked to its end"}
	}
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

func storeAwayReason() Reason {
	return Reason{Code: IdleStore, Text: "the store does not answer; it is asked again"}
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
