package main

import (
	"fmt"
	"sync"

	"github.com/freiton/freiton/campaign"
	"github.com/freiton/freiton/media"
)

// headsets knows which agent has which headset just now. The line looks up,
// whoever opens and closes a headset says so here.
type headsets struct {
	mu      sync.Mutex
	on      map[campaign.AgentID]media.Endpoint
	browser func(agent string) (media.Endpoint, bool) // nil: no desktop runs
	taken   func(campaign.AgentID)                    // a call takes an agent's headset; nil: nobody asks
	news    *headsetNews
}

func newHeadsets() *headsets {
	return &headsets{on: map[campaign.AgentID]media.Endpoint{}, news: newHeadsetNews()}
}

// put gives an agent a headset; nil takes it away.
func (h *headsets) put(a campaign.AgentID, e media.Endpoint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e == nil {
		delete(h.on, a)
		return
	}
	h.on[a] = e
	h.news.push(a, campaign.HeadsetUp)
}

// wear gives an agent a headset that is still to come: it says itself how it is.
func (h *headsets) wear(a campaign.AgentID, e media.Endpoint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.on[a] = e
}

// useBrowsers has headsets that were not put looked up among the browsers', and
// taken told before a call gets any; nil ends it.
func (h *headsets) useBrowsers(look func(agent string) (media.Endpoint, bool), taken func(campaign.AgentID)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.browser, h.taken = look, taken
}

// of is an agent's headset, for a call.
func (h *headsets) of(a campaign.AgentID) (media.Endpoint, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.taken != nil {
		h.taken(a)
	}
	if e := h.on[a]; e != nil {
		return e, nil
	}
	if h.browser != nil {
		if e, ok := h.browser(string(a)); ok {
			return e, nil
		}
	}
	return nil, fmt.Errorf("agent %s has no headset connected", a)
}

// worn is an agent's headset that is no browser's.
func (h *headsets) worn(a campaign.AgentID) (media.Endpoint, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.on[a]
	return e, e != nil
}
