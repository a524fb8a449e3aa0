package campaign

import (
	"fmt"
	"slices"
	"time"
)

// After-call work outlives the process. What was on an agent's desk is in the
// journal; the next start puts it there again, under the same interaction, and
// she finishes it as usual. Meanwhile its attempt is open, so that nobody dials
// the contact.
//
//	journal ─▶ recover ─▶ Returned ─▶ wrap-up, until its agent is there ─▶ Done
//	                                     └─ not within ReturnWithin, or at work elsewhere: settled with what she had entered, else stale
//
// A call that was on the line is over and its record stale; it is among its
// agent's last calls, so that she can still say what came of it.

// returnWithin is how long after-call work waits for its agent.
const returnWithin = 15 * time.Minute

// The reasons that have to do with the end of an earlier process.
const (
	ReasonRestarted   ReasonCode = "restarted"    // this after-call work is from before
	ReasonCallStopped ReasonCode = "call-stopped" // Name: with whom she spoke
	ReasonDialStopped ReasonCode = "dial-stopped" // nobody had answered yet
	ReasonSettledAway ReasonCode = "settled-away" // Name: whose after-call work was settled without her
	ReasonCallGone    ReasonCode = "call-gone"    // Name: with whom she spoke, at a process that has ended; the result is missing
	restartedText                = "the program was started again during your after-call work: what you had entered is here"
	dialStoppedText              = "the server stopped while a call was placed for you: it has ended"
)

// AtDesk is what an interaction was on its agent's desk, beyond its attempt.
type AtDesk struct {
	Interaction InteractionID   `json:"interaction"`
	Kind        InteractionKind `json:"kind"`
	Fence       int64           `json:"fence,omitempty"`
	Past        []Past          `json:"past,omitempty"`
	Wrap        Wrap            `json:"wrap"`
	Ahead       bool            `json:"ahead,omitempty"`
	Correction  bool            `json:"correction,omitempty"` // Done was taken back
	Turn        int             `json:"turn,omitempty"`       // how often it was settled, see Settlement
	Barred      bool            `json:"barred,omitempty"`
	Since       time.Time       `json:"since,omitzero"`     // begin of after-call work
	Extended    int             `json:"extended,omitempty"` // how often it got more time
}

// Returned is what an earlier process left on agents' desks.
type Returned struct{ Works []ReturnedWork }

// ReturnedWork is one of them. Lost: the call was on the line; it is settled.
type ReturnedWork struct {
	Attempt Attempt
	Record  Record
	Desk    AtDesk
	Lost    bool

	until time.Time // its campaign or a free desk is waited for
}

// keep is what the journal needs of an interaction.
func (w *work) keep() *Keep {
	k := &Keep{Attempt: w.kept()}
	if w.agent != nil && w.kind != KindConsult {
		k.Desk = &AtDesk{
			Interaction: w.id, Kind: w.kind, Fence: w.lease.Fence, Past: w.lease.Past, Wrap: w.wrap, Ahead: w.ahead,
			Correction: w.correction, Turn: w.turn, Barred: w.barred, Since: w.wrapSince, Extended: w.extended,
		}
	}
	return k
}

// keepsDesks: after-call work waits for the next start.
func (c FloorConfig) keepsDesks() bool { return c.ReturnWithin >= 0 }

func (c FloorConfig) returnWithin() time.Duration {
	if c.ReturnWithin > 0 {
		return c.ReturnWithin
	}
	return returnWithin
}

func (f *Floor) onReturned(in Returned) {
	for _, r := range in.Works {
		r.until = f.now.Add(f.cfg.returnWithin())
		f.returned = append(f.returned, r)
	}
}

// bringBack puts what was left onto its agents' desks, as soon as the campaign
// is known and the desk is empty.
func (f *Floor) bringBack() {
	f.returned = slices.DeleteFunc(f.returned, func(r ReturnedWork) bool {
		a, c := f.someone(r.Attempt.Agent), f.campaign(r.Attempt.Campaign)
		late := !r.until.After(f.now)
		if r.Desk.Kind == KindCampaign && c == nil || a.work != nil && !r.Lost {
			if late && !r.Lost {
				f.settleReturned(r)
			}
			return late
		}
		w := f.workFrom(r)
		if r.Lost {
			f.lostCall(w)
			return true
		}
		w.state, w.awaits = StateWrapUp, !a.loggedIn()
		a.work = w
		f.works = append(f.works, w)
		if w.until = r.until; !w.awaits {
			f.atWork(w)
		}
		w.reason = &Reason{Code: ReasonRestarted, Text: restartedText}
		f.tell(w, &move{event: EventReopened, content: true, reason: w.reason})
		return true
	})
}

