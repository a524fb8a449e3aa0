package campaign

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// click does what a person wants, or says why not.
func (f *Floor) click(in Click) error {
	switch c := in.(type) {
	case ClickLogin:
		return f.login(c)
	case ClickApply:
		return f.apply(c)
	case ClickLoad:
		return f.moveCampaign("load", c.Campaign)
	case ClickStart:
		return f.moveCampaign("start", c.Campaign)
	case ClickStop:
		return f.moveCampaign("stop", c.Campaign)
	case ClickUnload:
		return f.moveCampaign("unload", c.Campaign)
	case ClickHeadset:
		return f.headset(c)
	case ClickRecordingConsent:
		f.stated++ // what the store is just being asked may be older
		f.recordingConsent(c.Agent, c.Given)
		return nil
	case ClickListChanged:
		f.stir()
		for _, camp := range f.campaigns {
			camp.asked = camp.asked && !slices.Contains(camp.doc.Lists, c.List)
		}
		return nil
	}
	switch c := in.(type) {
	case ClickContact:
		f.contactChanged(c.ContactEdit)
		return nil
	case ClickForget:
		f.forget(c)
		return nil
	}
	if id, s, ok := interactionClick(in); ok {
		return f.clickOn(id, s, in)
	}
	return f.agentClick(in)
}

// forget drops the calls of people who were erased from agents' last calls, and
// with them undo and correction.
func (f *Floor) forget(c ClickForget) {
	theirs := func(w *work) bool {
		return slices.Contains(c.Numbers, w.attempt.Number) || slices.Contains(c.Persons, w.attempt.Person)
	}
	for _, a := range f.agents {
		if len(a.recent) > 0 && theirs(a.recent[0]) {
			a.undoUntil = time.Time{}
		}
		a.recent = slices.DeleteFunc(slices.Clone(a.recent), theirs)
	}
	for _, n := range c.Numbers {
		delete(f.callers, n)
	}
	f.publish(Event{Kind: EventForgotten})
}

// agentClick is a click of an agent that is about no interaction.
func (f *Floor) agentClick(in Click) error {
	a := f.agent(agentOf(in))
	if a == nil || !a.loggedIn() {
		return notPossible(ReasonNotLoggedIn, "you are not logged in")
	}
	switch c := in.(type) {
	case ClickLogout:
		return f.setStatusClick(a, AgentLoggedOff, "")
	case ClickStatus:
		return f.setStatusClick(a, c.Status, c.Reason)
	case ClickPopup:
		return f.join(a, c.Campaign)
	case ClickJoin:
		return f.join(a, c.Campaign)
	case ClickLeave:
		f.leave(a, c.Campaign)
		return nil
	case ClickGetRecord:
		return f.getRecord(a, c.Campaign)
	case ClickManual:
		return f.manual(a, c.Number)
	case ClickUndo:
		return f.undo(a)
	case ClickCorrect:
		return f.correct(a, c)
	}
	return notPossible(ReasonBadInput, fmt.Sprintf("%T is no click", in))
}

func agentOf(in Click) AgentID {
	switch c := in.(type) {
	case ClickLogout:
		return c.Agent
	case ClickStatus:
		return c.Agent
	case ClickPopup:
		return c.Agent
	case ClickJoin:
		return c.Agent
	case ClickLeave:
		return c.Agent
	case ClickGetRecord:
		return c.Agent
	case ClickManual:
		return c.Agent
	case ClickUndo:
		return c.Agent
	case ClickCorrect:
		return c.Agent
	}
	return ""
}

// target is whose interaction a click means.
type target struct {
	agent       AgentID
	interaction InteractionID
}

