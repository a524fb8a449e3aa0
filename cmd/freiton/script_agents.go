package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/media"
)

// Scripted agents work a campaign as people would, over the same clicks and
// events as a desktop:
//
//	offered ─▶ accept ─▶ opened ─▶ (headset on) shown ─▶ joined ─▶ say …
//	   └─▶ decline                        hold-at, hold-for, talk ─▶ hang up
//	                                      ended ─▶ result, done
//
// One goroutine owns all of them.

// acceptRule is which previews are accepted.
type acceptRule struct {
	none  bool
	every int // decline each so many-th; 0 = accept all
}

// Set reads all, none or every:K.
func (r *acceptRule) Set(s string) error {
	switch k, isEvery := strings.CutPrefix(s, "every:"); {
	case s == "all":
		*r = acceptRule{}
	case s == "none":
		*r = acceptRule{none: true}
	case isEvery:
		n, err := strconv.Atoi(k)
		if err != nil || n < 2 {
			return errors.New("every:K wants a K of 2 or more, as in every:5")
		}
		*r = acceptRule{every: n}
	default:
		return errors.New("is none of all, none, every:K")
	}
	return nil
}

func (r *acceptRule) String() string {
	switch {
	case r.none:
		return "none"
	case r.every > 0:
		return fmt.Sprintf("every:%d", r.every)
	default:
		return "all"
	}
}

// Type is the name of the value in the help.
func (r *acceptRule) Type() string { return "rule" }

// agentScript is what the scripted agents do with their calls. Times count
// from the answer.
type agentScript struct {
	accept          acceptRule
	talk            time.Duration // 0: until the contact hangs up
	holdAt, holdFor time.Duration // holdFor 0: no hold
	say             string        // WAV file
	hear            string        // folder for what the agents hear; "" = nowhere
	result          campaign.CallResult
}

// floorControl is what scripted agents see of the controller.
type floorControl interface {
	Do(context.Context, campaign.Click) error
	Subscribe(since uint64) (<-chan campaign.Event, func())
	Snapshot(context.Context, campaign.Viewer) (campaign.Snapshot, error)
}

// scriptedAgents are the agents and what they are doing.
type scriptedAgents struct {
	control  floorControl
	headsets *headsets
	clock    *media.Clock
	script   agentScript
	campaign string

	fetches  bool                                     // the campaign is in the mode in which agents get their records themselves
	ahead    bool                                     // the campaign dials ahead: a call comes joined, so the next headset is always on
	worn     map[campaign.AgentID]*media.FileEndpoint // for the next call
	calls    map[campaign.InteractionID]*scriptedCall
	due      chan func(context.Context) error
	over     chan struct{} // closed when run has ended
	previews int
	offered  map[string]bool // record ids, for --accept none
}

// scriptedCall is a call a scripted agent has.
type scriptedCall struct {
	agent  campaign.AgentID
	ear    *media.FileEndpoint
	timers []*time.Timer
	over   bool
}

// asideFor is how long a declined record is set aside with --accept none, so
// that the others get their turn. The end of the run ends it.
const asideFor = time.Hour

// login logs the agents in, joins them and makes them ready.
func (s *scriptedAgents) login(ctx context.Context, agents []campaign.ClickLogin) error {
	for _, a := range agents {
		if s.ahead {
			if err := s.wear(a.Agent); err != nil {
				return err
			}
		}
		for _, click := range []campaign.Click{
			a,
			campaign.ClickJoin{Agent: a.Agent, Campaign: s.campaign},
			campaign.ClickStatus{Agent: a.Agent, Status: campaign.AgentReady},
		} {
			if err := s.control.Do(ctx, click); err != nil {
				return fmt.Errorf("agent %s: %w", a.Agent, err)
			}
		}
	}
	return nil
}

