package campaign

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"time"
)

// camp is a campaign and what it is doing.
type camp struct {
	doc    *Campaign
	state  RunState
	pause  *Reason // it paused itself; state stays Running
	fails  int     // own failures in a row
	pacing *Reason
	mix    mix

	sweepAt time.Time // when missed callbacks are looked for

	blocked      *Reason // no leases: a global refusal, or the store is away
	blockedUntil time.Time

	// Dialling ahead:
	asks      []*asked  // leases under way
	dry       time.Time // the store has no record; not asked before
	budget    budget
	paced     PacingState // what the pacer was shown last
	shut      *Reason     // the gate has refused a call for want of budget
	shutUntil time.Time

	asked bool // the store said that it has nothing, and this is what it said
	none  NoRecord
	shown CampaignView
}

// campaignMove is a row of the campaign's state table.
type campaignMove struct {
	from []RunState
	to   RunState
	do   func(*Floor, *camp)
}

// campaignMoves: what the administrator may do in which state. Whatever is not
// named is refused.
func campaignMoves() map[string]campaignMove {
	return map[string]campaignMove{
		"load":   {[]RunState{Unloaded, ""}, Loaded, func(f *Floor, c *camp) { f.popup(c, PopupLoaded, f.agents...) }},
		"start":  {[]RunState{Loaded, Running}, Running, (*Floor).started},
		"stop":   {[]RunState{Running}, Loaded, func(f *Floor, c *camp) { f.stopped(c, "was stopped") }},
		"unload": {[]RunState{Running, Loaded}, Unloaded, (*Floor).unloaded},
	}
}

func (f *Floor) moveCampaign(what, name string) error {
	c := f.campaign(name)
	if c == nil {
		return notPossible(ReasonUnknownCampaign, fmt.Sprintf("there is no campaign %q", name))
	}
	m := campaignMoves()[what]
	if !slices.Contains(m.from, c.state) {
		state := cmp.Or(c.state, Unloaded)
		text := fmt.Sprintf("campaign %q is %s: %s is not possible", name, state, what)
		if what == "start" {
			text += "; load it first"
		}
		return notPossible(ReasonNotNow, text)
	}
	if what == "start" && c.state == Running && c.pause == nil {
		return notPossible(ReasonNotNow, fmt.Sprintf("campaign %q is running already", name))
	}
	m.do(f, c)
	c.state = m.to
	f.keepCampaign(c)
	return nil
}

func (f *Floor) started(c *camp) {
	if c.state != Running {
		f.popup(c, PopupStarted, f.agents...)
	}
	c.pause, c.fails, c.asked = nil, 0, false
	c.blocked, c.blockedUntil, c.shutUntil = nil, time.Time{}, time.Time{}
	f.stir()
}

// stopped withdraws what is not dialled yet; calls and after-call work go on.
func (f *Floor) stopped(c *camp, how string) {
	c.pause, c.asked = nil, false
	for _, a := range f.agents {
		f.dropPopup(a, c.doc.Name)
	}
	f.withdraw(c, Reason{Code: ReasonStopped, Text: fmt.Sprintf("campaign %s %s", c.doc.Name, how), Name: c.doc.Name})
}

func (f *Floor) unloaded(c *camp) {
	f.stopped(c, "was unloaded")
	for _, a := range f.agents {
		delete(a.joined, c.doc.Name)
	}
}

// pauseCampaign: it stays started, but nothing new is offered until somebody
// starts it again.
func (f *Floor) pauseCampaign(c *camp, r Reason) {
	if c.state != Running || c.pause != nil {
		return
	}
	c.pause = &r
	f.withdraw(c, r)
	if r.Code != ReasonJournal { // this process's own disk, and no matter of the others
		f.keepCampaign(c)
	}
}

func (f *Floor) pauseAll(r Reason) {
	for _, c := range f.campaigns {
		f.pauseCampaign(c, r)
	}
}

// withdraw takes back every undialled record of a campaign (nil: of all) to
// its old place.
func (f *Floor) withdraw(c *camp, r Reason) {
	for _, w := range slices.Clone(f.works) {
		if c == nil || w.camp == c {
			f.step(w, onWithdraw, r)
		}
	}
}

func (f *Floor) block(c *camp, r Reason, until time.Time) {
	c.blocked, c.blockedUntil = &r, until
}

// keepCampaign writes what a campaign is doing, and leaves its document alone:
// another process may have changed that.
func (f *Floor) keepCampaign(c *camp) {
	row := CampaignRow{Name: c.doc.Name, State: c.state, Changed: f.now}
	if c.pause != nil {
		row.Pause = c.pause.Text
	}
	f.state(row)
}

func (f *Floor) state(row CampaignRow) {
	f.stated++
	f.store(OpState{row})
}

// ModeMayChange says whether a campaign that is in a state may go from one mode
// to another: while it runs between progressive and predictive only (a
// *NotPossible), for agents of a preview mode fetch or dial by themselves.
func ModeMayChange(state RunState, from, to Mode) error {
	dialled := func(m Mode) bool { return m == ModeProgressive || m == ModePredictive }
	if state != Running || from == to || dialled(from) && dialled(to) {
		return nil
	}
	return notPossible(ReasonRunningMode, "while a campaign runs, its mode changes between progressive and predictive only: stop the campaign first")
}