// lostCall tells an agent what became of a call that was on the line.
func (f *Floor) lostCall(w *work) {
	w.state, w.settled = StateOver, true
	w.agent.remember(w)
	why := Reason{Code: ReasonDialStopped, Text: dialStoppedText} // an engaged agent has not seen whom
	if w.answered() {
		why = Reason{Code: ReasonCallStopped, Name: w.party(), Text: fmt.Sprintf(
			"the program was started again during your call with %s: it was ended, and you can say under your last calls what came of it", w.party())}
	}
	w.agent.notice = &why
}

// missing is the last of an agent's calls that ended with its process, and of
// which nobody has said what came of it: wherever she logs in she is told; nil:
// there is none.
func (a *agent) missing() *Reason {
	for _, w := range a.recent {
		switch {
		case w == a.work || w.attempt.Result != Unknown:
		case w.answered():
			return &Reason{Code: ReasonCallGone, Name: w.party(), Text: fmt.Sprintf(
				"the server stopped before your call with %s was completed: it has ended, and its result is missing: you can enter it under your last calls", w.party())}
		default:
			return &Reason{Code: ReasonDialStopped, Text: dialStoppedText} // an engaged agent has not seen whom
		}
	}
	return nil
}

// said: she has corrected one of her last calls; what she was told of it is over.
func (a *agent) said() {
	if n := a.notice; n != nil && slices.Contains([]ReasonCode{ReasonCallGone, ReasonCallStopped, ReasonDialStopped, ReasonSettledAway}, n.Code) {
		a.notice = a.missing()
	}
}

// party is the contact's name, else the number.
func (w *work) party() string {
	if n := w.lease.Record.Name; n != "" {
		return n
	}
	return w.attempt.Number
}

// settleReturned settles after-call work that nobody came back to.
func (f *Floor) settleReturned(r ReturnedWork) Settlement {
	s := leftover{attempt: r.Attempt, record: r.Record, desk: &r.Desk, sent: true}.settle(f.now)
	if s.Block != nil {
		s.Block.Client = f.clientOf(r.Attempt.Campaign)
	}
	f.store(OpSettle{s})
	f.publish(Event{Kind: EventRecovered, Attempt: r.Attempt.ID, Campaign: r.Attempt.Campaign, Text: s.Record.Reason, Keep: &Keep{Settlement: &s}})
	return s
}

// awaited are the agents whose after-call work from before waits for them.
func (f *Floor) awaited() (as []AgentID) {
	for _, r := range f.returned {
		if !r.Lost && r.Attempt.Agent != "" {
			as = append(as, r.Attempt.Agent)
		}
	}
	for _, a := range f.agents {
		if !a.loggedIn() && a.work != nil && a.work.awaits {
			as = append(as, a.id)
		}
	}
	return as
}

// settleAway settles the after-call work of an agent who works at another process
// by now: there it is among her last calls.
func (f *Floor) settleAway(id AgentID) {
	f.returned = slices.DeleteFunc(f.returned, func(r ReturnedWork) bool {
		theirs := r.Attempt.Agent == id && !r.Lost
		if theirs {
			f.settleReturned(r)
		}
		return theirs
	})
	if a := f.agent(id); a != nil && !a.loggedIn() && a.work != nil && a.work.awaits {
		_ = f.step(a.work, onTimeout, nil) // possible in this state
	}
}

// welcome: the agent is there again; her after-call work goes on.
func (f *Floor) welcome(a *agent) {
	if w := a.work; w != nil && w.awaits {
		w.awaits = false
		f.atWork(w)
		f.tell(w, &move{event: EventReopened, content: true, reason: w.reason})
	}
}

// atWork starts the clock of after-call work anew.
func (f *Floor) atWork(w *work) {
	since := w.wrapSince
	f.arm(w)
	if !since.IsZero() {
		w.wrapSince = since
	}
}