// handle does what the script says about an event.
func (s *scriptedAgents) handle(ctx context.Context, e campaign.Event) error {
	switch e.Kind {
	case campaign.EventAgent:
		if a := e.AgentView; a != nil && a.Idle != nil && a.Idle.Code == campaign.IdlePreview {
			return s.fetch(ctx, a.Agent)
		}
	case campaign.EventNoRecord: // one may fall due yet
		s.later(time.Second, func(ctx context.Context) error { return s.fetch(ctx, e.Agent) })
	}
	v := e.InteractionView
	if v == nil || v.Campaign != s.campaign {
		return nil
	}
	switch e.Kind {
	case campaign.EventOffered:
		return s.decide(ctx, v)
	case campaign.EventOpened:
		return s.open(ctx, v)
	case campaign.EventShown:
		if v.State == campaign.StateOpen { // a preview mode: the agent dials
			return s.dial(ctx, v)
		}
	case campaign.EventJoined:
		s.talk(v)
	case campaign.EventEnded:
		return s.wrapUp(ctx, v)
	case campaign.EventDone, campaign.EventReturned, campaign.EventRemoved, campaign.EventWithdrawn, campaign.EventLost, campaign.EventMissed:
		return s.close(v)
	}
	return nil
}

// fetch gets the next record, in the mode in which the agent does.
func (s *scriptedAgents) fetch(ctx context.Context, agent campaign.AgentID) error {
	return s.control.Do(ctx, campaign.ClickGetRecord{Agent: agent, Campaign: s.campaign})
}

// later does something later, on the owner's goroutine.
func (s *scriptedAgents) later(d time.Duration, do func(context.Context) error) *time.Timer {
	return time.AfterFunc(max(d, 0), func() {
		select {
		case s.due <- do:
		case <-s.over:
		}
	})
}

// accepts counts a preview, and says whether it is accepted, and for how long
// the record rests otherwise.
func (s *scriptedAgents) accepts(v *campaign.InteractionView) (yes bool, aside time.Duration) {
	s.previews++
	if v.Content != nil {
		s.offered[v.Content.RecordID] = true
	}
	switch r := s.script.accept; {
	case r.none:
		return false, asideFor
	default:
		return r.every == 0 || s.previews%r.every != 0, 0
	}
}

func (s *scriptedAgents) decide(ctx context.Context, v *campaign.InteractionView) error {
	yes, aside := s.accepts(v)
	if !yes {
		return s.control.Do(ctx, campaign.ClickDecline{Agent: v.Agent, Interaction: v.ID, Aside: aside})
	}
	return s.control.Do(ctx, campaign.ClickAccept{Agent: v.Agent, Interaction: v.ID})
}

// dial calls an open record. Where the agent has fetched it, this is where she
// decides; there is no preview to be accepted.
func (s *scriptedAgents) dial(ctx context.Context, v *campaign.InteractionView) error {
	if s.fetches {
		if yes, aside := s.accepts(v); !yes {
			return s.control.Do(ctx, campaign.ClickReturn{Agent: v.Agent, Interaction: v.ID, Aside: aside})
		}
	}
	return s.control.Do(ctx, campaign.ClickCall{Agent: v.Agent, Interaction: v.ID})
}

// ear makes a headset that records into a file, if what is heard is kept.
func (s *scriptedAgents) ear(record string) (*media.FileEndpoint, error) {
	opts := media.FileOptions{Play: s.script.say, Wait: true, Clock: s.clock}
	if s.script.hear != "" {
		opts.Record = filepath.Join(s.script.hear, record)
	}
	if s.ahead && s.script.say == "" { // who makes no sound at all is taken for absent
		opts.Samples = media.Tone(300, 200*time.Millisecond, -45)
	}
	return media.NewFileEndpoint(opts)
}

// wear puts on the headset for the next call.
func (s *scriptedAgents) wear(agent campaign.AgentID) error {
	ear, err := s.ear("." + url.PathEscape(string(agent)) + ".wav")
	if err != nil {
		return err
	}
	if old := s.worn[agent]; old != nil {
		_ = old.Close() // nothing was heard through it
	}
	s.worn[agent] = ear
	s.headsets.put(agent, ear)
	return nil
}

// open puts the headset on, unless it is, and reports the record as shown: that
// releases the call.
func (s *scriptedAgents) open(ctx context.Context, v *campaign.InteractionView) error {
	ear, name := s.worn[v.Agent], string(v.ID)+".wav"
	if ear != nil {
		delete(s.worn, v.Agent)
		if s.script.hear != "" {
			from := filepath.Join(s.script.hear, "."+url.PathEscape(string(v.Agent))+".wav")
			if err := os.Rename(from, filepath.Join(s.script.hear, name)); err != nil {
				return err
			}
		}
	} else {
		var err error
		if ear, err = s.ear(name); err != nil {
			return err
		}
		s.headsets.put(v.Agent, ear)
	}
	s.calls[v.ID] = &scriptedCall{agent: v.Agent, ear: ear}
	return s.control.Do(ctx, campaign.ClickShown{Agent: v.Agent, Interaction: v.ID})
}

