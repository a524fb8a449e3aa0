package campaign

import (
	"cmp"
	"slices"
	"time"
)

// FloorConfig is what a floor needs besides campaigns and agents.
type FloorConfig struct {
	Process string                                   // this process's name in the store; the same after a restart
	NewID   func(prefix string, at time.Time) string // unique over all processes (ULID)
	Manual  ManualRules
	Inbound InboundRule
	Headset HeadsetRules
	Pacer   Pacer         // nil = OneToOne
	Grace   time.Duration // within that an answered contact has an agent or hears the announcement; 0 = 2 s, and never more
	// ReturnWithin is how long after-call work of an earlier process waits for
	// its agent; 0 = 15 min. Negative: none is kept, it is settled with what was
	// entered at the end of the process, or at the next start.
	ReturnWithin time.Duration
}

// ManualRules is under what a manual call is made.
type ManualRules struct {
	Rules       Rules // of dial.country
	Account     string
	CallerID    string
	Client      string
	RingTimeout time.Duration // 0 = 30 s
}

// InboundRule says who answers an inbound call. The zero value rejects.
type InboundRule struct {
	Agents bool    // the agent who last called that number, else the longest-ready
	Name   AgentID // only she
	// Announcement is spoken when nobody answers, instead of 480. Who presses
	// OptOut meanwhile goes onto the do-not-call list.
	Announcement string
	OptOut       string
}

// The times of the floor that are no setting.
const (
	showWithin    = 3 * time.Second  // an accepted record must be on the screen
	resultView    = 2 * time.Second  // an unanswered attempt is looked at so long
	undoFor       = 10 * time.Second // Done can be taken back
	ringEach      = 20 * time.Second // an inbound call rings an agent
	waitAtMost    = 30 * time.Second // an accepted record waits for a free line
	askAgain      = 5 * time.Second  // the store, when it had no record
	returnedFor   = 10 * time.Minute // a record that its agent returned is for others
	storeAwayFor  = 2 * time.Second  // the store, when it did not answer
	permitAgain   = time.Second      // a permit, when the store did not answer
	gatePause     = 30 * time.Second // leasing, after a global refusal that names no time
	declinedOwn   = 5 * time.Minute  // a personal callback its owner declined
	recentCalls   = 10               // an agent's calls that can be corrected
	declinedOften = 3                // from here on a supervisor is told
)

// Floor is who is there, what is on whose desk, and what happens next. It is
// pure: events and the time go in, effects come out. It has no clock, no lock
// and does no I/O; one goroutine owns it.
//
//	click ─┐                        ┌─▶ Line: dial, hold, hang up …
//	line  ─┼─▶ Apply(input, now) ───┼─▶ Store: lease, permit, settle … (answers come back as input)
//	store ─┘                        └─▶ Events: journalled, then shown
type Floor struct {
	cfg       FloorConfig
	table     transitions
	agents    []*agent // in order of name
	campaigns []*camp  // by priority, then name
	works     []*work  // live interactions, oldest first
	callers   map[string]lastCall
	arriving  []arrival      // calls from outside of which the store is asked who it is
	returned  []ReturnedWork // by an earlier process, and not on a desk yet
	seq       int            // of leases asked for
	dials     int64          // placed by machine
	tops      int            // grows whenever a record goes to the top of a list
	draining  bool
	finishing bool

	stated             int // changes that were written, of campaigns (OpState) and consents
	looking, lookAgain bool
	lookedAt           int // stated, when the store was last asked what others did

	now time.Time // of the Apply under way
	out Effects
}

// lastCall remembers who called a number last, for when it calls back.
type lastCall struct {
	agent AgentID
	camp  string
	lease Lease
}

// Effects is what the floor wants done.
type Effects struct {
	Line   []Command
	Store  []StoreOp // in this order
	Events []Event   // in this order; without numbers
	Err    error     // the answer to a click
}

// NewFloor makes an empty floor.
func NewFloor(cfg FloorConfig) *Floor {
	if cfg.Pacer == nil {
		cfg.Pacer = OneToOne{}
	}
	return &Floor{cfg: cfg, table: newTransitions(), callers: map[string]lastCall{}}
}

// Apply takes in what happened: a Click, a LineEvent, a Leased, Permitted
// or Looked, a Returned or Recalled, StoreChanged, JournalFailed, DrainFloor or FinishFloor, or nil when only time has passed.
// It gives what is to be done and when it wants to be asked again (zero: not
// by itself).
func (f *Floor) Apply(in any, now time.Time) (Effects, time.Time) {
	f.now, f.out = now, Effects{}
	f.expire()
	switch in := in.(type) {
	case Click:
		f.out.Err = f.click(in)
	case LineEvent:
		f.onLine(in)
	case Leased:
		f.onLeased(in)
	case Permitted:
		f.onTurned(in)
		f.onPermitted(in)
	case MissedCallbacks:
		f.onMissed(in)
	case Admitted:
		f.onAdmitted(in)
	case Returned:
		f.onReturned(in)
	case Recalled:
		f.onRecalled(in)
	case StoreChanged:
		f.look()
	case Looked:
		f.onLooked(in)
	case Counted:
		f.onCounted(in)
	case JournalFailed:
		f.pauseAll(Reason{Code: ReasonJournal, Text: "the journal cannot be written: " + in.Err.Error()})
	case DrainFloor:
		f.drain()
	case FinishFloor:
		f.finish()
	}
	f.letGo()
	f.bringBack()
	f.sweep()
	f.balance()
	f.publishViews()
	return f.out, f.next()
}

