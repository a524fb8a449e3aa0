package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/freiton/freiton/campaign"
)

// timekeeper writes down what agents do, event by event, for reports. It
// follows the controller and never holds it up.
type timekeeper struct {
	store   vaultStore
	control *campaign.Controller
	process string
	log     *slog.Logger

	stop context.CancelFunc
	done sync.WaitGroup
	last map[campaign.AgentID]campaign.AgentState
	n    uint64 // of the last event seen
}

// keepTimes begins. What an earlier process left open ends at a moment: that of
// its last event.
func keepTimes(ctx context.Context, store vaultStore, control *campaign.Controller, process string, ended time.Time, log *slog.Logger) (*timekeeper, error) {
	k := &timekeeper{store: store, control: control, process: process, log: log, last: map[campaign.AgentID]campaign.AgentState{}}
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
		var states []campaign.AgentState
		select {
		case e, ok := <-events:
			if !ok {
				return nil
			}
			states = k.take(states, e)
		case <-ctx.Done():
			return nil
		}
	more:
		for len(states) < 500 {
			select {
			case e, ok := <-events:
				if !ok {
					break more
				}
				states = k.take(states, e)
			default:
				break more
			}
		}
		if len(states) == 0 {
			continue
		}
		for err := k.keep(states); err != nil; err = k.keep(states) { // the store is away
			k.log.Error("agents' times cannot be written; it is tried again", "err", err)
			select {
			case <-ctx.Done():
				return err
			case <-time.After(5 * time.Second):
			}
		}
	}
}

func (k *timekeeper) keep(states []campaign.AgentState) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return k.store.KeepStates(ctx, states)
}

// take adds what an event changes in what an agent does.
func (k *timekeeper) take(states []campaign.AgentState, e campaign.Event) []campaign.AgentState {
	k.n = e.N
	v := e.AgentView
	if v == nil {
		return states
	}
	s := campaign.AgentState{Process: k.process, N: e.N, Agent: v.Agent, Team: v.Team, At: e.At, Status: string(v.Status), Reason: v.Reason}
	if v.Interaction != "" && v.Status != campaign.AgentAfterCall {
		s.Status, s.Reason = campaign.StateHandling, ""
	}
	if old, known := k.last[v.Agent]; known && old.Status == s.Status && old.Reason == s.Reason && old.Team == s.Team {
		return states
	}
	k.last[v.Agent] = s
	return append(states, s)
}

// Close writes what has been said and stops. Everybody is logged off then.
func (k *timekeeper) Close() error {
	k.stop()
	k.done.Wait()
	var states []campaign.AgentState
	now := time.Now()
	for _, s := range k.last {
		if s.Status != string(campaign.AgentLoggedOff) {
			s.N, s.At, s.Status, s.Reason = k.n+1, now, string(campaign.AgentLoggedOff), ""
			states = append(states, s)
		}
	}
	return k.keep(states)
}
