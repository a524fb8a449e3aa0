package campaign

import (
	"time"
)

// An absent owner's callback is a promise all the same: so long after its time
// it goes to the group, and she is told. Not before the campaign has run as
// long: what fell due while it stood still is hers at first.
const (
	missedAfter = 30 * time.Minute
	sweepEvery  = time.Minute
)

// OpMissed gives overdue callbacks of absent agents to the group. Now is the
// controller's. MissedCallbacks answers it, when there were any.
type OpMissed struct {
	Campaign string
	Query    MissedQuery
}

func (OpMissed) storeOp() {}

// MissedQuery selects personal callbacks that were not taken.
type MissedQuery struct {
	Lists   []string
	Process string    // which asks; it knows its own agents only
	Present []AgentID // of those, the ones that are there: theirs stay with them
	Before  time.Time // due before
	Now     time.Time
}

// MissedCallbacks are records that were given to the group just now.
type MissedCallbacks struct {
	Campaign string
	Records  []Record // Owner is whose they were
}

// CodeMissedCallback is the code of the message to an owner, and of the reason
// of the event.
const CodeMissedCallback ReasonCode = "missed-callback"

// EventCallbackMissed tells an agent that her callback went to the group: Text,
// and Reason.Name is the record.
const EventCallbackMissed EventKind = "callback-missed"

// MissedText tells an owner about her callback.
func MissedText(r Record) string {
	who := r.Name
	if who == "" {
		who = r.Phone
	}
	return "your callback to " + who + ", due " + local(r.NextDial, locationOf(r, Rules{})) + ", was not taken in time; now anybody may call"
}

// sweep asks for overdue callbacks of every running campaign.
func (f *Floor) sweep() {
	if f.draining {
		return
	}
	for _, c := range f.campaigns {
		if c.state != Running || c.pause != nil {
			c.sweepAt = time.Time{}
			continue
		}
		if c.sweepAt.IsZero() {
			c.sweepAt = f.now.Add(missedAfter)
		}
		if c.sweepAt.After(f.now) {
			continue
		}
		c.sweepAt = f.now.Add(sweepEvery)
		q := MissedQuery{Lists: c.doc.Lists, Process: f.cfg.Process, Before: f.now.Add(-missedAfter)}
		for _, a := range f.agents {
			if a.loggedIn() && a.joined[c.doc.Name] && (a.status != AgentNotReady || a.work != nil) {
				q.Present = append(q.Present, a.id)
			}
		}
		f.store(OpMissed{Campaign: c.doc.Name, Query: q})
	}
}

// onMissed tells the owners.
func (f *Floor) onMissed(in MissedCallbacks) {
	for _, r := range in.Records {
		f.publish(Event{
			Kind: EventCallbackMissed, Agent: r.Owner, Campaign: in.Campaign, Text: MissedText(r),
			Reason: &Reason{Code: CodeMissedCallback, Text: MissedText(r), Name: r.ID},
		})
	}
	f.stir()
}
