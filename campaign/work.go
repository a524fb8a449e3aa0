package campaign

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// work is an interaction: an offer, the call that follows and its after-call
// work, or a manual or inbound call.
type work struct {
	id    InteractionID
	kind  InteractionKind
	state InteractionState
	agent *agent    // nil: nobody yet, or nobody any more (a call dialled ahead)
	camp  *camp     // nil: manual, inbound
	doc   *Campaign // the document it began with; nil: manual, inbound
	lease Lease     // Record.Key 0: none
	until time.Time // when something happens by itself

	offeredAt  time.Time
	decidedAt  time.Time
	waitsSince time.Time
	askAt      time.Time // in waiting
	wrapSince  time.Time
	wrapUntil  time.Time
	fetched    bool // by Get record: an offer was never made

	attempt     Attempt // ID empty: not asked for yet
	wrap        Wrap
	recording   RecordingState
	pausedUntil time.Time // the recording goes on then
	noticeAgain bool      // the announcement of the recording was cut by a hold
	reason      *Reason

	held, remoteHeld, muted, overtime bool
	dropped                           bool  // hung up while the gate was being asked
	stopBy                            Party // who asked for the end
	quick                             bool  // Done follows the end by itself
	settled                           bool
	turn                              int // how often it was
	extended                          int // how often after-call work got more time
	correction                        bool
	returned, awaits                  bool      // it is of an earlier process; and its agent is not there yet
	barred                            bool      // ended because the contact is on the do-not-call list
	tried                             []AgentID // whom an inbound call rang, or a take-over was offered
	ownHold, parkHold                 bool      // the agent asked for the hold; the loss of her headset did
	parkUntil                         time.Time
	heir, from                        *work // the offer of this call to another agent, and back
	side, main                        *work // the agent's consultation beside this call, and back
	conference                        bool  // she, the contact and the one consulted hear each other

	tone  CallResult // what a tone before the answer meant
	heard Heard      // what it sounds like after the answer

	ahead bool  // dialled without an agent
	taken bool  // dialled ahead, and an agent was connected
	dial  int64 // its number in dialling order; 0: not dialled
	// What the abandonment budget has been told of it.
	countedAnswer, countedLost bool
}

// who is the agent's name; empty while there is none.
func (w *work) who() AgentID {
	if w.agent == nil {
		return ""
	}
	return w.agent.id
}

// mode is empty for manual and inbound calls.
func (w *work) mode() Mode {
	if w.doc == nil {
		return ""
	}
	return w.doc.Mode
}

// selfClosing: an unanswered attempt is settled by the dialer, and the agent
// is free without after-call work.
func (w *work) selfClosing() bool {
	return w.doc != nil && !w.doc.Mode.previews()
}

// blank: an engaged agent sees nothing of the record before the answer.
func (w *work) blank() bool {
	return w.agent != nil && w.agent.engaged && w.selfClosing() && w.attempt.AnsweredAt.IsZero()
}

func (w *work) answered() bool { return !w.attempt.AnsweredAt.IsZero() }

func (w *work) view(content bool) InteractionView {
	v := InteractionView{
		ID: w.id, Kind: w.kind, State: w.state, Agent: w.who(), Mode: w.mode(), Attempt: w.attempt.ID,
		Blank: w.blank(), Until: w.until, Declined: w.lease.Record.Declined,
		CallStatus: w.callStatus(), Held: w.held, RemoteHeld: w.remoteHeld, Muted: w.muted,
		Recording: w.recording == RecordingOn, RecordingState: w.recording, RecordingUntil: w.pausedUntil,
		DialedAt: w.attempt.DialedAt, RingingAt: w.attempt.RingingAt, AnsweredAt: w.attempt.AnsweredAt,
		JoinedAt: w.attempt.JoinedAt, EndedAt: w.attempt.EndedAt, EndedBy: w.attempt.EndedBy,
		SIPStatus: w.attempt.Status, DialerResult: w.attempt.DialerResult,
		Result: w.wrap.Result, Disposition: w.wrap.Disposition, Note: w.wrap.Note, NoCall: w.wrap.NoCall,
		Callback: w.wrap.Callback, Overtime: w.overtime, Reason: w.reason, Consult: w.consultView(), Heard: w.heard,
	}
	if r := w.attempt.Recorded; r != nil {
		v.Consent = r.Consent
	}
	if w.answered() && w.recordingMode() != RecordingOff && w.attempt.EndedAt.IsZero() {
		v.RecordingBar, v.RecordingAsk = w.recordingBar(), w.asksConsent()
	}
	if w.state == StateWrapUp {
		v.Until, v.Extended, v.MayExtend = w.wrapUntil, w.extended, w.mayExtend()
		if v.Extended+v.MayExtend > 0 {
			v.ExtendMS = w.doc.AfterCallMore.By.Milliseconds()
		}
	}
	if w.from != nil {
		v.From = w.from.agent.id
	}
	if w.doc != nil {
		v.Campaign = w.doc.Name
		v.Case = ownFields(w.doc, append(slices.Clone(w.doc.Fields.Preview), w.doc.Fields.Case...), w.who())
	}
	if content {
		v.Content = w.content()
	}
	return v
}