// interactionClick sorts the clicks on an interaction by their stimulus.
func interactionClick(in Click) (target, stimulus, bool) {
	switch c := in.(type) {
	case ClickAccept:
		return target{c.Agent, c.Interaction}, onAccept, true
	case ClickDecline:
		return target{c.Agent, c.Interaction}, onDecline, true
	case ClickShown:
		return target{c.Agent, c.Interaction}, onShown, true
	case ClickCall:
		return target{c.Agent, c.Interaction}, onCall, true
	case ClickReturn:
		return target{c.Agent, c.Interaction}, onReturn, true
	case ClickRemove:
		return target{c.Agent, c.Interaction}, onRemove, true
	case ClickHold:
		return target{c.Agent, c.Interaction}, onHold, true
	case ClickResume:
		return target{c.Agent, c.Interaction}, onResume, true
	case ClickHangup:
		return target{c.Agent, c.Interaction}, onHangup, true
	case ClickDigits:
		return target{c.Agent, c.Interaction}, onDigits, true
	case ClickMute:
		return target{c.Agent, c.Interaction}, onMute, true
	case ClickRecord:
		return target{c.Agent, c.Interaction}, onRecord, true
	case ClickTransfer:
		return target{c.Agent, c.Interaction}, onTransfer, true
	case ClickConsult:
		return target{c.Agent, c.Interaction}, onConsult, true
	case ClickConference:
		return target{c.Agent, c.Interaction}, onConfer, true
	case ClickResult:
		return target{c.Agent, c.Interaction}, onEnter, true
	case ClickQuick:
		return target{c.Agent, c.Interaction}, onQuick, true
	case ClickDone:
		return target{c.Agent, c.Interaction}, onDone, true
	case ClickExtend:
		return target{c.Agent, c.Interaction}, onExtend, true
	}
	return target{}, "", false
}

func (f *Floor) clickOn(t target, s stimulus, in Click) error {
	a := f.agent(t.agent)
	if a == nil || !a.loggedIn() {
		return notPossible(ReasonNotLoggedIn, "you are not logged in")
	}
	w := a.work
	if w != nil && w.side != nil && w.side.id == t.interaction {
		w = w.side
	}
	if w == nil || w.id != t.interaction {
		return notPossible(ReasonNoInteraction, "this interaction is over, or somebody else's")
	}
	var arg any = in
	if c, ok := in.(ClickResult); ok {
		arg = c.Entry
	}
	if err := f.step(w, s, arg); err != nil {
		return err
	}
	if c, ok := in.(ClickDone); ok && c.Then == DoneAndNext && w.mode() == ModePreview && a.work == nil {
		// Done it is, whatever comes of the next one.
		if no := (*NotPossible)(nil); errors.As(f.getRecord(a, w.doc.Name), &no) {
			f.publish(Event{Kind: EventNoRecord, Agent: a.id, Campaign: w.doc.Name, Reason: &no.Reason})
		}
	}
	return nil
}

// contactChanged puts a contact's changed values onto the desks that show it.
func (f *Floor) contactChanged(e ContactEdit) {
	apply := func(w *work) bool {
		if w.lease.Record.Person != e.Person || e.Person == "" {
			return false
		}
		w.lease.Record.Fields = slices.Clone(w.lease.Record.Fields) // others may hold the old ones
		e.Apply(&w.lease.Record)
		return true
	}
	for _, w := range f.works {
		if apply(w) && w.agent != nil && !w.blank() {
			f.tell(w, &move{event: EventContact, content: true})
		}
	}
	for _, a := range f.agents {
		for _, w := range a.recent {
			if w != a.work {
				apply(w)
			}
		}
	}
}

// getRecord fetches the next record in preview mode; it comes as EventOpened,
// or EventNoRecord says in words that there is none.
func (f *Floor) getRecord(a *agent, name string) error {
	c := f.campaign(name)
	switch {
	case c == nil:
		return notPossible(ReasonUnknownCampaign, fmt.Sprintf("there is no campaign %q", name))
	case f.draining:
		return notPossible(ReasonDraining, "the program is being stopped")
	case a.work != nil || a.ask != nil:
		return notPossible(ReasonBusy, "one record at a time")
	case c.doc.Mode != ModePreview:
		return notPossible(ReasonNotNow, fmt.Sprintf("campaign %q brings its records by itself", name))
	case !a.joined[name]:
		return notPossible(ReasonNotAssigned, fmt.Sprintf("you have not joined campaign %q", name))
	case !c.rules().Running:
		return notPossible(ReasonNotRunning, fmt.Sprintf("campaign %q does not run", name))
	}
	f.askFor(a, c, asked{preview: true})
	return nil
}

