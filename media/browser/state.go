package browser

import (
	"fmt"
	"time"
)

// State is how an agent's headset is.
type State uint8

const (
	Waiting   State = iota // opened, nothing came yet
	Connected              // her sound comes: muted pages send too
	Silent                 // nothing came for half a second: the page is frozen, reloads, or the network is cut
	Lost                   // the page closed its connection, or it failed
	Closed                 // by Close
)

func (s State) String() string {
	names := [...]string{"waiting", "connected", "silent", "lost", "closed"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// happening is what makes a headset's state change.
type happening uint8

const (
	packetCame     happening = iota
	noPacket                 // for quietAfter
	connectionGone           // ended by the page, or failed
	closedByUs
)

// states has a row for each state and a column for each happening.
var states = [...][4]State{
	//          packet     none    gone    by us
	Waiting:   {Connected, Silent, Lost, Closed},
	Connected: {Connected, Silent, Lost, Closed},
	Silent:    {Connected, Silent, Lost, Closed},
	Lost:      {Connected, Lost, Lost, Closed}, // a packet: of a new connection
	Closed:    {Closed, Closed, Closed, Closed},
}

const (
	lookEvery  = 50 * time.Millisecond
	quietAfter = 500 * time.Millisecond
)

// step changes the state and tells the watchers, who hear of an agent in order
// because telling is held meanwhile.
func (h *Headset) step(e happening) {
	h.telling.Lock()
	defer h.telling.Unlock()
	before := State(h.state.Load())
	after := states[before][e]
	if after != before {
		h.state.Store(uint32(after))
		h.hs.tell(h.agent, after)
	}
}

// look sees every 50 ms who has become quiet, and sends the reports that are due.
func (hs *Headsets) look() {
	defer hs.work.Done()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-hs.stop:
			return
		case now := <-ticker.C:
			hs.mu.Lock()
			all := hs.all
			hs.mu.Unlock()
			for _, h := range all {
				h.look(now)
			}
		}
	}
}

// pulse counts looks without a packet. Looks, not time: a machine that was
// stopped itself has missed all looks but one.
type pulse struct {
	of    *peer
	count uint64
	still int
}

func (p *pulse) stopped(of *peer) bool {
	count := of.count.Load()
	p.still++
	if of != p.of || count != p.count {
		p.of, p.count, p.still = of, count, 0
	}
	return p.still >= int(quietAfter/lookEvery)
}

// look is called by one goroutine.
func (h *Headset) look(now time.Time) {
	if p := h.pending.Load(); p != nil && now.Sub(p.born) > openLimit {
		p.give(fmt.Sprintf("not up after %v", openLimit))
	}
	p := h.peer.Load()
	if p == nil {
		return
	}
	if h.pulse.stopped(p) {
		h.step(noPacket)
	}
	if r := p.stream.Report(now); r != nil {
		if err := p.pc.WriteRTCP(r); err != nil {
			h.hs.log.Debug("headset: RTCP not sent", "agent", h.agent, "err", err)
		}
	}
}