// callStatus is the word shown; empty before there is a call.
func (w *work) callStatus() CallStatus {
	switch w.state {
	case StateDialing:
		return CallDialing
	case StateRinging, StateIncoming:
		return CallRinging
	case StateTaking:
		return CallDialing
	case StateTakeOver:
		return CallHeld
	case StateTalking, StateParked, StateAnnouncing:
		switch {
		case w.held:
			return CallHeld
		case w.remoteHeld:
			return CallHeldByContact
		}
		return CallConnected
	case StateStopping, StateClosing, StateWrapUp, StateResult:
		return CallEnded
	case StateOver:
		if !w.attempt.EndedAt.IsZero() && !w.attempt.DialedAt.IsZero() {
			return CallEnded
		}
	}
	return ""
}

func (w *work) content() *Content {
	r := w.lease.Record
	c := &Content{RecordID: r.ID, List: r.List, Name: r.Name, Number: w.attempt.Number}
	if c.Number == "" {
		c.Number = r.Phone
	}
	c.Attempts, c.Window = r.Attempts, recordField(w.doc, r, "window")
	var rules Rules
	if w.doc != nil {
		rules = w.doc.Rules
	}
	zoned := r
	zoned.Phone = c.Number
	if zone := locationOf(zoned, rules); zone != time.UTC {
		c.TimeZone = zone.String()
	}
	if w.doc != nil {
		c.Preview = recordFields(w.doc, r, w.doc.Fields.Preview, w.who())
		c.Case = recordFields(w.doc, r, w.doc.Fields.Case, w.who())
		c.Record = recordFields(w.doc, r, w.doc.Fields.Record, w.who())
	}
	c.Fields, c.Others = slices.Clone(r.Fields), w.lease.Others
	return c
}

// ownFields are those of the chosen fields that the campaign itself fills: all
// that an engaged agent sees before the answer.
func ownFields(c *Campaign, names []string, a AgentID) []Field {
	var fs []Field
	for _, n := range names {
		if v, ok := campaignField(c, n, a); ok && !slices.Contains(fs, Field{n, v}) {
			fs = append(fs, Field{n, v})
		}
	}
	return fs
}

func campaignField(c *Campaign, name string, a AgentID) (string, bool) {
	switch name {
	case "campaign":
		return c.Name, true
	case "description":
		return c.Description, true
	case "client":
		return c.Client, true
	case "greeting":
		return strings.ReplaceAll(c.Greeting, "{agent}", string(a)), true
	}
	return "", false
}

// recordFields fills the chosen fields from campaign and record; a field that
// neither knows is left empty, so that the view keeps its shape.
func recordFields(c *Campaign, r Record, names []string, a AgentID) []Field {
	var fs []Field
	for _, n := range names {
		v, ok := campaignField(c, n, a)
		if !ok {
			v = recordField(c, r, n)
		}
		fs = append(fs, Field{n, v})
	}
	return fs
}

func recordField(c *Campaign, r Record, name string) string {
	switch name {
	case "phone":
		return r.Phone
	case "phone_type":
		return r.PhoneType
	case "name":
		return r.Name
	case "customer_id":
		return r.CustomerID
	case "call_kind":
		return callKind(r)
	case "window":
		if r.From != r.Until {
			return fmt.Sprintf("%s-%s", clockText(r.From), clockText(r.Until))
		}
		return ""
	case "attempt_no":
		return strconv.Itoa(r.Attempts + 1)
	case "last_result":
		if r.Result == Unknown {
			return ""
		}
		return r.Result.String()
	case "last_call":
		if r.LastCall.IsZero() {
			return ""
		}
		return r.LastCall.In(locationOf(r, c.Rules)).Format("2006-01-02 15:04")
	}
	for _, f := range r.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

func callKind(r Record) string {
	switch {
	case r.Type == PersonalCallback || r.Type == PersonalRescheduled:
		return "personal callback"
	case r.Type == CampaignCallback || r.Type == CampaignRescheduled:
		return "campaign callback"
	case r.Attempts > 0:
		return "treatment"
	default:
		return "first call"
	}
}

func clockText(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60)
}
