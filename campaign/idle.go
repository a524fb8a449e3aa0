package campaign

import (
	"fmt"
	"time"
)

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
		if why := a.headsetWhy; why != nil {
			a.idle.Name, a.idle.Text = string(why.Code), why.Text
		}
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

func storeAwayReason() Reason {
	return Reason{Code: IdleStore, Text: "the store does not answer; it is asked again"}
}
