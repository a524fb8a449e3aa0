package campaign

import (
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

	headset    HeadsetState
	headsetWhy *Reason           // why it is not up, where that is known
	lostAt     time.Time         // since when nothing is heard of it; zero: it is there
	soundless  bool              // the loss has had its consequences
	unreadied  bool              // the loss made her Not ready
	cameAt     time.Time         // when she logged in
	notice     *Reason           // what happened while she was away
	returned   map[Key]time.Time // what she put back to the list is not for her before that
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
		Headset: a.headset, HeadsetWhy: a.headsetWhy, Notice: a.notice,
	}
	if a.headset == HeadsetLost && !a.soundless { // a reload is no news
		v.Headset, v.HeadsetWhy = HeadsetUp, nil
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
		if err := f.headset(ClickHeadset{Agent: c.Agent, State: c.Headset}); err != nil {
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
	a.unreadied = false
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
