package main

import (
	"context"
	"log/slog"
	"sync"

	"github.com/freiton/freiton/campaign"
)

// headsetNews tells the floor how headsets are, in order. Whoever sees a change
// must not wait for the floor, so it goes through a queue.
type headsetNews struct {
	mu      sync.Mutex
	queue   []campaign.ClickHeadset
	wake    chan struct{}
	stop    chan struct{}
	closed  bool
	running sync.WaitGroup
}

func newHeadsetNews() *headsetNews {
	return &headsetNews{wake: make(chan struct{}, 1), stop: make(chan struct{})}
}

// push notes a change; before start it is kept.
func (n *headsetNews) push(a campaign.AgentID, s campaign.HeadsetState) {
	n.say(campaign.ClickHeadset{Agent: a, State: s})
}

// say is push with a reason.
func (n *headsetNews) say(c campaign.ClickHeadset) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.queue = append(n.queue, c)
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// start hands on what was pushed until close.
func (n *headsetNews) start(do func(context.Context, campaign.Click) error, log *slog.Logger) {
	n.running.Go(func() { // close ends it and waits for it
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() { // ends with stop, or with this function
			select {
			case <-n.stop:
				cancel()
			case <-ctx.Done():
			}
		}()
		for {
			select {
			case <-n.wake:
			case <-n.stop:
				return
			}
			for _, c := range n.take() {
				if err := do(ctx, c); err != nil && ctx.Err() == nil {
					log.Warn("the floor does not take in a headset's state", "agent", c.Agent, "state", c.State, "err", err)
				}
			}
		}
	})
}

func (n *headsetNews) take() []campaign.ClickHeadset {
	n.mu.Lock()
	defer n.mu.Unlock()
	q := n.queue
	n.queue = nil
	return q
}

func (n *headsetNews) close() {
	n.mu.Lock()
	if !n.closed {
		n.closed = true
		close(n.stop)
	}
	n.mu.Unlock()
	n.running.Wait()
}