// talk begins to speak and sets the alarm clocks of the call.
func (s *scriptedAgents) talk(v *campaign.InteractionView) {
	call := s.calls[v.ID]
	if call == nil {
		return
	}
	call.ear.Start()
	late := time.Since(v.AnsweredAt)
	if s.script.holdFor > 0 {
		s.after(call, s.script.holdAt-late, campaign.ClickHold{Agent: v.Agent, Interaction: v.ID})
		s.after(call, s.script.holdAt+s.script.holdFor-late, campaign.ClickResume{Agent: v.Agent, Interaction: v.ID})
	}
	if s.script.talk > 0 {
		s.after(call, s.script.talk-late, campaign.ClickHangup{Agent: v.Agent, Interaction: v.ID})
	}
}

// after clicks later, unless the call is over then.
func (s *scriptedAgents) after(call *scriptedCall, d time.Duration, click campaign.Click) {
	call.timers = append(call.timers, s.later(d, func(ctx context.Context) error {
		if call.over {
			return nil
		}
		return s.control.Do(ctx, click)
	}))
}

func (s *scriptedAgents) wrapUp(ctx context.Context, v *campaign.InteractionView) error {
	s.hush(v)
	if s.ahead && s.calls[v.ID] != nil && s.worn[v.Agent] == nil { // before she is free again
		if err := s.wear(v.Agent); err != nil {
			return err
		}
	}
	if v.State != campaign.StateWrapUp { // settled by the dialer
		return nil
	}
	result := s.script.result
	if result == 0 || v.AnsweredAt.IsZero() {
		result = v.DialerResult // what the dialer found stands
	}
	click := campaign.ClickResult{Agent: v.Agent, Interaction: v.ID, Entry: campaign.Entry{Result: &result}}
	if err := s.control.Do(ctx, click); err != nil {
		return err
	}
	return s.control.Do(ctx, campaign.ClickDone{Agent: v.Agent, Interaction: v.ID})
}

// hush stops speaking and the alarm clocks of a call that has ended.
func (s *scriptedAgents) hush(v *campaign.InteractionView) {
	if call := s.calls[v.ID]; call != nil {
		call.over = true
		for _, t := range call.timers {
			t.Stop()
		}
	}
}

// close takes the headset off.
func (s *scriptedAgents) close(v *campaign.InteractionView) error {
	s.hush(v)
	call := s.calls[v.ID]
	if call == nil {
		return nil
	}
	delete(s.calls, v.ID)
	switch {
	case !s.ahead:
		s.headsets.put(call.agent, nil)
	case s.worn[call.agent] == nil:
		if err := s.wear(call.agent); err != nil {
			return err
		}
	}
	return call.ear.Close()
}

// run works until done says so, the context ends, or something fails. done is
// asked after every event and whenever an alarm rings.
func (s *scriptedAgents) run(ctx context.Context, since uint64, done func() (bool, error)) error {
	events, cancel := s.control.Subscribe(since)
	defer cancel()
	defer s.release()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case e, ok := <-events:
			if !ok {
				return errors.New("the campaign controller closed the stream of events")
			}
			err = s.handle(ctx, e)
		case f := <-s.due:
			err = f(ctx)
		case <-tick.C:
			var finished bool
			if finished, err = done(); finished {
				return err
			}
		}
		// A click that came too late (the contact has hung up) is no mistake.
		if late := (*campaign.NotPossible)(nil); err != nil && !errors.As(err, &late) {
			return err
		}
	}
}

// release stops what may still be running.
func (s *scriptedAgents) release() {
	close(s.over)
	for _, call := range s.calls {
		for _, t := range call.timers {
			t.Stop()
		}
		_ = call.ear.Close()
	}
	for _, ear := range s.worn {
		_ = ear.Close()
	}
}