// manual dials from the dial pad, through the gate like everything else.
func (f *Floor) manual(a *agent, number string) error {
	switch {
	case f.draining:
		return notPossible(ReasonDraining, "the program is being stopped: nothing is dialled any more")
	case a.work != nil && a.work.state != StateOffered:
		return notPossible(ReasonBusy, "one call at a time")
	case !a.hasSound():
		return notPossible(ReasonNoHeadset, noHeadsetText)
	case number == "" || len(number) > 32 || strings.Trim(number, "+0123456789*#") != "":
		return notPossible(ReasonBadInput, "that is not a number that can be dialled")
	}
	if a.work != nil {
		f.step(a.work, onWithdraw, Reason{Code: ReasonBusy, Text: "you are calling somebody"})
	}
	w := &work{kind: KindManual, agent: a, offeredAt: f.now}
	w.attempt = Attempt{Number: number, Person: PersonOf("", "", number), Agent: a.id, Process: f.cfg.Process}
	f.open(w, StateAsking)
	f.ask(w)
	f.tell(w, &move{event: EventOpened, content: true})
	return nil
}

// undo takes the last Done back: the view is open again, and the next Done
// corrects what was written. An entry on the do-not-call list stays: only a
// person with that right takes one out.
func (f *Floor) undo(a *agent) error {
	if !a.undoUntil.After(f.now) || len(a.recent) == 0 {
		return notPossible(ReasonNotNow, "Done can be taken back for 10 s only")
	}
	if a.work != nil && a.work.state != StateOffered {
		return notPossible(ReasonBusy, "the next call is under way; use Correct result")
	}
	if a.work != nil {
		f.step(a.work, onWithdraw, Reason{Code: ReasonBusy, Text: "you took the last Done back"})
	}
	w := a.recent[0]
	w.correction, w.settled, w.quick = true, false, false
	w.state = StateWrapUp
	a.work = w
	a.undoUntil = time.Time{}
	f.works = append(f.works, w)
	f.arm(w)
	m := &move{event: EventReopened, content: true, keep: w.keep()}
	m.keep.Record = &w.lease.Record
	f.tell(w, m)
	return nil
}

// correct changes the outcome of one of the agent's last calls.
func (f *Floor) correct(a *agent, c ClickCorrect) error {
	i := slices.IndexFunc(a.recent, func(w *work) bool { return w.id == c.Interaction && w != a.work })
	if i < 0 {
		return notPossible(ReasonNoInteraction, fmt.Sprintf("only your last %d calls can be corrected", recentCalls))
	}
	w := a.recent[i]
	before := w.wrap
	if err := f.enter(w, c.Entry); err != nil {
		return err
	}
	if w.attempt.Result == Unknown && !w.wrap.says() {
		w.wrap = before
		return notPossible(ReasonNoResult, "choose a call result, or Do not call")
	}
	m := &move{f: f, w: w, event: EventCorrected}
	w.correction, w.settled = true, false
	was := w.attempt.Result
	if w.attempt.Text == OrphanText { // what its process should say yet comes too late
		w.attempt.Text = orphanSaidText
	}
	m.settle()
	m.text = fmt.Sprintf("%s was %s", outcomeText(w.attempt.Result, w.wrap), outcomeText(was, before))
	a.said()
	f.tell(w, m)
	f.stir()
	return nil
}

func outcomeText(r CallResult, w Wrap) string {
	parts := []string{r.String(), w.Disposition}
	if w.NoCall {
		parts = append(parts, "do not call")
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return cmp.Or(strings.Join(slices.Compact(parts), ", "), "nothing")
}
