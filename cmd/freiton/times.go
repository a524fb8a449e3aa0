package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/campaign/pacing"
)

// timekeeper writes down what agents do, event by event, for reports, and when
// predictive dialling fell back. It follows the controller and never holds it up.
type timekeeper struct {
	store   vaultStore
	control *campaign.Controller
	process string
	log     *slog.Logger

	stop context.CancelFunc
	done sync.WaitGroup
	last map[campaign.AgentID]campaign.AgentState
	pace map[string]campaign.ReasonCode // why a campaign dials one call for each free agent; empty: it does not
	n    uint64                         // of the last event seen
}

// noted is what events have brought.
type noted struct {
	states []campaign.AgentState
	paced  []campaign.AuditEntry
}

func (n noted) empty() bool { return len(n.states)+len(n.paced) == 0 }

// keepTimes begins. What an earlier process left open ends at a moment: that of
// its last event.
func keepTimes(ctx context.Context, store vaultStore, control *campaign.Controller, process string, ended time.Time, log *slog.Logger) (*timekeeper, error) {
	k := &timekeeper{store: store, control: control, process: process, log: log, last: map[campaign.AgentID]campaign.AgentState{}, pace: map[string]campaign.ReasonCode{}}
	snap, err := control.Snapshot(ctx, campaign.Viewer{Role: campaign.RoleAdministrator})
	if err != nil {
		return nil, err
	}
	k.n = snap.N
	states, err := store.States(ctx, time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)) // what each does now
	if err != nil {
		return nil, err
	}
	var left []campaign.AgentState
	for _, s := range states {
		if s.Process != process || s.Status == string(campaign.AgentLoggedOff) {
			continue
		}
		s.N, s.At, s.Status, s.Reason = k.n, later(ended, s.At), string(campaign.AgentLoggedOff), ""
		left = append(left, s)
	}
	if err := store.KeepStates(ctx, left); err != nil {
		return nil, err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	k.stop = stop
	k.done.Go(func() { k.run(run) }) // Close ends it
	return k, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// run follows events; a subscription that lagged is taken up where it ended.
func (k *timekeeper) run(ctx context.Context) {
	for ctx.Err() == nil {
		events, cancel := k.control.Subscribe(k.n)
		err := k.follow(ctx, events)
		cancel()
		if err != nil && ctx.Err() == nil {
			k.log.Error("agents' times are not written down; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// follow writes what it is told, as much at once as waits.
func (k *timekeeper) follow(ctx context.Context, events <-chan campaign.Event) error {
	for {
		var news noted
		select {
		case e, ok := <-events:
			if !ok {
				return nil
			}
			k.take(&news, e)
		case <-ctx.Done():
			return nil
		}
	more:
		for len(news.states) < 500 {
			select {
			case e, ok := <-events:
				if !ok {
					break more
				}
				k.take(&news, e)
			default:
				break more
			}
		}
		if news.empty() {
			continue
		}
		for err := k.keep(&news); err != nil; err = k.keep(&news) { // the store is away
			k.log.Error("agents' times cannot be written; it is tried again", "err", err)
			select {
			case <-ctx.Done():
				return err
			case <-time.After(5 * time.Second):
			}
		}
	}
}

// keep writes news, and empties what is written.
func (k *timekeeper) keep(news *noted) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if len(news.paced) > 0 {
		if err := k.store.Audit(ctx, "", news.paced...); err != nil {
			return err
		}
		news.paced = nil
	}
	return k.store.KeepStates(ctx, news.states)
}

// fallback is why a campaign that could dial ahead does not; empty: it does, or
// does not dial at all.
func fallback(v *campaign.CampaignView) (campaign.ReasonCode, string) {
	if v.Mode != campaign.ModePredictive || v.State != campaign.Running || v.Pause != nil || v.Pacing == nil || v.Pacing.Code == pacing.ReasonNoAgents {
		return "", ""
	}
	return v.Pacing.Code, v.Pacing.Text
}

// takePace adds that a campaign falls back to one call for each free agent, for
// another reason, or no longer. That its budget is looked up at first is none: a
// moment later it is known why.
func (k *timekeeper) takePace(news *noted, at time.Time, v *campaign.CampaignView) {
	code, text := fallback(v)
	was := k.pace[v.Name]
	if code == was || code == pacing.ReasonUnknown {
		return
	}
	k.pace[v.Name] = code
	news.paced = append(news.paced, campaign.AuditEntry{At: campaign.Stamp{Time: at}, Who: campaign.AgentID(k.process), What: campaign.AuditPaced,
		About: v.Name, Old: string(was), New: string(code), Reason: text})
}

// take adds what an event changes in what an agent does.
func (k *timekeeper) take(news *noted, e campaign.Event) {
	k.n = e.N
	if e.CampaignView != nil {
		k.takePace(news, e.At, e.CampaignView)
	}
	v := e.AgentView
	if v == nil {
		return
	}
	s := campaign.AgentState{Process: k.process, N: e.N, Agent: v.Agent, Team: v.Team, At: e.At, Status: string(v.Status), Reason: v.Reason}
	if v.Interaction != "" && v.Status != campaign.AgentAfterCall {
		s.Status, s.Reason = campaign.StateHandling, ""
	}
	if old, known := k.last[v.Agent]; known && old.Status == s.Status && old.Reason == s.Reason && old.Team == s.Team {
		return
	}
	k.last[v.Agent] = s
	news.states = append(news.states, s)
}

// Close writes what has been said and stops. Everybody is logged off then.
func (k *timekeeper) Close() error {
	k.stop()
	k.done.Wait()
	var news noted
	now := time.Now()
	for _, s := range k.last {
		if s.Status != string(campaign.AgentLoggedOff) {
			s.N, s.At, s.Status, s.Reason = k.n+1, now, string(campaign.AgentLoggedOff), ""
			news.states = append(news.states, s)
		}
	}
	for name, was := range k.pace {
		if was != "" {
			news.paced = append(news.paced, campaign.AuditEntry{At: campaign.Stamp{Time: now}, Who: campaign.AgentID(k.process), What: campaign.AuditPaced,
				About: name, Old: string(was), Reason: "the program was ended"})
		}
	}
	return k.keep(&news)
}