// apply takes in a campaign document. Interactions that are under way go on
// under the one they began with.
func (f *Floor) apply(in ClickApply) error {
	doc := in.Campaign
	if doc == nil || doc.Name == "" {
		return notPossible(ReasonBadInput, "a campaign needs a name")
	}
	row := CampaignRow{Name: doc.Name, Document: doc.Document, Files: doc.Files, Changed: f.now}
	c := f.campaign(doc.Name)
	if c != nil {
		if err := ModeMayChange(c.state, c.doc.Mode, doc.Mode); err != nil {
			return err
		}
	} else {
		row.State, row.Pause = in.State, in.Pause
		c = &camp{state: cmp.Or(in.State, Unloaded)}
		if in.Pause != "" && c.state == Running {
			c.pause = &Reason{Code: ReasonOwnFails, Text: in.Pause}
		}
		f.campaigns = append(f.campaigns, c)
	}
	f.setDocument(c, doc)
	f.state(row)
	return nil
}

// setDocument gives a campaign a document.
func (f *Floor) setDocument(c *camp, doc *Campaign) {
	modeChanged := c.doc != nil && c.doc.Mode != doc.Mode
	c.doc = doc
	slices.SortStableFunc(f.campaigns, func(a, b *camp) int {
		return cmp.Or(cmp.Compare(b.doc.Priority, a.doc.Priority), cmp.Compare(a.doc.Name, b.doc.Name))
	})
	if modeChanged {
		f.withdraw(c, Reason{Code: ReasonModeChanged, Text: fmt.Sprintf("campaign %s goes on in another mode", doc.Name), Name: doc.Name})
	}
	for _, a := range f.agents {
		if a.joined[doc.Name] && !doc.Agents.Has(a.id, a.team) {
			f.leave(a, doc.Name)
		}
	}
	c.asked = false
	f.stir()
}

// rules are the campaign's, with its state put in.
func (c *camp) rules() Rules {
	r := c.doc.Rules
	r.Running = c.state == Running && c.pause == nil
	return r
}

func (f *Floor) campaignView(c *camp) CampaignView {
	v := CampaignView{
		Name: c.doc.Name, Description: c.doc.Description, Greeting: c.doc.Greeting, Mode: c.doc.Mode,
		Priority: c.doc.Priority, State: cmp.Or(c.state, Unloaded), Pause: c.pause, Joined: []AgentID{}, Pacing: c.pacing,
		Asked: c.asked, Results: c.doc.Results, Dispositions: c.doc.Dispositions, Assigned: c.doc.Agents,
	}
	if c.asked {
		v.Next, v.Waiting, v.InWork = c.none.Next, c.none.Waiting, c.none.InWork
	}
	ready := 0
	for _, a := range f.agents {
		if a.joined[c.doc.Name] {
			v.Joined = append(v.Joined, a.id)
			if a.status == AgentReady {
				ready++
			}
		}
	}
	if c.state == Running {
		v.Idle = f.whyNotDialling(c, ready)
		v.Advice = f.advice(c, ready)
	}
	return v
}

// whyNotDialling says why a running campaign dials nothing; nil: it does.
func (f *Floor) whyNotDialling(c *camp, ready int) *Reason {
	for _, w := range f.works {
		if w.camp == c && w.state != StateWrapUp {
			return nil
		}
	}
	switch {
	case f.draining:
		return &Reason{Code: IdleDraining, Text: "the program is being stopped"}
	case c.pause != nil:
		return &Reason{Code: IdlePaused, Text: "paused: " + c.pause.Text}
	case ready == 0:
		return &Reason{Code: IdleNoAgents, Text: "nobody who has joined is Ready"}
	}
	if c.dialsAhead() {
		switch old := c.shown.Idle; {
		case c.blocked != nil || !f.staffed(c):
		case c.dry.After(f.now):
			r := f.idleAhead(c)
			return &r
		case len(c.asks) > 0 && old != nil && slices.Contains([]ReasonCode{IdleWaiting, IdleInWork, IdleListDone}, old.Code):
			return old // the store is being asked again; nothing flickers
		case len(c.asks) > 0:
			return nil
		}
	}
	for _, a := range f.agents {
		if a.joined[c.doc.Name] && a.waitsForRecord() && (a.ask == nil || a.ask.own) {
			r := f.whyNothing(a, c)
			return &r
		}
		if a.joined[c.doc.Name] && a.ask != nil && a.ask.camp == c {
			if old := c.shown.Idle; old != nil && slices.Contains([]ReasonCode{IdleWaiting, IdleInWork, IdleListDone}, old.Code) {
				return old // the store is being asked again; nothing flickers
			}
			return nil
		}
	}
	busy, soundless := false, false
	for _, a := range f.agents {
		if a.joined[c.doc.Name] {
			busy = busy || a.work != nil
			soundless = soundless || a.status == AgentReady && !a.hasSound()
		}
	}
	if soundless && !busy {
		return &Reason{Code: IdleAgentsHeadset, Text: "nobody who has joined and is Ready has a headset connected"}
	}
	return &Reason{Code: IdleAgentsBusy, Text: "everybody who has joined is busy"}
}

func (v CampaignView) equal(o CampaignView) bool { return reflect.DeepEqual(v, o) }

// countOutcome counts failures of our side; too many in a row pause the campaign.
func (f *Floor) countOutcome(c *camp, r CallResult, text string) {
	if !ownFailure(r) {
		c.fails = 0
		return
	}
	c.fails++
	limit := c.doc.OwnFailures.PauseAfter
	if limit == 0 {
		limit = defaultPauseAfter
	}
	if limit > 0 && c.fails >= limit {
		why := fmt.Sprintf("%d calls in a row failed on our side, the last with %s", c.fails, r)
		if text != "" {
			why += " (" + text + ")"
		}
		f.pauseCampaign(c, Reason{Code: ReasonOwnFails, Text: why})
	}
}