// expire lets everything happen whose time has come, the earliest first.
func (f *Floor) expire() {
	due := slices.DeleteFunc(slices.Clone(f.works), func(w *work) bool { return w.until.IsZero() || w.until.After(f.now) })
	slices.SortStableFunc(due, func(a, b *work) int { return a.until.Compare(b.until) })
	for _, w := range due {
		if w.state != StateOver && !w.until.IsZero() && !w.until.After(f.now) {
			w.until = time.Time{}
			f.step(w, onTimeout, nil)
		}
	}
	f.expirePauses()
	f.expireHeadsets()
	f.expireArriving()
}

// next is when the floor wants to be asked again.
func (f *Floor) next() time.Time {
	var next time.Time
	want := func(t time.Time) {
		if t.After(f.now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, w := range f.works {
		want(w.until)
		want(w.pausedUntil)
	}
	for _, a := range f.arriving {
		want(a.until)
	}
	for _, r := range f.returned {
		want(r.until)
	}
	for _, a := range f.agents {
		want(a.undoUntil)
		want(f.lossShown(a))
		if a.waitsForRecord() {
			for _, e := range a.empty {
				want(e.until)
			}
			for _, until := range a.own {
				want(until)
			}
		}
	}
	for _, c := range f.campaigns {
		want(c.blockedUntil)
		want(c.sweepAt)
		if c.dialsAhead() && !f.draining && f.staffed(c) {
			want(c.dry)
			want(c.shutUntil)
			want(c.budget.again)
			if !c.dry.After(f.now) && len(c.asks) == 0 {
				want(f.now.Add(pacingTick))
			}
		}
	}
	return next
}

// DrainFloor stops dialling: previews go back, calls go on.
type DrainFloor struct{}

// FinishFloor ends live calls. After-call work waits for the next start, or is
// settled with what was entered so far: see FloorConfig.ReturnWithin.
type FinishFloor struct{}

// JournalFailed says that what happens can no longer be written down: nothing
// is dialled any more.
type JournalFailed struct{ Err error }

func (f *Floor) drain() {
	f.draining = true
	f.withdraw(nil, Reason{Code: ReasonShutdown, Text: "the program is being stopped"})
}

func (f *Floor) finish() {
	if !f.draining {
		f.drain()
	}
	f.finishing = true
	for _, w := range slices.Clone(f.works) {
		f.step(w, onFinish, nil)
	}
}

// Live counts what is not finished yet: calls, and after-call work that is
// waited for.
func (f *Floor) Live() (calls, wrapUps int) {
	for _, w := range f.works {
		switch w.state {
		case StateAsking, StateDialing, StateRinging, StateTalking, StateStopping, StateClosing, StateIncoming, StateTaking,
			StateSeeking, StateVoicemail, StateParked, StateTakeOver, StateAnnouncing:
			calls++
		default:
			if kept := w.state == StateWrapUp && f.cfg.keepsDesks(); !kept || !w.awaits && !f.finishing {
				wrapUps++
			}
		}
	}
	return calls, wrapUps
}

// Snapshot is the whole floor, for every viewer; see View for what each gets.
func (f *Floor) Snapshot() Snapshot {
	s := Snapshot{Agents: []AgentView{}, Campaigns: []CampaignView{}, Interactions: []InteractionView{}, Recent: []InteractionView{}, Draining: f.draining}
	for _, a := range f.agents {
		s.Agents = append(s.Agents, a.view())
		for _, w := range a.recent {
			s.Recent = append(s.Recent, w.view(true))
		}
	}
	for _, c := range f.campaigns {
		s.Campaigns = append(s.Campaigns, f.campaignView(c))
	}
	for _, w := range f.works {
		s.Interactions = append(s.Interactions, w.view(true))
	}
	return s
}

// publishViews tells what changed about agents and campaigns.
func (f *Floor) publishViews() {
	for _, a := range f.agents {
		f.setIdle(a)
		if v := a.view(); !v.equal(a.shown) {
			a.shown = v
			f.publish(Event{Kind: EventAgent, Agent: a.id, AgentView: &v})
		}
	}
	for _, c := range f.campaigns {
		if v := f.campaignView(c); !v.equal(c.shown) {
			c.shown = v
			f.publish(Event{Kind: EventCampaign, Campaign: c.doc.Name, CampaignView: &v})
		}
	}
}

func (f *Floor) publish(e Event) {
	e.At = f.now
	f.out.Events = append(f.out.Events, e)
}

func (f *Floor) line(c Command)  { f.out.Line = append(f.out.Line, c) }
func (f *Floor) store(o StoreOp) { f.out.Store = append(f.out.Store, o) }

func (f *Floor) agent(id AgentID) *agent {
	if i, ok := slices.BinarySearchFunc(f.agents, id, func(a *agent, id AgentID) int { return cmp.Compare(a.id, id) }); ok {
		return f.agents[i]
	}
	return nil
}

func (f *Floor) campaign(name string) *camp {
	for _, c := range f.campaigns {
		if c.doc.Name == name {
			return c
		}
	}
	return nil
}

func (f *Floor) workOf(id AttemptID) *work {
	for _, w := range f.works {
		if w.attempt.ID == id && id != "" {
			return w
		}
	}
	return nil
}

func notPossible(code ReasonCode, text string) error {
	return &NotPossible{Reason{Code: code, Text: text}}
}
